import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Predicate from "effect/Predicate"
import * as Runtime from "effect/Runtime"
import * as RuntimeFlags from "effect/RuntimeFlags"
import type { ClerkRequest, Sent } from "../core/model.js"
import type { ClerkHttpService } from "../services/ClerkHttp.js"

/** An exchange took longer than it may. The pipeline decides what that means for the call. */
export interface TimedOut {
  readonly _tag: "TimedOut"
  readonly sent: Sent
}

const timedOut = (sent: Sent): TimedOut => ({ _tag: "TimedOut", sent })

type Execute = ClerkHttpService["execute"]
type ErrorOfExecute = Effect.Effect.Error<ReturnType<Execute>>
type Response = Effect.Effect.Success<ReturnType<Execute>>

/** Does what `execute` does, within a number of milliseconds that a timer can hold. */
export type ExecuteWithin = (
  request: ClerkRequest,
  millis: number
) => Effect.Effect<Response, ErrorOfExecute | TimedOut>

const within = new WeakMap<Execute, ExecuteWithin>()

/** Makes known that a transport of ours keeps time itself. */
export const keepsTime = (execute: Execute, executeWithin: ExecuteWithin): Execute => {
  within.set(execute, executeWithin)
  return execute
}

const liveClock = Context.get(DefaultServices.liveServices, Clock.Clock)

/**
 * One exchange within a limit.
 *
 * `Effect.timeoutFail` costs more than all the rest of a call. So under the live clock a client of ours keeps time by
 * a timer of the platform's, and a hand-written one runs in a child fiber beside such a timer. Only a clock that is
 * not the live one (TestClock) is asked the usual way.
 */
export const executeWithin = (
  http: ClerkHttpService,
  request: ClerkRequest,
  millis: number,
  clock: Clock.Clock
): Effect.Effect<Response, ErrorOfExecute | TimedOut> => {
  if (millis === Number.POSITIVE_INFINITY) return http.execute(request)
  return clock === liveClock
    ? (within.get(http.execute)?.(request, millis) ?? inChildFiber(http.execute(request), millis))
    : Effect.timeoutFail(http.execute(request), { duration: millis, onTimeout: () => timedOut("maybe") })
}

/**
 * `Effect.async` that ends by itself. `begin` starts an exchange and returns the function that stops it, which says
 * whether the request may have been sent by then.
 */
export const asyncWithin = <A, E>(
  millis: number,
  begin: (resume: (outcome: Effect.Effect<A, E>) => void) => () => Sent
): Effect.Effect<A, E | TimedOut> =>
  Effect.async((resume) => {
    let isOver = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const stop = begin((outcome) => {
      isOver = true
      clearTimeout(timer)
      resume(outcome)
    })
    if (!isOver && millis !== Number.POSITIVE_INFINITY) {
      timer = setTimeout(() => resume(Effect.fail(timedOut(stop()))), millis)
    }
    return Effect.sync(() => {
      clearTimeout(timer)
      stop()
    })
  })

/** Runs an effect that does not keep time in a fiber beside a timer. */
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

/** What has no time limit does not time out. */
export const withoutEnd = <A, E>(self: Effect.Effect<A, E | TimedOut>): Effect.Effect<A, E> =>
  Effect.catchIf(self, isTimedOut, Effect.die)

const isTimedOut = (error: unknown): error is TimedOut => Predicate.isTagged(error, "TimedOut")
