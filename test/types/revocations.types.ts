// Checked by `npm run check`, never run. It states what the types of revocations promise.
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import {
  type ClerkConfigError,
  type ClerkHttp,
  type SessionClaims,
  SessionTokens,
  type SigningKeys
} from "effect-clerk"
import {
  Authenticator,
  ClerkAuth,
  ClerkAuthOptional,
  ClerkAuthRequiring,
  ClerkRouter,
  CurrentSession,
  RequestAuth
} from "effect-clerk/http-api"
import { Revocations, RevocationsRedis, type RevocationsService } from "effect-clerk/revocations"
import { expectTypeOf } from "vitest"

type Requires<A> =
  A extends Effect.Effect<unknown, unknown, infer R>
    ? R
    : A extends Layer.Layer<infer _, infer _E, infer R>
      ? R
      : never

const token = "eyJ…"
const revocations = true
const party = "https://app.example.com"
const parties = { authorizedParties: [party] }
const bearer = { cookies: false } as const
const page = { ...parties, origin: party, publishableKey: "pk_test_x" }
const Custom = Schema.Struct({ tenant: Schema.String })
declare const flag: boolean

// Only the option requires the service.
expectTypeOf<Requires<ReturnType<typeof SessionTokens.verify>>>().toEqualTypeOf<SigningKeys>()
const verified = SessionTokens.verify(token, { revocations })
expectTypeOf<Requires<typeof verified>>().toEqualTypeOf<SigningKeys | Revocations>()
const verifiedByFlag = SessionTokens.verify(token, { revocations: flag })
expectTypeOf<Requires<typeof verifiedByFlag>>().toEqualTypeOf<SigningKeys | Revocations>()
const unverified = SessionTokens.verify(token, { revocations: false })
expectTypeOf<Requires<typeof unverified>>().toEqualTypeOf<SigningKeys>()
const custom = SessionTokens.verify(token, { revocations, claims: Custom })
expectTypeOf(custom).toEqualTypeOf<
  Effect.Effect<
    SessionClaims<{ readonly tenant: string }>,
    SessionTokens.VerifyError,
    SigningKeys | Revocations
  >
>()

expectTypeOf(SessionTokens.verifier({ revocations, cache: { capacity: 1 } })).toEqualTypeOf<
  Effect.Effect<SessionTokens.Verifier<SessionClaims>, ClerkConfigError, SigningKeys | Revocations>
>()
expectTypeOf(SessionTokens.verifier({ revocations, claims: Custom })).toEqualTypeOf<
  Effect.Effect<
    SessionTokens.Verifier<SessionClaims<{ readonly tenant: string }>>,
    ClerkConfigError,
    SigningKeys | Revocations
  >
>()

// A token of a template names no session.
// @ts-expect-error
SessionTokens.verifier({ revocations, category: "template" })
// @ts-expect-error
SessionTokens.verify(token, { revocations, category: "template" })
// @ts-expect-error
SessionTokens.verify(token, { revocations, athorizedParties: [party] })

// Servers have the option too, with cookies or without.
const authenticate = Authenticator.make({ ...parties, revocations })
expectTypeOf<Requires<typeof authenticate>>().toEqualTypeOf<SigningKeys | Revocations>()
const authenticateBearer = Authenticator.make({ ...bearer, revocations, claims: Custom })
expectTypeOf<Requires<typeof authenticateBearer>>().toEqualTypeOf<SigningKeys | Revocations>()
const authenticateWithout = Authenticator.make(bearer)
expectTypeOf<Requires<typeof authenticateWithout>>().toEqualTypeOf<SigningKeys>()
// @ts-expect-error: a server that reads cookies needs the parties
Authenticator.make({ revocations })

class Admins extends ClerkAuthRequiring<Admins>()("Admins", { role: "org:admin" }) {}

for (const layer of [
  ClerkAuth.layer({ ...parties, revocations }),
  ClerkAuthOptional.layer({ ...bearer, revocations }),
  Admins.layer({ ...parties, revocations }),
  ClerkRouter.signedIn({ ...parties, revocations }).layer,
  ClerkRouter.optional({ ...bearer, revocations }).layer,
  ClerkRouter.requiring({ role: "org:admin" }, { ...parties, revocations }).layer,
  ClerkRouter.make(CurrentSession, authenticate).layer
]) {
  expectTypeOf<Requires<typeof layer>>().toEqualTypeOf<SigningKeys | Revocations>()
}

const { layer: pages } = ClerkRouter.pages({ ...page, revocations })
expectTypeOf<Requires<typeof pages>>().toEqualTypeOf<SigningKeys | Revocations | ClerkHttp>()
const requests = RequestAuth.make({ ...page, revocations })
expectTypeOf<Requires<typeof requests>>().toEqualTypeOf<SigningKeys | Revocations>()
const connection = RequestAuth.connection({ ...parties, revocations })
expectTypeOf<Requires<typeof connection>>().toEqualTypeOf<SigningKeys | Revocations>()

// Both layers provide the same service.
expectTypeOf(Revocations.layerMemory()).toEqualTypeOf<Layer.Layer<Revocations, ClerkConfigError>>()
declare const client: RevocationsRedis.IoRedis
expectTypeOf(RevocationsRedis.layer({ redis: RevocationsRedis.fromIoRedis(client) })).toEqualTypeOf<
  Layer.Layer<Revocations, ClerkConfigError>
>()

// The claims of a session decide.
declare const service: RevocationsService
declare const session: SessionClaims
expectTypeOf(service.isRevoked(session)).toEqualTypeOf<boolean>()
