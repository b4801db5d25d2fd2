import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { ClerkHttp } from "effect-clerk"
import { fork, yieldNow } from "#test/fiber.js"
import { type SchedulerParts, withScheduler } from "#test/scheduler.js"
import { describe, expect, it } from "#test/vitest.js"
import { isInterrupted } from "../support/exits.js"
import { isolatedKeysOver, keySet, keysNamed, keysOver, look, outage } from "../support/keySets.js"
import { SeededRandom } from "../support/random.js"

/** Resumes any ready fiber, and yields after a few steps. */
const shuffling = (random: SeededRandom): SchedulerParts => {
  const tasks: Array<() => void> = []
  let isRunning = false
  const drain = () => {
    for (;;) {
      const [task] = tasks.splice(random.integer(tasks.length), 1)
      if (task === undefined) break
      task()
    }
    isRunning = false
  }
  return {
    // A yield takes some steps too, so with fewer steps there would be no progress.
    shouldYield: (steps) => steps > 8 + random.integer(30),
    schedule: (task) => {
      tasks.push(task)
      if (isRunning) return
      isRunning = true
      queueMicrotask(drain)
    }
  }
}

const scenarios = [
  { clerk: "has keys", answer: Effect.succeed(keysNamed("ins_1")), known: "found", forged: "unknown" },
  { clerk: "has no key", answer: Effect.succeed(keySet()), known: "empty", forged: "empty" },
  { clerk: "is down", answer: Effect.fail(outage), known: "unreachable", forged: "unreachable" }
] as const

/** On runtimes where callers share a fetch, and where each request has to fetch by itself. */
const variants = [false, true].flatMap((isIsolated) =>
  scenarios.map((scenario) => ({
    ...scenario,
    isIsolated,
    runtime: isIsolated ? "isolates requests" : "lets requests share a fetch"
  }))
)

const name = "in any order of fibers, on a runtime that $runtime, when Clerk $clerk"

describe.each(variants)(name, ({ answer, forged, isIsolated, known }) => {
  const run = (seed: number) =>
    Effect.suspend(() => {
      const random = new SeededRandom(seed)
      const aWhile = Effect.suspend(() =>
        Effect.forEach(Array.from({ length: 1 + random.integer(25) }), () => yieldNow, { discard: true })
      )
      const requests = { open: 0, atOnce: 0, afterAnAnswer: 0 }
      let somebodyKnows = false
      const client = Layer.succeed(ClerkHttp, {
        execute: () =>
          Effect.acquireUseRelease(
            Effect.sync(() => {
              requests.atOnce = Math.max(requests.atOnce, ++requests.open)
              if (somebodyKnows) requests.afterAnAnswer++
            }),
            () => Effect.andThen(aWhile, answer),
            () => Effect.sync(() => requests.open--)
          )
      })
      const visitor = Effect.gen(function* () {
        const isForged = random.integer(3) === 0
        const kid = isForged ? `forged_${random.integer(5)}` : "ins_1"
        const fiber = yield* aWhile.pipe(
          Effect.andThen(look(kid)),
          Effect.tap(() =>
            Effect.sync(() => {
              somebodyKnows = true
            })
          ),
          fork
        )
        if (random.integer(2) === 0) yield* fork(Effect.andThen(aWhile, Fiber.interrupt(fiber)))
        return { fiber, expected: isForged ? forged : known }
      })
      return Effect.gen(function* () {
        const visitors = yield* Effect.replicateEffect(visitor, 16)
        for (const { fiber, expected } of visitors) {
          const exit = yield* Fiber.await(fiber)
          if (!isInterrupted(exit)) expect(exit).toEqual(Exit.succeed(expected))
        }
        expect(yield* look("ins_1")).toBe(known)
        expect(requests).toMatchObject({ open: 0, afterAnAnswer: 0 })
        // A fetch that is given up may still be ending when the next begins.
        expect(requests.atOnce).toBeLessThanOrEqual(2)
      }).pipe(
        Effect.provide(isIsolated ? isolatedKeysOver(client) : keysOver(client)),
        withScheduler(shuffling(random))
      )
    })

  it.effect("every caller gets the same outcome, and then no caller fetches again", () =>
    Effect.forEach(
      Array.from({ length: 40 }, (_, seed) => seed),
      (seed) =>
        Effect.flatMap(Effect.exit(run(seed)), (exit) =>
          Exit.isSuccess(exit) ? Effect.void : Effect.die(new Error(`seed ${seed}: ${exit.cause}`))
        ),
      { discard: true }
    )
  )
})
