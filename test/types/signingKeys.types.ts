// Checked by `npm run check`, never run. It states what the types of the keys promise.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import {
  type ClerkConfigError,
  ClerkHttp,
  type ClerkKeysUnavailable,
  type PublicKeysOptions,
  SessionTokens,
  SigningKeys,
  type SigningKeysService,
  type VerificationKey
} from "effect-clerk"
import { expectTypeOf } from "vitest"
import type { HttpClient } from "#test/http.js"

const secretKey = Redacted.make("sk_test_type")

// The errors and the requirements of each layer.
expectTypeOf(SigningKeys.layerJwks).toEqualTypeOf<Layer.Layer<SigningKeys, never, ClerkHttp>>()
expectTypeOf(SigningKeys.layerConfig).toEqualTypeOf<Layer.Layer<SigningKeys, ClerkConfigError>>()
expectTypeOf(SigningKeys.layerPem("pem")).toEqualTypeOf<Layer.Layer<SigningKeys, ClerkConfigError>>()
expectTypeOf(SigningKeys.layerPem).parameters.toEqualTypeOf<[string | Redacted.Redacted<string>]>()
expectTypeOf(Layer.provide(SigningKeys.layerJwks, ClerkHttp.layerFetch({ secretKey }))).toEqualTypeOf<
  Layer.Layer<SigningKeys, ClerkConfigError>
>()
expectTypeOf(SigningKeys.layerPublic({ publishableKey: "pk_test_a2V5" })).toEqualTypeOf<
  Layer.Layer<SigningKeys, ClerkConfigError>
>()
expectTypeOf(SigningKeys.layerPublicHttp({ issuer: "https://clerk.example.com" })).toEqualTypeOf<
  Layer.Layer<SigningKeys, ClerkConfigError, HttpClient.HttpClient>
>()
expectTypeOf(SigningKeys.layerPublic).parameters.toEqualTypeOf<[PublicKeysOptions]>()
expectTypeOf<PublicKeysOptions>().toEqualTypeOf<{
  readonly publishableKey?: string | undefined
  readonly issuer?: string | undefined
}>()
// @ts-expect-error a secret key has no place here
SigningKeys.layerPublic({ publishableKey: "pk_test_a2V5", secretKey })
// @ts-expect-error not a text
SigningKeys.layerPem(Redacted.make(1))
// @ts-expect-error not a text
SigningKeys.layerPem({ kty: "RSA" })

// The service is one function, which distinguishes an unknown key from unavailable keys.
const find = Effect.flatMap(SigningKeys, (keys) => keys.find("ins_1"))
expectTypeOf(find).toEqualTypeOf<
  Effect.Effect<VerificationKey | undefined, ClerkKeysUnavailable, SigningKeys>
>()
expectTypeOf<SigningKeysService["find"]>().parameters.toEqualTypeOf<[string | undefined]>()
expectTypeOf<VerificationKey>().toEqualTypeOf<{
  readonly key: CryptoKey
  readonly freshUntilNanos?: bigint | undefined
}>()
expectTypeOf<ClerkKeysUnavailable["reason"]>().toEqualTypeOf<
  "unreachable" | "rejected" | "failing" | "invalid" | "empty" | "revocations"
>()

// Custom keys are an object with that function.
declare const key: CryptoKey
Layer.succeed(SigningKeys, { find: (kid) => Effect.succeed(kid === "ins_1" ? { key } : undefined) })
// @ts-expect-error another error than that of keys
Layer.succeed(SigningKeys, { find: () => Effect.fail("no key") })
// @ts-expect-error a key as text
Layer.succeed(SigningKeys, { find: () => Effect.succeed({ key: "pem" }) })

// A verification requires keys, and does not run without them.
const verified = SessionTokens.verify("token")
// @ts-expect-error SigningKeys is missing
Effect.runPromise(verified)
// @ts-expect-error the keys ask for ClerkHttp
Effect.runPromise(Effect.provide(verified, SigningKeys.layerJwks))
Effect.runPromise(Effect.provide(verified, SigningKeys.layerConfig))
Effect.runPromise(Effect.provide(verified, SigningKeys.layerPem(Redacted.make("pem"))))
