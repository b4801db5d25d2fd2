import type * as Duration from "effect/Duration"
import type { RateLimiterError } from "effect/persistence/RateLimiter"

export * from "effect/persistence/RateLimiter"

/** The time until the tokens are available, if the limit is exceeded. `undefined` if the store failed. */
export const retryAfterOf = ({ reason }: RateLimiterError): Duration.Duration | undefined =>
  reason._tag === "RateLimitExceeded" ? reason.retryAfter : undefined
