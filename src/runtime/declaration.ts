import * as Schema from "effect/Schema"
import { type Codec, encodedFields } from "#major/schemas.js"
import { optionsFlaw, ownProperties } from "../core/input.js"
import { type ClerkRequest, declaredStatuses, type Kind } from "../core/model.js"
import type {
  ClerkDecodeError,
  ClerkInvalidRequest,
  ClerkTimeout,
  ClerkTransportError
} from "../errors/CallErrors.js"
import type {
  ClerkBadRequest,
  ClerkConflict,
  ClerkForbidden,
  ClerkGone,
  ClerkNotFound,
  ClerkRateLimited,
  ClerkServerError,
  ClerkUnauthorized,
  ClerkUnexpectedStatus,
  ClerkUnprocessableEntity
} from "../errors/StatusErrors.js"

/**
 * The errors of every operation. An operation can declare more.
 *
 * @since 4.0.0
 * @category errors
 */
export type CommonError =
  | ClerkBadRequest
  | ClerkUnauthorized
  | ClerkForbidden
  | ClerkRateLimited
  | ClerkServerError
  | ClerkUnexpectedStatus
  | ClerkInvalidRequest
  | ClerkTransportError
  | ClerkTimeout
  | ClerkDecodeError

/**
 * The statuses that an operation can declare, and their errors. An undeclared status is `ClerkUnexpectedStatus`.
 *
 * @since 4.0.0
 * @category errors
 */
export interface DeclaredErrors {
  /** The resource does not exist. */
  readonly 404: ClerkNotFound
  /** The state of the resource forbids the operation, or another request is changing the resource. */
  readonly 409: ClerkConflict
  /** Clerk has removed the operation. */
  readonly 410: ClerkGone
  /** Clerk rejected a parameter. */
  readonly 422: ClerkUnprocessableEntity
}

/**
 * The statuses that an operation can declare.
 *
 * @since 4.0.0
 * @category errors
 */
export type DeclaredStatus = keyof DeclaredErrors

/**
 * The errors of an operation that declares these statuses: `ErrorOf<404 | 422>`.
 *
 * @since 4.0.0
 * @category errors
 */
export type ErrorOf<Status extends DeclaredStatus = never> = CommonError | DeclaredErrors[Status]

/**
 * The names of the parameters in a path template: `"id"` for `/users/{id}/ban`.
 *
 * @since 4.0.0
 * @category models
 */
export type PathParams<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PathParams<Rest>
  : never

type ParameterFault<Name extends string, Seen extends string> = Name extends ""
  ? "a parameter of a path needs a name, as in /users/{id}"
  : Name extends Seen
    ? `a path has a parameter only once, and ${Name} is in it twice`
    : never

type SegmentFault<Segment extends string, Seen extends string> = string extends Segment
  ? never
  : Segment extends ""
    ? "a path has no empty segment, and no / at its end"
    : Segment extends "." | ".."
      ? "a path has no segment . or .."
      : Segment extends `${string}${"?" | "#"}${string}`
        ? "a path has no query or fragment: declare the query as query"
        : Segment extends `{${infer Name}}`
          ? ParameterFault<Name, Seen>
          : Segment extends `${string}${"{" | "}"}${string}`
            ? "a parameter of a path is a segment of its own, as in /users/{id}"
            : never

type PathFault<
  Path extends string,
  Seen extends string = never
> = Path extends `/${infer Segment}/${infer Rest}`
  ? SegmentFault<Segment, Seen> extends never
    ? PathFault<`/${Rest}`, Seen | PathParams<Segment>>
    : SegmentFault<Segment, Seen>
  : Path extends `/${infer Segment}`
    ? SegmentFault<Segment, Seen>
    : never

/**
 * A path template, or a sentence that says what is wrong with it, which the compiler shows.
 *
 * @since 4.0.0
 * @category models
 */
export type CheckedPath<Path extends string> = [PathFault<Path>] extends [never] ? Path : PathFault<Path>

/**
 * The input of a declared operation: `path` if the template has parameters, `query` and `body` if they are declared.
 *
 * @since 4.0.0
 * @category models
 */
export type Input<Path extends string, Query, Body> = [PathParams<Path>, Query, Body] extends [
  never,
  never,
  never
]
  ? { readonly [part: string]: never }
  : ([PathParams<Path>] extends [never]
      ? unknown
      : { readonly path: { readonly [Name in PathParams<Path>]: string } }) &
      ([Query] extends [never] ? unknown : { readonly query: Query }) &
      ([Body] extends [never] ? unknown : { readonly body: Body })

