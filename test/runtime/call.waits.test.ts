import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { type ClerkResponse, RequestPolicy, Sessions } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { fork } from "#test/fiber.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { interrupted, isInterruptedOnly } from "../support/exits.js"
import { refused, runScripted, runToFailure, stage, type Turn } from "../support/scriptedCalls.js"
import * as wire from "../support/wire.js"

const get = Sessions.get("sess_1")

const throttled = (retryAfter?: string, status = 429): ClerkResponse =>
  ClerkTest.json(status, {}, retryAfter === undefined ? {} : { "retry-after": retryAfter })

const waitsOf = (turn: Turn, chance: number, attempts = 10) =>
  Effect.map(
    runToFailure(get, { turns: [turn], policy: { maxAttempts: attempts }, chance }),
    ({ waits }) => waits
  )

/** The maximum of each wait. */
const transientBounds = [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]
const throttleBounds = [1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000, 20_000, 20_000]

describe("the wait between attempts", () => {
  const failures: ReadonlyArray<readonly [string, Turn, ReadonlyArray<number>]> = [
    ["a refused connection", refused, transientBounds],
    ["a failure of Clerk's", ClerkTest.json(500, {}), transientBounds],
    ["a service that is unavailable", throttled(undefined, 503), transientBounds],
    ["too many requests", throttled(), throttleBounds],
    ["too many requests, with an invalid Retry-After", throttled("soon"), throttleBounds]
  ]

  it.effect.each(failures)("after %s doubles up to a limit, and is random below it", ([, turn, bounds]) =>
    Effect.gen(function* () {
      expect(yield* waitsOf(turn, 0)).toEqual(bounds.map(() => 0))
      expect(yield* waitsOf(turn, 0.5)).toEqual(bounds.map((bound) => bound / 2))
      expect(yield* waitsOf(turn, 1)).toEqual(bounds)
    })
  )

  it.effect("is spread over the whole range at random", () =>
    Effect.gen(function* () {
      // Each call has a separate client, because one client's retries are limited.
      const plays = yield* Effect.forEach(Array.from({ length: 200 }), (_, index) =>
        runToFailure(get, { turns: [refused], policy: { maxAttempts: 2 }, seed: `client ${index}` })
      )
      const waits = plays.flatMap((played) => played.waits)
      expect(waits).toHaveLength(200)
      for (const tenth of Array.from({ length: 10 }, (_, index) => index * 10)) {
        expect(waits.filter((wait) => wait >= tenth && wait < tenth + 10).length).toBeGreaterThan(5)
      }
      expect(Math.max(...waits)).toBeLessThanOrEqual(100)
    })
  )

  it.effect("is the same for the same seed, and differs for another", () =>
    Effect.gen(function* () {
      const waits = (seed: string) =>
        Effect.map(
          runToFailure(get, { turns: [refused], policy: { maxAttempts: 5 }, seed }),
          (played) => played.waits
        )
      const first = yield* waits("one")
      expect(first).toHaveLength(4)
      expect(yield* waits("one")).toEqual(first)
      expect(yield* waits("two")).not.toEqual(first)
    })
  )
})

describe("Retry-After", () => {
  it.effect("on 429 and 503 is the minimum, and the wait exceeds it by at most a tenth, and one second", () =>
    Effect.gen(function* () {
      for (const status of [429, 503]) {
        const waits = (text: string, chance: number) => waitsOf(throttled(text, status), chance, 3)
        expect(yield* waits("3", 0)).toEqual([3_000, 3_000])
        expect(yield* waits("3", 0.5)).toEqual([3_150, 3_150])
        expect(yield* waits("3", 1)).toEqual([3_300, 3_300])
        expect(yield* waits("20", 1)).toEqual([21_000, 21_000])
        expect(yield* waits("0", 1)).toEqual([0, 0])
      }
    })
  )

  it.effect("that is a date is waited for", () =>
    Effect.gen(function* () {
      const answer = ClerkTest.json(
        503,
        {},
        { date: "Thu, 01 Jan 2026 00:00:00 GMT", "retry-after": "Thu, 01 Jan 2026 00:00:03 GMT" }
      )
      expect(yield* waitsOf(answer, 0, 2)).toEqual([3_000])
    })
  )

  it.effect("on other statuses changes nothing", () =>
    Effect.gen(function* () {
      for (const status of [408, 500, 502, 504, 520]) {
        expect(yield* waitsOf(throttled("3", status), 1, 3)).toEqual([100, 200])
      }
    })
  )

  it.effect("beyond 20 seconds is reported at once, without a wait", () =>
    Effect.gen(function* () {
      for (const status of [429, 503]) {
        for (const seconds of [21, 3_600, 9_999_999_999]) {
          const { error, times, ended } = yield* runToFailure(get, {
            turns: [throttled(String(seconds), status)],
            policy: { maxAttempts: 3 }
          })
          expect(error).toMatchObject({ status, attempts: 1, retryable: true })
          expect("retryAfter" in error && error.retryAfter && Duration.toSeconds(error.retryAfter)).toBe(
            seconds
          )
          expect([times.length, ended]).toEqual([1, 0])
        }
      }
    })
  )

  it.effect("applies to operations that must not be retried, because Clerk rejected them unread", () =>
    Effect.gen(function* () {
      const { exit, waits } = yield* runScripted(
        Effect.map(Sessions.create({ userId: "user_1" }), ({ id }) => id),
        {
          turns: [throttled("2"), ClerkTest.json(200, wire.session)],
          policy: RequestPolicy.standard,
          chance: 0
        }
      )
      expect(exit).toMatchObject({ _tag: "Success", value: "sess_1" })
      expect(waits).toEqual([2_000])
    })
  )
})

describe("interruption between two attempts", () => {
  it.effect("ends the call, without another request", () =>
    Effect.gen(function* () {
      const { times, layer } = stage({ turns: [throttled("10")], policy: { maxAttempts: 3 } })
      const fiber = yield* fork(Effect.provide(get, layer))
      yield* TestClock.adjust("5 seconds")
      expect(times).toEqual([0])
      const exit = yield* interrupted(fiber)
      expect(isInterruptedOnly(exit)).toBe(true)
      yield* TestClock.adjust("1 minute")
      expect(times).toEqual([0])
    })
  )
})
