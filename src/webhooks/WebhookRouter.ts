/**
 * Receives webhooks in a route of an `HttpRouter` (in Effect 3, an `HttpLayerRouter`).
 *
 * @since 4.0.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { updateContext } from "#major/context.js"
import * as HttpRouter from "#major/httpRouter.js"
import type * as HttpServerRequest from "#major/httpServerRequest.js"
import * as HttpServerResponse from "#major/httpServerResponse.js"
import type { ClerkConfigError } from "../errors/ClerkConfigError.js"
import * as Webhooks from "./Webhooks.js"

/** The request as the handler reads it, which uses no part of the address. */
const webRequest = ({ headers, method, stream }: HttpServerRequest.HttpServerRequest): Request =>
  new Request(
    "http://localhost",
    method === "POST"
      ? // `duplex` is required for a stream, and the types of the DOM lack it.
        ({ method, headers, body: Stream.toReadableStream(stream), duplex: "half" } as RequestInit)
      : { method: method === "HEAD" ? "HEAD" : "GET" }
  )

/** The response of the handler, whose body is short. */
const serverResponse = (response: Response): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.map(
    Effect.promise(() => response.text()),
    (text) => {
      const options = { status: response.status, headers: Object.fromEntries(response.headers) }
      return text === "" ? HttpServerResponse.empty(options) : HttpServerResponse.text(text, options)
    }
  )

/**
 * Makes a route that receives webhooks, and responds as `Webhooks.toHandler` does. Provide the services of `onEvent` to
 * the layer. Fails with `ClerkConfigError` if an option is invalid, and with the errors of `verifier`.
 *
 * @since 4.0.0
 * @category constructors
 */
export const route = <E, R, EV, RV>(
  path: HttpRouter.PathInput,
  verifier: Effect.Effect<Webhooks.Verifier, EV, RV>,
  onEvent: (event: Webhooks.WebhookEvent) => Effect.Effect<unknown, E, R>,
  options: Webhooks.HandlerOptions = {}
): Layer.Layer<never, EV | ClerkConfigError, HttpRouter.HttpRouter | R | RV> =>
  HttpRouter.use((router) =>
    Effect.gen(function* () {
      const handle = yield* Webhooks.toHandler(verifier, onEvent, options)
      const services = yield* Effect.context<R>()
      yield* router.add("*", path, (request) =>
        // What the server provides for the request, such as its span, is kept.
        updateContext(
          Effect.flatMap(handle(webRequest(request)), serverResponse),
          (ofRequest: Context.Context<never>) => Context.merge(services, ofRequest)
        )
      )
    })
  )
