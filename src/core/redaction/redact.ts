import { type SecretSearch, secretSearch } from "./search.js"

const mask = "***"

/** How much of a text is read. This is more than is shown, so that a secret which ends after the shown part is found. */
const maxRead = 600
const maxShown = 300
const maxDepth = 8
const maxEntries = 64

/** The forms of credentials: Clerk's keys, secrets of webhooks, JSON Web Tokens, bearer headers, and Clerk's cookies. */
const credentials = [
  /\b[sp]k_(?:test|live)_[\w+/=$-]*/g,
  /\bwhsec_[\w+/=-]*/g,
  /\beyJ[\w-]*(?:\.[\w-]*){0,4}/g,
  /\bBearer\s+\S+/gi,
  /\b__(?:session|refresh|client)\w*=[^;\s]*/g
]

// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern finds control characters
const lineBreaking = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g

/**
 * Cleans a text from outside for display, and shortens it to 300 characters. Masks everything with the form of a
 * credential. Turns control characters into spaces, so that a log line stays one line.
 */
export const visibleText = (text: string): string => {
  let clean = text.slice(0, maxRead)
  for (const pattern of credentials) clean = clean.replace(pattern, mask)
  clean = clean.replace(lineBreaking, " ")
  return clean.length > maxShown ? `${clean.slice(0, maxShown)}…` : clean
}

/** Removes a list of secrets from texts that come from outside. */
export interface Redactor {
  /**
   * Masks every run of 12 or more characters of a secret, also where it is encoded or split (see `secretSearch`).
   * Returns a text without a secret unchanged.
   */
  readonly hide: (text: string) => string
  /** Cleans a text for display: masks the secrets, then does what `visibleText` does. */
  readonly text: (text: string) => string
  /** Cleans a JSON value for display: cleans every text in it, and limits its depth and width. */
  readonly json: (value: unknown) => unknown
  /** Returns a redactor that removes these secrets, too. */
  readonly with: (secrets: ReadonlyArray<string>) => Redactor
}

/** Makes a redactor. It prepares the search when it reads the first text, because most calls have no text to clean. */
export const makeRedactor = (secrets: ReadonlyArray<string>): Redactor => {
  if (secrets.length === 0) return noSecrets
  let search: SecretSearch | undefined
  const hide = (text: string): string => {
    search ??= secretSearch(secrets)
    return masked(text, search(text))
  }
  const text = (given: string): string => visibleText(hide(given.slice(0, maxRead)))
  const redactor: Redactor = {
    hide,
    text,
    json: (value) => cleanJson(value, text),
    with: (more) => (more.length === 0 ? redactor : makeRedactor([...more, ...secrets]))
  }
  return redactor
}

/** The redactor of callers that have no secrets. */
export const noSecrets: Redactor = {
  hide: (text) => text,
  text: visibleText,
  json: (value) => cleanJson(value, visibleText),
  with: makeRedactor
}

/** The characters of one word with a secret: a few of them can be left over from the encoding of the secret. */
const isWordAt = (text: string, at: number): boolean => /[\w+%-]/.test(text.charAt(at))

const masked = (text: string, found: ReturnType<SecretSearch>): string => {
  if (found === "too complex") return mask
  let clean = ""
  let end = 0
  for (const [from, to] of found) {
    if (to <= end) continue
    let start = Math.max(from, end)
    while (start > end && isWordAt(text, start - 1)) start--
    // Where nothing is left between two secrets, one mask stands for both.
    if (start > end || end === 0) clean += text.slice(end, start) + mask
    end = to
    while (isWordAt(text, end) || text[end] === "=") end++
  }
  return clean + text.slice(end)
}

const cleanJson = (value: unknown, clean: (text: string) => string, depth = 0): unknown => {
  if (typeof value === "string") return clean(value)
  if (typeof value !== "object" || value === null) return value
  if (depth === maxDepth) return mask
  const inner = (item: unknown) => cleanJson(item, clean, depth + 1)
  if (Array.isArray(value)) return value.slice(0, maxEntries).map(inner)
  const entries = Object.entries(value).slice(0, maxEntries)
  return Object.fromEntries(entries.map(([key, item]) => [clean(key), inner(item)]))
}

/** Returns every string inside a JSON value, for use as secrets. Leaves out short ones, which are too common to mask. */
export const textsIn = (value: unknown): ReadonlyArray<string> => {
  if (typeof value === "string") {
    // A header is also quoted in parts: one cookie of several.
    return [value, ...value.split(/[\s;,="]+/)].filter(
      (part, at, all) => part.length >= 8 && all.indexOf(part) === at
    )
  }
  if (typeof value !== "object" || value === null) return []
  return Object.values(value).flatMap(textsIn)
}
