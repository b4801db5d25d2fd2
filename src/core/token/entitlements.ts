import { isRecord, own } from "../input.js"

type Claims = Readonly<Record<string, unknown>>

/** The active organization, and the user's rights in it. */
export interface Organization {
  readonly id: string
  slug?: string | undefined
  role?: string | undefined
  readonly permissions: ReadonlyArray<string>
  readonly features: ReadonlyArray<string>
  plan?: string | undefined
}

/**
 * What a token grants through the user's organization, features and plans. These claims only add rights, so one that
 * cannot be read grants nothing and never makes the token invalid.
 */
export interface Entitlements {
  readonly organization: Organization | undefined
  readonly features: ReadonlyArray<string>
  readonly plan: string | undefined
}

/** Returns whether a claim is text that is not empty. */
export const isText = (value: unknown): value is string => typeof value === "string" && value !== ""

/** Version 1 writes roles with this prefix and version 2 without it. */
export const withOrgPrefix = (name: string): string => (name.startsWith("org:") ? name : `org:${name}`)

export const noEntitlements = (): Entitlements => ({ organization: undefined, features: [], plan: undefined })

/** Adds to an organization what its token says of the user's role and of the slug. */
const withRole = (organization: Organization, role: unknown, slug: unknown): Organization => {
  if (isText(role) && role !== "org:") organization.role = withOrgPrefix(role)
  if (typeof slug === "string") organization.slug = slug
  return organization
}

/** Reads the claims of version 1. */
export const entitlements1 = (claims: Claims): Entitlements => {
  const id = own(claims, "org_id")
  if (!isText(id)) return noEntitlements()
  const permissions = own(claims, "org_permissions")
  const organization = {
    id,
    permissions: Array.isArray(permissions) ? permissions.filter(isText) : [],
    features: []
  }
  return {
    organization: withRole(organization, own(claims, "org_role"), own(claims, "org_slug")),
    features: [],
    plan: undefined
  }
}

const parts = (text: unknown): ReadonlyArray<string> =>
  isText(text) ? text.split(",").map((part) => part.trim()) : []

interface Scoped {
  /** Empty where the name cannot be read; the entry still keeps its place in the list. */
  readonly name: string
  readonly isUsers: boolean
  readonly isOrganizations: boolean
}

/**
 * Reads `o:dashboard,u:x,uo:y`. An entry without a scope voids the whole list, since Clerk's SDKs read none of it then.
 * A scope that Clerk adds later belongs to neither owner, but its entry keeps its place.
 */
const scopedList = (text: unknown): ReadonlyArray<Scoped> => {
  const entries: Array<Scoped> = []
  for (const entry of parts(text)) {
    const colon = entry.indexOf(":")
    if (colon < 0) return []
    const scope = entry.slice(0, colon)
    const name = entry.slice(colon + 1)
    entries.push({
      name: name.includes(":") ? "" : name,
      isUsers: scope === "u" || scope === "uo" || scope === "ou",
      isOrganizations: scope === "o" || scope === "uo" || scope === "ou"
    })
  }
  return entries
}

const namesOf = (entries: ReadonlyArray<Scoped>, owner: "isUsers" | "isOrganizations") =>
  entries.filter((entry) => entry[owner] && entry.name !== "").map(({ name }) => name)

/**
 * Reads the bits of a mask, one per permission name, the lowest one last. A negative number sets none. As a signed 64-bit number it would
 * have its high bits set, but Clerk's JavaScript SDK reads no permission from it. Only permissions that every reading
 * grants are granted.
 */
const bitsOf = (text: string): string => (/^\d{1,80}$/.test(text) ? BigInt(text).toString(2) : "")

/** Lists the permissions, where the first mask belongs to the first of these features, and so on. */
const permissionsAt = (
  features: ReadonlyArray<Scoped>,
  names: ReadonlyArray<string>,
  masks: ReadonlyArray<string>
): ReadonlyArray<string> => {
  const permissions: Array<string> = []
  for (const [at, feature] of features.entries()) {
    const bits = masks[at] ?? ""
    if (!feature.isOrganizations || feature.name === "") continue
    for (let bit = 0; bit < bits.length; bit++) {
      const name = names[bit]
      if (name === undefined) break
      if (bits[bits.length - 1 - bit] === "1" && /^[^\s:]+$/.test(name)) {
        permissions.push(`org:${feature.name}:${name}`)
      }
    }
  }
  return permissions
}

/**
 * Lists the permissions that masks grant. Clerk documents one mask per feature, including the user's own features.
 * Clerk's JavaScript SDK counts only the organization's features. As many masks as those leave only its way of counting.
 * Otherwise only permissions that both ways grant are granted. The ways differ when a feature of the user comes before
 * one of the organization.
 */
const permissionsOf = (
  features: ReadonlyArray<Scoped>,
  names: ReadonlyArray<string>,
  masks: ReadonlyArray<string>
): ReadonlyArray<string> => {
  const ofOrganization = features.filter((feature) => feature.isOrganizations)
  const countingOrganizations = permissionsAt(ofOrganization, names, masks)
  const areAligned = masks.length === ofOrganization.length || ofOrganization.length === features.length
  if (areAligned) return countingOrganizations
  const countingAll = new Set(permissionsAt(features, names, masks))
  return countingOrganizations.filter((permission) => countingAll.has(permission))
}

const organization2 = (
  claim: unknown,
  features: ReadonlyArray<Scoped>,
  plan: string | undefined
): Organization | undefined => {
  if (!isRecord(claim)) return undefined
  const id = own(claim, "id")
  if (!isText(id)) return undefined
  const organization: Organization = {
    id,
    permissions: permissionsOf(features, parts(own(claim, "per")), parts(own(claim, "fpm")).map(bitsOf)),
    features: namesOf(features, "isOrganizations")
  }
  if (plan !== undefined) organization.plan = plan
  return withRole(organization, own(claim, "rol"), own(claim, "slg"))
}

/** Reads the claims of version 2. */
export const entitlements2 = (claims: Claims): Entitlements => {
  const features = scopedList(own(claims, "fea"))
  const plans = scopedList(own(claims, "pla"))
  return {
    organization: organization2(own(claims, "o"), features, namesOf(plans, "isOrganizations")[0]),
    features: namesOf(features, "isUsers"),
    plan: namesOf(plans, "isUsers")[0]
  }
}
