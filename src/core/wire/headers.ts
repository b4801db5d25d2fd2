import { own } from "../input.js"

/** Header names with their values in order, for a JSON body. */
export interface HeaderLists {
  readonly [name: string]: ReadonlyArray<string>
}

const maxText = 64 * 1024

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/**
 * Returns whether all members of an object are its own. The members of a `Request` or a `Headers` are inherited, so it
 * would seem empty. The prototype of an object from another realm is not the `Object.prototype` of this one.
 */
const isPlainObject = (input: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(input)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

const entriesOf = (input: unknown): Iterable<unknown> | undefined => {
  if (typeof input !== "object" || input === null) return undefined
  if (Symbol.iterator in input) return input as Iterable<unknown> // reading it throws if it is not iterable
  return isPlainObject(input) ? Object.entries(input) : undefined
}

type Header = [name: string, values: Array<string>]

/** Adds the values of one header. Returns the length of its text, or `undefined` when the header breaks a rule. */
const addTo = (lists: Map<string, Header>, entry: unknown) => {
  if (!Array.isArray(entry) || entry.length !== 2) return undefined
  const [name, value]: ReadonlyArray<unknown> = entry
  // Node's http2 server lists pseudo-headers among the headers.
  if (typeof name === "string" && /^:[a-z]{1,32}$/.test(name)) return name.length
  if (typeof name !== "string" || name.length > maxText || !token.test(name) || name === "__proto__") {
    return undefined
  }
  const key = name.toLowerCase()
  const header: Header = lists.get(key) ?? [name, []]
  let size = name.length
  for (const line of Array.isArray(value) ? value : value === undefined ? [] : [value]) {
    if (typeof line !== "string") return undefined
    size += line.length
    if (size > maxText || /[\r\n\0]/.test(line)) return undefined
    header[1].push(line)
  }
  if (header[1].length > 0) lists.set(key, header)
  return size
}

/**
 * Reads headers in every form that servers use. Returns `undefined` for any other value, and for headers that break a
 * rule. A name keeps its first spelling. The result does not name the rule, because headers hold credentials.
 */
export const readHeaders = (input: unknown): HeaderLists | undefined => {
  try {
    const entries = entriesOf(input)
    if (entries === undefined) return undefined
    const lists = new Map<string, Header>()
    let size = 0
    for (const entry of entries) {
      const added = addTo(lists, entry)
      if (added === undefined) return undefined
      size += added
      if (size > maxText) return undefined
    }
    return Object.fromEntries(lists.values())
  } catch {
    return undefined // a getter or an iterator threw
  }
}

/** Copies headers with their names in lower case. */
export const lowerCased = <A>(headers: Readonly<Record<string, A>>): Readonly<Record<string, A>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

/** The headers of a response, read where they are needed: a call reads three of them. The `Headers` of `fetch` are one. */
export interface ResponseHeaders {
  /** Returns the value of a header, whose name is in lower case. */
  readonly get: (name: string) => string | null | undefined
  /** Lists all headers, with names in lower case. */
  readonly entries: () => Iterable<readonly [name: string, value: string]>
}

/** Reads headers in a record. The names are in lower case. */
export const headersIn = (
  record: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
): ResponseHeaders => {
  const get = (name: string): string | undefined => {
    const value = own(record, name)
    return typeof value === "object" && value !== null ? value.join(", ") : value
  }
  return { get, entries: () => Object.keys(record).map((name) => [name, get(name) ?? ""]) }
}
