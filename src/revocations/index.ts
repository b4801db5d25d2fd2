/**
 * @since 0.1.0
 */
export {
  type ChangeError,
  type LifetimeOptions,
  type RevocableClaims,
  Revocations,
  type RevocationsService
} from "../services/Revocations.js"
export * as RevocationsRedis from "./RevocationsRedis.js"
