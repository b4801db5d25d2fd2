/**
 * Protects routes of an `HttpRouter` (in Effect 3, an `HttpLayerRouter`) with middlewares. A rejected request gets 401
 * with `WWW-Authenticate`, 403 or 503 with `Retry-After`, and the error as JSON.
 *
 * @example
 * Effect 4:
 *
 * ```ts effect4
 * import { Effect, Layer } from "effect"
 * import { HttpRouter, HttpServerResponse } from "effect/http"
 * import { SigningKeys } from "effect-clerk"
 * import { ClerkRouter, CurrentSession } from "effect-clerk/http-api"
 *
 * const Me = HttpRouter.add(
 *   "GET",
 *   "/me",
 *   Effect.map(CurrentSession, ({ userId }) => HttpServerResponse.text(userId))
 * )
 *
 * export const Routes = Me.pipe(
 *   Layer.provide(ClerkRouter.signedIn({ authorizedParties: ["https://app.example.com"] }).layer),
 *   Layer.provide(SigningKeys.layerConfig)
 * )
 * ```
 *
 * Effect 3:
 *
 * ```ts effect3
 * import { HttpLayerRouter, HttpServerResponse } from "@effect/platform"
 * import { Effect, Layer } from "effect"
 * import { SigningKeys } from "effect-clerk"
 * import { ClerkRouter, CurrentSession } from "effect-clerk/http-api"
 *
 * const Me = HttpLayerRouter.add(
 *   "GET",
 *   "/me",
 *   Effect.map(CurrentSession, ({ userId }) => HttpServerResponse.text(userId))
 * )
 *
 * export const Routes = Me.pipe(
 *   Layer.provide(ClerkRouter.signedIn({ authorizedParties: ["https://app.example.com"] }).layer),
 *   Layer.provide(SigningKeys.layerConfig)
 * )
 * ```
 *
 * @since 4.0.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { changeResponse } from "#major/httpApp.js"
import * as Cookies from "#major/httpCookies.js"
import type { ServiceKey } from "#major/httpRouter.js"
import * as HttpRouter from "#major/httpRouter.js"
import * as HttpServerRequest from "#major/httpServerRequest.js"
import * as HttpServerResponse from "#major/httpServerResponse.js"
import { union } from "#major/schemas.js"
import { rejectionHead } from "../core/server/challenge.js"
import { ClerkAccessDenied } from "../errors/ClerkAccessDenied.js"
import type { ClerkConfigError } from "../errors/ClerkConfigError.js"
import { ClerkKeysUnavailable, ClerkTokenError } from "../errors/TokenErrors.js"
import { checkRequirements } from "../runtime/access.js"
import type { SessionClaims } from "../schema/SessionClaims.js"
import * as Authorization from "../services/Authorization.js"
import { ClerkHttp } from "../services/ClerkHttp.js"
import type { Revocations } from "../services/Revocations.js"
import type * as SessionTokens from "../services/SessionTokens.js"
import type { SigningKeys } from "../services/SigningKeys.js"
import * as Authenticator from "./Authenticator.js"
import { type AnyOptions, makeAuthenticator } from "./anyOptions.js"
import { CurrentSession, OptionalSession } from "./CurrentSession.js"
import * as RequestAuth from "./RequestAuth.js"

/**
 * Provides `Provides` to the routes that you provide its `layer` to. The layer requires `SigningKeys`, and fails with
 * `ClerkConfigError` if an option is invalid.
 *
 * @since 4.0.0
 * @category models
 */
export type AuthMiddleware<Provides> = HttpRouter.Middleware<{
  provides: Provides
  handles: never
  error: never
  requires: never
  layerError: ClerkConfigError
  layerRequires: SigningKeys
}>

/**
 * Provides `Provides` as `AuthMiddleware` does, and rejects the tokens of revoked sessions. The layer also requires
 * `Revocations`.
 *
 * @since 4.0.0
 * @category models
 */
export type RevocationsMiddleware<Provides> = HttpRouter.Middleware<{
  provides: Provides
  handles: never
  error: never
  requires: never
  layerError: ClerkConfigError
  layerRequires: SigningKeys | Revocations
}>

/**
 * Provides `OptionalSession` to the routes that you provide its `layer` to. The layer requires `SigningKeys`, and
 * `ClerkHttp` for refreshes and handshakes. It fails with `ClerkConfigError` if an option is invalid.
 *
 * @since 4.0.0
 * @category models
 */
