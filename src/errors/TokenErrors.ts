/**
 * A token was not accepted, or could not be judged.
 *
 * The two must not be mixed up: a bad token is the caller's affair (401), keys that cannot be had are the server's
 * (503). As errors of an `HttpApi` both carry their status.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { withJson } from "../internal/errorClass.js"
import { httpApiStatus } from "../internal/httpApiStatus.js"

/**
 * Why a token was refused. Of its form, before anything is believed:
 * - `format`: it is not a compact JWS as RFC 7515 writes it, or too long;
 * - `header`, `alg`, `typ`: the header asks for what is not supported (`crit`, `b64`), for another algorithm than
 *   RS256, or for another type than `JWT`;
 * - `category`: it is a token of another class: of a template, of a machine;
 * - `kid`: no key of the instance has this id;
 * - `signature`: the signature does not match.
 *
 * Of its claims, once the signature is known to be good:
 * - `exp`, `nbf`, `iat`: it is expired, not valid yet, or issued in the future; or the claim is not a time;
 * - `sub`, `sid`, `iss`, `azp`, `aud`: the claim is missing, malformed, or not what was asked for;
 * - `sts`: the session is pending, that is, its user has tasks left, or its status cannot be read;
 * - `claims`: your own schema rejected the claims (`issues` says where).
 *
 * Of a request to a server:
 * - `missing`: it carries no token;
 * - `origin`: it carries one in a cookie, but comes from another site.
 *
 * @since 0.1.0
 * @category models
 */
export type TokenReason = typeof TokenReason.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const TokenReason = Schema.Literal(
  "format",
  "header",
  "alg",
  "typ",
  "category",
  "kid",
  "signature",
  "exp",
  "nbf",
  "iat",
  "sub",
  "sid",
  "iss",
  "azp",
  "aud",
  "sts",
  "claims",
  "missing",
  "origin"
)

const reasonMessages: Readonly<Record<TokenReason, string>> = {
  format: "it is not a well-formed signed token",
  header: "its header asks for something unsupported",
  alg: "it is not signed with RS256",
  typ: "its type is not JWT",
  category: "it is a token of another category",
  kid: "no key of the instance has its key id",
  signature: "its signature does not match",
  exp: "its expiry is not a valid time",
  nbf: "its start is not a valid time",
  iat: "its time of issue is not a valid time",
  sub: "it names no user",
  sid: "it names no session",
  iss: "it is from another issuer",
  azp: "it was issued to another party",
  aud: "it is meant for another audience",
  sts: "its session is pending",
  claims: "its claims do not have the expected shape",
  missing: "there is none",
  origin: "it came in a cookie from another origin"
}

/**
 * A token was refused. `reason` says why; the other fields, present where they explain it, hold the times or the
 * parties that were compared. The token itself is nowhere in it.
 *
 * Its status in an `HttpApi` is 401.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkTokenError extends withJson(
  Schema.TaggedError<ClerkTokenError>()(
    "ClerkTokenError",
    {
      reason: TokenReason,
      /** With `exp`: when the token expired. */
      expiresAt: Schema.optional(Schema.DateTimeUtc),
      /** With `nbf`: when the token begins to be valid. */
      notBefore: Schema.optional(Schema.DateTimeUtc),
      /** With `iat` and `exp`: when it says it was issued. */
      issuedAt: Schema.optional(Schema.DateTimeUtc),
      /** With a time: what the clock here said. */
      checkedAt: Schema.optional(Schema.DateTimeUtc),
      /** With a time: how far clocks may be apart. */
      clockSkew: Schema.optional(Schema.DurationFromMillis),
      /** With `azp`, `iss`, `aud`: what the token says; absent when it says nothing. */
      actual: Schema.optional(Schema.Array(Schema.String)),
      /** With `azp`, `iss`, `aud`: the values expected. Absent with `azp` when the authorized parties are a predicate. */
      expected: Schema.optional(Schema.Array(Schema.String)),
      /** With `claims`: where the claims are not as expected, and what was; never what was found. */
      issues: Schema.optional(Schema.Array(Schema.Struct({ path: Schema.String, expected: Schema.String })))
    },
    httpApiStatus(401)
  )
) {
  /** Whether the token was good and has merely run out, so that a fresh one will do. */
  get isExpired(): boolean {
    return this.reason === "exp" && this.expiresAt !== undefined
  }

  override get message(): string {
    return `the token is refused (${this.reason}): ${explanation(this)}`
  }
}

