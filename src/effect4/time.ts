import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

export { fromDateUnsafe as dateTimeFromDate, makeUnsafe as dateTimeFromMillis } from "effect/DateTime"

/** A duration, or what Effect reads as one. */
export type DurationInput = Duration.Input

const units: ReadonlySet<string> = new Set<keyof Duration.DurationObject>([
  "weeks",
  "days",
  "hours",
  "minutes",
  "seconds",
  "milliseconds",
  "microseconds",
  "nanoseconds"
])

/** An object with another key, or without any, would be read as zero. */
const isOfUnits = (input: object): boolean => {
  const keys = Object.keys(input)
  return keys.length > 0 && keys.every((key) => units.has(key))
}

/** Reads a value of any type as a duration. */
export const readDuration = (input: unknown): Option.Option<Duration.Duration> =>
  typeof input === "object" &&
  input !== null &&
  !Array.isArray(input) &&
  !Duration.isDuration(input) &&
  !isOfUnits(input)
    ? Option.none()
    : Duration.fromInput(input as Duration.Input) // returns `None` for a value that is no duration
