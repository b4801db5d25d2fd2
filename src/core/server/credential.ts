import { own } from "../input.js"
import type { TokenFailure } from "../model.js"
import { invalid } from "../token/claims.js"
import { isOrigin, type Parties } from "../token/settings.js"
import { type CookieOwner, readCookies, readSessionCookies } from "./cookies.js"

/** The parts of a request that decide on its credential. */
export interface IncomingRequest {
  readonly method: string
  /** The headers, with names in lower case. */
  readonly headers: { readonly [name: string]: string | undefined }
}

/** The scheme ends at any white space, but only spaces may follow it: a token does not start with a tab. */
const bearer = /^bearer(?!\S) */i

/** Returns the bearer token of a request, which is empty where the scheme stands alone. */
export const readBearer = ({ headers }: IncomingRequest): string | undefined => {
  const authorization = own(headers, "authorization")
  return authorization !== undefined && bearer.test(authorization)
    ? authorization.replace(bearer, "")
    : undefined
}

/** Methods that must not change anything (RFC 9110, 9.2.1), so that any site may make a browser send them. */
const safeMethods = new Set(["GET", "HEAD", "OPTIONS"])

/** Returns whether a request opens a connection of another protocol, such as a WebSocket. */
export const isUpgrade = ({ headers }: IncomingRequest): boolean => own(headers, "upgrade") !== undefined

/**
 * Returns the origins that the page of a request can have. A page with `Referrer-Policy: no-referrer` hides its origin, and
 * then only the browser can state that it is the origin of the request. A sandboxed page is cross-site. The host can be that
 * of another application on this server, so the origin must be an accepted one all the same.
 */
const originsOf = (origin: string, { headers }: IncomingRequest, host: string | undefined) =>
  origin !== "null" || own(headers, "sec-fetch-site") !== "same-origin"
    ? [origin]
    : [`https://${host}`, `http://${host}`].filter(isOrigin)

/**
 * Finds a cookie that does not count because of the origin of the request. A browser adds the cookie also to a request
 * that another site under the same domain makes it send.
 */
export const crossOriginFlaw = (
  request: IncomingRequest,
  parties: Parties | undefined,
  host = own(request.headers, "host")
): TokenFailure | undefined => {
  const origin = own(request.headers, "origin")
  // A WebSocket handshake is a GET, but a browser lets the page of any origin use the connection that it opens.
  const isSafe = safeMethods.has(request.method) && !isUpgrade(request)
  const accepts = (each: string) => parties?.accepts(each) === true
  return origin === undefined || isSafe || originsOf(origin, request, host).some(accepts)
    ? undefined
    : invalid("cross-origin", parties?.list === undefined ? {} : { expected: parties.list })
}

/**
 * Returns the tokens of a request, to verify in turn. A bearer token takes precedence, valid or not: the cookies of such
 * a request are not read. Without an `owner` no cookies are read.
 */
export const readCredential = (
  request: IncomingRequest,
  owner: CookieOwner | undefined,
  parties: Parties | undefined,
  nowSeconds: number
): ReadonlyArray<string> | TokenFailure => {
  const token = readBearer(request)
  if (token !== undefined) return token === "" ? invalid("missing") : [token]
  const header = owner === undefined ? undefined : own(request.headers, "cookie")
  if (owner === undefined || header === undefined) return invalid("missing")
  const { clientUat, tokens } = readSessionCookies(readCookies(header), owner, nowSeconds)
  const [newest] = tokens
  if (newest === undefined) return invalid("missing")
  const flaw = crossOriginFlaw(request, parties)
  if (flaw !== undefined) return flaw
  if (!owner.requireClientUat) return tokens.map(({ token }) => token)
  if (clientUat === 0) return invalid("client-uat-missing")
  const current = tokens.filter(({ issuedAt }) => issuedAt === undefined || issuedAt >= clientUat)
  return current.length === 0 ? invalid("client-uat-newer") : current.map(({ token }) => token)
}
