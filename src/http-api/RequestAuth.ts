/**
 * Authenticates the requests of browsers, as Clerk's own SDKs do. It chooses the session cookie, and refreshes an expired
 * one. It sends a page load through Clerk's handshake if the state of the browser is unknown.
 *
 * @example
 * ```ts
 * import { Layer, ManagedRuntime, Option } from "effect"
 * import { ClerkHttp, SigningKeys } from "effect-clerk"
 * import { RequestAuth } from "effect-clerk/http-api"
 *
 * const runtime = ManagedRuntime.make(Layer.merge(ClerkHttp.layerDefault, SigningKeys.layerConfig))
 *
 * // Once for the program: it deduplicates concurrent refreshes.
 * const authenticate = await runtime.runPromise(
 *   RequestAuth.make({
 *     publishableKey: "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k",
 *     authorizedParties: ["https://app.example.com"],
 *     origin: "https://app.example.com"
 *   })
 * )
 *
 * export const handler = async (request: Request): Promise<Response> => {
 *   const outcome = await runtime.runPromise(authenticate(request))
 *   const redirect = RequestAuth.toResponse(outcome)
 *   if (Option.isSome(redirect)) return redirect.value
 *   const name = outcome._tag === "SignedIn" ? outcome.session.userId : "stranger"
 *   return RequestAuth.addHeaders(new Response(`Hello ${name}`), outcome)
 * }
 * ```
 *
 * @since 4.0.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { type Codec, redacted } from "#major/schemas.js"
import { broken, flag, optional, RuleBreak, readOptions } from "../core/input.js"
import { sessionRemovals } from "../core/server/cookies.js"
import { type Reason, reasons } from "../core/server/reasons.js"
import {
  type Decision,
  decide,
  type Fetched,
  type PageRequest,
  type RefreshCall
} from "../core/server/requestAuth.js"
import { isOrigin } from "../core/token/settings.js"
import { readBaseUrl } from "../core/wire/baseUrl.js"
import { readHeaders } from "../core/wire/headers.js"
import type { ClerkConfigError } from "../errors/ClerkConfigError.js"
import type { ClerkKeysUnavailable, ClerkTokenError } from "../errors/TokenErrors.js"
import { configError } from "../runtime/errors.js"
import { run } from "../runtime/requestAuth.js"
import {
  checkServerSettings,
  makeServerAuth,
  missingParties,
  readIdentity,
  serverReaders
} from "../runtime/serverAuth.js"
import { makeSingleFlight } from "../runtime/singleFlight.js"
import { makeVerify, signedPayload, type ValidToken, verifyInTurn } from "../runtime/verify.js"
import type { SessionClaims } from "../schema/SessionClaims.js"
import type { RequestHeadersInput } from "../schema/SessionRequests.js"
import type { ClerkHttp } from "../services/ClerkHttp.js"
import * as Operation from "../services/Operation.js"
import * as RequestPolicy from "../services/RequestPolicy.js"
import type { Revocations } from "../services/Revocations.js"
import * as Sessions from "../services/Sessions.js"
import type * as SessionTokens from "../services/SessionTokens.js"
import { SigningKeys } from "../services/SigningKeys.js"
import type { CommonOptions, CookieAuthOptions } from "./Authenticator.js"

export { type Reason, reasons } from "../core/server/reasons.js"

/**
 * Configures `RequestAuth.make`. An unknown option, or one with an invalid value, fails `make` with `ClerkConfigError`.
 *
 * @since 4.0.0
 * @category models
 */
export interface Options extends Omit<CommonOptions, "publishableKey"> {
  /**
   * The publishable key of the instance: `pk_test_…` or `pk_live_…`. It sets the names of the cookies, the Frontend API
   * and `issuer`, unless `issuer` is set.
   */
  readonly publishableKey: string
  /**
   * The origins whose tokens are accepted (claim `azp`): a list such as `["https://app.example.com"]`, or a predicate.
   * Anchor the pattern of a predicate at both ends.
   */
  readonly authorizedParties: SessionTokens.AuthorizedParties
  /**
   * The public origin of this server: `https://app.example.com`. Redirects return to it, no matter which headers the
   * request has. With a list, the `Host` header chooses one of the origins. For any other host the first one counts.
   */
  readonly origin: string | ReadonlyArray<string>
  /** The URL of the Frontend API, https except on a loopback address. Default: that of the publishable key. */
  readonly frontendApi?: string | undefined
  /** Whether to refresh an expired session cookie with a call to Clerk, which takes at most 2 seconds. Default true. */
  readonly refresh?: boolean | undefined
  /** Whether a session cookie counts only beside `__client_uat`. Default true. See `CookieAuthOptions`. */
  readonly requireClientUat?: boolean | undefined
}

