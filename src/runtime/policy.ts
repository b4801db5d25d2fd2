import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type Reference, reference, updateContext } from "#major/context.js"
import { type DurationInput, readDuration } from "#major/time.js"
import { type Limits, readPolicy, timeLimit, unlimited } from "../core/call/policy.js"
import { inField, RuleBreak } from "../core/input.js"
import type { Priority } from "../core/model.js"

/**
 * A retry that is about to happen.
 *
 * @since 4.0.0
 * @category models
 */
export interface RetryEvent {
  /** The name of the operation: `Sessions.get`. */
  readonly operation: string
  /** The number of the attempt that failed, from 1. */
  readonly attempt: number
  /** The `_tag` of the failure: `ClerkServerError`. */
  readonly failure: string
  /** The wait before the next attempt. */
  readonly delay: Duration.Duration
}

/**
 * The retries and time limits of calls. A call takes an absent setting from the next outer combinator, then from its
 * client.
 *
 * If none of them sets it, the defaults below apply. A client without a `policy` has `RequestPolicy.standard`.
 *
 * @since 4.0.0
 * @category models
 */
export interface Settings {
  /** The number of requests that one call may make, 1 to 10. With 1 there is no retry. Default 1. */
  readonly maxAttempts?: number | undefined
  /**
   * The time limit of one request, from the connection to the last byte of the response, such as `"10 seconds"`. A
   * number counts milliseconds. Default: no limit.
   */
  readonly timeout?: DurationInput | undefined
  /**
   * The time limit of one call with all its attempts and the waits between them, such as `"30 seconds"`. A number
   * counts milliseconds. Default: no limit.
   */
  readonly deadline?: DurationInput | undefined
  /**
   * Runs before the wait of each retry, for your logs and metrics. Its time counts towards `deadline`. Default: none.
   */
  readonly onRetry?: ((event: RetryEvent) => Effect.Effect<void>) | undefined
  /**
   * The priority of the call for a rate limiter, such as `FleetLimit`. Without one it has no effect. Default
   * `interactive`.
   */
  readonly priority?: Priority | undefined
}

export const standard: Settings = { maxAttempts: 3, timeout: "10 seconds", deadline: "30 seconds" }

type Hook = NonNullable<Settings["onRetry"]>

/** A policy as the call loop reads it. */
export type PolicyLimits = Limits<Hook>

/** Converts a duration to milliseconds. Returns `undefined` for any other value. */
export const toMillis = (duration: unknown): number | undefined =>
  Option.match(readDuration(duration), {
    onNone: () => undefined,
    onSome: Duration.toMillis
  })

/** Reads a time limit, in milliseconds. */
export const readLimit = (field: "timeout" | "deadline", limit: unknown): number | RuleBreak => {
  const millis = timeLimit(toMillis)(limit)
  return millis instanceof RuleBreak ? inField(`policy.${field}`, millis) : millis
}

/** Checks settings and converts those that are given. A rule names the setting alone: `timeout`. */
export const readSettings = (settings: unknown): Partial<PolicyLimits> | RuleBreak =>
  readPolicy<Hook>(settings, toMillis, (millis) => Duration.format(Duration.millis(millis)))

/** The limits of a client's policy. A client without a policy has no limits. */
export const clientLimits = (policy: unknown): PolicyLimits | RuleBreak => {
  if (policy === undefined) return unlimited
  const given = readSettings(policy)
  return given instanceof RuleBreak ? inField("policy", given) : { ...unlimited, ...given }
}

/** What the combinators around a call set, each over those further out. */
export interface PolicyOverrides extends Partial<PolicyLimits> {
  /** When a deadline around several calls ends, on the monotonic clock. */
  readonly endsAtNanos?: bigint | undefined
  /** A setting that breaks a rule. The first call inside fails with it. */
  readonly broken?: RuleBreak | undefined
}

const none: PolicyOverrides = {}

/** The overrides in a context. A call without any pays one look-up. */
export const Overrides: Reference<PolicyOverrides> = /*#__PURE__*/ reference(
  "effect-clerk/services/RequestPolicy",
  () => none
)

/** Runs an effect with other settings for the calls inside. */
export const override =
  (set: (outer: PolicyOverrides) => PolicyOverrides) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    updateContext(self, (context: Context.Context<R>) =>
      Context.add(context, Overrides, set(Context.get(context, Overrides)))
    )
