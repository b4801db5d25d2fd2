import { isRecord } from "../input.js"

/*
 * The changes of the list of revocations, and their form in a stream of Redis. Another program may write to the stream, so its entries are read as untrusted input.
 */

/** A change that all processes apply. The times are spans, so that the clock of the sender has no effect. */
export type Change =
  | {
      readonly type: "revoke"
      readonly ids: ReadonlyArray<string>
      /** How long the sessions stay denied, in milliseconds. */
      readonly ttl: number
    }
  | {
      readonly type: "hold"
      readonly ids: ReadonlyArray<string>
      /** How long the hold lasts without a release, in milliseconds. */
      readonly ttl: number
      /** Tokens issued up to this time stay denied after the release, in epoch milliseconds. */
      readonly cutoff: number
    }
  | { readonly type: "release"; readonly ids: ReadonlyArray<string> }

/** The most ids of one entry. */
export const maxIds = 500

const idForm = /^[A-Za-z0-9_-]{1,128}$/

/** Returns whether a text can be the id of a session or a user. No token has any other text there. */
export const isId = (id: unknown): id is string => typeof id === "string" && idForm.test(id)

/** Splits a change into parts of at most `maxIds` ids. */
export const parts = (change: Change): ReadonlyArray<Change> => {
  const { ids } = change
  return ids.length <= maxIds
    ? [change]
    : Array.from({ length: Math.ceil(ids.length / maxIds) }, (_, at) => ({
        ...change,
        ids: ids.slice(at * maxIds, (at + 1) * maxIds)
      }))
}

/** The fields and values of an entry, in the order that `XADD` takes them. */
export const toFields = (change: Change): ReadonlyArray<string> => [
  ...["type", change.type, "ids", change.ids.join(" ")],
  ...(change.type === "release" ? [] : ["ttl", String(Math.ceil(change.ttl))]),
  ...(change.type === "hold" ? ["cutoff", String(change.cutoff)] : [])
]

const numberForm = /^\d{1,15}$/

const readNumber = (text: string | undefined): number | undefined =>
  text !== undefined && numberForm.test(text) ? Number(text) : undefined

const isText = (value: unknown): value is string => typeof value === "string"

/** Reads the fields of an entry. Returns `undefined` for fields that this library does not write. */
export const fromFields = (fields: unknown): Change | undefined => {
  // Twelve fields, because a later version may have more.
  if (!Array.isArray(fields) || fields.length > 24 || !fields.every(isText)) return undefined
  const read = new Map<string, string>()
  for (let at = 0; at + 1 < fields.length; at += 2) read.set(fields[at] ?? "", fields[at + 1] ?? "")
  const ids = (read.get("ids") ?? "").split(" ", maxIds + 1)
  if (ids.length > maxIds || !ids.every(isId)) return undefined
  const type = read.get("type")
  const ttl = readNumber(read.get("ttl"))
  const cutoff = readNumber(read.get("cutoff"))
  if (type === "release") return { type, ids }
  if (type === "revoke" && ttl !== undefined) return { type, ids, ttl }
  return type === "hold" && ttl !== undefined && cutoff !== undefined ? { type, ids, ttl, cutoff } : undefined
}

/** An entry of the stream. `change` is `undefined` where the entry cannot be read. */
export interface StreamEntry {
  readonly id: string
  /** When Redis received the entry, in epoch milliseconds of the clock of Redis. */
  readonly receivedAt: number
  readonly change: Change | undefined
}

const entryId = /^(\d{1,15})-\d{1,20}$/

const readEntry = (entry: unknown): StreamEntry | undefined => {
  if (!Array.isArray(entry) || !isText(entry[0])) return undefined
  const [, millis] = entryId.exec(entry[0]) ?? []
  return millis === undefined
    ? undefined
    : { id: entry[0], receivedAt: Number(millis), change: fromFields(entry[1]) }
}

/** Reads a list of entries, as `XRANGE` returns it. Returns `undefined` for another reply. */
export const readEntries = (reply: unknown): ReadonlyArray<StreamEntry> | undefined => {
  if (!Array.isArray(reply)) return undefined
  const entries = reply.flatMap((each) => readEntry(each) ?? [])
  return entries.length === reply.length ? entries : undefined
}

/** The entries of the only stream in a reply of `XREAD`: a list of pairs in RESP2, a map in RESP3. */
const onlyStream = (reply: unknown): unknown => {
  if (reply instanceof Map) return [...reply.values()][0]
  if (Array.isArray(reply)) return Array.isArray(reply[0]) ? reply[0][1] : undefined
  return isRecord(reply) ? Object.values(reply)[0] : undefined
}

/** Reads the reply of an `XREAD` of one stream. `null` means that the stream has no new entries. */
export const readStream = (reply: unknown): ReadonlyArray<StreamEntry> | undefined =>
  reply === null ? [] : readEntries(onlyStream(reply))

/** A client returns numbers as text or as numbers. Any other value may throw when it is converted. */
const toNumber = (value: unknown): number =>
  isText(value) || typeof value === "number" ? Number(value) : Number.NaN

/** Reads the reply of `TIME`, in milliseconds. */
export const readTime = (reply: unknown): number | undefined => {
  const [seconds, micros] = Array.isArray(reply) ? reply.map(toNumber) : []
  const millis = Math.floor((seconds ?? Number.NaN) * 1000 + (micros ?? Number.NaN) / 1000)
  return Number.isSafeInteger(millis) && millis >= 0 ? millis : undefined
}

/** Returns whether the id of an entry is later than another one. */
export const isLater = (id: string, other: string): boolean => {
  const [millis = "", sequence = ""] = id.split("-")
  const [otherMillis = "", otherSequence = ""] = other.split("-")
  return millis === otherMillis
    ? BigInt(sequence || 0) > BigInt(otherSequence || 0)
    : Number(millis) > Number(otherMillis)
}
