import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Predicate from "effect/Predicate"
import * as Runtime from "effect/Runtime"
import * as RuntimeFlags from "effect/RuntimeFlags"
import { type TimedOut, timedOut } from "./send.js"

/** Timers of the platform follow this clock. */
export const liveClock = Context.get(DefaultServices.liveServices, Clock.Clock)

/**
 * Limits the time of an effect that does not keep time itself.
 *
 * `Effect.timeoutFail` costs more than all the rest of a call. So under the live clock the effect runs in a child fiber
 * beside a timer of the platform. Any other clock, such as TestClock, needs `Effect.timeoutFail`.
 */
export const within = <A, E>(
  self: Effect.Effect<A, E>,
  millis: number,
  clock: Clock.Clock
): Effect.Effect<A, E | TimedOut> => {
  if (clock === liveClock) return inChildFiber(self, millis)
  return millis === Number.POSITIVE_INFINITY
    ? self
    : Effect.timeoutFail(self, { duration: millis, onTimeout: () => timedOut("maybe") })
}

/** Runs an effect in a child fiber beside a timer. */
export const inChildFiber = <A, E>(
  self: Effect.Effect<A, E>,
  millis: number
): Effect.Effect<A, E | TimedOut> => (millis === Number.POSITIVE_INFINITY ? self : besideTimer(self, millis))

const besideTimer = <A, E>(self: Effect.Effect<A, E>, millis: number): Effect.Effect<A, E | TimedOut> =>
  Effect.withFiberRuntime((parent, { runtimeFlags }) => {
    const runtime = Runtime.make({
      context: parent.getFiberRef(FiberRef.currentContext),
      fiberRefs: parent.getFiberRefs(),
      runtimeFlags: RuntimeFlags.enable(runtimeFlags, RuntimeFlags.Interruption)
    })
    return Effect.async<A, E | TimedOut>((resume) => {
      const child = Runtime.runFork(runtime)(self)
      const timer = setTimeout(() => {
        resume(Effect.fail(timedOut("maybe")))
        child.unsafeInterruptAsFork(parent.id())
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
  })

/** Removes the timeout from the failures of an effect without a time limit. */
export const withoutEnd = <A, E>(self: Effect.Effect<A, E | TimedOut>): Effect.Effect<A, E> =>
  Effect.catchIf(self, isTimedOut, Effect.die)

const isTimedOut = (error: unknown): error is TimedOut => Predicate.isTagged(error, "TimedOut")
