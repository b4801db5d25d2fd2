/** A server with Effect's router: a public page, a page for signed-in users, an API route, and the sign-out. */
import { createServer } from "node:http"
import { Cookies, HttpLayerRouter, HttpServerResponse } from "@effect/platform"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Config, Data, Effect, Layer, Option } from "effect"
import { ClerkHttp, Sessions, SigningKeys } from "effect-clerk"
import { ClerkRouter, OptionalSession, RequestAuth } from "effect-clerk/http-api"

class MissingVariable extends Data.TaggedError("MissingVariable")<{ readonly variable: string }> {
  override get message() {
    return `${this.variable} is missing. Set it in the environment`
  }
}

const variable = (name: string) =>
  Effect.filterOrFail(
    Config.string(name).pipe(Config.withDefault("")),
    (value) => value.trim() !== "",
    () => new MissingVariable({ variable: name })
  )

const settings = Effect.gen(function* () {
  const port = yield* Config.integer("PORT").pipe(Config.withDefault(3000))
  const origin = yield* Config.string("APP_ORIGIN").pipe(Config.withDefault(`http://localhost:${port}`))
  const publishableKey = yield* variable("CLERK_PUBLISHABLE_KEY")
  const signInUrl = new URL(yield* variable("CLERK_SIGN_IN_URL"), origin)
  signInUrl.searchParams.set("redirect_url", `${origin}/account`)
  return { port, origin, publishableKey, signInUrl: signInUrl.href }
})

interface Settings extends Effect.Effect.Success<typeof settings> {}

/** The response while Clerk is unavailable. */
const unavailable = (error: Error) =>
  Effect.as(
    Effect.logError(error.message),
    HttpServerResponse.text("Please try again in a minute", { status: 503 })
  )

const Home = ({ signInUrl }: Settings) =>
  HttpLayerRouter.add(
    "GET",
    "/",
    Effect.map(OptionalSession, (session) =>
      HttpServerResponse.html(
        Option.isSome(session)
          ? `<p>Hello ${session.value.userId}. <a href="/account">Your account</a></p>`
          : `<p>Hello stranger. <a href="${signInUrl}">Sign in</a></p>`
      )
    )
  )

const Account = ({ signInUrl }: Settings) =>
  HttpLayerRouter.add(
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
    }).pipe(Effect.catchAll(unavailable))
  )

const Me = HttpLayerRouter.add(
  "GET",
  "/api/me",
  Effect.flatMap(OptionalSession, (session) =>
    Option.isSome(session)
      ? HttpServerResponse.json({ userId: session.value.userId, sessionId: session.value.sessionId })
      : HttpServerResponse.json({ error: "sign in first" }, { status: 401 })
  )
)

// A page load refreshes an expired session, so this page can offer the sign-out again.
const SignOutPage = HttpLayerRouter.add(
  "GET",
  "/sign-out",
  Effect.map(OptionalSession, (session) =>
    Option.isSome(session)
      ? HttpServerResponse.html(`<form method="post" action="/sign-out"><button>Sign out</button></form>`)
      : HttpServerResponse.redirect("/", { status: 303 })
  )
)

// A POST, so that no link of another site can sign users out.
const SignOut = ({ publishableKey }: Settings) =>
  HttpLayerRouter.add(
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
    }).pipe(Effect.catchAll(unavailable))
  )

const Server = Layer.unwrapEffect(
  Effect.map(settings, (given) => {
    const { origin, port, publishableKey } = given
    const pages = ClerkRouter.pages({ publishableKey, authorizedParties: [origin], origin })
    return HttpLayerRouter.serve(
      Layer.mergeAll(Home(given), Account(given), Me, SignOutPage, SignOut(given)).pipe(
        Layer.provide(pages.layer)
      )
    ).pipe(Layer.provide(NodeHttpServer.layer(createServer, { port })))
  })
)

// The client reads CLERK_SECRET_KEY. The keys come from CLERK_JWT_KEY, or else from Clerk.
const Clerk = Layer.merge(ClerkHttp.layerDefault, SigningKeys.layerConfig)

// On Ctrl+C or SIGTERM, the server finishes the open requests, and the program ends.
Server.pipe(Layer.provide(Clerk), Layer.launch, NodeRuntime.runMain)
