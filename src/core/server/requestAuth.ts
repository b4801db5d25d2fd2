import { own } from "../input.js"
import type { TokenFailure, TokenReason } from "../model.js"
import { invalid, type Payload } from "../token/claims.js"
import { readCompact, readPart } from "../token/compact.js"
import type { Parties } from "../token/settings.js"
import {
  type CookieOwner,
  type Cookies,
  cookieValue,
  readCookies,
  readSessionCookies,
  type SessionCookies
} from "./cookies.js"
import { crossOriginFlaw, type IncomingRequest, isUpgrade, readBearer } from "./credential.js"
import {
  counterCookie,
  counterCookieName,
  type Directive,
  devBrowserName,
  handshakeLocation,
  handshakeName,
  isDocument,
  maxRedirects,
  nonceName,
  readCounter,
  readDirectives,
  readHandshakePayload,
  sessionTokenOf,
  withoutDevelopmentParameters
} from "./handshake.js"
import { type Reason, reasons } from "./reasons.js"

/*
 * Decides on a request as data. A step that needs Clerk or a key says so, and what follows from the result.
 */

/** The parts of a request that decide on its outcome. */
export interface PageRequest extends IncomingRequest {
  /** The path with the query. */
  readonly target: string
  /** The host that the client addressed. It chooses among the configured origins, and is the origin of a page that hides it. */
  readonly host: string | undefined
}

/** The options after all checks. */
export interface PageSettings extends CookieOwner {
  readonly suffix: string
  readonly issuer: string
  /** The origins of the server, as browsers write them. The first is for an unknown host. */
  readonly origins: ReadonlyArray<string>
  /** The base URL of the Frontend API, without a slash at the end. */
  readonly frontendApi: string
  readonly apiVersion: string
  readonly authorizedParties: Parties | undefined
  /** In milliseconds. */
  readonly clockSkew: number
  readonly refresh: boolean
}

/** The result of the verification of tokens in turn. */
export type Verified<Session> =
  | { readonly _tag: "Valid"; readonly token: string; readonly session: Session }
  | {
      readonly _tag: "Invalid"
      readonly reason: TokenReason
      /** Whether the token is rejected only because of the time. */
      readonly isUntimely: boolean
    }

/** The `Set-Cookie` values that Clerk returns, or the code of the failure. */
export type Fetched =
  | { readonly _tag: "Cookies"; readonly cookies: ReadonlyArray<unknown> }
  | { readonly _tag: "Failed"; readonly code: string }

/** What a refresh sends to Clerk. */
export interface RefreshCall {
  readonly sessionId: string
  readonly expiredToken: string
  readonly refreshToken: string
  readonly origin: string
  readonly usesSuffix: boolean
  readonly headers: Readonly<Record<string, string>>
}

/** The outcome of a request. */
export type Decision<Session> =
  | {
      readonly _tag: "SignedIn"
      readonly session: Session
      readonly token: string
      readonly setCookies: ReadonlyArray<string>
      /** The address without the parameters of a development instance, if the request had some. */
      readonly cleanUp: string | undefined
    }
  | {
      readonly _tag: "SignedOut"
      readonly reason: Reason
      readonly setCookies: ReadonlyArray<string>
      readonly cleanUp: string | undefined
    }
  | {
      readonly _tag: "Handshake"
      readonly reason: Reason
      readonly location: string
      readonly setCookies: ReadonlyArray<string>
    }

/** The decision, or what it needs first. */
export type Step<Session> =
  | {
      readonly _tag: "Done"
      readonly decision: Decision<Session>
      /** The flaw of a token that was not verified, for the log and the metric. */
      readonly flaw?: TokenFailure | undefined
    }
  | {
      readonly _tag: "Verify"
      readonly tokens: ReadonlyArray<string>
      readonly next: (result: Verified<Session>) => Step<Session>
    }
  | {
      readonly _tag: "Refresh"
      readonly call: RefreshCall
      readonly next: (result: Fetched) => Step<Session>
    }
  | {
      readonly _tag: "ExchangeNonce"
      readonly nonce: string
      readonly next: (result: Fetched) => Step<Session>
    }
  | {
      /** Checks the signature of a token that is no session token. The result is its payload if it is valid. */
      readonly _tag: "CheckSignature"
      readonly token: string
      readonly next: (payload: Payload | undefined) => Step<Session>
    }

