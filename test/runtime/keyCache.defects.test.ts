import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import { fork } from "#test/fiber.js"
import { addLogger } from "#test/logger.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { defectOf, isInterruptedOnly } from "../support/exits.js"
import { keysNamed, keysOver, look, outage, pause } from "../support/keySets.js"
import { stage } from "../support/scriptedCalls.js"

class Bug extends Error {}
const bug = new Bug("the client is broken")

describe("a client that dies", () => {
  it.effect("makes all waiting callers die, and the next caller fetches at once", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { times, layer } = stage({
        turns: [Effect.andThen(Deferred.await(gate), Effect.die(bug)), keysNamed("ins_1")]
      })
      yield* Effect.gen(function* () {
        const fibers = yield* Effect.replicateEffect(fork(look("ins_1")), 100)
        yield* pause
        yield* Deferred.succeed(gate, undefined)
        const exits = yield* Effect.forEach(fibers, Fiber.await)
        expect(new Set(exits.map(defectOf))).toEqual(new Set([bug]))
        expect(times).toHaveLength(1)
        expect(yield* look("ins_1")).toBe("found")
        expect(times).toHaveLength(2)
      }).pipe(Effect.provide(keysOver(layer)))
    })
  )

  it.effect("is not hidden by old keys, which work again when the client is fixed", () =>
    Effect.gen(function* () {
      const { times, layer } = stage({ turns: [keysNamed("ins_1"), Effect.die(bug), outage] })
      yield* Effect.gen(function* () {
        yield* look("ins_1")
        yield* TestClock.adjust("10 minutes")
        expect(defectOf(yield* Effect.exit(look("ins_1")))).toBe(bug)
        expect(yield* look("ins_1")).toBe("found")
        expect(times).toHaveLength(3)
      }).pipe(Effect.provide(keysOver(layer)))
    })
  )

  it.effect("makes no key id unknown", () =>
    Effect.gen(function* () {
      const { times, layer } = stage({
        turns: [keysNamed("ins_1"), Effect.die(bug), keysNamed("ins_1", "ins_2")]
      })
      yield* Effect.gen(function* () {
        yield* look("ins_1")
        yield* TestClock.adjust("30 seconds")
        expect(defectOf(yield* Effect.exit(look("ins_2")))).toBe(bug)
        expect(yield* look("ins_2")).toBe("found")
        expect(times).toHaveLength(3)
      }).pipe(Effect.provide(keysOver(layer)))
    })
  )

  it.effect("does not extend the pause of an earlier failure", () =>
    Effect.gen(function* () {
      const { times, layer } = stage({ turns: [outage, Effect.die(bug), keysNamed("ins_1")] })
      yield* Effect.gen(function* () {
        expect(yield* look("ins_1")).toBe("unreachable")
        yield* TestClock.adjust("30 seconds")
        expect(defectOf(yield* Effect.exit(look("ins_1")))).toBe(bug)
        expect(yield* look("ins_1")).toBe("found")
        expect(times).toEqual([0, 30_000, 30_000])
      }).pipe(Effect.provide(keysOver(layer)))
    })
  )
})

describe("a client that interrupts itself", () => {
  it.effect("interrupts the waiting callers, and the next caller fetches at once", () =>
    Effect.gen(function* () {
      const { times, layer } = stage({ turns: [Effect.interrupt, keysNamed("ins_1")] })
      yield* Effect.gen(function* () {
        const exit = yield* Effect.exit(fork(look("ins_1")).pipe(Effect.flatMap(Fiber.join)))
        expect(isInterruptedOnly(exit)).toBe(true)
        expect(yield* look("ins_1")).toBe("found")
        expect(times).toHaveLength(2)
      }).pipe(Effect.provide(keysOver(layer)))
    })
  )
})

describe("a logger that throws", () => {
  it.effect("does not block a caller when it logs a failure", () =>
    Effect.gen(function* () {
      const { layer } = stage({ turns: [keysNamed("ins_1"), outage] })
      const throwing = Logger.make(() => {
        throw bug
      })
      yield* Effect.gen(function* () {
        yield* look("ins_1")
        yield* TestClock.adjust("10 minutes")
        expect(yield* look("ins_2")).toBe("unreachable")
        expect(yield* look("ins_1")).toBe("found")
      }).pipe(Effect.provide([keysOver(layer), addLogger(throwing)]))
    })
  )
})
