import type { HttpServerRequest } from "@effect/platform/HttpServerRequest"
import { ClerkTokenError } from "../errors/TokenErrors.js"

const bearer = /^bearer(?:$| +)/i

/** Methods that must not change anything (RFC 9110, 9.2.1), so that it does not matter who made a browser send them. */
const safeMethods = new Set(["GET", "HEAD", "OPTIONS"])

/**
 * The token of a request, or why it has none that counts. A request with a bearer token is never judged by its cookie,
 * be the token good or not.
 */
export const tokenOf = (
  { cookies, headers, method }: HttpServerRequest,
  cookieNames: ReadonlyArray<string>,
  parties: ReadonlyArray<string>
): string | ClerkTokenError => {
  const { authorization, origin } = headers
  if (authorization !== undefined && bearer.test(authorization)) return authorization.replace(bearer, "")
  const name = cookieNames.find((name) => Object.hasOwn(cookies, name) && cookies[name] !== "")
  const cookie = name === undefined ? undefined : cookies[name]
  if (cookie === undefined) return new ClerkTokenError({ reason: "missing" }, true)
  // Browsers send the cookie with whatever any site under the same domain makes them send.
  if (origin !== undefined && !safeMethods.has(method) && !parties.includes(origin)) {
    return new ClerkTokenError({ reason: "origin", expected: parties }, true)
  }
  return cookie
}
