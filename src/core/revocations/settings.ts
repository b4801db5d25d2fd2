import { broken, type Reader, RuleBreak, readOptions } from "../input.js"
import { maxClockSkewMillis } from "../token/settings.js"
import type { Lifetimes } from "./denials.js"

/** Returns the milliseconds of a duration, or `undefined` for any other value. */
type MillisOf = (duration: unknown) => number | undefined

const durationFrom =
  (millisOf: MillisOf, fallback: string, least: number, most: number, rule: string) =>
  (given: unknown = fallback) => {
    const millis = millisOf(given)
    return millis !== undefined && millis >= least && millis <= most ? millis : broken(rule)
  }

const day = 86_400_000

const lifetimeReaders = (millisOf: MillisOf) => ({
  tokenLifetime: durationFrom(millisOf, "60 seconds", 1000, day, "must be a duration from 1 second to 1 day"),
  holdLimit: durationFrom(millisOf, "10 minutes", 1000, day, "must be a duration from 1 second to 1 day")
})

/** An entry outlives the tokens of every verifier, whose clock and skew it does not know. */
const lifetimesOf = (read: { readonly tokenLifetime: number; readonly holdLimit: number }): Lifetimes => ({
  entry: read.tokenLifetime + maxClockSkewMillis,
  hold: read.holdLimit
})

const kind = { unknown: "is not an option of revocations" }

/** Reads the options of the revocations of one process. */
export const readMemoryOptions = (options: unknown, millisOf: MillisOf): Lifetimes | RuleBreak => {
  const read = readOptions(options, kind, lifetimeReaders(millisOf))
  return read instanceof RuleBreak ? read : lifetimesOf(read)
}

const readStream = (stream: unknown = "effect-clerk:revocations") =>
  typeof stream === "string" && stream !== "" && stream.length <= 512
    ? stream
    : broken("must be the key of a stream, a text of 1 to 512 characters")

const readWhenStale = (whenStale: unknown = "accept") =>
  whenStale === "accept" || whenStale === "refuse" ? whenStale : broken('must be "accept" or "refuse"')

/** The options of the revocations that processes share, after all checks. */
export interface SharedSettings<Redis> {
  readonly lifetimes: Lifetimes
  readonly redis: Redis
  readonly whenStale: "accept" | "refuse"
  /** In milliseconds. */
  readonly staleAfter: number
  readonly stream: string
}

/** Reads the options of the revocations that processes share. */
export const readSharedOptions = <Redis>(
  options: unknown,
  millisOf: MillisOf,
  readRedis: (redis: unknown) => Redis | RuleBreak
): SharedSettings<Redis> | RuleBreak => {
  const staleRule = "must be a duration from 3 seconds to 1 hour"
  const read = readOptions(options, kind, {
    ...lifetimeReaders(millisOf),
    redis: readRedis satisfies Reader,
    whenStale: readWhenStale,
    staleAfter: durationFrom(millisOf, "10 seconds", 3000, 3_600_000, staleRule),
    stream: readStream
  })
  if (read instanceof RuleBreak) return read
  const { redis, staleAfter, stream, whenStale } = read
  // The member of a generic type: `readRedis` returned it, and it is no RuleBreak.
  return { lifetimes: lifetimesOf(read), redis: redis as Redis, whenStale, staleAfter, stream }
}
