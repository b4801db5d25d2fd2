import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { decoder } from "#major/parser.js"
import { annotated, type Codec, filtered, literals, record } from "#major/schemas.js"
import { type DurationInput, readDuration } from "#major/time.js"
import { isJsonObject, limits, maxDepth } from "../core/emulator/limits.js"
import { emulatedOperationNames, isMisspelt, knownOperationNames } from "../core/emulator/operationNames.js"
import type { SchemaIssue } from "../core/model.js"
import { visibleText } from "../core/redaction/redact.js"

/** A field and the rule that it breaks. The rule reads on from the name of the field. Never holds the value. */
export interface InputIssue {
  readonly path: string
  readonly rule: string
}

const maxNameLength = 64

/** A name from outside, short and clean enough for one line of a log. */
const shownKey = (key: string): string => {
  const clean = visibleText(key).replace(/[^\x20-\x7e]/g, "?")
  return clean.length > maxNameLength ? `${clean.slice(0, maxNameLength)}…` : clean
}

/** Lists the broken rules. The rule of an unknown field names the fields that exist. */
const issuesOf = (issues: ReadonlyArray<SchemaIssue>): ReadonlyArray<InputIssue> =>
  issues.map(({ expected, kind, known = [], path }) => ({
    path: path.map(shownKey).join("."),
    rule: {
      invalid: `must be ${expected}`,
      missing: `is missing: ${expected}`,
      unknown: `is not a field; the fields are ${known.join(", ")}`
    }[kind]
  }))

/** Returns one sentence for all issues. `root` is the name of the whole value. */
export const sentenceOf = (issues: ReadonlyArray<InputIssue>, root: string): string =>
  issues.map(({ path, rule }) => `${path === "" ? root : path} ${rule}`).join("; ")

/** A value that was read, or the rules that it breaks. */
export type ReadInput<A> = { readonly value: A } | { readonly issues: ReadonlyArray<InputIssue> }

/** Checks a value of any type. An unknown field is an issue too, and only own properties count. */
export const reader = <A, I>(schema: Codec<A, I>): ((value: unknown) => ReadInput<A>) => {
  const decode = decoder(schema, { all: true, rejectUnknown: true })
  return (value) => {
    const result = decode(value)
    return result._tag === "Success" ? { value: result.value } : { issues: issuesOf(result.issues()) }
  }
}

/** Checks a value as `reader` does, and throws what `fail` makes of the issues. */
export const checker = <A, I>(schema: Codec<A, I>, fail: (issues: ReadonlyArray<InputIssue>) => unknown) => {
  const read = reader(schema)
  return (value: unknown): A => {
    const result = read(value)
    if ("issues" in result) throw fail(result.issues)
    return result.value
  }
}

const isToken = (text: string): boolean => /^[\w!#$%&'*+.^`|~-]{1,256}$/.test(text)

/** The names that a server derives from the body, and one that objects cannot hold. */
const reservedHeaders = ["content-length", "transfer-encoding", "trailer", "__proto__"]

const headerName = filtered(
  Schema.String,
  (name) => isToken(name) && !reservedHeaders.includes(name.toLowerCase()),
  "a header name of letters, digits and !#$%&'*+-.^_`|~ other than content-length, transfer-encoding and trailer"
)

const headerValue = filtered(
  Schema.String,
  (value) => /^[\t\x20-\x7e]*$/.test(value),
  "a header value of printable ASCII characters"
)

const lowerCaseName = filtered(
  Schema.String,
  (name) => isToken(name) && name === name.toLowerCase() && name !== "__proto__",
  "a header name in lower case of letters, digits and !#$%&'*+-.^_`|~"
)

const headersRule = { description: "an object of header names and values" }

/** Headers of a response that needs no server. */
export const ResponseHeaders = annotated(record(lowerCaseName, headerValue), headersRule)

/** Headers that a server sends. */
export const SentHeaders = annotated(record(headerName, headerValue), headersRule)

/** An operation of the library or one of the user's own. */
export const OperationNameSchema = filtered(
  Schema.NonEmptyString,
  (name) => !isMisspelt(name),
  `the name of an operation: ${knownOperationNames.join(", ")}, or a name of your own that begins with neither Sessions. nor SigningKeys.`
)

/** An operation that the emulator serves. */
export const EmulatedOperationNameSchema = annotated(literals(emulatedOperationNames), {
  description: `one of ${emulatedOperationNames.join(", ")}`
})

const maxMillis = Duration.toMillis("36500 days")

/** Effect 3 turns negative durations into zero, so the given value must be checked. */
const isNegative = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.some(isNegative)
    : typeof value === "string"
      ? value.startsWith("-")
      : typeof value === "number"
        ? !(value >= 0)
        : typeof value === "bigint" && value < 0n

const isDuration = (value: unknown): value is DurationInput =>
  !isNegative(value) &&
  Option.exists(readDuration(value), (duration) => {
    const millis = Duration.toMillis(duration)
    return millis >= 0 && millis <= maxMillis
  })

const durationRule = {
  description:
    'a duration of at most 36,500 days, such as "2 days" or "90 seconds", or a number of milliseconds'
}

export const AnyDuration = Schema.declare(isDuration, durationRule)

/** A duration in plain JSON. */
export const PlainDuration = Schema.declare(
  (value: unknown): value is Extract<DurationInput, string | number> =>
    (typeof value === "string" || typeof value === "number") && isDuration(value),
  durationRule
)

/** An object for a token, which the emulator does not keep. `undefined` removes a claim. */
export const JsonObject = Schema.declare(isJsonObject, {
  description: `an object that is JSON and nested at most ${maxDepth} levels deep`
})

/** An object that the emulator keeps. */
export const KeptObject = Schema.declare(
  (value: unknown): value is { readonly [key: string]: unknown } =>
    isJsonObject(value) && JSON.stringify(value).length <= limits.object,
  {
    description: `an object that is JSON, nested at most ${maxDepth} levels deep and at most 64 KiB long`
  }
)
