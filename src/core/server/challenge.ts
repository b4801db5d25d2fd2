import type { TokenReason } from "../model.js"

/** An error for which a server rejects a request. `Span` is the type of a duration. */
export type Rejection<Span> =
  | { readonly _tag: "ClerkTokenError"; readonly reason: TokenReason; readonly isExpired: boolean }
  | { readonly _tag: "ClerkKeysUnavailable"; readonly retryAfter?: Span | undefined }
  | { readonly _tag: "ClerkAccessDenied" }

/** The status of the response to a rejected request. */
export const rejectionStatus = {
  ClerkTokenError: 401,
  ClerkAccessDenied: 403,
  ClerkKeysUnavailable: 503
} as const

/** The value of `WWW-Authenticate` (RFC 6750, 3). It names an error only if the request has a token that counts. */
const challenge = (reason: TokenReason, isExpired: boolean): string => {
  const realm = 'Bearer realm="clerk"'
  if (reason === "missing" || reason === "cross-origin") return realm
  const description = isExpired ? "the token expired" : `the token was rejected (${reason})`
  return `${realm}, error="invalid_token", error_description="${description}"`
}

/** Returns the headers of the response to a rejected request, in addition to those of its body. */
export const rejectionHeaders = <Span>(
  rejection: Rejection<Span>,
  secondsOf: (span: Span) => number
): Readonly<Record<string, string>> => {
  const headers = { "cache-control": "no-store" }
  if (rejection._tag === "ClerkTokenError") {
    return { ...headers, "www-authenticate": challenge(rejection.reason, rejection.isExpired) }
  }
  return rejection._tag === "ClerkKeysUnavailable" && rejection.retryAfter !== undefined
    ? { ...headers, "retry-after": String(Math.ceil(secondsOf(rejection.retryAfter))) }
    : headers
}
