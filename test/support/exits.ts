import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as causes from "#test/cause.js"

/** Whether the effect was interrupted. */
export const isInterrupted = <A, E>(exit: Exit.Exit<A, E>): boolean =>
  Exit.isFailure(exit) && causes.isInterrupted(exit.cause)

/** Whether the exit is an interruption without another failure. */
export const isInterruptedOnly = <A, E>(exit: Exit.Exit<A, E>): boolean =>
  Exit.isFailure(exit) && causes.isInterruptedOnly(exit.cause)

/** The error of the exit, or `undefined` without one. */
export const errorOf = <A, E>(exit: Exit.Exit<A, E>): E | undefined =>
  Exit.isFailure(exit) ? causes.errorsOf(exit.cause)[0] : undefined

/** The defect of the exit, or `undefined` without one. */
export const defectOf = <A, E>(exit: Exit.Exit<A, E>): unknown =>
  Exit.isFailure(exit) ? causes.defectsOf(exit.cause)[0] : undefined

/** The error of an exit that has one error and nothing else, or `undefined`. */
export const onlyErrorOf = <A, E>(exit: Exit.Exit<A, E>): E | undefined => {
  if (Exit.isSuccess(exit) || causes.isInterrupted(exit.cause)) return undefined
  const [error, ...others] = causes.errorsOf(exit.cause)
  return others.length === 0 && causes.defectsOf(exit.cause).length === 0 ? error : undefined
}

/** Interrupts the fiber, and returns how it ended. */
export const interrupted = <A, E>(fiber: Fiber.Fiber<A, E>): Effect.Effect<Exit.Exit<A, E>> =>
  Effect.andThen(Fiber.interrupt(fiber), Fiber.await(fiber))
