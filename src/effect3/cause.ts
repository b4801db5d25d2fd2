import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { FiberFailureCauseId } from "effect/Runtime"
import { own } from "../core/input.js"

/** The failure of an exit. `undefined` for an exit that succeeded, was interrupted or died. */
export const failureOf = <A, E>(exit: Exit.Exit<A, E>): E | undefined =>
  Exit.isFailure(exit) ? Option.getOrUndefined(Cause.failureOption(exit.cause)) : undefined

/** Whether an exit was interrupted, beside other failures or alone. */
export const isInterrupted: (exit: Exit.Exit<unknown, unknown>) => boolean = Exit.isInterrupted

/** The interruptions and defects of a cause. */
export const withoutFailures: (cause: Cause.Cause<unknown>) => Cause.Cause<never> = Cause.stripFailures

/** The failures of a cause, then its defects. */
export const errorsIn = (cause: Cause.Cause<unknown>): Iterable<unknown> => [
  ...Cause.failures(cause),
  ...Cause.defects(cause)
]

/** The cause in what `Effect.runPromise` rejects with, in an exit, or the cause itself. */
export const causeIn = (u: object): Cause.Cause<unknown> | undefined => {
  // Only own members are read: a mock or a proxy may claim to have every other.
  const cause = own(u as { readonly [FiberFailureCauseId]?: unknown }, FiberFailureCauseId) ?? u
  if (!Object.hasOwn(Object(cause), "_tag")) return undefined
  if (Cause.isCause(cause)) return cause
  return Exit.isExit(cause) && Exit.isFailure(cause) ? cause.cause : undefined
}
