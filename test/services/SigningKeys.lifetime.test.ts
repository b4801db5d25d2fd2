import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { ClerkTest } from "effect-clerk/testing"
import { fork, poll } from "#test/fiber.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { find, keySet, keysNamed, keysOver, look, lookForAll, outage } from "../support/keySets.js"
import { refused, stage, type Turn } from "../support/scriptedCalls.js"
import { text } from "../support/wire.js"

const hangs = Effect.never

describe("keys from Clerk", () => {
  it.effect("are fetched for the first token, and are used for ten minutes", () => {
    const { times, layer } = stage({ turns: [keysNamed("ins_1", "ins_2")] })
    return Effect.gen(function* () {
      yield* TestClock.adjust("1 minute")
      expect(times).toEqual([])
      expect(yield* look("ins_1")).toBe("found")
      yield* TestClock.adjust("599 seconds")
      expect([yield* look("ins_1"), yield* look("ins_2")]).toEqual(["found", "found"])
      expect(times).toHaveLength(1)
      yield* TestClock.adjust("1 second")
      expect(yield* look("ins_1")).toBe("found")
      expect(times).toHaveLength(2)
    }).pipe(Effect.provide(keysOver(layer)))
  })

  it.effect("have the time until which they are fresh, which use does not extend", () => {
    const { layer } = stage({ turns: [keysNamed("ins_1")] })
    return Effect.gen(function* () {
      const first = yield* find("ins_1")
      expect(first?.freshUntilNanos).toBe(600_000_000_000n)
      yield* TestClock.adjust("9 minutes")
      expect(yield* find("ins_1")).toEqual(first)
      yield* TestClock.adjust("1 minute")
      expect((yield* find("ins_1"))?.freshUntilNanos).toBe(1_200_000_000_000n)
    }).pipe(Effect.provide(keysOver(layer)))
  })

  it.effect("that Clerk removed are unusable after ten minutes", () => {
    const { times, layer } = stage({ turns: [keysNamed("ins_1", "ins_2"), keysNamed("ins_2")] })
    return Effect.gen(function* () {
      expect([yield* look("ins_1"), yield* look("ins_2")]).toEqual(["found", "found"])
      yield* TestClock.adjust("10 minutes")
      expect([yield* look("ins_1"), yield* look("ins_2")]).toEqual(["unknown", "found"])
      expect(times).toHaveLength(2)
    }).pipe(Effect.provide(keysOver(layer)))
  })

  it.effect("that are new are found with one more request", () => {
    const { times, layer } = stage({ turns: [keysNamed("ins_1"), keysNamed("ins_1", "ins_2")] })
    return Effect.gen(function* () {
      expect(yield* look("ins_1")).toBe("found")
      yield* TestClock.adjust("31 seconds")
      expect([yield* look("ins_2"), yield* look("ins_2"), yield* look("ins_1")]).toEqual([
        "found",
        "found",
        "found"
      ])
      expect(times).toHaveLength(2)
    }).pipe(Effect.provide(keysOver(layer)))
  })
})

describe("while Clerk cannot be reached", () => {
  it.effect("keys are used until they are an hour old, and no longer", () => {
    const { times, layer } = stage({ turns: [keysNamed("ins_1"), outage] })
    return Effect.gen(function* () {
      expect(yield* look("ins_1")).toBe("found")
      yield* TestClock.adjust("9 minutes")
      expect(yield* look("ins_1")).toBe("found")
      expect(times).toHaveLength(1)
      yield* TestClock.adjust("1 minute")
      expect(yield* look("ins_1")).toBe("found")
      expect(times).toHaveLength(2)
      yield* TestClock.adjust("2999 seconds")
      expect(yield* look("ins_1")).toBe("found")
      yield* TestClock.adjust("1 second")
      expect(yield* look("ins_1")).toBe("unreachable")
    }).pipe(Effect.provide(keysOver(layer)))
  })

  it.effect("old keys cause one request in thirty seconds, and the other tokens do not wait for it", () => {
    const { times, layer } = stage({ turns: [keysNamed("ins_1"), outage] })
    return Effect.gen(function* () {
      yield* look("ins_1")
      yield* TestClock.adjust("10 minutes")
      for (let second = 0; second < 90; second += 10) {
        expect(yield* look("ins_1")).toBe("found")
        yield* TestClock.adjust("10 seconds")
      }
      expect(times).toEqual([0, 600_000, 630_000, 660_000])
    }).pipe(Effect.provide(keysOver(layer)))
  })

  it.effect("a key id that is not among the old keys is neither found nor unknown", () => {
    const { layer } = stage({ turns: [keysNamed("ins_1"), outage] })
    return Effect.gen(function* () {
      yield* look("ins_1")
      yield* TestClock.adjust("10 minutes")
      expect([yield* look("ins_2"), yield* look("ins_1")]).toEqual(["unreachable", "found"])
    }).pipe(Effect.provide(keysOver(layer)))
  })
})

