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
import { Agent, Client, type Dispatcher, EnvHttpProxyAgent, Pool } from "undici"
import {
  defaultMaxResponseBytes,
  maxResponseBytes as readMaxResponseBytes
} from "../core/call/clientSettings.js"
import { inField, optionsFlaw, ownProperties, RuleBreak } from "../core/input.js"
import { visibleText } from "../core/redaction/visibleText.js"
import { ClerkConfigError } from "../errors/ClerkConfigError.js"
import { proxyConnections } from "../runtime/proxyConnections.js"
import { requestText } from "../runtime/requestText.js"
import { type Send, withDirectSend } from "../runtime/send.js"
import { withoutEnd } from "../runtime/time.js"
import { undiciSend } from "../runtime/undiciSend.js"

/**
 * How the pool keeps its connections: the options of undici's `Agent` (`connections`, `keepAliveTimeout`, `connect`,
 * `pipelining`, …). Times are in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export type UndiciOptions = Agent.Options

/**
 * The options of `make`.
 *
 * @since 0.1.0
 * @category models
 */
export interface MakeOptions {
  /** How many bytes of a response, after decompression, are accepted. Default 8 MiB. */
  readonly maxResponseBytes?: number | undefined
}

const makeOptionNames = Object.keys({ maxResponseBytes: true } satisfies Record<keyof MakeOptions, true>)

const configError = ({ field, rule }: RuleBreak) => new ClerkConfigError({ setting: field, rule }, true)

/**
 * Makes an `HttpClient` over a dispatcher of your own, which you also close. It reads responses whole and rejects one
 * of more than `maxResponseBytes`. A `ClerkHttp` on top of it applies its own limit instead.
 *
 * Throws a `ClerkConfigError` when an option is unknown or breaks a rule.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (dispatcher: Dispatcher, options: MakeOptions = {}): HttpClient.HttpClient => {
  const flaw =
    optionsFlaw(options, { unknown: "is not an option of Undici.make" }, makeOptionNames) ??
    (typeof dispatcher?.dispatch === "function"
      ? undefined
      : new RuleBreak("dispatcher", "must be a Dispatcher of undici, such as an Agent"))
  if (flaw !== undefined) throw configError(flaw)
  const maxResponseBytes = readMaxResponseBytes(ownProperties(options).maxResponseBytes)
  if (maxResponseBytes instanceof RuleBreak) throw configError(inField("maxResponseBytes", maxResponseBytes))
  return over(undiciSend(dispatcher, false), maxResponseBytes)
}

const over = (send: Send, maxResponseBytes: number): HttpClient.HttpClient =>
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

/** Options by which another's code makes connections or handles requests, and may not say when a request starts. */
const foreign: ReadonlyArray<string> = ["factory", "clientFactory", "interceptors"]

const isOwn = (options: object): boolean =>
  foreign.every((name) => !Object.hasOwn(options, name) || Reflect.get(options, name) === undefined)

/** An `HttpClient` over a dispatcher that closes with the layer's scope. */
const scoped = (
  flaw: RuleBreak | undefined,
  dispatcher: () => Dispatcher,
  options: object
): Layer.Layer<HttpClient.HttpClient, ClerkConfigError> =>
  Layer.scoped(
    HttpClient.HttpClient,
    Effect.suspend(() => {
      if (flaw !== undefined) return Effect.fail(configError(flaw))
      return Effect.map(
        Effect.acquireRelease(
          Effect.try({
            try: dispatcher,
            catch: (failure) => failure as ClerkConfigError // neither dispatcher throws anything else
          }),
          (dispatcher) => Effect.promise(() => dispatcher.destroy())
        ),
        (dispatcher) => over(undiciSend(dispatcher, isOwn(options)), defaultMaxResponseBytes)
      )
    })
  )

/** The origin of clients that only check options. They never connect. */
const origin = "http://localhost"

/** The options that the installed undici reads: its constructors say so themselves, in every version. */
const knownOptions = (): ReadonlyArray<string> => {
  const names = new Set<string>(["interceptors"]) // in the types, and read from a copy
  const recorder = new Proxy<Agent.Options>(
    {},
    {
      get: (_, name) => {
        names.add(String(name))
      }
    }
  )
  for (const construct of constructors) construct(recorder)
  return [...names]
}

