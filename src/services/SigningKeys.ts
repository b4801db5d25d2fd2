/**
 * The public keys that verify an instance's tokens.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { ClerkHttp, SessionTokens, SigningKeys } from "effect-clerk"
 *
 * // From the key in CLERK_JWT_KEY, without any request; or, when there is none, from Clerk.
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
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import { ClerkConfigError } from "../errors/ClerkConfigError.js"
import type { ClerkKeysUnavailable } from "../errors/TokenErrors.js"
import { keysOfClient } from "../internal/jwksCache.js"
import { importPublicKeyPem } from "../internal/publicKeyPem.js"
import { ClerkHttp } from "./ClerkHttp.js"

/**
 * A key, and until when its holder is sure of it.
 *
 * @since 0.1.0
 * @category models
 */
export interface VerificationKey {
  /** An RSA public key for `RSASSA-PKCS1-v1_5` with SHA-256, at least 2048 bits. */
  readonly key: CryptoKey
  /** On the clock's monotonic nanoseconds. Absent: for as long as the process runs. */
  readonly freshUntilNanos?: bigint | undefined
}

/**
 * Finds the key that verifies a token.
 *
 * @since 0.1.0
 * @category models
 */
export interface SigningKeysService {
  /** The key a token's header names by `kid`, or `undefined` when the instance has no such key. */
  readonly find: (kid: string | undefined) => Effect.Effect<VerificationKey | undefined, ClerkKeysUnavailable>
}

/**
 * Where `SessionTokens` takes its keys from.
 *
 * @since 0.1.0
 * @category services
 */
export class SigningKeys extends Context.Tag("effect-clerk/services/SigningKeys")<
  SigningKeys,
  SigningKeysService
>() {
  /**
   * One key given as text: the "JWKS public key" of Clerk's dashboard, in PEM form (SPKI). Line ends written as `\n`
   * and the bare base64 are understood. It is checked when the layer is built, and nothing is ever requested.
   */
  static layerPem(pem: string | Redacted.Redacted<string>): Layer.Layer<SigningKeys, ClerkConfigError> {
    return Layer.effect(SigningKeys, Effect.map(importPublicKeyPem(pem), oneKey))
  }

  /**
   * The keys Clerk publishes, asked for when the first token needs them and kept: certainly for 10 minutes, and while
   * Clerk cannot be reached for an hour. One request serves all who wait. A key id that is not among them leads to
   * another request, at most one in 30 seconds.
   *
   * The keys belong to the `ClerkHttp` below: two clients never share them, even where this layer is built twice.
   */
  static readonly layerJwks: Layer.Layer<SigningKeys, never, ClerkHttp> = Layer.fresh(
    Layer.scoped(SigningKeys, Effect.flatMap(ClerkHttp, keysOfClient))
  )

  /**
   * From the environment: `CLERK_JWT_KEY` if it is set, and then neither a request is made nor a secret key needed;
   * otherwise as `layerJwks`, through the client of the environment (`ClerkHttp.layerDefault`). Each time it is built
   * it reads the environment anew.
   */
  static readonly layerConfig: Layer.Layer<SigningKeys, ClerkConfigError> = Layer.fresh(
    Layer.suspend(() =>
      Layer.unwrapEffect(
        Effect.map(
          Effect.mapError(Config.option(Config.redacted(variable)), () => broken("could not be read")),
          Option.match({
            onNone: () => Layer.provide(SigningKeys.layerJwks, ClerkHttp.layerDefault),
            onSome: (pem) =>
              Layer.effect(
                SigningKeys,
                Effect.mapBoth(importPublicKeyPem(pem), {
                  onFailure: ({ rule }) => broken(rule),
                  onSuccess: oneKey
                })
              )
          })
        )
      )
    )
  )
}

const variable = "CLERK_JWT_KEY"

const broken = (rule: string) => new ClerkConfigError({ setting: "jwtKey", variable, rule }, true)

/** Tokens are matched with a single key whatever their `kid`, which the dashboard does not show beside it. */
const oneKey = (key: CryptoKey): SigningKeysService => {
  const found = Effect.succeed<VerificationKey>({ key })
  return { find: () => found }
}
