/**
 * What a verified token says, in one shape for both versions of Clerk's session tokens.
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
  readonly first?: Duration.Duration | undefined
  readonly second?: Duration.Duration | undefined
}

/**
 * Who really acts when a session is an impersonation, or an agent's. Whatever else Clerk says of them is kept.
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
  readonly id: OrganizationId
  readonly slug?: string | undefined
  /** `org:admin`; absent when the token names no role that can be read. */
  readonly role?: string | undefined
  /** Custom permissions, `org:<feature>:<permission>`; Clerk never puts its system permissions in a token. */
  readonly permissions: ReadonlyArray<string>
  /** The features of the organization's plan. Absent from version 1 tokens, so empty for them. */
  readonly features: ReadonlyArray<string>
  /** The organization's plan. */
  readonly plan?: string | undefined
}

/**
 * What every verified token says.
 *
 * @since 0.1.0
 * @category models
 */
export interface TokenClaims<Custom = undefined> {
  readonly userId: UserId
  /** The address of the instance's Frontend API. */
  readonly issuer: string
  readonly issuedAt: DateTime.Utc
  readonly notBefore?: DateTime.Utc | undefined
  readonly expiresAt: DateTime.Utc
  /** The origin the token was issued to. Absent in tokens of the Backend API, and when the claim is not text. */
  readonly authorizedParty?: string | undefined
  /** The audiences the token names. Absent when the claim is neither text nor a list. */
  readonly audience?: ReadonlyArray<string> | undefined
  readonly tokenId?: string | undefined
  /** What the schema given as the option `claims` made of the token's claims; without that option, `undefined`. */
  readonly custom: Custom
}

/**
 * What a session token says.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionClaims<Custom = undefined> extends TokenClaims<Custom> {
  readonly sessionId: SessionId
  /**
   * `pending` while the user has tasks left, and for a status that cannot be read. Such a token is rejected unless
   * `allowPending` is true.
   */
  readonly status: "active" | "pending"
  /** Absent when the token says nothing about factors that can be read: every reverification then fails. */
  readonly factorAges?: FactorAges | undefined
  /** Present when somebody else acts in the user's name, also when the claim cannot be read. */
  readonly actor?: ActorClaims | undefined
  readonly organization?: OrganizationClaims | undefined
  /** The features of the user's own plan. Absent from version 1 tokens, so empty for them. */
  readonly features: ReadonlyArray<string>
  /** The user's own plan. */
  readonly plan?: string | undefined
  /** A token of an unknown version is read as version 2, without organization, features and plan. */
  readonly version: 1 | 2
}
