import { type RateLimiterError, RateLimitStoreError } from "@effect/experimental/RateLimiter"

/** The error of a store that has failed. */
export const storeFailure = (message: string): RateLimiterError => new RateLimitStoreError({ message })
