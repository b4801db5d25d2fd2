/**
 * The claims of a verified token, in one shape for both versions of Clerk's session tokens.
 *
 * @see https://clerk.com/docs/guides/sessions/session-tokens
 * @since 0.1.0
 */
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type { OrganizationId, SessionId, UserId } from "./Ids.js"

/**
 * How long before the token was issued the user last proved who they are. Whole minutes. A factor that was not used, or
 * that the user does not have, is absent.
 *
 * @since 0.1.0
 * @category models
 */
export interface FactorAges {
  /** The age of the first factor (password, email code, …) in whole minutes. */
  readonly first?: Duration.Duration | undefined
  /** The age of the second factor (TOTP, SMS code, …) in whole minutes. */
  readonly second?: Duration.Duration | undefined
}

/**
 * The actor in a session that is an impersonation, or an agent's. All claims about the actor are kept.
 *
 * @since 0.1.0
 * @category models
 */
export interface ActorClaims {
  /** The actor's id. `"unknown"` when the token names an actor whose id cannot be read. */
  readonly sub: string
  readonly [claim: string]: unknown
}

/**
 * The organization that is active in the session, and the user's rights in it. A claim that cannot be read grants nothing:
 * its field is absent or empty.
 *
 * @since 0.1.0
 * @category models
 */
export interface OrganizationClaims {
  /** The id of the organization: `org_…` (claim `o.id` or `org_id`). */
  readonly id: OrganizationId
  /** The slug of the organization (claim `o.slg` or `org_slug`). */
  readonly slug?: string | undefined
  /** The user's role, such as `org:admin`. Absent when the token names no role that can be read. */
  readonly role?: string | undefined
  /** Custom permissions, `org:<feature>:<permission>`. Clerk never puts its system permissions in a token. */
  readonly permissions: ReadonlyArray<string>
  /** The features of the organization's plan. Absent from version 1 tokens, so empty for them. */
  readonly features: ReadonlyArray<string>
  /** The organization's plan. */
  readonly plan?: string | undefined
}

/**
 * The claims of every verified token.
 *
 * @since 0.1.0
 * @category models
 */
export interface TokenClaims<Custom = undefined> {
  /** The user of the token: `user_…` (claim `sub`). */
  readonly userId: UserId
  /** The address of the instance's Frontend API. */
  readonly issuer: string
  /** When Clerk issued the token (claim `iat`), to the second. */
  readonly issuedAt: DateTime.Utc
  /** From when the token is valid (claim `nbf`), to the second. */
  readonly notBefore?: DateTime.Utc | undefined
  /** When the token expires (claim `exp`), to the second. */
  readonly expiresAt: DateTime.Utc
  /** The origin the token was issued to. Absent in tokens of the Backend API, and when the claim is not text. */
  readonly authorizedParty?: string | undefined
  /** The audiences of the token (claim `aud`). Absent when the claim is neither text nor a list. */
  readonly audience?: ReadonlyArray<string> | undefined
  /** The id of the token (claim `jti`). */
  readonly tokenId?: string | undefined
  /** The token's claims as decoded by the schema in the option `claims`. Without that option, `undefined`. */
  readonly custom: Custom
}

/**
 * The claims of a session token.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionClaims<Custom = undefined> extends TokenClaims<Custom> {
  /** The session of the token: `sess_…` (claim `sid`). */
  readonly sessionId: SessionId
  /**
   * `pending` while the user has tasks left, and for a status that cannot be read. Such a token is rejected unless
   * `allowPending` is true.
   */
  readonly status: "active" | "pending"
  /**
   * How long before `issuedAt` the user last verified each factor (claim `fva`). Absent when the claim cannot be read:
   * every reverification then fails.
   */
  readonly factorAges?: FactorAges | undefined
  /** The actor, when somebody else acts in the user's name. Present also when the claim cannot be read. */
  readonly actor?: ActorClaims | undefined
  /** The active organization (claim `o`, or the `org_…` claims of version 1). Absent if none is active. */
  readonly organization?: OrganizationClaims | undefined
  /** The features of the user's own plan. Absent from version 1 tokens, so empty for them. */
  readonly features: ReadonlyArray<string>
  /** The user's own plan. */
  readonly plan?: string | undefined
  /** The version of the token (claim `v`). An unknown version reads as 2, without organization, features and plan. */
  readonly version: 1 | 2
}
