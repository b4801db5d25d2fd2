import { isMadeOf } from "./ownMembers.js"
import { visibleText } from "./visibleText.js"

/** Something given from outside breaks a rule. The value itself is left behind: it may be a secret. */
export interface RuleBreak {
  readonly field: string
  /** Reads on from the field's name: "must be …". */
  readonly rule: string
}

/** How many letters differ between two words: the Levenshtein distance. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (const [at, letter] of [...a].entries()) {
    const next = [at + 1]
    for (const [to, other] of [...b].entries()) {
      const replaced = (row[to] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, (row[to + 1] ?? 0) + 1, (next[to] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

/** The known name that a misspelt one probably stands for. */
const nearest = (name: string, known: ReadonlyArray<string>): string | undefined =>
  known
    .map((each) => [each, distance(name.toLowerCase(), each.toLowerCase())] as const)
    .filter(([each, edits]) => edits <= Math.min(2, each.length / 3))
    .sort(([, a], [, b]) => a - b)[0]?.[0]

/** The first own key that is not one of `known`, cut short: an option that is silently ignored is a trap. */
const unknownKey = (given: object, known: ReadonlyArray<string>): string | undefined =>
  Object.keys(given)
    .find((key) => !known.includes(key))
    ?.slice(0, 64)

/**
 * Checks that options are an object, and checks the names in it: finds one that is unknown, with the known name it
 * probably stands for, or one that the object inherits, which `ownProperties` would drop in silence.
 */
export const unknownOption = (
  given: unknown,
  known: ReadonlyArray<string>,
  rule: string
): RuleBreak | undefined => {
  if (typeof given !== "object" || given === null) return { field: "options", rule: "must be an object" }
  const strange = unknownKey(given, known)
  if (strange !== undefined) {
    const meant = nearest(strange, known)
    // A key or a token can stand where the name is due, by a slip.
    return {
      field: visibleText(strange),
      rule: meant === undefined ? rule : `${rule}; did you mean ${meant}?`
    }
  }
  const inherited = isMadeOf(given, known)
    ? undefined
    : known.find((name) => name in given && !Object.keys(given).includes(name))
  return inherited === undefined
    ? undefined
    : { field: inherited, rule: "must be set on the object itself, not inherited" }
}
