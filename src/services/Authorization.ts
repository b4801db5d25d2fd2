/**
 * What a signed-in user may do, by the claims of their token.
 *
 * Several requirements are combined with AND. Everything is closed by default: what a token does not say is not
 * granted, no requirement at all grants nothing, and a pending session has no rights.
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
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import { own, ownProperties } from "../core/input.js"
import { rememberRequirements } from "../core/server/requiredAccess.js"
import { unreadableRequirement } from "../core/server/requirements.js"
import { freshnessOf, isFresh } from "../core/server/reverification.js"
import { withOrgPrefix } from "../core/token/entitlements.js"
import { ClerkAccessDenied, type Requirement } from "../errors/ClerkAccessDenied.js"
import type { SessionClaims } from "../schema/SessionClaims.js"

/**
 * Which factors the user must have proved recently. A user without a second factor is held to the first one.
 *
 * @since 0.1.0
 * @category models
 */
export type ReverificationLevel = "first_factor" | "second_factor" | "multi_factor"

/**
 * How recently the user must have proved who they are: Clerk's presets, or a level and an age of your own.
 * - `strict_mfa`: both factors within 10 minutes;
 * - `strict`: the second factor within 10 minutes;
 * - `moderate`: the second factor within an hour;
 * - `lax`: the second factor within a day.
 *
 * @since 0.1.0
 * @category models
 */
export type Reverification =
  | "strict_mfa"
  | "strict"
  | "moderate"
  | "lax"
  | {
      /** The factors the user must have verified. */
      readonly level: ReverificationLevel
      /** The maximum age of the verification: `"10 minutes"`. A number counts milliseconds. */
      readonly within: Duration.DurationInput
    }

/**
 * What is asked of a session; everything given has to hold.
 *
 * @since 0.1.0
 * @category models
 */
export interface Requirements {
  /** The role in the active organization: `org:admin`. */
  readonly role?: string | undefined
  /** A custom permission in the active organization: `org:invoices:create`. */
  readonly permission?: string | undefined
  /** A feature of the user's or the organization's plan; `u:` or `o:` before it says whose. */
  readonly feature?: string | undefined
  /** The user's or the organization's plan; `u:` or `o:` before it says whose. */
  readonly plan?: string | undefined
  /** How recently the user proved who they are. */
  readonly reverification?: Reverification | undefined
}

type AnyClaims = SessionClaims<unknown>

const isActive = (claims: AnyClaims): boolean => own(claims, "status") === "active"

/** A prefix written twice names nothing: Clerk's own check takes it for one. */
const isOrgName = (name: unknown): name is string =>
  typeof name === "string" && name !== "" && name !== "org:" && !name.startsWith("org:org:")

/**
 * Returns whether the user has this role (`org:admin`, or `admin`) in the active organization.
 *
 * @since 0.1.0
 * @category predicates
 */
export const hasRole: {
  /** Returns whether the user has this role (`org:admin`, or `admin`) in the active organization. */
  (role: string): (claims: AnyClaims) => boolean
  /** Returns whether the user has this role (`org:admin`, or `admin`) in the active organization. */
  (claims: AnyClaims, role: string): boolean
} = dual(
  2,
  (claims: AnyClaims, role: string): boolean =>
    isActive(claims) && isOrgName(role) && own(claims, "organization")?.role === withOrgPrefix(role)
)

/**
 * Returns whether the user has this custom permission (`org:invoices:create`) in the active organization.
 *
 * @since 0.1.0
 * @category predicates
 */
export const hasPermission: {
  /** Returns whether the user has this custom permission (`org:invoices:create`) in the active organization. */
  (permission: string): (claims: AnyClaims) => boolean
  /** Returns whether the user has this custom permission (`org:invoices:create`) in the active organization. */
  (claims: AnyClaims, permission: string): boolean
} = dual(
  2,
  (claims: AnyClaims, permission: string): boolean =>
    isActive(claims) &&
    isOrgName(permission) &&
    own(claims, "organization")?.permissions.includes(withOrgPrefix(permission)) === true
)

const owners = {
  o: "organization",
  org: "organization",
  organization: "organization",
  u: "user",
  user: "user"
} as const

/** `o:x` asks the organization, `u:x` the user, `x` both; any other owner is nobody. */
const isHeld = (
  asked: unknown,
  ofUser: ReadonlyArray<string> = [],
  ofOrganization: ReadonlyArray<string> = []
): boolean => {
  if (typeof asked !== "string") return false
  const [first = "", name, ...more] = asked.split(":")
  if (name === undefined) return first !== "" && (ofUser.includes(first) || ofOrganization.includes(first))
  const owner = Object.hasOwn(owners, first) ? owners[first as keyof typeof owners] : undefined // its own key
  if (owner === undefined || name === "" || more.length > 0) return false
  return (owner === "user" ? ofUser : ofOrganization).includes(name)
}

const listOf = (plan: string | undefined): ReadonlyArray<string> => (plan === undefined ? [] : [plan])

