import { broken, optional, RuleBreak, readOptions } from "../input.js"
import { type Priority, priorities } from "../model.js"

/** A policy as the call loop reads it. `Infinity` means no limit. */
export interface Limits<Hook> {
  readonly maxAttempts: number
  readonly timeoutMillis: number
  readonly deadlineMillis: number
  /** Runs before each retry. */
  readonly onRetry: Hook | undefined
  /** Absent means `interactive`. */
  readonly priority?: Priority
}

export const unlimited: Limits<never> = {
  maxAttempts: 1,
  timeoutMillis: Number.POSITIVE_INFINITY,
  deadlineMillis: Number.POSITIVE_INFINITY,
  onRetry: undefined
}

/** Converts a duration to milliseconds. Returns `undefined` for any other value. */
export type ToMillis = (duration: unknown) => number | undefined

/** Timers hold 31 bits of milliseconds. With a longer delay they fire at once or never. */
const maxTimerMillis = 2 ** 31 - 1

/** Reads a time limit, in milliseconds. */
export const timeLimit =
  (toMillis: ToMillis) =>
  (duration: unknown): number | RuleBreak => {
    const millis = toMillis(duration) ?? Number.NaN
    return millis > 0 && millis <= maxTimerMillis
      ? millis
      : broken(
          'must be a duration such as "10 seconds", above zero and below 25 days; leave it out to set no limit'
        )
  }

/** `deadline: 30` beside `timeout: "10 seconds"` is 30 milliseconds, and 30 seconds were probably meant. */
const meantAsSeconds = (deadline: unknown): string | undefined =>
  typeof deadline === "number" && deadline < 1_000
    ? `, which is ${deadline} ms; did you mean ${deadline} seconds?`
    : undefined

const attempts = (value: unknown): number | RuleBreak =>
  typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 10
    ? value
    : broken("must be a whole number from 1 to 10")

const readPriority = (value: unknown): Priority | RuleBreak =>
  priorities.find((each) => each === value) ?? broken('must be "interactive" or "bulk"')

const isHook = (value: unknown): value is (...args: ReadonlyArray<never>) => unknown =>
  typeof value === "function"

const kind = {
  unknown: "is not a setting of a policy",
  field: "",
  object: "must be an object with maxAttempts, timeout, deadline, onRetry or priority"
}

type Given<Hook> = { -readonly [Name in keyof Limits<Hook>]?: Limits<Hook>[Name] }

/** Checks the settings of a policy and converts those that are given. */
export const readPolicy = <Hook>(
  settings: unknown,
  toMillis: ToMillis,
  duration: (millis: number) => string
): Readonly<Given<Hook>> | RuleBreak => {
  const limit = optional(timeLimit(toMillis))
  let written: unknown
  const read = readOptions(settings, kind, {
    maxAttempts: optional(attempts),
    timeout: limit,
    deadline: (deadline) => {
      written = deadline
      return limit(deadline)
    },
    onRetry: optional((hook) => (isHook(hook) ? hook : broken("must be a function"))),
    priority: optional(readPriority)
  })
  if (read instanceof RuleBreak) return read
  const { deadline, maxAttempts, onRetry, priority, timeout } = read
  if (timeout !== undefined && deadline !== undefined && timeout > deadline) {
    const hint = meantAsSeconds(written) ?? ` (${duration(deadline)})`
    return new RuleBreak("timeout", `must not be longer than the deadline${hint}`)
  }
  const given: Given<Hook> = {}
  if (maxAttempts !== undefined) given.maxAttempts = maxAttempts
  if (timeout !== undefined) given.timeoutMillis = timeout
  if (deadline !== undefined) given.deadlineMillis = deadline
  // A function. The compiler has checked its parameters and its result where it was written.
  if (onRetry !== undefined) given.onRetry = onRetry as Hook
  if (priority !== undefined) given.priority = priority
  return given
}
