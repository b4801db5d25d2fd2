/**
 * A fast transport for Node.js: an `HttpClient` on undici's dispatcher, without the cost of `fetch`.
 *
 * It needs the package `undici` (7 or 8) beside it, and is the entry `effect-clerk/Undici`.
 *
 * @example
 * ```ts
 * import { Effect, Layer, Redacted } from "effect"
 * import { ClerkHttp, Sessions } from "effect-clerk"
 * import * as Undici from "effect-clerk/Undici"
 *
 * const Clerk = ClerkHttp.layer({ secretKey: Redacted.make("sk_test_…") }).pipe(
 *   Layer.provide(Undici.layer({ connections: 32 }))
 * )
 *
 * export const program = Sessions.get("sess_123").pipe(Effect.provide(Clerk))
 * ```
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Agent, type Dispatcher } from "undici"
import { requestText } from "../internal/requestText.js"
import { withDirectSend } from "../internal/send.js"
import { withoutEnd } from "../internal/timeLimit.js"
import { undiciSend } from "../internal/undiciSend.js"

/**
 * How the pool of connections is kept: undici's own options (`connections`, `keepAliveTimeout`, `connect`,
 * `pipelining`, …).
 *
 * @since 0.1.0
 * @category models
 */
export type UndiciOptions = Agent.Options

/**
 * An `HttpClient` over a dispatcher of the caller's, who also closes it. It reads answers whole and refuses one
 * of more than `maxResponseBytes` (default 8 MiB); a `ClerkHttp` on top of it applies its own limit instead.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  dispatcher: Dispatcher,
  options: { readonly maxResponseBytes?: number | undefined } = {}
): HttpClient.HttpClient => {
  const send = undiciSend(dispatcher)
  const { maxResponseBytes = 8 * 1024 * 1024 } = options
  return withDirectSend(
    HttpClient.make((request, url) =>
      requestText(request).pipe(
        Effect.mapError((cause) => new HttpClientError.RequestError({ request, reason: "Encode", cause })),
        Effect.flatMap((text) => {
          const { method, headers } = request
          const body = request.body._tag === "Empty" ? undefined : text
          return Effect.mapError(
            withoutEnd(
              send({ method, url: url.href, headers, body }, maxResponseBytes, Number.POSITIVE_INFINITY)
            ),
            (cause) => new HttpClientError.RequestError({ request, reason: "Transport", cause })
          )
        }),
        Effect.map(({ status, headers, body }) =>
          // A body, be it empty, is refused by `Response` for the statuses that must not have one.
          HttpClientResponse.fromWeb(request, new Response(body === "" ? null : body, { status, headers }))
        )
      )
    ),
    send
  )
}

/**
 * An `HttpClient` with a pool of connections of its own, which ends with the layer's scope.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: UndiciOptions): Layer.Layer<HttpClient.HttpClient> =>
  Layer.scoped(
    HttpClient.HttpClient,
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => new Agent(options)),
        (agent) => Effect.promise(() => agent.destroy())
      ),
      (agent) => make(agent)
    )
  )
