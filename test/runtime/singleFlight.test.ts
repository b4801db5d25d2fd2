import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { afterEach, vi } from "vitest"
import { fork } from "#test/fiber.js"
import { runFork } from "#test/scheduler.js"
import { describe, expect, it } from "#test/vitest.js"
import { makeSingleFlight } from "../../src/runtime/singleFlight.js"

const nap = (millis: number) => Effect.promise(() => new Promise((resolve) => setTimeout(resolve, millis)))

const open = (isIsolated: boolean, keepNanos = 5_000_000_000n) => {
  let runs = 0
  const once = makeSingleFlight<string>({ keepNanos, capacity: 2, lost: "lost" }, isIsolated)
  const work = (millis = 20) => Effect.suspend(() => Effect.as(nap(millis), `result ${++runs}`))
  return { once, work, runs: () => runs }
}

afterEach(() => vi.restoreAllMocks())

describe.each([
  ["shares fibers", false],
  ["isolates requests", true]
] as const)("on a runtime that %s", (_, isIsolated) => {
  it.live("concurrent and later callers of a key get one result", () =>
    Effect.gen(function* () {
      const { once, runs, work } = open(isIsolated)
      const five = Effect.all(
        Array.from({ length: 5 }, () => once("a", work())),
        { concurrency: "unbounded" }
      )
      expect(yield* five).toEqual(Array.from({ length: 5 }, () => "result 1"))
      expect(yield* once("a", work())).toBe("result 1")
      expect(yield* once("b", work())).toBe("result 2")
      expect(runs()).toBe(2)
    })
  )

  it.live("a caller that is interrupted at any step leaves no other caller waiting", () =>
    Effect.gen(function* () {
      // A yield takes some steps too, so with fewer steps there would be no progress.
      for (let limit = 8; limit < 60; limit++) {
        const { once } = open(isIsolated)
        const tasks: Array<() => void> = []
        let isInterrupted = false
        const first = runFork(once("a", Effect.succeed("done")), {
          schedule: (task) => void tasks.push(task),
          shouldYield: (steps) => !isInterrupted && steps > limit
        })
        tasks.shift()?.()
        isInterrupted = true
        const interrupting = yield* fork(Fiber.interrupt(first))
        for (let round = 0; round < 3; round++) {
          yield* nap(0)
          for (let count = 0; count < 20; count++) tasks.shift()?.()
        }
        yield* Fiber.join(interrupting)
        const next = yield* Effect.timeoutOption(once("a", Effect.succeed("done")), "200 millis")
        expect([limit, Option.isSome(next)]).toEqual([limit, true])
      }
    })
  )

  it.live("a result serves for its time only", () =>
    Effect.gen(function* () {
      const { once, work } = open(isIsolated, 30_000_000n)
      expect(yield* once("a", work())).toBe("result 1")
      yield* nap(50)
      expect(yield* once("a", work())).toBe("result 2")
    })
  )

  it.live("the oldest results are dropped above the capacity", () =>
    Effect.gen(function* () {
      const { once, work } = open(isIsolated)
      for (const key of ["a", "b", "c", "d"]) yield* once(key, work(1))
      expect(yield* once("d", work(1))).toBe("result 4")
      expect(yield* once("a", work(1))).toBe("result 5")
    })
  )

  it.live("a defect reaches the caller, and the next one does the work again", () =>
    Effect.gen(function* () {
      const { once, work } = open(isIsolated)
      expect(Exit.isFailure(yield* Effect.exit(once("a", Effect.die("boom"))))).toBe(true)
      expect(yield* once("a", work())).toBe("result 1")
    })
  )
})

describe("the work of a key", () => {
  it.live("goes on when its first caller goes away", () =>
    Effect.gen(function* () {
      const { once, runs, work } = open(false)
      const first = yield* fork(once("a", work(50)))
      yield* nap(10)
      const second = yield* fork(once("a", work(50)))
      yield* nap(10)
      yield* Fiber.interrupt(first)
      expect(yield* Fiber.join(second)).toBe("result 1")
      expect(runs()).toBe(1)
    })
  )

  it.live("is not done again where it ended with the request of its first caller", () =>
    Effect.gen(function* () {
      const { once, runs, work } = open(true)
      const first = yield* fork(once("a", work(5_000)))
      yield* nap(10)
      const second = yield* fork(once("a", work()))
      yield* nap(20)
      yield* Fiber.interrupt(first)
      expect(yield* Fiber.join(second)).toBe("lost")
      expect(runs()).toBe(1)
    })
  )

  it.live("is given up when the runtime drops the request of its first caller without a word", () =>
    Effect.gen(function* () {
      vi.spyOn(globalThis, "setInterval").mockImplementation(() => setTimeout(() => {}, 0))
      const { once, work } = open(true)
      yield* fork(once("a", Effect.never))
      yield* nap(10)
      expect(yield* once("a", work())).toBe("lost")
      expect(yield* once("a", work())).toBe("result 1")
    })
  )
})
