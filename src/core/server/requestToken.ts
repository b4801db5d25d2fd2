import type { HttpServerRequest } from "@effect/platform/HttpServerRequest"
import { ClerkTokenError } from "../../errors/TokenErrors.js"
import { own } from "../input.js"
import type { Parties } from "../token/settings.js"

/** Any white space ends the scheme, but only spaces belong there: after a tab comes no token. */
const bearer = /^bearer(?!\S) */i

/** Methods that must not change anything (RFC 9110, 9.2.1), so that it does not matter who made a browser send them. */
const safeMethods = new Set(["GET", "HEAD", "OPTIONS"])

/** A handshake for a WebSocket is a GET, but no browser keeps what follows from the page that asked for it. */
const isSafe = ({ headers, method }: HttpServerRequest): boolean =>
  safeMethods.has(method) && own(headers, "upgrade") === undefined

const cookieOf = (request: HttpServerRequest, names: ReadonlyArray<string>): string | undefined => {
  if (names.length === 0 || own(request.headers, "cookie") === undefined) return undefined
  const { cookies } = request
  return names.map((name) => own(cookies, name)).find((value) => value !== undefined && value !== "")
}

const refusal = (reason: "missing" | "cross-origin", expected?: ReadonlyArray<string>) =>
  new ClerkTokenError({ reason, expected }, true)

/**
 * The token of a request, or why it has none that counts. A request with a bearer token is never judged by its cookie,
 * be the token good or not.
 */
export const tokenOf = (
  request: HttpServerRequest,
  cookieNames: ReadonlyArray<string>,
  parties: Parties | undefined
): string | ClerkTokenError => {
  const authorization = own(request.headers, "authorization")
  if (authorization !== undefined && bearer.test(authorization)) {
    return authorization.replace(bearer, "") || refusal("missing")
  }
  const cookie = cookieOf(request, cookieNames)
  if (cookie === undefined) return refusal("missing")
  const origin = own(request.headers, "origin")
  // Browsers send the cookie with every request that a site under the same domain makes them send.
  return origin === undefined || isSafe(request) || parties?.accepts(origin) === true
    ? cookie
    : refusal("cross-origin", parties?.list)
}
