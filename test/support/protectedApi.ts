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
import { get, getFailing, HttpApi, HttpApiGroup, layerApi, layerGroup, post } from "#test/httpApi.js"
import { HttpRouter, HttpServerResponse, jsonResponse } from "#test/httpServer.js"

export class Deletes extends ClerkAuthRequiring<Deletes>()("Deletes", { permission: "org:teams:delete" }) {}

const proven = { role: "org:admin", reverification: "strict" } as const

export class Proven extends ClerkAuthRequiring<Proven>()("Proven", proven) {}

class OwnUnauthorized extends Schema.TaggedError<OwnUnauthorized>()("OwnUnauthorized", {}) {}
class OwnForbidden extends Schema.TaggedError<OwnForbidden>()("OwnForbidden", {}) {}

/** Endpoints of every kind of protection. Each responds with the id of the identified user. */
class Account extends HttpApiGroup.make("account")
  .add(get("me", "/me", Schema.String))
  .add(post("change", "/me", Schema.String))
  .add(getFailing("unauthorized", "/own-401", OwnUnauthorized, 401))
  .add(getFailing("forbidden", "/own-403", OwnForbidden, 403))
  .middleware(ClerkAuth) {}

class Visitors extends HttpApiGroup.make("visitors")
  .add(get("visit", "/visitor", Schema.String))
  .add(post("write", "/visitor", Schema.String))
  .middleware(ClerkAuthOptional) {}

class Teams extends HttpApiGroup.make("teams")
  .add(get("teams", "/teams", Schema.String).middleware(Deletes))
  .add(get("vault", "/vault", Schema.String).middleware(Proven)) {}

export class Api extends HttpApi.make("api").add(Account).add(Visitors).add(Teams) {}

const user = Effect.map(CurrentSession, ({ userId }) => userId)
const visitor = Effect.map(
  OptionalSession,
  Option.match({ onNone: () => "nobody", onSome: ({ userId }) => userId })
)

const Handlers = Layer.mergeAll(
  layerGroup(Api, "account", (handlers) =>
    handlers
      .handle("me", () => user)
      .handle("change", () => user)
      .handle("unauthorized", () => Effect.fail(new OwnUnauthorized()))
      .handle("forbidden", () => Effect.fail(new OwnForbidden()))
  ),
  layerGroup(Api, "visitors", (handlers) =>
    handlers.handle("visit", () => visitor).handle("write", () => visitor)
  ),
  layerGroup(Api, "teams", (handlers) => handlers.handle("teams", () => user).handle("vault", () => user))
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
  layerApi(Api).pipe(Layer.provide(protectedHandlers(options)))

const answerWith = <E, R>(id: Effect.Effect<string, E, R>) => Effect.map(id, (id) => jsonResponse(id))

/** The same paths as routes of a router. */
export const protectedRoutes = (options: Authenticator.AuthOptions) =>
  Layer.mergeAll(
    Layer.mergeAll(
      HttpRouter.add("GET", "/me", answerWith(user)),
      HttpRouter.add("POST", "/me", answerWith(user)),
      HttpRouter.add("GET", "/own-401", HttpServerResponse.empty({ status: 401 })),
      HttpRouter.add("GET", "/own-403", HttpServerResponse.empty({ status: 403 }))
    ).pipe(Layer.provide(ClerkRouter.signedIn(options).layer)),
    Layer.mergeAll(
      HttpRouter.add("GET", "/visitor", answerWith(visitor)),
      HttpRouter.add("POST", "/visitor", answerWith(visitor))
    ).pipe(Layer.provide(ClerkRouter.optional(options).layer)),
    HttpRouter.add("GET", "/teams", answerWith(user)).pipe(
      Layer.provide(ClerkRouter.requiring({ permission: "org:teams:delete" }, options).layer)
    ),
    HttpRouter.add("GET", "/vault", answerWith(user)).pipe(
      Layer.provide(ClerkRouter.requiring(proven, options).layer)
    )
  )
