/**
 * The service that sends requests to Clerk. Every operation needs it.
 *
 * @since 4.0.0
 */

import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { ConfigError } from "#major/config.js"
import { Service } from "#major/context.js"
import type * as HttpClient from "#major/httpClient.js"
import { isBlank, ownProperties, RuleBreak } from "../core/input.js"
import type { ClerkConfigError } from "../errors/ClerkConfigError.js"
import {
  type ChangingSecretKey,
  type ClerkHttpService,
  clerkHttpKey,
  environment,
  environmentClient,
  makeClient,
  makeClientFrom,
  type Source,
  type Sources
} from "../runtime/client.js"
import { configError } from "../runtime/errors.js"
import { overFetch } from "../runtime/fetch.js"
import { overHttpClient } from "../runtime/httpClient.js"
import type * as RequestPolicy from "./RequestPolicy.js"

export type { ClerkRequest, ClerkResponse } from "../core/model.js"
export type { Admission, ChangingSecretKey, ClerkHttpService } from "../runtime/client.js"

/**
 * The options of a client. Only `secretKey` is required.
 *
 * @since 4.0.0
 * @category models
 */
export interface ClerkHttpOptions {
  /**
   * The secret key of your instance, `sk_test_…` or `sk_live_…`, wrapped with `Redacted.make`. `SecretKey.fromEffect`
   * takes an effect that reads the key, so that you can replace it without a restart.
   */
  readonly secretKey: Redacted.Redacted<string> | ChangingSecretKey
  /**
   * The URL of the Backend API, without `/v1`. Must use https. Plain http is accepted for loopback addresses
   * (`localhost`, `*.localhost`, `127.*`, `[::1]`). Default `https://api.clerk.com`.
   */
  readonly apiUrl?: string | undefined
  /**
   * Accepts http for any host in `apiUrl`, such as `http://clerk:4999` of an emulator in another container. Needs a
   * test key (`sk_test_…`), because http sends the key unencrypted. Default `false`.
   */
  readonly allowInsecureHttp?: boolean | undefined
  /** Accepts a `secretKey` in another form than Clerk's, for a gateway that has its own keys. Default `false`. */
  readonly allowAnySecretKey?: boolean | undefined
  /** The dated version of the API, sent as `Clerk-API-Version`. Default `2026-05-12`. */
  readonly apiVersion?: string | undefined
  /**
   * The retries and time limits of this client's calls. Default `RequestPolicy.standard`: three attempts of at most 10
   * seconds, 30 seconds in all.
   */
  readonly policy?: RequestPolicy.Settings | undefined
  /**
   * The maximum size of a response in bytes, after decompression. A larger response is a `ClerkDecodeError`
   * (`oversize`). Default 8 MiB.
   */
  readonly maxResponseBytes?: number | undefined
}

/**
 * The options of `ClerkHttp.layerConfig`. They are those of {@link ClerkHttpOptions}, except that `Config` reads the
 * key and the URL. An empty or blank value counts as missing.
 *
 * @since 4.0.0
 * @category models
 */
export interface ClerkHttpConfigOptions
  extends Omit<ClerkHttpOptions, "secretKey" | "apiUrl" | "allowInsecureHttp"> {
  /** Reads the secret key. Default: the variable `CLERK_SECRET_KEY`. */
  readonly secretKey?: Config.Config<Redacted.Redacted<string>> | undefined
  /** Reads the URL of the Backend API. Default: the variable `CLERK_API_URL`, which is optional. */
  readonly apiUrl?: Config.Config<string> | undefined
  /**
   * Accepts http for any host in `apiUrl`. Default: the variable `CLERK_ALLOW_INSECURE_HTTP` (`true` or `false`), which
   * is optional.
   */
  readonly allowInsecureHttp?: boolean | Config.Config<boolean> | undefined
}

