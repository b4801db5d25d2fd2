// Checked by `npm run check`, never run. It states what the types of the middlewares promise.
import { Effect, type Layer, type Option, Schema } from "effect"
import type {
  ClerkAccessDenied,
  ClerkConfigError,
  ClerkKeysUnavailable,
  ClerkTokenError,
  SessionClaims,
  SigningKeys
} from "effect-clerk"
import {
  Authenticator,
  ClerkAuth,
  ClerkAuthOptional,
  ClerkAuthRequiring,
  ClerkRouter,
  CurrentSession,
  OptionalSession,
  type RequiringTag
} from "effect-clerk/http-api"
import { expectTypeOf } from "vitest"
import { type Key, Tag } from "#test/context.js"
import {
  type AnyEndpoint,
  type ErrorOf,
  type GroupService,
  get as getOf,
  HttpApi,
  HttpApiGroup,
  layerGroup,
  type NeededByHandler
} from "#test/httpApi.js"
import type { HttpServerRequest } from "#test/httpServer.js"

const authorizedParties = ["https://app.example.com"]
type Request = HttpServerRequest.HttpServerRequest

// The parties are required where cookies are read, and optional elsewhere.
Authenticator.make({ authorizedParties })
Authenticator.make({ authorizedParties, cookies: true })
Authenticator.make({ authorizedParties, cookies: undefined })
Authenticator.make({ cookies: false })
Authenticator.make({ authorizedParties, cookies: false })
declare const cookies: boolean
Authenticator.make({ authorizedParties, cookies })
// A predicate is accepted like a list.
Authenticator.make({ authorizedParties: (azp) => azp.endsWith(".example.com") })
Authenticator.make({ authorizedParties: (azp) => azp.endsWith(".example.com"), cookies: false })
ClerkAuth.layer({ authorizedParties: (azp) => azp.endsWith(".example.com") })
ClerkRouter.signedIn({ authorizedParties: (azp) => azp.endsWith(".example.com") })
// @ts-expect-error a predicate returns a boolean
Authenticator.make({ authorizedParties: (azp) => azp })
// @ts-expect-error the parties are missing
Authenticator.make({})
// @ts-expect-error the parties are missing
Authenticator.make({ cookies: true })
// @ts-expect-error the parties are missing where it turns out to be true
Authenticator.make({ cookies })
// @ts-expect-error the parties are not known
Authenticator.make({ authorizedParties: undefined })
// @ts-expect-error only session tokens sign anybody in
Authenticator.make({ authorizedParties, category: "template" })
// @ts-expect-error no such option
Authenticator.make({ authorizedParties, publishablekey: "pk_test_x" })
// @ts-expect-error the parties are missing
ClerkAuth.layer({ publishableKey: "pk_test_x" })
// @ts-expect-error the parties are missing
ClerkRouter.signedIn({})
// @ts-expect-error a middleware has no place for claims of one's own
ClerkAuth.layer({ authorizedParties, claims: Schema.Struct({}) })

// The result of an authentication.
expectTypeOf(Authenticator.make({ cookies: false })).toEqualTypeOf<
  Effect.Effect<Authenticator.Authenticator<SessionClaims>, ClerkConfigError, SigningKeys>
>()
const Claims = Schema.Struct({ tenant: Schema.String })
expectTypeOf(Authenticator.make({ cookies: false, claims: Claims })).toEqualTypeOf<
  Effect.Effect<
    Authenticator.Authenticator<SessionClaims<{ readonly tenant: string }>>,
    ClerkConfigError,
    SigningKeys
  >
>()
// @ts-expect-error no schema made this of the claims
export const expected: Effect.Effect<
  Authenticator.Authenticator<SessionClaims<{ readonly tenant: string }>>,
  ClerkConfigError,
  SigningKeys
> = Authenticator.make({ cookies: false })
declare const authenticator: Authenticator.Authenticator<SessionClaims>
expectTypeOf(authenticator).toEqualTypeOf<
  Effect.Effect<SessionClaims, ClerkTokenError | ClerkKeysUnavailable, Request>
>()
expectTypeOf(Authenticator.optional(authenticator)).toEqualTypeOf<
  Effect.Effect<Option.Option<SessionClaims>, ClerkKeysUnavailable, Request>