/** The headers of a browser's request that Clerk gets with a refresh. It recognizes the device by them. */
const forwardedHeaders = ["user-agent", "accept-language"]

const sessionIdForm = /^sess_[A-Za-z0-9_-]{1,123}$/

/** Nonces go into the query of a request to Clerk. */
const nonceForm = /^[A-Za-z0-9_-]{1,512}$/

/** The codes of Clerk's errors, and of a failed refresh. */
const codeForm = /^[a-z0-9_-]{1,64}$/

/** Starts the decision on a request. */
export const decide = <Session>(
  request: PageRequest,
  settings: PageSettings,
  nowMillis: number
): Step<Session> => new Decider<Session>(request, settings, nowMillis).start()

/** The configured origin that the client addressed, or the first one. */
const originOf = ({ host }: PageRequest, { origins }: PageSettings): string => {
  const [first = "", ...others] = origins
  return others.find((origin) => new URL(origin).host === host) ?? first
}

/** What the steps of one decision share. */
class Decider<Session> {
  readonly #request: PageRequest
  readonly #settings: PageSettings
  readonly #nowMillis: number
  readonly #origin: string
  readonly #cookies: Cookies
  /** Whether the response can redirect the browser and bring it back. */
  readonly #canRedirect: boolean
  readonly #redirects: number
  #readUrl: URL | undefined
  #readSession: SessionCookies | undefined

  constructor(request: PageRequest, settings: PageSettings, nowMillis: number) {
    const { headers, method } = request
    this.#request = request
    this.#settings = settings
    this.#nowMillis = nowMillis
    this.#origin = originOf(request, settings)
    this.#cookies = readCookies(own(headers, "cookie"))
    this.#canRedirect = isDocument(method, headers) && !isUpgrade(request)
    // The largest of all values, so that a second cookie of the name does not hide a loop.
    this.#redirects = Math.max(0, ...(this.#cookies.get(counterCookieName) ?? []).map(readCounter))
  }

