import type { RateLimiterError } from "@effect/experimental/RateLimiter"
import type * as Duration from "effect/Duration"

export * from "@effect/experimental/RateLimiter"

/** The time until the tokens are there, if the limit is exceeded. `undefined` if the store has failed. */
export const retryAfterOf = (error: RateLimiterError): Duration.Duration | undefined =>
  error.reason === "Exceeded" ? error.retryAfter : undefined
