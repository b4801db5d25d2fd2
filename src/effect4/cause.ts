import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"

/** The failure of an exit. `undefined` for an exit that succeeded, was interrupted or died. */
export const failureOf = <A, E>(exit: Exit.Exit<A, E>): E | undefined =>
  Option.getOrUndefined(Exit.findErrorOption(exit))

/** Whether an exit was interrupted, beside other failures or alone. */
export const isInterrupted: (exit: Exit.Exit<unknown, unknown>) => boolean = Exit.hasInterrupts

/** The interruptions and defects of a cause. */
export const withoutFailures = (cause: Cause.Cause<unknown>): Cause.Cause<never> =>
  Cause.fromReasons(cause.reasons.filter((reason) => !Cause.isFailReason(reason)))

/** The failures of a cause, then its defects. */
export const errorsIn = (cause: Cause.Cause<unknown>): Iterable<unknown> => [
  ...cause.reasons.filter(Cause.isFailReason).map(({ error }) => error),
  ...cause.reasons.filter(Cause.isDieReason).map(({ defect }) => defect)
]

/** The cause in an exit, or the cause itself. `Effect.runPromise` rejects with the error. */
export const causeIn = (u: object): Cause.Cause<unknown> | undefined => {
  const cause = Exit.isExit(u) && Exit.isFailure(u) ? u.cause : u
  // A mock or a proxy may claim to have every member that is not its own.
  return Object.hasOwn(Object(cause), "reasons") && Cause.isCause(cause) ? cause : undefined
}
