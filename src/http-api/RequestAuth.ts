/**
 * Authenticates a request to the end, for servers that respond to browsers. It chooses the session cookie, and refreshes
 * an expired one. It sends a page load through Clerk's handshake where the state of the browser is unknown.
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
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { type Codec, redacted } from "#major/schemas.js"
import { broken, flag, optional, RuleBreak, readOptions } from "../core/input.js"
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
 * The options of `RequestAuth.make`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Omit<CommonOptions, "publishableKey"> {
  /** The instance's publishable key: `pk_test_…` or `pk_live_…`. */
  readonly publishableKey: string
  /** The origins whose tokens are accepted (claim `azp`): a list such as `["https://app.example.com"]`, or a predicate. */
  readonly authorizedParties: SessionTokens.AuthorizedParties
  /**
   * The public origin of this server: `https://app.example.com`. Redirects return to it, for any headers of the
   * request. A list is for a server with several names: the `Host` header chooses one of them, else the first counts.
   */
  readonly origin: string | ReadonlyArray<string>
  /** The URL of the Frontend API. Default: that of the publishable key. */
  readonly frontendApi?: string | undefined
  /** Whether to refresh an expired session cookie with a call to Clerk. Default true. */
  readonly refresh?: boolean | undefined
  /** Whether a session cookie counts only beside `__client_uat`. Default true. See `CookieAuthOptions`. */
  readonly requireClientUat?: boolean | undefined
}

/**
 * A request of any server: the web's `Request`, Node's `IncomingMessage`, or the request of a framework. `url` is absolute,
 * or a path with its query.
 *
 * @since 0.1.0
 * @category models
 */
export interface RequestInput {
  /** The HTTP method. Default: none, so that nothing is refreshed or redirected. */
  readonly method?: string | undefined
  /** The absolute URL, or the path with its query. Default `/`. */
  readonly url?: string | undefined
  /** The headers, in any form that servers have. */
  readonly headers: RequestHeadersInput
}

/**
 * The user is signed in.
 *
 * @since 0.1.0
 * @category models
 */
export interface SignedIn<Custom = undefined> {
  readonly _tag: "SignedIn"
  /** The claims of the session token. */
  readonly session: SessionClaims<Custom>
  /** The session token. After a refresh the request itself does not have it. */
  readonly token: Redacted.Redacted<string>
  /** The values of the `Set-Cookie` headers that the response must have. */
  readonly setCookies: ReadonlyArray<Redacted.Redacted<string>>
}

/**
 * The user is signed out, or the request cannot be sent through the handshake.
 *
 * @since 0.1.0
 * @category models
 */
export interface SignedOut {
  readonly _tag: "SignedOut"
  /** Clerk's own string for the reason. */
  readonly reason: Reason
  /** The values of the `Set-Cookie` headers that the response must have. */
  readonly setCookies: ReadonlyArray<Redacted.Redacted<string>>
}

/**
 * The Frontend API knows whether the user is signed in. The response must be a redirect to it: see `toResponse`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Handshake {
  readonly _tag: "Handshake"
  /** Clerk's own string for the reason. */
  readonly reason: Reason
  /** The address to redirect to. It holds the session token. */
  readonly location: Redacted.Redacted<string>
  /** The values of the `Set-Cookie` headers that the response must have. */
  readonly setCookies: ReadonlyArray<Redacted.Redacted<string>>
}

/**
 * The outcome of a request. It is a value, not an error.
 *
 * @since 0.1.0
 * @category models
 */
export type Outcome<Custom = undefined> = SignedIn<Custom> | SignedOut | Handshake

/**
 * Authenticates a request. Fails with `ClerkKeysUnavailable` if the keys are unavailable, because then no token can be
 * verified.
 *
 * @since 0.1.0
 * @category models
 */
export type RequestAuth<Custom = undefined> = (
  request: RequestInput
) => Effect.Effect<Outcome<Custom>, ClerkKeysUnavailable, ClerkHttp>

/**
 * Authenticates a request by its headers. Fails with `ClerkKeysUnavailable` if no token can be verified.
 *
 * @since 0.1.0
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
 * `__client_uat`. An expired cookie of a GET is refreshed. A page load whose state is unknown becomes a `Handshake`, and
 * any other request `SignedOut` with the same reason.
 *
 * @since 0.1.0
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
 * @since 0.1.0
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
            ? Effect.succeed({ _tag: "SignedOut", reason: reasons[error.reason], setCookies: [] })
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
 * Chooses the function for a request by its exact host, for several Clerk instances in one server. Returns `None` for any
 * other host.
 *
 * @since 0.1.0
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
 * @since 0.1.0
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
 * Adds the headers of the outcome to a response, and returns the response. It copies a response whose headers cannot
 * change, such as that of `fetch`.
 *
 * @since 0.1.0
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
 * Returns the redirect that an outcome requires: to the handshake, or in development to the address without Clerk's
 * parameters. Returns `None` for any other outcome. Pass the outcome itself, not a copy.
 *
 * @since 0.1.0
 * @category responses
 */
export const toResponse = (outcome: Outcome<unknown>): Option.Option<Response> =>
  redirectOf(outcome) === undefined
    ? Option.none()
    : Option.some(addHeaders(new Response(null, { status: 307 }), outcome))