export type PagesMiddleware = HttpRouter.Middleware<{
  provides: OptionalSession
  handles: never
  error: never
  requires: never
  layerError: ClerkConfigError
  layerRequires: SigningKeys | ClerkHttp
}>

/**
 * Provides `OptionalSession` as `PagesMiddleware` does, and signs the users of revoked sessions out. The layer also
 * requires `Revocations`.
 *
 * @since 4.0.0
 * @category models
 */
export type RevocationsPagesMiddleware = HttpRouter.Middleware<{
  provides: OptionalSession
  handles: never
  error: never
  requires: never
  layerError: ClerkConfigError
  layerRequires: SigningKeys | ClerkHttp | Revocations
}>

type Rejection = ClerkTokenError | ClerkKeysUnavailable | ClerkAccessDenied

const encodeResponse = HttpServerResponse.schemaJson(
  union(union(ClerkTokenError, ClerkKeysUnavailable), ClerkAccessDenied)
)

/** The response to a rejected request: the error in its encoded form. */
const responseTo = (error: Rejection): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  encodeResponse(error, rejectionHead(error, Duration.toSeconds)).pipe(
    Effect.orDie // its fields are of their types, and JSON can hold them
  )

/** Makes an authenticator, as `Authenticator.make` does. */
type Making<Service, R> = Effect.Effect<
  Effect.Effect<
    Service,
    ClerkTokenError | ClerkKeysUnavailable | ClerkAccessDenied,
    HttpServerRequest.HttpServerRequest
  >,
  ClerkConfigError,
  R
>

/**
 * Makes a middleware from any authentication, for example one that reads custom claims. The middleware provides the
 * result to the routes as the service `tag`, and responds to a rejected request.
 *
 * @example
 * Effect 4:
 *
 * ```ts effect4
 * import { Context, Schema } from "effect"
 * import type { SessionClaims } from "effect-clerk"
 * import { Authenticator, ClerkRouter } from "effect-clerk/http-api"
 *
 * const Claims = Schema.Struct({ tenant: Schema.NonEmptyString })
 *
 * class TenantSession extends Context.Service<TenantSession, SessionClaims<typeof Claims.Type>>()(
 *   "TenantSession"
 * ) {}
 *
 * export const tenant = ClerkRouter.make(
 *   TenantSession,
 *   Authenticator.make({ cookies: false, claims: Claims })
 * )
 * ```
 *
 * Effect 3:
 *
 * ```ts effect3
 * import { Context, Schema } from "effect"
 * import type { SessionClaims } from "effect-clerk"
 * import { Authenticator, ClerkRouter } from "effect-clerk/http-api"
 *
 * const Claims = Schema.Struct({ tenant: Schema.NonEmptyString })
 *
 * class TenantSession extends Context.Tag("TenantSession")<TenantSession, SessionClaims<typeof Claims.Type>>() {}
 *
 * export const tenant = ClerkRouter.make(
 *   TenantSession,
 *   Authenticator.make({ cookies: false, claims: Claims })
 * )
 * ```
 *
 * @since 4.0.0
 * @category constructors
 */
export function make<Id, Service>(
  tag: ServiceKey<Id, Service>,
  authenticator: Making<NoInfer<Service>, SigningKeys>
): AuthMiddleware<Id>
/**
 * Makes a middleware for a service of your own, from an authenticator that rejects the tokens of revoked sessions.
 *
 * @since 4.0.0
 * @category constructors
 */
export function make<Id, Service>(
  tag: ServiceKey<Id, Service>,
  authenticator: Making<NoInfer<Service>, SigningKeys | Revocations>
): RevocationsMiddleware<Id>
export function make<Id, Service>(
  tag: ServiceKey<Id, Service>,
  authenticator: Making<NoInfer<Service>, SigningKeys | Revocations>
): RevocationsMiddleware<Id> {
  return HttpRouter.middleware<{ provides: Id }>()(
    Effect.map(
      authenticator,
      (authenticate) => (route) =>
        Effect.matchEffect(authenticate, {
          onFailure: responseTo,
          onSuccess: (service) => Effect.provideService(route, tag, service)
        })
    )
  )
}

/**
 * Makes a middleware that provides `CurrentSession` to the routes of signed-in users. Responds with 401 to a request
 * without a valid token, and with 503 while the keys are unavailable.
 *
 * @since 4.0.0
 * @category middleware
 */
