import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { fork, yieldNow } from "#test/fiber.js"
import { describe, expect, it } from "#test/vitest.js"
import { makePermits } from "../../src/runtime/permits.js"

const times = (count: number) => Array.from({ length: count }, (_, index) => index)

const ticks = (count: number) => Effect.forEach(times(count), () => yieldNow, { discard: true })

describe("permits", () => {
  it.effect("run a limited number of effects at a time, in the order of their calls", () =>
    Effect.gen(function* () {
      const permits = makePermits(3)
      const started: Array<number> = []
      let running = 0
      let most = 0
      const run = (index: number) =>
        Effect.acquireUseRelease(
          Effect.sync(() => {
            started.push(index)
            most = Math.max(most, ++running)
          }),
          () => ticks(3),
          () => Effect.sync(() => void running--)
        )
      yield* Effect.forEach(times(20), (index) => permits(run(index)), { concurrency: "unbounded" })
      expect(most).toBe(3)
      expect(started).toEqual(times(20))
    })
  )

  it.effect("become free after a failure", () =>
    Effect.gen(function* () {
      const permits = makePermits(1)
      expect(yield* Effect.flip(permits(Effect.fail("no")))).toBe("no")
      expect(yield* permits(Effect.succeed("yes"))).toBe("yes")
    })
  )

  it.effect("become free when their effect or its waiter is interrupted at any moment", () =>
    Effect.gen(function* () {
      const permits = makePermits(1)
      let done = 0
      for (const moment of times(40)) {
        const holder = yield* fork(permits(ticks(5)))
        const waiters = [yield* fork(permits(ticks(5))), yield* fork(permits(ticks(5)))]
        yield* ticks(moment)
        for (const waiter of waiters) yield* fork(Fiber.interrupt(waiter))
        yield* Fiber.await(holder)
        for (const waiter of waiters) yield* Fiber.await(waiter)
        yield* permits(Effect.sync(() => void done++))
      }
      expect(done).toBe(40)
    })
  )

  // Two million resumptions, if each permit resumed all waiters: about a minute.
  it.effect("resume one waiter for each permit", () =>
    Effect.gen(function* () {
      const permits = makePermits(1)
      let done = 0
      const run = Effect.andThen(
        ticks(1),
        Effect.sync(() => void done++)
      )
      yield* Effect.forEach(times(2_000), () => permits(run), { concurrency: "unbounded", discard: true })
      expect(done).toBe(2_000)
    })
  )
})
