import type { TokenReason } from "../model.js"

/**
 * The reasons that Clerk's own SDKs give for an outcome, and `session-token-revoked`, for which Clerk has no string. A
 * failed refresh adds its cause: `session-token-expired-refresh-fetch-error`.
 *
 * @since 4.0.0
 * @category models
 */
export type Reason =
  | "client-uat-but-no-session-token"
  | "dev-browser-missing"
  | "dev-browser-sync"
  | "jwk-kid-mismatch"
  | "session-token-and-uat-missing"
  | "session-token-but-no-client-uat"
  | "session-token-expired"
  | `session-token-expired-refresh-${string}`
  | "session-token-iat-before-client-uat"
  | "session-token-iat-in-the-future"
  | "session-token-missing"
  | "session-token-nbf"
  | "session-token-revoked"
  | "token-invalid"
  | "token-invalid-algorithm"
  | "token-invalid-authorized-parties"
  | "token-invalid-issuer"
  | "token-invalid-signature"
  | "token-type-mismatch"
  | "token-verification-failed"

/**
 * Maps the reason of a `ClerkTokenError` to Clerk's own string, so that logs and support requests match those of
 * Clerk's SDKs. For `exp`, an outcome also names why no refresh helped: `session-token-expired-refresh-…`.
 *
 * Clerk has no string for a pending session, and none for a request from another origin. They map to the nearest one.
 *
 * @since 4.0.0
 * @category reasons
 */
export const reasons: { readonly [Each in TokenReason]: Reason } = {
  format: "token-invalid",
  header: "token-invalid",
  alg: "token-invalid-algorithm",
  typ: "token-invalid",
  category: "token-type-mismatch",
  "unknown-key": "jwk-kid-mismatch",
  signature: "token-invalid-signature",
  exp: "session-token-expired",
  nbf: "session-token-nbf",
  iat: "session-token-iat-in-the-future",
  sub: "token-verification-failed",
  sid: "token-type-mismatch",
  iss: "token-invalid-issuer",
  azp: "token-invalid-authorized-parties",
  aud: "token-verification-failed",
  "session-pending": "token-verification-failed",
  claims: "token-verification-failed",
  revoked: "session-token-revoked",
  missing: "session-token-and-uat-missing",
  "cross-origin": "token-invalid-authorized-parties",
  "client-uat-missing": "session-token-but-no-client-uat",
  "client-uat-newer": "session-token-iat-before-client-uat"
}
