// Checked by `npm run check`, never run. It states what the types of a client's options promise.
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { type ClerkConfigError, ClerkHttp, SecretKey } from "effect-clerk"
import { expectTypeOf } from "vitest"

const secretKey = Redacted.make("sk_test_…")

// A secret key is redacted, or read by an effect of such a key that requires nothing.
type Client = Layer.Layer<ClerkHttp, ClerkConfigError>
expectTypeOf(ClerkHttp.layerFetch({ secretKey })).toEqualTypeOf<Client>()
expectTypeOf(
  ClerkHttp.layerFetch({ secretKey: SecretKey.fromEffect(Effect.succeed(secretKey)) })
).toEqualTypeOf<Client>()
declare const failing: Effect.Effect<Redacted.Redacted<string>, Error>
expectTypeOf(ClerkHttp.layerFetch({ secretKey: SecretKey.fromEffect(failing) })).toEqualTypeOf<Client>()

// @ts-expect-error: a plain text
ClerkHttp.layerFetch({ secretKey: "sk_test_…" })
// @ts-expect-error: an effect, without SecretKey.fromEffect
ClerkHttp.layerFetch({ secretKey: Effect.succeed(secretKey) })
// @ts-expect-error: an effect of a plain text
SecretKey.fromEffect(Effect.succeed("sk_test_…"))
declare const requiring: Effect.Effect<Redacted.Redacted<string>, never, "Store">
// @ts-expect-error: it requires a service
SecretKey.fromEffect(requiring)
