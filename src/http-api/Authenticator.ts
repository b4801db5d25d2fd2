/**
 * The one decision on a request: whose token it carries, and whether it is good.
 *
 * The middlewares are made of it. Make your own of it where they do not fit, for example to have claims of your own:
 *
 * @example
 * ```ts
 * import { HttpApiMiddleware, HttpApiSecurity } from "@effect/platform"
 * import { Context, Effect, Layer, Schema } from "effect"
 * import { ClerkKeysUnavailable, ClerkTokenError, type SessionClaims } from "effect-clerk"
 * import { Authenticator } from "effect-clerk/http-api"
 *
 * const Claims = Schema.Struct({ tenant: Schema.NonEmptyString })
 *
 * class TenantSession extends Context.Tag("TenantSession")<TenantSession, SessionClaims<typeof Claims.Type>>() {}
 *
 * export class TenantAuth extends HttpApiMiddleware.Tag<TenantAuth>()("TenantAuth", {
 *   failure: Schema.Union(ClerkTokenError, ClerkKeysUnavailable),
 *   provides: TenantSession,
 *   security: { bearer: HttpApiSecurity.bearer }
 * }) {
 *   static readonly layer = Layer.effect(
 *     TenantAuth,
 *     Effect.map(Authenticator.make({ cookies: false, claims: Claims }), (authenticate) => ({
 *       bearer: () => Authenticator.withResponseHeaders(authenticate)
 *     }))
 *   )
 * }
 * ```
 *
 * @since 0.1.0
 */
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import { optionsFlaw, ownProperties, RuleBreak } from "../core/input.js"
import { readPublishableKey } from "../core/keys/publishableKey.js"
import { tokenOf } from "../core/server/requestToken.js"
import { makeParties, verifierOptionNames } from "../core/token/settings.js"
import type { ClerkAccessDenied } from "../errors/ClerkAccessDenied.js"
import { ClerkConfigError } from "../errors/ClerkConfigError.js"
import { type ClerkKeysUnavailable, ClerkTokenError } from "../errors/TokenErrors.js"
import type { SessionClaims } from "../schema/SessionClaims.js"
import * as SessionTokens from "../services/SessionTokens.js"
import type { SigningKeys } from "../services/SigningKeys.js"
import { refuseWithHeaders } from "./authResponse.js"

/**
 * The options of a server that reads cookies and of one that does not.
 *
 * @since 0.1.0
 * @category models
 */
export interface CommonOptions
  extends Omit<SessionTokens.VerifierOptions, "authorizedParties" | "category" | "claims"> {
  /**
   * The instance's publishable key: `pk_test_…` or `pk_live_…`. It sets `issuer`, unless `issuer` is set, and names
   * the instance's own cookie (`__session_<suffix>`), which takes precedence over `__session`. Default: none, so
   * the server reads `__session` only.
   */
  readonly publishableKey?: string | undefined
}

/**
 * The options of a server that reads a bearer token or, without one, the session cookie. Browsers send cookies
 * by themselves, so `authorizedParties` is required.
 *
 * @since 0.1.0
 * @category models
 */
export interface CookieAuthOptions extends CommonOptions {
  /** Whether to read the session cookie of a request without a bearer token. Default true. */
  readonly cookies?: true | undefined
  /**
   * The origins whose tokens are accepted (claim `azp`): a list such as `["https://app.example.com"]`, or a predicate.
   * The server also rejects a cookie that comes with an `Origin` that is not accepted. Anchor the pattern of a predicate
   * at both ends.
   */
  readonly authorizedParties: SessionTokens.AuthorizedParties
}

/**
 * The options of a server that reads bearer tokens only.
 *
 * @since 0.1.0
 * @category models
 */
export interface BearerAuthOptions extends CommonOptions {
  /** Ignores cookies. */
  readonly cookies: false
  /** The origins whose tokens are accepted (claim `azp`): a list, or a predicate. Default: any origin. */
  readonly authorizedParties?: SessionTokens.AuthorizedParties | undefined
}

/**
 * The options of everything that protects a server. Set `authorizedParties`, or `cookies: false`.
 *
 * @since 0.1.0
 * @category models
 */
export type AuthOptions = BearerAuthOptions | CookieAuthOptions

/**
 * Looks at the request being served.
 *
 * @since 0.1.0
 * @category models
 */
export type Authenticator<Claims> = Effect.Effect<
  Claims,
  ClerkTokenError | ClerkKeysUnavailable,
  HttpServerRequest.HttpServerRequest
>

const broken = (setting: string, rule: string) => new ClerkConfigError({ setting, rule }, true)

/** `category` is among them to have a message of its own. */
const names = [...verifierOptionNames, "cookies", "publishableKey"]

const readIdentity = (publishableKey: unknown) =>
  publishableKey === undefined
    ? Effect.succeed(undefined)
    : Effect.flatMap(
        Effect.promise(() => readPublishableKey(publishableKey)),
        (read) => (read instanceof RuleBreak ? broken(read.field, read.rule) : Effect.succeed(read))
      )

