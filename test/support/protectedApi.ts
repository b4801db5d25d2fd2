import {
  HttpApi,
  HttpApiBuilder,
  HttpApiEndpoint,
  HttpApiGroup,
  HttpLayerRouter,
  HttpServerResponse
} from "@effect/platform"
import { Effect, Layer, Option, Schema } from "effect"
import {
  type Authenticator,
  ClerkAuth,
  ClerkAuthOptional,
  ClerkAuthRequiring,
  ClerkRouter,
  CurrentSession,
  OptionalSession
} from "effect-clerk/http-api"

export class Deletes extends ClerkAuthRequiring<Deletes>()("Deletes", { permission: "org:teams:delete" }) {}

const proven = { role: "org:admin", reverification: "strict" } as const

export class Proven extends ClerkAuthRequiring<Proven>()("Proven", proven) {}

class OwnUnauthorized extends Schema.TaggedError<OwnUnauthorized>()("OwnUnauthorized", {}) {}
class OwnForbidden extends Schema.TaggedError<OwnForbidden>()("OwnForbidden", {}) {}

/** Endpoints of every kind of protection. Each responds with the id of the identified user. */
class Account extends HttpApiGroup.make("account")
  .add(HttpApiEndpoint.get("me", "/me").addSuccess(Schema.String))
  .add(HttpApiEndpoint.post("change", "/me").addSuccess(Schema.String))
  .add(HttpApiEndpoint.get("unauthorized", "/own-401").addError(OwnUnauthorized, { status: 401 }))
  .add(HttpApiEndpoint.get("forbidden", "/own-403").addError(OwnForbidden, { status: 403 }))
  .middleware(ClerkAuth) {}

class Visitors extends HttpApiGroup.make("visitors")
  .add(HttpApiEndpoint.get("visit", "/visitor").addSuccess(Schema.String))
  .add(HttpApiEndpoint.post("write", "/visitor").addSuccess(Schema.String))
  .middleware(ClerkAuthOptional) {}

class Teams extends HttpApiGroup.make("teams")
  .add(HttpApiEndpoint.get("teams", "/teams").addSuccess(Schema.String).middleware(Deletes))
  .add(HttpApiEndpoint.get("vault", "/vault").addSuccess(Schema.String).middleware(Proven)) {}

export class Api extends HttpApi.make("api").add(Account).add(Visitors).add(Teams) {}

const user = Effect.map(CurrentSession, ({ userId }) => userId)
const visitor = Effect.map(
  OptionalSession,
  Option.match({ onNone: () => "nobody", onSome: ({ userId }) => userId })
)

const Handlers = Layer.mergeAll(
  HttpApiBuilder.group(Api, "account", (handlers) =>
    handlers
      .handle("me", () => user)
      .handle("change", () => user)
      .handle("unauthorized", () => Effect.fail(new OwnUnauthorized()))
      .handle("forbidden", () => Effect.fail(new OwnForbidden()))
  ),
  HttpApiBuilder.group(Api, "visitors", (handlers) =>
    handlers.handle("visit", () => visitor).handle("write", () => visitor)
  ),
  HttpApiBuilder.group(Api, "teams", (handlers) =>
    handlers.handle("teams", () => user).handle("vault", () => user)
  )
)

/** The handlers of `Api`, protected by these options. */
export const protectedHandlers = (options: Authenticator.AuthOptions) =>
  Handlers.pipe(
    Layer.provide(ClerkAuth.layer(options)),
    Layer.provide(ClerkAuthOptional.layer(options)),
    Layer.provide(Deletes.layer(options)),
    Layer.provide(Proven.layer(options))
  )

export const apiLive = (options: Authenticator.AuthOptions) =>
  HttpApiBuilder.api(Api).pipe(Layer.provide(protectedHandlers(options)))

const answerWith = <E, R>(id: Effect.Effect<string, E, R>) =>
  Effect.map(id, (id) => HttpServerResponse.unsafeJson(id))

/** The same paths as routes of an `HttpLayerRouter`. */
export const protectedRoutes = (options: Authenticator.AuthOptions) =>
  Layer.mergeAll(
    Layer.mergeAll(
      HttpLayerRouter.add("GET", "/me", answerWith(user)),
      HttpLayerRouter.add("POST", "/me", answerWith(user)),
      HttpLayerRouter.add("GET", "/own-401", HttpServerResponse.empty({ status: 401 })),
      HttpLayerRouter.add("GET", "/own-403", HttpServerResponse.empty({ status: 403 }))
    ).pipe(Layer.provide(ClerkRouter.signedIn(options).layer)),
    Layer.mergeAll(
      HttpLayerRouter.add("GET", "/visitor", answerWith(visitor)),
      HttpLayerRouter.add("POST", "/visitor", answerWith(visitor))
    ).pipe(Layer.provide(ClerkRouter.optional(options).layer)),
    HttpLayerRouter.add("GET", "/teams", answerWith(user)).pipe(
      Layer.provide(ClerkRouter.requiring({ permission: "org:teams:delete" }, options).layer)
    ),
    HttpLayerRouter.add("GET", "/vault", answerWith(user)).pipe(
      Layer.provide(ClerkRouter.requiring(proven, options).layer)
    )
  )
