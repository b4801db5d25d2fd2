/**
 * The public keys that verify an instance's tokens.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { ClerkHttp, SessionTokens, SigningKeys } from "effect-clerk"
 *
 * // By CLERK_JWT_KEY, CLERK_SECRET_KEY or CLERK_PUBLISHABLE_KEY, whichever is set.
 * export const fromEnvironment = SessionTokens.verify("eyJ…").pipe(Effect.provide(SigningKeys.layerConfig))
 *
 * // From Clerk, through the client that is provided.
 * export const fromClerk = SessionTokens.verify("eyJ…").pipe(
 *   Effect.provide(SigningKeys.layerJwks),
 *   Effect.provide(ClerkHttp.layerDefault)
 * )
 * ```
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { Service } from "#major/context.js"
import type * as HttpClient from "#major/httpClient.js"
import { scoped } from "#major/layer.js"
import { inField, RuleBreak } from "../core/input.js"
import { importPublicKeyPem } from "../core/keys/pem.js"
import type { VerificationKey } from "../core/model.js"
import type { ClerkConfigError } from "../errors/ClerkConfigError.js"
import { environmentClient } from "../runtime/client.js"
import { configError } from "../runtime/errors.js"
import { overFetch } from "../runtime/fetch.js"
import { keysOfClient, publicKeys } from "../runtime/fetchKeys.js"
import { overHttpClient } from "../runtime/httpClient.js"
import type { SigningKeysService } from "../runtime/keyCache.js"
import { secretVariable, textVariable } from "../runtime/variables.js"
import { ClerkHttp } from "./ClerkHttp.js"

export type { VerificationKey } from "../core/model.js"
export type { SigningKeysService } from "../runtime/keyCache.js"

/**
 * Names the instance whose public keys to fetch. Set one of the two.
 *
 * @since 0.1.0
 * @category models
 */
export interface PublicKeysOptions {
  /**
   * The instance's publishable key, `pk_test_…` or `pk_live_…`, which encodes the host of its Frontend API. The keys are
   * at `/.well-known/jwks.json` of that host, over https, or over http where the host is a loopback name.
   * Default: none, so `issuer` is required.
   */
  readonly publishableKey?: string | undefined
  /**
   * The URL of the instance's Frontend API, such as `https://clerk.example.com`: what its tokens have as `iss`. It uses
   * https, or http on a loopback address (`localhost`, `*.localhost`, `127.0.0.0/8`, `[::1]`). Default: none, so
   * `publishableKey` is required.
   */
  readonly issuer?: string | undefined
}

/**
 * The source of the keys that `SessionTokens` verifies with.
 *
 * @since 0.1.0
 * @category services
 */
