import { type ToMillis, timeLimit } from "../call/policy.js"
import { broken, RuleBreak, readOptions } from "../input.js"

/** A token bucket: how many requests may start at once, and the milliseconds until one more may. */
export interface Bucket {
  readonly capacity: number
  readonly refillMillis: number
}

/** Clerk counts the requests of a secret key in windows of this length. */
const windowMillis = 10_000

/** Live instances may send 1,000 requests in a window, development instances 100. */
export const limitOfKey = (secretKey: string | undefined): number =>
  secretKey?.startsWith("sk_test_") === true ? 100 : 1_000

/**
 * The bucket that stays below a limit in every window. A window sees at most what is in the bucket and what refills. So
 * the bucket is small, a hundredth of the limit, and the refill is that much slower.
 *
 * The time of one token is rounded to a tenth of a millisecond, which stores keep exactly.
 */
export const bucketOf = (limit: number, headroom: number): Bucket => {
  const capacity = Math.max(1, Math.round(limit / 100))
  const refilled = limit - Math.max(capacity, limit * headroom)
  return { capacity, refillMillis: Math.ceil((windowMillis * 10) / refilled) / 10 }
}

/** How many tokens a bulk job takes at once: enough to be cheap, and few enough to leave some to others. */
export const leaseOf = ({ capacity }: Bucket): number => Math.max(1, Math.min(5, Math.floor(capacity / 2)))

/** The tokens that a bucket regains in a time. */
export const tokensIn = (millis: number, { refillMillis }: Bucket): number => Math.ceil(millis / refillMillis)

/** A wait that a response may impose on all processes. */
const maxCooldownMillis = 60_000

/** How long all processes wait after a 429, in whole milliseconds. */
export const cooldownMillis = (retryAfterMillis: number | undefined): number =>
  Math.min(maxCooldownMillis, Math.max(1, Math.round(retryAfterMillis ?? 1_000)))

/** The JWKS endpoint has no limit, and requests of users wait for it. */
export const isUnlimited = ([first, ...others]: ReadonlyArray<string>): boolean =>
  first === "jwks" && others.length === 0

export interface FleetSettings {
  /** Absent means that of the secret key. */
  readonly limit: number | undefined
  readonly headroom: number
  readonly storeTimeoutMillis: number
  readonly whenStoreDown: "local" | "fail"
  readonly localShare: number
  /** Absent means a hash of the secret key. */
  readonly bucket: string | undefined
}

const fraction =
  (fallback: number, least: number, most: number) =>
  (value: unknown = fallback): number | RuleBreak =>
    typeof value === "number" && value >= least && value <= most
      ? value
      : broken(`must be a number from ${least} to ${most}`)

const limit = (value: unknown): number | undefined | RuleBreak =>
  value === undefined ||
  (typeof value === "number" && Number.isInteger(value) && value >= 2 && value <= 1_000_000)
    ? value
    : broken("must be a whole number of requests in 10 seconds, from 2 to 1,000,000")

const bucket = (value: unknown): string | undefined | RuleBreak =>
  value === undefined || (typeof value === "string" && /^[\w.:-]{1,100}$/.test(value))
    ? value
    : broken("must be 1 to 100 letters, digits or characters of _.:-")

/** Checks the options of a limit for a fleet. */
export const readFleetOptions = (options: unknown, toMillis: ToMillis): FleetSettings | RuleBreak => {
  const read = readOptions(
    options,
    { unknown: "is not an option of a fleet limit" },
    {
      limit,
      headroom: fraction(0.035, 0, 0.9),
      storeTimeout: (value: unknown = 100) => timeLimit(toMillis)(value),
      whenStoreDown: (value: unknown = "local") =>
        value === "local" || value === "fail" ? value : broken('must be "local" or "fail"'),
      localShare: fraction(0.1, 0.01, 1),
      bucket
    }
  )
  if (read instanceof RuleBreak) return read
  const { storeTimeout: storeTimeoutMillis, ...rest } = read
  return { ...rest, storeTimeoutMillis }
}
