/**
 * The one service every operation depends on: it sends a request to Clerk and hands back the answer.
 *
 * @since 0.1.0
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type { ClerkDecodeError, ClerkTransportError } from "../errors/CallErrors.js"
import { ClerkConfigError } from "../errors/ClerkConfigError.js"
import { checkClientOptions } from "../internal/clientSettings.js"
import { makeExecute } from "../internal/exchange.js"
import { fetchSend } from "../internal/fetchSend.js"
import { httpClientSend } from "../internal/httpClientSend.js"
import { ownProperties } from "../internal/ownProperties.js"
import { directSend, type Send } from "../internal/send.js"
import type * as RequestPolicy from "./RequestPolicy.js"

/**
 * A request as a plain value. Everything about the connection (origin, key, headers) is the client's affair.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClerkRequest {
  /** The operation's name, as in `Sessions.get`. */
  readonly operation: string
  /** The HTTP method. */
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  /** Path segments below `/v1`, not encoded: `["sessions", id, "revoke"]`. */
  readonly path: ReadonlyArray<string>
  /** The query parameters, not encoded. Leaves out a parameter that is `undefined`. */
  readonly query?: { readonly [name: string]: string | number | boolean | undefined } | undefined
  /** A JSON value; absent means an empty body. */
  readonly body?: unknown
  /** The `Clerk-API-Version` of this request, where it must differ from the client's. */
  readonly apiVersion?: string | undefined
}

/**
 * An answer as a plain value: any status, header names in lower case, the body as text.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClerkResponse {
  /** The HTTP status. */
  readonly status: number
  /** The headers, with names in lower case. */
  readonly headers: { readonly [name: string]: string }
  /** The body as text, after decompression. */
  readonly body: string
}

/**
 * The options of a client.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClerkHttpOptions {
  /** The instance's secret key, `sk_test_…` or `sk_live_…`. */
  readonly secretKey: Redacted.Redacted<string>
  /** Where the Backend API is, without `/v1`; https, or http on a loopback address. Default `https://api.clerk.com`. */
  readonly apiUrl?: string | undefined
  /** The dated version of the API to speak. Default `2026-05-12`. */
  readonly apiVersion?: string | undefined
  /** What calls of this client run under. Default `RequestPolicy.standard`. */
  readonly policy?: RequestPolicy.Settings | undefined
  /** How many bytes of an answer, after decompression, are accepted. Default 8 MiB. */
  readonly maxResponseBytes?: number | undefined
}

/**
 * The options of `layerConfig`: those of a client, with the key and the URL read from `Config`.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClerkHttpConfigOptions extends Omit<ClerkHttpOptions, "secretKey" | "apiUrl"> {
  /** Default: `CLERK_SECRET_KEY`. */
  readonly secretKey?: Config.Config<Redacted.Redacted<string>> | undefined
  /** Default: `CLERK_API_URL`, which may be absent. */
  readonly apiUrl?: Config.Config<string> | undefined
}

/**
 * The service that operations reach Clerk through. `address` and `policy` are read only where they are own properties,
 * so that a mock (`Layer.mock(ClerkHttp, { execute })`) needs `execute` alone; a getter of a class does not count.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClerkHttpService {
  /** Makes exactly one exchange: nothing is retried, any status is a success. */
  readonly execute: (
    request: ClerkRequest
  ) => Effect.Effect<ClerkResponse, ClerkTransportError | ClerkDecodeError>
  /** The host requests go to, for traces. */
  readonly address?: string | undefined
  /** What calls run under. Absent: one attempt and no time limit. */
  readonly policy?: RequestPolicy.Settings | undefined
}

/**
 * The transport of all operations. Provide one of the layers, or in a test any object with an `execute`.
 *
 * @example
 * ```ts
 * import { Effect, Redacted } from "effect"
 * import { ClerkHttp, Sessions } from "effect-clerk"
 *
 * const program = Sessions.get("sess_123").pipe(
 *   Effect.provide(ClerkHttp.layerFetch({ secretKey: Redacted.make("sk_test_…") }))
 * )
 * ```
 *
 * @since 0.1.0
 * @category services
 */
export class ClerkHttp extends Context.Tag("effect-clerk/services/ClerkHttp")<ClerkHttp, ClerkHttpService>() {
  /**
   * Over whatever `HttpClient` of `@effect/platform` is provided, with the key in `options.secretKey`. Fails with
   * `ClerkConfigError` when an option breaks a rule.
   */
  static layer(options: ClerkHttpOptions): Layer.Layer<ClerkHttp, ClerkConfigError, HttpClient.HttpClient> {
    return Layer.effect(
      ClerkHttp,
      Effect.suspend(() => make(options, overHttpClient))
    )
  }

