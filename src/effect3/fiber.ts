import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import * as Runtime from "effect/Runtime"
import { keysOfEffect } from "./context.js"
import type { DurationInput } from "./time.js"

export { async as callback, forkDaemon as forkDetach, withFiberRuntime as withFiber } from "effect/Effect"

/** A fiber that runs. */
export type RunningFiber<A = unknown, E = unknown> = Fiber.RuntimeFiber<A, E>

/** The service of a fiber, or `undefined` where its context has none. */
export const serviceIn = <I, S>(fiber: RunningFiber, tag: Context.Tag<I, S>): S | undefined =>
  // Only the service is stored under its key.
  fiber.getFiberRef(FiberRef.currentContext).unsafeMap.get(tag.key) as S | undefined

/** Whether the program of a fiber has no services, as in `Effect.runPromise(Sessions.get(id))`. */
export const isBare = (fiber: RunningFiber): boolean => {
  for (const key of fiber.getFiberRef(FiberRef.currentContext).unsafeMap.keys()) {
    if (!keysOfEffect.has(key)) return false
  }
  return true
}

/** Runs an effect in a new fiber, which has all of `parent` and can be interrupted. */
export const forkFrom = <A, E>(parent: RunningFiber, self: Effect.Effect<A, E>): RunningFiber<A, E> =>
  Runtime.runFork(
    Runtime.make({
      context: parent.getFiberRef(FiberRef.currentContext),
      fiberRefs: parent.getFiberRefs(),
      runtimeFlags: Runtime.defaultRuntimeFlags
    })
  )(self)

/** Starts to interrupt a fiber in the name of another one. */
export const interruptFrom = (parent: RunningFiber, child: RunningFiber): void =>
  child.unsafeInterruptAsFork(parent.id())

/** Timers of the platform follow this clock. */
export const liveClock: Clock.Clock = Context.get(DefaultServices.liveServices, Clock.Clock)

export const clockOf = (fiber: RunningFiber): Clock.Clock =>
  Context.get(fiber.getFiberRef(DefaultServices.currentServices), Clock.Clock)

/** The time since 1970 in milliseconds. */
export const millisOf = (clock: Clock.Clock): number => clock.unsafeCurrentTimeMillis()

/** A time that never goes backwards, in nanoseconds. */
export const nanosOf = (clock: Clock.Clock): bigint => clock.unsafeCurrentTimeNanos()

/** Limits the time of an effect, by the clock of its fiber. */
export const timeoutFail = <A, E, R, E2>(
  self: Effect.Effect<A, E, R>,
  duration: DurationInput,
  onTimeout: () => E2
): Effect.Effect<A, E | E2, R> => Effect.timeoutFail(self, { duration, onTimeout })

/** Makes a deferred outside an effect. */
export const makeDeferred = <A, E>(): Deferred.Deferred<A, E> => Deferred.unsafeMake(FiberId.none)