  /** Parsed for a page load only. */
  get #url(): URL {
    const { target } = this.#request
    this.#readUrl ??= new URL(this.#origin + (target.startsWith("/") ? target : "/"))
    return this.#readUrl
  }

  /** Decoded only where no bearer token decides. */
  get #session(): SessionCookies {
    this.#readSession ??= readSessionCookies(
      this.#cookies,
      this.#settings,
      Math.floor(this.#nowMillis / 1000)
    )
    return this.#readSession
  }

  start(): Step<Session> {
    const bearer = readBearer(this.#request)
    if (bearer === undefined) return this.#returnFromHandshake() ?? this.#byCookies()
    return this.#verify([bearer], (failure) =>
      this.#rejected(
        failure,
        bearer,
        this.#request.method === "GET" ? "non-eligible-no-refresh-cookie" : undefined
      )
    )
  }

  #verify(
    tokens: ReadonlyArray<string>,
    otherwise: (failure: Verified<Session> & { readonly _tag: "Invalid" }) => Step<Session>,
    directives: ReadonlyArray<string> = []
  ): Step<Session> {
    return {
      _tag: "Verify",
      tokens,
      next: (result) => {
        // The browser keeps the cookies of a pending session, because only they let the user complete its tasks. A token
        // that is revoked here may still be valid at Clerk, so a refresh or a handshake would bring it back.
        if (
          result._tag === "Invalid" &&
          (result.reason === "session-pending" || result.reason === "revoked")
        ) {
          return this.#signedOut(reasons[result.reason], directives)
        }
        if (result._tag === "Invalid") return otherwise(result)
        const { session, token } = result
        return this.#done({
          _tag: "SignedIn",
          session,
          token,
          setCookies: directives,
          cleanUp: this.#cleanUp()
        })
      }
    }
  }

  #done(decision: Decision<Session>, flaw?: TokenFailure): Step<Session> {
    return { _tag: "Done", decision, flaw }
  }

  #signedOut(reason: Reason, setCookies: ReadonlyArray<string> = [], flaw?: TokenFailure): Step<Session> {
    return this.#done({ _tag: "SignedOut", reason, setCookies, cleanUp: this.#cleanUp() }, flaw)
  }

  /** Sends a document to the Frontend API. Any other request is signed out for the reason. */
  #handshake(reason: Reason, sessionToken: string | undefined, flaw?: TokenFailure): Step<Session> {
    if (!this.#canRedirect || this.#redirects >= maxRedirects) return this.#signedOut(reason, [], flaw)
    const { apiVersion, frontendApi } = this.#settings
    const location = handshakeLocation({
      apiVersion,
      frontendApi,
      reason,
      sessionToken,
      url: this.#url,
      usesSuffix: this.#session.usesSuffix,
      devBrowser: this.#settings.isDevelopment ? this.#devBrowser() : undefined
    })
    const setCookies = [counterCookie(this.#redirects + 1, this.#origin)]
    return this.#done({ _tag: "Handshake", reason, location, setCookies })
  }

  #devBrowser(): string | undefined {
    const { suffix } = this.#settings
    const name = this.#session.usesSuffix ? `${devBrowserName}_${suffix}` : devBrowserName
    return this.#url.searchParams.get(devBrowserName) || cookieValue(this.#cookies, name)
  }

  /** A value that the browser brings back: in a cookie, and in development also in the query. */
  #broughtBack(name: string): string | undefined {
    const { isDevelopment } = this.#settings
    return (isDevelopment && this.#url.searchParams.get(name)) || cookieValue(this.#cookies, name)
  }

  #cleanUp(): string | undefined {
    const names = [handshakeName, nonceName]
    if (!this.#settings.isDevelopment || !this.#canRedirect) return undefined
    return names.some((name) => this.#url.searchParams.has(name))
      ? withoutDevelopmentParameters(this.#url).href
      : undefined
  }

  /** Reads the result of a handshake. Returns `undefined` for a request without one. */
  #returnFromHandshake(): Step<Session> | undefined {
    if (!this.#canRedirect) return undefined
    const nonce = this.#broughtBack(nonceName)
    // Only a redirect of this server brings a nonce. Without one it is the nonce of a link, or of an earlier handshake.
    if (nonce === undefined || !nonceForm.test(nonce) || this.#redirects === 0) return this.#returnWithToken()
    return {
      _tag: "ExchangeNonce",
      nonce,
      // The nonce of an earlier handshake can outlive its use, beside the result of a later one.
      next: (result) =>
        result._tag === "Cookies"
          ? this.#withCookies(result.cookies)
          : (this.#returnWithToken() ?? this.#byCookies())
    }
  }

  #returnWithToken(): Step<Session> | undefined {
    const token = this.#broughtBack(handshakeName)
    if (token === undefined) return undefined
    return {
      _tag: "CheckSignature",
      token,
      next: (payload) => {
        const { clockSkew, issuer } = this.#settings
        const wasRedirected = this.#redirects > 0
        const nowMillis = this.#nowMillis
        const cookies =
          payload && readHandshakePayload(payload, { clockSkew, issuer, nowMillis, wasRedirected })
        return cookies === undefined ? this.#byCookies() : this.#withCookies(cookies)
      }
    }
  }

  #readDirectives(given: ReadonlyArray<unknown>): ReadonlyArray<Directive> {
    const { isDevelopment, suffix } = this.#settings
    return readDirectives(given, { isDevelopment, suffix, origin: this.#origin })
  }

  /** Takes the cookies that a handshake brought. */
  #withCookies(given: ReadonlyArray<unknown>): Step<Session> {
    const directives = this.#readDirectives(given)
    const token = sessionTokenOf(directives, this.#settings.suffix)
    // A payload without expiry counts no second time.
    const setCookies = [
      ...directives.map(({ text }) => text),
      ...(this.#redirects > 0 ? [counterCookie(0, this.#origin)] : [])
    ]
    return token === undefined
      ? this.#signedOut("session-token-missing", setCookies)
      : this.#verify([token], () => this.#byCookies(), setCookies)
  }

  #byCookies(): Step<Session> {
    const { authorizedParties, isDevelopment, requireClientUat } = this.#settings
    const { clientUat, tokens } = this.#session
    const [newest] = tokens
    const session = newest?.token
    const flaw = newest && crossOriginFlaw(this.#request, authorizedParties, this.#request.host)
    if (flaw !== undefined) return this.#signedOut(reasons["cross-origin"], [], flaw)
    if (isDevelopment) {
      if (this.#url.searchParams.has(devBrowserName)) return this.#handshake("dev-browser-sync", session)
      if (this.#devBrowser() === undefined) return this.#handshake("dev-browser-missing", session)
    }
    if (newest === undefined) {
      return clientUat === 0 || !requireClientUat
        ? this.#signedOut("session-token-and-uat-missing")
        : this.#handshake("client-uat-but-no-session-token", undefined)
    }
    const isCurrent = (issuedAt: number | undefined) =>
      !requireClientUat || issuedAt === undefined || issuedAt >= clientUat
    const outdated = (reason: "client-uat-missing" | "client-uat-newer") =>
      this.#handshake(reasons[reason], session, invalid(reason))
    if (requireClientUat && clientUat === 0) return outdated("client-uat-missing")
    if (!isCurrent(newest.issuedAt)) return outdated("client-uat-newer")
    const current = tokens.filter(({ issuedAt }) => isCurrent(issuedAt)).map(({ token }) => token)
    return this.#verify(current, (failure) => this.#orRefresh(failure, newest.token))
  }

  /** Refreshes an expired session cookie, or rejects the token. */
  #orRefresh(failure: Verified<Session> & { readonly _tag: "Invalid" }, token: string): Step<Session> {
    const refreshToken = cookieValue(this.#cookies, `__refresh_${this.#settings.suffix}`)
    const isExpired = failure.reason === "exp" && failure.isUntimely
    if (!isExpired || this.#request.method !== "GET") return this.#rejected(failure, token, undefined)
    const withCause = (cause: string) => this.#rejected(failure, token, cause)
    if (refreshToken === undefined || isUpgrade(this.#request))
      return withCause("non-eligible-no-refresh-cookie")
    if (!this.#settings.refresh) return withCause("missing-api-client")
    const compact = readCompact(token, "session")
    const sessionId = typeof compact === "string" ? undefined : own(readPart(compact.payload), "sid")
    if (typeof sessionId !== "string" || !sessionIdForm.test(sessionId)) {
      return withCause("expired-session-token-missing-sid-claim")
    }
    const headers = Object.fromEntries(
      forwardedHeaders.flatMap((name) => {
        const value = own(this.#request.headers, name)
        return value === undefined ? [] : [[name, value]]
      })
    )
    return {
      _tag: "Refresh",
      call: {
        sessionId,
        expiredToken: token,
        refreshToken,
        origin: this.#origin,
        usesSuffix: this.#session.usesSuffix,
        headers
      },
      next: (result) => {
        if (result._tag === "Failed") {
          return withCause(codeForm.test(result.code) ? result.code : "unexpected-bapi-error")
        }
        const directives = this.#readDirectives(result.cookies)
        const refreshed = sessionTokenOf(directives, this.#settings.suffix)
        return refreshed === undefined
          ? withCause(result.cookies.length === 0 ? "unexpected-sdk-error" : "invalid-session-token")
          : this.#verify(
              [refreshed],
              () => withCause("invalid-session-token"),
              directives.map(({ text }) => text)
            )
      }
    }
  }

  /** A token that is rejected because of the time may be old news, so a document asks the Frontend API. */
  #rejected(
    { isUntimely, reason }: Verified<Session> & { readonly _tag: "Invalid" },
    token: string,
    cause: string | undefined
  ): Step<Session> {
    if (!isUntimely) {
      return this.#signedOut(
        reason === "exp" || reason === "nbf" || reason === "iat"
          ? "token-verification-failed"
          : reasons[reason]
      )
    }
    return this.#handshake(
      reason === "exp" ? `session-token-expired-refresh-${cause ?? "non-eligible-non-get"}` : reasons[reason],
      token
    )
  }
}
