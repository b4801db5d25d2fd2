import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { scrubText } from "../../core/redaction/redact.js"
import { OperationNameSchema, reader } from "../input.js"
import type { OperationName } from "../operationName.js"

/**
 * A request that a test expects. What is left out is not looked at.
 *
 * @since 0.1.0
 * @category models
 */
export interface ExpectedRequest {
  /** The name of the operation: `Sessions.get`. */
  readonly operation: OperationName
  /** The HTTP method. */
  readonly method?: string | undefined
  /** Below `/v1`: segments that are not encoded, or a path like `/sessions/sess_1/revoke`. */
  readonly path?: string | ReadonlyArray<string> | undefined
  /** All of it; `{}` is a request without one. Numbers and booleans equal their text. */
  readonly query?: { readonly [name: string]: string | number | boolean } | undefined
  /** All of it, as Clerk's JSON. `body: undefined` is a request without one. */
  readonly body?: unknown
  /** The `Clerk-API-Version` that the operation sets itself. */
  readonly apiVersion?: string | undefined
}

/** What the records of `ClerkTest` and of `ClerkEmulator` have in common. */
export interface MadeRequest {
  readonly operation: string | undefined
  readonly method: string
  readonly path: ReadonlyArray<string>
  readonly query?: { readonly [name: string]: string | number | boolean | undefined } | undefined
  readonly body?: unknown
  readonly apiVersion?: string | undefined
}

/**
 * The requests of a test are not those it expects. The message is a diff, in which secrets are masked.
 *
 * @since 0.1.0
 * @category errors
 */
export class RequestsAssertionError extends Error {
  override readonly name = "AssertionError"
}

/** The fields of Clerk's requests that are credentials. */
const secretFields = new Set(["expired_token", "refresh_token", "request_headers", "token", "jwt", "cookies"])

const pathText = (path: string | ReadonlyArray<string>): string =>
  typeof path === "string" ? path : path.map((segment) => `/${encodeURIComponent(segment)}`).join("")

