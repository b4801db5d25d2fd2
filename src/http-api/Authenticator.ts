/**
 * Authenticates a request: finds its token, verifies it and returns its claims.
 *
 * `ClerkAuth` and `ClerkRouter` are built on this module. Build your own middleware on it if they do not fit, for example
 * to read custom claims:
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
 * @since 4.0.0
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
 * Configures a server, whether it reads cookies or not.
 *
 * @since 4.0.0
 * @category models
 */
export interface CommonOptions
  extends Omit<SessionTokens.VerifierOptions, "authorizedParties" | "category" | "claims"> {
  /**
   * The publishable key of the instance: `pk_test_…` or `pk_live_…`. It sets `issuer`, unless `issuer` is set, and names
   * the cookies of the instance (`__session_<suffix>`). The server then ignores the cookies of other instances.
   * Default: none, and the server reads `__session` only.
   */
  readonly publishableKey?: string | undefined
}

/**
 * Configures a server that reads a bearer token or, without one, the session cookie. Browsers send cookies with every
 * request, so `authorizedParties` is required.
 *
 * @since 4.0.0
 * @category models
 */
export interface CookieAuthOptions extends CommonOptions {
  /** Whether to read the session cookie of a request without a bearer token. Default true. */
  readonly cookies?: true | undefined
  /**
   * The origins whose tokens are accepted (claim `azp`): a list such as `["https://app.example.com"]`, or a predicate.
   * The server also rejects a cookie beside an `Origin` that is not accepted. Anchor the pattern of a predicate
   * at both ends.
   */
  readonly authorizedParties: SessionTokens.AuthorizedParties
  /**
   * Whether a session cookie counts only beside `__client_uat`, in which Clerk states when the browser last signed in or
   * out. The server then rejects the session cookie of a browser that has just signed out. Set it to false if a gateway
   * removes all cookies but `__session`. Default true, as in Clerk's own SDKs.
   */
  readonly requireClientUat?: boolean | undefined
}

/**
 * Configures a server that reads bearer tokens only.
 *
 * @since 4.0.0
 * @category models
 */
export interface BearerAuthOptions extends CommonOptions {
  /** Whether to read the session cookie. `false` ignores all cookies. */
  readonly cookies: false
  /** Not an option here, because the server reads no cookies. Default: absent. */
  readonly requireClientUat?: undefined
  /** The origins whose tokens are accepted (claim `azp`): a list, or a predicate. Default: any origin. */
  readonly authorizedParties?: SessionTokens.AuthorizedParties | undefined
}

/**
 * Configures the authenticator and all middlewares. Set `authorizedParties`, or `cookies: false`.
 *
 * @since 4.0.0
 * @category models
 */
export type AuthOptions = BearerAuthOptions | CookieAuthOptions

/**
 * Authenticates the current request, and succeeds with the claims of its token. Fails with `ClerkTokenError` if the token
 * is missing or invalid, and with `ClerkKeysUnavailable` if it cannot be verified now.
 *
 * @since 4.0.0
 * @category models
 */
export type Authenticator<Claims> = Effect.Effect<
  Claims,
  ClerkTokenError | ClerkKeysUnavailable,
  HttpServerRequest.HttpServerRequest
>

/**
 * Makes the effect that authenticates the current request. A bearer token in `Authorization` takes precedence over the
 * session cookie. The cookie is chosen as in Clerk's own SDKs, and compared with `__client_uat`.
 *
 * A cookie beside an `Origin` outside `authorizedParties` is rejected, unless the method is GET, HEAD or OPTIONS. If the
 * request opens a WebSocket, it is rejected in any case. `Origin: null` beside `Sec-Fetch-Site: same-origin` stands for
 * the origin of the `Host`: a page of this server hides its origin.
 *
 * Fails with `ClerkConfigError` if an option is invalid. A rejected token is logged at debug level with the compared values
 * (origins, issuers, audiences). The error does not hold them, because the client receives it.
 *
 * @since 4.0.0
 * @category constructors
 */
// The last signature makes the compiler name a missing `authorizedParties`: of a union it names nothing.
export const make: {
  /**
   * Makes the effect that authenticates the current request, and decodes your own claims (`claims`) into `custom`. Fails
   * with `ClerkConfigError` if an option is invalid.
   */
  <Custom, Encoded>(
    options: AuthOptions & { readonly claims: Codec<Custom, Encoded> }
  ): Effect.Effect<Authenticator<SessionClaims<Custom>>, ClerkConfigError, SigningKeys>
  /**
   * Makes the effect that authenticates the current request, rejects the tokens of revoked sessions, and decodes your own
   * claims (`claims`) into `custom`. Fails with `ClerkConfigError` if an option is invalid.
   */
  <Custom, Encoded>(
    options: SessionTokens.WithRevocations<AuthOptions> & { readonly claims: Codec<Custom, Encoded> }
  ): Effect.Effect<Authenticator<SessionClaims<Custom>>, ClerkConfigError, SigningKeys | Revocations>
  /**
   * Makes the effect that authenticates the current request, and rejects the tokens of revoked sessions. Fails with
   * `ClerkConfigError` if an option is invalid.
   */
  (
    options: SessionTokens.WithRevocations<AuthOptions>
  ): Effect.Effect<Authenticator<SessionClaims>, ClerkConfigError, SigningKeys | Revocations>
  /**
   * Makes the effect that authenticates the current request. A bearer token in `Authorization` takes precedence over the
   * session cookie, which is read unless `cookies` is false. Fails with `ClerkConfigError` if an option is invalid.
   */
  <Custom = undefined, Encoded = unknown>(
    options: AuthOptions & { readonly claims?: Codec<Custom, Encoded> | undefined }
  ): Effect.Effect<Authenticator<SessionClaims<Custom | undefined>>, ClerkConfigError, SigningKeys>
  /**
   * Makes the effect that authenticates the current request. A bearer token in `Authorization` takes precedence over the
   * session cookie. The cookie is chosen as in Clerk's own SDKs, and compared with `__client_uat`.
   *
   * A cookie beside an `Origin` outside `authorizedParties` is rejected, unless the method is GET, HEAD or OPTIONS. If the
   * request opens a WebSocket, it is rejected in any case. `Origin: null` beside `Sec-Fetch-Site: same-origin` stands for
   * the origin of the `Host`: a page of this server hides its origin.
   *
   * Fails with `ClerkConfigError` if an option is invalid.
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
 * Makes authentication optional: succeeds with `None` for a request without a valid token. Still fails with
 * `ClerkKeysUnavailable`, because a token that cannot be verified may be valid.
 *
 * @since 4.0.0
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
 * Adds headers to the response of a rejected request: `WWW-Authenticate` with 401, `Retry-After` with 503, and
 * `Cache-Control: no-store` with every error. Use it in a middleware of an `HttpApi`, where the schema of an error cannot
 * hold headers.
 *
 * @since 4.0.0
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
