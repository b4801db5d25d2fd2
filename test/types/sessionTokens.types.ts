// Checked by `npm run check`, never run. It states what the types of token verification promise.
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import {
  type ClerkConfigError,
  type ClerkInvalidRequest,
  type ClerkKeysUnavailable,
  type ClerkTokenError,
  type OrganizationId,
  type SessionClaims,
  type SessionId,
  SessionTokens,
  SigningKeys,
  type TokenClaims,
  type UserId
} from "effect-clerk"
import { expectTypeOf } from "vitest"
import type { Codec } from "#test/schema.js"

type Failure = ClerkTokenError | ClerkKeysUnavailable | ClerkInvalidRequest
type Verified<Claims> = Effect.Effect<Claims, Failure, SigningKeys>
type Made<Claims> = Effect.Effect<SessionTokens.Verifier<Claims>, ClerkConfigError, SigningKeys>

const token = "eyJ…"
const parties = { authorizedParties: ["https://app.example.com"] } as const

// A call requires keys and names every error.
expectTypeOf(SessionTokens.verify(token)).toEqualTypeOf<Verified<SessionClaims>>()
expectTypeOf(SessionTokens.verify(Redacted.make(token), parties)).toEqualTypeOf<Verified<SessionClaims>>()
expectTypeOf(SessionTokens.verify(token, { category: "session" })).toEqualTypeOf<Verified<SessionClaims>>()
expectTypeOf(SessionTokens.verify(token, undefined)).toEqualTypeOf<Verified<SessionClaims>>()
expectTypeOf<SessionTokens.VerifyError>().toEqualTypeOf<Failure>()

// A verifier has checked its options and has its keys.
expectTypeOf(SessionTokens.verifier()).toEqualTypeOf<Made<SessionClaims>>()
expectTypeOf(SessionTokens.verifier({ ...parties, cache: { capacity: 10 } })).toEqualTypeOf<
  Made<SessionClaims>
>()
declare const verify: SessionTokens.Verifier<SessionClaims>
expectTypeOf(verify(token)).toEqualTypeOf<
  Effect.Effect<SessionClaims, ClerkTokenError | ClerkKeysUnavailable>
>()

// A token of a template names no session. The category may be known only at run time.
expectTypeOf(SessionTokens.verify(token, { category: "template" })).toEqualTypeOf<Verified<TokenClaims>>()
expectTypeOf(SessionTokens.verifier({ category: "template" })).toEqualTypeOf<Made<TokenClaims>>()
declare const options: SessionTokens.VerifyOptions
expectTypeOf(SessionTokens.verify(token, options)).toEqualTypeOf<Verified<TokenClaims>>()
declare const verifierOptions: SessionTokens.VerifierOptions
expectTypeOf(SessionTokens.verifier(verifierOptions)).toEqualTypeOf<Made<TokenClaims>>()
expectTypeOf<SessionClaims>().toMatchTypeOf<TokenClaims>()

// A custom schema types `custom` with its decoded type.
const Custom = Schema.Struct({ tenant: Schema.String, since: Schema.DateFromString })
type Custom = { readonly tenant: string; readonly since: Date }
expectTypeOf(SessionTokens.verify(token, { claims: Custom })).toEqualTypeOf<Verified<SessionClaims<Custom>>>()
expectTypeOf(SessionTokens.verify(token, { claims: Custom, category: "template" })).toEqualTypeOf<
  Verified<TokenClaims<Custom>>
>()
expectTypeOf(SessionTokens.verifier({ claims: Custom })).toEqualTypeOf<Made<SessionClaims<Custom>>>()
expectTypeOf(SessionTokens.verifier({ claims: Custom, category: "template" })).toEqualTypeOf<
  Made<TokenClaims<Custom>>
>()
expectTypeOf<SessionClaims["custom"]>().toEqualTypeOf<undefined>()

