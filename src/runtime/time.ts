import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Predicate from "effect/Predicate"
import * as Runtime from "effect/Runtime"
import * as RuntimeFlags from "effect/RuntimeFlags"
import type { Sent } from "../core/model.js"
import type { RequestInProgress } from "../core/wire/request.js"

/** A request took longer than it may. The call loop decides what that means for the call. */
export interface TimedOut {
  readonly _tag: "TimedOut"
  readonly sent: Sent
}

const timedOut = (sent: Sent): TimedOut => ({ _tag: "TimedOut", sent })

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

type Begin<A, E> = (resume: (outcome: Effect.Effect<A, E>) => void) => RequestInProgress

/**
 * A request that is made with callbacks, within a time limit.
 *
 * V8 keeps the closures of `Effect.async` until its next full collection, with everything that they refer to. They refer
 * to this object, which drops the rest when the request is over. Otherwise a call over undici takes a tenth longer.
 */
class TimedRequest<A, E> {
  #begin: Begin<A, E> | undefined
  #resume: ((outcome: Effect.Effect<A, E | TimedOut>) => void) | undefined
  #request: RequestInProgress | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(begin: Begin<A, E>) {
    this.#begin = begin
  }

  start(millis: number, resume: (outcome: Effect.Effect<A, E | TimedOut>) => void): void {
    const begin = this.#begin
    this.#resume = resume
    if (millis !== Number.POSITIVE_INFINITY) {
      this.#timer = setTimeout(() => this.#expire(), millis)
    }
    const request = begin?.((outcome) => this.#settle(outcome))
    // It may be over already.
    if (this.#resume !== undefined) this.#request = request
  }

  stop(): Sent {
    const sent = this.#request?.stop() ?? "no"
    this.#end()
    return sent
  }

  #expire(): void {
    const resume = this.#resume
    resume?.(Effect.fail(timedOut(this.stop())))
  }

  #settle(outcome: Effect.Effect<A, E>): void {
    const resume = this.#resume
    this.#end()
    resume?.(outcome)
  }

  #end(): void {
    clearTimeout(this.#timer)
    this.#begin = undefined
    this.#resume = undefined
    this.#request = undefined
    this.#timer = undefined
  }
}

/** Runs a request that is made with callbacks, within a time limit. `begin` starts the request. */
export const asyncWithin = <A, E>(millis: number, begin: Begin<A, E>): Effect.Effect<A, E | TimedOut> =>
  Effect.suspend(() => {
    const request = new TimedRequest(begin)
    return Effect.async((resume) => {
      request.start(millis, resume)
      return Effect.sync(() => request.stop())
    })
  })

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
