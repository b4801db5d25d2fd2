import * as Predicate from "effect/Predicate"
import type { OrganizationId } from "../schema/Ids.js"
import type { OrganizationClaims } from "../schema/SessionClaims.js"
import { own } from "./ownMembers.js"

type Claims = Readonly<Record<string, unknown>>

/** What a token says of the user's organization, features and plans; or the path of the claim that is malformed. */
export interface Entitlements {
  readonly organization: OrganizationClaims | undefined
  readonly features: ReadonlyArray<string>
  readonly plan: string | undefined
}

/** A claim that is not as Clerk writes it, and what it should be. */
export interface ClaimFlaw {
  readonly path: string
  readonly expected: string
}

const flaw = (path: string, expected: string): ClaimFlaw => ({ path, expected })

/** Something being written down member by member. Spreading them in took half of the time it took to read a token. */
export type Draft<A> = { -readonly [K in keyof A]: A[K] }

export const isFlaw = (value: object): value is ClaimFlaw => Object.hasOwn(value, "expected")

/** A claim that has to say something. */
export const isText = (value: unknown): value is string => typeof value === "string" && value !== ""

/** Of the claims about organizations, one that is null says as little as one that is left out. */
const given = (claims: Claims, name: string): unknown => own(claims, name) ?? undefined

const isTextOrAbsent = (value: unknown): value is string | undefined =>
  value === undefined || typeof value === "string"

/** Roles are written with their prefix in version 1 and without it in version 2. */
export const withOrgPrefix = (name: string): string => (name.startsWith("org:") ? name : `org:${name}`)

export const entitlements1 = (claims: Claims): Entitlements | ClaimFlaw => {
  const id = given(claims, "org_id")
  if (id === undefined) return { organization: undefined, features: [], plan: undefined }
  const role = given(claims, "org_role")
  const slug = given(claims, "org_slug")
  const permissions: unknown = given(claims, "org_permissions") ?? []
  if (!isText(id)) return flaw("org_id", "the id of an organization")
  if (!isText(role)) return flaw("org_role", "the name of a role")
  if (!isTextOrAbsent(slug)) return flaw("org_slug", "a string")
  if (!Array.isArray(permissions) || !permissions.every(isText))
    return flaw("org_permissions", "an array of names")
  const organization: Draft<OrganizationClaims> = {
    id: id as OrganizationId, // the brand asserts nothing
    role: withOrgPrefix(role),
    permissions,
    features: []
  }
  if (slug !== undefined) organization.slug = slug
  return { organization, features: [], plan: undefined }
}

interface Scoped {
  readonly name: string
  readonly isUsers: boolean
  readonly isOrganizations: boolean
}

/** Reads `o:dashboard,u:x,uo:y`. A scope Clerk may add some day concerns neither, but keeps its place. */
const scopedList = (text: unknown): ReadonlyArray<Scoped> | undefined => {
  if (text === undefined || text === "") return []
  if (typeof text !== "string") return undefined
  const parts = text.split(",").map((part) => part.trim())
  if (!parts.every((part) => /^[a-z]+:[^:]+$/.test(part))) return undefined
  return parts.map((part) => {
    const colon = part.indexOf(":")
    const scope = part.slice(0, colon)
    return {
      name: part.slice(colon + 1),
      isUsers: scope === "u" || scope === "uo" || scope === "ou",
      isOrganizations: scope === "o" || scope === "uo" || scope === "ou"
    }
  })
}

const list = (text: unknown): ReadonlyArray<string> | undefined => {
  if (text === undefined || text === "") return []
  return typeof text === "string" ? text.split(",").map((part) => part.trim()) : undefined
}

/**
 * Which feature each mask belongs to. Clerk documents one mask for each feature, the user's included; its JavaScript
 * SDK counts the organization's features only. The number of masks tells which was meant; where it tells neither, or a
 * feature that is only the user's has permissions, nothing is granted.
 */
const alignedFeatures = (
  features: ReadonlyArray<Scoped>,
  masks: ReadonlyArray<bigint>
): ReadonlyArray<Scoped> | undefined => {
  const ofOrganization = features.filter((feature) => feature.isOrganizations)
  if (masks.length === features.length) {
    return features.every((feature, at) => feature.isOrganizations || masks[at] === 0n) ? features : undefined
  }
  return masks.length === ofOrganization.length ? ofOrganization : undefined
}

/** Every feature's mask has a bit, the lowest first, for each of the permission names. */
const permissionsOf = (
  features: ReadonlyArray<Scoped>,
  names: ReadonlyArray<string>,
  masks: ReadonlyArray<bigint>
): ReadonlyArray<string> =>
  (alignedFeatures(features, masks) ?? []).flatMap((feature, at) => {
    const bits = (masks[at] ?? 0n).toString(2)
    return names
      .slice(0, bits.length)
      .filter((_, bit) => bits.at(-1 - bit) === "1")
      .map((name) => `org:${feature.name}:${name}`)
  })

const organization2 = (
  claim: unknown,
  features: ReadonlyArray<Scoped>,
  plan: string | undefined
): OrganizationClaims | ClaimFlaw => {
  if (!Predicate.isRecord(claim)) return flaw("o", "an object")
  const id = own(claim, "id")
  const role = own(claim, "rol")
  const slug = given(claim, "slg")
  if (!isText(id)) return flaw("o.id", "the id of an organization")
  if (!isText(role)) return flaw("o.rol", "the name of a role")
  if (!isTextOrAbsent(slug)) return flaw("o.slg", "a string")
  const names = list(given(claim, "per"))
  if (names === undefined || !names.every((name) => /^[^\s:,]+$/.test(name)))
    return flaw("o.per", "a list of names")
  const masks = list(given(claim, "fpm"))
  if (masks === undefined || !masks.every((mask) => /^\d{1,80}$/.test(mask)))
    return flaw("o.fpm", "a list of bit masks")
  const organization: Draft<OrganizationClaims> = {
    id: id as OrganizationId, // the brand asserts nothing
    role: withOrgPrefix(role),
    permissions: permissionsOf(features, names, masks.map(BigInt)),
    features: features.filter((feature) => feature.isOrganizations).map(({ name }) => name)
  }
  if (slug !== undefined) organization.slug = slug
  if (plan !== undefined) organization.plan = plan
  return organization
}

export const entitlements2 = (claims: Claims): Entitlements | ClaimFlaw => {
  const features = scopedList(given(claims, "fea"))
  if (features === undefined) return flaw("fea", "a list of features with their scope")
  const plans = scopedList(given(claims, "pla"))
  if (plans === undefined) return flaw("pla", "a list of plans with their scope")
  const claim = given(claims, "o")
  const organization =
    claim === undefined
      ? undefined
      : organization2(claim, features, plans.find((plan) => plan.isOrganizations)?.name)
  if (organization !== undefined && isFlaw(organization)) return organization
  return {
    organization,
    features: features.filter((feature) => feature.isUsers).map(({ name }) => name),
    plan: plans.find((plan) => plan.isUsers)?.name
  }
}
