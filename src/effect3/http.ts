import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { constTrue } from "effect/Function"

export type { HttpMethod } from "@effect/platform/HttpMethod"

/** A client that makes no span and sends no trace headers. */
export const withoutTracing: (client: HttpClient.HttpClient) => HttpClient.HttpClient =
  HttpClient.withTracerDisabledWhen(constTrue)

/** The error of a request that got no response. */
export const requestError = (
  request: HttpClientRequest.HttpClientRequest,
  reason: "Encode" | "Transport",
  cause: unknown
): HttpClientError.HttpClientError => new HttpClientError.RequestError({ request, reason, cause })

/** Returns whether the error only says that a response has no body. */
export const isEmptyBody = (error: HttpClientError.HttpClientError): boolean => error.reason === "EmptyBody"
