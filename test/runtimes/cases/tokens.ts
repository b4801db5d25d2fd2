import * as Effect from "effect/Effect"
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

const refusals = ({ tokens }: Setting, keys: Layer.Layer<SigningKeys, unknown>): ReadonlyArray<Case> =>
  tokens.refused.map(({ name, reason, token }) => ({
    name: `${name} is refused`,
    run: Effect.gen(function* () {
      const error = yield* outcomeOf(SessionTokens.verify(token, { authorizedParties: [tokens.origin] }))
      yield* expectMatch(error, { _tag: "ClerkTokenError", reason })
      yield* expectThat(!JSON.stringify(error).includes(token.slice(-40)), "the error shows the token")
    }).pipe(Effect.provide(keys))
  }))

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
    ...refusals(setting, ofPem),
    {
      name: "an invalid key is rejected",
      run: Effect.flatMap(outcomeOf(Effect.scoped(Layer.build(SigningKeys.layerPem("not a key")))), (error) =>
        expectMatch(error, { _tag: "ClerkConfigError", setting: "jwtKey" })
      )
    },
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
