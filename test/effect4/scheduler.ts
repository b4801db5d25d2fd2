import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"

export interface SchedulerParts {
  readonly schedule: (task: () => void) => void
  /** Whether a fiber yields after this number of steps. */
  readonly shouldYield: (steps: number) => boolean
}

const schedulerOf = ({ schedule, shouldYield }: SchedulerParts): Scheduler.Scheduler => ({
  executionMode: "async",
  shouldYield: (fiber) => shouldYield(fiber.currentOpCount),
  makeDispatcher: () => ({ scheduleTask: schedule, flush: () => {} })
})

/** Runs the effect, and the fibers that it starts, with this scheduler. */
export const withScheduler =
  (parts: SchedulerParts) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    // In a fiber of its own, because a fiber keeps the dispatcher that it started with.
    Effect.flatMap(Effect.forkChild(self), Fiber.join).pipe(
      Effect.provideService(Scheduler.Scheduler, schedulerOf(parts))
    )

/** Starts a fiber with this scheduler. */
export const runFork = <A, E>(self: Effect.Effect<A, E>, parts: SchedulerParts): Fiber.Fiber<A, E> =>
  Effect.runFork(self, { scheduler: schedulerOf(parts) })

/** How a fiber ended, or `undefined` while it runs. */
export const exitOf = <A, E>(fiber: Fiber.Fiber<A, E>): Exit.Exit<A, E> | undefined => fiber.pollUnsafe()
