import * as Duration from "effect/Duration"
import type * as Option from "effect/Option"

export { unsafeFromDate as dateTimeFromDate, unsafeMake as dateTimeFromMillis } from "effect/DateTime"

/** A duration, or what Effect reads as one. */
export type DurationInput = Duration.DurationInput

/** Reads a value of any type as a duration. */
export const readDuration: (input: unknown) => Option.Option<Duration.Duration> = Duration.decodeUnknown
