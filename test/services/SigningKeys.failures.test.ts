import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { ClerkDecodeError, Sessions, SigningKeys } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { fork } from "#test/fiber.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { find, jwk, keySet, keysNamed, keysOver, outage } from "../support/keySets.js"
import { refused, runToFailure, stage, type Turn } from "../support/scriptedCalls.js"
import { text } from "../support/wire.js"

const findOne = Effect.provide(find("ins_1"), SigningKeys.layerJwks)

interface Failure {
  readonly of: string
  readonly turn: Turn
  readonly reason: string
  readonly failure?: string
  readonly requests?: number
}

const failures: ReadonlyArray<Failure> = [
  {
    of: "a refused connection",
    turn: refused,
    reason: "unreachable",
    failure: "ClerkTransportError",
    requests: 3
  },
  { of: "an invalid certificate", turn: outage, reason: "unreachable", failure: "ClerkTransportError" },
  { of: "no answer", turn: Effect.never, reason: "unreachable", failure: "ClerkTimeout", requests: 2 },
  {
    of: "400",
    turn: ClerkTest.json(400, {}),
    reason: "rejected",
    failure: "ClerkBadRequest"
  },
  { of: "401", turn: ClerkTest.json(401, {}), reason: "rejected", failure: "ClerkUnauthorized" },
  { of: "403", turn: ClerkTest.json(403, {}), reason: "rejected", failure: "ClerkForbidden" },
  { of: "404", turn: ClerkTest.json(404, {}), reason: "invalid", failure: "ClerkUnexpectedStatus" },
  {
    of: "a redirect",
    turn: { status: 307, headers: { location: "https://evil.example/v1/jwks" }, body: "" },
    reason: "invalid",
    failure: "ClerkUnexpectedStatus"
  },
  { of: "no content", turn: text("", 204), reason: "invalid", failure: "ClerkUnexpectedStatus" },
  { of: "429", turn: ClerkTest.json(429, {}), reason: "failing", failure: "ClerkRateLimited", requests: 3 },
  {
    of: "429 for an hour",
    turn: ClerkTest.json(429, {}, { "retry-after": "3600" }),
    reason: "failing",
    failure: "ClerkRateLimited"
  },
  { of: "500", turn: ClerkTest.json(500, {}), reason: "failing", failure: "ClerkServerError", requests: 3 },
  { of: "501", turn: ClerkTest.json(501, {}), reason: "failing", failure: "ClerkServerError" },
  {
    of: "502 with a long page",
    turn: { status: 502, headers: { "content-type": "text/html" }, body: "<p>".repeat(30_000) },
    reason: "failing",
    failure: "ClerkServerError",
    requests: 3
  },
  {
    of: "a web page",
    turn: { status: 200, headers: { "content-type": "text/html" }, body: "<p>" },
    reason: "invalid",
    failure: "ClerkDecodeError"
  },
  {
    of: "a response that could not be decoded",
    turn: new ClerkDecodeError({ reason: "encoding" }),
    reason: "invalid",
    failure: "ClerkDecodeError"
  },
  { of: "text that is not JSON", turn: text("{"), reason: "invalid", failure: "ClerkDecodeError" },
  { of: "nothing", turn: text(""), reason: "invalid", failure: "ClerkDecodeError" },
  { of: "null", turn: text("null"), reason: "invalid", failure: "ClerkDecodeError" },
  {
    of: "a list without its envelope",
    turn: ClerkTest.json(200, [jwk("ins_1")]),
    reason: "invalid",
    failure: "ClerkDecodeError"
  },
  {
    of: "keys that are not a list",
    turn: ClerkTest.json(200, { keys: { "0": jwk("ins_1"), length: 1 } }),
    reason: "invalid",
    failure: "ClerkDecodeError"
  },
  {
    of: "a set of more than 64 KB",
    turn: keySet(jwk("ins_1"), { padding: "x".repeat(64 * 1024) }),
    reason: "invalid",
    failure: "ClerkDecodeError"
  },
  { of: "a set with two keys of one id", turn: keysNamed("ins_1", "ins_1"), reason: "invalid" },
  { of: "an empty set", turn: keySet(), reason: "empty" },
  { of: "a set of keys for another use", turn: keySet(jwk("ins_1", { use: "enc" })), reason: "empty" }
]