/**
 * Holds the parts of a request that decide about it. The web's `Request`, Node's `IncomingMessage` and the requests of
 * most frameworks fit as they are.
 *
 * @since 4.0.0
 * @category models
 */
export interface RequestInput {
  /** The HTTP method: `GET`. Default: no method, so no cookie is refreshed and no request is redirected. */
  readonly method?: string | undefined
  /** The absolute URL, or the path with its query. Default `/`. */
  readonly url?: string | undefined
  /** The headers, in any form that servers have. */
  readonly headers: RequestHeadersInput
}

/**
 * Reports a signed-in user, with the claims and the session token.
 *
 * @since 4.0.0
 * @category models
 */
export interface SignedIn<Custom = undefined> {
  readonly _tag: "SignedIn"
  /** The claims of the session token. */
  readonly session: SessionClaims<Custom>
  /** The session token, `eyJ…`. After a refresh it is the new one, which the request did not have. */
  readonly token: Redacted.Redacted<string>
  /** The values of the `Set-Cookie` headers that the response must have. */
  readonly setCookies: ReadonlyArray<Redacted.Redacted<string>>
}

/**
 * Reports that the request has no valid session: the user is signed out, or the request cannot go through the handshake.
 *
 * `reason` has one of these values, which are Clerk's own strings except `session-token-revoked`:
 * - `session-token-and-uat-missing`: the request has no session of this instance;
 * - `client-uat-but-no-session-token`: the user is signed in at Clerk, but the session cookie is missing;
 * - `session-token-but-no-client-uat`: a session cookie without `__client_uat`, or beside one of 0;
 * - `session-token-iat-before-client-uat`: the session cookie is older than the last sign-in or sign-out;
 * - `session-token-expired-refresh-…`: the token has expired, and the last part says why no refresh helped;
 * - `session-token-expired`: the token has expired, where no refresh is possible, as in `connection`;
 * - `session-token-nbf`, `session-token-iat-in-the-future`: the token is not valid yet, so compare the clocks;
 * - `session-token-missing`: the handshake returned without a session;
 * - `session-token-revoked`: the session is revoked in `Revocations`;
 * - `dev-browser-missing`, `dev-browser-sync`: in development, the browser has no identity at Clerk, or brings it in the
 *   query;
 * - `jwk-kid-mismatch`: an unknown key signed the token;
 * - `token-invalid`, `token-invalid-algorithm`, `token-invalid-signature`: it is not a token of Clerk, is not signed with
 *   RS256, or is forged;
 * - `token-invalid-authorized-parties`: the `azp` of the token, or the `Origin` of the request, is not accepted;
 * - `token-invalid-issuer`: the token has another issuer;
 * - `token-type-mismatch`: a token of a JWT template or of a machine, or one without a session;
 * - `token-verification-failed`: a malformed claim, another `aud`, a pending session, or claims that your schema rejects.
 *
 * The causes after `session-token-expired-refresh-` are an error code of Clerk, or one of these:
 * - `non-eligible-no-refresh-cookie`: there is no refresh cookie, or the request has a bearer token or opens a WebSocket;
 * - `non-eligible-non-get`: the method is not GET;
 * - `missing-api-client`: the option `refresh` is false;
 * - `expired-session-token-missing-sid-claim`: the expired token names no session;
 * - `fetch-error`: Clerk did not respond within 2 seconds, or the connection failed;
 * - `unexpected-bapi-error`: Clerk responded with an error without a usable code;
 * - `unexpected-sdk-error`: Clerk responded without any cookie;
 * - `invalid-session-token`: the response has no session cookie for this instance, or its token is invalid here.
 *
 * @since 4.0.0
 * @category models
 */
export interface SignedOut {
  readonly _tag: "SignedOut"
  /** Why the user is signed out, in Clerk's own string. */
  readonly reason: Reason
  /** The values of the `Set-Cookie` headers that the response must have. */
  readonly setCookies: ReadonlyArray<Redacted.Redacted<string>>
}

