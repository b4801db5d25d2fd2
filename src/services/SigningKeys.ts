/**
 * Provides the public keys that verify an instance's tokens: one key from a setting, or all keys from Clerk.
 *
 * @since 4.0.0
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
 * The instance whose public keys to fetch. Set exactly one of the two options.
 *
 * @since 4.0.0
 * @category models
 */
export interface PublicKeysOptions {
  /**
   * The publishable key of the instance, `pk_test_…` or `pk_live_…`. It encodes the host of the Frontend API, which
   * serves the keys at `/.well-known/jwks.json` over https. Loopback hosts use http. Default: none, so `issuer` is
   * required.
   */
  readonly publishableKey?: string | undefined
  /**
   * The URL of the instance's Frontend API, which its tokens have as `iss`: `https://clerk.example.com`. Must use
   * https. Plain http is accepted for loopback addresses (`localhost`, `*.localhost`, `127.0.0.0/8`, `[::1]`). Default:
   * none, so `publishableKey` is required.
   */
  readonly issuer?: string | undefined
}

/**
 * Finds the key that verifies a token. `SessionTokens` and the server middlewares need it: provide one of its layers.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { ClerkHttp, SessionTokens, SigningKeys } from "effect-clerk"
 *
 * // With the first of CLERK_JWT_KEY, CLERK_SECRET_KEY and CLERK_PUBLISHABLE_KEY that is set.
 * export const fromEnvironment = SessionTokens.verify("eyJ…").pipe(Effect.provide(SigningKeys.layerConfig))
 *
 * // From Clerk, with the secret key of a client.
 * export const fromClerk = SessionTokens.verify("eyJ…").pipe(
 *   Effect.provide(SigningKeys.layerJwks),
 *   Effect.provide(ClerkHttp.layerDefault)
 * )
 * ```
 *
 * @since 4.0.0
 * @category services
 */
export class SigningKeys extends Service<SigningKeys, SigningKeysService>()(
  "effect-clerk/services/SigningKeys"
) {
  /**
   * Provides one key, which verifies all tokens without a request. `pem` is the "JWKS public key" of Clerk's dashboard
   * (PEM, SPKI). Fails with `ClerkConfigError` if it is not an RSA public key.
   *
   * Line ends can be written as `\n`. The base64 alone is accepted, and so is either form encoded in base64 once more.
   */
  static layerPem(pem: string | Redacted.Redacted<string>): Layer.Layer<SigningKeys, ClerkConfigError> {
    return Layer.effect(SigningKeys, oneKey(pem))
  }

  /**
   * Provides the keys of the instance, which it fetches from Clerk with the client and its secret key. The first token
   * causes the first fetch, and concurrent callers share one fetch.
   *
   * Keys are fresh for 10 minutes, and stay in use for up to an hour while Clerk is unavailable. An unknown key id
   * causes another fetch, at most one in 30 seconds while keys are held. Without keys, a failed fetch is retried after
   * 1, 2, 4, 8, 16 and then every 30 seconds.
   *
   * The keys belong to the `ClerkHttp` of the context. Two clients never share them, and one client shares them between
   * all builds of this layer.
   */
  static readonly layerJwks: Layer.Layer<SigningKeys, never, ClerkHttp> = Layer.fresh(
    scoped(
      SigningKeys,
      Effect.flatMap(ClerkHttp, (http) => keysOfClient(http))
    )
  )

  /**
   * Provides the keys that the instance publishes at its Frontend API, over the global `fetch`. It needs no secret key
   * and sends none. Fails with `ClerkConfigError` if an option is invalid.
   *
   * Each build of the layer has its own keys. It fetches and keeps them as `layerJwks` does.
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

  /** Provides the keys as `layerPublic` does, over Effect's `HttpClient`, which you provide. */
  static layerPublicHttp(
    options: PublicKeysOptions
  ): Layer.Layer<SigningKeys, ClerkConfigError, HttpClient.HttpClient> {
    return scoped(
      SigningKeys,
      Effect.suspend(() => publicKeys(options, overHttpClient))
    )
  }

  /**
   * Provides keys by the first of these environment variables that is set and not empty:
   *
   * 1. `CLERK_JWT_KEY`: the key in it, as `layerPem`, without any request.
   * 2. `CLERK_SECRET_KEY`: the keys of the instance, as `layerJwks`, over the client of the environment
   *    (`ClerkHttp.layerDefault`).
   * 3. `CLERK_PUBLISHABLE_KEY`: the published keys, as `layerPublic`.
   *
   * Fails with `ClerkConfigError` if none is set or the value is invalid. Each build of the layer reads the environment
   * again.
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
