import { broken, inField, own, RuleBreak, readOptions } from "../input.js"
import { type RequirementKind, requirementKinds } from "../model.js"
import { visibleText } from "../redaction/redact.js"
import { type Entitlements, withOrgPrefix } from "../token/entitlements.js"

/** The claims that decide on access. */
export type AccessClaims = Partial<Entitlements> & { readonly status: "active" | "pending" }

/** How many milliseconds ago the user verified each factor. `NaN` if the claims hold something else than an age. */
export interface FactorMillis {
  readonly first: number | undefined
  readonly second: number | undefined
}

/**
 * The factors that the user must have verified recently. For a user without a second factor, the first one counts.
 *
 * @since 4.0.0
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

/** Returns the milliseconds of a duration in any form of Effect's, and `undefined` for any other value. */
export type MillisOf = (duration: unknown) => number | undefined

const readReverification = (value: unknown, millisOf: MillisOf): Freshness | RuleBreak => {
  if (typeof value === "string") return own(presets, value) ?? invalidReverification
  const read = readOptions(
    value,
    { unknown: "is not a part of a reverification" },
    {
      level: (level) => (isLevel(level) ? level : invalidReverification),
      within: (within) => millisOf(within) ?? invalidReverification
    }
  )
  return read instanceof RuleBreak ? invalidReverification : { level: read.level, millis: read.within }
}

const readName = (value: unknown): string | RuleBreak =>
  typeof value === "string" && value.trim() !== "" ? value : broken("must be a name that is not empty")

/** A requirement as read. No session meets one whose value breaks a rule. */
export interface Requirement {
  readonly kind: Exclude<RequirementKind, "active">
  readonly given: unknown
  readonly value: string | Freshness | RuleBreak
}

const kinds = requirementKinds.filter((kind) => kind !== "active")

const ifGiven =
  <A>(read: (value: unknown) => A) =>
  (given: unknown) =>
    given === undefined ? [] : [{ given, value: read(given) }]

/** Reads the requirements that are given. Returns a `RuleBreak` if their names are unknown. */
export const readRequirements = (
  requirements: unknown,
  millisOf: MillisOf
): ReadonlyArray<Requirement> | RuleBreak => {
  const name = ifGiven(readName)
  const read = readOptions(
    requirements,
    {
      field: "requirements",
      object: 'must be an object, such as { permission: "org:teams:delete" }',
      unknown: "is not a requirement"
    },
    {
      role: name,
      permission: name,
      feature: name,
      plan: name,
      reverification: ifGiven((value) => readReverification(value, millisOf))
    }
  )
  return read instanceof RuleBreak
    ? read
    : kinds.flatMap((kind) => read[kind].map((each): Requirement => ({ kind, ...each })))
}

/** The prefix names the owner: the user or the organization. */
const ownedName = /^(?:(?:o|org|organization|u|user):)?[^:\s]+$/

/** The forms of the names that a session can have. */
const nameForms = {
  role: { form: /^(?:org:)?[^:\s]+$/, rule: "must have the form org:<role>" },
  permission: { form: /^org:[^:\s]+:[^:\s]+$/, rule: "must have the form org:<feature>:<permission>" },
  feature: { form: ownedName, rule: "must have the form <feature>, u:<feature> or o:<feature>" },
  plan: { form: ownedName, rule: "must have the form <plan>, u:<plan> or o:<plan>" }
}

const formFlaw = ({ kind, value }: Requirement): RuleBreak | undefined => {
  if (value instanceof RuleBreak) return inField(kind, value)
  if (kind === "reverification" || typeof value !== "string") return undefined
  const { form, rule } = nameForms[kind]
  return form.test(value) ? undefined : new RuleBreak(kind, rule)
}

/**
 * Finds what is invalid in requirements that are written once for all requests. They must name at least one, and no name
 * may have a form that no session has.
 */
export const requirementsFlaw = (requirements: unknown, millisOf: MillisOf): RuleBreak | undefined => {
  const read = readRequirements(requirements, millisOf)
  if (read instanceof RuleBreak) return read
  for (const requirement of read) {
    const flaw = formFlaw(requirement)
    if (flaw !== undefined) return flaw
  }
  return read.length === 0
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
  ofUser: ReadonlyArray<string | undefined> = [],
  ofOrganization: ReadonlyArray<string | undefined> = []
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

/** Returns whether the user or the active organization is on this plan. */
export const hasPlan = (claims: AccessClaims, plan: unknown): boolean =>
  isActive(claims) && isListed(plan, [own(claims, "plan")], [own(own(claims, "organization"), "plan")])

/** Compares the ages by the rules of Clerk's own SDKs. */
const isFresh = ({ first, second }: FactorMillis, { level, millis }: Freshness): boolean => {
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

/** Returns whether the user verified the factors recently enough. */
export const isReverified = (
  claims: AccessClaims,
  ages: FactorMillis,
  reverification: unknown,
  millisOf: MillisOf
): boolean => {
  const freshness = readReverification(reverification, millisOf)
  return isActive(claims) && !(freshness instanceof RuleBreak) && isFresh(ages, freshness)
}

const checks = { role: hasRole, permission: hasPermission, feature: hasFeature, plan: hasPlan }

const isMet = (claims: AccessClaims, ages: FactorMillis, { kind, value }: Requirement): boolean => {
  if (value instanceof RuleBreak) return false
  if (typeof value === "object") return isActive(claims) && isFresh(ages, value)
  return kind !== "reverification" && checks[kind](claims, value)
}

/** Why a session is denied access. */
export interface Denial {
  /** Empty if no known requirement was given. */
  readonly missing: ReadonlyArray<RequirementKind>
  /** The mistake, if the requirements have an unknown name. */
  readonly rule?: string
}

/** Returns the requirements that a session does not meet, or `undefined` if it meets them all. */
export const findDenial = (
  claims: AccessClaims,
  ages: FactorMillis,
  required: ReadonlyArray<Requirement> | RuleBreak
): Denial | undefined => {
  if (required instanceof RuleBreak) return { missing: [], rule: `${required.field} ${required.rule}` }
  if (required.length === 0) return { missing: [] }
  const unmet = required.filter((each) => !isMet(claims, ages, each)).map(({ kind }) => kind)
  const missing = isActive(claims) ? unmet : (["active", ...unmet] as const)
  return missing.length === 0 ? undefined : { missing }
}

/** A caller without types can give any value. Its text can be a secret by mistake. */
const requirementText = ({ given, kind, value }: Requirement, format: (millis: number) => string): string => {
  if (typeof given === "string") return `${kind} ${visibleText(given.slice(0, 128))}`
  return typeof value === "string" || value instanceof RuleBreak
    ? `the required ${kind}`
    : `${kind} ${value.level} within ${format(value.millis)}`
}

/** Returns the message of a denial. It names the kinds of the requirements, and their values if `required` is given. */
export const denialMessage = (
  { missing, rule }: { readonly missing: Denial["missing"]; readonly rule?: string | undefined },
  required: ReadonlyArray<Requirement> = [],
  format: (millis: number) => string = String
): string => {
  if (rule !== undefined) return `Access denied: the requirements are invalid: ${rule}`
  if (missing.length === 0) {
    return "Access denied: no known requirement was given. Require a role, permission, feature, plan or reverification"
  }
  const lacking = missing.map((kind) => {
    if (kind === "active") return "an active session (it is pending: the user has tasks to complete)"
    const requirement = required.find((each) => each.kind === kind)
    return requirement === undefined ? `the required ${kind}` : requirementText(requirement, format)
  })
  return `Access denied: the session lacks ${lacking.join(", ")}`
}
