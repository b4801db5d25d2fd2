import { type ToMillis, timeLimit } from "../call/policy.js"
import { broken, optional, type RuleBreak, readOptions } from "../input.js"
import { maxPageUsers } from "./parts.js"

export const modes = ["sessions", "compromised"] as const

/**
 * How a job ends the sessions of a user. See `StartOptions`.
 *
 * @since 4.0.0
 * @category models
 */
export type Mode = (typeof modes)[number]

export const defaultMode: Mode = "sessions"

const isFunction = (value: unknown): value is (...args: ReadonlyArray<never>) => unknown =>
  typeof value === "function"

const whole = (from: number, to: number) =>
  optional((value) =>
    typeof value === "number" && Number.isInteger(value) && value >= from && value <= to
      ? value
      : broken(`must be a whole number from ${from} to ${to}`)
  )

const concurrency = whole(1, 50)

const readMode = optional(
  (value) =>
    modes.find((mode) => mode === value) ?? broken(`must be ${modes.map((mode) => `"${mode}"`).join(" or ")}`)
)

/** Reads the options of the layer. */
export const readLayer = (options: unknown) =>
  readOptions(
    options,
    { unknown: "is not an option of SignOutEverywhere.layer" },
    {
      source: (source) => (isFunction(source) ? source : broken("must be a function")),
      chunk: whole(1, maxPageUsers),
      parallel: whole(1, 20),
      concurrency
    }
  )

/** Reads a job's id. */
export const readJob = (job: unknown): string | RuleBreak =>
  typeof job === "string" && /^(?=.*\S)[^\p{Cc}]{1,128}$/u.test(job)
    ? job
    : broken("must be 1 to 128 characters on one line, such as incident-2026-11-27")

const readCutoff =
  (toMillis: (value: unknown) => number | undefined, nowMillis: number) => (value: unknown) => {
    const millis = toMillis(value) ?? Number.NaN
    if (!Number.isSafeInteger(millis) || millis < 0) return broken("must be a DateTime or a valid Date")
    return millis <= nowMillis
      ? millis
      : broken("must not be in the future: a job cannot end a session that does not exist yet")
  }

/** Reads what a job is started with. */
export const readStart = (
  options: unknown,
  toMillis: (value: unknown) => number | undefined,
  nowMillis: number
) =>
  readOptions(
    options,
    { unknown: "is not an option of SignOutEverywhere.start" },
    { job: readJob, cutoff: optional(readCutoff(toMillis, nowMillis)), mode: readMode }
  )

/** Reads the options of a watch. */
export const readWatch = (options: unknown, toMillis: ToMillis) =>
  readOptions(
    options,
    { unknown: "is not an option of SignOutEverywhere.watch" },
    { every: optional(timeLimit(toMillis)) }
  )

/** Reads the options of one chunk. */
export const readChunk = (
  options: unknown,
  toMillis: (value: unknown) => number | undefined,
  nowMillis: number
) =>
  readOptions(
    options,
    { unknown: "is not an option of SignOutEverywhere.chunk" },
    { cutoff: readCutoff(toMillis, nowMillis), mode: readMode, concurrency }
  )

/** A page of user ids, as a source returns it. */
export interface UserPage {
  readonly users: ReadonlyArray<string>
  readonly next: string | undefined
}

const isText = (value: unknown): value is string => typeof value === "string" && value.length <= 128

/** Reads the ids of users. */
export const readUsers = (users: unknown): ReadonlyArray<string> | RuleBreak => {
  if (!Array.isArray(users) || users.length > maxPageUsers || !users.every(isText)) {
    return broken(`must be an array of at most ${maxPageUsers} ids`)
  }
  return [...users]
}

/** Reads a page of a source. A name that is misspelt would end the job after the first page. */
export const readPage = (page: unknown): UserPage | RuleBreak => {
  const read = readOptions(
    page,
    { field: "", unknown: "is not a part of a page", object: "must return an object with users and next" },
    {
      users: readUsers,
      next: (next) =>
        next === undefined || (typeof next === "string" && next.length <= 4_096)
          ? next
          : broken("must be a text of at most 4,096 characters, or absent on the last page")
    }
  )
  return read
}
