/**
 * Provides a fast `HttpClient` for Node.js, on undici's dispatcher instead of `fetch`.
 *
 * Install the package `undici` (7 or 8) and import this module as `effect-clerk/Undici`.
 *
 * @example
 * ```ts
 * import { Layer, Redacted } from "effect"
 * import { ClerkHttp } from "effect-clerk"
 * import * as Undici from "effect-clerk/Undici"
 *
 * export const Clerk = ClerkHttp.layer({ secretKey: Redacted.make("sk_test_…") }).pipe(
 *   Layer.provide(Undici.layer({ connections: 32 }))
 * )
 * ```
 *
 * @since 4.0.0
 */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { Agent, Client, type Dispatcher, EnvHttpProxyAgent, Pool } from "undici"
import * as HttpClient from "#major/httpClient.js"
import { scoped as scopedLayer } from "#major/layer.js"
import { defaultMaxResponseBytes, maxResponseBytes } from "../core/call/clientSettings.js"
import { broken, optional, ownProperties, type Reader, RuleBreak, readOptions } from "../core/input.js"
import { visibleText } from "../core/redaction/redact.js"
import type { ClerkConfigError } from "../errors/ClerkConfigError.js"
import { configError, wireError } from "../runtime/errors.js"
import { makeHttpClient, withDirectSend } from "../runtime/httpClient.js"
import type { Send } from "../runtime/send.js"
import { withoutEnd } from "../runtime/time.js"
import { proxyConnections, undiciSend } from "../runtime/undici.js"

/**
 * The options of undici's `Agent`, which keeps the connections: `connections`, `keepAliveTimeout`, `connect`,
 * `pipelining` and others. Times are in milliseconds.
 *
 * @since 4.0.0
 * @category models
 */
export type UndiciOptions = Agent.Options

/**
 * The options of {@link make}.
 *
 * @since 4.0.0
 * @category models
 */
export interface MakeOptions {
  /** The maximum size of a response in bytes, after decompression. Default 8 MiB. */
  readonly maxResponseBytes?: number | undefined
}

/**
 * Makes an `HttpClient` over your own dispatcher, which you also close. It reads each response whole, and rejects one
 * larger than `maxResponseBytes`. A `ClerkHttp` on top of it applies its own limit instead.
 *
 * Throws a `ClerkConfigError` if an option is unknown or invalid.
 *
 * @since 4.0.0
 * @category constructors
 */
export const make = (dispatcher: Dispatcher, options: MakeOptions = {}): HttpClient.HttpClient => {
  const read = readOptions(options, { unknown: "is not an option of Undici.make" }, { maxResponseBytes })
  if (read instanceof RuleBreak) throw configError(read)
  if (typeof dispatcher?.dispatch !== "function") {
    throw configError(new RuleBreak("dispatcher", "must be a Dispatcher of undici, such as an Agent"))
  }
  return over(undiciSend(dispatcher, false), read.maxResponseBytes)
}

const over = (send: Send, maxBytes: number): HttpClient.HttpClient =>
  withDirectSend(
    makeHttpClient((request) =>
      Effect.mapError(withoutEnd(send(request, maxBytes, Number.POSITIVE_INFINITY)), wireError)
    ),
    send
  )

/** With these options, code of the caller makes connections or handles requests. It may not say when a request starts. */
const callersCode: ReadonlyArray<string> = ["factory", "clientFactory", "interceptors"]

const tellsStart = (options: object): boolean =>
  callersCode.every((name) => !Object.hasOwn(options, name) || Reflect.get(options, name) === undefined)

