import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"

export * as FetchHttpClient from "@effect/platform/FetchHttpClient"
export * as HttpHeaders from "@effect/platform/Headers"
export * as HttpBody from "@effect/platform/HttpBody"
export * as HttpClient from "@effect/platform/HttpClient"
export * as HttpClientRequest from "@effect/platform/HttpClientRequest"
export * as HttpClientResponse from "@effect/platform/HttpClientResponse"

/** What an `HttpClient` fails with. */
export type HttpClientFailure = HttpClientError.HttpClientError

/** The error of a request that got no response. */
export const transportError = (
  request: HttpClientRequest.HttpClientRequest,
  cause: unknown
): HttpClientFailure => new HttpClientError.RequestError({ request, reason: "Transport", cause })

/** Why an `HttpClient` failed: `Encode`, `Transport`, … */
export const reasonOf = (error: HttpClientFailure): string => error.reason
