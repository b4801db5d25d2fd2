import * as HttpServer from "@effect/platform/HttpServer"
import type * as Layer from "effect/Layer"

export { toWebHandler } from "@effect/platform/HttpApp"
export * as HttpRouter from "@effect/platform/HttpLayerRouter"
export * as HttpMiddleware from "@effect/platform/HttpMiddleware"
export * as HttpServer from "@effect/platform/HttpServer"
export * as HttpServerRequest from "@effect/platform/HttpServerRequest"
export * as HttpServerResponse from "@effect/platform/HttpServerResponse"
export { unsafeJson as jsonResponse } from "@effect/platform/HttpServerResponse"

/** What a server needs of a runtime. */
export const layerServices = HttpServer.layerContext

export type ServerServices = Layer.Layer.Success<typeof layerServices>

/** The name of the span of a request that a server receives. */
export const spanNameOf = (method: string): string => `http.server ${method}`
