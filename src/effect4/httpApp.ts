import * as Effect from "effect/Effect"
import { appendPreResponseHandlerUnsafe } from "effect/http/HttpEffect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"

/** Responds to the current request. */
export type HttpApp<E = never, R = never> = Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  E,
  R | HttpServerRequest.HttpServerRequest
>

/** Changes the response to the current request before the server sends it. */
export const changeResponse = (
  change: (response: HttpServerResponse.HttpServerResponse) => HttpServerResponse.HttpServerResponse
): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    appendPreResponseHandlerUnsafe(fiber.context, (_, response) => Effect.succeed(change(response)))
    return Effect.void
  })
