import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"

export type { HttpMethod } from "effect/http/HttpMethod"

/** A client that makes no span and sends no trace headers. */
export const withoutTracing: (client: HttpClient.HttpClient) => HttpClient.HttpClient = HttpClient.transform(
  (response) => Effect.provideService(response, HttpClient.TracerDisabledWhen, constTrue)
)

const reasons = { Encode: HttpClientError.EncodeError, Transport: HttpClientError.TransportError }

/** The error of a request that got no response. */
export const requestError = (
  request: HttpClientRequest.HttpClientRequest,
  reason: "Encode" | "Transport",
  cause: unknown
): HttpClientError.HttpClientError =>
  new HttpClientError.HttpClientError({ reason: new reasons[reason]({ request, cause }) })

/** Returns whether the error only says that a response has no body. */
export const isEmptyBody = ({ reason }: HttpClientError.HttpClientError): boolean =>
  reason._tag === "EmptyBodyError"
