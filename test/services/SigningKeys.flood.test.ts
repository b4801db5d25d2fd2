import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { fork, yieldNow } from "#test/fiber.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { keySet, keysNamed, keysOver, look, lookForAll, outage } from "../support/keySets.js"
import { stage } from "../support/scriptedCalls.js"

const forged = (count: number, name = "forged") =>
  Array.from({ length: count }, (_, index) => `${name}_${index}`)

const tally = (outcomes: ReadonlyArray<string>) => [...new Set(outcomes)]

describe("a flood of forged key ids", () => {
  it.effect("makes one request in thirty seconds, and the tokens of known keys are still verified", () => {
    const { times, layer } = stage({ turns: [keysNamed("ins_1")] })
    return Effect.gen(function* () {
      expect(yield* look("ins_1")).toBe("found")
      for (let wave = 0; wave < 5; wave++) {
        yield* TestClock.adjust("15 seconds")
        const together = forged(100, `wave_${wave}`)
        expect(tally(yield* lookForAll([...together, "ins_1"]))).toEqual(["unknown", "found"])
        const afterwards = forged(1_900, `after_${wave}`)
        expect(tally(yield* Effect.forEach([...afterwards, "ins_1"], look))).toEqual(["unknown", "found"])
      }
      expect(times).toEqual([0, 30_000, 60_000])
    }).pipe(Effect.provide(keysOver(layer)))
  })

  it.effect("makes one request when there are no keys yet", () => {
    const { times, layer } = stage({ turns: [keysNamed("ins_1")] })
    return Effect.gen(function* () {
      expect(tally(yield* lookForAll([...forged(1_000), "ins_1"]))).toEqual(["unknown", "found"])
      expect(times).toHaveLength(1)
    }).pipe(Effect.provide(keysOver(layer)))
  })

  it.effect("makes one request in thirty seconds while Clerk is down, and known keys still work", () => {
    const { times, layer } = stage({ turns: [keysNamed("ins_1"), outage] })
    return Effect.gen(function* () {
      yield* look("ins_1")
      yield* TestClock.adjust("30 seconds")
      for (let wave = 0; wave < 3; wave++) {
        const kids = forged(1_000, `wave_${wave}`)
        expect(tally(yield* lookForAll([...kids, "ins_1"]))).toEqual(["unreachable", "found"])
        yield* TestClock.adjust("10 seconds")
      }
      expect(times).toEqual([0, 30_000])
    }).pipe(Effect.provide(keysOver(layer)))
  })

  it.effect("cannot avoid this limit by disconnecting before the response", () => {
    const { times, layer } = stage({
      turns: [keysNamed("ins_1"), Effect.delay(Effect.succeed(keysNamed("ins_1")), "2 seconds")]
    })
    return Effect.gen(function* () {
      yield* look("ins_1")
      yield* TestClock.adjust("30 seconds")
      for (const kid of forged(100)) {
        const fiber = yield* fork(look(kid))
        yield* yieldNow
        yield* yieldNow
        yield* Fiber.interrupt(fiber)
      }
      yield* TestClock.adjust("2 seconds")
      expect(tally(yield* lookForAll([...forged(100), "ins_1"]))).toEqual(["unknown", "found"])
      expect(times).toHaveLength(2)
    }).pipe(Effect.provide(keysOver(layer)))
  })
})

describe("an unknown key id", () => {
  it.effect("causes a fetch every thirty seconds, as long as callers look for it", () => {
    const { times, layer } = stage({ turns: [keysNamed("ins_1")] })
    return Effect.gen(function* () {
      for (let second = 0; second < 65; second += 5) {
        expect(yield* look("ins_2")).toBe("unknown")
        yield* TestClock.adjust("5 seconds")
      }
      expect(times).toEqual([0, 30_000, 60_000])
    }).pipe(Effect.provide(keysOver(layer)))
  })

  it.effect("is found thirty seconds after the last fetch when its key was published since", () => {
    const { times, layer } = stage({ turns: [keysNamed("ins_1"), keysNamed("ins_1", "ins_2")] })
    return Effect.gen(function* () {
      expect(yield* look("ins_2")).toBe("unknown")
      yield* TestClock.adjust("29999 millis")
      expect(yield* look("ins_2")).toBe("unknown")
      yield* TestClock.adjust("1 millis")
      expect(yield* look("ins_2")).toBe("found")
      expect(times).toEqual([0, 30_000])
    }).pipe(Effect.provide(keysOver(layer)))
  })

  it.effect("is found after a fetch that another key id caused", () => {
    const { layer } = stage({ turns: [keysNamed("ins_1"), keysNamed("ins_1", "ins_2")] })
    return Effect.gen(function* () {
      expect(yield* look("ins_2")).toBe("unknown")
      yield* TestClock.adjust("30 seconds")
      expect([yield* look("ins_3"), yield* look("ins_2")]).toEqual(["unknown", "found"])
    }).pipe(Effect.provide(keysOver(layer)))
  })

  it.effect("causes another fetch one second after a set without keys", () => {
    const { times, layer } = stage({
      turns: [keysNamed("ins_1"), keySet(), keysNamed("ins_1", "ins_2")]
    })
    return Effect.gen(function* () {
      expect(yield* look("ins_2")).toBe("unknown")
      yield* TestClock.adjust("30 seconds")
      expect(yield* look("ins_3")).toBe("empty")
      yield* TestClock.adjust("1 second")
      expect(yield* look("ins_2")).toBe("found")
      expect(times).toEqual([0, 30_000, 31_000])
    }).pipe(Effect.provide(keysOver(layer)))
  })
})

describe("an invalid key id", () => {
  it.effect.each([
    ["nothing", ""],
    ["a space", " "],
    ["a path", "../../dev/null"],
    ["line ends", "ins_1\r\nx: y"],
    ["a zero byte", "ins_1\0"],
    ["quotes", "' OR 1=1 --"],
    ["other letters", "ïns_1"],
    ["129 letters", "a".repeat(129)],
    ["10 KB", "a".repeat(10_000)]
  ])("leads to no request: %s", ([, kid]) => {
    const { times, layer } = stage({ turns: [keysNamed("ins_1")] })
    return Effect.gen(function* () {
      expect(yield* look(kid ?? "")).toBe("unknown")
      expect(times).toEqual([])
    }).pipe(Effect.provide(keysOver(layer)))
  })

  it.effect.each(["__proto__", "constructor", "toString"])(
    "is not found as an inherited property: %s",
    (kid) =>
      Effect.gen(function* () {
        expect([yield* look("ins_1"), yield* look(kid)]).toEqual(["found", "unknown"])
      }).pipe(Effect.provide(keysOver(stage({ turns: [keysNamed("ins_1")] }).layer)))
  )
})