/**
 * Requires a redirect to Clerk's Frontend API, which knows whether the user is signed in. `toResponse` makes it.
 *
 * @since 4.0.0
 * @category models
 */
export interface Handshake {
  readonly _tag: "Handshake"
  /** Why the state of the browser is unknown, one of the reasons of `SignedOut`. */
  readonly reason: Reason
  /** The absolute URL to redirect to. It holds the session token. */
  readonly location: Redacted.Redacted<string>
  /** The values of the `Set-Cookie` headers that the response must have. */
  readonly setCookies: ReadonlyArray<Redacted.Redacted<string>>
}

/**
 * Describes how a request was decided. A user who is signed out is a value here, not an error.
 *
 * @since 4.0.0
 * @category models
 */
export type Outcome<Custom = undefined> = SignedIn<Custom> | SignedOut | Handshake

/**
 * Authenticates a request, and returns its outcome. Fails with `ClerkKeysUnavailable` if the keys or the revocations are
 * unavailable, because then no token can be verified. Respond to that with 503, never with 401.
 *
 * @since 4.0.0
 * @category models
 */
export type RequestAuth<Custom = undefined> = (
  request: RequestInput
) => Effect.Effect<Outcome<Custom>, ClerkKeysUnavailable, ClerkHttp>

/**
 * Authenticates a request by its headers alone. Fails with `ClerkKeysUnavailable` if no token can be verified.
 *
 * @since 4.0.0
 * @category models
 */
export type Connection = (
  headers: RequestHeadersInput
) => Effect.Effect<SignedIn | SignedOut, ClerkKeysUnavailable>

const readOrigins = (given: unknown) => {
  const list: ReadonlyArray<unknown> = Array.isArray(given) ? [...given] : [given]
  const isWebOrigin = (origin: unknown): origin is string => isOrigin(origin) && /^https?:/.test(origin)
  return list.length > 0 && list.every(isWebOrigin)
    ? list
    : broken("must be the public origin of the server, such as https://app.example.com, or a list of them")
}

const readFrontendApi = (given: unknown) => {
  const read = readBaseUrl(given, "must be https, except on a loopback address")
  return read instanceof RuleBreak ? read : read.url
}

const readPageOptions = (options: unknown) => {
  const read = readOptions(
    Object(options),
    { unknown: "is not an option of request authentication" },
    {
      ...serverReaders,
      publishableKey: (value) => value,
      origin: readOrigins,
      frontendApi: optional(readFrontendApi),
      refresh: (value = true) => flag(value)
    }
  )
  if (read instanceof RuleBreak) return read
  if (read.authorizedParties === undefined) return missingParties
  const settings = checkServerSettings(read)
  return settings instanceof RuleBreak ? settings : { ...read, settings }
}

/** Clerk's API version that the handshake speaks. */
const apiVersion = "2026-05-12"

/** How long a refresh or the exchange of a nonce may take, because a page waits for it. */
const limit = /*#__PURE__*/ RequestPolicy.deadline("2 seconds")

const exchange = /*#__PURE__*/ Operation.make({
  name: "Clients.getHandshakePayload",
  method: "GET",
  path: "/clients/handshake_payload",
  kind: "once",
  query: Schema.Struct({ nonce: Schema.String }),
  success: Schema.Struct({ directives: Schema.Array(redacted(Schema.String)) }),
  errors: [404],
  secrets: ["nonce"]
})

interface CallError {
  readonly _tag: string
  readonly message: string
  readonly errors?: ReadonlyArray<{ readonly code?: string | undefined }> | undefined
}

/** The code by which Clerk's SDKs name the failure of a call. */
const codeOf = ({ _tag, errors }: CallError): string => {
  const code = errors?.[0]?.code
  if (code !== undefined && code !== "unexpected_error") return code
  return code !== undefined || _tag === "ClerkTransportError" || _tag === "ClerkTimeout"
    ? "fetch-error"
    : "unexpected-bapi-error"
}

/** Calls Clerk for cookies, within the time that a page can wait. */
const fetched = <R>(
  call: Effect.Effect<ReadonlyArray<Redacted.Redacted<string>>, CallError, R>
): Effect.Effect<Fetched, never, R> =>
  Effect.matchEffect(limit(call), {
    onFailure: (error): Effect.Effect<Fetched> =>
      Effect.as(Effect.logDebug(error.message), { _tag: "Failed", code: codeOf(error) }),
    onSuccess: (cookies) => Effect.succeed({ _tag: "Cookies", cookies: cookies.map(Redacted.value) })
  })

