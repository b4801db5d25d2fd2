/**
 * Verifies session tokens on your server without a request to Clerk: first the signature with the instance's public
 * key, then the claims.
 *
 * A session token is valid for about 60 seconds, even if its session is revoked in that time. If that is too long for
 * you, set `revocations` or call `Sessions.get` as well.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { SessionTokens, SigningKeys } from "effect-clerk"
 *
 * export const program = SessionTokens.verify("eyJ…", { authorizedParties: ["https://app.example.com"] }).pipe(
 *   Effect.map((claims) => claims.userId),
 *   Effect.catchTag("ClerkTokenError", (error) => Effect.logInfo(error.message, { reason: error.reason })),
 *   Effect.provide(SigningKeys.layerConfig)
 * )
 * ```
 *
 * @see https://clerk.com/docs/guides/sessions/manual-jwt-verification
 * @since 4.0.0
 */

import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { Codec } from "#major/schemas.js"
import { construct } from "#major/schemas.js"
import type { DurationInput } from "#major/time.js"
import { RuleBreak } from "../core/input.js"
import { type AuthorizedParties, readVerifierOptions, readVerifyOptions } from "../core/token/settings.js"
import { ClerkInvalidRequest } from "../errors/CallErrors.js"
import type { ClerkConfigError } from "../errors/ClerkConfigError.js"
import type { ClerkKeysUnavailable, ClerkTokenError } from "../errors/TokenErrors.js"
import { configError } from "../runtime/errors.js"
import { makeVerify, optionDecoders } from "../runtime/verify.js"
import type { SessionClaims, TokenClaims } from "../schema/SessionClaims.js"
import type { Revocations } from "./Revocations.js"
import { SigningKeys } from "./SigningKeys.js"

export type { AuthorizedParties } from "../core/token/settings.js"

/**
 * The checks of a token. All options are optional, but set `authorizedParties` if tokens come in cookies.
 *
 * @since 4.0.0
 * @category models
 */
export interface VerifyOptions<Custom = undefined, Encoded = unknown> {
  /**
   * The accepted origins (`azp`), as browsers write them: a list such as `["https://app.example.com"]`, or a predicate.
   * Set it wherever tokens come in cookies. Otherwise another application on your domain can use its own tokens.
   * Default: any origin.
   */
  readonly authorizedParties?: AuthorizedParties | undefined
  /** What to do with a token that has no `azp`. Needs `authorizedParties`. Default `"reject"`. */
  readonly missingAzp?: "reject" | "allow" | undefined
  /** The accepted audiences. The `aud` of the token must contain at least one of them. Default: any audience. */
  readonly audience?: string | ReadonlyArray<string> | undefined
  /**
   * The exact `iss`: the https URL of the instance's Frontend API, without a slash at the end. Loopback addresses can
   * use http, for an emulator. Default: any issuer whose key signed the token.
   */
  readonly issuer?: string | undefined
  /**
   * The accepted difference between this clock and Clerk's, 0 to 5 minutes. A number counts milliseconds. Default 5
   * seconds.
   */
  readonly clockSkew?: DurationInput | undefined
  /** Accepts tokens of pending sessions, whose users have tasks to complete. Default `false`. */
  readonly allowPending?: boolean | undefined
  /**
   * The accepted category: `"session"`, or `"template"` for tokens of a JWT template. Tokens of a template name no
   * session, and stay valid after it ends. Default `"session"`.
   */
  readonly category?: "session" | "template" | undefined
  /**
   * The schema of your custom claims. It decodes all claims of the token, at each verification, and the result is
   * `custom`. Default: none, so `custom` is `undefined`.
   */
  readonly claims?: Codec<Custom, Encoded> | undefined
  /** Does not check for revoked sessions. See {@link Revocable} for `true`. Default `false`. */
  readonly revocations?: false | undefined
}

/**
 * Options with `revocations`, which require the service `Revocations` of `effect-clerk/revocations`.
 *
 * @since 4.0.0
 * @category models
 */
export type WithRevocations<Options> = Options extends unknown
  ? Omit<Options, "category" | "revocations"> & Revocable
  : never

/**
 * The option that rejects tokens of revoked sessions.
 *
 * @since 4.0.0
 * @category models
 */
export interface Revocable {
  /**
   * Rejects tokens of revoked sessions and held users with `ClerkTokenError` (reason `revoked`).
   *
   * If the layer says `whenStale: "refuse"` and the copy of this process is too old, fails with `ClerkKeysUnavailable`
   * (reason `revocations`). Default `false`.
   */
  readonly revocations: boolean
  /** Session tokens only: the token of a JWT template names no session. Default `"session"`. */
  readonly category?: "session" | undefined
}

/**
 * The cache of valid tokens, with which a verifier checks the signature of each token once.
 *
 * The whole token is the key. Each use still compares the token's times with the clock, calls a predicate for
 * `authorizedParties`, and decodes your custom claims. No token is accepted from the cache after it expires, or after
 * its signing key is no longer fresh. All callers share the claims of a token, so they are frozen.
 *
 * @since 4.0.0
 * @category models
 */
