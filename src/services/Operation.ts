/**
 * An operation of Clerk's Backend API, declared as data.
 *
 * The operations of `Sessions` are declared this way. Declare any other endpoint likewise: it gets the same checks, errors,
 * policy and decoding.
 *
 * @example
 * ```ts
 * import { Schema } from "effect"
 * import { Operation } from "effect-clerk"
 *
 * const User = Schema.Struct({ id: Schema.String, banned: Schema.Boolean })
 *
 * export const ban = Operation.make({
 *   name: "Users.ban",
 *   method: "POST",
 *   path: "/users/{id}/ban",
 *   kind: "idempotent",
 *   success: User,
 *   errors: [404]
 * })
 *
 * export const program = ban({ path: { id: "user_123" } })
 * ```
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type { ClerkRequest, Kind } from "../core/model.js"
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
import { checkDeclaration } from "../runtime/declaration.js"
import { declared } from "../runtime/declared.js"
import type { ClerkHttp } from "./ClerkHttp.js"

/**
 * An effect that needs `ClerkHttp`. Composed (`map`, `gen`, `all`, …) it asks for `ClerkHttp` in its requirements;
 * run bare, as in `Effect.runPromise(Sessions.get(id))`, it takes the client from the environment
 * (`ClerkHttp.layerDefault`).
 *
 * @since 0.1.0
 * @category models
 */
// The order matters: inference takes the requirements of the last member.
export type Op<A, E> = Effect.Effect<A, E> & Effect.Effect<A, E, ClerkHttp>

export type { Kind } from "../core/model.js"

/**
 * The errors of every operation, whatever it declares.
 *
 * @since 0.1.0
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
 * The statuses an operation may declare, with their errors. One that is not declared is `ClerkUnexpectedStatus`.
 *
 * @since 0.1.0
 * @category errors
 */
export interface DeclaredErrors {
  /** No such resource. */
  readonly 404: ClerkNotFound
  /** The resource is in a state that forbids this, or locked by another request. */
  readonly 409: ClerkConflict
  /** Clerk has withdrawn the operation. */
  readonly 410: ClerkGone
  /** Clerk rejected a parameter. */
  readonly 422: ClerkUnprocessableEntity
}

/**
 * The statuses that `DeclaredErrors` lists.
 *
 * @since 0.1.0
 * @category errors
 */
export type DeclaredStatus = keyof DeclaredErrors

/**
 * The errors of an operation that declares these statuses: `ErrorOf<404 | 422>`.
 *
 * @since 0.1.0
 * @category errors
 */
export type ErrorOf<Status extends DeclaredStatus = never> = CommonError | DeclaredErrors[Status]

/**
 * The names between braces in a path template.
 *
 * @since 0.1.0
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
 * A path template without a mistake; otherwise a sentence that says what is wrong with it, which the compiler shows.
 *
 * @since 0.1.0
 * @category models
 */
export type CheckedPath<Path extends string> = [PathFault<Path>] extends [never] ? Path : PathFault<Path>

/**
 * The input of a declared operation: `path` when the template has parameters, `query` and `body` when they are
 * declared, and nothing else.
 *
 * @since 0.1.0
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
 * The values a query can carry.
 *
 * @since 0.1.0
 * @category models
 */
export interface QueryEncoded {
  readonly [name: string]: string | number | boolean | undefined
}

/**
 * Describes an endpoint of the Backend API: its request, its response and its errors.
 *
 * @since 0.1.0
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
  /** The name in errors and traces: `Users.ban`. */
  readonly name: string
  /** The HTTP method. */
  readonly method: ClerkRequest["method"]
  /** Below `/v1`; a parameter stands in braces and is checked against `IdText`: `/users/{id}/ban`. */
  readonly path: CheckedPath<Path>
  /** Whether the client may retry it: see `Kind`. */
  readonly kind: Kind
  /** Decodes the body of a success. `Schema.Void` reads none, and then 204 is a success too. */
  readonly success: Schema.Schema<A, AI>
  /** The statuses it documents besides 400, 401, 403, 429 and 5xx. */
  readonly errors?: ReadonlyArray<Status> | undefined
  /** Encodes the query; a refused value is a `ClerkInvalidRequest` whose rule is the schema's description. */
  readonly query?: Schema.Schema<Query, QueryI> | undefined
  /** Encodes the body, likewise. A body without any field is not sent. */
  readonly body?: Schema.Schema<Body, BodyI> | undefined
  /** The API version it needs, where that is not the client's. */
  readonly apiVersion?: string | undefined
  /** The path parameter that has to come back as the answer's `id`. */
  readonly responseId?: PathParams<Path> | undefined
  /**
   * How to learn whether a repeated attempt was refused because an earlier one, whose answer was lost, had
   * succeeded: `GET path` gives the state, and `isDone` says whether it is the one the operation brings about.
   */
  readonly confirm?: { readonly path: `/${string}`; readonly isDone: (value: A) => boolean } | undefined
  /** The fields of the encoded body that are credentials: they are masked wherever Clerk quotes them. */
  readonly secrets?: ReadonlyArray<keyof BodyI & string> | undefined
}

/**
 * Makes an operation from its declaration. Throws a `TypeError` that names the mistake when the declaration has one the
 * compiler did not see. An input with an unknown, missing or invalid part fails with `ClerkInvalidRequest`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <
  const Path extends `/${string}`,
  A,
  AI,
  const Status extends DeclaredStatus = never,
  Query = never,
  QueryI extends QueryEncoded = never,
  Body = never,
  BodyI = never
>(
  declaration: Declaration<Path, A, AI, Status, Query, QueryI, Body, BodyI>
): ((input: Input<Path, Query, Body>) => Op<A, ErrorOf<Status>>) => declared(checkDeclaration(declaration))