const refresh = ({ expiredToken, headers, origin, refreshToken, sessionId, usesSuffix }: RefreshCall) =>
  fetched(
    Effect.map(
      Sessions.refresh(sessionId, {
        expiredToken,
        refreshToken,
        requestOrigin: origin,
        requestHeaders: headers,
        suffixedCookies: usesSuffix,
        format: "cookie"
      }),
      ({ cookies }) => cookies
    )
  )

const exchangeNonce = (nonce: string) =>
  fetched(Effect.map(exchange({ query: { nonce } }), ({ directives }) => directives))

const readRequest = ({ headers, method = "", url = "" }: RequestInput): PageRequest => {
  const lists = readHeaders(headers) ?? {}
  const plain: Record<string, string | undefined> = Object.create(null)
  for (const [name, values] of Object.entries(lists)) {
    const key = name.toLowerCase()
    plain[key] = values.join(key === "cookie" ? "; " : ", ")
  }
  const absolute = !url.startsWith("/") && URL.canParse(url) ? new URL(url) : undefined
  return {
    method: method.toUpperCase(),
    headers: plain,
    target: absolute === undefined ? url : absolute.pathname + absolute.search,
    host: plain["host"] ?? absolute?.host
  }
}

/** Holds the address of a clean-up redirect in an outcome. It is no field, because only `toResponse` reads it. */
const cleanUp = Symbol("effect-clerk/RequestAuth/cleanUp")

const toOutcome = <Custom>(decision: Decision<SessionClaims<Custom>>): Outcome<Custom> => {
  const setCookies = decision.setCookies.map((each) => Redacted.make(each))
  if (decision._tag === "Handshake") {
    const { _tag, location, reason } = decision
    return { _tag, reason, location: Redacted.make(location), setCookies }
  }
  const outcome: SignedIn<Custom> | SignedOut =
    decision._tag === "SignedIn"
      ? { _tag: "SignedIn", session: decision.session, token: Redacted.make(decision.token), setCookies }
      : { _tag: "SignedOut", reason: decision.reason, setCookies }
  if (decision.cleanUp !== undefined) {
    Object.defineProperty(outcome, cleanUp, { value: Redacted.make(decision.cleanUp) })
  }
  return outcome
}

/**
 * Makes the function that authenticates requests. It verifies tokens with the `SigningKeys` provided, and calls Clerk to
 * refresh an expired cookie and to finish a handshake. Fails with `ClerkConfigError` if an option is invalid.
 *
 * A bearer token decides alone. Without one, the newest session cookie of the instance counts, compared with
 * `__client_uat`. An expired cookie of a GET is refreshed. A page load whose state is unknown becomes a `Handshake`. Any
 * other request becomes `SignedOut` with the same reason.
 *
 * Make it once for the program, because it shares the refreshes of concurrent requests.
 *
 * @since 4.0.0
 * @category constructors
 */
