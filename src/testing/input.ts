import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { isJsonObject, limits, maxDepth } from "../core/emulator/limits.js"
import { isMisspelt, knownOperationNames } from "../core/emulator/operationNames.js"
import { visibleText } from "../core/redaction/redact.js"
import { schemaIssues } from "../runtime/schemaIssues.js"

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
const issuesOf = (error: ParseResult.ParseIssue): ReadonlyArray<InputIssue> =>
  schemaIssues(error).map(({ expected, kind, known = [], path }) => ({
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

/** Checks a value of any type. An unknown field is an issue too, and only own properties count. */
export const reader = <A, I>(
  schema: Schema.Schema<A, I>
): ((value: unknown) => Either.Either<A, ReadonlyArray<InputIssue>>) => {
  const decode = ParseResult.decodeUnknownEither(schema, {
    errors: "all",
    onExcessProperty: "error",
    exact: true
  })
  return (value) => Either.mapLeft(decode(value), issuesOf)
}

const isToken = (text: string): boolean => /^[\w!#$%&'*+.^`|~-]{1,256}$/.test(text)

/** The names that a server derives from the body, and one that objects cannot hold. */
const reservedHeaders = ["content-length", "transfer-encoding", "trailer", "__proto__"]

const headerName = Schema.String.pipe(
  Schema.filter((name) => isToken(name) && !reservedHeaders.includes(name.toLowerCase()))
).annotations({
  description:
    "a header name of letters, digits and !#$%&'*+-.^_`|~ other than content-length, transfer-encoding and trailer"
})

const headerValue = Schema.String.pipe(Schema.filter((value) => /^[\t\x20-\x7e]*$/.test(value))).annotations({
  description: "a header value of printable ASCII characters"
})

const lowerCaseName = Schema.String.pipe(
  Schema.filter((name) => isToken(name) && name === name.toLowerCase() && name !== "__proto__")
).annotations({ description: "a header name in lower case of letters, digits and !#$%&'*+-.^_`|~" })

/** Headers of a response that needs no server. */
export const ResponseHeaders = Schema.Record({ key: lowerCaseName, value: headerValue }).annotations({
  description: "an object of header names and values"
})

/** Headers that a server sends. */
export const SentHeaders = Schema.Record({ key: headerName, value: headerValue }).annotations({
  description: "an object of header names and values"
})

/** An operation of the library or one of the user's own. */
export const OperationNameSchema = Schema.NonEmptyString.pipe(
  Schema.filter((name) => !isMisspelt(name))
).annotations({
  description: `the name of an operation: ${knownOperationNames.join(", ")}, or a name of your own that begins with neither Sessions. nor SigningKeys.`
})

/** An operation that the emulator serves. */
export const KnownOperationNameSchema = Schema.Literal(...knownOperationNames).annotations({
  description: `one of ${knownOperationNames.join(", ")}`
})

const maxDuration = Duration.days(36_500)

/** `Duration` turns negative spans into zero, so the given value must be checked. */
const isNegative = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.some(isNegative)
    : typeof value === "string"
      ? value.startsWith("-")
      : typeof value === "number"
        ? !(value >= 0)
        : typeof value === "bigint" && value < 0n

const isDuration = (value: unknown): value is Duration.DurationInput =>
  !isNegative(value) && Option.exists(Duration.decodeUnknown(value), Duration.lessThanOrEqualTo(maxDuration))

const durationRule = {
  description:
    'a duration of at most 36,500 days, such as "2 days" or "90 seconds", or a number of milliseconds'
}

export const AnyDuration = Schema.declare(isDuration, durationRule)

/** A duration in plain JSON. */
export const PlainDuration = Schema.declare(
  (value: unknown): value is Extract<Duration.DurationInput, string | number> =>
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
