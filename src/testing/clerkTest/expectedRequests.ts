import * as Schema from "effect/Schema"
import { filtered, record, union } from "#major/schemas.js"
import type { OperationName } from "../../core/emulator/operationNames.js"
import { isRecord } from "../../core/input.js"
import { noSecrets, visibleText } from "../../core/redaction/redact.js"
import { OperationNameSchema, reader } from "../input.js"

/**
 * A request that a test expects. Absent fields are not compared.
 *
 * @since 4.0.0
 * @category models
 */
export interface ExpectedRequest {
  /** The name of the operation: `Sessions.get`. */
  readonly operation: OperationName
  /** The HTTP method. */
  readonly method?: string | undefined
  /**
   * The path below `/v1`: unencoded segments such as `["sessions", "sess_1"]`, or a text such as
   * `/sessions/sess_1/revoke`.
   */
  readonly path?: string | ReadonlyArray<string> | undefined
  /** All query parameters, where numbers and booleans equal their text. `{}` expects none. */
  readonly query?: { readonly [name: string]: string | number | boolean } | undefined
  /** The whole body, as Clerk's JSON. `body: undefined` expects none. */
  readonly body?: unknown
  /** The `Clerk-API-Version` that the operation itself sets. */
  readonly apiVersion?: string | undefined
}

/** The fields that the records of `ClerkTest` and of `ClerkEmulator` have in common. */
export interface MadeRequest {
  readonly operation: string | undefined
  readonly method: string
  readonly path: ReadonlyArray<string>
  readonly query?: { readonly [name: string]: string | number | boolean | undefined } | undefined
  readonly body?: unknown
  readonly apiVersion?: string | undefined
}

/**
 * The requests of a test differ from the expected ones. Test runners show the difference between `actual` and
 * `expected`. Secrets are masked.
 *
 * @since 4.0.0
 * @category errors
 */
export class RequestsAssertionError extends Error {
  override readonly name = "AssertionError"
  /** The requests that the test made, each with only the fields that its expected request has. */
  readonly actual: unknown
  /** The expected requests. */
  readonly expected: unknown

  constructor(message: string, actual: unknown, expected: unknown) {
    super(message)
    this.actual = actual
    this.expected = expected
  }
}

const Expected = Schema.Struct({
  operation: OperationNameSchema,
  method: Schema.optional(
    filtered(Schema.String, (method) => /^[A-Z]+$/.test(method), "an HTTP method in capital letters")
  ),
  path: Schema.optional(union(Schema.String, Schema.Array(Schema.String))),
  query: Schema.optional(record(Schema.String, union(Schema.String, union(Schema.Number, Schema.Boolean)))),
  body: Schema.optional(Schema.Unknown),
  apiVersion: Schema.optional(Schema.String)
})

const readExpected = reader(Expected)

/** Returns what is wrong with the expectations themselves: an unknown field would match any request. */
export const expectationIssue = (expectations: unknown): string | undefined => {
  if (!Array.isArray(expectations)) return "expected must be an array of requests or names of operations"
  for (const [index, each] of expectations.entries()) {
    const read = readExpected(typeof each === "string" ? { operation: each } : each)
    if ("issues" in read) {
      return read.issues
        .map(({ path, rule }) => `expected.${index}${path === "" ? "" : `.${path}`} ${rule}`)
        .join("; ")
    }
  }
  return undefined
}

type Field = keyof ExpectedRequest

const fields: ReadonlyArray<Field> = ["operation", "method", "path", "query", "body", "apiVersion"]

const pathText = (path: string | ReadonlyArray<string>): string =>
  typeof path === "string" ? path : path.map((segment) => `/${encodeURIComponent(segment)}`).join("")

const queryTexts = (query: MadeRequest["query"] = {}) =>
  Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))
  )

/** Some fields of a request, in one spelling. */
const partOf = (request: ExpectedRequest | MadeRequest, names: ReadonlyArray<Field>) => {
  const { path, query } = request
  const all = {
    ...request,
    operation: request.operation ?? "(no operation)",
    path: path === undefined ? undefined : pathText(path),
    query: queryTexts(query)
  }
  return Object.fromEntries(names.map((name) => [name, all[name]]))
}

/** JSON with sorted keys, so that equal values have the same text. */
const sortedJson = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    isRecord(each)
      ? Object.fromEntries(Object.entries(each).sort(([one], [other]) => (one < other ? -1 : 1)))
      : each
  )

/** The fields of Clerk's requests that are credentials. */
const secretFields = new Set(["expired_token", "refresh_token", "request_headers", "token", "jwt", "cookies"])

const masked = (value: object): unknown =>
  noSecrets.json(
    JSON.parse(JSON.stringify(value), (key, each: unknown) => (secretFields.has(key) ? "***" : each))
  )

const shown = (request: unknown): string =>
  request === undefined ? "no request" : visibleText(JSON.stringify(request))

/** Compares the requests by position. Returns the error if any of them differs. */
export const compareRequests = (
  expectations: ReadonlyArray<ExpectedRequest | OperationName>,
  made: ReadonlyArray<MadeRequest>
): RequestsAssertionError | undefined => {
  const given = expectations.map((each) => (typeof each === "string" ? { operation: each } : each))
  const namesAt = (index: number): ReadonlyArray<Field> => {
    const request = given[index]
    return request === undefined
      ? fields
      : fields.filter((name) =>
          name === "body" ? Object.hasOwn(request, name) : request[name] !== undefined
        )
  }
  const actual = made.map((request, index) => partOf(request, namesAt(index)))
  const expected = given.map((request, index) => partOf(request, namesAt(index)))
  const count = Math.max(actual.length, expected.length)
  const first = Array.from({ length: count }, (_, index) => index).find(
    (index) => sortedJson(actual[index]) !== sortedJson(expected[index])
  )
  if (first === undefined) return undefined
  const [actualShown, expectedShown] = [actual.map(masked), expected.map(masked)]
  return new RequestsAssertionError(
    [
      `the requests differ: ${expected.length} expected, ${actual.length} made; request ${first + 1} is the first that differs`,
      `  expected: ${shown(expectedShown[first])}`,
      `  made:     ${shown(actualShown[first])}`,
      ...(sortedJson(expectedShown[first]) === sortedJson(actualShown[first])
        ? ["  The difference is in a value that is masked or not shown."]
        : [])
    ].join("\n"),
    actualShown,
    expectedShown
  )
}
