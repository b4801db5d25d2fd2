/**
 * Sets retries and time limits: for a client, for one call, or for a whole program.
 *
 * Settings are data for a client (`policy`) and combinators for an effect. A combinator configures the calls inside the
 * effect, and never runs the effect itself again. So nested combinators do not multiply the retries. For each setting,
 * the combinator nearest to the call wins, then the outer ones, then the policy of the client.
 *
 * @example
 * ```ts
 * import { Effect, flow } from "effect"
 * import { RequestPolicy, Sessions } from "effect-clerk"
 *
 * const forJobs = flow(RequestPolicy.retry({ maxAttempts: 5 }), RequestPolicy.deadline("1 minute"))
 *
 * export const program = Effect.gen(function* () {
 *   const session = yield* Sessions.get("sess_123").pipe(RequestPolicy.timeout("2 seconds"))
 *   return yield* Sessions.revoke(session.id)
 * }).pipe(forJobs)
 * ```
 *
 * @since 4.0.0
 */

import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import { nanosOf, timeoutFail } from "#major/fiber.js"
import { construct } from "#major/schemas.js"
import type { DurationInput } from "#major/time.js"
import { unlimited } from "../core/call/policy.js"
import { inField, RuleBreak } from "../core/input.js"
import type { Priority } from "../core/model.js"
import { ClerkTimeout } from "../errors/CallErrors.js"
import * as Policy from "../runtime/policy.js"

export type { Priority } from "../core/model.js"
export type { RetryEvent, Settings } from "../runtime/policy.js"

/**
 * The default policy of a client: three attempts of at most 10 seconds each, 30 seconds for the whole call.
 *
 * @since 4.0.0
 * @category settings
 */
export const standard: Policy.Settings = Policy.standard

/**
 * Applies settings to every call inside, as if their client had them. If a setting is invalid, the first call inside
 * fails with `ClerkInvalidRequest`.
 *
 * @since 4.0.0
 * @category combinators
 */
export const use = (
  settings: Policy.Settings
): (<A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) => {
  const given = Policy.readSettings(settings)
  return given instanceof RuleBreak
    ? withFlaw(inField("policy", given))
    : Policy.override((outer) => ({ ...outer, ...given }))
}

const withFlaw = (broken: RuleBreak) => Policy.override((outer) => ({ ...outer, broken }))

/**
 * Sets how many attempts each call inside may make, and a hook that runs before each retry. `maxAttempts` is 1 to 10
 * and counts the first request, so `{ maxAttempts: 3 }` allows two retries.
 *
 * The client retries only where it is safe: see `Operation.Kind`.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { RequestPolicy, Sessions } from "effect-clerk"
 *
 * export const session = Sessions.get("sess_123").pipe(
 *   RequestPolicy.retry({
 *     maxAttempts: 5,
 *     onRetry: ({ attempt, failure }) => Effect.logWarning(`attempt ${attempt} failed with ${failure}`)
 *   })
 * )
 * ```
 *
 * @since 4.0.0
 * @category combinators
 */
export const retry = (
  settings: Pick<Policy.Settings, "maxAttempts" | "onRetry">
): (<A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) => use(settings)

/**
 * Limits each request inside, from the connection to the last byte of the response. A number counts milliseconds.
 *
 * @since 4.0.0
 * @category combinators
 */
export const timeout = (
  limit: DurationInput
): (<A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) => use({ timeout: limit })

/**
 * Limits everything inside together. When the time runs out, the effect is interrupted and fails with `ClerkTimeout`. A
 * number counts milliseconds.
 *
 * The limit replaces the `deadline` of the client, which applies to each call. A call inside knows the time that is
 * left, and does not begin a wait that would exceed it.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { RequestPolicy, Sessions } from "effect-clerk"
 *
 * // Both calls together take at most 5 seconds.
 * export const token = Sessions.get("sess_123").pipe(
 *   Effect.flatMap(({ id }) => Sessions.createToken(id)),
 *   RequestPolicy.deadline("5 seconds")
 * )
 * ```
 *
 * @since 4.0.0
 * @category combinators
 */
export const deadline =
  (limit: DurationInput) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | ClerkTimeout, R> => {
    const millis = Policy.readLimit("deadline", limit)
    if (millis instanceof RuleBreak) return withFlaw(millis)(self)
    return Clock.clockWith((clock) => {
      // The error of a call says more than the one here, so a call has a millisecond less.
      const endsAtNanos = nanosOf(clock) + BigInt(Math.round((millis - 1) * 1_000_000))
      const limited = Policy.override((outer) => ({
        ...outer,
        deadlineMillis: unlimited.deadlineMillis,
        endsAtNanos:
          outer.endsAtNanos !== undefined && outer.endsAtNanos < endsAtNanos ? outer.endsAtNanos : endsAtNanos
      }))(self)
      return timeoutFail(limited, millis, () =>
        construct(ClerkTimeout, {
          operation: "RequestPolicy.deadline",
          attempts: 0,
          phase: "deadline",
          sent: "maybe",
          limit: Duration.millis(millis)
        })
      )
    })
  }

/**
 * Sets the priority of each call inside for a rate limiter, such as `FleetLimit`. Calls that a user waits for are
 * `interactive`, the default. `bulk` calls take the capacity that is left. Without a rate limiter it has no effect.
 *
 * @since 4.0.0
 * @category combinators
 */
export const priority = (
  priority: Priority
): (<A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) => use({ priority })

/**
 * Allows one attempt for each call inside. Time limits stay.
 *
 * @since 4.0.0
 * @category combinators
 */
export const noRetry: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = /*#__PURE__*/ use({
  maxAttempts: 1
})

/**
 * Removes retries and time limits: each call inside makes one attempt, regardless of the client and of outer
 * combinators. An outer `deadline` still interrupts it, and the priority stays.
 *
 * @since 4.0.0
 * @category combinators
 */
export const none: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> =
  /*#__PURE__*/ Policy.override(({ priority }) =>
    priority === undefined ? unlimited : { ...unlimited, priority }
  )
