import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"

export * as FetchHttpClient from "effect/http/FetchHttpClient"
export * as HttpHeaders from "effect/http/Headers"
export * as HttpBody from "effect/http/HttpBody"
export * as HttpClient from "effect/http/HttpClient"
export * as HttpClientRequest from "effect/http/HttpClientRequest"
export * as HttpClientResponse from "effect/http/HttpClientResponse"

/** What an `HttpClient` fails with. */
export type HttpClientFailure = HttpClientError.HttpClientError

/** The error of a request that got no response. */
export const transportError = (
  request: HttpClientRequest.HttpClientRequest,
  cause: unknown
): HttpClientFailure =>
  new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) })

/** Why an `HttpClient` failed: `Encode`, `Transport`, … */
export const reasonOf = (error: HttpClientFailure): string => error.reason._tag.replace(/Error$/, "")
