import { broken, optional, own, ownProperties, RuleBreak, readOptions } from "../input.js"
import { type Failure, type RequirementKind, requirementKinds } from "../model.js"
import { scrubText } from "../redaction/redact.js"
import { withOrgPrefix } from "../token/entitlements.js"

/** The claims that decide on access. */
export interface AccessClaims {
  readonly status: "active" | "pending"
  readonly organization?:
    | {
        readonly role?: string | undefined
        readonly permissions: ReadonlyArray<string>
        readonly features: ReadonlyArray<string>
        readonly plan?: string | undefined
      }
    | undefined
  readonly features: ReadonlyArray<string>
  readonly plan?: string | undefined
}

/** How many milliseconds ago the user verified each factor. `NaN` if the claims hold something else than an age. */
export interface FactorMillis {
  readonly first: number | undefined
  readonly second: number | undefined
}

/** Reads and writes durations, whose type `core` does not know. */
export interface Durations {
  /** The milliseconds of a duration in any form. `undefined` for any other value. */
  readonly millis: (duration: unknown) => number | undefined
  readonly format: (millis: number) => string
}

/**
 * Which factors the user must have verified recently. For a user without a second factor, the first one counts.
 *
 * @since 0.1.0
 * @category models
 */
export type ReverificationLevel = "first_factor" | "second_factor" | "multi_factor"

interface Freshness {
  readonly level: ReverificationLevel
  /** The age that a factor must be below. */
  readonly millis: number
}

const presets: Readonly<Record<string, Freshness>> = {
  strict_mfa: { level: "multi_factor", millis: 600_000 },
  strict: { level: "second_factor", millis: 600_000 },
  moderate: { level: "second_factor", millis: 3_600_000 },
  lax: { level: "second_factor", millis: 86_400_000 }
}

const isLevel = (level: unknown): level is ReverificationLevel =>
  level === "first_factor" || level === "second_factor" || level === "multi_factor"

const invalidReverification = broken(
  "must be strict_mfa, strict, moderate, lax, or a level (first_factor, second_factor or multi_factor) and a duration within"
)

const readReverification =
  ({ millis }: Durations) =>
  (value: unknown): Freshness | RuleBreak => {
    if (typeof value === "string") return own(presets, value) ?? invalidReverification
    const freshness = readOptions(
      value,
      { unknown: "is not a part of a reverification" },
      {
        level: (level) => (isLevel(level) ? level : invalidReverification),
        within: (within) => millis(within) ?? invalidReverification
      }
    )
    return freshness instanceof RuleBreak
      ? invalidReverification
      : { level: freshness.level, millis: freshness.within }
  }

const readName = (value: unknown): string | RuleBreak =>
  typeof value === "string" && value.trim() !== "" ? value : broken("must be a name that is not empty")

/** The kinds of requirements that a caller can give. */
type Kind = Exclude<RequirementKind, "active">

const kinds = requirementKinds.filter((kind): kind is Kind => kind !== "active")

const requirementsKind = {
  field: "requirements",
  object: 'must be an object, such as { permission: "org:teams:delete" }',
  unknown: "is not a requirement"
}

/**
 * Finds what is invalid in requirements that are written once for all requests: also a requirement that no session can
 * ever meet, and no requirement at all.
 */
export const requirementsFlaw = (requirements: unknown, durations: Durations): RuleBreak | undefined => {
  const name = optional(readName)
  const read = readOptions(requirements, requirementsKind, {
    role: name,
    permission: name,
    feature: name,
    plan: name,
    reverification: optional(readReverification(durations))
  })
  if (read instanceof RuleBreak) return read
  return kinds.every((kind) => read[kind] === undefined)
    ? new RuleBreak("requirements", `must name at least one of ${kinds.join(", ")}`)
    : undefined
}

const isActive = (claims: AccessClaims): boolean => own(claims, "status") === "active"

/** Rejects a name with the prefix twice, which Clerk's own check accepts. No role has such a name. */
const isOrgName = (name: unknown): name is string =>
  typeof name === "string" && name !== "" && name !== "org:" && !name.startsWith("org:org:")

/** Returns whether the user has this role in the active organization. */
export const hasRole = (claims: AccessClaims, role: unknown): boolean =>
  isActive(claims) && isOrgName(role) && own(claims, "organization")?.role === withOrgPrefix(role)

/** Returns whether the user has this permission in the active organization. */
export const hasPermission = (claims: AccessClaims, permission: unknown): boolean =>
  isActive(claims) &&
  isOrgName(permission) &&
  own(claims, "organization")?.permissions.includes(withOrgPrefix(permission)) === true

const owners: Readonly<Record<string, "organization" | "user">> = {
  o: "organization",
  org: "organization",
  organization: "organization",
  u: "user",
  user: "user"
}

