import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { scrubText } from "../core/redaction/redact.js"
import { schemaIssues } from "../runtime/schemaIssues.js"
import { isMisspelt, knownOperationNames } from "./operationName.js"

/** A field and the rule it breaks, which reads on from the field's name. The value itself is left behind. */
export interface InputIssue {
  readonly path: string
  readonly rule: string
}

const maxNameLength = 64

/** A name from outside, fit for one line of a log. */
const shownKey = (key: string): string => {
  const clean = scrubText(key, []).replace(/[^\x20-\x7e]/g, "?")
  return clean.length > maxNameLength ? `${clean.slice(0, maxNameLength)}…` : clean
}

/** Lists the broken rules. An unknown field is named, with the fields that exist. */
export const issuesOf = (error: ParseResult.ParseIssue): ReadonlyArray<InputIssue> =>
  schemaIssues(error).map(({ expected, kind, known = [], path }) => ({
    path: path.map(shownKey).join("."),
    rule: {
      invalid: `must be ${expected}`,
      missing: `is missing: ${expected}`,
      unknown: `is not a field; the fields are ${known.join(", ")}`
    }[kind]
  }))

/** One sentence for all issues. `root` names the value as a whole. */
export const sentenceOf = (issues: ReadonlyArray<InputIssue>, root: string): string =>
  issues.map(({ path, rule }) => `${path === "" ? root : path} ${rule}`).join("; ")

/** Checks a value of any type. Unknown fields are issues too, and only own properties count. */
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
export const ResponseHeadersSchema = Schema.Record({ key: lowerCaseName, value: headerValue }).annotations({
  description: "an object of header names and values"
})

/** Headers that a server sends. */
export const HeadersSchema = Schema.Record({ key: headerName, value: headerValue }).annotations({
  description: "an object of header names and values"
})

/** The same headers with names in lower case, as the library reads them. */
export const lowerCased = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

export const StatusCodeSchema = Schema.Int.pipe(Schema.between(200, 599)).annotations({
  description: "a whole number from 200 to 599"
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
