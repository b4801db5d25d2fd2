import type { EmulatedMembership, EmulatedOrganization, EmulatedUser } from "./model.js"
import type { SessionRecord, State } from "./state.js"

export type Claims = Readonly<Record<string, unknown>>

export interface TokenTimes {
  /** Epoch milliseconds. */
  readonly issuedAt: number
  readonly lifetimeSeconds: number
}

export interface TokenSubject {
  readonly issuer: string
  readonly jti: string
  readonly session: SessionRecord
}

export const sessionTokenVersion = (apiVersion: string): 1 | 2 => (apiVersion >= "2025-04-10" ? 2 : 1)

const common = ({ issuer, jti, session }: TokenSubject, { issuedAt, lifetimeSeconds }: TokenTimes) => {
  const iat = Math.floor(issuedAt / 1000)
  return { exp: iat + lifetimeSeconds, iat, iss: issuer, jti, nbf: notBefore(iat), sub: session.userId }
}

/** Ten seconds earlier, as Clerk has it; but not before 1970, where `TestClock` begins. */
export const notBefore = (iat: number): number => (iat >= 0 ? Math.max(0, iat - 10) : iat - 10)

/** A template's own claims give way to those that Clerk sets. */
export const templateClaims = (subject: TokenSubject, times: TokenTimes, custom: Claims): Claims => ({
  ...custom,
  ...common(subject, times)
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
  subject: TokenSubject,
  times: TokenTimes,
  version: 1 | 2,
  origin?: string | undefined
): Claims => {
  const { session } = subject
  const active = activeOrganization(state, session)
  const minutes =
    session.verifiedAt === null ? -1 : Math.max(0, Math.floor((times.issuedAt - session.verifiedAt) / 60_000))
  return {
    ...common(subject, times),
    ...(origin === undefined ? {} : { azp: origin }),
    sid: session.id,
    sts: session.status === "pending" ? "pending" : "active",
    // The second factor is never used here.
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
  const mine = user?.features ?? []
  const ours = active?.organization.features ?? []
  // Features of the organization come first: readers that count only those and readers that count all of them
  // then find the same index in `fpm`.
  const features = [
    ...ours.map((name) => ({ name, scope: mine.includes(name) ? "uo" : "o" })),
    ...mine.filter((name) => !ours.includes(name)).map((name) => ({ name, scope: "u" }))
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

/** Permissions are written per feature as a bit mask over the names in `per`, lowest bit first. */
const organizationClaim = ({ membership, organization }: Active, features: ReadonlyArray<string>): Claims => {
  const granted = membership.permissions.flatMap((permission) => {
    const [, feature, name] = permission.split(":")
    // Like Clerk's, a token leaves out a permission whose feature the organization does not have.
    return feature !== undefined && name !== undefined && organization.features.includes(feature)
      ? [{ feature, name }]
      : []
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