/** Looks for `o:x` in the names of the organization, for `u:x` in those of the user, and for `x` in both. */
const isListed = (
  name: unknown,
  ofUser: ReadonlyArray<string> = [],
  ofOrganization: ReadonlyArray<string> = []
): boolean => {
  if (typeof name !== "string") return false
  const [first = "", unprefixed, ...more] = name.split(":")
  if (unprefixed === undefined)
    return first !== "" && (ofUser.includes(first) || ofOrganization.includes(first))
  const owner = own(owners, first)
  if (owner === undefined || unprefixed === "" || more.length > 0) return false
  return (owner === "user" ? ofUser : ofOrganization).includes(unprefixed)
}

/** Returns whether the plan of the user or of the active organization has this feature. */
export const hasFeature = (claims: AccessClaims, feature: unknown): boolean =>
  isActive(claims) && isListed(feature, own(claims, "features"), own(claims, "organization")?.features)

const listOf = (plan: string | undefined): ReadonlyArray<string> => (plan === undefined ? [] : [plan])

/** Returns whether the user or the active organization is on this plan. */
export const hasPlan = (claims: AccessClaims, plan: unknown): boolean =>
  isActive(claims) &&
  isListed(plan, listOf(own(claims, "plan")), listOf(own(own(claims, "organization"), "plan")))

/** Returns whether the user verified the factors recently enough, by the rules of Clerk's own SDKs. */
export const isReverified = (
  claims: AccessClaims,
  { first, second }: FactorMillis,
  required: unknown,
  durations: Durations
): boolean => {
  const freshness = readReverification(durations)(required)
  if (!isActive(claims) || freshness instanceof RuleBreak) return false
  const { level, millis } = freshness
  const isRecent = (age = Number.NaN) => age < millis
  switch (level) {
    case "first_factor":
      return isRecent(first)
    case "second_factor":
      return isRecent(second === undefined ? first : second)
    case "multi_factor":
      return isRecent(first) && (second === undefined || isRecent(second))
  }
}

/** Why a session is denied access. `missing` is empty if no known requirement was given, or if `rule` is broken. */
export type Denial = Failure<
  "ClerkAccessDenied",
  { readonly missing: ReadonlyArray<RequirementKind>; readonly rule?: string }
>

const denial = (fields: Denial["fields"]): Denial => ({ _tag: "ClerkAccessDenied", fields })

const anyValue = (value: unknown): unknown => value

/** Returns the requirements that a session does not meet, or `undefined` if it meets them all. */
export const findDenial = (
  claims: AccessClaims,
  ages: FactorMillis,
  requirements: unknown,
  durations: Durations
): Denial | undefined => {
  // An invalid value is no mistake here, only a requirement that no session meets.
  const required = readOptions(requirements, requirementsKind, {
    role: anyValue,
    permission: anyValue,
    feature: anyValue,
    plan: anyValue,
    reverification: anyValue
  })
  if (required instanceof RuleBreak) {
    return denial({ missing: [], rule: `${required.field} ${required.rule}` })
  }
  const given = kinds.filter((kind) => required[kind] !== undefined)
  if (given.length === 0) return denial({ missing: [] })
  const checks = { role: hasRole, permission: hasPermission, feature: hasFeature, plan: hasPlan }
  const unmet = given.filter((kind) =>
    kind === "reverification"
      ? !isReverified(claims, ages, required.reverification, durations)
      : !checks[kind](claims, required[kind])
  )
  const missing = isActive(claims) ? unmet : (["active", ...unmet] as const)
  return missing.length === 0 ? undefined : denial({ missing })
}

/** Returns the name of a required role or plan, or the text of a reverification: `second_factor within 10m`. */
const valueText = (value: unknown, durations: Durations): string | undefined => {
  if (typeof value === "string") return scrubText(value.slice(0, 128), [])
  const freshness = readReverification(durations)(value)
  return freshness instanceof RuleBreak
    ? undefined
    : `${freshness.level} within ${durations.format(freshness.millis)}`
}

/** Returns the texts of the requirements: `permission org:teams:delete`. They are for the log of the server only. */
export const requirementTexts = (
  requirements: object,
  durations: Durations
): { readonly [K in RequirementKind]?: string } =>
  Object.fromEntries(
    Object.entries(ownProperties(requirements)).flatMap(([kind, value]) => {
      const text = valueText(value, durations)
      return text === undefined ? [] : [[kind, `${kind} ${text}`]]
    })
  )

/** Returns the message of a denial. Without `texts`, it names the kinds of the requirements only. */
export const denialMessage = (
  { missing, rule }: { readonly missing: ReadonlyArray<RequirementKind>; readonly rule?: string | undefined },
  texts: { readonly [K in RequirementKind]?: string } = {}
): string => {
  if (rule !== undefined) return `Access denied: the requirements are invalid: ${rule}`
  if (missing.length === 0) {
    return "Access denied: no known requirement was given. Require a role, permission, feature, plan or reverification"
  }
  const lacking = missing.map((kind) =>
    kind === "active"
      ? "an active session (it is pending: the user has tasks to complete)"
      : (own(texts, kind) ?? `the required ${kind}`)
  )
  return `Access denied: the session lacks ${lacking.join(", ")}`
}
