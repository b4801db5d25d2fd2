import type * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { serviceBy } from "#major/context.js"
import { millisOf, serviceIn, withFiber } from "#major/fiber.js"
import { construct } from "#major/schemas.js"
import { broken, type RuleBreak } from "../core/input.js"
import { type Change, isId } from "../core/revocations/change.js"
import type { Denials } from "../core/revocations/denials.js"
import { ClerkInvalidRequest } from "../errors/CallErrors.js"
import type { ClerkKeysUnavailable } from "../errors/TokenErrors.js"
import type { SessionId, UserId } from "../schema/Ids.js"

/**
 * The claims that decide whether a token is rejected. `SessionClaims` has them.
 *
 * @since 4.0.0
 * @category models
 */
export interface RevocableClaims {
  /** The id of the session (`sid`). */
  readonly sessionId: string
  /** The id of the user (`sub`). */
  readonly userId: string
  /** When the token was issued (`iat`). */
  readonly issuedAt: DateTime.Utc
}

/**
 * The errors of a change.
 *
 * With `ClerkKeysUnavailable` (reason `revocations`) the change is in effect in this process, which resends it until
 * the store has it. With `ClerkInvalidRequest` an id is malformed, and nothing has changed.
 *
 * @since 4.0.0
 * @category errors
 */
export type ChangeError = ClerkKeysUnavailable | ClerkInvalidRequest

/**
 * The service behind `Revocations`, which knows the revoked sessions and the held users.
 *
 * @since 4.0.0
 * @category models
 */
export interface RevocationsService {
  /** Returns whether the token is rejected, by the copy in this process. It makes two look-ups and no request. */
  readonly isRevoked: (claims: RevocableClaims) => boolean
  /**
   * Returns whether the copy in this process is too old to accept tokens. Always `false` with `whenStale: "accept"`,
   * and in memory.
   */
  readonly isUnavailable: () => boolean
  /**
   * Rejects all tokens of one or more sessions. Succeeds when the store has the entry, so a webhook can respond with
   * 2xx after it.
   *
   * The entry lives for `tokenLifetime` plus 5 minutes of clock skew, which each process counts from receipt. `until`
   * makes it live longer, up to `holdLimit`.
   */
  readonly revoke: (
    sessionIds: SessionId | string | ReadonlyArray<SessionId | string>,
    until?: DateTime.Utc
  ) => Effect.Effect<void, ChangeError>
  /**
   * Rejects all tokens of these users until `release`, or for `holdLimit`. A job holds users while it revokes their
   * sessions, because browsers get new tokens for a session in that time.
   *
   * A token does not say when its session was created. So a hold also rejects the tokens of a sign-in after `cutoff`,
   * until the release. Tokens issued up to `cutoff` stay rejected after the release, as long as the entry lives.
   */
  readonly holdUsers: (
    userIds: ReadonlyArray<UserId | string>,
    cutoff: DateTime.Utc
  ) => Effect.Effect<void, ChangeError>
  /** Ends all holds of these users. Call it after you revoked their sessions. */
  readonly release: (userIds: ReadonlyArray<UserId | string>) => Effect.Effect<void, ChangeError>
  /** The time since the copy in this process was last complete. Infinite before the first time, and zero in memory. */
  readonly lag: Effect.Effect<Duration.Duration>
}

/** The key of the service in a context. */
export const revocationsKey = "effect-clerk/services/Revocations"

/** By its key, because the class would add its layers to every bundle. */
export const revocations = /*#__PURE__*/ serviceBy<never, RevocationsService>(revocationsKey)

const idsFlaw = (ids: ReadonlyArray<unknown>): RuleBreak | undefined =>
  Array.isArray(ids) && ids.every(isId)
    ? undefined
    : broken("must be ids of Clerk, of up to 128 letters, digits, _ and -")

/**
 * Sends a change that is applied here to other processes. When the outer effect returns, the change is accepted. The inner
 * effect waits until the store has it.
 */
export type Publish = (change: Change) => Effect.Effect<Effect.Effect<void, ClerkKeysUnavailable>>

/** Makes the service over the denials of a process. */
export const makeRevocations = (
  denials: Denials,
  clock: Clock.Clock,
  publish: Publish,
  copy: Pick<RevocationsService, "isUnavailable" | "lag">
): RevocationsService => {
  const change = (
    operation: string,
    field: string,
    ids: ReadonlyArray<string>,
    make: (now: number) => Change
  ): Effect.Effect<void, ChangeError> =>
    // An interruption ends only the wait, because a change that is in effect here must reach the other processes.
    Effect.uninterruptibleMask((restore): Effect.Effect<void, ChangeError> => {
      const flaw = idsFlaw(ids)
      if (flaw !== undefined) {
        const fields = { operation: `Revocations.${operation}`, attempts: 0, field, rule: flaw.rule }
        return Effect.fail(construct(ClerkInvalidRequest, { ...fields, retryable: false }))
      }
      if (ids.length === 0) return Effect.void
      const now = millisOf(clock)
      const made = make(now)
      denials.apply(made, now)
      return Effect.flatMap(publish(made), restore)
    })
  return {
    ...copy,
    isRevoked: (claims) => denials.has(claims, DateTime.toEpochMillis, millisOf(clock)),
    revoke: (sessionIds, until) => {
      const ids = typeof sessionIds === "string" ? [sessionIds] : [...sessionIds]
      return change("revoke", "sessionIds", ids, (now) => {
        const ttl = until === undefined ? 0 : DateTime.toEpochMillis(until) - now
        return { type: "revoke", ids, ttl: Math.max(0, ttl) }
      })
    },
    holdUsers: (userIds, cutoff) => {
      const ids = [...userIds]
      return change("holdUsers", "userIds", ids, () => ({
        type: "hold",
        ids,
        ttl: denials.longest,
        cutoff: Math.max(0, DateTime.toEpochMillis(cutoff))
      }))
    },
    release: (userIds) => {
      const ids = [...userIds]
      return change("release", "userIds", ids, () => ({ type: "release", ids }))
    }
  }
}

/** The service of the context, or `undefined` where it has none. */
export const presentRevocations: Effect.Effect<RevocationsService | undefined> = /*#__PURE__*/ withFiber(
  (fiber) => Effect.succeed(serviceIn(fiber, revocations))
)

/**
 * Records a session that Clerk has revoked. A failure of the store does not make the call fail. The session is revoked at
 * Clerk and denied in this process, which resends the entry.
 */
export const recordRevoked = (service: RevocationsService, sessionId: string): Effect.Effect<void> =>
  Effect.matchEffect(service.revoke(sessionId), {
    onFailure: ({ message }) =>
      Effect.logWarning(`Sessions.revoke: the session is revoked, but not all processes know: ${message}`),
    onSuccess: () => Effect.void
  })
