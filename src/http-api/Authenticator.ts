/**
 * Authenticates a request: finds its token and verifies it.
 *
 * The middlewares are built on this module. Build your own on it where they do not fit, for example to read custom
 * claims:
 *
 * @example
 * Effect 4:
 *
 * ```ts effect4
 * import { Context, Effect, Layer, Schema } from "effect"
 * import { HttpApiMiddleware, HttpApiSecurity } from "effect/http-api"
 * import { ClerkKeysUnavailable, ClerkTokenError, type SessionClaims } from "effect-clerk"
 * import { Authenticator } from "effect-clerk/http-api"
 *
 * const Claims = Schema.Struct({ tenant: Schema.NonEmptyString })
 *
 * class TenantSession extends Context.Service<TenantSession, SessionClaims<typeof Claims.Type>>()(
 *   "TenantSession"
 * ) {}
 *
 * export class TenantAuth extends HttpApiMiddleware.Service<TenantAuth, { provides: TenantSession }>()("TenantAuth", {
 *   error: [ClerkTokenError, ClerkKeysUnavailable],
 *   security: { bearer: HttpApiSecurity.bearer }
 * }) {
 *   static readonly layer = Layer.effect(
 *     TenantAuth,
 *     Effect.map(Authenticator.make({ cookies: false, claims: Claims }), (authenticate) => ({
 *       bearer: (response) =>
 *         Effect.flatMap(Authenticator.withResponseHeaders(authenticate), (session) =>
 *           Effect.provideService(response, TenantSession, session)
 *         )
 *     }))
 *   )
 * }
 * ```
 *
 * Effect 3:
 *
 * ```ts effect3
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
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { changeResponse } from "#major/httpApp.js"
import * as HttpServerRequest from "#major/httpServerRequest.js"
import * as HttpServerResponse from "#major/httpServerResponse.js"
import { type Codec, construct } from "#major/schemas.js"
import { rejectionHead } from "../core/server/challenge.js"
import type { ClerkAccessDenied } from "../errors/ClerkAccessDenied.js"
import type { ClerkConfigError } from "../errors/ClerkConfigError.js"
import { type ClerkKeysUnavailable, ClerkTokenError } from "../errors/TokenErrors.js"
import { makeServerAuth, type ServerAuth } from "../runtime/serverAuth.js"
import type { SessionClaims } from "../schema/SessionClaims.js"
import type { Revocations } from "../services/Revocations.js"
import type * as SessionTokens from "../services/SessionTokens.js"
import { SigningKeys } from "../services/SigningKeys.js"

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
   * the instance's own cookies (`__session_<suffix>`). The server then ignores the cookies of other instances. Default:
   * none, so the server reads `__session` only.
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
  /**
   * Whether a session cookie counts only beside `__client_uat`, the cookie in which Clerk states when the browser last
   * signed in or out. The server then rejects the session cookie of a browser that signed out a moment ago. Set it to
   * false if a gateway removes all cookies but `__session`. Default true, as in Clerk's own SDKs.
   */
  readonly requireClientUat?: boolean | undefined
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
  /** Not an option here, because the server reads no cookies. Default: absent. */
  readonly requireClientUat?: undefined
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

/**
 * Makes the function that authenticates a request: it returns the claims of the request's token. A bearer token in
 * `Authorization` takes precedence. The function reads the session cookie of a request without one. It chooses the cookie
 * as Clerk's own SDKs do, and compares it with `__client_uat`. The function rejects a cookie whose `Origin` is outside
 * `authorizedParties`, unless the method is GET, HEAD or OPTIONS. It also rejects such a cookie if the request opens a
 * WebSocket.
 *
 * Fails with `ClerkConfigError` when an option is invalid. When the function rejects a token, it logs the compared
 * values (origins, issuers, audiences) at debug level. The error does not hold them, because the client receives it.
 *
 * @since 0.1.0
 * @category constructors
 */