export function signedIn(options: Authenticator.CookieAuthOptions): AuthMiddleware<CurrentSession>
/**
 * Makes a middleware that provides `CurrentSession`, and rejects the tokens of revoked sessions.
 *
 * @since 4.0.0
 * @category middleware
 */
export function signedIn(
  options: SessionTokens.WithRevocations<Authenticator.AuthOptions>
): RevocationsMiddleware<CurrentSession>
/**
 * Makes a middleware that provides `CurrentSession` to the routes of signed-in users. Responds with 401 to a request
 * without a valid token, and with 503 while the keys are unavailable.
 *
 * @since 4.0.0
 * @category middleware
 */
export function signedIn(options: Authenticator.AuthOptions): AuthMiddleware<CurrentSession>
export function signedIn(options: AnyOptions): AuthMiddleware<CurrentSession> {
  return make(CurrentSession, makeAuthenticator(options))
}

/**
 * Makes a middleware that provides `OptionalSession` to every request: `None` without a valid token. Responds with 503
 * while the keys are unavailable, because then no token can be verified.
 *
 * @since 4.0.0
 * @category middleware
 */
export function optional(options: Authenticator.CookieAuthOptions): AuthMiddleware<OptionalSession>
/**
 * Makes a middleware that provides `OptionalSession`, and rejects the tokens of revoked sessions.
 *
 * @since 4.0.0
 * @category middleware
 */
export function optional(
  options: SessionTokens.WithRevocations<Authenticator.AuthOptions>
): RevocationsMiddleware<OptionalSession>
/**
 * Makes a middleware that provides `OptionalSession` to every request: `None` without a valid token. Responds with 503
 * while the keys are unavailable, because then no token can be verified.
 *
 * @since 4.0.0
 * @category middleware
 */
export function optional(options: Authenticator.AuthOptions): AuthMiddleware<OptionalSession>
export function optional(options: AnyOptions): AuthMiddleware<OptionalSession> {
  return make(OptionalSession, Effect.map(makeAuthenticator(options), Authenticator.optional))
}

/**
 * Makes a middleware that provides `CurrentSession` to the routes of users whose session meets the requirements.
 * Responds with 403 to other signed-in users, with 401 to a request without a valid token, and with 503 while the keys
 * are unavailable. The layer fails with `ClerkConfigError` if a requirement is unknown or invalid, or none is given.
 *
 * @since 4.0.0
 * @category middleware
 */
export function requiring(
  requirements: Authorization.Requirements,
  options: Authenticator.CookieAuthOptions
): AuthMiddleware<CurrentSession>
/**
 * Makes a middleware that provides `CurrentSession` to the routes of users whose session meets the requirements, and
 * rejects the tokens of revoked sessions.
 *
 * @since 4.0.0
 * @category middleware
 */
export function requiring(
  requirements: Authorization.Requirements,
  options: SessionTokens.WithRevocations<Authenticator.AuthOptions>
): RevocationsMiddleware<CurrentSession>
/**
 * Makes a middleware that provides `CurrentSession` to the routes of users whose session meets the requirements.
 * Responds with 403 to other signed-in users, with 401 to a request without a valid token, and with 503 while the keys
 * are unavailable. The layer fails with `ClerkConfigError` if a requirement is unknown or invalid, or none is given.
 *
 * @since 4.0.0
 * @category middleware
 */
export function requiring(
  requirements: Authorization.Requirements,
  options: Authenticator.AuthOptions
): AuthMiddleware<CurrentSession>
export function requiring(
  requirements: Authorization.Requirements,
  options: AnyOptions
): AuthMiddleware<CurrentSession> {
  return make(
    CurrentSession,
    Effect.andThen(
      checkRequirements(requirements),
      Effect.map(makeAuthenticator(options), Effect.flatMap(Authorization.protect(requirements)))
    )
  )
}

/** Adds the headers of an outcome to a response. */
const withOutcome = (
  response: HttpServerResponse.HttpServerResponse,
  { setCookies }: RequestAuth.Outcome
): HttpServerResponse.HttpServerResponse =>
  setCookies.length === 0
    ? response
    : response.pipe(
        HttpServerResponse.setHeader("cache-control", "no-store"),
        HttpServerResponse.mergeCookies(Cookies.fromSetCookie(setCookies.map(Redacted.value)))
      )

