import type * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import type * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import type { HttpServer } from "@effect/platform/HttpServer"
import * as Effect from "effect/Effect"
import { flow } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { layerServices, type ServerServices } from "./httpServer.js"

export * as HttpApi from "@effect/platform/HttpApi"
export { api as layerApi, group as layerGroup } from "@effect/platform/HttpApiBuilder"
export * as HttpApiClient from "@effect/platform/HttpApiClient"
export * as HttpApiGroup from "@effect/platform/HttpApiGroup"
export { addHttpApi as layerRoutes } from "@effect/platform/HttpLayerRouter"
export * as OpenApi from "@effect/platform/OpenApi"

type Path = `/${string}`

/** An endpoint that responds to a GET. */
export const get = <const Name extends string, A, I, E = never, IE = never>(
  name: Name,
  path: Path,
  success: Schema.Schema<A, I>,
  errors: ReadonlyArray<Schema.Schema<E, IE>> = []
) =>
  HttpApiEndpoint.get(name, path)
    .addSuccess(success)
    .addError(Schema.Union(...errors))

/** An endpoint that responds to a POST. */
export const post = <const Name extends string, A, I, E = never, IE = never>(
  name: Name,
  path: Path,
  success: Schema.Schema<A, I>,
  errors: ReadonlyArray<Schema.Schema<E, IE>> = []
) =>
  HttpApiEndpoint.post(name, path)
    .addSuccess(success)
    .addError(Schema.Union(...errors))

/** An endpoint that responds to a GET with an error, which has a status. */
export const getFailing = <const Name extends string, E, I>(
  name: Name,
  path: Path,
  error: Schema.Schema<E, I>,
  status: number
) => HttpApiEndpoint.get(name, path).addError(error, { status })

/** An API with the implementation of all its groups. */
export type LiveApi<E = never> = Layer.Layer<HttpApi.Api, E, ServerServices>

/** Serves an API in process. */
export const apiHandler = <E>(live: LiveApi<E>) =>
  HttpApiBuilder.toWebHandler(Layer.provideMerge(live, layerServices))

type Served<E> = Layer.Layer<never, E, HttpServer | ServerServices>

/** Serves an API on the provided server. */
export const serveApi = <E>(live: LiveApi<E>, { log = false } = {}): Served<E> =>
  (log ? HttpApiBuilder.serve(HttpMiddleware.logger) : HttpApiBuilder.serve()).pipe(Layer.provide(live))

/** The ways to serve an API behind CORS and a logger. */
export const serveApiWithCors: ReadonlyArray<
  readonly [
    name: string,
    serve: <E>(live: LiveApi<E>, cors: Parameters<typeof HttpMiddleware.cors>[0]) => Served<E>
  ]
> = [
  [
    "cors and the logger around an HttpApi",
    (live, cors) =>
      HttpApiBuilder.serve(flow(HttpMiddleware.cors(cors), HttpMiddleware.logger)).pipe(Layer.provide(live))
  ],
  [
    "an HttpApi's own cors",
    (live, cors) =>
      HttpApiBuilder.serve(HttpMiddleware.logger).pipe(
        Layer.provide(HttpApiBuilder.middlewareCors(cors)),
        Layer.provide(live)
      )
  ]
]

/** The name of the encoded form of a class in an OpenAPI document. */
export const componentOf = (name: string): string => name

/** How an OpenAPI document names the scheme of bearer tokens. */
export const bearerScheme = "bearer"

/** An API that serves a request a second time after an error. */
export const servingTwice = <E>(live: LiveApi<E>): LiveApi<E> =>
  Layer.provideMerge(
    live,
    HttpApiBuilder.middleware((self) => Effect.retry(self, { times: 1 }))
  )

/** The errors of an endpoint. */
export type ErrorOf<Endpoint extends HttpApiEndpoint.HttpApiEndpoint.Any> =
  HttpApiEndpoint.HttpApiEndpoint.Error<Endpoint>

/** Any endpoint. */
export type AnyEndpoint = HttpApiEndpoint.HttpApiEndpoint.Any

/** The implementation of a group. */
export type GroupService<Api extends string, Group extends string> = HttpApiGroup.ApiGroup<Api, Group>

/** What the implementation of a group needs where no middleware provides a service to a handler. */
export type NeededByHandler<Service> = Service
