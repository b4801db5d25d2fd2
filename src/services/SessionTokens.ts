/**
 * Verifies session tokens without a call to Clerk: the signature by the instance's public key, then the claims.
 *
 * A token is valid for about a minute, even if its session is revoked in that time. Where that is too long, set
 * `revocations`, or call `Sessions.get` as well.
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
 * @since 0.1.0
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
 * What to check in a token. All options are optional.
 *
 * @since 0.1.0
 * @category models
 */
export interface VerifyOptions<Custom = undefined, Encoded = unknown> {
  /**
   * The origins whose tokens are accepted (`azp`), as browsers write them: a list such as `["https://app.example.com"]`,
   * or a predicate. Set it wherever tokens come in cookies, so that another application on your domain cannot use its
   * own. Default: tokens of any origin.
   */
  readonly authorizedParties?: AuthorizedParties | undefined
  /** Whether to accept a token without `azp` when `authorizedParties` is set. Default `"reject"`. */
  readonly missingAzp?: "reject" | "allow" | undefined
  /** The accepted audiences: `aud` has to contain one of them. Default: any audience. */
  readonly audience?: string | ReadonlyArray<string> | undefined
  /**
   * The exact `iss`: the https URL of the instance's Frontend API, without a slash at the end. A loopback address may
   * use http, for an emulator. Default: any issuer whose key signed the token.
   */
  readonly issuer?: string | undefined
  /** The accepted difference between the clocks here and at Clerk, 0 to 5 minutes. Default 5 seconds. */
  readonly clockSkew?: DurationInput | undefined
  /** Whether to accept a token of a pending session, whose user has tasks to complete. Default false. */
  readonly allowPending?: boolean | undefined
  /**
   * The category of tokens to accept: `"session"`, or `"template"` for tokens of a JWT template, which name no session
   * and outlive it. Default `"session"`.
   */
  readonly category?: "session" | "template" | undefined
  /**
   * Decodes your own claims, from all claims of the token, into `custom`. It runs with every verification. Default:
   * none, so `custom` is `undefined`.
   */
  readonly claims?: Codec<Custom, Encoded> | undefined
  /** Does not reject the tokens of revoked sessions. See `WithRevocations`. Default false. */
  readonly revocations?: false | undefined
}

/**
 * Options with `revocations`, which requires the service `Revocations` of `effect-clerk/revocations`.
 *
 * @since 0.1.0
 * @category models
 */
export type WithRevocations<Options> = Options extends unknown
  ? Omit<Options, "category" | "revocations"> & Revocable
  : never

/**
 * Whether to check the revocations.
 *
 * @since 0.1.0
 * @category models
 */
export interface Revocable {
  /**
   * Whether to reject the tokens of revoked sessions and held users. Fails with `ClerkTokenError` (reason `revoked`), and
   * with `ClerkKeysUnavailable` (reason `revocations`) if the layer says `whenStale: "refuse"` and the copy of this process
   * is too old. Default false.
   */
  readonly revocations: boolean
  /** Session tokens only: the token of a JWT template names no session. Default `"session"`. */
  readonly category?: "session" | undefined
}

/**
 * How to remember valid tokens, so that the signature of each is checked once.
 *
 * A token is looked up by the whole of its text. Each time the verifier compares its times with the clock, calls a
 * predicate for `authorizedParties`, and decodes your own claims. A token is never accepted from memory beyond its
 * expiry or beyond the time its key is fresh. The claims are frozen, because all callers with the token share them.
 *
 * @since 0.1.0
 * @category models
 */
export interface CacheOptions {
  /** The number of tokens to remember, 1 to 1,000,000. A new token replaces the oldest. */
  readonly capacity: number
}

/**
 * The options of `SessionTokens.verifier`: those of `verify`, and a cache.
 *
 * @since 0.1.0
 * @category models
 */
export interface VerifierOptions<Custom = undefined, Encoded = unknown>
  extends VerifyOptions<Custom, Encoded> {
  /** Remembers valid tokens, so that the verifier checks the signature of each once. Default: no cache. */
  readonly cache?: CacheOptions | undefined
}

/**
 * Verifies tokens with options that were checked once.
 *
 * @since 0.1.0
 * @category models
 */
export type Verifier<Claims> = (
  token: Redacted.Redacted<string> | string
) => Effect.Effect<Claims, ClerkTokenError | ClerkKeysUnavailable>

/**
 * The errors of `SessionTokens.verify`.
 *
 * @since 0.1.0
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
 * Verifies a token and returns its claims. Fails with `ClerkTokenError` if the token is invalid, with
 * `ClerkKeysUnavailable` if the keys are unavailable, and with `ClerkInvalidRequest` if an option is invalid. To verify
 * many tokens with the same options, make a `verifier`.
 *
 * @since 0.1.0
 * @category verification
 */
