import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { ClerkKeysUnavailable, SessionTokens, SigningKeys } from "effect-clerk"
import { RequestAuth } from "effect-clerk/http-api"
import { ClerkTest } from "effect-clerk/testing"
import { snapshot } from "#test/metrics.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { recordingTracer, spansOf } from "../support/spans.js"
import { app, now, ourKeys, sessionToken, theirPrivateKey } from "../support/tokens.js"

const token = sessionToken()
const forged = sessionToken({}, {}, theirPrivateKey)

const closedKeys = Layer.succeed(SigningKeys, {
  find: () => new ClerkKeysUnavailable({ reason: "unreachable", retryable: true })
})

/** Verifies each of them, with any outcome. */
const verifyAll = (tokens: ReadonlyArray<string>, options: SessionTokens.VerifierOptions = {}) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(now * 1000)
    const verify = yield* SessionTokens.verifier(options)
    yield* Effect.forEach(tokens, (each) => Effect.exit(verify(each)))
  })

/** The outcomes that were counted during the effect. */
const outcomesOf = <A, E, R>(self: Effect.Effect<A, E, R>) => {
  const counts = Effect.map(snapshot, (metrics) =>
    metrics
      .filter(({ name }) => name === "clerk_token_verifications")
      .map(({ count = Number.NaN, tags }) => [tags.join(","), count] as const)
  )
  return Effect.gen(function* () {
    const before = new Map(yield* counts)
    yield* self
    return Object.fromEntries(
      (yield* counts).flatMap(([tags, count]) => {
        const more = count - (before.get(tags) ?? 0)
        return more === 0 ? [] : [[tags, more]]
      })
    )
  })
}

/** The headers of a browser's request with the session cookie. */
const headers = (clientUat: string, others: Readonly<Record<string, string>> = {}) => ({
  cookie: `__session=${token}; __client_uat=${clientUat}`,
  ...others
})
const fromElsewhere = headers("1", { origin: "https://evil.test" })
const signedOut = headers("0")
const stale = headers(`${now + 1}`)

const options = {
  publishableKey: "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k",
  authorizedParties: [app]
} as const

describe("the metric clerk_token_verifications", () => {
  it.effect("counts a session cookie that a server rejects before it verifies the token", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now * 1000)
      const connect = yield* RequestAuth.connection(options)
      const authenticate = yield* RequestAuth.make({ ...options, origin: app, refresh: false })
      const page = (headers: Readonly<Record<string, string>>) =>
        authenticate(new Request(`${app}/settings`, { method: "POST", headers }))
      const all = Effect.gen(function* () {
        for (const each of [fromElsewhere, signedOut, stale, {}]) {
          expect((yield* connect(each))._tag).toBe("SignedOut")
          const cookie = "cookie" in each ? { ...each, cookie: `${each.cookie}; __clerk_db_jwt=dev` } : each
          expect((yield* page(cookie))._tag).toBe("SignedOut")
        }
      })
      expect(yield* outcomesOf(all)).toEqual({
        "outcome=cross-origin": 2,
        "outcome=client-uat-missing": 2,
        "outcome=client-uat-newer": 2
      })
    }).pipe(
      Effect.provide(
        Layer.merge(
          ourKeys,
          ClerkTest.layer(() => ClerkTest.json(500, {}))
        )
      )
    )
  )

  it.effect("counts by outcome: ok, or the reason of the error", () =>
    Effect.gen(function* () {
      const tokens = [
        token,
        token,
        forged,
        "nonsense",
        sessionToken({ sts: "pending" }),
        sessionToken({ iss: 1 })
      ]
      expect(yield* outcomesOf(verifyAll(tokens))).toEqual({
        "outcome=ok": 2,
        "outcome=signature": 1,
        "outcome=format": 1,
        "outcome=session-pending": 1,
        "outcome=iss": 1
      })
    }).pipe(Effect.provide(ourKeys))
  )

  it.effect("counts unavailable keys by the tag of the error", () =>
    Effect.gen(function* () {
      expect(yield* outcomesOf(verifyAll([token]))).toEqual({ "outcome=ClerkKeysUnavailable": 1 })
    }).pipe(Effect.provide(closedKeys))
  )

  it.effect("counts a cached token like any other", () =>
    Effect.gen(function* () {
      const verified = verifyAll([token, token, token], { cache: { capacity: 1 } })
      expect(yield* outcomesOf(verified)).toEqual({ "outcome=ok": 3 })
    }).pipe(Effect.provide(ourKeys))
  )

  it.effect("counts the verifications of a single call, but not a rejection of the options", () =>
    Effect.gen(function* () {
      const wrong = Effect.flip(SessionTokens.verify(token, { authorizedParties: [] }))
      expect(yield* outcomesOf(wrong)).toEqual({})
      const calls = Effect.zip(
        Effect.exit(SessionTokens.verify(forged)),
        Effect.exit(SessionTokens.verify("x"))
      )
      expect(yield* outcomesOf(calls)).toEqual({ "outcome=signature": 1, "outcome=format": 1 })
    }).pipe(Effect.provide(ourKeys))
  )
})