export class SigningKeys extends Service<SigningKeys, SigningKeysService>()(
  "effect-clerk/services/SigningKeys"
) {
  /**
   * Reads one key from text: the "JWKS public key" of Clerk's dashboard, in PEM form (SPKI). It also accepts line ends
   * written as `\n`, the base64 alone, and either of them encoded in base64 once more. The key is checked when the layer
   * is built. No request is sent.
   */
  static layerPem(pem: string | Redacted.Redacted<string>): Layer.Layer<SigningKeys, ClerkConfigError> {
    return Layer.effect(SigningKeys, oneKey(pem))
  }

  /**
   * Fetches the keys of the instance through the `ClerkHttp` below, with its secret key. The first token causes the first
   * fetch. Keys are fresh for 10 minutes, and stay in use for up to an hour while Clerk is unavailable. Concurrent
   * callers share one fetch. An unknown key id causes another fetch, at most one in 30 seconds while keys are held.
   * Without keys, a failed fetch is retried after 1, 2, 4, 8, 16 and then 30 seconds.
   *
   * The keys belong to the `ClerkHttp` below: two clients never share them, even where this layer is built twice.
   */
  static readonly layerJwks: Layer.Layer<SigningKeys, never, ClerkHttp> = Layer.fresh(
    scoped(
      SigningKeys,
      Effect.flatMap(ClerkHttp, (http) => keysOfClient(http))
    )
  )

  /**
   * Fetches the keys that the instance publishes at its Frontend API, over the global `fetch`. It needs no secret key and
   * sends none. Each build of the layer has keys of its own, with the times of `layerJwks`. Fails with
   * `ClerkConfigError` when an option breaks a rule.
   *
   * @example
   * ```ts
   * import { Effect } from "effect"
   * import { SessionTokens, SigningKeys } from "effect-clerk"
   *
   * export const program = SessionTokens.verify("eyJ…").pipe(
   *   Effect.provide(SigningKeys.layerPublic({ publishableKey: "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k" }))
   * )
   * ```
   */
  static layerPublic(options: PublicKeysOptions): Layer.Layer<SigningKeys, ClerkConfigError> {
    return scoped(
      SigningKeys,
      Effect.suspend(() => publicKeys(options, overFetch))
    )
  }

  /** As `layerPublic`, over Effect's `HttpClient`, which you provide. */
  static layerPublicHttp(
    options: PublicKeysOptions
  ): Layer.Layer<SigningKeys, ClerkConfigError, HttpClient.HttpClient> {
    return scoped(
      SigningKeys,
      Effect.suspend(() => publicKeys(options, overHttpClient))
    )
  }

  /**
   * Takes the keys from the environment, by the first of these variables that is set and not empty:
   *
   * 1. `CLERK_JWT_KEY`: the key in it, as `layerPem`, without any request;
   * 2. `CLERK_SECRET_KEY`: as `layerJwks`, over the client of the environment (`ClerkHttp.layerDefault`);
   * 3. `CLERK_PUBLISHABLE_KEY`: as `layerPublic`.
   *
   * Each build of the layer reads the environment again.
   */
  static readonly layerConfig: Layer.Layer<SigningKeys, ClerkConfigError> = Layer.fresh(
    scoped(
      SigningKeys,
      Effect.suspend(() => fromEnvironment)
    )
  )
}

const fromEnvironment: Effect.Effect<SigningKeysService, ClerkConfigError, Scope.Scope> = Effect.gen(
  function* () {
    const pem = yield* secretVariable("jwtKey", variables.jwtKey)
    if (pem !== undefined) return yield* naming("jwtKey", oneKey(pem))
    const secretKey = yield* secretVariable("secretKey", "CLERK_SECRET_KEY")
    const publishableKey =
      secretKey === undefined ? yield* textVariable("publishableKey", variables.publishableKey) : undefined
    return publishableKey === undefined
      ? yield* Effect.flatMap(environmentClient, (http) => keysOfClient(http))
      : yield* naming("publishableKey", publicKeys({ publishableKey }, overFetch))
  }
)

const variables = { jwtKey: "CLERK_JWT_KEY", publishableKey: "CLERK_PUBLISHABLE_KEY" } as const

/** Adds to an error the variable that the setting was read from. */
const naming = <A, R>(setting: keyof typeof variables, self: Effect.Effect<A, ClerkConfigError, R>) =>
  Effect.mapError(self, ({ rule }) => configError(new RuleBreak(setting, rule), variables[setting]))

/** Verifies all tokens with a single key. Their `kid` does not count, because the dashboard does not show it. */
const oneKey = (pem: unknown): Effect.Effect<SigningKeysService, ClerkConfigError> =>
  Effect.flatMap(
    Effect.promise(() => importPublicKeyPem(Redacted.isRedacted(pem) ? Redacted.value(pem) : pem)),
    (key) => {
      if (key instanceof RuleBreak) return Effect.fail(configError(inField("jwtKey", key)))
      const found = Effect.succeed<VerificationKey>({ key })
      return Effect.succeed({ find: () => found })
    }
  )
