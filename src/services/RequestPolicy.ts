/**
 * The settings a Clerk call runs under: the number of attempts, the time limit of one attempt, the time limit of the call.
 *
 * Settings are data for a client (`policy`), and combinators for an effect: one call, or a program with many. A
 * combinator retries nothing by itself. It configures the calls inside, so a program never runs twice because its last
 * call failed, and retries never multiply. For each setting the combinator nearest to the call wins, then outer ones,
 * then the client's policy.
 *
 * @example
 * ```ts
 * import { Effect, flow } from "effect"
 * import { RequestPolicy, Sessions } from "effect-clerk"
 *
 * const patient = flow(RequestPolicy.retry({ maxAttempts: 5 }), RequestPolicy.deadline("1 minute"))
 *
 * export const program = Effect.gen(function* () {
 *   const session = yield* Sessions.get("sess_123").pipe(RequestPolicy.timeout("2 seconds"))
 *   return yield* Sessions.revoke(session.id)
 * }).pipe(patient)
 * ```
 *
 * @since 0.1.0
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
 * Three attempts, 10 seconds each, 30 seconds in all. The default of a client.
 *
 * @since 0.1.0
 * @category settings
 */
export const standard: Policy.Settings = Policy.standard

/**
 * Runs the calls inside under these settings, as if they were their client's. With an invalid setting, the first call
 * inside fails with `ClerkInvalidRequest`.
 *
 * @since 0.1.0
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
 * Sets how many attempts each call inside may make, where its kind allows a retry. `maxAttempts` counts the first request
 * too, 1 to 10: `{ maxAttempts: 3 }` retries at most twice.
 *
 * @since 0.1.0
 * @category combinators
 */
export const retry = (
  settings: Pick<Policy.Settings, "maxAttempts" | "onRetry">
): (<A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) => use(settings)

/**
 * Sets the time limit of each request inside, from connecting to the last byte of the response.
 *
 * @since 0.1.0
 * @category combinators
 */
export const timeout = (
  limit: DurationInput
): (<A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) => use({ timeout: limit })

/**
 * Sets a time limit for everything inside together. Each call knows the time that is left: it does not begin a wait that
 * would outlast it. When the limit runs out, the effect is interrupted and fails with `ClerkTimeout`. It replaces the
 * client's `deadline`, which is a limit for each call.
 *
 * @since 0.1.0
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
 * Sets who waits first for a rate limiter, such as `FleetLimit`: somebody waits for `interactive` calls, and `bulk` calls
 * take what is left. Without a rate limiter it changes nothing.
 *
 * @since 0.1.0
 * @category combinators
 */
export const priority = (
  priority: Priority
): (<A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) => use({ priority })

/**
 * Allows one attempt for each call inside. The time limits stay.
 *
 * @since 0.1.0
 * @category combinators
 */
export const noRetry: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = /*#__PURE__*/ use({
  maxAttempts: 1
})

/**
 * Allows one attempt without a time limit for each call inside, regardless of the client and of outer combinators. The
 * end of an outer `deadline` still interrupts, and the priority stays.
 *
 * @since 0.1.0
 * @category combinators
 */
export const none: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> =
  /*#__PURE__*/ Policy.override(({ priority }) =>
    priority === undefined ? unlimited : { ...unlimited, priority }
  )