const queryText = (query: MadeRequest["query"]): string =>
  Object.entries(query ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join("&")

/** JSON whose text is the same whenever its value is. */
const jsonText = (value: unknown, masked: boolean): string => {
  if (Array.isArray(value)) return `[${value.map((item) => jsonText(item, masked)).join(",")}]`
  if (Predicate.isRecord(value)) {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
    const text = fields.map(([name, field]) => {
      const shown = masked && secretFields.has(name) ? '"***"' : jsonText(field, masked)
      return `${JSON.stringify(name)}:${shown}`
    })
    return `{${text.join(",")}}`
  }
  return JSON.stringify(value) ?? "none"
}

const Expected = Schema.Struct({
  operation: OperationNameSchema,
  method: Schema.optional(
    Schema.String.pipe(Schema.filter((method) => /^[A-Z]+$/.test(method))).annotations({
      description: "an HTTP method in capital letters"
    })
  ),
  path: Schema.optional(Schema.Union(Schema.String, Schema.Array(Schema.String))),
  query: Schema.optional(
    Schema.Record({ key: Schema.String, value: Schema.Union(Schema.String, Schema.Number, Schema.Boolean) })
  ),
  body: Schema.optional(Schema.Unknown),
  apiVersion: Schema.optional(Schema.String)
})

const readExpected = reader(Expected)

/** What is wrong with the expectations themselves: a field that does not exist would match anything. */
export const expectationIssue = (expectations: unknown): string | undefined => {
  if (!Array.isArray(expectations)) return "expected must be an array of requests or names of operations"
  for (const [index, each] of expectations.entries()) {
    const read = readExpected(typeof each === "string" ? { operation: each } : each)
    if (Either.isLeft(read)) {
      const issues = read.left.map(({ path, rule }) => ({ path: path === "" ? "" : `.${path}`, rule }))
      return issues.map(({ path, rule }) => `expected.${index}${path} ${rule}`).join("; ")
    }
  }
  return undefined
}

/** The parts of a request as texts, to be compared; of an expected one only those that are given. */
const partsOf = (request: ExpectedRequest | MadeRequest, masked: boolean): ReadonlyMap<string, string> => {
  const parts = new Map<string, string>()
  parts.set("operation", request.operation ?? "(no operation)")
  if (request.method !== undefined) parts.set("method", request.method)
  if (request.path !== undefined) parts.set("path", pathText(request.path))
  if (request.query !== undefined) parts.set("query", queryText(request.query))
  if (Object.hasOwn(request, "body")) {
    parts.set("body", request.body === undefined ? "none" : jsonText(request.body, masked))
  }
  if (request.apiVersion !== undefined) parts.set("apiVersion", request.apiVersion)
  return parts
}

const absent: ReadonlyMap<string, string> = new Map([
  ["query", ""],
  ["body", "none"]
])

const matches = (expected: ExpectedRequest, made: MadeRequest): boolean => {
  const actual = partsOf(made, false)
  return [...partsOf(expected, false)].every(
    ([name, text]) => (actual.get(name) ?? absent.get(name)) === text
  )
}

const lineOf = ([mark, request]: Line, showsVersion: boolean): string => {
  const parts = partsOf(request, true)
  const query = parts.get("query")
  const words = [
    parts.get("operation"),
    parts.get("method"),
    `${parts.get("path") ?? ""}${query ? `?${query}` : ""}`,
    query === "" && mark === "-" ? "without a query" : undefined,
    parts.get("body") === "none" ? (mark === "-" ? "without a body" : undefined) : parts.get("body"),
    showsVersion ? parts.get("apiVersion") : undefined
  ]
  return scrubText(words.filter((word) => word !== undefined && word !== "").join(" "), [])
}

type Line = readonly [mark: " " | "-" | "+", request: ExpectedRequest | MadeRequest]

/** Pairs as many requests as can be without changing their order: the longest common subsequence. */
const align = (
  expected: ReadonlyArray<ExpectedRequest>,
  made: ReadonlyArray<MadeRequest>
): ReadonlyArray<Line> => {
  const longest = expected.map(() => made.map(() => 0))
  const at = (i: number, j: number) => longest[i]?.[j] ?? 0
  const same = expected.map((one) => made.map((other) => matches(one, other)))
  for (let i = expected.length - 1; i >= 0; i--) {
    const row = longest[i] ?? []
    for (let j = made.length - 1; j >= 0; j--) {
      row[j] = same[i]?.[j] ? 1 + at(i + 1, j + 1) : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const lines: Array<Line> = []
  let i = 0
  let j = 0
  for (;;) {
    const one = expected[i]
    const other = made[j]
    if (one !== undefined && other !== undefined && same[i]?.[j]) {
      lines.push([" ", other])
      i++
      j++
    } else if (one !== undefined && (other === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push(["-", one])
      i++
    } else if (other !== undefined) {
      lines.push(["+", other])
      j++
    } else return lines
  }
}

/** What is wrong with the requests, if anything is. */
export const compareRequests = (
  expectations: ReadonlyArray<ExpectedRequest | OperationName>,
  made: ReadonlyArray<MadeRequest>
): RequestsAssertionError | undefined => {
  const expected = expectations.map((each) => (typeof each === "string" ? { operation: each } : each))
  const lines = align(expected, made)
  if (lines.every(([mark]) => mark === " ")) return undefined
  // A client names a version with every request; who does not ask for it need not read it.
  const showsVersion = expected.some(({ apiVersion }) => apiVersion !== undefined)
  const texts = lines.map((line) => [line[0], lineOf(line, showsVersion)] as const)
  const isMasked = texts.some(
    ([mark, text], index) => mark === "-" && texts[index + 1]?.[0] === "+" && texts[index + 1]?.[1] === text
  )
  return new RequestsAssertionError(
    [
      "the requests are not the expected ones (- expected, + made):",
      ...texts.map(([mark, text]) => `  ${mark} ${text}`),
      ...(isMasked ? ["Lines that look the same differ in what is not shown."] : [])
    ].join("\n")
  )
}