/** An `HttpClient` over a dispatcher that closes with the layer's scope. */
const scoped = (
  flaw: RuleBreak | undefined,
  dispatcher: () => Dispatcher,
  options: object
): Layer.Layer<HttpClient.HttpClient, ClerkConfigError> =>
  scopedLayer(
    HttpClient.HttpClient,
    Effect.suspend(() => {
      if (flaw !== undefined) return Effect.fail(configError(flaw))
      return Effect.map(
        Effect.acquireRelease(
          Effect.try({
            try: dispatcher,
            catch: (failure) => failure as ClerkConfigError // `dispatcher` throws nothing else
          }),
          (dispatcher) => Effect.promise(() => dispatcher.destroy())
        ),
        (dispatcher) => over(undiciSend(dispatcher, tellsStart(options)), defaultMaxResponseBytes)
      )
    })
  )

/** The origin of clients that only check options. They never connect. */
const origin = "http://localhost"

const constructors: ReadonlyArray<(options: Agent.Options) => Dispatcher> = [
  (options) => new Agent(options),
  (options) => new Pool(origin, options),
  (options) => new Client(origin, options)
]

/** Lists the options that the constructors of the installed undici read. */
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

/** Reads one option by giving it to the constructors of undici. They throw an error for an invalid value. */
const acceptedByUndici =
  (name: string): Reader =>
  (value) => {
    try {
      for (const construct of constructors) construct({ [name]: value })
      return value
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause)
      return broken(`is rejected by undici: ${visibleText(message)}`)
    }
  }

/**
 * Finds an option of a dispatcher that undici does not know or rejects. undici itself would reject it only when the first
 * call fails. The constructor of the dispatcher checks the options in `ownNames`.
 */
const dispatcherFlaw = (
  options: UndiciOptions | ProxyOptions,
  dispatcher: string,
  ownNames: ReadonlyArray<string>
): RuleBreak | undefined => {
  const readers: Record<string, Reader> = {}
  for (const name of knownOptions()) readers[name] = optional(acceptedByUndici(name))
  for (const name of ownNames) readers[name] = (value) => value
  const read = readOptions(options, { unknown: `is not an option of undici's ${dispatcher}` }, readers)
  return read instanceof RuleBreak ? read : undefined
}

/**
 * Provides an `HttpClient` with its own connection pool, which closes with the scope of the layer. Fails with
 * `ClerkConfigError` if undici does not know an option or rejects its value.
 *
 * @since 4.0.0
 * @category layers
 */
export const layer = (options: UndiciOptions = {}): Layer.Layer<HttpClient.HttpClient, ClerkConfigError> =>
  scoped(dispatcherFlaw(options, "Agent", []), () => new Agent(options), options)

/**
 * The options of undici's `EnvHttpProxyAgent`: `httpProxy`, `httpsProxy`, `noProxy`, `token`, `proxyTls`, `requestTls`
 * and others. The proxies default to those in the environment.
 *
 * @since 4.0.0
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
 * Makes a dispatcher that sends requests through the proxy in `HTTPS_PROXY` or `HTTP_PROXY`, except to the hosts in
 * `NO_PROXY`. The options override the environment. Without a proxy it connects directly. You close the dispatcher.
 *
 * It is undici's `EnvHttpProxyAgent` with two differences:
 * - A request fails if the proxy closes the connection during CONNECT. undici 7 itself would reconnect without end.
 * - `proxyTunnel` defaults to `true` with undici 8 too.
 *
 * Throws a `ClerkConfigError` if an option is unknown, or if undici rejects one.
 *
 * @example
 * ```ts
 * import * as Undici from "effect-clerk/Undici"
 * import { setGlobalDispatcher } from "undici"
 *
 * setGlobalDispatcher(Undici.proxyAgent({ httpsProxy: "http://proxy.example.com:3128" }))
 * ```
 *
 * @since 4.0.0
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
 * Provides an `HttpClient` over the dispatcher of {@link proxyAgent}, which closes with the scope of the layer. Fails
 * with `ClerkConfigError` if an option is unknown, or if undici rejects one.
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
 * @since 4.0.0
 * @category layers
 */
export const layerProxy = (
  options: ProxyOptions = {}
): Layer.Layer<HttpClient.HttpClient, ClerkConfigError> =>
  scoped(undefined, () => proxyAgent(options), options)
