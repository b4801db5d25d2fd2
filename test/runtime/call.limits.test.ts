import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { type ClerkResponse, type RequestPolicy, Sessions } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { makeClock, partsOf, withClock } from "#test/clock.js"
import { describe, expect, it } from "#test/vitest.js"
import { operations } from "../support/operations.js"
import { untyped } from "../support/requests.js"
import { lost, runScripted, runToFailure, stage, type Turn, unavailable } from "../support/scriptedCalls.js"
import * as wire from "../support/wire.js"

const get = Sessions.get("sess_1")

const success = ClerkTest.json(200, wire.session)

/** A slow exchange. */
const taking = (duration: `${number} seconds`, answer: ClerkResponse): Turn =>
  Effect.delay(Effect.succeed(answer), duration)

describe("the time limit of one attempt", () => {
  const policy = { maxAttempts: 3, timeout: "2 seconds" } as const

  it.effect.each(operations)(
    "of $name, of the kind $kind, leaves open whether Clerk has acted",
    ({ run, name, kind }) =>
      Effect.gen(function* () {
        const { error, times } = yield* runToFailure(run, { turns: [Effect.never], policy, chance: 0.5 })
        const attempts = kind === "once" ? 1 : 3
        expect(error).toMatchObject({
          _tag: "ClerkTimeout",
          phase: "attempt",
          sent: "maybe",
          operation: name,
          attempts,
          retryable: kind !== "once"
        })
        expect("lastFailure" in error ? error.lastFailure : undefined).toBe(
          attempts === 1 ? undefined : "ClerkTimeout"
        )
        expect(times).toEqual([0, 2_050, 4_150].slice(0, attempts))
      })
  )

  it.effect("starts again for each attempt", () =>
    Effect.gen(function* () {
      const { exit, times, ended } = yield* runScripted(
        Effect.map(get, ({ id }) => id),
        {
          turns: [Effect.never, taking("1 seconds", unavailable), taking("1.5 seconds", success)],
          policy,
          chance: 0
        }
      )
      expect(exit).toMatchObject({ _tag: "Success", value: "sess_1" })
      expect(times).toEqual([0, 2_000, 3_000])
      expect(ended).toBe(4_500)
    })
  )

  it.effect("interrupts the attempt", () =>
    Effect.gen(function* () {
      let interrupted = 0
      const hanging = Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted++))
      yield* runToFailure(get, { turns: [hanging], policy })
      expect(interrupted).toBe(3)
    })
  )

  it.effect("names the failure before it", () =>
    Effect.gen(function* () {
      const { error } = yield* runToFailure(get, {
        turns: [unavailable, Effect.never],
        policy: { maxAttempts: 2, timeout: "2 seconds" }
      })
      expect(error).toMatchObject({
        _tag: "ClerkTimeout",
        phase: "attempt",
        attempts: 2,
        lastFailure: "ClerkServerError"
      })
      expect(error.message).toBe(
        "Sessions.get: attempt 2 got no response within 2s (timeout of one attempt). The attempt before failed with ClerkServerError"
      )
    })
  )
})

