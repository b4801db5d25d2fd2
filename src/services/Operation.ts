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
 * An effect that needs `ClerkHttp`. Composed (`map`, `gen`, `all`, …) it has `ClerkHttp` in its requirements. Run bare, as
 * in `Effect.runPromise(Sessions.get(id))`, it takes the client from the environment (`ClerkHttp.layerDefault`).
 *
 * @since 0.1.0
 * @category models
 */
// The order matters: inference takes the requirements of the last member.
export type Op<A, E> = Effect.Effect<A, E> & Effect.Effect<A, E, ClerkHttp>

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
