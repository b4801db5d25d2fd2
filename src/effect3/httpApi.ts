import * as HttpApiMiddleware from "@effect/platform/HttpApiMiddleware"
import type * as HttpApiSecurity from "@effect/platform/HttpApiSecurity"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

type Key = NonNullable<HttpApiMiddleware.TagClassAny["provides"]>

type ErrorSchemas = ReadonlyArray<Schema.Schema.All>

type Schemes = Readonly<Record<string, HttpApiSecurity.HttpApiSecurity>>

type Failure<Errors extends ErrorSchemas> = Errors extends readonly [infer One] ? One : Schema.Union<Errors>

const failure = <const Errors extends ErrorSchemas>(errors: Errors) =>
  Schema.Union(...errors) as Failure<Errors> // the union of one schema is that schema

/** The class of a middleware that provides a service. */
export type MiddlewareClass<
  Self,
  Id extends string,
  Errors extends ErrorSchemas,
  Provides
> = HttpApiMiddleware.TagClass<Self, Id, { readonly failure: Failure<Errors>; readonly provides: Provides }>

/** Makes the class of a middleware. */
export const Middleware =
  <Self>() =>
  <const Id extends string, const Options extends { readonly errors: ErrorSchemas; readonly provides: Key }>(
    id: Id,
    { errors, provides }: Options
  ): MiddlewareClass<Self, Id, Options["errors"], Options["provides"]> =>
    HttpApiMiddleware.Tag<Self>()<
      Id,
      { readonly failure: Failure<Options["errors"]>; readonly provides: Options["provides"] }
    >(id, { failure: failure<Options["errors"]>(errors), provides })

/** The class of a middleware that reads credentials and provides a service. */
export type SecurityMiddlewareClass<
  Self,
  Id extends string,
  Errors extends ErrorSchemas,
  Provides,
  Security extends Schemes
> = HttpApiMiddleware.TagClass<
  Self,
  Id,
  { readonly failure: Failure<Errors>; readonly provides: Provides; readonly security: Security }
>

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
    { errors, provides, security }: Options
  ): SecurityMiddlewareClass<Self, Id, Options["errors"], Options["provides"], Options["security"]> =>
    HttpApiMiddleware.Tag<Self>()<
      Id,
      {
        readonly failure: Failure<Options["errors"]>
        readonly provides: Options["provides"]
        readonly security: Options["security"]
      }
    >(id, { failure: failure<Options["errors"]>(errors), provides, security })

/** The implementation of a middleware that provides the service that `authenticate` returns. */
export const handler = <Self, Shape, E>(
  _: Context.Tag<Self, Shape>,
  authenticate: Effect.Effect<Shape, E, HttpServerRequest.HttpServerRequest>
) => authenticate

/** The implementation of a middleware for one scheme. */
export const schemeHandler =
  <Self, Shape, E>(
    _: Context.Tag<Self, Shape>,
    authenticate: Effect.Effect<Shape, E, HttpServerRequest.HttpServerRequest>
  ) =>
  () =>
    authenticate