describe("the deadline of a call", () => {
  it.effect("ends an attempt that would exceed it", () =>
    Effect.gen(function* () {
      const { error, times, ended } = yield* runToFailure(get, {
        turns: [Effect.never],
        policy: { maxAttempts: 3, timeout: "10 seconds", deadline: "15 seconds" },
        chance: 0.5
      })
      expect(error).toMatchObject({
        _tag: "ClerkTimeout",
        phase: "deadline",
        sent: "maybe",
        attempts: 2,
        retryable: true,
        lastFailure: "ClerkTimeout"
      })
      expect(times).toEqual([0, 10_050])
      expect(ended).toBe(15_000)
    })
  )

  it.effect("does not require a time limit of an attempt", () =>
    Effect.gen(function* () {
      const { error, ended } = yield* runToFailure(get, {
        turns: [Effect.never],
        policy: { maxAttempts: 3, deadline: "5 seconds" }
      })
      expect(error).toMatchObject({ _tag: "ClerkTimeout", phase: "deadline", attempts: 1, retryable: true })
      expect(error.message).toBe("Sessions.get: not complete within 5s (deadline), 1 attempt made")
      expect(ended).toBe(5_000)
    })
  )

  it.effect.each(operations)(
    "lets the caller repeat $name, of the kind $kind, unless it is `once`",
    ({ run, kind }) =>
      Effect.gen(function* () {
        const { error, times } = yield* runToFailure(run, {
          turns: [Effect.never],
          policy: { maxAttempts: 3, deadline: "5 seconds" }
        })
        expect(error).toMatchObject({
          _tag: "ClerkTimeout",
          phase: "deadline",
          sent: "maybe",
          retryable: kind !== "once"
        })
        expect(times).toEqual([0])
      })
  )

  it.effect("counts the waits too", () =>
    Effect.gen(function* () {
      const { error, times, ended } = yield* runToFailure(get, {
        turns: [unavailable, unavailable, unavailable, Effect.never],
        policy: { maxAttempts: 10, deadline: "1 second" },
        chance: 1
      })
      expect(times).toEqual([0, 100, 300, 700])
      expect(error).toMatchObject({ _tag: "ClerkTimeout", phase: "deadline", attempts: 4 })
      expect(ended).toBe(1_000)
    })
  )

  const beyond: ReadonlyArray<readonly [string, Turn, string]> = [
    ["of a Retry-After", ClerkTest.json(429, {}, { "retry-after": "5" }), "ClerkRateLimited"],
    ["of the backoff", unavailable, "ClerkServerError"],
    ["after a lost connection", lost, "ClerkTransportError"]
  ]

  it.effect.each(beyond)("ends the call at once when a wait %s would exceed it", ([, turn, tag]) =>
    Effect.gen(function* () {
      const { error, times, ended } = yield* runToFailure(get, {
        turns: [turn],
        policy: { maxAttempts: 10, deadline: "700 millis" },
        chance: 1
      })
      expect(error).toMatchObject({ _tag: tag, attempts: times.length, retryable: true })
      expect(ended).toBe(times.at(-1))
      expect(ended).toBeLessThan(700)
    })
  )

  it.effect("does not affect a slow response in time", () =>
    Effect.gen(function* () {
      const { exit, ended } = yield* runScripted(
        Effect.map(get, ({ id }) => id),
        {
          turns: [taking("29 seconds", success)],
          policy: { deadline: "30 seconds" }
        }
      )
      expect(exit).toMatchObject({ _tag: "Success", value: "sess_1" })
      expect(ended).toBe(29_000)
    })
  )

  it.effect("does not move with the wall clock", () =>
    Effect.gen(function* () {
      const clock = partsOf(yield* Clock.clockWith(Effect.succeed))
      const day = 86_400_000
      for (const jump of [day, -day]) {
        let reads = 0
        const jumping = () => clock.millis() + (reads++ === 0 ? 0 : jump)
        const corrected = makeClock({ ...clock, millis: jumping })
        const { exit, ended } = yield* runScripted(withClock(corrected)(Effect.flip(get)), {
          turns: [taking("1 seconds", unavailable), Effect.never],
          policy: { maxAttempts: 2, deadline: "5 seconds" },
          chance: 0
        })
        expect(exit).toMatchObject({
          _tag: "Success",
          value: { _tag: "ClerkTimeout", phase: "deadline", attempts: 2 }
        })
        expect(ended).toBe(5_000)
        expect(reads).toBeGreaterThan(1)
      }
    })
  )
})

describe("without limits", () => {
  it.effect("a response may take any time", () =>
    Effect.gen(function* () {
      const { exit, ended } = yield* runScripted(
        Effect.map(get, ({ id }) => id),
        { turns: [taking("3000 seconds", success)] }
      )
      expect(exit).toMatchObject({ _tag: "Success", value: "sess_1" })
      expect(ended).toBe(3_000_000)
    })
  )
})

describe("the policy of a hand-written service", () => {
  const wrong: ReadonlyArray<readonly [string, RequestPolicy.Settings]> = [
    ["policy.maxAttempts", { maxAttempts: 0 }],
    ["policy.maxAttempts", { maxAttempts: -1 }],
    ["policy.maxAttempts", { maxAttempts: 11 }],
    ["policy.maxAttempts", { maxAttempts: 1.5 }],
    ["policy.maxAttempts", { maxAttempts: Number.NaN }],
    ["policy.maxAttempts", { maxAttempts: Number.POSITIVE_INFINITY }],
    ["policy.maxAttempts", untyped({ maxAttempts: "3" })],
    ["policy.timeout", { timeout: 0 }],
    ["policy.timeout", { timeout: -1 }],
    ["policy.timeout", { timeout: Number.NaN }],
    ["policy.timeout", { timeout: Number.POSITIVE_INFINITY }],
    ["policy.timeout", { timeout: "25 days" }],
    ["policy.timeout", untyped({ timeout: "soon" })],
    ["policy.timeout", { timeout: "2 seconds", deadline: "1 second" }],
    ["policy.deadline", { deadline: 0 }],
    ["policy.deadline", { deadline: "1000 days" }],
    ["policy.deadline", untyped({ deadline: {} })],
    ["policy.retries", untyped({ retries: 3 })],
    ["policy", untyped("standard")],
    ["policy", untyped(null)]
  ]

  it.effect.each(wrong)("is rejected for its %s, before a request is sent: %j", ([field, policy]) =>
    Effect.gen(function* () {
      const { times, layer } = stage({ turns: [success], policy })
      for (const run of [get, get]) {
        const error = yield* Effect.flip(Effect.provide(run, layer))
        expect(error).toMatchObject({
          _tag: "ClerkInvalidRequest",
          operation: "Sessions.get",
          method: "GET",
          path: "/sessions/{id}",
          field,
          attempts: 0,
          retryable: false
        })
      }
      expect(times).toEqual([])
    })
  )

  const right: ReadonlyArray<RequestPolicy.Settings> = [
    { maxAttempts: 1 },
    { maxAttempts: 10 },
    { timeout: 1 },
    { timeout: "1 second", deadline: "1 second" },
    { deadline: 2 ** 31 - 1 }
  ]

  it.effect.each(right)("may be %j", (policy) =>
    Effect.gen(function* () {
      const { times, layer } = stage({ turns: [success], policy })
      expect((yield* Effect.provide(get, layer)).id).toBe("sess_1")
      expect(times).toHaveLength(1)
    })
  )
})
