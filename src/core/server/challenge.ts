import type { TokenReason } from "../model.js"

/** An error for which a server rejects a request. `Span` is the type of a duration. */
export type Rejection<Span> =
  | { readonly _tag: "ClerkTokenError"; readonly reason: TokenReason; readonly isExpired: boolean }
  | { readonly _tag: "ClerkKeysUnavailable"; readonly retryAfter?: Span | undefined }
  | { readonly _tag: "ClerkAccessDenied" }

/** The value of `WWW-Authenticate` (RFC 6750, 3). It names an error only if the request has a token that counts. */
const challenge = (reason: TokenReason, isExpired: boolean): string => {
  const realm = 'Bearer realm="clerk"'
  if (reason === "missing" || reason === "cross-origin") return realm
  const description = isExpired ? "the token expired" : `the token was rejected (${reason})`
  return `${realm}, error="invalid_token", error_description="${description}"`
}

const noStore = { "cache-control": "no-store" }

/** Returns the status of the response to a rejected request, and its headers apart from those of the body. */
export const rejectionHead = <Span>(
  rejection: Rejection<Span>,
  secondsOf: (span: Span) => number
): { readonly status: 401 | 403 | 503; readonly headers: Readonly<Record<string, string>> } => {
  switch (rejection._tag) {
    case "ClerkTokenError": {
      const { isExpired, reason } = rejection
      return { status: 401, headers: { ...noStore, "www-authenticate": challenge(reason, isExpired) } }
    }
    case "ClerkAccessDenied":
      return { status: 403, headers: noStore }
    case "ClerkKeysUnavailable": {
      const { retryAfter } = rejection
      if (retryAfter === undefined) return { status: 503, headers: noStore }
      return { status: 503, headers: { ...noStore, "retry-after": String(Math.ceil(secondsOf(retryAfter))) } }
    }
  }
}
