import { appendPreResponseHandler, type Default } from "@effect/platform/HttpApp"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"

/** Responds to the current request. */
export type HttpApp<E = never, R = never> = Default<E, R>

/** Changes the response to the current request before the server sends it. */
export const changeResponse = (
  change: (response: HttpServerResponse.HttpServerResponse) => HttpServerResponse.HttpServerResponse
): Effect.Effect<void> => appendPreResponseHandler((_, response) => Effect.succeed(change(response)))
