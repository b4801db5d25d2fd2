import { secretSearch } from "./search.js"
import { mask, visibleText } from "./visibleText.js"

/** How much of a text is read. It is more than is shown, so that a secret at the end of what is shown is found. */
const maxRead = 600
const maxDepth = 8
const maxEntries = 64

/** The characters of one word with a secret: a few of them can be left over from its encoding. */
const isWordAt = (text: string, at: number): boolean => /[\w+%-]/.test(text.charAt(at))

/**
 * Masks every run of 12 or more characters of a secret, also where it is encoded or split: see `secretSearch`. A text
 * without one is returned as it is.
 */
export const hideSecrets = (text: string, secrets: ReadonlyArray<string>): string => {
  if (secrets.length === 0) return text
  const found = secretSearch(secrets)(text)
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
  return found.length === 0 ? text : clean + text.slice(end)
}

/**
 * Makes a text from outside fit to be shown: masks `secrets` and whatever has the form of a credential, turns control
 * characters into spaces (a log line stays one line) and shortens it.
 */
export const scrubText = (text: string, secrets: ReadonlyArray<string>): string =>
  visibleText(hideSecrets(text.slice(0, maxRead), secrets))

/** The same for every text inside a JSON value, which is also kept from being deep or wide. */
export const scrubJson = (value: unknown, secrets: ReadonlyArray<string>, depth = 0): unknown => {
  if (typeof value === "string") return scrubText(value, secrets)
  if (typeof value !== "object" || value === null) return value
  if (depth === maxDepth) return mask
  if (Array.isArray(value)) {
    return value.slice(0, maxEntries).map((item) => scrubJson(item, secrets, depth + 1))
  }
  const entries = Object.entries(value).slice(0, maxEntries)
  return Object.fromEntries(
    entries.map(([key, item]) => [scrubText(key, secrets), scrubJson(item, secrets, depth + 1)])
  )
}

/** Every string inside a JSON value, for use as the `secrets` above; short ones are too common to mask. */
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
