/**
 * Keeps all processes that share a secret key below Clerk's rate limit.
 *
 * @since 4.0.0
 */
export * as FleetLimit from "./FleetLimit.js"
