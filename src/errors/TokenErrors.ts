/**
 * The errors of token verification.
 *
 * Handle the two differently. `ClerkTokenError` is the caller's error: respond with 401. `ClerkKeysUnavailable` is your
 * server's: respond with 503. An `HttpApi` does so by itself.
 *
 * @since 4.0.0
 */

import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import { DateTimeUtcFromString, literals } from "#major/schemas.js"
import { keysUnavailableReasons, tokenReasons } from "../core/model.js"
import { httpApiStatus, retryAfterText, withJson } from "./errorClass.js"

/**
 * Why a token is invalid.
 *
 * The form of the token, checked before its claims are read:
 * - `format`: it is not a compact JWS (RFC 7515), or it is too long.
 * - `header`: the header is invalid, or has `crit` or `b64`.
 * - `alg`, `typ`: the algorithm is not RS256, or the type is not `JWT`.
 * - `category`: it is a token of another category, such as that of a JWT template or of a machine.
 * - `unknown-key`: the instance has no key with its key id (`kid`).
 * - `signature`: the signature does not match.
 *
 * The claims, checked after the signature:
 * - `exp`, `nbf`, `iat`: the token has expired, is not valid yet, or was issued in the future. Or the claim is not a
 *   time.
 * - `sub`, `sid`, `iss`, `azp`, `aud`: the claim is missing, malformed, or not the expected one.
 * - `session-pending`: the session is pending (the user has tasks to complete), or its status cannot be read.
 * - `claims`: your own schema rejected the claims. `issues` says where.
 * - `revoked`: the session was revoked, or a job holds its user. Checked last, and only with the option `revocations`.
 *
 * The request to your server:
 * - `missing`: it has no token.
 * - `cross-origin`: it has a token in a cookie, but comes from another origin.
 * - `client-uat-missing`: it has a token in a cookie, but the cookie `__client_uat` is missing or says that the user
 *   signed out.
 * - `client-uat-newer`: the token was issued before the user last signed in or out, as `__client_uat` states.
 *
 * @since 4.0.0
 * @category models
 */
export type TokenReason = typeof TokenReason.Type

/**
 * The schema of {@link TokenReason}.
 *
 * @since 4.0.0
 * @category schemas
 */
export const TokenReason = literals(tokenReasons)

const reasonMessages: Readonly<Record<TokenReason, string>> = {
  format: "it is not a well-formed JSON Web Token",
  header: "its header is invalid, or has the unsupported parameter crit or b64",
  alg: "its algorithm (alg) is not RS256",
  typ: "its type (typ) is not JWT",
  category:
    "its category (cat) is not the expected one, which is a session token unless the option category is set",
  "unknown-key":
    "the instance has no key with its key id (kid); check that token and key are of one instance",
  signature: "its signature does not match the key; check that token and key are of one instance",
  exp: "its expiry (exp) is missing or not a valid time",
  nbf: "its start (nbf) is not a valid time",
  iat: "its time of issue (iat) is missing or not a valid time",
  sub: "its user (sub) is missing or not a valid id",
  sid: "its session (sid) is missing or not a valid id",
  iss: "its issuer (iss) is missing or not the expected one",
  azp: "its authorized party (azp) is missing or not accepted by authorizedParties",
  aud: "its audience (aud) is missing or not the expected one",
  "session-pending":
    "its session is pending (the user has tasks to complete), or its status (sts) cannot be read",
  claims: "its claims do not match the schema",
  revoked: "its session was revoked, or its user is held until all sessions are revoked",
  missing:
    "send a bearer token in the Authorization header, or the session cookie where the server reads cookies",
  "cross-origin":
    "the request has a session cookie, but its Origin header is not accepted by authorizedParties",
  "client-uat-missing":
    "the request has a session cookie, but its cookie __client_uat is missing or 0; if a gateway removes that cookie, set requireClientUat to false",
  "client-uat-newer":
    "the session cookie was issued before the last sign-in or sign-out, as the cookie __client_uat states"
}

/**
 * A token is invalid, or a request has none. `reason` says why. An `HttpApi` responds with status 401.
 *
 * The other fields hold the times or values that explain the reason. The error never contains the token.
 *
 * @since 4.0.0
 * @category errors
 */
