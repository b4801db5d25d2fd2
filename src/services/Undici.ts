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
import { Agent, type Dispatcher, EnvHttpProxyAgent } from "undici"
import { proxyConnections } from "../internal/proxyConnections.js"
import { requestText } from "../internal/requestText.js"
import { type Send, withDirectSend } from "../internal/send.js"
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
): HttpClient.HttpClient => over(undiciSend(dispatcher, false), options.maxResponseBytes)

const over = (send: Send, maxResponseBytes = 8 * 1024 * 1024): HttpClient.HttpClient =>
  withDirectSend(
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

/** An `HttpClient` over a dispatcher that ends with the layer's scope. */
const scoped = (dispatcher: () => Dispatcher): Layer.Layer<HttpClient.HttpClient> =>
  Layer.scoped(
    HttpClient.HttpClient,
    Effect.map(
      Effect.acquireRelease(Effect.sync(dispatcher), (dispatcher) =>
        Effect.promise(() => dispatcher.destroy())
      ),
      (dispatcher) => over(undiciSend(dispatcher, true))
    )
  )

/**
 * An `HttpClient` with a pool of connections of its own, which ends with the layer's scope.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: UndiciOptions): Layer.Layer<HttpClient.HttpClient> =>
  scoped(() => new Agent(options))

/**
 * How to reach the proxy: undici's own options for an `EnvHttpProxyAgent` (`httpProxy`, `httpsProxy`, `noProxy`,
 * `token`, `proxyTls`, `requestTls`, …). What they leave out comes from the environment.
 *
 * @since 0.1.0
 * @category models
 */
export type ProxyOptions = EnvHttpProxyAgent.Options

/**
 * Returns a dispatcher that sends requests through the proxy in `HTTPS_PROXY` or `HTTP_PROXY`, except to the hosts in
 * `NO_PROXY`. The options override the environment. Without a proxy the dispatcher connects directly.
 *
 * It is undici's `EnvHttpProxyAgent` with two differences. A request fails when the proxy closes the connection during
 * CONNECT; by itself undici 7 connects again, at once and for ever. And `proxyTunnel` is `true` unless you say otherwise,
 * also with undici 8. You close the dispatcher yourself.
 *
 * @example
 * ```ts
 * import * as Undici from "effect-clerk/Undici"
 * import { setGlobalDispatcher } from "undici"
 *
 * setGlobalDispatcher(Undici.proxyAgent({ httpsProxy: "http://proxy.example.com:3128" }))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const proxyAgent = (options: ProxyOptions = {}): EnvHttpProxyAgent =>
  // undici 8 would forward requests to `http:` targets instead, and take the proxy's response for theirs.
  new EnvHttpProxyAgent({ clientFactory: proxyConnections, proxyTunnel: true, ...options })

/**
 * An `HttpClient` over the dispatcher of `proxyAgent`, which ends with the layer's scope.
 *
 * @example
 * ```ts
 * import { Layer, Redacted } from "effect"
 * import { ClerkHttp } from "effect-clerk"
 * import * as Undici from "effect-clerk/Undici"
 *
 * export const Clerk = ClerkHttp.layer({ secretKey: Redacted.make("sk_test_…") }).pipe(
 *   Layer.provide(Undici.layerProxy())
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerProxy = (options?: ProxyOptions): Layer.Layer<HttpClient.HttpClient> =>
  scoped(() => proxyAgent(options))
