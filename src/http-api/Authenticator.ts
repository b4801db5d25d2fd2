/**
 * Authenticates a request: finds its token and verifies it.
 *
 * The middlewares are built on this module. Build your own on it where they do not fit, for example to read custom
 * claims:
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
import { appendPreResponseHandler } from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import { broken, flag, RuleBreak, readOptions } from "../core/input.js"
import { readPublishableKey } from "../core/keys/publishableKey.js"
import { rejectionHead } from "../core/server/challenge.js"
import { readCredential } from "../core/server/credential.js"
import { makeParties, verifierOptionNames } from "../core/token/settings.js"
import type { ClerkAccessDenied } from "../errors/ClerkAccessDenied.js"
import type { ClerkConfigError } from "../errors/ClerkConfigError.js"
import { type ClerkKeysUnavailable, ClerkTokenError } from "../errors/TokenErrors.js"
import { configError } from "../runtime/errors.js"
import type { SessionClaims } from "../schema/SessionClaims.js"
import * as SessionTokens from "../services/SessionTokens.js"
import type { SigningKeys } from "../services/SigningKeys.js"

/**
 * The options that a server has with cookies and without.
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
 * The options of the authenticator and of all middlewares. Set `authorizedParties`, or `cookies: false`.
 *
 * @since 0.1.0
 * @category models
 */
export type AuthOptions = BearerAuthOptions | CookieAuthOptions

/**
 * Authenticates the current request and succeeds with the claims of its token.
 *
 * @since 0.1.0
 * @category models
 */
export type Authenticator<Claims> = Effect.Effect<
  Claims,
  ClerkTokenError | ClerkKeysUnavailable,
  HttpServerRequest.HttpServerRequest
>

/** The verifier reads these options. */
const verifierReaders = Object.fromEntries(
  verifierOptionNames.map((name) => [name, (value: unknown) => value])
)

const readAuthOptions = (options: unknown) =>
  readOptions(
    Object(options),
    { unknown: "is not an option of authentication" },
    {
      ...verifierReaders,
      category: (value) =>
        value === undefined ? value : broken("is not an option here: a server accepts session tokens only"),
      cookies: (value = true) => flag(value),
      publishableKey: (value) => value
    }
  )

const readIdentity = (publishableKey: unknown) =>
  publishableKey === undefined
    ? Effect.succeed(undefined)
    : Effect.flatMap(
        Effect.promise(() => readPublishableKey(publishableKey)),
        (read) => (read instanceof RuleBreak ? configError(read) : Effect.succeed(read))
      )

/**
 * Makes the function that authenticates a request: it returns the claims of the request's token. A bearer token in
 * `Authorization` takes precedence; the function reads the session cookie of a request without one. It rejects a
 * request with a cookie from an `Origin` outside `authorizedParties` if the request may change something (any method
 * but GET, HEAD and OPTIONS) or opens a WebSocket.
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
   * `Authorization` takes precedence; the function reads the session cookie of a request without one. It rejects a
   * request with a cookie from an `Origin` outside `authorizedParties` if the request may change something (any method
   * but GET, HEAD and OPTIONS) or opens a WebSocket.
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
    const read = readAuthOptions(options)
    if (read instanceof RuleBreak) return yield* configError(read)
    const { cookies, publishableKey, ...rest } = read
    // Sound: the verifier checks each of these options.
    const given = rest as Omit<SessionTokens.VerifierOptions<Custom, Encoded>, "category">
    if (cookies && given.authorizedParties === undefined) {
      return yield* configError(
        new RuleBreak(
          "authorizedParties",
          'is required where cookies are read: set it to your origins, such as ["https://app.example.com"], or set cookies to false'
        )
      )
    }
    const identity = yield* readIdentity(publishableKey)
    const verifier = yield* SessionTokens.verifier({ ...given, issuer: given.issuer ?? identity?.issuer })
    // The overloads say that `custom` may be `undefined` where no schema is given.
    const verify = verifier as SessionTokens.Verifier<SessionClaims<Custom>>
    const cookieNames = cookies
      ? [...(identity === undefined ? [] : [`__session_${identity.cookieSuffix}`]), "__session"]
      : []
    const parties = given.authorizedParties === undefined ? undefined : makeParties(given.authorizedParties)
    return HttpServerRequest.HttpServerRequest.pipe(
      Effect.flatMap((request) => {
        const token = readCredential(request, cookieNames, parties)
        return typeof token === "string"
          ? verify(token)
          : Effect.fail(new ClerkTokenError(token.fields, true))
      }),
      Effect.tapError((error) => Effect.logDebug(error.message)),
      Effect.mapError((error) => (error._tag === "ClerkTokenError" ? withoutParties(error) : error))
    )
  })

const withoutParties = ({ checkedAt, clockSkew, expiresAt, issuedAt, notBefore, reason }: ClerkTokenError) =>
  new ClerkTokenError({ reason, checkedAt, clockSkew, expiresAt, issuedAt, notBefore }, true)

/**
 * Makes authentication optional: succeeds with `None` for a request without a valid token. Fails only with
 * `ClerkKeysUnavailable`, because then the token cannot be verified.
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
 * Adds headers to the response of a request that is rejected. For a middleware of an `HttpApi`, where the schema of an
 * error cannot hold headers. They are `WWW-Authenticate` with 401, `Retry-After` with 503, and `Cache-Control: no-store`
 * with every error.
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
): Effect.Effect<A, E, R> =>
  Effect.tapError(self, (error) => {
    const { headers, status } = rejectionHead(error, Duration.toSeconds)
    return appendPreResponseHandler((_, response) =>
      Effect.succeed(response.status === status ? HttpServerResponse.setHeaders(response, headers) : response)
    )
  })