export interface CacheOptions {
  /** The number of tokens in the cache, 1 to 1,000,000. When it is full, a new token replaces the oldest. */
  readonly capacity: number
}

/**
 * The options of {@link verifier}: those of {@link verify}, and a cache.
 *
 * @since 4.0.0
 * @category models
 */
export interface VerifierOptions<Custom = undefined, Encoded = unknown>
  extends VerifyOptions<Custom, Encoded> {
  /** Caches valid tokens, so that the verifier checks the signature of each once. Default: no cache. */
  readonly cache?: CacheOptions | undefined
}

/**
 * A function that verifies a token and returns its claims. {@link verifier} makes one.
 *
 * @since 4.0.0
 * @category models
 */
export type Verifier<Claims> = (
  token: Redacted.Redacted<string> | string
) => Effect.Effect<Claims, ClerkTokenError | ClerkKeysUnavailable>

/**
 * The errors of {@link verify}: the token is invalid, the keys are unavailable, or an option is invalid.
 *
 * @since 4.0.0
 * @category errors
 */
export type VerifyError = ClerkTokenError | ClerkKeysUnavailable | ClerkInvalidRequest

/** The category of session tokens, which is the default. */
interface OfSession {
  readonly category?: "session" | undefined
}

/**
 * The options with a schema. Without a schema `custom` may be `undefined`, even where the caller expects another type.
 * Otherwise TypeScript would infer the expected type for `custom`, although nothing decodes it.
 */
interface Reading<Custom, Encoded> {
  readonly claims: Codec<Custom, Encoded>
}

/**
 * Verifies a token and returns its claims. Fails with `ClerkTokenError` if the token is invalid, `ClerkKeysUnavailable`
 * if the keys are unavailable, and `ClerkInvalidRequest` if an option is invalid.
 *
 * To verify many tokens with the same options, make a {@link verifier}.
 *
 * @since 4.0.0
 * @category verification
 */
export const verify: {
  /**
   * Verifies a session token and returns its claims, with your custom claims in `custom` as the schema `claims` decodes
   * them.
   *
   * Fails with `ClerkTokenError` if the token is invalid, `ClerkKeysUnavailable` if the keys are unavailable, and
   * `ClerkInvalidRequest` if an option is invalid.
   *
   * @example
   * ```ts
   * import { Effect, Schema } from "effect"
   * import { SessionTokens } from "effect-clerk"
   *
   * const Claims = Schema.Struct({ tenant: Schema.String })
   *
   * export const tenantOf = (token: string) =>
   *   SessionTokens.verify(token, { authorizedParties: ["https://app.example.com"], claims: Claims }).pipe(
   *     Effect.map(({ custom }) => custom.tenant)
   *   )
   * ```
   */
  <Custom, Encoded>(
    token: Redacted.Redacted<string> | string,
    options: VerifyOptions<Custom, Encoded> & OfSession & Reading<Custom, Encoded>
  ): Effect.Effect<SessionClaims<Custom>, VerifyError, SigningKeys>
  /**
   * Verifies a session token and returns its claims: the user, the session, the organization and its permissions, the
   * features.
   *
   * Fails with `ClerkTokenError` if the token is invalid, `ClerkKeysUnavailable` if the keys are unavailable, and
   * `ClerkInvalidRequest` if an option is invalid.
   */
  <Custom = undefined, Encoded = unknown>(
    token: Redacted.Redacted<string> | string,
    options?: VerifyOptions<Custom, Encoded> & OfSession
  ): Effect.Effect<SessionClaims<Custom | undefined>, VerifyError, SigningKeys>
  /**
   * Verifies a session token, rejects it if its session is revoked, and returns its claims. The schema `claims` decodes
   * your custom claims into `custom`.
   *
   * Fails with `ClerkTokenError` if the token is invalid or revoked, `ClerkKeysUnavailable` if keys or revocations are
   * unavailable, and `ClerkInvalidRequest` if an option is invalid.
   */
  <Custom, Encoded>(
    token: Redacted.Redacted<string> | string,
    options: WithRevocations<VerifyOptions<Custom, Encoded>> & Reading<Custom, Encoded>
  ): Effect.Effect<SessionClaims<Custom>, VerifyError, SigningKeys | Revocations>
  /**
   * Verifies a session token, rejects it if its session is revoked, and returns its claims.
   *
   * Fails with `ClerkTokenError` if the token is invalid or revoked, `ClerkKeysUnavailable` if keys or revocations are
   * unavailable, and `ClerkInvalidRequest` if an option is invalid.
   */
  (
    token: Redacted.Redacted<string> | string,
    options: WithRevocations<VerifyOptions>
  ): Effect.Effect<SessionClaims, VerifyError, SigningKeys | Revocations>
  /**
   * Verifies a token of the given `category` and returns its claims, with your custom claims in `custom` as the schema
   * `claims` decodes them. A token of a JWT template (`"template"`) names no session.
   *
   * Fails with `ClerkTokenError` if the token is invalid, `ClerkKeysUnavailable` if the keys are unavailable, and
   * `ClerkInvalidRequest` if an option is invalid.
   */
  <Custom, Encoded>(
    token: Redacted.Redacted<string> | string,
    options: VerifyOptions<Custom, Encoded> & Reading<Custom, Encoded>
  ): Effect.Effect<TokenClaims<Custom>, VerifyError, SigningKeys>
  /**
   * Verifies a token of the given `category` and returns its claims. A token of a JWT template (`"template"`) names no
   * session.
   *
   * Fails with `ClerkTokenError` if the token is invalid, `ClerkKeysUnavailable` if the keys are unavailable, and
   * `ClerkInvalidRequest` if an option is invalid.
   */
  <Custom = undefined, Encoded = unknown>(
    token: Redacted.Redacted<string> | string,
    options: VerifyOptions<Custom, Encoded>
  ): Effect.Effect<TokenClaims<Custom | undefined>, VerifyError, SigningKeys>
} = (
  token: Redacted.Redacted<string> | string,
  options: object = {}
): Effect.Effect<never, VerifyError, SigningKeys> => {
  const settings = readVerifyOptions(options, optionDecoders)
  if (settings instanceof RuleBreak) {
    const { field, rule } = settings
    return Effect.fail(
      construct(ClerkInvalidRequest, { operation: "SessionTokens.verify", attempts: 0, field, rule })
    )
  }
  return Effect.flatMap(
    SigningKeys,
    // The settings decide which claims the verifier returns, as the overloads say: see `readClaims`.
    (keys) =>
      Effect.flatMap(makeVerify(settings, keys), (verify) => verify(token)) as Effect.Effect<
        never,
        VerifyError
      >
  )
}