describe("a cache without keys", () => {
  const ways: ReadonlyArray<readonly [string, Turn, string]> = [
    ["cannot connect", outage, "unreachable"],
    ["is answered 401", ClerkTest.json(401, {}), "rejected"],
    ["is answered 501", ClerkTest.json(501, {}), "failing"],
    ["gets a web page", text("<p>"), "invalid"],
    ["gets a set without keys", keySet(), "empty"]
  ]

  it.effect.each(ways)(
    "fetches again after 1, 2, 4, 8, 16 and then 30 seconds when it %s",
    ([, turn, reason]) => {
      const { times, layer } = stage({ turns: [turn] })
      return Effect.gen(function* () {
        for (let second = 0; second < 125; second++) {
          expect(yield* look("ins_1")).toBe(reason)
          yield* TestClock.adjust("1 second")
        }
        expect(times).toEqual([0, 1_000, 3_000, 7_000, 15_000, 31_000, 61_000, 91_000, 121_000])
      }).pipe(Effect.provide(keysOver(layer)))
    }
  )

  it.effect.each(ways)(
    "has its keys a second after the first failure when at process start it %s",
    ([, turn]) => {
      const { times, layer } = stage({ turns: [turn, keysNamed("ins_1")] })
      return Effect.gen(function* () {
        yield* look("ins_1")
        yield* TestClock.adjust("1 second")
        expect(yield* lookForAll(["ins_1", "ins_1", "ins_2"])).toEqual(["found", "found", "unknown"])
        expect(times).toEqual([0, 1_000])
      }).pipe(Effect.provide(keysOver(layer)))
    }
  )

  it.effect("recovers within two seconds after a start with refused connections for one second", () => {
    const { times, layer } = stage({
      turns: (index) => (index < 3 ? refused : keysNamed("ins_1"))
    })
    return Effect.gen(function* () {
      const first = yield* fork(look("ins_1"))
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(first)).toBe("unreachable")
      yield* TestClock.adjust("1 second")
      expect(yield* look("ins_1")).toBe("found")
      expect(times).toHaveLength(4)
    }).pipe(Effect.provide(keysOver(layer)))
  })

  it.effect("starts its backoff at one second again after a success", () => {
    const { times, layer } = stage({
      turns: [outage, outage, keysNamed("ins_1"), keySet(), keysNamed("ins_1")]
    })
    return Effect.gen(function* () {
      yield* look("ins_1")
      yield* TestClock.adjust("1 second")
      yield* look("ins_1")
      yield* TestClock.adjust("2 seconds")
      expect(yield* look("ins_1")).toBe("found")
      yield* TestClock.adjust("10 minutes")
      expect(yield* look("ins_1")).toBe("empty")
      yield* TestClock.adjust("1 second")
      expect(yield* look("ins_1")).toBe("found")
      expect(times).toEqual([0, 1_000, 3_000, 603_000, 604_000])
    }).pipe(Effect.provide(keysOver(layer)))
  })

  it.effect("backs off from one second when the keys expire during a pause", () => {
    const { times, layer } = stage({ turns: [keysNamed("ins_1"), outage, keysNamed("ins_1")] })
    return Effect.gen(function* () {
      yield* look("ins_1")
      yield* TestClock.adjust("3590 seconds")
      expect(yield* look("ins_1")).toBe("found")
      yield* TestClock.adjust("9 seconds")
      expect(yield* look("ins_2")).toBe("unreachable")
      yield* TestClock.adjust("1 second")
      expect(yield* look("ins_1")).toBe("found")
      expect(times).toEqual([0, 3_590_000, 3_600_000])
    }).pipe(Effect.provide(keysOver(layer)))
  })
})

