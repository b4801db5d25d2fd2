import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"

/** A value or an error, as data. */
export type Result<A, E> = Either.Either<A, E>

/** Ends with the value or the error of the effect. */
export const result: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<Result<A, E>, never, R> =
  Effect.either

/** The error of `Effect.timeout`. */
export type TimeoutError = Cause.TimeoutException

export const timeoutTag: TimeoutError["_tag"] = "TimeoutException"
