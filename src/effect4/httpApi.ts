import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import type * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import type * as Schema from "effect/Schema"

type Key = Context.Key<unknown, unknown>

type ErrorSchemas = ReadonlyArray<Schema.Top>

type Schemes = Record<string, HttpApiSecurity.HttpApiSecurity>

interface Config<Errors extends ErrorSchemas, Provides extends Key, Security extends Schemes> {
  readonly requires: never
  readonly provides: Provides["Identifier"]
  readonly error: Errors
  readonly clientError: never
  readonly requiredForClient: false
  readonly security: Security
}

/** The class of a middleware that provides a service. */
export type MiddlewareClass<
  Self,
  Id extends string,
  Errors extends ErrorSchemas,
  Provides extends Key
> = HttpApiMiddleware.ServiceClass<Self, Id, Config<Errors, Provides, never>>

/** Makes the class of a middleware. */
export const Middleware =
  <Self>() =>
  <const Id extends string, const Options extends { readonly errors: ErrorSchemas; readonly provides: Key }>(
    id: Id,
    { errors }: Options
  ): MiddlewareClass<Self, Id, Options["errors"], Options["provides"]> =>
    HttpApiMiddleware.Service<Self, { provides: Options["provides"]["Identifier"] }>()<Id, Options["errors"]>(
      id,
      { error: errors }
    )

/** The class of a middleware that reads credentials and provides a service. */
export type SecurityMiddlewareClass<
  Self,
  Id extends string,
  Errors extends ErrorSchemas,
  Provides extends Key,
  Security extends Schemes
> = HttpApiMiddleware.ServiceClass<Self, Id, Config<Errors, Provides, Security>>

/** Makes the class of a middleware that reads credentials. */
export const SecurityMiddleware =
  <Self>() =>
  <
    const Id extends string,
    const Options extends {
      readonly errors: ErrorSchemas
      readonly provides: Key
      readonly security: Schemes
    }
  >(
    id: Id,
    { errors, security }: Options
  ): SecurityMiddlewareClass<Self, Id, Options["errors"], Options["provides"], Options["security"]> =>
    HttpApiMiddleware.Service<Self, { provides: Options["provides"]["Identifier"] }>()<
      Id,
      Options["errors"],
      Options["security"]
    >(id, { error: errors, security })

/** The implementation of a middleware that provides the service that `authenticate` returns. */
export const handler =
  <Self, Shape, E>(key: Context.Key<Self, Shape>, authenticate: Effect.Effect<Shape, E, HttpServerRequest>) =>
  <A, E2, R>(
    response: Effect.Effect<A, E2, R>
  ): Effect.Effect<A, E | E2, HttpServerRequest | Exclude<R, Self>> =>
    Effect.flatMap(authenticate, (service) => Effect.provideService(response, key, service))

/** The implementation of a middleware for one scheme. */
export const schemeHandler = handler
