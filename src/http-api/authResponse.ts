import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ClerkAccessDenied } from "../errors/ClerkAccessDenied.js"
import { ClerkKeysUnavailable, ClerkTokenError } from "../errors/TokenErrors.js"

/** Everything for which a middleware turns a request away. */
export type Refusal = ClerkTokenError | ClerkKeysUnavailable | ClerkAccessDenied

export const Refusal = Schema.Union(ClerkTokenError, ClerkKeysUnavailable, ClerkAccessDenied)

/** What RFC 6750 has a server say to somebody whose token will not do; without one there is nothing wrong with it. */
const challenge = (error: ClerkTokenError): string => {
  const realm = 'Bearer realm="clerk"'
  if (error.reason === "missing" || error.reason === "cross-origin") return realm
  const description = error.isExpired ? "the token expired" : `the token was rejected (${error.reason})`
  return `${realm}, error="invalid_token", error_description="${description}"`
}

const headersOf = (error: Refusal): Readonly<Record<string, string>> => {
  const headers = { "cache-control": "no-store" }
  if (error._tag === "ClerkTokenError") return { ...headers, "www-authenticate": challenge(error) }
  return error._tag === "ClerkKeysUnavailable" && error.retryAfter !== undefined
    ? { ...headers, "retry-after": String(Math.ceil(Duration.toSeconds(error.retryAfter))) }
    : headers
}

const statuses = { ClerkTokenError: 401, ClerkAccessDenied: 403, ClerkKeysUnavailable: 503 } as const

/** The response to a request that is turned away: the error in its encoded form. */
export const refusalResponse = (error: Refusal): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  HttpServerResponse.schemaJson(Refusal)(error, {
    status: statuses[error._tag],
    headers: headersOf(error)
  }).pipe(
    Effect.orDie // its fields are of their types, and JSON can hold them
  )

/** Fails with the error, which the API encodes by its schema, and sees to the headers, for which it has no place. */
export const refuseWithHeaders = <E extends Refusal>(error: E): Effect.Effect<never, E> =>
  Effect.zipRight(
    HttpApp.appendPreResponseHandler((_, response) =>
      Effect.succeed(
        response.status === statuses[error._tag]
          ? HttpServerResponse.setHeaders(response, headersOf(error))
          : response
      )
    ),
    Effect.fail(error)
  )
