import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServer } from "effect/http/HttpServer"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import type * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import { layerServices, type ServerServices } from "./httpServer.js"

export * as HttpApi from "effect/http-api/HttpApi"
export { group as layerGroup, layer as layerApi, layer as layerRoutes } from "effect/http-api/HttpApiBuilder"
export * as HttpApiClient from "effect/http-api/HttpApiClient"
export * as HttpApiGroup from "effect/http-api/HttpApiGroup"
export * as OpenApi from "effect/http-api/OpenApi"

type Path = `/${string}`

/** An endpoint that responds to a GET. */
export const get = <const Name extends string, A, I, E = never, IE = never>(
  name: Name,
  path: Path,
  success: Schema.Codec<A, I>,
  errors: ReadonlyArray<Schema.Codec<E, IE>> = []
) => HttpApiEndpoint.get(name, path, { success, error: errors })

/** An endpoint that responds to a POST. */
export const post = <const Name extends string, A, I, E = never, IE = never>(
  name: Name,
  path: Path,
  success: Schema.Codec<A, I>,
  errors: ReadonlyArray<Schema.Codec<E, IE>> = []
) => HttpApiEndpoint.post(name, path, { success, error: errors })

/** An endpoint that responds to a GET with an error, which has a status. */
export const getFailing = <const Name extends string, E, I>(
  name: Name,
  path: Path,
  error: Schema.Codec<E, I>,
  status: number
) => HttpApiEndpoint.get(name, path, { error: error.pipe(HttpApiSchema.status(status)) })

/** An API with the implementation of all its groups. */
export type LiveApi<E = never> = Layer.Layer<never, E, HttpRouter.HttpRouter | ServerServices>

/** Serves an API in process. */
export const apiHandler = <E>(live: LiveApi<E>) =>
  HttpRouter.toWebHandler(Layer.provide(live, layerServices), { disableLogger: true })

type Served<E> = Layer.Layer<never, E, HttpServer | ServerServices>

/** Serves an API on the provided server. */
export const serveApi = <E>(live: LiveApi<E>, { log = false } = {}): Served<E> =>
  HttpRouter.serve(live, { disableLogger: !log, disableListenLog: true })

/** The ways to serve an API behind CORS and a logger. */
export const serveApiWithCors: ReadonlyArray<
  readonly [
    name: string,
    serve: <E>(live: LiveApi<E>, cors: Parameters<typeof HttpRouter.cors>[0]) => Served<E>
  ]
> = [
  [
    "an HttpApi's own cors",
    (live, cors) => HttpRouter.serve(Layer.mergeAll(live, HttpRouter.cors(cors)), { disableListenLog: true })
  ]
]

/** The name of the encoded form of a class in an OpenAPI document. */
export const componentOf = (name: string): string => `${name}Encoded`

/** How an OpenAPI document names the scheme of bearer tokens. */
export const bearerScheme = "Bearer"

/** An API that serves a request a second time after an error. */
export const servingTwice = <E>(live: LiveApi<E>): LiveApi<E> =>
  Layer.mergeAll(
    live,
    HttpRouter.middleware(
      (self) => Effect.flatMap(self, (response) => (response.status < 500 ? Effect.succeed(response) : self)),
      { global: true }
    )
  )

/** The errors of an endpoint. */
export type ErrorOf<Endpoint extends HttpApiEndpoint.Constraint> =
  | HttpApiEndpoint.Error<Endpoint>["Type"]
  | HttpApiEndpoint.MiddlewareError<Endpoint>

/** Any endpoint. */
export type AnyEndpoint = HttpApiEndpoint.Constraint

/** The implementation of a group. */
export type GroupService<Api extends string, Group extends string> = HttpApiGroup.Service<Api, Group>

/** What the implementation of a group needs where no middleware provides a service to a handler. */
export type NeededByHandler<Service> = HttpRouter.Request<"Requires", Service>
