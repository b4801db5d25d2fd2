import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { expect } from "vitest"
import { liveClock, partsOf, withClock } from "#test/clock.js"
import { fork, poll, yieldNow } from "#test/fiber.js"
import { describe, it } from "#test/vitest.js"
import * as MovableClock from "../../../src/testing/cli/movableClock.js"

describe("the clock of the emulator program", () => {
  it.live("runs like the clock of the machine, ahead by the moved time", () =>
    Effect.gen(function* () {
      const { advance, clock } = MovableClock.make()
      const parts = partsOf(clock)
      const isAhead = (millis: number) => {
        const before = Date.now()
        const now = parts.millis()
        expect(now - millis).toBeGreaterThanOrEqual(before - 1)
        expect(now - millis).toBeLessThan(before + 5_000)
        const nanosAhead = parts.nanos() - partsOf(liveClock).nanos()
        expect(Math.abs(Number(nanosAhead / 1_000_000n) - millis)).toBeLessThan(5_000)
      }
      isAhead(0)
      yield* advance("2 days")
      yield* advance(500)
      isAhead(172_800_500)
      const seen = yield* clock.currentTimeMillis
      const nanos = yield* clock.currentTimeNanos
      expect(Math.abs(seen - parts.millis())).toBeLessThan(5_000)
      expect(Math.abs(Number(nanos / 1_000_000n) - seen)).toBeLessThan(5_000)
    })
  )

  it.live("wakes the fibers whose wake-up time has passed, and no others", () => {
    const { advance, clock } = MovableClock.make()
    return Effect.gen(function* () {
      const hour = yield* fork(Effect.as(Effect.sleep("1 hour"), "an hour"))
      const days = yield* fork(Effect.sleep("60 days"))
      yield* yieldNow
      yield* advance("2 hours")
      expect(yield* Fiber.join(hour)).toBe("an hour")
      expect(yield* poll(days)).toMatchObject({ _tag: "None" })
      yield* advance("60 days")
      yield* Fiber.join(days)
    }).pipe(withClock(clock))
  })

  it.live("can be reset, and sleeping fibers sleep on", () => {
    const { advance, clock, reset } = MovableClock.make()
    return Effect.gen(function* () {
      yield* advance("2 hours")
      const fiber = yield* fork(Effect.sleep("1 hour"))
      yield* yieldNow
      yield* reset
      expect(Math.abs((yield* Clock.currentTimeMillis) - Date.now())).toBeLessThan(60_000)
      yield* advance("2 hours")
      expect(yield* poll(fiber)).toMatchObject({ _tag: "None" })
      yield* advance("1 hour")
      yield* Fiber.join(fiber)
    }).pipe(withClock(clock))
  })

  it.live("advances by itself, and forgets fibers that no longer wait", () => {
    const { advance, clock } = MovableClock.make()
    return Effect.gen(function* () {
      yield* Effect.sleep(5)
      const fiber = yield* fork(Effect.sleep("1 hour"))
      yield* yieldNow
      yield* Fiber.interrupt(fiber)
      yield* advance("2 hours")
      expect(yield* Fiber.await(fiber)).toMatchObject({ _tag: "Failure" })
    }).pipe(withClock(clock))
  })
})