/**
 * The values that a query can have after encoding.
 *
 * @since 4.0.0
 * @category models
 */
export interface QueryEncoded {
  readonly [name: string]: string | number | boolean | undefined
}

/**
 * The description of an endpoint of the Backend API: its request, its response and its errors.
 *
 * @since 4.0.0
 * @category models
 */
export interface Declaration<
  Path extends string,
  A,
  AI,
  Status extends DeclaredStatus,
  Query,
  QueryI,
  Body,
  BodyI
> {
  /** The name of the operation in errors and traces: `Users.ban`. */
  readonly name: string
  /** The HTTP method. */
  readonly method: ClerkRequest["method"]
  /**
   * The path below `/v1`, with parameters in braces: `/users/{id}/ban`. A parameter has 1 to 128 letters, digits, `_`
   * or `-`.
   */
  readonly path: CheckedPath<Path>
  /** Whether the client can retry the operation. See {@link Kind}. */
  readonly kind: Kind
  /** The schema of a successful response. `Schema.Void` reads no body, and makes 204 a success. */
  readonly success: Codec<A, AI>
  /** The error statuses that the endpoint documents besides 400, 401, 403, 429 and 5xx. Default: none. */
  readonly errors?: ReadonlyArray<Status> | undefined
  /**
   * The schema that encodes the query. An invalid value is a `ClerkInvalidRequest` with the description of its schema.
   * Default: no query.
   */
  readonly query?: Codec<Query, QueryI> | undefined
  /** The schema that encodes the body, with the same errors. A body without fields is not sent. Default: no body. */
  readonly body?: Codec<Body, BodyI> | undefined
  /** The `Clerk-API-Version` of the operation. Default: that of the client. */
  readonly apiVersion?: string | undefined
  /** The path parameter that the response must have as its `id`. Another id is a `ClerkDecodeError`. Default: none. */
  readonly responseId?: PathParams<Path> | undefined
  /**
   * Confirms a retry that Clerk rejects, because an earlier attempt may have succeeded although its response was lost.
   * The client requests `GET path`, and `isDone` returns whether the operation has taken effect. Default: no
   * confirmation.
   */
  readonly confirm?: { readonly path: `/${string}`; readonly isDone: (value: A) => boolean } | undefined
  /**
   * The fields of the encoded body and query that are credentials. Errors mask them if Clerk quotes them. Default:
   * none.
   */
  readonly secrets?: ReadonlyArray<(keyof BodyI | keyof QueryI) & string> | undefined
}

/** Every error of a call. */
export type CallError = ErrorOf<DeclaredStatus>

const parts = [
  "name",
  "method",
  "path",
  "kind",
  "success",
  "errors",
  "query",
  "body",
  "apiVersion",
  "responseId",
  "confirm",
  "secrets"
] as const

const methods: ReadonlyArray<ClerkRequest["method"]> = ["GET", "POST", "PUT", "PATCH", "DELETE"]
const kinds: ReadonlyArray<Kind> = ["read", "idempotent", "once"]

const listed = (values: ReadonlyArray<string | number>): string =>
  values.map((value) => JSON.stringify(value)).join(", ")

const shown = (value: unknown): string => {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 100))
  if (Array.isArray(value)) return `[${value.slice(0, 8).map(shown).join(", ")}]`
  return (typeof value === "object" && value !== null) || typeof value === "function"
    ? `a value of type ${typeof value}`
    : String(value)
}

const includes = (values: ReadonlyArray<unknown>, value: unknown): boolean => values.includes(value)

/** Says what is wrong with a segment of a path, or adds the parameter that stands there to `parameters`. */
const segmentFlaw = (segment: string, parameters: Array<string>): string | undefined => {
  if (segment === "") return "must have no empty segment, and no / at its end"
  if (segment === "." || segment === "..") return "must have no segment . or .."
  if (/[{}]/.test(segment)) {
    const name = /^\{(\w+)\}$/.exec(segment)?.[1]
    if (name === undefined || name === "__proto__") {
      return 'must have each parameter in a segment of its own, as in "/users/{id}"'
    }
    if (parameters.includes(name)) return `must have the parameter ${name} only once`
    parameters.push(name)
    return undefined
  }
  return /^[\w.~-]+$/.test(segment)
    ? undefined
    : "must consist of letters, digits and - . _ ~ between its slashes (a query is declared as query)"
}

/**
 * Checks a declaration as a whole, for callers without types and for what types cannot say. Throws a `TypeError` that
 * names the part, what it must be and what it is. Gives back a copy of the own members, which later changes to the
 * declaration do not reach.
 */
