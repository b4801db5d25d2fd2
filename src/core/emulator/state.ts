import { inMiB, inWords, limits } from "./limits.js"
import type { EmulatedOrganization, EmulatedSession, EmulatedTemplate, EmulatedUser } from "./model.js"

/** A session with the fields that Clerk never shows. */
export interface SessionRecord extends EmulatedSession {
  readonly refreshToken: string | null
  /** When the first factor was verified; null for a session without a sign-in. */
  readonly verifiedAt: number | null
}

/** A browser as the Frontend API knows it. */
export interface ClientRecord {
  readonly id: string
  /** The value of `__client`, and of `__clerk_db_jwt` in development. */
  readonly token: string
  /** When a session of the client began or ended, in epoch milliseconds. */
  readonly changedAt: number
}

/** A result of a handshake that waits for its exchange. */
export interface HandshakeResult {
  readonly directives: ReadonlyArray<string>
  readonly expiresAt: number
}

interface Records {
  readonly users: EmulatedUser
  readonly organizations: EmulatedOrganization
  readonly templates: EmulatedTemplate
  readonly sessions: SessionRecord
}

/**
 * The data of an emulator. It changes only inside one synchronous step, so that no other request comes between a check
 * and the change that depends on it. Records are replaced, never changed in place.
 */
export type State = { readonly [Name in keyof Records]: Map<string, Records[Name]> } & {
  /** The ids of the sessions of each user and of each client, in the order of `sessions`. */
  readonly sessionIds: Map<string, Set<string>>
  /** Digests of the tokens that a refresh has used. */
  readonly consumed: Set<string>
  /** The browsers that the Frontend API knows, by their token. */
  readonly clients: Map<string, ClientRecord>
  /** The results of handshakes that wait for their exchange, by their nonce. */
  readonly handshakes: Map<string, HandshakeResult>
  /** The size of each record, and of all of them. */
  readonly sizes: { readonly each: Map<string, number>; all: number }
}

export const makeState = (): State => ({
  users: new Map(),
  organizations: new Map(),
  templates: new Map(),
  sessions: new Map(),
  sessionIds: new Map(),
  consumed: new Set(),
  clients: new Map(),
  handshakes: new Map(),
  sizes: { each: new Map(), all: 0 }
})

export const clearState = (state: State): void => {
  for (const name of [
    "users",
    "organizations",
    "templates",
    "sessions",
    "sessionIds",
    "consumed",
    "clients",
    "handshakes"
  ] as const) {
    state[name].clear()
  }
  state.sizes.each.clear()
  state.sizes.all = 0
}

/** A record and the collection it belongs to. */
export type Entry = {
  readonly [Name in keyof Records]: {
    readonly name: Name
    readonly record: Records[Name]
  }
}[keyof Records]

/** What a value of an array or an object takes besides its text: `{},` is three characters, and an object in memory. */
const bytesPerValue = 64

/** The length of the JSON of a record, and `bytesPerValue` for each of its values. */
const sizeOf = (record: object): number => {
  const text = JSON.stringify(record)
  let size = text.length
  for (let index = 0; index < text.length; index++) {
    const character = text[index]
    if (character === "," || character === "[" || character === "{") size += bytesPerValue
  }
  return size
}

/** Returns whether these new records together stay within the limit of the data. */
export const fitsIn = ({ sizes }: State, entries: ReadonlyArray<Entry>): boolean =>
  entries.reduce((all, { record }) => all + sizeOf(record), sizes.all) <= limits.data

const addSessionId = ({ sessionIds }: State, { clientId, id, userId }: SessionRecord): void => {
  for (const owner of [userId, clientId]) {
    const ids = sessionIds.get(owner)
    if (ids === undefined) sessionIds.set(owner, new Set([id]))
    else ids.add(id)
  }
}

/** Adds a record, or replaces the one of the same id. Returns a sentence if the emulator is full. */
export const put = (state: State, entry: Entry): string | undefined => {
  const { name, record } = entry
  const id = "name" in record ? record.name : record.id
  // Sound: the collection of a name holds the records of that name.
  const collection = state[name] as Map<string, Entry["record"]>
  const { sizes } = state
  const key = `${name}/${id}`
  const size = sizeOf(record)
  const all = sizes.all - (sizes.each.get(key) ?? 0) + size
  if (!collection.has(id) && collection.size >= limits[name]) {
    return `the emulator holds at most ${inWords(limits[name])} ${name}`
  }
  if (all > limits.data) return `the emulator holds at most ${inMiB(limits.data)} of data`
  collection.set(id, record)
  if (entry.name === "sessions") addSessionId(state, entry.record)
  sizes.each.set(key, size)
  sizes.all = all
  return undefined
}
