/** An HttpApi for signed-in users, with pages beside it: the sign-in, and the sign-out. */
import { createServer } from "node:http"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Config, Data, Duration, Effect, Layer, Option, Schema } from "effect"
import { Cookies, HttpEffect, HttpRouter, HttpServerResponse } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { ClerkError, ClerkHttp, SessionId, Sessions, SigningKeys } from "effect-clerk"
import {
  ClerkAuth,
  ClerkAuthRequiring,
  ClerkRouter,
  CurrentSession,
  OptionalSession,
  RequestAuth
} from "effect-clerk/http-api"

// The API. Its types and its OpenAPI document have the errors of the middlewares: 401, 403 and 503.

class NoSuchDevice extends Schema.TaggedError<NoSuchDevice>()("NoSuchDevice", {}, { httpApiStatus: 404 }) {}
class ClerkDown extends Schema.TaggedError<ClerkDown>()("ClerkDown", {}, { httpApiStatus: 503 }) {}
class Broken extends Schema.TaggedError<Broken>()("Broken", {}, { httpApiStatus: 500 }) {}

class CanDeleteTeams extends ClerkAuthRequiring<CanDeleteTeams>()("CanDeleteTeams", {
  permission: "org:teams:delete"
}) {}

class Account extends HttpApiGroup.make("account")
  .add(
    HttpApiEndpoint.get("me", "/api/me", {
      success: Schema.Struct({ userId: Schema.String, sessionId: Schema.String })
    }),
    HttpApiEndpoint.delete("signOutDevice", "/api/devices/:id", {
      params: { id: SessionId },
      success: HttpApiSchema.NoContent,
      error: [NoSuchDevice, ClerkDown, Broken]
    })
  )
  .middleware(ClerkAuth) {}

class Teams extends HttpApiGroup.make("teams").add(
  HttpApiEndpoint.delete("deleteTeam", "/api/teams/:id", {
    params: { id: Schema.String },
    success: HttpApiSchema.NoContent
  }).middleware(CanDeleteTeams)
) {}

class Api extends HttpApi.make("api").add(Account).add(Teams) {}

/** Responds to a failed call: the client gets a status, and the log the cause. */
const failure = (error: Sessions.ListError | Sessions.RevokeError) =>
  Effect.gen(function* () {
    // No session has this id, or the text is no id.
    if (error._tag === "ClerkNotFound" || error._tag === "ClerkInvalidRequest") {
      return yield* new NoSuchDevice()
    }
    yield* Effect.logError(error.message)
    if ("retryAfter" in error && error.retryAfter !== undefined) {
      const seconds = Math.ceil(Duration.toSeconds(error.retryAfter))
      yield* HttpEffect.appendPreResponseHandler((_request, response) =>
        Effect.succeed(HttpServerResponse.setHeader(response, "retry-after", String(seconds)))
      )
    }
    // If no retry can help, this server is wrong: its secret key, for example.
    return yield* ClerkError.isRetryable(error) ? new ClerkDown() : new Broken()
  })

const AccountLive = HttpApiBuilder.group(
  Api,
  "account",
  Effect.fn(function* (handlers) {
    const sessions = yield* Sessions.client
    return handlers
      .handle("me", () => Effect.map(CurrentSession, ({ sessionId, userId }) => ({ sessionId, userId })))
      .handle("signOutDevice", ({ params: { id } }) =>
        Effect.gen(function* () {
          const { userId } = yield* CurrentSession
          const session = yield* sessions.get(id)
          // Without this check, a user could sign out any other user.
          if (session.userId !== userId) return yield* new NoSuchDevice()
          yield* sessions.revoke(id)
        }).pipe(
          Effect.catch((error) => (error._tag === "NoSuchDevice" ? Effect.fail(error) : failure(error)))
        )
      )
  })
)

const TeamsLive = HttpApiBuilder.group(Api, "teams", (handlers) =>
  handlers.handle("deleteTeam", ({ params: { id } }) => Effect.logInfo(`deleted team ${id}`))
)

// The settings, from the environment.

class MissingVariable extends Data.TaggedError("MissingVariable")<{ readonly variable: string }> {
  override get message() {
    return `${this.variable} is missing. Set it in the environment`
  }
}

const variable = (name: string) =>
  Effect.filterOrFail(
    Config.String(name).pipe(Config.withDefault("")),
    (value) => value.trim() !== "",
    () => new MissingVariable({ variable: name })
  )