export class ClerkTokenError extends withJson(
  Schema.TaggedError<ClerkTokenError>()(
    "ClerkTokenError",
    {
      /** Why the token is invalid. */
      reason: TokenReason,
      /** With `exp`: when the token expired. */
      expiresAt: Schema.optional(DateTimeUtcFromString),
      /** With `nbf`: when the token becomes valid. */
      notBefore: Schema.optional(DateTimeUtcFromString),
      /** With `iat` and `exp`: when the token was issued, as it states. */
      issuedAt: Schema.optional(DateTimeUtcFromString),
      /** With `exp`, `nbf` and `iat`: the time on this server's clock. */
      checkedAt: Schema.optional(DateTimeUtcFromString),
      /** With `exp`, `nbf` and `iat`: the accepted difference between the clocks. Milliseconds in the encoded form. */
      clockSkew: Schema.optional(Schema.DurationFromMillis),
      /** With `azp`, `iss` and `aud`: the values in the token. Absent if the token has none. */
      actual: Schema.optional(Schema.Array(Schema.String)),
      /** With `azp`, `iss` and `aud`: the accepted values. Absent with `azp` if `authorizedParties` is a predicate. */
      expected: Schema.optional(Schema.Array(Schema.String)),
      /**
       * With `claims`: where the claims differ from your schema, and what the schema expects there. Never the received
       * value.
       */
      issues: Schema.optional(Schema.Array(Schema.Struct({ path: Schema.String, expected: Schema.String })))
    },
    httpApiStatus(401)
  )
) {
  /** Whether the token was valid and has expired, so that a new token will be accepted. */
  get isExpired(): boolean {
    return this.reason === "exp" && this.expiresAt !== undefined
  }

  override get message(): string {
    const what = this.reason === "missing" ? "No session token in the request" : "Token rejected"
    return `${what} (${this.reason}): ${explanation(this)}`
  }
}

const explanation = (error: ClerkTokenError): string => {
  const { actual, checkedAt, expected, expiresAt, issuedAt, issues, notBefore, reason } = error
  const at = (time: DateTime.Utc) =>
    checkedAt === undefined
      ? DateTime.formatIso(time)
      : `${DateTime.formatIso(time)}, and the clock here reads ${DateTime.formatIso(checkedAt)}`
  if (error.isExpired && expiresAt !== undefined) return `it expired at ${at(expiresAt)}`
  if (reason === "nbf" && notBefore !== undefined) return `it is valid from ${at(notBefore)}`
  if (reason === "iat" && issuedAt !== undefined) return `it was issued at ${at(issuedAt)}`
  const shown =
    issues?.slice(0, 3).map(({ path, expected }) => `${path || "the claims"}: expected ${expected}`) ?? []
  const details = [
    ...(expected === undefined ? [] : [`expected ${expected.join(" or ")}`]),
    ...(actual === undefined ? [] : [`received ${actual.join(", ")}`]),
    ...shown
  ]
  return details.length === 0 ? reasonMessages[reason] : `${reasonMessages[reason]} (${details.join("; ")})`
}

/**
 * Why the keys are unavailable:
 * - `unreachable`: no response came, or none in time.
 * - `rejected`: Clerk rejected the request, because the secret key is invalid or does not allow it.
 * - `failing`: Clerk responded with 429 or 5xx.
 * - `invalid`: the response is not a key set, is larger than 64 KiB, or has two keys with the same id.
 * - `empty`: the key set has no usable key.
 * - `revocations`: the keys are available, but the store of the revocations did not respond.
 *
 * @since 4.0.0
 * @category models
 */
export type KeysUnavailableReason = typeof KeysUnavailableReason.Type

/**
 * The schema of {@link KeysUnavailableReason}.
 *
 * @since 4.0.0
 * @category schemas
 */
export const KeysUnavailableReason = literals(keysUnavailableReasons)

const unavailableMessages: Readonly<Record<KeysUnavailableReason, string>> = {
  unreachable: "no response from Clerk",
  rejected: "Clerk rejected the request; check the secret key",
  failing: "Clerk responded with 429 or 5xx",
  invalid: "the response is not a valid key set",
  empty: "the key set has no usable RS256 key",
  revocations: "the store of revoked sessions did not respond in time; check the connection to Redis"
}

/**
 * The public keys of the instance are unavailable, so a token cannot be verified. It may be valid. An `HttpApi`
 * responds with status 503.
 *
 * With the reason `revocations`, the revocations are unavailable: either it is unknown whether a session was revoked,
 * or a change is not stored yet.
 *
 * @since 4.0.0
 * @category errors
 */
export class ClerkKeysUnavailable extends withJson(
  Schema.TaggedError<ClerkKeysUnavailable>()(
    "ClerkKeysUnavailable",
    {
      /** Why the keys are unavailable. */
      reason: KeysUnavailableReason,
      /** The `_tag` of the error of the failed fetch. Absent if the fetch succeeded. */
      failure: Schema.optional(Schema.String),
      /** The time until the next fetch of the keys. Milliseconds in the encoded form. */
      retryAfter: Schema.optional(Schema.DurationFromMillis),
      /** Whether a later attempt can succeed. `false` if Clerk rejected the secret key. */
      retryable: Schema.Boolean
    },
    httpApiStatus(503)
  )
) {
  override get message(): string {
    const failure = this.failure === undefined ? "" : ` (${this.failure})`
    const what = this.reason === "revocations" ? "Revocations" : "Signing keys"
    return `${what} unavailable (${this.reason}): ${unavailableMessages[this.reason]}${failure}${retryAfterText(this.retryAfter)}`
  }
}
