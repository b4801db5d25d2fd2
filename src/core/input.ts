import { visibleText } from "./redaction/redact.js"

/*
 * How the library reads what callers and servers give it. A value from outside is copied once, at the boundary, into an
 * object without a prototype. Code behind the boundary reads plain members of the copy, so that a polluted
 * `Object.prototype` configures nothing.
 */

/** An input breaks a rule. It does not hold the value, which may be a secret. */
export class RuleBreak {
  readonly _tag = "RuleBreak"
  /** The name of the invalid part. Empty where a reader speaks of the value that it was given. */
  readonly field: string
  /** Reads on from the name: "must be …". */
  readonly rule: string

  constructor(field: string, rule: string) {
    this.field = field
    this.rule = rule
  }
}

/** The value that a reader was given breaks a rule. */
export const broken = (rule: string): RuleBreak => new RuleBreak("", rule)

/** Names the member that a rule is about, where the value of `name` is an object. */
export const inField = (name: string, { field, rule }: RuleBreak): RuleBreak =>
  new RuleBreak(field === "" ? name : `${name}.${field}`, rule)

/** Copies what an object has itself, and nothing that it inherits. */
export const ownProperties = <A extends object>(value: A): A => Object.assign(Object.create(null), value)

/** Reads one member that an object has itself, where a copy would cost too much. */
export const own = <A extends object, K extends keyof A>(object: A | undefined, key: K): A[K] | undefined =>
  typeof object === "object" && object !== null && Object.hasOwn(object, key) ? object[key] : undefined

/**
 * Returns whether a value is an object with no other members than these, and a copy keeps all of them. A copy drops a
 * member that the object inherits, except those of `Object.prototype`.
 */
export const isMadeOf = (value: unknown, names: ReadonlyArray<string>): value is object =>
  typeof value === "object" &&
  value !== null &&
  Object.keys(value).every((key) => names.includes(key)) &&
  names.every(
    (name) =>
      !(name in value) ||
      Object.prototype.propertyIsEnumerable.call(value, name) ||
      (!Object.hasOwn(value, name) && name in Object.prototype)
  )

/** Returns whether a value is an object and no array. */
export const isRecord = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Parses JSON. Returns `undefined`, which JSON cannot express, for any other text. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Returns whether a text is empty or only white space, as `CLERK_JWT_KEY=` and `CLERK_JWT_KEY=${X:-}` leave a variable. */
export const isBlank = (text: string): boolean => text.trim() === ""

/** The number of letters in which two words differ: the Levenshtein distance. */
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

/** A name without what tells `secretKey`, `secret_key`, `SECRET-KEY` and `secretkey` apart. */
const letters = (name: string): string => name.replace(/[_-]/g, "").toLowerCase()

const maxName = 64

/** The known name that a misspelt name probably stands for. */
export const nearest = (name: string, known: ReadonlyArray<string>): string | undefined => {
  const written = letters(name.slice(0, maxName))
  const [meant] = known
    .map((each) => [each, distance(written, letters(each))] as const)
    .filter(([each, edits]) => edits <= Math.min(2, each.length / 3))
    .sort(([, a], [, b]) => a - b)
  return meant?.[0]
}

/** Asks whether a misspelt name stands for a known one. Returns an empty text if no known name is near. */
export const didYouMean = (name: string, known: ReadonlyArray<string>): string => {
  const meant = nearest(name, known)
  return meant === undefined ? "" : `; did you mean ${meant}?`
}

/** What an object of options is, for the errors about it. */
export interface OptionsKind {
  /** The rule that an unknown option breaks: `is not an option of a client`. */
  readonly unknown: string
  /** The name of the object. Default `options`. */
  readonly field?: string
  /** The rule that any other value than an object breaks. Default `must be an object`. */
  readonly object?: string
}

/**
 * Finds what is wrong with an object of options. It may be another value, have an unknown name, or inherit an option,
 * which a copy would drop. An option that is ignored is a trap.
 */
export const optionsFlaw = (
  given: unknown,
  { field = "options", object = "must be an object", unknown }: OptionsKind,
  known: ReadonlyArray<string>
): RuleBreak | undefined => {
  if (typeof given !== "object" || given === null) return new RuleBreak(field, object)
  const strange = Object.keys(given).find((key) => !known.includes(key))
  if (strange !== undefined) {
    // A key or a token can stand in the place of a name by mistake.
    return new RuleBreak(visibleText(strange.slice(0, maxName)), `${unknown}${didYouMean(strange, known)}`)
  }
  const inherited = isMadeOf(given, known)
    ? undefined
    : known.find((name) => name in given && !Object.keys(given).includes(name))
  return inherited === undefined
    ? undefined
    : new RuleBreak(inherited, "must be set on the object itself, not inherited")
}

/** Reads the value of one option, which is `undefined` when the option is absent. */
export type Reader = (value: unknown) => unknown

type Read<Readers> = {
  readonly [Name in keyof Readers]: Readers[Name] extends (value: unknown) => infer A
    ? Exclude<A, RuleBreak>
    : never
}

/** Reads an object of options, each by its reader. Returns the first rule that is broken, with the name of the option. */
export const readOptions = <const Readers extends { readonly [name: string]: Reader }>(
  given: unknown,
  kind: OptionsKind,
  readers: Readers
): Read<Readers> | RuleBreak => {
  const flaw = optionsFlaw(given, kind, Object.keys(readers))
  if (flaw !== undefined) return flaw
  const copy: { readonly [name: string]: unknown } = ownProperties(Object(given))
  const options: Record<string, unknown> = Object.create(null)
  for (const [name, read] of Object.entries(readers)) {
    const value = read(copy[name])
    if (value instanceof RuleBreak) return inField(name, value)
    options[name] = value
  }
  return options as Read<Readers> // each member is what its reader returned, and no RuleBreak
}

/** Reads an option that may be absent. */
export const optional =
  <A>(read: (value: unknown) => A | RuleBreak) =>
  (value: unknown): A | RuleBreak | undefined =>
    value === undefined ? undefined : read(value)

/** Reads a flag. Default false. */
export const flag = (value: unknown): boolean | RuleBreak =>
  value === undefined || typeof value === "boolean" ? value === true : broken("must be true or false")
