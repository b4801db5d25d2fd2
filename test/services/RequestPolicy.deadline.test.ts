import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { RequestPolicy, Sessions } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { fork, poll } from "#test/fiber.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { refused, runScripted, runToFailure, unavailable } from "../support/scriptedCalls.js"
import * as wire from "../support/wire.js"

const get = Sessions.get("sess_1")
const success = ClerkTest.json(200, wire.session)
const slow = (duration: `${number} seconds`) => Effect.delay(Effect.succeed(success), duration)

describe("a deadline over a program", () => {
  it.effect("is one limit for all calls inside, and the call that reaches it fails with it", () =>
    Effect.gen(function* () {
      const program = Effect.all([get, get, Sessions.revoke("sess_1")]).pipe(
        RequestPolicy.deadline("10 seconds")
      )
      const { error, times, ended } = yield* runToFailure(program, { turns: [slow("4 seconds")] })
      expect(times).toEqual([0, 4_000, 8_000])
      expect(error).toMatchObject({
        _tag: "ClerkTimeout",
        phase: "deadline",
        sent: "maybe",
        operation: "Sessions.revoke",
        method: "POST",
        path: "/sessions/{id}/revoke",
        attempts: 1,
        retryable: true
      })
      expect(ended).toBeGreaterThanOrEqual(9_999)
      expect(ended).toBeLessThanOrEqual(10_000)
    })
  )

  it.effect("ends other work inside too, at exactly the limit", () =>
    Effect.gen(function* () {
      let interrupted = 0
      const work = Effect.onInterrupt(Effect.never, () => Effect.sync(() => void interrupted++))
      const program = Effect.andThen(get, work).pipe(RequestPolicy.deadline("10 seconds"))
      const { error, ended } = yield* runToFailure(program, { turns: [slow("4 seconds")] })
      expect(error).toMatchObject({
        _tag: "ClerkTimeout",
        phase: "deadline",
        operation: "RequestPolicy.deadline"
      })
      expect([ended, interrupted]).toEqual([10_000, 1])
    })
  )

  it.effect("fires when the clock is moved by exactly the limit, and not before", () =>
    Effect.gen(function* () {
      for (const program of [get, Effect.andThen(Effect.sleep("1 hour"), get)]) {
        const fiber = yield* program.pipe(
          RequestPolicy.deadline("3 seconds"),
          Effect.flip,
          Effect.provide(ClerkTest.layer(() => Effect.never)),
          fork
        )
        yield* TestClock.adjust("2998 millis")
        expect(yield* poll(fiber)).toEqual(Option.none())
        yield* TestClock.adjust("2 millis")
        expect(yield* Fiber.join(fiber)).toMatchObject({ _tag: "ClerkTimeout", phase: "deadline" })
      }
    })
  )

  it.effect("does not affect a program that ends in time", () =>
    Effect.gen(function* () {
      const program = Effect.all([get, get]).pipe(RequestPolicy.deadline("10 seconds"))
      const { exit, ended } = yield* runScripted(program, { turns: [slow("4.9 seconds")] })
      expect(exit).toMatchObject({ _tag: "Success", value: [{ id: "sess_1" }, { id: "sess_1" }] })
      expect(ended).toBe(9_800)
    })
  )

  it.effect("starts when the program starts, in each run", () =>
    Effect.gen(function* () {
      const limited = RequestPolicy.deadline("5 seconds")(get)
      const { exit, ended } = yield* runScripted(Effect.all([Effect.sleep("1 minute"), limited, limited]), {
        turns: [slow("4 seconds")]
      })
      expect(exit._tag).toBe("Success")
      expect(ended).toBe(68_000)
    })
  )

  it.effect("does not begin a wait that would exceed it, and fails with the last error", () =>
    Effect.gen(function* () {
      const patient = get.pipe(RequestPolicy.retry({ maxAttempts: 3 }))
      const asking = ClerkTest.json(429, {}, { "retry-after": "5" })
      const { error, times, ended } = yield* runToFailure(
        Effect.all([patient, patient]).pipe(RequestPolicy.deadline("10 seconds")),
        { turns: [slow("6 seconds"), asking] }
      )
      expect(error).toMatchObject({ _tag: "ClerkRateLimited", attempts: 1, retryable: true })
      expect([times, ended]).toEqual([[0, 6_000], 6_000])
    })
  )

  it.effect("replaces the deadline of the client, which limits each call", () =>
    Effect.gen(function* () {
      const policy = { deadline: "5 seconds" } as const
      const short = yield* runToFailure(get, { turns: [slow("8 seconds")], policy })
      expect(short.ended).toBe(5_000)
      const long = yield* runScripted(RequestPolicy.deadline("9 seconds")(get), {
        turns: [slow("8 seconds")],
        policy
      })
      expect(long.exit._tag).toBe("Success")
      expect(long.ended).toBe(8_000)
    })
  )

  it.effect("works together with a deadline of each call inside it", () =>
    Effect.gen(function* () {
      const each = RequestPolicy.use({ deadline: "3 seconds" })(Effect.flip(get))
      const { error, times, ended } = yield* runToFailure(
        Effect.andThen(each, RequestPolicy.use({ deadline: "1 hour" })(get)).pipe(
          RequestPolicy.deadline("10 seconds")
        ),
        { turns: [Effect.never] }
      )
      expect(times).toEqual([0, 3_000])
      expect(error).toMatchObject({ _tag: "ClerkTimeout", phase: "deadline", operation: "Sessions.get" })
      expect(ended).toBe(9_999)
    })
  )

  it.effect("interrupts a call without limits as well", () =>
    Effect.gen(function* () {
      const { error, ended } = yield* runToFailure(
        get.pipe(RequestPolicy.none, RequestPolicy.deadline("2 seconds")),
        { turns: [Effect.never] }
      )
      expect(error).toMatchObject({ _tag: "ClerkTimeout", phase: "deadline" })
      expect(ended).toBe(2_000)
    })
  )
})

