import { broken, isRecord } from "../input.js"

/** How much an emulator keeps, so that a client cannot make it grow without limit. */
export const limits = {
  users: 50_000,
  organizations: 10_000,
  templates: 1_000,
  sessions: 50_000,
  /** Bytes of all of these together: the length of their JSON, and 64 for each value in it. */
  data: 256 * 1024 * 1024,
  /** Bytes of one JSON object in a record. */
  object: 64 * 1024,
  /** Tokens that a refresh has used. The emulator forgets the oldest. */
  consumedTokens: 100_000,
  /** Responses and faults that wait for a request. */
  prepared: 1_000,
  /** Characters of the headers and bodies of those responses. */
  preparedText: 64 * 1024 * 1024,
  /** Webhooks that nobody has taken yet. The emulator drops the oldest. */
  webhooks: 50_000,
  /** Characters of the bodies of those webhooks. */
  webhookText: 64 * 1024 * 1024,
  /** Requests in the log. */
  requests: 1_000,
  /** Bytes of the log, as JSON. */
  requestBytes: 2 * 1024 * 1024,
  /** Characters of one body in the log, or of one URL. */
  requestText: 64 * 1024,
  /** Bytes of a request body. */
  bodyBytes: 1024 * 1024
} as const

export const inWords = (count: number): string => count.toLocaleString("en")

export const inMiB = (size: number): string => `${size / 1024 / 1024} MiB`

/** Deeper JSON overflows the stack of code that walks it, such as `JSON.stringify`. */
export const maxDepth = 100

/** Returns whether JSON text nests arrays and objects deeper than `maxDepth`. Brackets inside strings do not count. */
const isTooDeep = (text: string): boolean => {
  let depth = 0
  let inString = false
  for (let index = 0; index < text.length; index++) {
    const character = text[index]
    if (inString) {
      if (character === "\\") index++
      else if (character === '"') inString = false
    } else if (character === '"') inString = true
    else if (character === "[" || character === "{") {
      if (++depth > maxDepth) return true
    } else if (character === "]" || character === "}") depth--
  }
  return false
}

/** Parses JSON. Returns the `RuleBreak` of a text that is not JSON or too deep. */
export const readJson = (text: string): unknown => {
  if (isTooDeep(text)) return broken(`is nested deeper than ${maxDepth} levels`)
  try {
    return JSON.parse(text)
  } catch {
    return broken("is not JSON")
  }
}

/** Returns the text of a body, without a byte order mark; `undefined` if its bytes are not UTF-8. */
export const textOf = (body: string | Uint8Array): string | undefined => {
  if (typeof body === "string") return body
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body)
  } catch {
    return undefined
  }
}

/** The number of bytes that a body has on the wire. */
export const byteLengthOf = (body: string | Uint8Array): number =>
  typeof body === "string" ? new TextEncoder().encode(body).length : body.length

/** Returns whether a value is an object that JSON can hold: without a cycle or a `bigint`, and not too deep. */
export const isJsonObject = (value: unknown): value is { readonly [key: string]: unknown } => {
  if (!isRecord(value)) return false
  try {
    return !isTooDeep(JSON.stringify(value))
  } catch {
    return false
  }
}