/**
 * Sends the requests of all operations to Clerk. Provide one of its layers. In a test, provide any object with an
 * `execute` that returns a response.
 *
 * @example
 * ```ts
 * import { Effect, Redacted } from "effect"
 * import { ClerkHttp, Sessions } from "effect-clerk"
 *
 * export const program = Sessions.get("sess_123").pipe(
 *   Effect.provide(ClerkHttp.layerFetch({ secretKey: Redacted.make("sk_test_…") }))
 * )
 * ```
 *
 * @since 4.0.0
 * @category services
 */
export class ClerkHttp extends Service<ClerkHttp, ClerkHttpService>()(clerkHttpKey) {
  /**
   * Provides a client over Effect's `HttpClient`, which you provide. Fails with `ClerkConfigError` if an option is
   * invalid.
   */
  static layer(options: ClerkHttpOptions): Layer.Layer<ClerkHttp, ClerkConfigError, HttpClient.HttpClient> {
    return Layer.effect(
      ClerkHttp,
      Effect.suspend(() => makeClient(options, overHttpClient))
    )
  }

  /**
   * Provides a client over Effect's `HttpClient`, which you provide, with settings from `Config`. By default it reads
   * `CLERK_SECRET_KEY`, `CLERK_API_URL` and `CLERK_ALLOW_INSECURE_HTTP`.
   *
   * Fails with `ClerkConfigError` if a setting is missing or invalid, and with `ConfigError` if your own `Config`
   * fails.
   */
  static layerConfig(
    options: ClerkHttpConfigOptions = {}
  ): Layer.Layer<ClerkHttp, ClerkConfigError | ConfigError, HttpClient.HttpClient> {
    const { secretKey, apiUrl, allowInsecureHttp } = ownProperties(options)
    const sources: Sources<ClerkConfigError | ConfigError> = {
      secretKey: secretKey === undefined ? environment.secretKey : fromConfig("secretKey", secretKey),
      apiUrl: apiUrl === undefined ? environment.apiUrl : fromConfig("apiUrl", apiUrl),
      allowInsecureHttp:
        allowInsecureHttp === undefined
          ? environment.allowInsecureHttp
          : typeof allowInsecureHttp === "boolean"
            ? Effect.succeed(allowInsecureHttp)
            : fromConfig("allowInsecureHttp", allowInsecureHttp)
    }
    return Layer.effect(ClerkHttp, makeClientFrom(sources, options, overHttpClient))
  }

  /**
   * Provides a client over the global `fetch`, which works in every runtime. Fails with `ClerkConfigError` if an option
   * is invalid.
   */
  static layerFetch(options: ClerkHttpOptions): Layer.Layer<ClerkHttp, ClerkConfigError> {
    return Layer.effect(
      ClerkHttp,
      Effect.suspend(() => makeClient(options, overFetch))
    )
  }

  /**
   * Provides a client over the global `fetch`, with settings from the environment: `CLERK_SECRET_KEY`, `CLERK_API_URL`
   * and `CLERK_ALLOW_INSECURE_HTTP`. Fails with `ClerkConfigError` if one is missing or invalid.
   *
   * An operation that you run without any service, as in `Effect.runPromise(Sessions.get(id))`, uses such a client.
   * Each use of the layer builds another client: provide it once to share one.
   */
  // Effect memoizes layers by reference. Without `fresh`, a program with two environments would use the key of the first
  // for both.
  static readonly layerDefault: Layer.Layer<ClerkHttp, ClerkConfigError> = Layer.fresh(
    Layer.effect(ClerkHttp, environmentClient)
  )
}

/** Reads an option from the caller's own `Config`. A text that is blank counts as missing. */
const fromConfig = <A>(
  setting: Source,
  config: Config.Config<A>
): Effect.Effect<A | undefined, ClerkConfigError | ConfigError> => {
  if (!Config.isConfig(config)) {
    return Effect.fail(
      configError(new RuleBreak(setting, "must be a Config of Effect, which reads a variable"))
    )
  }
  return Effect.map(config, (value) => {
    const text: unknown = Redacted.isRedacted(value) ? Redacted.value(value) : value
    return typeof text === "string" && isBlank(text) ? undefined : value
  })
}
