import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { Authorization, ClerkHttp, SessionTokens, SigningKeys, type SigningKeysService } from "effect-clerk"
import { type Case, expectMatch, expectThat, outcomeOf } from "../support/check.js"
import { client, type Setting } from "../support/setting.js"

/** Keys that count how often they are fetched. */
const counting = (asked: { count: number }) =>
  Layer.effect(
    SigningKeys,
    Effect.map(
      SigningKeys,
      (keys): SigningKeysService => ({
        find: (kid) => {
          asked.count++
          return keys.find(kid)
        }
      })
    )
  )

type Keys = Layer.Layer<SigningKeys, unknown>

/** The key of a PEM as a user's own: on every runtime, WebCrypto verifies with it. */
const ownKey = (pem: string): Keys =>
  Layer.effect(
    SigningKeys,
    Effect.map(
      Effect.promise(() =>
        crypto.subtle.importKey(
          "spki",
          Uint8Array.from(atob(pem.replace(/-----[A-Z ]+-----|\s/g, "")), (each) => each.charCodeAt(0)),
          { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
          false,
          ["verify"]
        )
      ),
      (key): SigningKeysService => ({ find: () => Effect.succeed({ key }) })
    )
  )

/** The layers that give the key of a PEM to `node:crypto`, where the runtime has it, and to WebCrypto. */
const backends = [
  ["with a given key", SigningKeys.layerPem],
  ["with a key of the caller's own", ownKey]
] as const

const refusals = ({ tokens }: Setting): ReadonlyArray<Case> =>
  backends.flatMap(([how, keysOf]) => [
    ...tokens.refused.map(({ name, reason, token }) => ({
      name: `${name} is rejected ${how}`,
      run: Effect.gen(function* () {
        const error = yield* outcomeOf(SessionTokens.verify(token, { authorizedParties: [tokens.origin] }))
        yield* expectMatch(error, { _tag: "ClerkTokenError", reason })
        yield* expectThat(!JSON.stringify(error).includes(token.slice(-40)), "the error shows the token")
      }).pipe(Effect.provide(keysOf(tokens.pem)))
    })),
    {
      name: `only the valid signature is accepted ${how}`,
      run: Effect.gen(function* () {
        const { good, invalid } = tokens.oddSignatures
        yield* SessionTokens.verify(good)
        for (const { name, token } of invalid) {
          const error = yield* outcomeOf(SessionTokens.verify(token))
          yield* expectMatch(error, { _tag: "ClerkTokenError", reason: "signature" }, name)
        }
      }).pipe(Effect.provide(keysOf(tokens.oddSignatures.pem)))
    }
  ])

/** Whether the verification suspends tells which backend the runtime has. */
const backendCase = ({ tokens }: Setting): Case => ({
  name: `this runtime verifies with ${tokens.hasNodeCrypto ? "node:crypto, without suspension" : "WebCrypto"}`,
  run: Effect.gen(function* () {
    const keys = yield* SigningKeys
    const verified = Effect.provideService(SessionTokens.verify(tokens.good), SigningKeys, keys)
    const isSynchronous = Exit.isSuccess(Effect.runSyncExit(verified))
    yield* expectMatch(isSynchronous, tokens.hasNodeCrypto, "whether it verifies without suspension")
  }).pipe(Effect.provide(SigningKeys.layerPem(tokens.pem)))
})

export const verification = (setting: Setting): ReadonlyArray<Case> => {
  const { clerk, tokens } = setting
  const { brief, good, issuer, origin, pem, sessionId, strange, userId } = tokens
  const ofPem = SigningKeys.layerPem(pem)
  const ofClerk = Layer.provide(
    SigningKeys.layerJwks,
    ClerkHttp.layerFetch({ apiUrl: clerk.url, secretKey: Redacted.make(clerk.secretKey) })
  )
  const accepted = Effect.gen(function* () {
    const claims = yield* SessionTokens.verify(good, { authorizedParties: [origin], issuer })
    yield* expectMatch(claims, { userId, sessionId })
    yield* Authorization.protect(claims, { permission: "org:teams:delete" })
    yield* expectMatch(yield* outcomeOf(Authorization.protect(claims, { permission: "org:teams:sell" })), {
      _tag: "ClerkAccessDenied"
    })
  })
  return [
    { name: "a valid token is accepted with a given key", run: Effect.provide(accepted, ofPem) },
    { name: "a valid token is accepted with the keys of Clerk", run: Effect.provide(accepted, ofClerk) },
    {
      name: "a valid token is accepted with a key of the caller's own",
      run: Effect.provide(accepted, ownKey(pem))
    },
    ...refusals(setting),
    backendCase(setting),
    ...[{ name: "that is no key", pem: "not a key" }, ...tokens.unfitKeys].map(({ name, pem }) => ({
      name: `a key ${name} is rejected`,
      run: Effect.flatMap(outcomeOf(Effect.scoped(Layer.build(SigningKeys.layerPem(pem)))), (error) =>
        expectMatch(error, { _tag: "ClerkConfigError", setting: "jwtKey" })
      )
    })),
    {
      name: "a key id that Clerk does not have is rejected",
      run: Effect.gen(function* () {
        yield* expectMatch(yield* outcomeOf(SessionTokens.verify(strange)), { reason: "unknown-key" })
      }).pipe(Effect.provide(ofClerk))
    },
    {
      name: "fifty tokens at once lead to one request for the keys",
      run: Effect.gen(function* () {
        const url = setting.at("jwks")
        const all = Effect.forEach(Array.from({ length: 50 }), () => SessionTokens.verify(good), {
          concurrency: "unbounded",
          discard: true
        })
        yield* all.pipe(Effect.provide(SigningKeys.layerJwks), Effect.provide(client(url)))
        yield* expectMatch(yield* setting.seen(url), { requests: 1 })
      })
    },
    {
      name: "without keys a token is neither accepted nor rejected",
      run: Effect.gen(function* () {
        const error = yield* outcomeOf(SessionTokens.verify(good))
        yield* expectMatch(error, { _tag: "ClerkKeysUnavailable", reason: "failing" })
      }).pipe(Effect.provide(SigningKeys.layerJwks), Effect.provide(client(setting.at("status", 503))))
    },
    {
      name: "a verified token is cached until it expires",
      run: Effect.gen(function* () {
        const asked = { count: 0 }
        yield* Effect.gen(function* () {
          const verify = yield* SessionTokens.verifier({ cache: { capacity: 10 }, clockSkew: 0 })
          yield* verify(brief)
          yield* verify(brief)
          yield* expectMatch(asked, { count: 1 }, "how often keys were fetched")
          yield* Effect.sleep("6 seconds")
          yield* expectMatch(yield* outcomeOf(verify(brief)), { _tag: "ClerkTokenError", reason: "exp" })
        }).pipe(Effect.provide(Layer.provide(counting(asked), ofPem)))
      })
    }
  ]
}