/**
 * Makes a middleware for routes that serve pages: provides `OptionalSession`, refreshes an expired session cookie, and
 * sets the cookies on the response. Redirects a page load to Clerk's handshake if the state of the browser is unknown.
 * Responds with 503 while the keys are unavailable. See `RequestAuth` for the options and the reasons.
 *
 * @example
 * Effect 4:
 *
 * ```ts effect4
 * import { Effect, Layer, Option } from "effect"
 * import { HttpRouter, HttpServerResponse } from "effect/http"
 * import { ClerkHttp, SigningKeys } from "effect-clerk"
 * import { ClerkRouter, OptionalSession } from "effect-clerk/http-api"
 *
 * const Home = HttpRouter.add(
 *   "GET",
 *   "/",
 *   Effect.map(OptionalSession, (session) =>
 *     HttpServerResponse.text(Option.isSome(session) ? `Hello ${session.value.userId}` : "Sign in first")
 *   )
 * )
 *
 * const pages = ClerkRouter.pages({
 *   publishableKey: "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k",
 *   authorizedParties: ["https://app.example.com"],
 *   origin: "https://app.example.com"
 * })
 *
 * export const Routes = Home.pipe(
 *   Layer.provide(pages.layer),
 *   Layer.provide(SigningKeys.layerConfig),
 *   Layer.provide(ClerkHttp.layerDefault)
 * )
 * ```
 *
 * Effect 3:
 *
 * ```ts effect3
 * import { HttpLayerRouter, HttpServerResponse } from "@effect/platform"
 * import { Effect, Layer, Option } from "effect"
 * import { ClerkHttp, SigningKeys } from "effect-clerk"
 * import { ClerkRouter, OptionalSession } from "effect-clerk/http-api"
 *
 * const Home = HttpLayerRouter.add(
 *   "GET",
 *   "/",
 *   Effect.map(OptionalSession, (session) =>
 *     HttpServerResponse.text(Option.isSome(session) ? `Hello ${session.value.userId}` : "Sign in first")
 *   )
 * )
 *
 * const pages = ClerkRouter.pages({
 *   publishableKey: "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k",
 *   authorizedParties: ["https://app.example.com"],
 *   origin: "https://app.example.com"
 * })
 *
 * export const Routes = Home.pipe(
 *   Layer.provide(pages.layer),
 *   Layer.provide(SigningKeys.layerConfig),
 *   Layer.provide(ClerkHttp.layerDefault)
 * )
 * ```
 *
 * @since 4.0.0
 * @category middleware
 */
export const pages: {
  /** Makes a middleware for pages that signs the users of revoked sessions out. */
  (options: SessionTokens.WithRevocations<RequestAuth.Options>): RevocationsPagesMiddleware
  /** Makes a middleware for pages. See `RequestAuth`. */
  (options: RequestAuth.Options): PagesMiddleware
} = (options: RequestAuth.Options | SessionTokens.WithRevocations<RequestAuth.Options>): PagesMiddleware =>
  HttpRouter.middleware<{ provides: OptionalSession }>()(
    Effect.gen(function* () {
      // Sound: `make` reads the option `revocations` in any options. Only the type of its result would differ.
      const authenticate = yield* RequestAuth.make(options as RequestAuth.Options)
      const http = yield* ClerkHttp
      return (route) =>
        HttpServerRequest.HttpServerRequest.pipe(
          Effect.flatMap(({ headers, method, originalUrl }) =>
            Effect.provideService(authenticate({ headers, method, url: originalUrl }), ClerkHttp, http)
          ),
          Effect.matchEffect({
            onFailure: responseTo,
            onSuccess: (outcome) => {
              const redirect = RequestAuth.toResponse(outcome)
              if (Option.isSome(redirect)) {
                const location = redirect.value.headers.get("location") ?? ""
                const headers = { location, "cache-control": "no-store" }
                return Effect.succeed(
                  withOutcome(HttpServerResponse.empty({ status: redirect.value.status, headers }), outcome)
                )
              }
              const session =
                outcome._tag === "SignedIn" ? Option.some(outcome.session) : Option.none<SessionClaims>()
              const withHeaders = (response: HttpServerResponse.HttpServerResponse) =>
                withOutcome(response, outcome)
              // The server makes the response to a failure later. Without the cookies, the browser would keep a refresh
              // token that Clerk has used.
              return Effect.provideService(route, OptionalSession, session).pipe(
                Effect.map(withHeaders),
                Effect.onError(() => changeResponse(withHeaders))
              )
            }
          })
        )
    })
  )
