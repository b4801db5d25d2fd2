import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { type SessionClaims, SessionTokens, SigningKeys } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { describe, expect, it } from "#test/vitest.js"
import { withWebCrypto } from "../support/backends.js"
import { recordingTracer } from "../support/spans.js"
import { ours } from "../support/tokenKeys.js"
import {
  app,
  claims,
  keysOf,
  kid,
  ourKey,
  pemOf,
  publicJwk,
  sessionToken,
  theirPrivateKey
} from "../support/tokens.js"

/** A token that is valid by the clock of the system: `runSync` uses no other. */
const token = (changes?: object, key?: typeof theirPrivateKey) => {
  const now = Math.floor(Date.now() / 1000)
  return sessionToken({ iat: now, nbf: now - 10, exp: now + 60, ...changes }, {}, key)
}

/** The user or the reason. Dies if the program suspends. */
const outcomeOf = (self: Effect.Effect<SessionClaims<unknown>, unknown>): string =>
  Effect.runSync(Effect.match(self, { onFailure: String, onSuccess: ({ userId }) => userId }))

const signedByOthers = token({}, theirPrivateKey)
const user = claims().sub

const pemKeys = SigningKeys.layerPem(pemOf(ours))
const clerkKeys = Layer.provide(
  SigningKeys.layerJwks,
  ClerkTest.layer(() => ClerkTest.json(200, { keys: [publicJwk(ours, kid)] }))
)

describe("a token is verified without suspension", () => {
  it.live("with the key of a PEM", () =>
    Effect.gen(function* () {
      const verify = yield* SessionTokens.verifier()
      expect(outcomeOf(verify(token()))).toBe(user)
      expect(outcomeOf(verify(signedByOthers))).toContain("signature")
      expect(outcomeOf(verify(token({ sts: "pending" })))).toContain("session-pending")
    }).pipe(Effect.provide(pemKeys))
  )

  it.live("with the keys of Clerk, once they are known", () =>
    Effect.gen(function* () {
      const keys = yield* SigningKeys
      const verify = (token: string) => Effect.provideService(SessionTokens.verify(token), SigningKeys, keys)
      yield* verify(token())
      expect(outcomeOf(verify(token({ jti: "another" })))).toBe(user)
      expect(outcomeOf(verify(signedByOthers))).toContain("signature")
    }).pipe(Effect.provide(clerkKeys))
  )

  it.live("with all options, and with a span", () =>
    Effect.gen(function* () {
      const { spans, tracer } = recordingTracer()
      const verify = yield* SessionTokens.verifier({
        authorizedParties: [app],
        cache: { capacity: 1 },
        claims: Schema.Struct({ tenant: Schema.String })
      })
      const good = token({ tenant: "acme" })
      for (let times = 0; times < 2; times++) {
        expect(outcomeOf(Effect.withTracer(verify(good), tracer))).toBe(user)
      }
      expect(spans).toHaveLength(2)
    }).pipe(Effect.provide(pemKeys))
  )
})

describe("the verification of a token suspends", () => {
  const isSuspended = (verify: SessionTokens.Verifier<SessionClaims>) =>
    Effect.gen(function* () {
      expect(Exit.isFailure(Effect.runSyncExit(verify(token())))).toBe(true)
      expect(yield* Effect.map(verify(token()), ({ userId }) => userId)).toBe(user)
    })

  it.live("where the runtime has WebCrypto alone", () =>
    Effect.flatMap(SessionTokens.verifier(), isSuspended).pipe(withWebCrypto, Effect.provide(pemKeys))
  )

  it.live("with a key of the caller's own", () =>
    Effect.flatMap(SessionTokens.verifier(), isSuspended).pipe(
      Effect.provide(keysOf({ [kid]: structuredClone(ourKey) }))
    )
  )
})
