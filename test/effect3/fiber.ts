import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as ManagedRuntime from "effect/ManagedRuntime"
import type * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"

/** Starts the effect as a child of the running fiber. */
export const fork: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<Fiber.Fiber<A, E>, never, R> =
  Effect.fork

/** Returns how the fiber ended, or none while it runs. */
export const poll: <A, E>(fiber: Fiber.Fiber<A, E>) => Effect.Effect<Option.Option<Exit.Exit<A, E>>> =
  Fiber.poll

/** Makes an effect of a function that takes a callback. */
export const callback: <A, E = never>(
  register: (resume: (result: Effect.Effect<A, E>) => void, signal: AbortSignal) => void | Effect.Effect<void>
) => Effect.Effect<A, E> = Effect.async

/** Runs effects outside of the running fiber, with its services. */
export interface Runner<R> {
  readonly runPromise: <A, E>(self: Effect.Effect<A, E, R>) => Promise<A>
  readonly runSync: <A, E>(self: Effect.Effect<A, E, R>) => A
}

export const runner = <R = never>(): Effect.Effect<Runner<R>, never, R> =>
  Effect.map(Effect.runtime<R>(), (runtime) => ({
    runPromise: Runtime.runPromise(runtime),
    runSync: Runtime.runSync(runtime)
  }))

/** Lets other fibers run. */
export const yieldNow: Effect.Effect<void> = Effect.yieldNow()

/** Provides an effect with all that the running fiber has, for a run in another fiber. */
export const servicesOf = <R>(): Effect.Effect<
  <A, E>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E>,
  never,
  R
> => Effect.map(Effect.runtime<R>(), (runtime) => (self) => Effect.provide(self, runtime))

/** Interrupts the running fiber, and goes on with the effect up to where it can be interrupted. */
export const interruptedBefore = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withFiberRuntime((fiber) => {
    fiber.unsafeInterruptAsFork(fiber.id())
    return self
  })

/** What a runtime has built. */
export const builtOf = <R, E>(runtime: ManagedRuntime.ManagedRuntime<R, E>): Effect.Effect<unknown> =>
  Effect.promise(() => runtime.runtime())