export const make: {
  /**
   * Makes the function that authenticates requests and decodes your own claims by the schema `claims` into `custom`.
   * Fails with `ClerkConfigError` if an option is invalid.
   */
  <Custom, Encoded>(
    options: Options & { readonly claims: Codec<Custom, Encoded> }
  ): Effect.Effect<RequestAuth<Custom>, ClerkConfigError, SigningKeys>
  /**
   * Makes the function that authenticates requests, signs the users of revoked sessions out, and decodes your own claims
   * by the schema `claims` into `custom`. Fails with `ClerkConfigError` if an option is invalid.
   */
  <Custom, Encoded>(
    options: SessionTokens.WithRevocations<Options> & { readonly claims: Codec<Custom, Encoded> }
  ): Effect.Effect<RequestAuth<Custom>, ClerkConfigError, SigningKeys | Revocations>
  /**
   * Makes the function that authenticates requests, and signs the users of revoked sessions out. Fails with
   * `ClerkConfigError` if an option is invalid.
   */
  (
    options: SessionTokens.WithRevocations<Options>
  ): Effect.Effect<RequestAuth, ClerkConfigError, SigningKeys | Revocations>
  /**
   * Makes the function that authenticates requests. It verifies tokens with the `SigningKeys` provided, and calls Clerk to
   * refresh an expired cookie and to finish a handshake. Fails with `ClerkConfigError` if an option is invalid.
   */
  (options: Options): Effect.Effect<RequestAuth, ClerkConfigError, SigningKeys>
} = <Custom>(
  options: Options | SessionTokens.WithRevocations<Options>
): Effect.Effect<RequestAuth<Custom>, ClerkConfigError, SigningKeys> =>
  Effect.gen(function* () {
    const read = readPageOptions(options)
    if (read instanceof RuleBreak) return yield* configError(read)
    const identity = yield* readIdentity(read.publishableKey)
    const keys = yield* SigningKeys
    const issuer = read.settings.issuer ?? identity.issuer
    const verify = yield* makeVerify({ ...read.settings, issuer }, keys)
    const settings = {
      suffix: identity.cookieSuffix,
      issuer,
      isDevelopment: identity.isDevelopment,
      requireClientUat: read.requireClientUat ?? true,
      origins: read.origin,
      frontendApi: read.frontendApi ?? identity.issuer,
      apiVersion,
      authorizedParties: read.authorizedParties,
      clockSkew: read.settings.clockSkew,
      refresh: read.refresh
    }
    const once = makeSingleFlight<Fetched>({
      keepNanos: 5_000_000_000n,
      capacity: 1_000,
      lost: { _tag: "Failed", code: "fetch-error" }
    })
    const effects = {
      // Sound: with the schema in `options`, the verifier returns claims that it decoded.
      verify: (tokens: ReadonlyArray<string>) =>
        verifyInTurn(verify, tokens) as Effect.Effect<
          ValidToken<SessionClaims<Custom>>,
          ClerkTokenError | ClerkKeysUnavailable
        >,
      checkSignature: (token: string) => signedPayload(keys, token),
      // By the refresh token too. Otherwise a stolen session token would bring its thief the owner's new cookies.
      refresh: (call: RefreshCall) =>
        once(`${call.sessionId} ${call.expiredToken} ${call.refreshToken}`, refresh(call)),
      exchangeNonce
    }
    return (request: RequestInput) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Effect.map(
          run(decide<SessionClaims<Custom>>(readRequest(request), settings, now), effects),
          toOutcome
        )
      )
  })

/**
 * Makes the function that decides by the headers alone, for a WebSocket upgrade or an RPC: it never refreshes and never
 * redirects. A cookie beside an `Origin` that is not accepted does not count. A connection outlives its token, so close it at
 * `session.expiresAt`. Fails with `ClerkConfigError` if an option is invalid.
 *
 * @since 4.0.0
 * @category constructors
 */
export const connection: {
  /** Makes the function that decides by the headers alone, and signs the users of revoked sessions out. */
  (
    options: SessionTokens.WithRevocations<CookieAuthOptions>
  ): Effect.Effect<Connection, ClerkConfigError, SigningKeys | Revocations>
  /** Makes the function that decides by the headers alone, for a WebSocket upgrade or an RPC. */
  (options: CookieAuthOptions): Effect.Effect<Connection, ClerkConfigError, SigningKeys>
} = (
  options: CookieAuthOptions | SessionTokens.WithRevocations<CookieAuthOptions>
): Effect.Effect<Connection, ClerkConfigError, SigningKeys> =>
  Effect.gen(function* () {
    const authenticate = yield* makeServerAuth(options, yield* SigningKeys)
    return (headers: RequestHeadersInput) =>
      // A browser lets the page of any origin use the connection, so its origin is checked as that of a POST.
      Effect.matchEffect(authenticate(readRequest({ headers, method: "POST" })), {
        onFailure: (error): Effect.Effect<SignedIn | SignedOut, ClerkKeysUnavailable> =>
          error._tag === "ClerkTokenError"
            ? Effect.as(Effect.logDebug(error.message), {
                _tag: "SignedOut",
                reason: reasons[error.reason],
                setCookies: []
              })
            : Effect.fail(error),
        onSuccess: ({ claims, token }) =>
          Effect.succeed({
            _tag: "SignedIn",
            // Sound: the verifier has no schema, so `custom` is `undefined`.
            session: claims as SessionClaims,
            token: Redacted.make(token),
            setCookies: []
          })
      })
  })