/**
 * Returns whether the plan of the user (`u:reports`), of the active organization (`o:reports`), or of either
 * (`reports`) has this feature.
 *
 * @since 0.1.0
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
} = dual(
  2,
  (claims: AnyClaims, feature: string): boolean =>
    isActive(claims) && isHeld(feature, own(claims, "features"), own(claims, "organization")?.features)
)

/**
 * Returns whether the user (`u:pro`), the active organization (`o:pro`), or either (`pro`) is on this plan.
 *
 * @since 0.1.0
 * @category predicates
 */
export const hasPlan: {
  /** Returns whether the user (`u:pro`), the active organization (`o:pro`), or either (`pro`) is on this plan. */
  (plan: string): (claims: AnyClaims) => boolean
  /** Returns whether the user (`u:pro`), the active organization (`o:pro`), or either (`pro`) is on this plan. */
  (claims: AnyClaims, plan: string): boolean
} = dual(
  2,
  (claims: AnyClaims, plan: string): boolean =>
    isActive(claims) &&
    isHeld(plan, listOf(own(claims, "plan")), listOf(own(own(claims, "organization"), "plan")))
)

/**
 * Returns whether the user verified the factors recently enough. A token states the ages at the time it was issued; the
 * time since then is added.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isReverified: {
  /**
   * Returns whether the user verified the factors recently enough. A token states the ages at the time it was issued; the
   * time since then is added.
   */
  (asked: Reverification): (claims: AnyClaims) => Effect.Effect<boolean>
  /**
   * Returns whether the user verified the factors recently enough. A token states the ages at the time it was issued; the
   * time since then is added.
   */
  (claims: AnyClaims, asked: Reverification): Effect.Effect<boolean>
} = dual(
  2,
  (claims: AnyClaims, asked: Reverification): Effect.Effect<boolean> =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      const ages = own(claims, "factorAges")
      const freshness = freshnessOf(asked)
      if (!isActive(claims) || ages === undefined || freshness === undefined) return false
      return isFresh(ages, freshness, Math.max(0, now - DateTime.toEpochMillis(claims.issuedAt)))
    })
)

/** Why a session is denied: `missing` is empty when no requirement was given that can be read. */
interface Denial {
  readonly missing: ReadonlyArray<Requirement>
  readonly rule?: string | undefined
}

/** What denies the session, or `undefined` when it meets all requirements. */
const denial = (claims: AnyClaims, requirements: Requirements): Effect.Effect<Denial | undefined> =>
  Effect.gen(function* () {
    const unreadable = unreadableRequirement(requirements)
    if (unreadable !== undefined) return { missing: [], rule: `${unreadable.field} ${unreadable.rule}` }
    const { feature, permission, plan, reverification, role } = ownProperties(requirements)
    const results: ReadonlyArray<readonly [Requirement, boolean]> = [
      ["active", isActive(claims)],
      ...(role === undefined ? [] : [["role", hasRole(claims, role)] as const]),
      ...(permission === undefined ? [] : [["permission", hasPermission(claims, permission)] as const]),
      ...(feature === undefined ? [] : [["feature", hasFeature(claims, feature)] as const]),
      ...(plan === undefined ? [] : [["plan", hasPlan(claims, plan)] as const]),
      ...(reverification === undefined
        ? []
        : [["reverification", yield* isReverified(claims, reverification)] as const])
    ]
    const missing = results.filter(([, holds]) => !holds).map(([requirement]) => requirement)
    if (results.length === 1) return { missing: [] }
    return missing.length === 0 ? undefined : { missing }
  })

/**
 * Returns whether the session meets all requirements. Returns `false` without requirements, and with an unknown one.
 *
 * @since 0.1.0
 * @category checks
 */
export const has: {
  /**
   * Returns whether the session meets all requirements. Returns `false` without requirements, and with an unknown one.
   */
  (requirements: Requirements): (claims: AnyClaims) => Effect.Effect<boolean>
  /**
   * Returns whether the session meets all requirements. Returns `false` without requirements, and with an unknown one.
   */
  (claims: AnyClaims, requirements: Requirements): Effect.Effect<boolean>
} = dual(
  2,
  (claims: AnyClaims, requirements: Requirements): Effect.Effect<boolean> =>
    Effect.map(denial(claims, requirements), (denied) => denied === undefined)
)

/**
 * Returns the claims if the session meets all requirements. Fails with `ClerkAccessDenied` otherwise.
 *
 * @since 0.1.0
 * @category checks
 */
export const protect: {
  /** Returns the claims if the session meets all requirements. Fails with `ClerkAccessDenied` otherwise. */
  (
    requirements: Requirements
  ): <Claims extends AnyClaims>(claims: Claims) => Effect.Effect<Claims, ClerkAccessDenied>
  /** Returns the claims if the session meets all requirements. Fails with `ClerkAccessDenied` otherwise. */
  <Claims extends AnyClaims>(
    claims: Claims,
    requirements: Requirements
  ): Effect.Effect<Claims, ClerkAccessDenied>
} = dual(
  2,
  <Claims extends AnyClaims>(
    claims: Claims,
    requirements: Requirements
  ): Effect.Effect<Claims, ClerkAccessDenied> =>
    Effect.flatMap(denial(claims, requirements), (denied) =>
      denied === undefined
        ? Effect.succeed(claims)
        : Effect.fail(rememberRequirements(new ClerkAccessDenied(denied, true), requirements))
    )
)