>()
expectTypeOf(Authenticator.withResponseHeaders(authenticator)).toEqualTypeOf<typeof authenticator>()
expectTypeOf(Authenticator.withResponseHeaders(Authenticator.optional(authenticator))).toEqualTypeOf<
  Effect.Effect<Option.Option<SessionClaims>, ClerkKeysUnavailable, Request>
>()
// @ts-expect-error it knows no headers for other failures
Authenticator.withResponseHeaders(Effect.fail("no"))

// The layers of the middlewares.
class Admins extends ClerkAuthRequiring<Admins>()("Admins", { role: "org:admin" }) {}
type Live<Tag> = Layer.Layer<Tag, ClerkConfigError, SigningKeys>
expectTypeOf(ClerkAuth.layer({ cookies: false })).toEqualTypeOf<Live<ClerkAuth>>()
expectTypeOf(ClerkAuthOptional.layer({ cookies: false })).toEqualTypeOf<Live<ClerkAuthOptional>>()
expectTypeOf(Admins.layer({ cookies: false })).toEqualTypeOf<Live<Admins>>()
expectTypeOf(ClerkAuthRequiring<Admins>()("Admins", { role: "org:admin" })).toEqualTypeOf<
  RequiringTag<Admins, "Admins">
>()
// @ts-expect-error no such requirement
ClerkAuthRequiring<Admins>()("Admins", { roles: "org:admin" })

// The errors that they add to an endpoint.
const get = getOf("get", "/", Schema.String)
const signedIn = get.middleware(ClerkAuth)
const optional = get.middleware(ClerkAuthOptional)
const admins = get.middleware(Admins)
expectTypeOf<ErrorOf<typeof signedIn>>().toEqualTypeOf<
  ErrorOf<typeof get> | ClerkTokenError | ClerkKeysUnavailable
>()
expectTypeOf<ErrorOf<typeof optional>>().toEqualTypeOf<ErrorOf<typeof get> | ClerkKeysUnavailable>()
expectTypeOf<ErrorOf<typeof admins>>().toEqualTypeOf<
  ErrorOf<typeof get> | ClerkTokenError | ClerkKeysUnavailable | ClerkAccessDenied
>()

// A handler has the session where its endpoint is protected, and nowhere else.
const apiOf = <E extends AnyEndpoint>(endpoint: E) =>
  HttpApi.make("api").add(HttpApiGroup.make("group").add(endpoint))
const user = Effect.map(CurrentSession, ({ userId }) => userId)
expectTypeOf(
  layerGroup(apiOf(signedIn), "group", (handlers) => handlers.handle("get", () => user))
).toEqualTypeOf<Layer.Layer<GroupService<"api", "group">, never, ClerkAuth>>()
expectTypeOf(
  layerGroup(apiOf(admins), "group", (handlers) => handlers.handle("get", () => user))
).toEqualTypeOf<Layer.Layer<GroupService<"api", "group">, never, Admins>>()
expectTypeOf(layerGroup(apiOf(get), "group", (handlers) => handlers.handle("get", () => user))).toEqualTypeOf<
  Layer.Layer<GroupService<"api", "group">, never, NeededByHandler<CurrentSession>>
>()
expectTypeOf(OptionalSession).toMatchTypeOf<Key<OptionalSession, Option.Option<SessionClaims>>>()

// Within a handler.
expectTypeOf(CurrentSession.protect({ permission: "org:teams:delete" })).toEqualTypeOf<
  Effect.Effect<SessionClaims, ClerkAccessDenied, CurrentSession>
>()

// The middlewares of an HttpLayerRouter.
expectTypeOf(ClerkRouter.signedIn({ cookies: false })).toEqualTypeOf<
  ClerkRouter.AuthMiddleware<CurrentSession>
>()
expectTypeOf(ClerkRouter.optional({ cookies: false })).toEqualTypeOf<
  ClerkRouter.AuthMiddleware<OptionalSession>
>()
expectTypeOf(ClerkRouter.requiring({ plan: "o:pro" }, { cookies: false })).toEqualTypeOf<
  ClerkRouter.AuthMiddleware<CurrentSession>
>()
class Tenant extends Tag("Tenant")<Tenant, SessionClaims<{ readonly tenant: string }>>() {}
expectTypeOf(ClerkRouter.make(Tenant, Authenticator.make({ cookies: false, claims: Claims }))).toEqualTypeOf<
  ClerkRouter.AuthMiddleware<Tenant>
>()
// @ts-expect-error these claims have no tenant
ClerkRouter.make(Tenant, Authenticator.make({ cookies: false }))