/**
 * Chooses one of several functions by the host of the request, for a server with several Clerk instances. The host counts
 * as a whole, with its port: `app.example.com`, `localhost:3000`. Returns `None` for any other host.
 *
 * @since 4.0.0
 * @category combinators
 */
export const byHost = <Result, E, R>(hosts: {
  readonly [host: string]: (request: RequestInput) => Effect.Effect<Result, E, R>
}): ((request: RequestInput) => Effect.Effect<Option.Option<Result>, E, R>) => {
  const known = new Map(
    Object.entries(hosts).map(([host, authenticate]) => [host.toLowerCase(), authenticate])
  )
  return (request) => {
    const authenticate = known.get(readRequest(request).host?.toLowerCase() ?? "")
    return authenticate === undefined
      ? Effect.succeed(Option.none())
      : Effect.map(authenticate(request), Option.some)
  }
}

/** The address of the redirect that an outcome requires. */
const redirectOf = (outcome: Outcome<unknown>): string | undefined => {
  const hidden: unknown = Reflect.get(outcome, cleanUp)
  const location = outcome._tag === "Handshake" ? outcome.location : hidden
  return Redacted.isRedacted(location) ? String(Redacted.value(location)) : undefined
}

/**
 * Lists the headers that the response must have: a `Set-Cookie` for each cookie, `Location` for a redirect, and
 * `Cache-Control: no-store` with either. For frameworks without `Response`.
 *
 * @since 4.0.0
 * @category responses
 */
export const headers = (
  outcome: Outcome<unknown>
): ReadonlyArray<readonly [name: "cache-control" | "location" | "set-cookie", value: string]> => {
  const location = redirectOf(outcome)
  return [
    ...(outcome.setCookies.length > 0 || location !== undefined
      ? [["cache-control", "no-store"] as const]
      : []),
    ...(location === undefined ? [] : [["location", location] as const]),
    ...outcome.setCookies.map((cookie) => ["set-cookie", Redacted.value(cookie)] as const)
  ]
}

/**
 * Adds the headers of an outcome to a response, and returns the response. Copies a response whose headers cannot change,
 * such as one of `fetch`.
 *
 * @since 4.0.0
 * @category responses
 */
export const addHeaders = (response: Response, outcome: Outcome<unknown>): Response => {
  const all = headers(outcome)
  if (all.length === 0) return response
  let target = response
  try {
    target.headers.delete("cache-control")
  } catch {
    target = new Response(response.body, response)
  }
  for (const [name, value] of all) {
    if (name === "set-cookie") target.headers.append(name, value)
    else target.headers.set(name, value)
  }
  return target
}

/**
 * Returns the redirect (307) that an outcome requires: to the handshake, or in development to the address without Clerk's
 * parameters. Returns `None` for any other outcome. Pass the outcome itself, because a copy loses the address.
 *
 * @since 4.0.0
 * @category responses
 */
export const toResponse = (outcome: Outcome<unknown>): Option.Option<Response> =>
  redirectOf(outcome) === undefined
    ? Option.none()
    : Option.some(addHeaders(new Response(null, { status: 307 }), outcome))

/**
 * Returns the values of the `Set-Cookie` headers that remove the session from a browser: the session cookies of the
 * application, the refresh token and `__client_uat`. Add them to the response after `Sessions.revoke`, because the session
 * token in the cookie would stay valid until it expires. Fails with `ClerkConfigError` if the publishable key is invalid.
 *
 * The values hold no secret and depend on the key alone, so you can compute them once.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { type SessionClaims, Sessions } from "effect-clerk"
 * import { RequestAuth } from "effect-clerk/http-api"
 *
 * export const signOut = (session: SessionClaims) =>
 *   Effect.gen(function* () {
 *     yield* Sessions.revoke(session.sessionId)
 *     const response = new Response(null, { status: 303, headers: { location: "/" } })
 *     for (const cookie of yield* RequestAuth.signOutCookies("pk_test_Y2xlcmsuZXhhbXBsZS5jb20k")) {
 *       response.headers.append("set-cookie", cookie)
 *     }
 *     return response
 *   })
 * ```
 *
 * @since 4.0.0
 * @category responses
 */
export const signOutCookies = (
  publishableKey: string
): Effect.Effect<ReadonlyArray<string>, ClerkConfigError> =>
  Effect.map(readIdentity(publishableKey), sessionRemovals)
