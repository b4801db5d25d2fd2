/**
 * Rejects the tokens of revoked sessions at once, in one process or in all processes over Redis.
 *
 * @since 4.0.0
 */
export {
  type ChangeError,
  type LifetimeOptions,
  type RevocableClaims,
  Revocations,
  type RevocationsService
} from "../services/Revocations.js"
export * as RevocationsRedis from "./RevocationsRedis.js"
