import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Predicate from "effect/Predicate"
import { callback, forkFrom, interruptFrom, liveClock, timeoutFail, withFiber } from "#major/fiber.js"
import { type TimedOut, timedOut } from "./send.js"

/**
 * Limits the time of an effect that has no time limit of its own.
 *
 * A timeout of Effect costs more than all the rest of a call. So under the live clock the effect runs in a child fiber
 * beside a timer of the platform. Any other clock, such as TestClock, needs that timeout.
 */
export const within = <A, E>(
  self: Effect.Effect<A, E>,
  millis: number,
  clock: Clock.Clock
): Effect.Effect<A, E | TimedOut> => {
  if (clock === liveClock) return inChildFiber(self, millis)
  return millis === Number.POSITIVE_INFINITY ? self : timeoutFail(self, millis, () => timedOut("maybe"))
}

/** Runs an effect in a child fiber beside a timer. */
export const inChildFiber = <A, E>(
  self: Effect.Effect<A, E>,
  millis: number
): Effect.Effect<A, E | TimedOut> => (millis === Number.POSITIVE_INFINITY ? self : besideTimer(self, millis))

const besideTimer = <A, E>(self: Effect.Effect<A, E>, millis: number): Effect.Effect<A, E | TimedOut> =>
  withFiber((parent) =>
    callback<A, E | TimedOut>((resume) => {
      const child = forkFrom(parent, self)
      const timer = setTimeout(() => {
        resume(Effect.fail(timedOut("maybe")))
        interruptFrom(parent, child)
      }, millis)
      child.addObserver((exit) => {
        clearTimeout(timer)
        resume(exit)
      })
      return Effect.suspend(() => {
        clearTimeout(timer)
        return Fiber.interrupt(child)
      })
    })
  )

/** Removes the timeout from the failures of an effect without a time limit. */
export const withoutEnd = <A, E>(self: Effect.Effect<A, E | TimedOut>): Effect.Effect<A, E> =>
  Effect.catchIf(self, isTimedOut, Effect.die)

const isTimedOut = (error: unknown): error is TimedOut => Predicate.isTagged(error, "TimedOut")