describe("of two deadlines", () => {
  it.effect("the earlier one applies, in any nesting", () =>
    Effect.gen(function* () {
      for (const [inner, outer] of [
        ["3 seconds", "10 seconds"],
        ["10 seconds", "3 seconds"]
      ] as const) {
        const nested = get.pipe(RequestPolicy.deadline(inner), RequestPolicy.deadline(outer))
        const { error, ended } = yield* runToFailure(nested, { turns: [Effect.never] })
        expect(error).toMatchObject({ _tag: "ClerkTimeout", phase: "deadline", operation: "Sessions.get" })
        expect(ended).toBe(2_999)
      }
    })
  )

  it.effect("the inner one ends only its own program", () =>
    Effect.gen(function* () {
      const inner = Effect.flip(RequestPolicy.deadline("3 seconds")(get))
      const { exit, times, ended } = yield* runScripted(
        Effect.andThen(inner, Effect.flip(get)).pipe(RequestPolicy.deadline("10 seconds")),
        { turns: [Effect.never] }
      )
      expect(exit).toMatchObject({ _tag: "Success", value: { _tag: "ClerkTimeout", phase: "deadline" } })
      expect([times, ended]).toEqual([[0, 2_999], 9_999])
    })
  )

  it.effect("an outer one with less time bounds the waits inside", () =>
    Effect.gen(function* () {
      const patient = get.pipe(RequestPolicy.retry({ maxAttempts: 9 }), RequestPolicy.deadline("1 minute"))
      const { error, times, ended } = yield* runToFailure(RequestPolicy.deadline("1 second")(patient), {
        turns: [unavailable],
        chance: 1
      })
      expect(times).toEqual([0, 100, 300, 700])
      expect(error).toMatchObject({ _tag: "ClerkServerError", attempts: 4 })
      expect(ended).toBe(700)
    })
  )
})

describe("a deadline that has run out before a request", () => {
  it.effect("states that no attempt was made", () =>
    Effect.gen(function* () {
      // The last millisecond is reserved so that the call can fail with its details.
      const program = Effect.andThen(Effect.sleep("9999.5 millis"), Sessions.create({ userId: "user_1" }))
      const { error, times } = yield* runToFailure(RequestPolicy.deadline("10 seconds")(program), {
        turns: [refused]
      })
      expect(times).toEqual([])
      expect(error).toMatchObject({ _tag: "ClerkTimeout", phase: "deadline", attempts: 0, sent: "no" })
    })
  )
})
