import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { makeClock, partsOf, withClock } from "#test/clock.js"
import { fork, poll } from "#test/fiber.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { keysNamed, keysOver, look, outage } from "../support/keySets.js"
import { refused, stage } from "../support/scriptedCalls.js"

const day = Duration.toMillis("1 day")

/** Finds keys under the test's clock, with a wall clock that is independent of the passing time. */
const wallClock = Effect.clockWith((clock) => {
  const parts = partsOf(clock)
  let off = 0
  const set = (offMillis: number) => {
    off = offMillis
  }
  const lookUnder = (kid: string) =>
    withClock(makeClock({ ...parts, millis: () => parts.millis() + off }))(look(kid))
  return Effect.succeed({ set, lookUnder })
})

describe.each([
  { change: "a day ahead", off: day },
  { change: "a day back", off: -day }
])("a wall clock that is set $change", ({ off }) => {
  it.effect("does not change the age of keys", () => {
    const { times, layer } = stage({ turns: [keysNamed("ins_1"), keysNamed("ins_2"), outage] })
    return Effect.gen(function* () {
      const wall = yield* wallClock
      expect(yield* wall.lookUnder("ins_1")).toBe("found")
      wall.set(off)
      expect(yield* wall.lookUnder("ins_1")).toBe("found")
      yield* TestClock.adjust("599 seconds")
      expect(yield* wall.lookUnder("ins_1")).toBe("found")
      expect(times).toHaveLength(1)
      yield* TestClock.adjust("1 second")
      expect(yield* wall.lookUnder("ins_1")).toBe("unknown")
      expect(times).toHaveLength(2)
      wall.set(0)
      yield* TestClock.adjust("3599 seconds")
      expect(yield* wall.lookUnder("ins_2")).toBe("found")
      yield* TestClock.adjust("1 second")
      expect(yield* wall.lookUnder("ins_2")).toBe("unreachable")
    }).pipe(Effect.provide(keysOver(layer)))
  })

  it.effect("changes neither the backoff after a failure nor the pause between two fetches", () => {
    const { times, layer } = stage({ turns: [outage, keysNamed("ins_1")] })
    return Effect.gen(function* () {
      const wall = yield* wallClock
      expect(yield* wall.lookUnder("ins_1")).toBe("unreachable")
      wall.set(off)
      expect(yield* wall.lookUnder("ins_1")).toBe("unreachable")
      yield* TestClock.adjust("999 millis")
      expect(yield* wall.lookUnder("ins_1")).toBe("unreachable")
      yield* TestClock.adjust("1 millis")
      expect([yield* wall.lookUnder("ins_1"), yield* wall.lookUnder("ins_2")]).toEqual(["found", "unknown"])
      wall.set(0)
      yield* TestClock.adjust("29 seconds")
      expect(yield* wall.lookUnder("ins_2")).toBe("unknown")
      expect(times).toHaveLength(2)
      yield* TestClock.adjust("1 second")
      expect(yield* wall.lookUnder("ins_2")).toBe("unknown")
      expect(times).toHaveLength(3)
    }).pipe(Effect.provide(keysOver(layer)))
  })

  it.effect("while a request waits for a retry does not delay it", () => {
    const { times, layer } = stage({ turns: [refused, keysNamed("ins_1")] })
    return Effect.gen(function* () {
      const wall = yield* wallClock
      const fiber = yield* fork(wall.lookUnder("ins_1"))
      yield* TestClock.adjust(0)
      wall.set(off)
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(fiber)).toBe("found")
      expect(times).toHaveLength(2)
    }).pipe(Effect.provide(keysOver(layer)))
  })

  it.effect("while a caller with an old key waits for a new one does not extend the second", () => {
    const { layer } = stage({ turns: [keysNamed("ins_1"), Effect.never] })
    return Effect.gen(function* () {
      const wall = yield* wallClock
      yield* wall.lookUnder("ins_1")
      yield* TestClock.adjust("10 minutes")
      const fiber = yield* fork(wall.lookUnder("ins_1"))
      yield* TestClock.adjust("500 millis")
      wall.set(off)
      yield* TestClock.adjust("499 millis")
      expect(yield* poll(fiber)).toMatchObject({ _tag: "None" })
      yield* TestClock.adjust("1 millis")
      expect(yield* Fiber.join(fiber)).toBe("found")
    }).pipe(Effect.provide(keysOver(layer)))
  })
})
