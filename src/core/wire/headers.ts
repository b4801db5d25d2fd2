/** Header names with their values in order, as they go into a JSON body. */
export interface HeaderLists {
  readonly [name: string]: ReadonlyArray<string>
}

const maxText = 64 * 1024

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/**
 * An object whose own members are all that it has. The members of a `Request` or a `Headers` are inherited, so that it
 * would look empty. The prototype of an object from another realm is not the `Object.prototype` of this one.
 */
const isRecord = (input: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(input)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

const entriesOf = (input: unknown): Iterable<unknown> | undefined => {
  if (typeof input !== "object" || input === null) return undefined
  if (Symbol.iterator in input) return input as Iterable<unknown> // reading it throws if it is none
  return isRecord(input) ? Object.entries(input) : undefined
}

type Header = [name: string, values: Array<string>]

/** Adds the values of one header, and gives how much text they are; `undefined` when they break a rule. */
const addTo = (lists: Map<string, Header>, entry: unknown) => {
  if (!Array.isArray(entry) || entry.length !== 2) return undefined
  const [name, value]: ReadonlyArray<unknown> = entry
  // Node's http2 server keeps the pseudo-headers among the headers, to which they do not belong.
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
 * Reads headers in any form a server has them, or gives `undefined` for any other value and for one that breaks a rule.
 * A name keeps its first spelling. The result does not say what was wrong, because headers hold credentials.
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
