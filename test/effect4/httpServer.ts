import * as HttpServer from "effect/http/HttpServer"
import type * as Layer from "effect/Layer"

export { toWebHandler } from "effect/http/HttpEffect"
export * as HttpMiddleware from "effect/http/HttpMiddleware"
export * as HttpRouter from "effect/http/HttpRouter"
export * as HttpServer from "effect/http/HttpServer"
export * as HttpServerRequest from "effect/http/HttpServerRequest"
export * as HttpServerResponse from "effect/http/HttpServerResponse"
export { jsonUnsafe as jsonResponse } from "effect/http/HttpServerResponse"

/** What a server needs of a runtime. */
export const layerServices = HttpServer.layerServices

export type ServerServices = Layer.Success<typeof layerServices>

/** The name of the span of a request that a server receives. */
export const spanNameOf = (method: string): string => method
