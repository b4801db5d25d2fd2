import * as Cause from "effect/Cause"
import * as FiberId from "effect/FiberId"
import * as Runtime from "effect/Runtime"

/** The errors of the cause. */
export const errorsOf = <E>(cause: Cause.Cause<E>): ReadonlyArray<E> => [...Cause.failures(cause)]

/** The defects of the cause. */
export const defectsOf = (cause: Cause.Cause<unknown>): ReadonlyArray<unknown> => [...Cause.defects(cause)]

/** Whether the cause has an interruption. */
export const isInterrupted: (cause: Cause.Cause<unknown>) => boolean = Cause.isInterrupted

/** Whether the cause has interruptions and nothing else. */
export const isInterruptedOnly: (cause: Cause.Cause<unknown>) => boolean = Cause.isInterruptedOnly

/** The cause of two effects that failed side by side. */
export const parallel: <E, E2>(left: Cause.Cause<E>, right: Cause.Cause<E2>) => Cause.Cause<E | E2> =
  Cause.parallel

/** The cause of two effects that failed one after the other. */
export const sequential: <E, E2>(left: Cause.Cause<E>, right: Cause.Cause<E2>) => Cause.Cause<E | E2> =
  Cause.sequential

/** An interruption by a fiber that is not known. */
export const interrupt: Cause.Cause<never> = Cause.interrupt(FiberId.none)

/** Whether a promise of an effect that failed with the error rejects with this value. */
export const isRejectionOf = (rejected: unknown, error: unknown): boolean =>
  Runtime.isFiberFailure(rejected) && errorsOf(rejected[Runtime.FiberFailureCauseId])[0] === error

/** What a promise of an effect rejects with when the effect fails with this cause. */
export const rejectionOf: (cause: Cause.Cause<unknown>) => unknown = Runtime.makeFiberFailure

/** The cause as text, with the causes of its errors. */
export const prettyWithCauses = (cause: Cause.Cause<unknown>): string =>
  Cause.pretty(cause, { renderErrorCause: true })

/** Whether a promise of an effect rejects with the whole cause, and not with its first error. */
export const rejectsWithCause: boolean = true
