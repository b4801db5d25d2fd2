import { describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { expect } from "vitest"
import * as MovableClock from "../../../src/testing/cli/movableClock.js"

describe("the clock of the emulator program", () => {
  it.live("runs like the clock of the machine, ahead by the moved time", () =>
    Effect.gen(function* () {
      const { advance, clock } = MovableClock.make()
      const isAhead = (millis: number) => {
        const before = Date.now()
        const nanos = clock.unsafeCurrentTimeNanos()
        const now = clock.unsafeCurrentTimeMillis()
        expect(now - millis).toBeGreaterThanOrEqual(before - 1)
        expect(now - millis).toBeLessThan(before + 5_000)
        expect(Math.abs(Number(nanos / 1_000_000n) - now)).toBeLessThan(5_000)
      }
      isAhead(0)
      yield* advance("2 days")
      yield* advance(500)
      isAhead(172_800_500)
      const seen = yield* clock.currentTimeMillis
      const nanos = yield* clock.currentTimeNanos
      expect(Math.abs(seen - clock.unsafeCurrentTimeMillis())).toBeLessThan(5_000)
      expect(Math.abs(Number(nanos / 1_000_000n) - seen)).toBeLessThan(5_000)
    })
  )

  it.live("wakes the fibers whose wake-up time has passed, and no others", () => {
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

  it.live("can be reset, and sleeping fibers sleep on", () => {
    const { advance, clock, reset } = MovableClock.make()
    return Effect.gen(function* () {
      yield* advance("2 hours")
      const fiber = yield* Effect.fork(Effect.sleep("1 hour"))
      yield* Effect.yieldNow()
      yield* reset
      expect(Math.abs((yield* Clock.currentTimeMillis) - Date.now())).toBeLessThan(60_000)
      yield* advance("2 hours")
      expect(yield* Fiber.poll(fiber)).toMatchObject({ _tag: "None" })
      yield* advance("1 hour")
      yield* Fiber.join(fiber)
    }).pipe(Effect.withClock(clock))
  })

  it.live("advances by itself, and forgets fibers that no longer wait", () => {
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