  /** As `layer`, with the secret key and the API's URL read from `Config`: `CLERK_SECRET_KEY`, `CLERK_API_URL`. */
  static layerConfig(
    options: ClerkHttpConfigOptions = {}
  ): Layer.Layer<ClerkHttp, ClerkConfigError | ConfigError, HttpClient.HttpClient> {
    const { secretKey = environment.secretKey, apiUrl = environment.apiUrl, ...rest } = ownProperties(options)
    return Layer.effect(
      ClerkHttp,
      makeFrom<ClerkConfigError | ConfigError, HttpClient.HttpClient>(
        { secretKey, apiUrl },
        rest,
        overHttpClient
      )
    )
  }

  /**
   * Over the global `fetch`, on any runtime, with the key in `options.secretKey` (`Redacted.make("sk_…")`). Fails with
   * `ClerkConfigError` when an option breaks a rule.
   */
  static layerFetch(options: ClerkHttpOptions): Layer.Layer<ClerkHttp, ClerkConfigError> {
    return Layer.effect(
      ClerkHttp,
      Effect.suspend(() => make(options, overFetch))
    )
  }

  /**
   * From the environment, over the global `fetch`: what a bare `Effect.runPromise(Sessions.get(id))` uses. It is built
   * anew wherever it is provided; provide it once to share one client.
   */
  // Layers are remembered by reference whatever they are built from, so without `fresh` a program with two environments
  // would call with the key of the first on behalf of both.
  static readonly layerDefault: Layer.Layer<ClerkHttp, ClerkConfigError> = Layer.fresh(
    Layer.suspend(() => Layer.effect(ClerkHttp, makeFrom(environment, {}, overFetch)))
  )
}

const make = <R>(
  options: object,
  send: Effect.Effect<Send, never, R>
): Effect.Effect<ClerkHttpService, ClerkConfigError, R> =>
  Either.match(checkClientOptions(options), {
    onLeft: ({ field, rule }) => Effect.fail(new ClerkConfigError({ setting: field, rule }, true)),
    onRight: (settings) =>
      Effect.map(send, (send) => ({
        execute: makeExecute(send, settings),
        address: settings.address,
        policy: settings.policy
      }))
  })

/** By whatever `HttpClient` is provided. */
const overHttpClient: Effect.Effect<Send, never, HttpClient.HttpClient> = Effect.map(
  HttpClient.HttpClient,
  (client) => directSend(client) ?? httpClientSend(client)
)

/** By the platform's `fetch`, or the one provided in its place. */
const overFetch: Effect.Effect<Send> = Effect.map(Effect.serviceOption(FetchHttpClient.Fetch), (fetch) =>
  fetchSend(Option.getOrUndefined(fetch))
)

const variables = { secretKey: "CLERK_SECRET_KEY", apiUrl: "CLERK_API_URL" } as const

/** An absent variable is left to the check of the options; one that cannot be read is refused here. */
const readVariable = <A>(
  setting: keyof typeof variables,
  config: (name: string) => Config.Config<A>
): Effect.Effect<A | undefined, ClerkConfigError> =>
  Config.option(config(variables[setting])).pipe(
    Effect.map(Option.getOrUndefined),
    Effect.mapError(
      () => new ClerkConfigError({ setting, variable: variables[setting], rule: "could not be read" }, true)
    )
  )

interface Sources<E> {
  readonly secretKey: Effect.Effect<Redacted.Redacted<string> | undefined, E>
  readonly apiUrl: Effect.Effect<string | undefined, E>
}

const environment: Sources<ClerkConfigError> = {
  secretKey: readVariable("secretKey", (name) => Config.redacted(name)),
  apiUrl: readVariable("apiUrl", (name) => Config.string(name))
}

const makeFrom = <E, R>(
  sources: Sources<E>,
  rest: Omit<ClerkHttpOptions, "secretKey" | "apiUrl">,
  send: Effect.Effect<Send, never, R>
): Effect.Effect<ClerkHttpService, ClerkConfigError | E, R> =>
  Effect.flatMap(Effect.all({ secretKey: sources.secretKey, apiUrl: sources.apiUrl }), (read) =>
    Effect.mapError(make({ ...rest, ...read }, send), (error) => {
      const { setting, rule } = error
      return (setting === "secretKey" || setting === "apiUrl") && sources[setting] === environment[setting]
        ? new ClerkConfigError({ setting, rule, variable: variables[setting] }, true)
        : error
    })
  )
