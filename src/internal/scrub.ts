const mask = "***"

const maxText = 300
const maxDepth = 8
const maxEntries = 64

/** What a credential looks like wherever it turns up: Clerk's secret keys, JSON Web Tokens, bearer headers, cookies. */
const credentials = [
  /\b[sp]k_(?:test|live)_[\w+/=$-]*/g,
  /\beyJ[\w-]*(?:\.[\w-]*){0,4}/g,
  /\bBearer\s+\S+/gi,
  /\b__(?:session|refresh|client)\w*=[^;\s]*/g
]

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const lineBreaking = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g

/** Where to cut a text that is far too long: not inside a secret, whose first half would not be known for one. */
const endOutside = (text: string, secrets: ReadonlyArray<string>): number => {
  let end = Math.min(text.length, 4 * maxText)
  for (let before = -1; before !== end; ) {
    before = end
    for (const secret of secrets) {
      const start = text.lastIndexOf(secret, end - 1)
      if (start >= 0 && start + secret.length > end) end = start
    }
  }
  return end
}

/**
 * Makes a text from outside fit to be shown: masks `secrets` and whatever looks like a credential, turns
 * control characters into spaces (a log line stays one line) and cuts what is too long.
 */
export const scrubText = (text: string, secrets: ReadonlyArray<string>): string => {
  const longestFirst = [...secrets].sort((a, b) => b.length - a.length)
  let clean = text.slice(0, endOutside(text, longestFirst))
  for (const secret of longestFirst) clean = clean.replaceAll(secret, mask)
  for (const pattern of credentials) clean = clean.replace(pattern, mask)
  clean = clean.replace(lineBreaking, " ")
  return clean.length > maxText ? `${clean.slice(0, maxText)}…` : clean
}

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
