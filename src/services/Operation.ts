/**
 * Declares an operation for any endpoint of Clerk's Backend API, with the checks, errors, retries and decoding of the
 * built-in ones.
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
 * @since 4.0.0
 */
import type * as Effect from "effect/Effect"
import {
  checkDeclaration,
  type Declaration,
  type DeclaredStatus,
  type ErrorOf,
  type Input,
  type QueryEncoded
} from "../runtime/declaration.js"
import { declared } from "../runtime/operation.js"
import type { ClerkHttp } from "./ClerkHttp.js"

export type { Kind } from "../core/model.js"
export type {
  CheckedPath,
  CommonError,
  Declaration,
  DeclaredErrors,
  DeclaredStatus,
  ErrorOf,
  Input,
  PathParams,
  QueryEncoded
} from "../runtime/declaration.js"

/**
 * The effect of an operation. In a program (`map`, `gen`, `all`, …) it requires `ClerkHttp`. You can also run it alone,
 * as in `Effect.runPromise(Sessions.get(id))`: then it uses the client of the environment, as `ClerkHttp.layerDefault`.
 *
 * @since 4.0.0
 * @category models
 */
// The order matters: inference takes the requirements of the last member.
export type Op<A, E> = Effect.Effect<A, E> & Effect.Effect<A, E, ClerkHttp>

/**
 * Returns a function that calls the declared endpoint. An input with an unknown, missing or invalid part fails with
 * `ClerkInvalidRequest`.
 *
 * Throws a `TypeError` that names the mistake if the declaration has one that the compiler did not find.
 *
 * @since 4.0.0
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
