/**
 * Checks what a signed-in user may do: roles, permissions, features, plans and recent verification, from the claims of
 * the token.
 *
 * A session must meet all requirements. Access is denied by default: without requirements, for a pending session, and
 * for every right that the token does not state.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Authorization, SessionTokens } from "effect-clerk"
 *
 * export const deleteTeam = (token: string) =>
 *   Effect.gen(function* () {
 *     const claims = yield* SessionTokens.verify(token)
 *     yield* Authorization.protect(claims, { permission: "org:teams:delete", reverification: "strict" })
 *     return claims.userId
 *   })
 * ```
 *
 * @see https://clerk.com/docs/guides/secure/authorization-checks
 * @since 4.0.0
 */

import type * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type { DurationInput } from "#major/time.js"
import * as Access from "../core/server/access.js"
import type { ClerkAccessDenied } from "../errors/ClerkAccessDenied.js"
import * as Checks from "../runtime/access.js"
import type { SessionClaims } from "../schema/SessionClaims.js"

export type { ReverificationLevel } from "../core/server/access.js"

/**
 * How recently the user must have verified their factors: one of Clerk's presets, or a level and a maximum age.
 * - `strict_mfa`: both factors within 10 minutes.
 * - `strict`: the second factor within 10 minutes.
 * - `moderate`: the second factor within 1 hour.
 * - `lax`: the second factor within 24 hours.
 *
 * For a user without a second factor, the first one counts.
 *
 * @since 4.0.0
 * @category models
 */
export type Reverification =
  | "strict_mfa"
  | "strict"
  | "moderate"
  | "lax"
  | {
      /** The factors that the user must have verified. */
      readonly level: Access.ReverificationLevel
      /** The age that the verification must be below, such as `"10 minutes"`. A number counts milliseconds. */
      readonly within: DurationInput
    }

/**
 * The requirements of a session. It must meet all that you set.
 *
 * @since 4.0.0
 * @category models
 */
export interface Requirements {
  /** A role in the active organization: `org:admin`. */
  readonly role?: string | undefined
  /** A custom permission in the active organization: `org:invoices:create`. */
  readonly permission?: string | undefined
  /** A feature of a plan: the user's (`u:reports`), the active organization's (`o:reports`), or either (`reports`). */
  readonly feature?: string | undefined
  /** A plan: the user's (`u:pro`), the active organization's (`o:pro`), or either (`pro`). */
  readonly plan?: string | undefined
  /** How recently the user must have verified their factors. */
  readonly reverification?: Reverification | undefined
}

type AnyClaims = SessionClaims<unknown>

/**
 * Returns whether the user has this role (`org:admin` or `admin`) in the active organization.
 *
 * @since 4.0.0
 * @category predicates
 */
export const hasRole: {
  /** Returns whether the user has this role (`org:admin` or `admin`) in the active organization. */
  (role: string): (claims: AnyClaims) => boolean
  /** Returns whether the user has this role (`org:admin` or `admin`) in the active organization. */
  (claims: AnyClaims, role: string): boolean
} = dual(2, Access.hasRole)

/**
 * Returns whether the user has this custom permission (`org:invoices:create`) in the active organization.
 *
 * @since 4.0.0
 * @category predicates
 */
export const hasPermission: {
  /** Returns whether the user has this custom permission (`org:invoices:create`) in the active organization. */
  (permission: string): (claims: AnyClaims) => boolean
  /** Returns whether the user has this custom permission (`org:invoices:create`) in the active organization. */
  (claims: AnyClaims, permission: string): boolean
} = dual(2, Access.hasPermission)

/**
 * Returns whether the plan of the user (`u:reports`), of the active organization (`o:reports`), or of either
 * (`reports`) has this feature.
 *
 * @since 4.0.0
 * @category predicates
 */
export const hasFeature: {
  /**
   * Returns whether the plan of the user (`u:reports`), of the active organization (`o:reports`), or of either
   * (`reports`) has this feature.
   */
  (feature: string): (claims: AnyClaims) => boolean
  /**
   * Returns whether the plan of the user (`u:reports`), of the active organization (`o:reports`), or of either
   * (`reports`) has this feature.
   */
  (claims: AnyClaims, feature: string): boolean
} = dual(2, Access.hasFeature)

/**
 * Returns whether the user (`u:pro`), the active organization (`o:pro`), or either (`pro`) is on this plan.
 *
 * @since 4.0.0
 * @category predicates
 */
export const hasPlan: {
  /** Returns whether the user (`u:pro`), the active organization (`o:pro`), or either (`pro`) is on this plan. */
  (plan: string): (claims: AnyClaims) => boolean
  /** Returns whether the user (`u:pro`), the active organization (`o:pro`), or either (`pro`) is on this plan. */
  (claims: AnyClaims, plan: string): boolean
} = dual(2, Access.hasPlan)

/**
 * Returns whether the user verified their factors recently enough. The ages in the token (`fva`) count from its issue,
 * so the check adds the time since then.
 *
 * @since 4.0.0
 * @category predicates
 */
export const isReverified: {
  /**
   * Returns whether the user verified their factors recently enough. The ages in the token (`fva`) count from its
   * issue, so the check adds the time since then.
   */
  (asked: Reverification): (claims: AnyClaims) => Effect.Effect<boolean>
  /**
   * Returns whether the user verified their factors recently enough. The ages in the token (`fva`) count from its
   * issue, so the check adds the time since then.
   */
  (claims: AnyClaims, asked: Reverification): Effect.Effect<boolean>
} = dual(2, Checks.isReverified)

/**
 * Returns whether the session meets all requirements. Without requirements, or with an unknown one, it returns `false`.
 *
 * @since 4.0.0
 * @category checks
 */
export const has: {
  /**
   * Returns whether the session meets all requirements. Without requirements, or with an unknown one, it returns
   * `false`.
   *
   * @example
   * ```ts
   * import { Effect } from "effect"
   * import { Authorization, SessionTokens } from "effect-clerk"
   *
   * const mayExport = Authorization.has({ plan: "o:pro", permission: "org:reports:export" })
   *
   * export const canExport = (token: string) => Effect.flatMap(SessionTokens.verify(token), mayExport)
   * ```
   */
  (requirements: Requirements): (claims: AnyClaims) => Effect.Effect<boolean>
  /**
   * Returns whether the session meets all requirements. Without requirements, or with an unknown one, it returns
   * `false`.
   */
  (claims: AnyClaims, requirements: Requirements): Effect.Effect<boolean>
} = dual(2, Checks.has)

/**
 * Returns the claims if the session meets all requirements, and fails with `ClerkAccessDenied` otherwise.
 *
 * @since 4.0.0
 * @category checks
 */
export const protect: {
  /** Returns the claims if the session meets all requirements, and fails with `ClerkAccessDenied` otherwise. */
  (
    requirements: Requirements
  ): <Claims extends AnyClaims>(claims: Claims) => Effect.Effect<Claims, ClerkAccessDenied>
  /** Returns the claims if the session meets all requirements, and fails with `ClerkAccessDenied` otherwise. */
  <Claims extends AnyClaims>(
    claims: Claims,
    requirements: Requirements
  ): Effect.Effect<Claims, ClerkAccessDenied>
} = dual(2, Checks.protect)
