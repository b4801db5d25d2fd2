import { own } from "../input.js"
import type { TokenFailure } from "../model.js"
import { invalid } from "../token/claims.js"
import type { Parties } from "../token/settings.js"

/** The parts of a request that decide on its credential. */
export interface IncomingRequest {
  readonly method: string
  /** The headers, with names in lower case. */
  readonly headers: { readonly [name: string]: string | undefined }
  /** The cookies. A platform parses them when they are first read. */
  readonly cookies: { readonly [name: string]: string | undefined }
}

/** The scheme ends at any white space, but only spaces may follow it: a token does not start with a tab. */
const bearer = /^bearer(?!\S) */i

/** Methods that must not change anything (RFC 9110, 9.2.1), so that any site may make a browser send them. */
const safeMethods = new Set(["GET", "HEAD", "OPTIONS"])

/** A WebSocket handshake is a GET, but a browser lets the page of any origin use the connection that it opens. */
const isSafe = ({ headers, method }: IncomingRequest): boolean =>
  safeMethods.has(method) && own(headers, "upgrade") === undefined

const cookieOf = (request: IncomingRequest, names: ReadonlyArray<string>): string | undefined => {
  if (names.length === 0 || own(request.headers, "cookie") === undefined) return undefined
  const { cookies } = request
  return names.map((name) => own(cookies, name)).find((value) => value !== undefined && value !== "")
}

/**
 * Returns the token of a request. A bearer token takes precedence, valid or not: the cookie of such a request is not
 * read. `cookieNames` are the names of session cookies in order of preference.
 */
export const readCredential = (
  request: IncomingRequest,
  cookieNames: ReadonlyArray<string>,
  parties: Parties | undefined
): string | TokenFailure => {
  const authorization = own(request.headers, "authorization")
  if (authorization !== undefined && bearer.test(authorization)) {
    return authorization.replace(bearer, "") || invalid("missing")
  }
  const cookie = cookieOf(request, cookieNames)
  if (cookie === undefined) return invalid("missing")
  const origin = own(request.headers, "origin")
  // A browser adds the cookie also to a request that another site under the same domain makes it send.
  return origin === undefined || isSafe(request) || parties?.accepts(origin) === true
    ? cookie
    : invalid("cross-origin", parties?.list === undefined ? {} : { expected: parties.list })
}