/**
 * Returns a function that verifies tokens with these options and the `SigningKeys` of the context. Make it once and use
 * it for every request. Fails with `ClerkConfigError` if an option is invalid.
 *
 * @since 4.0.0
 * @category constructors
 */
export const verifier: {
  /**
   * Returns a function that verifies session tokens and decodes your custom claims with the schema `claims` into
   * `custom`. Fails with `ClerkConfigError` if an option is invalid.
   */
  <Custom, Encoded>(
    options: VerifierOptions<Custom, Encoded> & OfSession & Reading<Custom, Encoded>
  ): Effect.Effect<Verifier<SessionClaims<Custom>>, ClerkConfigError, SigningKeys>
  /**
   * Returns a function that verifies session tokens with these options and the `SigningKeys` of the context. Make it
   * once and use it for every request. Fails with `ClerkConfigError` if an option is invalid.
   *
   * @example
   * ```ts
   * import { Effect } from "effect"
   * import { SessionTokens } from "effect-clerk"
   *
   * export const makeUserOf = Effect.gen(function* () {
   *   const verify = yield* SessionTokens.verifier({
   *     authorizedParties: ["https://app.example.com"],
   *     cache: { capacity: 10_000 }
   *   })
   *   return (token: string) => Effect.map(verify(token), (claims) => claims.userId)
   * })
   * ```
   */
  <Custom = undefined, Encoded = unknown>(
    options?: VerifierOptions<Custom, Encoded> & OfSession
  ): Effect.Effect<Verifier<SessionClaims<Custom | undefined>>, ClerkConfigError, SigningKeys>
  /**
   * Returns a function that verifies session tokens, rejects those of revoked sessions, and decodes your custom claims
   * with the schema `claims` into `custom`. Fails with `ClerkConfigError` if an option is invalid.
   */
  <Custom, Encoded>(
    options: WithRevocations<VerifierOptions<Custom, Encoded>> & Reading<Custom, Encoded>
  ): Effect.Effect<Verifier<SessionClaims<Custom>>, ClerkConfigError, SigningKeys | Revocations>
  /**
   * Returns a function that verifies session tokens and rejects those of revoked sessions. Fails with
   * `ClerkConfigError` if an option is invalid.
   */
  (
    options: WithRevocations<VerifierOptions>
  ): Effect.Effect<Verifier<SessionClaims>, ClerkConfigError, SigningKeys | Revocations>
  /**
   * Returns a function that verifies tokens of the given `category` and decodes your custom claims with the schema
   * `claims` into `custom`. Fails with `ClerkConfigError` if an option is invalid.
   */
  <Custom, Encoded>(
    options: VerifierOptions<Custom, Encoded> & Reading<Custom, Encoded>
  ): Effect.Effect<Verifier<TokenClaims<Custom>>, ClerkConfigError, SigningKeys>
  /**
   * Returns a function that verifies tokens of the given `category`. Fails with `ClerkConfigError` if an option is
   * invalid.
   */
  <Custom = undefined, Encoded = unknown>(
    options: VerifierOptions<Custom, Encoded>
  ): Effect.Effect<Verifier<TokenClaims<Custom | undefined>>, ClerkConfigError, SigningKeys>
} = (options: object = {}): Effect.Effect<Verifier<never>, ClerkConfigError, SigningKeys> => {
  const settings = readVerifierOptions(options, optionDecoders)
  return settings instanceof RuleBreak
    ? Effect.fail(configError(settings))
    : // As above.
      Effect.flatMap(SigningKeys, (keys) => makeVerify(settings, keys) as Effect.Effect<Verifier<never>>)
}