// The last signature makes the compiler name a missing `authorizedParties`: of a union it names nothing.
export const make: {
  /**
   * Makes the function that authenticates a request and decodes your own claims (`claims`) into `custom`. Fails with
   * `ClerkConfigError` when an option is invalid.
   */
  <Custom, Encoded>(
    options: AuthOptions & { readonly claims: Codec<Custom, Encoded> }
  ): Effect.Effect<Authenticator<SessionClaims<Custom>>, ClerkConfigError, SigningKeys>
  /**
   * Makes the function that authenticates a request, rejects the tokens of revoked sessions, and decodes your own claims
   * (`claims`) into `custom`. Fails with `ClerkConfigError` when an option is invalid.
   */
  <Custom, Encoded>(
    options: SessionTokens.WithRevocations<AuthOptions> & { readonly claims: Codec<Custom, Encoded> }
  ): Effect.Effect<Authenticator<SessionClaims<Custom>>, ClerkConfigError, SigningKeys | Revocations>
  /**
   * Makes the function that authenticates a request and rejects the tokens of revoked sessions. Fails with
   * `ClerkConfigError` when an option is invalid.
   */
  (
    options: SessionTokens.WithRevocations<AuthOptions>
  ): Effect.Effect<Authenticator<SessionClaims>, ClerkConfigError, SigningKeys | Revocations>
  /**
   * Makes the function that authenticates a request: it returns the claims of the request's token. A bearer token in
   * `Authorization` takes precedence. The function reads the session cookie of a request without one, unless `cookies` is
   * false. Fails with `ClerkConfigError` when an option is invalid.
   */
  <Custom = undefined, Encoded = unknown>(
    options: AuthOptions & { readonly claims?: Codec<Custom, Encoded> | undefined }
  ): Effect.Effect<Authenticator<SessionClaims<Custom | undefined>>, ClerkConfigError, SigningKeys>
  /**
   * Makes the function that authenticates a request: it returns the claims of the request's token. A bearer token in
   * `Authorization` takes precedence. The function reads the session cookie of a request without one. It chooses the
   * cookie as Clerk's own SDKs do, and compares it with `__client_uat`. The function rejects a cookie whose `Origin` is
   * outside `authorizedParties`, unless the method is GET, HEAD or OPTIONS. It also rejects such a cookie if the request
   * opens a WebSocket.
   *
   * Fails with `ClerkConfigError` when an option is invalid. When the function rejects a token, it logs the compared
   * values (origins, issuers, audiences) at debug level. The error does not hold them, because the client receives it.
   */
  <Custom = undefined, Encoded = unknown>(
    options: CookieAuthOptions & { readonly claims?: Codec<Custom, Encoded> | undefined }
  ): Effect.Effect<Authenticator<SessionClaims<Custom | undefined>>, ClerkConfigError, SigningKeys>
} = <Custom, Encoded>(
  options: (AuthOptions | SessionTokens.WithRevocations<AuthOptions>) & {
    readonly claims?: Codec<Custom, Encoded> | undefined
  }
): Effect.Effect<Authenticator<SessionClaims<Custom>>, ClerkConfigError, SigningKeys> =>
  Effect.gen(function* () {
    const keys = yield* SigningKeys
    // Sound: with the schema in `options`, the verifier returns claims that it decoded.
    const authenticate = (yield* makeServerAuth(options, keys)) as ServerAuth<SessionClaims<Custom>>
    return HttpServerRequest.HttpServerRequest.pipe(
      Effect.flatMap(authenticate),
      Effect.map(({ claims }) => claims),
      Effect.tapError((error) => Effect.logDebug(error.message)),
      Effect.mapError((error) => (error._tag === "ClerkTokenError" ? withoutParties(error) : error))
    )
  })

const withoutParties = ({ checkedAt, clockSkew, expiresAt, issuedAt, notBefore, reason }: ClerkTokenError) =>
  construct(
    ClerkTokenError,
    withoutUndefined({ reason, checkedAt, clockSkew, expiresAt, issuedAt, notBefore })
  )

/** Leaves out the members that are `undefined`, which Effect 4 would send as `null`. */
const withoutUndefined = <Fields extends object>(fields: Fields): Fields =>
  // Sound because a member that may be `undefined` may be absent here.
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields

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
    return changeResponse((response) =>
      response.status === status ? HttpServerResponse.setHeaders(response, headers) : response
    )
  })
