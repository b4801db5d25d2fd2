import * as Errors from "./errorResponses.js"
import { type Moment, makeId } from "./ids.js"
import type { Instance } from "./instance.js"
import { limits } from "./limits.js"
import type { EmulatedActivity, EmulatedOrganization, EmulatedSession } from "./model.js"
import { put, type SessionRecord, type State } from "./state.js"
import { announce } from "./webhooks.js"

const day = 86_400_000

/** The time from the expiry of a session to the moment when it is abandoned. */
export const abandonAfterExpiry = 30 * day

interface GivenIds {
  readonly id?: string | undefined
  readonly clientId?: string | undefined
}

/** Returns a new session, which is not in the state yet. */
export const newSession = (
  { sessionLifetime }: Instance,
  moment: Moment,
  {
    clientId,
    id,
    ...fields
  }: Pick<SessionRecord, "userId"> & Partial<Omit<SessionRecord, keyof GivenIds>> & GivenIds
): SessionRecord => {
  const { now } = moment
  const expireAt = now + sessionLifetime
  return {
    id: id ?? makeId("sess", moment),
    clientId: clientId ?? makeId("client", moment),
    status: "active",
    actor: null,
    lastActiveOrganizationId: null,
    lastActiveAt: now,
    latestActivity: null,
    tasks: null,
    expireAt,
    abandonAt: expireAt + abandonAfterExpiry,
    createdAt: now,
    updatedAt: now,
    refreshToken: null,
    verifiedAt: null,
    ...fields
  }
}

const defaultActivity: Omit<EmulatedActivity, "id"> = {
  deviceType: "desktop",
  isMobile: false,
  browserName: "Chrome",
  browserVersion: "128.0.0.0",
  ipAddress: "192.0.2.1",
  city: "Athens",
  country: "GR"
}

/** The fields that a sign-in and a seed can set. */
export interface SignInFields extends GivenIds {
  readonly userId: string
  readonly organizationId?: string | undefined
  readonly status?: SessionRecord["status"] | undefined
  readonly actor?: NonNullable<SessionRecord["actor"]> | undefined
  readonly tasks?: NonNullable<SessionRecord["tasks"]> | undefined
  readonly activity?: Partial<EmulatedActivity> | undefined
}

/** Returns a session of a user who has signed in. It is not in the state yet. */
export const newSignIn = (
  instance: Instance,
  moment: Moment,
  { activity, actor, clientId, id, organizationId, status, tasks, userId }: SignInFields,
  times: Partial<SessionRecord> = {}
): SessionRecord & { readonly refreshToken: string } => ({
  ...newSession(instance, moment, {
    id,
    clientId,
    userId,
    lastActiveOrganizationId: organizationId ?? null,
    status: status ?? "active",
    actor: actor ?? null,
    tasks: tasks ?? null,
    latestActivity: { ...defaultActivity, id: makeId("activity", moment), ...activity },
    verifiedAt: moment.now,
    ...times
  }),
  refreshToken: makeId("rt", moment)
})

/** The part of a record that a test can see. */
export const visible = ({ refreshToken: _, verifiedAt: __, ...session }: SessionRecord): EmulatedSession =>
  session

export const isLive = ({ status }: EmulatedSession): boolean => status === "active" || status === "pending"

/** No timer expires a session: each read applies the expiry. */
export const aged = (session: SessionRecord, now: number): SessionRecord => {
  if (!isLive(session)) return session
  if (now >= session.abandonAt) return { ...session, status: "abandoned" }
  return now >= session.expireAt ? { ...session, status: "expired" } : session
}

export const findSession = (state: State, id: string, now: number): SessionRecord | undefined => {
  const session = state.sessions.get(id)
  return session === undefined ? undefined : aged(session, now)
}

/**
 * Lists all sessions, or those of a user or a client. The newest comes first. Of sessions from the same millisecond, the
 * last one comes first.
 */
export const listSessions = (state: State, now: number, owner?: string): ReadonlyArray<SessionRecord> => {
  const ids = owner === undefined ? state.sessions.keys() : (state.sessionIds.get(owner) ?? [])
  return Array.from(ids)
    .flatMap((id) => findSession(state, id, now) ?? [])
    .reverse()
    .sort((a, b) => b.createdAt - a.createdAt)
}

export const isMember = (organization: EmulatedOrganization | undefined, userId: string): boolean =>
  organization?.members.some((member) => member.userId === userId) ?? false

/** Adds a session or replaces it, and announces it to the webhooks. Returns a sentence if the emulator is full. */
export const save = (instance: Instance, moment: Moment, record: SessionRecord): string | undefined => {
  const previous = instance.state.sessions.get(record.id)
  const full = put(instance.state, { name: "sessions", record })
  if (full === undefined) announce(instance, moment, record, previous)
  return full
}

/** Clerk documents no exception, so this revokes an ended session too. A second revocation changes nothing. */
export const revoke = (instance: Instance, moment: Moment, session: SessionRecord): SessionRecord => {
  if (session.status === "revoked") return session
  const revoked: SessionRecord = { ...session, status: "revoked", updatedAt: moment.now }
  instance.state.sessions.set(session.id, revoked)
  announce(instance, moment, revoked, session)
  return revoked
}

export interface Refresh {
  readonly sessionId: string
  /** The digest of the token. */
  readonly expiredToken: string
  readonly refreshToken: string
  /** Replaces the refresh token. `undefined` keeps it. */
  readonly nextRefreshToken: string | undefined
  readonly now: number
}

/** Checks and changes the state in one step, so that only one of two refreshes with the same expired token succeeds. */
export const refresh = (state: State, input: Refresh): SessionRecord | Errors.ErrorResponse => {
  const session = findSession(state, input.sessionId, input.now)
  if (session === undefined) return Errors.refresh.session(input.sessionId)
  if (!isLive(session)) return Errors.refresh.inactive
  // Before the refresh token, so that a retry after a lost response gets the error of a consumed token.
  if (state.consumed.has(input.expiredToken)) return Errors.refresh.consumed
  if (session.refreshToken !== input.refreshToken) return Errors.refresh.refreshToken
  const refreshed: SessionRecord = {
    ...session,
    refreshToken: input.nextRefreshToken ?? session.refreshToken,
    lastActiveAt: input.now,
    updatedAt: input.now
  }
  state.consumed.add(input.expiredToken)
  for (const oldest of state.consumed) {
    if (state.consumed.size <= limits.consumedTokens) break
    state.consumed.delete(oldest)
  }
  state.sessions.set(session.id, refreshed)
  return refreshed
}