const explanation = (error: ClerkTokenError): string => {
  const { actual, checkedAt, expected, expiresAt, issuedAt, issues, notBefore, reason } = error
  const at = (time: DateTime.Utc) =>
    checkedAt === undefined
      ? DateTime.formatIso(time)
      : `${DateTime.formatIso(time)}, and here it is ${DateTime.formatIso(checkedAt)}`
  if (error.isExpired && expiresAt !== undefined) return `it expired at ${at(expiresAt)}`
  if (reason === "nbf" && notBefore !== undefined) return `it is valid from ${at(notBefore)}`
  if (reason === "iat" && issuedAt !== undefined) return `it was issued at ${at(issuedAt)}`
  const shown = issues?.slice(0, 3).map(({ path, expected }) => `${path || "the claims"}: ${expected}`) ?? []
  const details = [
    ...(expected === undefined ? [] : [`expected ${expected.join(" or ")}`]),
    ...(actual === undefined ? [] : [`it says ${actual.join(", ")}`]),
    ...shown
  ]
  return details.length === 0 ? reasonMessages[reason] : `${reasonMessages[reason]} (${details.join("; ")})`
}

/**
 * Why keys could not be had:
 * - `unreachable`: no answer, or none in time;
 * - `rejected`: Clerk refused the request: the secret key is wrong or may not read keys;
 * - `failing`: Clerk answered 429 or 5xx;
 * - `invalid`: the answer is not a key set, is too large, has too many keys or two of one id;
 * - `empty`: the set has no key that may be used.
 *
 * @since 0.1.0
 * @category models
 */
export type KeysUnavailableReason = typeof KeysUnavailableReason.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const KeysUnavailableReason = Schema.Literal("unreachable", "rejected", "failing", "invalid", "empty")

const unavailableMessages: Readonly<Record<KeysUnavailableReason, string>> = {
  unreachable: "Clerk does not answer",
  rejected: "Clerk refuses the secret key",
  failing: "Clerk cannot answer now",
  invalid: "the answer is not a usable key set",
  empty: "the key set has no usable key"
}

/** Up; the milliseconds are rounded first, because their encoded form is a float. */
const wholeSeconds = (duration: Duration.Duration) =>
  Math.ceil(Math.round(Duration.toMillis(duration)) / 1000)

/**
 * The instance's public keys could not be had, so that nothing can be said about the token: it may be good.
 *
 * Its status in an `HttpApi` is 503.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkKeysUnavailable extends withJson(
  Schema.TaggedError<ClerkKeysUnavailable>()(
    "ClerkKeysUnavailable",
    {
      reason: KeysUnavailableReason,
      /** The `_tag` of the call that failed, when one did. */
      failure: Schema.optional(Schema.String),
      /** When the keys will be asked for again at the earliest. */
      retryAfter: Schema.optional(Schema.DurationFromMillis),
      /** Whether waiting can help; not when the secret key is refused. */
      retryable: Schema.Boolean
    },
    httpApiStatus(503)
  )
) {
  override get message(): string {
    const failure = this.failure === undefined ? "" : ` (${this.failure})`
    const again = this.retryAfter === undefined ? "" : `, next asked for in ${wholeSeconds(this.retryAfter)}s`
    return `the keys that verify tokens are not available: ${unavailableMessages[this.reason]}${failure}${again}`
  }
}