describe("the span SessionTokens.verify", () => {
  it.effect("exists for each verification under a tracer, and is a child of the span around it", () =>
    Effect.gen(function* () {
      const spans = yield* spansOf(
        Effect.withSpan(verifyAll([token, token], { cache: { capacity: 1 } }), "request")
      )
      expect(spans.map(({ name, parent, kind }) => [name, parent, kind])).toEqual([
        ["request", undefined, "internal"],
        ["SessionTokens.verify", "request", "internal"],
        ["SessionTokens.verify", "request", "internal"]
      ])
      expect(spans.slice(1).map(({ attributes }) => [...attributes])).toEqual([[], []])
      expect(
        spans.every(({ ended }) => ended.length === 1 && Exit.isSuccess(ended[0]?.exit ?? Exit.void))
      ).toBe(true)
    }).pipe(Effect.provide(ourKeys))
  )

  it.effect("has the reason of a rejected token", () =>
    Effect.gen(function* () {
      const spans = yield* spansOf(verifyAll([forged, sessionToken({ exp: now - 60, iat: now - 120 }), ""]))
      expect(spans.map(({ attributes }) => Object.fromEntries(attributes))).toEqual(
        ["signature", "exp", "format"].map((reason) => ({
          "error.type": "ClerkTokenError",
          "clerk.reason": reason
        }))
      )
    }).pipe(Effect.provide(ourKeys))
  )

  it.effect("has the reason of unavailable keys", () =>
    Effect.gen(function* () {
      const [span] = yield* spansOf(verifyAll([token]))
      expect(Object.fromEntries(span?.attributes ?? [])).toEqual({
        "error.type": "ClerkKeysUnavailable",
        "clerk.reason": "unreachable"
      })
    }).pipe(Effect.provide(closedKeys))
  )

  it.effect("contains the search for keys", () =>
    Effect.gen(function* () {
      const spans = yield* spansOf(verifyAll([token]))
      expect(spans.map(({ name, parent }) => [name, parent])).toEqual([
        ["SessionTokens.verify", undefined],
        ["search", "SessionTokens.verify"]
      ])
    }).pipe(
      Effect.provide(
        Layer.succeed(SigningKeys, { find: () => Effect.withSpan(Effect.succeed(undefined), "search") })
      )
    )
  )

  it.effect("is not created without a parent span and a custom tracer", () =>
    Effect.gen(function* () {
      const { spans, tracer } = recordingTracer()
      yield* verifyAll([token]).pipe(Effect.withTracer(tracer), Effect.withTracerEnabled(false))
      expect(spans).toEqual([])
      let parents = 0
      const looking = Layer.succeed(SigningKeys, {
        find: () =>
          Effect.map(Effect.option(Effect.currentSpan), (span) => {
            if (span._tag === "Some") parents++
            return undefined
          })
      })
      yield* Effect.provide(verifyAll([token]), looking)
      expect(parents).toBe(0)
      // With a tracer the span is recorded.
      yield* Effect.provide(Effect.withSpan(verifyAll([token]), "request"), looking)
      expect(parents).toBe(1)
    }).pipe(Effect.provide(ourKeys))
  )
})