const constructors: ReadonlyArray<(options: Agent.Options) => Dispatcher> = [
  (options) => new Agent(options),
  (options) => new Pool(origin, options),
  (options) => new Client(origin, options)
]

/**
 * Finds an option of a dispatcher that undici does not know or rejects. It would tell of the latter when the first call
 * fails. The options in `own` are those of the dispatcher itself, and its constructor checks their values.
 */
const dispatcherFlaw = (
  options: UndiciOptions | ProxyOptions,
  dispatcher: string,
  own: ReadonlyArray<string>
): RuleBreak | undefined => {
  const unknown = optionsFlaw(options, { unknown: `is not an option of undici's ${dispatcher}` }, [
    ...own,
    ...knownOptions()
  ])
  if (unknown !== undefined) return unknown
  for (const [field, value] of Object.entries(options)) {
    if (own.includes(field)) continue
    try {
      for (const construct of constructors) construct({ [field]: value })
    } catch (cause) {
      return new RuleBreak(
        field,
        `is rejected by undici: ${visibleText(cause instanceof Error ? cause.message : String(cause))}`
      )
    }
  }
  return undefined
}

/**
 * Provides an `HttpClient` with a pool of connections of its own, which closes with the layer's scope. Fails with
 * `ClerkConfigError` when undici does not know an option or rejects its value.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: UndiciOptions = {}): Layer.Layer<HttpClient.HttpClient, ClerkConfigError> =>
  scoped(dispatcherFlaw(options, "Agent", []), () => new Agent(options), options)

/**
 * How to reach the proxy: the options of undici's `EnvHttpProxyAgent` (`httpProxy`, `httpsProxy`, `noProxy`, `token`,
 * `proxyTls`, `requestTls`, …). Options that are absent come from the environment.
 *
 * @since 0.1.0
 * @category models
 */
export type ProxyOptions = EnvHttpProxyAgent.Options

const proxyOptionNames = [
  "httpProxy",
  "httpsProxy",
  "noProxy",
  "auth",
  "token",
  "headers",
  "requestTls",
  "proxyTls",
  "proxyTunnel",
  "clientFactory"
]

/**
 * Returns a dispatcher that sends requests through the proxy in `HTTPS_PROXY` or `HTTP_PROXY`, except to the hosts in
 * `NO_PROXY`. The options override the environment. Without a proxy the dispatcher connects directly.
 *
 * It is undici's `EnvHttpProxyAgent` with two differences. A request fails when the proxy closes the connection during
 * CONNECT; by itself undici 7 connects again, at once and for ever. And `proxyTunnel` is `true` unless you say otherwise,
 * also with undici 8. You close the dispatcher yourself.
 *
 * Throws a `ClerkConfigError` when an option is unknown, or when undici rejects one.
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
export const proxyAgent = (options: ProxyOptions = {}): EnvHttpProxyAgent => {
  const flaw = dispatcherFlaw(options, "EnvHttpProxyAgent", proxyOptionNames)
  if (flaw !== undefined) throw configError(flaw)
  // undici 8 would forward requests to `http:` targets instead, and take the proxy's response for theirs.
  const { clientFactory = proxyConnections, proxyTunnel = true, ...others } = ownProperties(options)
  try {
    return new EnvHttpProxyAgent({ ...others, clientFactory, proxyTunnel })
  } catch {
    // The message of undici may quote the credentials in a proxy's URL.
    throw configError(
      new RuleBreak(
        "options",
        "are rejected by undici: check the URLs of the proxies, also those in HTTP_PROXY and HTTPS_PROXY"
      )
    )
  }
}

/**
 * Provides an `HttpClient` over the dispatcher of `proxyAgent`, which closes with the layer's scope. Fails with
 * `ClerkConfigError` when an option is unknown, or when undici rejects one.
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
export const layerProxy = (
  options: ProxyOptions = {}
): Layer.Layer<HttpClient.HttpClient, ClerkConfigError> =>
  scoped(undefined, () => proxyAgent(options), options)
