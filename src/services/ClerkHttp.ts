/**
 * The one service that every operation depends on: it sends a request to Clerk and returns the response.
 *
 * @since 0.1.0
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
 * The options of a client.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClerkHttpOptions {
  /**
   * The instance's secret key, `sk_test_…` or `sk_live_…`. With `SecretKey.fromEffect` an effect reads it, so that you
   * can replace the key without a restart.
   */
  readonly secretKey: Redacted.Redacted<string> | ChangingSecretKey
  /**
   * The URL of the Backend API, without `/v1`. It uses https, or http on a loopback address (`localhost`,
   * `*.localhost`, `127.*`, `[::1]`). Default `https://api.clerk.com`.
   */
  readonly apiUrl?: string | undefined
  /**
   * Whether `apiUrl` may use http on any host, such as `http://clerk:4999` for an emulator in another container. Needs
   * a test key (`sk_test_…`), because http sends the key unencrypted. Default false.
   */
  readonly allowInsecureHttp?: boolean | undefined
  /**
   * Whether `secretKey` may be in another form than Clerk's, for a gateway that has keys of its own. Default false.
   */
  readonly allowAnySecretKey?: boolean | undefined
  /** The dated version of the API to speak. Default `2026-05-12`. */
  readonly apiVersion?: string | undefined
  /** What calls of this client run under. Default `RequestPolicy.standard`. */
  readonly policy?: RequestPolicy.Settings | undefined
  /** The maximum size of a response in bytes, after decompression. Default 8 MiB. */
  readonly maxResponseBytes?: number | undefined
}

/**
 * The options of `layerConfig`: those of a client, with the key and the URL read from `Config`. A text that is empty or
 * only white space counts as missing.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClerkHttpConfigOptions
  extends Omit<ClerkHttpOptions, "secretKey" | "apiUrl" | "allowInsecureHttp"> {
  /** Default: `CLERK_SECRET_KEY`. */
  readonly secretKey?: Config.Config<Redacted.Redacted<string>> | undefined
  /** Default: `CLERK_API_URL`, which may be absent. */
  readonly apiUrl?: Config.Config<string> | undefined
  /** Default: `CLERK_ALLOW_INSECURE_HTTP` (`true` or `false`), which may be absent. */
  readonly allowInsecureHttp?: boolean | Config.Config<boolean> | undefined
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
export class ClerkHttp extends Service<ClerkHttp, ClerkHttpService>()(clerkHttpKey) {
  /**
   * Sends with Effect's `HttpClient`, which you provide, and the key in `options.secretKey`. Fails with
   * `ClerkConfigError` when an option is invalid.
   */
  static layer(options: ClerkHttpOptions): Layer.Layer<ClerkHttp, ClerkConfigError, HttpClient.HttpClient> {
    return Layer.effect(
      ClerkHttp,
      Effect.suspend(() => makeClient(options, overHttpClient))
    )
  }

  /**
   * As `layer`, with the secret key and the API's URL read from `Config`: `CLERK_SECRET_KEY`, `CLERK_API_URL` and
   * `CLERK_ALLOW_INSECURE_HTTP`. A variable that is empty counts as missing.
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
   * Over the global `fetch`, on any runtime, with the key in `options.secretKey` (`Redacted.make("sk_…")`). Fails with
   * `ClerkConfigError` when an option breaks a rule.
   */
  static layerFetch(options: ClerkHttpOptions): Layer.Layer<ClerkHttp, ClerkConfigError> {
    return Layer.effect(
      ClerkHttp,
      Effect.suspend(() => makeClient(options, overFetch))
    )
  }

  /**
   * The client of the environment, over the global `fetch`. A bare `Effect.runPromise(Sessions.get(id))` uses such a
   * client. Each use of the layer builds another client: provide it once to share one.
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
