/**
 * The settings a Clerk call runs under: how many attempts, how long one may take, how long all may take.
 *
 * A client has a policy; `standard` is the one it has when nothing else is said.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"

/**
 * A setting that is absent sets no bound: without `attempts` a call is made once, without `timeout` or
 * `deadline` it may take for ever.
 *
 * @since 0.1.0
 * @category models
 */
export interface Settings {
  /** How many requests one call may make, 1 to 10; 1 is no retry. */
  readonly attempts?: number | undefined
  /** How long one request may take, from connecting to the last byte of the answer. */
  readonly timeout?: Duration.DurationInput | undefined
  /** How long the call may take in all: every attempt and every wait between them. */
  readonly deadline?: Duration.DurationInput | undefined
}

/**
 * Three attempts, 10 seconds each, 30 seconds in all.
 *
 * @since 0.1.0
 * @category settings
 */
export const standard: Settings = { attempts: 3, timeout: "10 seconds", deadline: "30 seconds" }
