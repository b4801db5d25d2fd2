import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { inMiB, inWords, limits } from "./limits.js"
import { EmulatorMisuse } from "./misuse.js"
import type { EmulatedOrganization, EmulatedSession, EmulatedTemplate, EmulatedUser } from "./model.js"
import * as Refusals from "./refusals.js"
import * as Traffic from "./traffic.js"

/** A session with what Clerk knows of it and never tells. */
export interface SessionRecord extends EmulatedSession {
  readonly refreshToken: string | null
  /** When the first factor was verified; null for a session that no one signed in to. */
  readonly verifiedAt: number | null
}

/**
 * Everything the emulator remembers. It is mutable, and changed only inside one synchronous step, so that fibers
 * cannot come between a check and the change that rests on it. Records are replaced, never changed in place.
 */
export interface State {
  readonly users: Map<string, EmulatedUser>
  readonly organizations: Map<string, EmulatedOrganization>
  readonly templates: Map<string, EmulatedTemplate>
  readonly sessions: Map<string, SessionRecord>
  /** Digests of the tokens that a refresh has used. */
  readonly consumed: Set<string>
  /** The size of each record, and of all of them. */
  readonly sizes: { readonly each: Map<string, number>; all: number }
  readonly traffic: Traffic.Traffic
}

export const make = (): State => ({
  users: new Map(),
  organizations: new Map(),
  templates: new Map(),
  sessions: new Map(),
  consumed: new Set(),
  sizes: { each: new Map(), all: 0 },
  traffic: Traffic.make()
})

export const clear = (state: State): void => {
  state.users.clear()
  state.organizations.clear()
  state.templates.clear()
  state.sessions.clear()
  state.consumed.clear()
  state.sizes.each.clear()
  state.sizes.all = 0
  Traffic.clear(state.traffic)
}

interface Records {
  readonly users: EmulatedUser
  readonly organizations: EmulatedOrganization
  readonly templates: EmulatedTemplate
  readonly sessions: SessionRecord
}

/** A record and the collection it belongs to. */
export type Entry = {
  readonly [Name in keyof Records]: {
    readonly name: Name
    readonly id: string
    readonly record: Records[Name]
  }
}[keyof Records]

/** What a value of an array or an object takes besides its text: `{},` is three characters, and an object in memory. */
const bytesPerValue = 64

/** The length of the JSON of a record, and as much more as its values take. */
const sizeOf = (record: object): number => {
  const text = JSON.stringify(record)
  let size = text.length
  for (let index = 0; index < text.length; index++) {
    const character = text[index]
    if (character === "," || character === "[" || character === "{") size += bytesPerValue
  }
  return size
}

/** Whether new records fit in, all of them together. */
export const hasRoom = ({ sizes }: State, entries: ReadonlyArray<Entry>): boolean =>
  entries.reduce((all, { record }) => all + sizeOf(record), sizes.all) <= limits.data

/** Adds a record, or replaces the one of that id. Gives a sentence where the emulator is full. */
export const put = <Name extends keyof Records>(
  state: State,
  name: Name,
  id: string,
  record: Records[Name]
): string | undefined => {
  // Sound: the collection of a name holds the records of that name.
  const collection = state[name] as unknown as Map<string, Records[Name]>
  const { sizes } = state
  const key = `${name}/${id}`
  const size = sizeOf(record)
  const all = sizes.all - (sizes.each.get(key) ?? 0) + size
  if (!collection.has(id) && collection.size >= limits[name]) {
    return `the emulator holds at most ${inWords(limits[name])} ${name}`
  }
  if (all > limits.data) return `the emulator holds at most ${inMiB(limits.data)} of data`
  collection.set(id, record)
  sizes.each.set(key, size)
  sizes.all = all
  return undefined
}

/** The same for a test, which is wrong if it wants more. */
export const putOrDie = <Name extends keyof Records>(
  state: State,
  name: Name,
  id: string,
  record: Records[Name]
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const full = put(state, name, id, record)
    return full === undefined ? Effect.void : Effect.die(new EmulatorMisuse(409, full))
  })

export const isLive = (session: EmulatedSession): boolean =>
  session.status === "active" || session.status === "pending"

/** Nothing wakes up to expire a session; its age is seen when it is read. */
export const aged = (session: SessionRecord, now: number): SessionRecord => {
  if (!isLive(session)) return session
  if (now >= session.abandonAt) return { ...session, status: "abandoned" }
  return now >= session.expireAt ? { ...session, status: "expired" } : session
}

export const findSession = (state: State, id: string, now: number): SessionRecord | undefined => {
  const session = state.sessions.get(id)
  return session === undefined ? undefined : aged(session, now)
}

export const getSession = (
  state: State,
  id: string,
  now: number
): Either.Either<SessionRecord, Refusals.Refusal> =>
  Either.fromNullable(findSession(state, id, now), () => Refusals.session(id))

/** Newest first; of those made in the same millisecond, the last one made comes first. */
export const listSessions = (state: State, now: number): ReadonlyArray<SessionRecord> =>
  Array.from(state.sessions.values(), (session) => aged(session, now))
    .reverse()
    .sort((a, b) => b.createdAt - a.createdAt)

export const isMember = (organization: EmulatedOrganization, userId: string): boolean =>
  organization.members.some((member) => member.userId === userId)

/** Clerk's documents name no exception, so a session that ended otherwise is revoked too; again is no change. */
export const revoke = (
  state: State,
  id: string,
  now: number
): Either.Either<SessionRecord, Refusals.Refusal> =>
  Either.map(getSession(state, id, now), (session) => {
    if (session.status === "revoked") return session
    const revoked: SessionRecord = { ...session, status: "revoked", updatedAt: now }
    state.sessions.set(id, revoked)
    return revoked
  })

export interface Refresh {
  readonly sessionId: string
  /** The digest of the token. */
  readonly expiredToken: string
  readonly refreshToken: string
  /** Replaces the refresh token; null keeps it. */
  readonly nextRefreshToken: string | null
  readonly now: number
}

/** The part of a refresh that rests on the state: of two with the same expired token exactly one gets through. */
export const refresh = (state: State, input: Refresh): Either.Either<SessionRecord, Refusals.Refusal> => {
  const session = findSession(state, input.sessionId, input.now)
  if (session === undefined) return Either.left(Refusals.refresh.session(input.sessionId))
  if (!isLive(session)) return Either.left(Refusals.refresh.inactive)
  // Before the refresh token, so that a repetition after a lost answer is told that it came second.
  if (state.consumed.has(input.expiredToken)) return Either.left(Refusals.refresh.consumed)
  if (session.refreshToken !== input.refreshToken) {
    return Either.left(Refusals.refresh.refreshToken)
  }
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
  return Either.right(refreshed)
}