// Without a schema nothing can type `custom`: neither an argument nor the type that is expected.
expectTypeOf(SessionTokens.verify<Custom>(token)).toEqualTypeOf<Verified<SessionClaims<Custom | undefined>>>()
expectTypeOf(SessionTokens.verifier<Custom>()).toEqualTypeOf<Made<SessionClaims<Custom | undefined>>>()
// @ts-expect-error no schema made this of the claims
export const expected: Verified<SessionClaims<Custom>> = SessionTokens.verify(token)
// @ts-expect-error nor for a verifier
export const expectedOfVerifier: Made<SessionClaims<Custom>> = SessionTokens.verifier(parties)
// @ts-expect-error nor for a token of a template
export const expectedOfTemplate: Verified<TokenClaims<Custom>> = SessionTokens.verify(token, {
  category: "template"
})
// With an optional schema, `custom` is optional.
declare const perhaps: SessionTokens.VerifyOptions<Custom>
expectTypeOf(SessionTokens.verify(token, perhaps)).toEqualTypeOf<Verified<TokenClaims<Custom | undefined>>>()

// The types of the claims.
expectTypeOf<SessionClaims["userId"]>().toEqualTypeOf<UserId>()
expectTypeOf<SessionClaims["sessionId"]>().toEqualTypeOf<SessionId>()
expectTypeOf<SessionClaims["expiresAt"]>().toEqualTypeOf<DateTime.Utc>()
expectTypeOf<NonNullable<SessionClaims["organization"]>["id"]>().toEqualTypeOf<OrganizationId>()
expectTypeOf<NonNullable<SessionClaims["organization"]>["role"]>().toEqualTypeOf<string | undefined>()
expectTypeOf<NonNullable<SessionClaims["actor"]>["sub"]>().toEqualTypeOf<string>()

// Both failures can be distinguished, and the keys are the only requirement.
expectTypeOf(
  SessionTokens.verify(token, parties).pipe(
    Effect.catchTags({
      ClerkTokenError: ({ reason }) => Effect.succeed(reason),
      ClerkInvalidRequest: ({ field }) => Effect.succeed(field)
    }),
    Effect.provide(SigningKeys.layerConfig)
  )
).toEqualTypeOf<Effect.Effect<SessionClaims | string, ClerkKeysUnavailable | ClerkConfigError>>()

// @ts-expect-error a misspelled option
SessionTokens.verify(token, { authorisedParties: ["https://app.example.com"] })
// The parties are a list, or a predicate.
SessionTokens.verify(token, { authorizedParties: (azp) => azp.endsWith(".example.com") })
SessionTokens.verifier({ authorizedParties: (azp) => azp.endsWith(".example.com") })
expectTypeOf<SessionTokens.AuthorizedParties>().toEqualTypeOf<
  ReadonlyArray<string> | ((azp: string) => boolean)
>()
// @ts-expect-error a predicate decides at once
SessionTokens.verify(token, { authorizedParties: async () => true })
// @ts-expect-error a predicate returns a boolean
SessionTokens.verify(token, { authorizedParties: (azp) => azp })
// @ts-expect-error a pattern is not a predicate
SessionTokens.verify(token, { authorizedParties: /^https:/ })
// @ts-expect-error parties are a list
SessionTokens.verify(token, { authorizedParties: "https://app.example.com" })
// @ts-expect-error no such category
SessionTokens.verify(token, { category: "machine" })
// @ts-expect-error a call remembers nothing
SessionTokens.verify(token, { cache: { capacity: 10 } })
// @ts-expect-error how many is to be said
SessionTokens.verifier({ cache: {} })
// @ts-expect-error not a duration
SessionTokens.verify(token, { clockSkew: "soon" })
declare const needy: Codec<string, string, SigningKeys>
// @ts-expect-error a schema that needs a service
SessionTokens.verify(token, { claims: needy })
// @ts-expect-error a token is text
SessionTokens.verify(1)
// @ts-expect-error keys are missing
Effect.runPromise(SessionTokens.verify(token))
