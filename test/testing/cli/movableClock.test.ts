import { describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { expect } from "vitest"
import * as MovableClock from "../../../src/testing/cli/movableClock.js"

describe("the clock of the emulator that runs as a program", () => {
  it.live("is ahead of the machine's by as much as it was moved", () => {
    const { advance, clock } = MovableClock.make()
    return Effect.gen(function* () {
      const before = yield* Clock.currentTimeMillis
      const beforeNanos = yield* Clock.currentTimeNanos
      yield* advance("2 days")
      yield* advance(500)
      expect((yield* Clock.currentTimeMillis) - before).toBeGreaterThanOrEqual(2 * 86_400_000 + 500)
      expect((yield* Clock.currentTimeNanos) - beforeNanos).toBeGreaterThanOrEqual(172_800_500_000_000n)
    }).pipe(Effect.withClock(clock))
  })

  it.live("wakes who sleeps until a moment it was moved past, and nobody else", () => {
    const { advance, clock } = MovableClock.make()
    return Effect.gen(function* () {
      const hour = yield* Effect.fork(Effect.as(Effect.sleep("1 hour"), "an hour"))
      const days = yield* Effect.fork(Effect.sleep("60 days"))
      yield* Effect.yieldNow()
      yield* advance("2 hours")
      expect(yield* Fiber.join(hour)).toBe("an hour")
      expect(yield* Fiber.poll(days)).toMatchObject({ _tag: "None" })
      yield* advance("60 days")
      yield* Fiber.join(days)
    }).pipe(Effect.withClock(clock))
  })

  it.live("lets time pass by itself, and forgets who no longer waits", () => {
    const { advance, clock } = MovableClock.make()
    return Effect.gen(function* () {
      yield* Effect.sleep(5)
      const fiber = yield* Effect.fork(Effect.sleep("1 hour"))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(fiber)
      yield* advance("2 hours")
      expect(yield* Fiber.await(fiber)).toMatchObject({ _tag: "Failure" })
    }).pipe(Effect.withClock(clock))
  })
})
