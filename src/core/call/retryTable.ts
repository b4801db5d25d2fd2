import type { Kind, Sent, TransportReason } from "../model.js"

/**
 * What may be tried again. Both lists allow: whatever is not on them is not retried.
 *
 * A request that never left may be repeated by every kind of operation, and so may one that was turned away
 * unread (429). When Clerk may have acted, a `once` operation is never repeated: a second `create` makes a second
 * session, a second `refresh` finds its token consumed.
 */
const passingReasons: ReadonlySet<TransportReason> = new Set<TransportReason>([
  "dns",
  "refused",
  "unreachable",
  "connect-timeout",
  "proxy",
  "reset",
  "closed",
  "incomplete-body",
  "response-timeout"
])

/** The kinds that may be retried when Clerk may have acted. A kind that is neither here nor `once` is never retried. */
const idempotentKinds: ReadonlySet<unknown> = new Set<Kind>(["read", "idempotent"])

export const isIdempotent = (kind: Kind): boolean => idempotentKinds.has(kind)

const isUnsentRetryable = (kind: Kind): boolean => kind === "once" || isIdempotent(kind)

/** 520 to 524 are Cloudflare's, which stands in front of Clerk. */
const passingStatuses: ReadonlySet<number> = new Set([408, 500, 502, 503, 504, 520, 521, 522, 523, 524])

export const isFaultRetryable = (kind: Kind, reason: TransportReason, sent: Sent): boolean =>
  passingReasons.has(reason) && (sent === "no" ? isUnsentRetryable(kind) : isIdempotent(kind))

export const isStatusRetryable = (kind: Kind, status: number): boolean =>
  status === 429 ? isUnsentRetryable(kind) : isIdempotent(kind) && passingStatuses.has(status)
