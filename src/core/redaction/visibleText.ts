const maxText = 300

export const mask = "***"

/** The forms of credentials: Clerk's keys, JSON Web Tokens, bearer headers, and Clerk's cookies. */
const credentials = [
  /\b[sp]k_(?:test|live)_[\w+/=$-]*/g,
  /\beyJ[\w-]*(?:\.[\w-]*){0,4}/g,
  /\bBearer\s+\S+/gi,
  /\b__(?:session|refresh|client)\w*=[^;\s]*/g
]

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const lineBreaking = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g

/** Masks what has the form of a credential, makes the text one line, and shortens it to 300 characters. */
export const visibleText = (text: string): string => {
  let clean = text
  for (const pattern of credentials) clean = clean.replace(pattern, mask)
  clean = clean.replace(lineBreaking, " ")
  return clean.length > maxText ? `${clean.slice(0, maxText)}…` : clean
}
