/** Reads `words.txt`, the list of words that the project does not use. */
import { readFileSync } from "node:fs"

/** One line of the list. */
export interface Entry {
  readonly forms: ReadonlyArray<string>
  readonly replacement: string
  readonly exceptions: ReadonlyArray<string>
}

const listOf = (text: string) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "")

/** Reads the list. Throws on a line that is neither empty, a comment nor an entry. */
export const parseEntries = (text: string): ReadonlyArray<Entry> =>
  text.split("\n").flatMap((line, index): ReadonlyArray<Entry> => {
    if (line.trim() === "" || line.startsWith("#")) return []
    const entry = /^(?<forms>[^>;]+?) -> (?<replacement>[^;]+?)(?:; except (?<exceptions>.+))?$/.exec(line)
    const { forms, replacement, exceptions = "" } = entry?.groups ?? {}
    if (forms === undefined || replacement === undefined) {
      throw new Error(`words.txt:${index + 1}: expected "word -> replacement", received "${line}"`)
    }
    return [{ forms: listOf(forms), replacement, exceptions: listOf(exceptions) }]
  })

export const entries = parseEntries(readFileSync(new URL("words.txt", import.meta.url), "utf8"))

const spaced = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll(/\s+/g, "\\s+")

/** Matches the place of `form` within `phrase`, if the phrase contains it. */
const placeWithin = (form: string, phrase: string) => {
  const index = new RegExp(`(?<!\\w)${spaced(form)}(?!\\w)`, "i").exec(phrase)?.index
  if (index === undefined) return []
  return [`(?<=(?<!\\w)${spaced(phrase.slice(0, index))})(?=${spaced(phrase.slice(index))}(?!\\w))`]
}

/**
 * Whole words only. A hyphen or a dot joins words into a name (`re-mark`, `answer.json`), and a word alone in quotes or
 * parentheses is a value.
 */
const patternOf = (form: string, exceptions: ReadonlyArray<string>) => {
  const word = spaced(form)
  const allowed = [`(?<=["'(])${word}["')]`, ...exceptions.flatMap((phrase) => placeWithin(form, phrase))]
  return `(?<![\\w.$/-])(?!${allowed.join("|")})${word}(?![\\w$]|[-.:/]\\w)`
}

/** The entries as `textlint-rule-terminology` takes them. */
export const terms = entries.map(({ forms, replacement, exceptions }): readonly [string, string] => [
  `(?:${forms.map((form) => patternOf(form, exceptions)).join("|")})`,
  replacement.replaceAll(/,\s*/g, " / ")
])
