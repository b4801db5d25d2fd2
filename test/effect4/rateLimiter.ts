import { RateLimiterError, RateLimitStoreError } from "effect/persistence/RateLimiter"

/** The error of a store that has failed. */
export const storeFailure = (message: string): RateLimiterError =>
  new RateLimiterError({ reason: new RateLimitStoreError({ message }) })