describe("the keys are not available because of", () => {
  it.effect.each(failures)("$of", ({ failure, reason, requests = 1, turn }) =>
    Effect.gen(function* () {
      const { error, times } = yield* runToFailure(findOne, { turns: [turn] })
      expect(error._tag).toBe("ClerkKeysUnavailable")
      expect({ ...error }).toStrictEqual({
        _tag: "ClerkKeysUnavailable",
        reason,
        ...(failure === undefined ? {} : { failure }),
        retryable: reason !== "rejected",
        retryAfter: Duration.seconds(1)
      })
      expect(times).toHaveLength(requests)
    })
  )

  it.effect("no response within 5 seconds for an attempt and 8 in total", () =>
    Effect.gen(function* () {
      const { ended, times } = yield* runToFailure(findOne, { turns: [Effect.never], chance: 0 })
      expect([times, ended]).toEqual([[0, 5_000], 8_000])
    })
  )
})

describe("the time of the next fetch", () => {
  it.effect("is given in milliseconds, and rounded up", () => {
    const { times, layer } = stage({ turns: [keysNamed("ins_1"), outage] })
    return Effect.gen(function* () {
      yield* find("ins_1")
      yield* TestClock.adjust("30 seconds")
      const retryAfter = Effect.map(Effect.flip(find("ins_2")), (error) => error.retryAfter)
      expect(yield* retryAfter).toEqual(Duration.seconds(30))
      yield* TestClock.adjust("10 seconds")
      expect(yield* retryAfter).toEqual(Duration.seconds(20))
      yield* TestClock.adjust("19998600 micros")
      expect(yield* retryAfter).toEqual(Duration.millis(2))
      expect(times).toHaveLength(2)
    }).pipe(Effect.provide(keysOver(layer)))
  })

  it.effect("is the end of the backoff while no key is held", () => {
    const { times, layer } = stage({ turns: [outage] })
    return Effect.gen(function* () {
      const retryAfter = Effect.map(Effect.flip(find("ins_1")), (error) => error.retryAfter)
      for (const seconds of [1, 2, 4, 8, 16, 30, 30]) {
        expect(yield* retryAfter).toEqual(Duration.seconds(seconds))
        yield* TestClock.adjust("400 millis")
        expect(yield* retryAfter).toEqual(Duration.millis(seconds * 1000 - 400))
        yield* TestClock.adjust(seconds * 1000 - 400)
      }
      expect(times).toEqual([0, 1_000, 3_000, 7_000, 15_000, 31_000, 61_000])
    }).pipe(Effect.provide(keysOver(layer)))
  })

  it.effect("is in the message", () =>
    Effect.gen(function* () {
      const { error } = yield* runToFailure(findOne, { turns: [ClerkTest.json(401, {})] })
      expect(error.message).toBe(
        "Signing keys unavailable (rejected): Clerk rejected the request; check the secret key (ClerkUnauthorized) (retry after 1 s)"
      )
      expect(JSON.parse(JSON.stringify(error))).toEqual({
        _tag: "ClerkKeysUnavailable",
        reason: "rejected",
        failure: "ClerkUnauthorized",
        retryable: false,
        retryAfter: 1_000,
        message: error.message
      })
    })
  )
})

describe("the retries of a request for keys", () => {
  it.effect("do not use the retry budget of the client's other calls", () => {
    const { layer, times } = stage({ turns: [refused], policy: { maxAttempts: 3 } })
    const attemptsOf = <A, E, R>(call: Effect.Effect<A, E, R>) =>
      Effect.gen(function* () {
        const before = times.length
        const fiber = yield* fork(Effect.exit(call))
        yield* TestClock.adjust("31 seconds")
        yield* Fiber.join(fiber)
        return times.length - before
      })
    return Effect.gen(function* () {
      for (let call = 0; call < 5; call++) expect(yield* attemptsOf(find("ins_1"))).toBe(3)
      // With one budget for both, ten of these 35 retries would be missing.
      for (let call = 0; call < 17; call++) expect(yield* attemptsOf(Sessions.get("sess_1"))).toBe(3)
      yield* attemptsOf(Sessions.get("sess_1"))
      expect(yield* attemptsOf(Sessions.get("sess_1"))).toBe(1)
      expect(yield* attemptsOf(find("ins_1"))).toBe(3)
    }).pipe(Effect.provide(Layer.provideMerge(SigningKeys.layerJwks, layer)))
  })
})
