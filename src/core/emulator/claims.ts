import type { EmulatedMembership, EmulatedOrganization, EmulatedUser } from "./model.js"
import type { SessionRecord, State } from "./state.js"

export type Claims = Readonly<Record<string, unknown>>

/** The claims that do not depend on the session. */
export interface TokenBase {
  readonly issuer: string
  readonly jti: string
  /** Epoch milliseconds. */
  readonly issuedAt: number
  readonly lifetimeSeconds: number
}

export const sessionTokenVersion = (apiVersion: string): 1 | 2 => (apiVersion >= "2025-04-10" ? 2 : 1)

/** The claims of a token without a session. */
export const baseClaims = ({ issuedAt, issuer, jti, lifetimeSeconds }: TokenBase) => {
  const iat = Math.floor(issuedAt / 1000)
  // Clerk subtracts ten seconds. `TestClock` begins in 1970, and no earlier time is valid.
  const nbf = iat >= 0 ? Math.max(0, iat - 10) : iat - 10
  return { exp: iat + lifetimeSeconds, iat, iss: issuer, jti, nbf }
}

/** Clerk's claims replace a template's own claims of the same name. */
export const templateClaims = (base: TokenBase, session: SessionRecord, custom: Claims): Claims => ({
  ...custom,
  ...baseClaims(base),
  sub: session.userId
})

interface Active {
  readonly organization: EmulatedOrganization
  readonly membership: EmulatedMembership
}

const activeOrganization = (state: State, session: SessionRecord): Active | undefined => {
  const organization = state.organizations.get(session.lastActiveOrganizationId ?? "")
  const membership = organization?.members.find((member) => member.userId === session.userId)
  return organization === undefined || membership === undefined ? undefined : { organization, membership }
}

export const sessionClaims = (
  state: State,
  base: TokenBase,
  session: SessionRecord,
  version: 1 | 2,
  origin: string | undefined
): Claims => {
  const active = activeOrganization(state, session)
  const minutes =
    session.verifiedAt === null ? -1 : Math.max(0, Math.floor((base.issuedAt - session.verifiedAt) / 60_000))
  return {
    ...baseClaims(base),
    sub: session.userId,
    ...(origin === undefined ? {} : { azp: origin }),
    sid: session.id,
    sts: session.status === "pending" ? "pending" : "active",
    // The emulator has no second factor.
    fva: [minutes, -1],
    ...(session.actor === null ? {} : { act: session.actor }),
    ...(version === 2 ? version2(state.users.get(session.userId), active) : version1(active))
  }
}

const version1 = (active: Active | undefined): Claims =>
  active === undefined
    ? {}
    : {
        org_id: active.organization.id,
        org_slug: active.organization.slug,
        org_role: active.membership.role,
        org_permissions: active.membership.permissions
      }

const version2 = (user: EmulatedUser | undefined, active: Active | undefined): Claims => {
  const ofUser = user?.features ?? []
  const ofOrganization = active?.organization.features ?? []
  // Features of the organization come first. Then readers that count only those and readers that count all of them
  // find the same index in `fpm`.
  const features = [
    ...ofOrganization.map((name) => ({ name, scope: ofUser.includes(name) ? "uo" : "o" })),
    ...ofUser.filter((name) => !ofOrganization.includes(name)).map((name) => ({ name, scope: "u" }))
  ]
  const plans = [
    ...(user?.plan === undefined ? [] : [`u:${user.plan}`]),
    ...(active?.organization.plan === undefined ? [] : [`o:${active.organization.plan}`])
  ]
  return {
    v: 2,
    ...(plans.length === 0 ? {} : { pla: plans.join(",") }),
    ...(features.length === 0
      ? {}
      : { fea: features.map(({ name, scope }) => `${scope}:${name}`).join(",") }),
    ...(active === undefined
      ? {}
      : {
          o: organizationClaim(
            active,
            features.map(({ name }) => name)
          )
        })
  }
}

/** The permissions of each feature are a bit mask over the names in `per`, lowest bit first. */
const organizationClaim = ({ membership, organization }: Active, features: ReadonlyArray<string>): Claims => {
  // Each permission names a feature of the organization, which the emulator has checked.
  const granted = membership.permissions.map((permission) => {
    const [, feature = "", name = ""] = permission.split(":")
    return { feature, name }
  })
  const names = Array.from(new Set(granted.map(({ name }) => name)))
  const mask = (feature: string) =>
    granted
      .filter((permission) => permission.feature === feature)
      .reduce((bits, { name }) => bits | (1n << BigInt(names.indexOf(name))), 0n)
  return {
    id: organization.id,
    slg: organization.slug,
    rol: membership.role.replace(/^org:/, ""),
    ...(names.length === 0
      ? {}
      : { per: names.join(","), fpm: features.map((feature) => mask(feature).toString()).join(",") })
  }
}
