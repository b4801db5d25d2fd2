/**
 * The settings a Clerk call runs under: how many attempts, how long one may take, how long all may take.
 *
 * They are data for a client (`policy`), and combinators for an effect: one call, or a program with many. A
 * combinator repeats nothing by itself. It tells the calls inside what to do, so a program is never run twice
 * because its last call failed, and retries never multiply. For each setting the combinator nearest to the call
 * wins, then outer ones, then the client's policy.
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
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { readLimit, readSettings, unlimited } from "../core/call/policy.js"
import { ClerkTimeout } from "../errors/CallErrors.js"
import { override } from "../runtime/policyOverrides.js"

/**
 * A retry that is about to happen.
 *
 * @since 0.1.0
 * @category models
 */
export interface RetryEvent {
  /** The operation's name, as in `Sessions.get`. */
  readonly operation: string
  /** The attempt that failed, from 1. */
  readonly attempt: number
  /** The `_tag` of its failure. */
  readonly failure: string
  /** How long is waited before the next one. */
  readonly delay: Duration.Duration
}

/**
 * The settings a call runs under. A call takes an absent setting from the next outer combinator, then from the client.
 * The defaults below hold if none of them sets it. `RequestPolicy.standard` is the default of a client.
 *
 * @since 0.1.0
 * @category models
 */
export interface Settings {
  /** The number of requests one call may make, 1 to 10. 1 means no retry. Default 1. */
  readonly maxAttempts?: number | undefined
  /**
   * The time limit of one request, from connecting to the last byte of the response. A bare number counts milliseconds:
   * `10` is 10 ms, `"10 seconds"` is what a call needs. Default: no limit.
   */
  readonly timeout?: Duration.DurationInput | undefined
  /**
   * The time limit of one call: every attempt and every wait between them. A bare number counts milliseconds. Default: no
   * limit.
   */
  readonly deadline?: Duration.DurationInput | undefined
  /** Runs before each wait, for your own logs and metrics. Its time counts towards `deadline`. Default: none. */
  readonly onRetry?: ((event: RetryEvent) => Effect.Effect<void>) | undefined
}

/**
 * Three attempts, 10 seconds each, 30 seconds in all: what a client does when nothing else is said.
 *
 * @since 0.1.0
 * @category settings
 */
export const standard: Settings = { maxAttempts: 3, timeout: "10 seconds", deadline: "30 seconds" }

/**
 * Runs the calls inside under these settings, as if they were their client's. A setting that breaks a rule is a
 * `ClerkInvalidRequest` of the first call it concerns.
 *
 * @since 0.1.0
 * @category combinators
 */
export const use = (
  settings: Settings
): (<A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) =>
  Either.match(readSettings(settings), {
    onLeft: (broken) => override((outer) => ({ ...outer, broken })),
    onRight: (given) => override((outer) => ({ ...outer, ...given }))
  })

/**
 * How often each call inside may be attempted, where its kind allows a repetition at all. `maxAttempts` counts the first
 * request too, 1 to 10: `{ maxAttempts: 3 }` repeats at most twice.
 *
 * @since 0.1.0
 * @category combinators
 */
export const retry = (
  settings: Pick<Settings, "maxAttempts" | "onRetry">
): (<A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) => use(settings)

/**
 * How long each request inside may take, from connecting to the last byte of the answer.
 *
 * @since 0.1.0
 * @category combinators
 */
export const timeout = (
  limit: Duration.DurationInput
): (<A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) => use({ timeout: limit })

/**
 * How long everything inside may take together. Each call knows what is left of it: it does not begin a wait that
 * would outlast it, and what is running when it ends is interrupted. It stands in for the client's `deadline`,
 * which is a limit for each call.
 *
 * @since 0.1.0
 * @category combinators
 */
export const deadline =
  (limit: Duration.DurationInput) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | ClerkTimeout, R> =>
    Either.match(readLimit("deadline", limit), {
      onLeft: (broken): Effect.Effect<A, E | ClerkTimeout, R> =>
        override((outer) => ({ ...outer, broken }))(self),
      onRight: (millis) =>
        Clock.clockWith((clock) => {
          // A call that runs out can tell more than this can, so it is given the last millisecond.
          const endsAtNanos = clock.unsafeCurrentTimeNanos() + BigInt(Math.round((millis - 1) * 1_000_000))
          return self.pipe(
            override((outer) => ({
              ...outer,
              deadlineMillis: unlimited.deadlineMillis,
              endsAtNanos:
                outer.endsAtNanos !== undefined && outer.endsAtNanos < endsAtNanos
                  ? outer.endsAtNanos
                  : endsAtNanos
            })),
            Effect.timeoutFail({
              duration: millis,
              onTimeout: () =>
                new ClerkTimeout(
                  {
                    operation: "RequestPolicy.deadline",
                    attempts: 0,
                    phase: "deadline",
                    sent: "maybe",
                    limit: Duration.millis(millis)
                  },
                  true
                )
            })
          )
        })
    })

/**
 * One attempt for each call inside; time limits stay as they are.
 *
 * @since 0.1.0
 * @category combinators
 */
export const noRetry: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = /*#__PURE__*/ use({
  maxAttempts: 1
})

/**
 * One attempt and no time limit for each call inside, whatever the client or an outer combinator says (the end of
 * an outer `deadline` still interrupts).
 *
 * @since 0.1.0
 * @category combinators
 */
export const none: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = /*#__PURE__*/ override(
  () => unlimited
)