export const checkDeclaration = <D extends object>(declaration: D): D => {
  let title = "Operation.make"
  const reject = (part: string, rule: string, given: unknown): never => {
    throw new TypeError(`${title}: ${part} ${rule}; it is ${shown(given)}`)
  }
  if (typeof declaration !== "object" || declaration === null || Array.isArray(declaration)) {
    return reject("the declaration", "must be an object", declaration)
  }
  const copy = ownProperties(declaration)
  const own: { readonly [Part in (typeof parts)[number]]?: unknown } = copy
  if (typeof own.name !== "string" || !/^(?=.*\S)[^\p{Cc}]{1,128}$/u.test(own.name)) {
    return reject("name", 'must be 1 to 128 characters on one line, as in "Users.ban"', own.name)
  }
  title = `Operation.make(${JSON.stringify(own.name)})`
  const flaw = optionsFlaw(
    declaration,
    { unknown: `is not a part of a declaration; the parts are ${parts.join(", ")}` },
    parts
  )
  if (flaw !== undefined) throw new TypeError(`${title}: ${flaw.field} ${flaw.rule}`)

  const oneOf = (part: "method" | "kind", values: ReadonlyArray<string>) => {
    if (!includes(values, own[part])) reject(part, `must be one of ${listed(values)}`, own[part])
  }
  const schema = (part: "success" | "query" | "body") => {
    if (!Schema.isSchema(own[part])) reject(part, "must be a Schema of effect", own[part])
  }
  const parametersOf = (part: string, path: unknown): ReadonlyArray<string> => {
    if (typeof path !== "string" || !path.startsWith("/")) return reject(part, 'must start with "/"', path)
    if (/^\/v1(\/|$)/.test(path)) return reject(part, "must not start with /v1, which the client adds", path)
    const parameters: Array<string> = []
    for (const segment of path.slice(1).split("/")) {
      const flaw = segmentFlaw(segment, parameters)
      if (flaw !== undefined) reject(part, flaw, path)
    }
    return parameters
  }

  oneOf("method", methods)
  oneOf("kind", kinds)
  const parameters = parametersOf("path", own.path)
  schema("success")
  if (own.query !== undefined) schema("query")
  if (own.body !== undefined) {
    schema("body")
    if (own.method === "GET") reject("body", "must be left out: a GET request has none", own.body)
  }
  const { responseId, apiVersion, confirm, errors, secrets } = own
  if (errors !== undefined) {
    if (!Array.isArray(errors) || !errors.every((each) => includes(declaredStatuses, each)))
      return reject("errors", `must be an array of ${listed(declaredStatuses)}`, errors)
    Object.assign(copy, { errors: [...errors] })
  }
  if (
    apiVersion !== undefined &&
    !(typeof apiVersion === "string" && /^\d{4}-\d{2}-\d{2}$/.test(apiVersion))
  ) {
    reject("apiVersion", "must be a date such as 2026-05-12", apiVersion)
  }
  if (responseId !== undefined && !includes(parameters, responseId)) {
    reject(
      "responseId",
      `must be a parameter of the path (${listed(parameters) || "it has none"})`,
      responseId
    )
  }
  if (confirm !== undefined) {
    if (typeof confirm !== "object" || confirm === null)
      return reject("confirm", "must be an object", confirm)
    const { path, isDone, ...others }: { readonly path?: unknown; readonly isDone?: unknown } =
      ownProperties(confirm)
    const [other] = Object.keys(others)
    if (other !== undefined) reject("confirm", "must have nothing but path and isDone", [other])
    const unknown = parametersOf("confirm.path", path).find((name) => !parameters.includes(name))
    if (unknown !== undefined) reject("confirm.path", "must have no parameter that path has not", path)
    if (typeof isDone !== "function") reject("confirm.isDone", "must be a function", isDone)
    Object.assign(copy, { confirm: { path, isDone } })
  }
  if (secrets !== undefined) {
    const parts = [own.body, own.query].map((part) => (Schema.isSchema(part) ? encodedFields(part) : []))
    const fields = parts.includes(undefined) ? undefined : parts.flatMap((part) => part ?? [])
    // A misspelt name would leave a credential unmasked.
    const isField = (name: unknown): boolean =>
      typeof name === "string" && (fields === undefined || fields.includes(name))
    if (!Array.isArray(secrets) || !secrets.every(isField)) {
      return reject(
        "secrets",
        `must be an array of fields of the encoded body or query (${listed(fields ?? []) || "it has none"})`,
        secrets
      )
    }
    Object.assign(copy, { secrets: [...secrets] })
  }
  return copy
}