export const verify: {
  /**
   * Verifies a session token, decodes your own claims by the schema `claims`, and returns the claims with yours in
   * `custom`. Fails with `ClerkTokenError` if the token is invalid, with `ClerkKeysUnavailable` if the keys are
   * unavailable, and with `ClerkInvalidRequest` if an option is invalid.
   */
  <Custom, Encoded>(
    token: Redacted.Redacted<string> | string,
    options: VerifyOptions<Custom, Encoded> & OfSession & Reading<Custom, Encoded>
  ): Effect.Effect<SessionClaims<Custom>, VerifyError, SigningKeys>
  /**
   * Verifies a session token and returns its claims: the user, the session, the organization, the features. Fails with
   * `ClerkTokenError` if the token is invalid, with `ClerkKeysUnavailable` if the keys are unavailable, and with
   * `ClerkInvalidRequest` if an option is invalid.
   */
  <Custom = undefined, Encoded = unknown>(
    token: Redacted.Redacted<string> | string,
    options?: VerifyOptions<Custom, Encoded> & OfSession
  ): Effect.Effect<SessionClaims<Custom | undefined>, VerifyError, SigningKeys>
  /**
   * Verifies a session token, rejects it if its session was revoked, and decodes your own claims by the schema `claims`
   * into `custom`. Fails with `ClerkTokenError` if the token is invalid or revoked, and with `ClerkInvalidRequest` if an
   * option is invalid. Fails with `ClerkKeysUnavailable` if the keys or the revocations are unavailable.
   */
  <Custom, Encoded>(
    token: Redacted.Redacted<string> | string,
    options: WithRevocations<VerifyOptions<Custom, Encoded>> & Reading<Custom, Encoded>
  ): Effect.Effect<SessionClaims<Custom>, VerifyError, SigningKeys | Revocations>
  /**
   * Verifies a session token, and rejects it if its session was revoked. Fails with `ClerkTokenError` if the token is
   * invalid or revoked, and with `ClerkInvalidRequest` if an option is invalid. Fails with `ClerkKeysUnavailable` if the
   * keys or the revocations are unavailable.
   */
  (
    token: Redacted.Redacted<string> | string,
    options: WithRevocations<VerifyOptions>
  ): Effect.Effect<SessionClaims, VerifyError, SigningKeys | Revocations>
  /**
   * Verifies a token of the given category, decodes your own claims by the schema `claims`, and returns the claims
   * with yours in `custom`. A token of a JWT template (`category: "template"`) names no session. Fails with
   * `ClerkTokenError` if the token is invalid, with `ClerkKeysUnavailable` if the keys are unavailable, and with
   * `ClerkInvalidRequest` if an option is invalid.
   */
  <Custom, Encoded>(
    token: Redacted.Redacted<string> | string,
    options: VerifyOptions<Custom, Encoded> & Reading<Custom, Encoded>
  ): Effect.Effect<TokenClaims<Custom>, VerifyError, SigningKeys>
  /**
   * Verifies a token of the given category and returns its claims. A token of a JWT template
   * (`category: "template"`) names no session. Fails with `ClerkTokenError` if the token is invalid, with
   * `ClerkKeysUnavailable` if the keys are unavailable, and with `ClerkInvalidRequest` if an option is invalid.
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
 * Makes a function that verifies tokens with these options and with the `SigningKeys` provided. Fails with
 * `ClerkConfigError` if an option is invalid.
 *
 * @since 0.1.0
 * @category constructors
 */
export const verifier: {
  /**
   * Makes a function that verifies session tokens and decodes your own claims by the schema `claims` into `custom`.
   * Fails with `ClerkConfigError` if an option is invalid.
   */
  <Custom, Encoded>(
    options: VerifierOptions<Custom, Encoded> & OfSession & Reading<Custom, Encoded>
  ): Effect.Effect<Verifier<SessionClaims<Custom>>, ClerkConfigError, SigningKeys>
  /**
   * Makes a function that verifies session tokens with these options and with the `SigningKeys` provided. Fails with
   * `ClerkConfigError` if an option is invalid.
   */
  <Custom = undefined, Encoded = unknown>(
    options?: VerifierOptions<Custom, Encoded> & OfSession
  ): Effect.Effect<Verifier<SessionClaims<Custom | undefined>>, ClerkConfigError, SigningKeys>
  /**
   * Makes a function that verifies session tokens, rejects those of revoked sessions, and decodes your own claims by the
   * schema `claims` into `custom`. Fails with `ClerkConfigError` if an option is invalid.
   */
  <Custom, Encoded>(
    options: WithRevocations<VerifierOptions<Custom, Encoded>> & Reading<Custom, Encoded>
  ): Effect.Effect<Verifier<SessionClaims<Custom>>, ClerkConfigError, SigningKeys | Revocations>
  /**
   * Makes a function that verifies session tokens and rejects those of revoked sessions. Fails with `ClerkConfigError` if
   * an option is invalid.
   */
  (
    options: WithRevocations<VerifierOptions>
  ): Effect.Effect<Verifier<SessionClaims>, ClerkConfigError, SigningKeys | Revocations>
  /**
   * Makes a function that verifies tokens of the given category and decodes your own claims by the schema `claims`
   * into `custom`. Fails with `ClerkConfigError` if an option is invalid.
   */
  <Custom, Encoded>(
    options: VerifierOptions<Custom, Encoded> & Reading<Custom, Encoded>
  ): Effect.Effect<Verifier<TokenClaims<Custom>>, ClerkConfigError, SigningKeys>
  /**
   * Makes a function that verifies tokens of the given category with these options and with the `SigningKeys`
   * provided. Fails with `ClerkConfigError` if an option is invalid.
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
