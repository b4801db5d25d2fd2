import * as Duration from "effect/Duration"
import type { CallError } from "./response.js"

const transient = { baseMillis: 100, capMillis: 5_000 }
const throttled = { baseMillis: 1_000, capMillis: 20_000 }

/** A server that asks for more than this is not waited for: the caller is told instead. */
const maxHintMillis = 20_000

/**
 * How many milliseconds to wait before attempt `attempt + 1`, or `undefined` when the wait is too long to be
 * worth it. `chance` is a random number from 0 to 1.
 *
 * Without a hint the wait is anywhere between nothing and the exponential bound, so that clients which failed
 * together do not come back together; with one it is never less than the hint.
 */
export const waitMillis = (failure: CallError, attempt: number, chance: number): number | undefined => {
  const { baseMillis, capMillis } = failure._tag === "ClerkRateLimited" ? throttled : transient
  const hint = hintMillis(failure)
  if (hint === undefined) return chance * Math.min(baseMillis * 2 ** (attempt - 1), capMillis)
  return hint > maxHintMillis ? undefined : hint + chance * Math.min(hint / 10, 1_000)
}

const hintMillis = (failure: CallError): number | undefined => {
  const said =
    failure._tag === "ClerkRateLimited" || (failure._tag === "ClerkServerError" && failure.status === 503)
      ? failure.retryAfter
      : undefined
  return said === undefined ? undefined : Duration.toMillis(said)
}
