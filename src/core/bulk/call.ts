/*
 * What a failed call means for a bulk job. The job ends, has nothing left to do, makes another attempt, or lists the user
 * as failed. A job has minutes where a call has seconds, so it waits longer and retries more than a call does.
 */

/** The attempts of one request before its user is listed as failed. */
export const maxAttempts = 10

export const failureReasons = [
  "invalid-request",
  "rate-limited",
  "rejected",
  "server-error",
  "sessions-remain",
  "timeout",
  "transport",
  "unreadable"
] as const

/**
 * Why a user is listed as failed, after 10 attempts unless another attempt could not succeed:
 * - `rate-limited`, `server-error`, `timeout`, `transport`: no request to Clerk succeeded;
 * - `rejected`: Clerk rejected a request with another status;
 * - `unreadable`: a response was not Clerk's, such as the page of a gateway;
 * - `invalid-request`: the id cannot be an id of Clerk, or a policy around the call is invalid;
 * - `sessions-remain`: the user has more than 500 sessions, and each of 5 passes found more to end.
 *
 * @since 4.0.0
 * @category models
 */
export type FailureReason = (typeof failureReasons)[number]

/**
 * A user who is listed as failed: a session up to the cutoff may be active or pending.
 *
 * @since 4.0.0
 * @category models
 */
export interface FailedUser {
  /** The id, as the source returned it. */
  readonly userId: string
  /** Why. See `FailureReason`. */
  readonly reason: FailureReason
}

/** What a job knows of a failed call. */
export interface FailedCall {
  readonly _tag: string
  /** The status of the response, if there was one. */
  readonly status?: number | undefined
  readonly retryAfterMillis?: number | undefined
  /** The reason of a `ClerkTransportError`. */
  readonly reason?: string | undefined
}

export type Verdict =
  /** No call of the job can succeed. */
  | { readonly _tag: "Stop" }
  /** The user or the session does not exist. */
  | { readonly _tag: "Gone" }
  | { readonly _tag: "Retry"; readonly millis: number }
  | { readonly _tag: "GiveUp"; readonly reason: FailureReason }

const base = 500
const cap = 30_000
const maxHint = 300_000

/**
 * The milliseconds before attempt `attempt + 1`: between half and all of an exponential bound. It is never shorter than
 * what the server requires, up to 5 minutes. `chance` is a random number from 0 to 1.
 */
export const waitMillis = ({ retryAfterMillis = 0 }: FailedCall, attempt: number, chance: number): number => {
  const bound = Math.min(base * 2 ** (attempt - 1), cap)
  const hint = Math.min(retryAfterMillis, maxHint)
  return Math.round(Math.max(bound / 2, hint) + (chance * bound) / 2)
}

const reasonOf = ({ _tag, status }: FailedCall): FailureReason => {
  if (_tag === "ClerkInvalidRequest") return "invalid-request"
  if (_tag === "ClerkTimeout") return "timeout"
  if (_tag === "ClerkTransportError") return "transport"
  if (_tag === "ClerkDecodeError") return "unreadable"
  if (status === 429) return "rate-limited"
  return status !== undefined && status >= 500 ? "server-error" : "rejected"
}

/** Whether the same request would fail again in the same way. */
const isFinal = ({ _tag, status }: FailedCall): boolean =>
  _tag === "ClerkInvalidRequest" ||
  // A page of a gateway can have any status, and the next attempt may reach Clerk.
  (_tag !== "ClerkDecodeError" &&
    status !== undefined &&
    status < 500 &&
    status !== 408 &&
    status !== 409 &&
    status !== 429)

/** Whether no call can be made, because the store of the secret key rejects the read or has no secret key. */
export const isWithoutKey = ({
  _tag,
  reason
}: {
  readonly _tag: string
  readonly reason?: string | undefined
}) => _tag === "ClerkTransportError" && reason === "secret-key-rejected"

/** Decides what follows a failed call. `attempt` counts from 1. */
export const verdictOn = (failed: FailedCall, attempt: number, chance: number): Verdict => {
  const { _tag, status } = failed
  if (_tag === "ClerkUnauthorized" || _tag === "ClerkForbidden" || isWithoutKey(failed))
    return { _tag: "Stop" }
  if (status === 404 && _tag !== "ClerkDecodeError") return { _tag: "Gone" }
  return isFinal(failed) || attempt >= maxAttempts
    ? { _tag: "GiveUp", reason: reasonOf(failed) }
    : { _tag: "Retry", millis: waitMillis(failed, attempt, chance) }
}
