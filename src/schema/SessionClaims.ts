/**
 * The claims of a verified token, in one form for both versions of Clerk's session tokens.
 *
 * @see https://clerk.com/docs/guides/sessions/session-tokens
 * @since 4.0.0
 */
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type { OrganizationId, SessionId, UserId } from "./Ids.js"

/**
 * The time between the user's last verification of each factor and the issue of the token, in whole minutes (claim
 * `fva`). A factor that the user does not have or did not use is absent.
 *
 * @since 4.0.0
 * @category models
 */
export interface FactorAges {
  /** The age of the first factor (password, email code, …), in whole minutes. */
  readonly first?: Duration.Duration | undefined
  /** The age of the second factor (TOTP, SMS code, …), in whole minutes. */
  readonly second?: Duration.Duration | undefined
}

/**
 * The actor who impersonates the user, or the agent that acts for them (claim `act`). All members of the claim are
 * kept.
 *
 * @since 4.0.0
 * @category models
 */
export interface ActorClaims {
  /** The id of the actor. `unknown` if the claim has no id that can be read. */
  readonly sub: string
  readonly [claim: string]: unknown
}

/**
 * The active organization, and the user's rights in it. A claim that cannot be read grants nothing: its field is absent
 * or empty.
 *
 * @since 4.0.0
 * @category models
 */
export interface OrganizationClaims {
  /** The id of the organization: `org_…` (claim `o.id` or `org_id`). */
  readonly id: OrganizationId
  /** The slug of the organization (claim `o.slg` or `org_slug`). */
  readonly slug?: string | undefined
  /** The user's role: `org:admin` (claim `o.rol` or `org_role`). Absent if the token has no role that can be read. */
  readonly role?: string | undefined
  /** The user's custom permissions: `org:<feature>:<permission>`. Clerk's system permissions are never in a token. */
  readonly permissions: ReadonlyArray<string>
  /** The features of the organization's plan. Empty for tokens of version 1, which do not state them. */
  readonly features: ReadonlyArray<string>
  /** The plan of the organization. Absent if the token states none. */
  readonly plan?: string | undefined
}

/**
 * The claims that every verified token has. A token of a JWT template has no others.
 *
 * @since 4.0.0
 * @category models
 */
export interface TokenClaims<Custom = undefined> {
  /** The user of the token: `user_…` (claim `sub`). */
  readonly userId: UserId
  /** The URL of the instance's Frontend API (claim `iss`). */
  readonly issuer: string
  /** When Clerk issued the token (claim `iat`), to the second. */
  readonly issuedAt: DateTime.Utc
  /** The time from which the token is valid (claim `nbf`), to the second. */
  readonly notBefore?: DateTime.Utc | undefined
  /** When the token expires (claim `exp`), to the second. */
  readonly expiresAt: DateTime.Utc
  /**
   * The origin that Clerk issued the token to (claim `azp`). Absent in tokens that the Backend API issued, and if the
   * claim is not text.
   */
  readonly authorizedParty?: string | undefined
  /** The audiences of the token (claim `aud`). Absent if the claim is neither text nor a list. */
  readonly audience?: ReadonlyArray<string> | undefined
  /** The id of the token (claim `jti`). */
  readonly tokenId?: string | undefined
  /** Your custom claims, as the schema in the option `claims` decodes them. Without that option, `undefined`. */
  readonly custom: Custom
}

/**
 * The claims of a verified session token: the user, the session, the organization, and their rights.
 *
 * @since 4.0.0
 * @category models
 */
export interface SessionClaims<Custom = undefined> extends TokenClaims<Custom> {
  /** The session of the token: `sess_…` (claim `sid`). */
  readonly sessionId: SessionId
  /**
   * The status of the session (claim `sts`). `pending` while the user has tasks to complete, and if the claim cannot be
   * read. A pending session's token is rejected unless `allowPending` is `true`.
   */
  readonly status: "active" | "pending"
  /**
   * How long before `issuedAt` the user last verified each factor (claim `fva`). Absent if the claim cannot be read:
   * then every reverification fails.
   */
  readonly factorAges?: FactorAges | undefined
  /** The actor, if somebody else acts in the user's name (claim `act`). Also present if the claim cannot be read. */
  readonly actor?: ActorClaims | undefined
  /** The active organization (claim `o`, or the `org_…` claims of version 1). Absent if no organization is active. */
  readonly organization?: OrganizationClaims | undefined
  /** The features of the user's own plan. Empty for tokens of version 1, which do not state them. */
  readonly features: ReadonlyArray<string>
  /** The user's own plan. Absent if the token states none. */
  readonly plan?: string | undefined
  /** The version of the token (claim `v`). An unknown version counts as 2, without organization, features and plan. */
  readonly version: 1 | 2
}