/**
 * Makes the function that authenticates a request: it returns the claims of the request's token. A bearer token in
 * `Authorization` takes precedence; the function reads the session cookie of a request without one. A request with
 * a cookie that changes something, or opens a WebSocket, must not have an `Origin` outside `authorizedParties`.
 *
 * Fails with `ClerkConfigError` when an option is invalid. When the function rejects a token, it logs the compared
 * values (origins, issuers, audiences) at debug level and leaves them out of the error, which leaves the server.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: {
  /**
   * Makes the function that authenticates a request and decodes your own claims (`claims`) into `custom`. Fails with
   * `ClerkConfigError` when an option is invalid.
   */
  <Custom, Encoded>(
    options: AuthOptions & { readonly claims: Schema.Schema<Custom, Encoded> }
  ): Effect.Effect<Authenticator<SessionClaims<Custom>>, ClerkConfigError, SigningKeys>
  /**
   * Makes the function that authenticates a request: it returns the claims of the request's token. A bearer token in
   * `Authorization` takes precedence; the function reads the session cookie of a request without one. A request with
   * a cookie that changes something, or opens a WebSocket, must not have an `Origin` outside `authorizedParties`.
   *
   * Fails with `ClerkConfigError` when an option is invalid. When the function rejects a token, it logs the compared
   * values (origins, issuers, audiences) at debug level and leaves them out of the error, which leaves the server.
   */
  <Custom = undefined, Encoded = unknown>(
    options: CookieAuthOptions & { readonly claims?: Schema.Schema<Custom, Encoded> | undefined }
  ): Effect.Effect<Authenticator<SessionClaims<Custom | undefined>>, ClerkConfigError, SigningKeys>
  /**
   * Makes the function that authenticates a request: it returns the claims of the request's token. With
   * `cookies: false` it reads bearer tokens only. Fails with `ClerkConfigError` when an option is invalid.
   */
  <Custom = undefined, Encoded = unknown>(
    options: AuthOptions & { readonly claims?: Schema.Schema<Custom, Encoded> | undefined }
  ): Effect.Effect<Authenticator<SessionClaims<Custom | undefined>>, ClerkConfigError, SigningKeys>
} = <Custom, Encoded>(
  options: AuthOptions & { readonly claims?: Schema.Schema<Custom, Encoded> | undefined }
): Effect.Effect<Authenticator<SessionClaims<Custom>>, ClerkConfigError, SigningKeys> =>
  Effect.gen(function* () {
    const flaw = optionsFlaw(Object(options), { unknown: "is not an option of authentication" }, names)
    if (flaw !== undefined) return yield* broken(flaw.field, flaw.rule)
    const { claims, cookies = true, publishableKey, ...others } = ownProperties(options)
    const rest = ownProperties(others)
    if (typeof cookies !== "boolean") return yield* broken("cookies", "must be true or false")
    if (cookies && rest.authorizedParties === undefined) {
      return yield* broken(
        "authorizedParties",
        'is required where cookies are read: set it to your origins, such as ["https://app.example.com"], or set cookies to false'
      )
    }
    if (Object.hasOwn(rest, "category")) {
      return yield* broken("category", "is not an option here: a server accepts session tokens only")
    }
    const identity = yield* readIdentity(publishableKey)
    const issuer = rest.issuer ?? identity?.issuer
    const verifier = yield* SessionTokens.verifier({ ...rest, issuer, claims })
    // The overloads say that `custom` may be `undefined` where no schema is given.
    const verify = verifier as SessionTokens.Verifier<SessionClaims<Custom>>
    const cookieNames = cookies
      ? [...(identity === undefined ? [] : [`__session_${identity.cookieSuffix}`]), "__session"]
      : []
    const parties = rest.authorizedParties === undefined ? undefined : makeParties(rest.authorizedParties)
    return HttpServerRequest.HttpServerRequest.pipe(
      Effect.flatMap((request) => {
        const token = tokenOf(request, cookieNames, parties)
        return token instanceof ClerkTokenError ? Effect.fail(token) : verify(token)
      }),
      Effect.tapError((error) => Effect.logDebug(error.message)),
      Effect.mapError((error) => (error._tag === "ClerkTokenError" ? withoutParties(error) : error))
    )
  })

const withoutParties = ({ checkedAt, clockSkew, expiresAt, issuedAt, notBefore, reason }: ClerkTokenError) =>
  new ClerkTokenError({ reason, checkedAt, clockSkew, expiresAt, issuedAt, notBefore }, true)

/**
 * The same decision where nobody has to be signed in: a request without a good token has no session. That the keys cannot
 * be had remains a failure, because then nobody knows.
 *
 * @since 0.1.0
 * @category combinators
 */
export const optional = <Claims>(
  self: Authenticator<Claims>
): Effect.Effect<Option.Option<Claims>, ClerkKeysUnavailable, HttpServerRequest.HttpServerRequest> =>
  self.pipe(
    Effect.map(Option.some),
    Effect.catchTag("ClerkTokenError", () => Effect.succeed(Option.none<Claims>()))
  )

/**
 * The same decision, or any other that refuses, for a middleware of an `HttpApi`: the response to a refusal gets the
 * headers its schema has no place for. These are `WWW-Authenticate` with 401, `Retry-After` with 503, and
 * `Cache-Control: no-store`.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withResponseHeaders = <
  A,
  E extends ClerkTokenError | ClerkKeysUnavailable | ClerkAccessDenied,
  R
>(
  self: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => Effect.catchAll(self, refuseWithHeaders)