describe("a set without a usable key", () => {
  it.effect("replaces the earlier keys, also for callers that wait for it", () => {
    const { times, layer } = stage({ turns: [keysNamed("ins_1"), keySet(), keysNamed("ins_1")] })
    return Effect.gen(function* () {
      yield* look("ins_1")
      yield* TestClock.adjust("10 minutes")
      expect([yield* look("ins_1"), yield* look("ins_1")]).toEqual(["empty", "empty"])
      yield* TestClock.adjust("999 millis")
      expect(yield* look("ins_1")).toBe("empty")
      expect(times).toHaveLength(2)
      yield* TestClock.adjust("1 millis")
      expect(yield* look("ins_1")).toBe("found")
    }).pipe(Effect.provide(keysOver(layer)))
  })
})

describe("a caller with an old key", () => {
  it.effect("waits a second for a new one, together with all others", () => {
    const { times, layer } = stage({ turns: [keysNamed("ins_1"), hangs] })
    return Effect.gen(function* () {
      yield* look("ins_1")
      yield* TestClock.adjust("10 minutes")
      const first = yield* fork(look("ins_1"))
      yield* TestClock.adjust("600 millis")
      const second = yield* fork(look("ins_1"))
      yield* TestClock.adjust("399 millis")
      expect([yield* poll(first), yield* poll(second)]).toMatchObject([{ _tag: "None" }, { _tag: "None" }])
      yield* TestClock.adjust("1 millis")
      expect([yield* Fiber.join(first), yield* Fiber.join(second)]).toEqual(["found", "found"])
      // After that no caller waits.
      expect(yield* look("ins_1")).toBe("found")
      expect(times).toHaveLength(2)
    }).pipe(Effect.provide(keysOver(layer)))
  })

  it.effect("gets the new one when it arrives, although no caller waited until the end", () => {
    const { times, layer } = stage({
      turns: [keysNamed("ins_1"), Effect.delay(Effect.succeed(keysNamed("ins_2")), "3 seconds")]
    })
    return Effect.gen(function* () {
      yield* look("ins_1")
      yield* TestClock.adjust("10 minutes")
      const first = yield* fork(look("ins_1"))
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(first)).toBe("found")
      yield* TestClock.adjust("2 seconds")
      expect([yield* look("ins_1"), yield* look("ins_2")]).toEqual(["unknown", "found"])
      expect(times).toHaveLength(2)
    }).pipe(Effect.provide(keysOver(layer)))
  })

  it.effect("gets it also when no caller waits for a second", () => {
    const { times, layer } = stage({ turns: [keysNamed("ins_1"), hangs] })
    return Effect.gen(function* () {
      yield* look("ins_1")
      yield* TestClock.adjust("10 minutes")
      const outcomes: Array<string> = []
      for (let attempt = 0; attempt < 4; attempt++) {
        const hurried = look("ins_1").pipe(
          Effect.timeoutOption("400 millis"),
          Effect.map(Option.getOrElse(() => "gave up"))
        )
        const fiber = yield* fork(hurried)
        yield* TestClock.adjust("400 millis")
        outcomes.push(yield* Fiber.join(fiber))
      }
      expect(outcomes).toEqual(["gave up", "gave up", "found", "found"])
      expect(times).toHaveLength(2)
    }).pipe(Effect.provide(keysOver(layer)))
  })

  it.effect("cannot use it when it becomes an hour old while it waits", () => {
    const { layer } = stage({ turns: [keysNamed("ins_1"), hangs] })
    return Effect.gen(function* () {
      yield* look("ins_1")
      yield* TestClock.adjust("3599500 millis")
      const fiber = yield* fork(look("ins_1"))
      yield* TestClock.adjust("1 second")
      expect(yield* poll(fiber)).toMatchObject({ _tag: "None" })
      yield* TestClock.adjust("7 seconds")
      expect(yield* Fiber.join(fiber)).toBe("unreachable")
    }).pipe(Effect.provide(keysOver(layer)))
  })
})
