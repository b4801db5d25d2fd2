import type { Kind, Sent, TransportReason } from "../model.js"
import type { ResponseHeaders } from "../wire/headers.js"
import type { CallFailure } from "./failure.js"

/*
 * What the client retries, when, and how often. The lists allow: the client does not retry what is not on them.
 *
 * Every kind of operation may be retried if the request was not sent, or if Clerk rejected it unread (429). When Clerk
 * may have acted, a `once` operation is never retried. A second `create` makes a second session. A second `refresh`
 * finds its token consumed.
 */

const transientReasons: ReadonlySet<TransportReason> = new Set<TransportReason>([
  "dns",
  "refused",
  "unreachable",
  "connect-timeout",
  "proxy",
  "reset",
  "closed",
  "incomplete-body",
  "response-timeout",
  "secret-key",
  "admission"
])

/** 520 to 524 are Cloudflare's, which stands in front of Clerk. */
const transientStatuses: ReadonlySet<number> = new Set([408, 500, 502, 503, 504, 520, 521, 522, 523, 524])

/** Whether a kind may be retried when Clerk may have acted. A kind that is neither here nor `once` is never retried. */
export const isIdempotent = (kind: Kind): boolean => kind === "read" || kind === "idempotent"

const isUnsentRetryable = (kind: Kind): boolean => kind === "once" || isIdempotent(kind)

/** Whether a call can be made again without doing twice what must happen once. */
export const isSafeToRepeat = (kind: Kind, sent: Sent): boolean =>
  sent === "no" ? isUnsentRetryable(kind) : isIdempotent(kind)

export const isFaultRetryable = (kind: Kind, reason: TransportReason, sent: Sent): boolean =>
  transientReasons.has(reason) && isSafeToRepeat(kind, sent)

export const isStatusRetryable = (kind: Kind, status: number): boolean =>
  status === 429 ? isUnsentRetryable(kind) : isIdempotent(kind) && transientStatuses.has(status)

const transient = { baseMillis: 100, capMillis: 5_000 }
const throttled = { baseMillis: 1_000, capMillis: 20_000 }

/** The client does not wait longer than this, even if the server wants it to. The call fails instead. */
const maxHintMillis = 20_000

const hintMillis = (failure: CallFailure): number | undefined =>
  failure._tag === "ClerkRateLimited" ||
  (failure._tag === "ClerkServerError" && failure.fields.status === 503)
    ? failure.fields.retryAfterMillis
    : undefined

/**
 * Returns the milliseconds to wait before attempt `attempt + 1`, or `undefined` when the server wants a wait that is
 * too long. `chance` is a random number from 0 to 1.
 *
 * Without a hint the wait is anywhere between nothing and the exponential bound, so that clients which failed together
 * do not retry together. With a hint it is never shorter than the hint.
 */
export const waitMillis = (failure: CallFailure, attempt: number, chance: number): number | undefined => {
  const { baseMillis, capMillis } = failure._tag === "ClerkRateLimited" ? throttled : transient
  const hint = hintMillis(failure)
  if (hint === undefined) return chance * Math.min(baseMillis * 2 ** (attempt - 1), capMillis)
  return hint > maxHintMillis ? undefined : hint + chance * Math.min(hint / 10, 1_000)
}

/*
 * The retry budget of a client, in tokens. When Clerk is down, every call would otherwise make three of itself; with an
 * empty budget each makes one. The figures are those of AWS's SDKs.
 */

/** The tokens of a new client. */
export const fullBudget = 500
const costs = { transient: 14, throttled: 5 }
const reward = 1

/** What a retry costs. */
export const retryCost = (failure: CallFailure): number =>
  failure._tag === "ClerkRateLimited" ? costs.throttled : costs.transient

/** The budget after a success, which returns what its last retry cost, or a little when it needed none. */
export const earned = (tokens: number, lastCost: number | undefined): number =>
  Math.min(fullBudget, tokens + (lastCost ?? reward))

/** The one date form HTTP still sends. See RFC 9110, 5.6.7. */
const imfFixdate =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} GMT$/

const dateOf = (text: string | null | undefined): number | undefined => {
  if (typeof text !== "string" || !imfFixdate.test(text)) return undefined
  const millis = Date.parse(text)
  return Number.isNaN(millis) ? undefined : millis
}

/**
 * Returns the milliseconds in `Retry-After`, which has whole seconds or a date. A date counts from the `Date` of the
 * response, so that a wrong clock here does not matter. Any other value counts as absent.
 */
export const retryAfterMillis = (
  headers: Pick<ResponseHeaders, "get">,
  nowMillis: number
): number | undefined => {
  const text = headers.get("retry-after")?.trim()
  if (text === undefined) return undefined
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1000
  const until = dateOf(text)
  if (until === undefined) return undefined
  return Math.max(0, until - (dateOf(headers.get("date")) ?? nowMillis))
}