const settings = Effect.gen(function* () {
  const port = yield* Config.Port("PORT").pipe(Config.withDefault(3000))
  const origin = yield* Config.String("APP_ORIGIN").pipe(Config.withDefault(`http://localhost:${port}`))
  const publishableKey = yield* variable("CLERK_PUBLISHABLE_KEY")
  const signInUrl = new URL(yield* variable("CLERK_SIGN_IN_URL"), origin)
  signInUrl.searchParams.set("redirect_url", `${origin}/account`)
  return { port, origin, publishableKey, signInUrl: signInUrl.href }
})

interface Settings extends Effect.Success<typeof settings> {}

// The pages. An API must not redirect, so they have a middleware of their own.

/** The response while Clerk is unavailable. */
const unavailable = (error: Error) =>
  Effect.as(
    Effect.logError(error.message),
    HttpServerResponse.text("Please try again in a minute", { status: 503 })
  )

const pages = ({ publishableKey, signInUrl }: Settings) =>
  HttpRouter.addAll([
    HttpRouter.route(
      "GET",
      "/",
      Effect.map(OptionalSession, (session) =>
        HttpServerResponse.html(
          Option.isSome(session)
            ? `<p>Hello ${session.value.userId}. <a href="/account">Your account</a></p>`
            : `<p>Hello stranger. <a href="${signInUrl}">Sign in</a></p>`
        )
      )
    ),
    HttpRouter.route(
      "GET",
      "/account",
      Effect.gen(function* () {
        const session = yield* OptionalSession
        if (Option.isNone(session)) return HttpServerResponse.redirect(signInUrl, { status: 303 })
        const { userId } = session.value
        const sessions = yield* Sessions.client
        const { data, totalCount } = yield* sessions.list({ userId, status: "active", limit: 100 })
        return HttpServerResponse.html(
          `<p>You are ${userId}. Signed-in devices: ${totalCount ?? data.length}</p>
          <form method="post" action="/sign-out"><button>Sign out</button></form>`
        )
      }).pipe(Effect.catch(unavailable))
    ),
    // A page load refreshes an expired session, so this page can offer the sign-out again.
    HttpRouter.route(
      "GET",
      "/sign-out",
      Effect.map(OptionalSession, (session) =>
        Option.isSome(session)
          ? HttpServerResponse.html(`<form method="post" action="/sign-out"><button>Sign out</button></form>`)
          : HttpServerResponse.redirect("/", { status: 303 })
      )
    ),
    // A POST, so that no link of another site can sign users out.
    HttpRouter.route(
      "POST",
      "/sign-out",
      Effect.gen(function* () {
        const session = yield* OptionalSession
        // A POST never refreshes. More than a minute after the page, its token has expired.
        if (Option.isNone(session)) return HttpServerResponse.redirect("/sign-out", { status: 303 })
        const sessions = yield* Sessions.client
        // A session that Clerk no longer has is signed out too.
        yield* Effect.catchTag(sessions.revoke(session.value.sessionId), "ClerkNotFound", () => Effect.void)
        const cookies = yield* RequestAuth.signOutCookies(publishableKey)
        return HttpServerResponse.mergeCookies(
          HttpServerResponse.redirect("/", { status: 303 }),
          Cookies.fromSetCookie(cookies)
        )
      }).pipe(Effect.catch(unavailable))
    )
  ])

const Server = Layer.unwrap(
  Effect.map(settings, (given) => {
    const { origin, port, publishableKey } = given
    const options = { publishableKey, authorizedParties: [origin] }
    const ApiLive = HttpApiBuilder.layer(Api, { openapiPath: "/openapi.json" }).pipe(
      Layer.provide([AccountLive, TeamsLive]),
      Layer.provide([ClerkAuth.layer(options), CanDeleteTeams.layer(options)])
    )
    const Pages = pages(given).pipe(Layer.provide(ClerkRouter.pages({ ...options, origin }).layer))
    return HttpRouter.serve(Layer.mergeAll(ApiLive, Pages)).pipe(
      Layer.provide(NodeHttpServer.layer(createServer, { port }))
    )
  })
)

// The client reads CLERK_SECRET_KEY. The keys come from CLERK_JWT_KEY, or else from Clerk.
const Clerk = Layer.merge(ClerkHttp.layerDefault, SigningKeys.layerConfig)

// On Ctrl+C or SIGTERM, the server finishes the open requests, and the program ends.
Server.pipe(Layer.provide(Clerk), Layer.launch, NodeRuntime.runMain)
