import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { keysOfEffect } from "./context.js"
import type { DurationInput } from "./time.js"

export { callback, forkDetach, withFiber } from "effect/Effect"

/** A running fiber. */
export type RunningFiber<A = unknown, E = unknown> = Fiber.Fiber<A, E>

/** The service of a fiber, or `undefined` where its context has none. */
export const serviceIn = <I, S>(fiber: RunningFiber, tag: Context.Key<I, S>): S | undefined =>
  Context.getOrUndefined(fiber.context, tag)

/** Whether the program of a fiber has no services, as in `Effect.runPromise(Sessions.get(id))`. */
export const isBare = (fiber: RunningFiber): boolean => {
  for (const key of fiber.context.mapUnsafe.keys()) {
    if (!keysOfEffect.has(key)) return false
  }
  return true
}

/** Runs an effect in a new fiber, which has all of `parent` and can be interrupted. */
export const forkFrom = <A, E>(parent: RunningFiber, self: Effect.Effect<A, E>): RunningFiber<A, E> =>
  Effect.runForkWith(parent.context)(self)

/** Starts the interruption of a fiber by another one. */
export const interruptFrom = (parent: RunningFiber, child: RunningFiber): void =>
  child.interruptUnsafe(parent.id)

/** Timers of the platform follow this clock. */
export const liveClock: Clock.Clock = Context.get(Context.empty(), Clock.Clock)

export const clockOf = (fiber: RunningFiber): Clock.Clock => fiber.getRef(Clock.Clock)

/** The time since 1970 in milliseconds. */
export const millisOf = (clock: Clock.Clock): number => clock.currentTimeMillisUnsafe()

/** A time that never goes backwards, in nanoseconds. */
export const nanosOf = (clock: Clock.Clock): bigint => clock.monotonicTimeNanosUnsafe()

/** Limits the time of an effect, by the clock of its fiber. */
export const timeoutFail = <A, E, R, E2>(
  self: Effect.Effect<A, E, R>,
  duration: DurationInput,
  onTimeout: () => E2
): Effect.Effect<A, E | E2, R> =>
  Effect.timeoutOrElse(self, { duration, orElse: () => Effect.suspend(() => Effect.fail(onTimeout())) })

/** Makes a deferred outside an effect. */
export const makeDeferred: <A, E>() => Deferred.Deferred<A, E> = Deferred.makeUnsafe
