import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type { HttpClientResponse } from "@effect/platform/HttpClientResponse"
import type { HttpMethod } from "@effect/platform/HttpMethod"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import { ownProperties } from "../core/input.js"
import { BodyChunks, declaresMoreThan, decodeBody, orEmptyRefusal, refusedBody } from "../core/wire/body.js"
import { contentCodings } from "../core/wire/contentEncoding.js"
import { bodyFault, classifyFault } from "../core/wire/faults.js"
import { fetchInit } from "../core/wire/fetchInit.js"
import { ClerkDecodeError, ClerkTransportError } from "../errors/CallErrors.js"
import { directSend, type Send, type WireRequest } from "./send.js"
import { inChildFiber } from "./time.js"

/** Sends with whatever `HttpClient` is given. */
export const httpClientSend = (httpClient: HttpClient.HttpClient): Send => {
  const client = httpClient.pipe(
    // The span of a call is the pipeline's. One from the platform would show the filled-in path, and would send
    // trace headers to Clerk.
    HttpClient.withTracerDisabledWhen(constTrue),
    // The scope releases an answer nobody has read to its end, also when the fiber is interrupted in between.
    HttpClient.withScope
  )
  const exchange = (request: WireRequest, maxBytes: number) =>
    client.execute(outgoing(request)).pipe(
      Effect.mapError(({ cause }) => failureOf(cause)),
      Effect.flatMap((response) => {
        if (response.status === switchingProtocols) return rejectUpgrade(response)
        return Effect.map(readable(response, maxBytes), (body) => ({
          status: response.status,
          headers: { ...response.headers },
          body
        }))
      }),
      Effect.scoped,
      // Pinned for each call, because the platform takes it from the context of the caller.
      Effect.provideService(FetchHttpClient.RequestInit, ownProperties(fetchInit(request.method)))
    )
  return (request, maxBytes, millis) => inChildFiber(exchange(request, maxBytes), millis)
}

/** A client of `effect-clerk/Undici` that somebody has changed fails with an error of ours, any other with its own. */
const failureOf = (cause: unknown): ClerkTransportError | ClerkDecodeError =>
  cause instanceof ClerkTransportError || cause instanceof ClerkDecodeError
    ? cause
    : new ClerkTransportError(classifyFault(cause), true)

/** Sends with the `HttpClient` that the layer is given. */
export const overHttpClient: Effect.Effect<Send, never, HttpClient.HttpClient> = Effect.map(
  HttpClient.HttpClient,
  (client) => directSend(client) ?? httpClientSend(client)
)

const outgoing = ({ method, url, headers, body }: WireRequest): HttpClientRequest.HttpClientRequest => {
  // The methods of a ClerkRequest are among those of the platform.
  const bare = HttpClientRequest.make(method as HttpMethod)(url, { headers })
  return body === undefined ? bare : HttpClientRequest.setBody(bare, HttpBody.text(body, "application/json"))
}

const switchingProtocols = 101

/**
 * No request asks for an upgrade. `fetch` and undici close the connection, and so does this. Node leaves it to
 * the platform's client, which gives the response and forgets the socket.
 */
const rejectUpgrade = (response: HttpClientResponse) =>
  Effect.suspend(() => {
    const source: unknown = Reflect.get(response, "source")
    if (Predicate.hasProperty(source, "socket") && Predicate.hasProperty(source.socket, "destroy")) {
      const { destroy } = source.socket
      if (Predicate.isFunction(destroy)) destroy.call(source.socket)
    }
    return Effect.fail(new ClerkTransportError({ reason: "closed", sent: "maybe" }, true))
  })

const readable = (response: HttpClientResponse, maxBytes: number) =>
  Effect.catchTag(readText(response, maxBytes), "ClerkDecodeError", (error) => {
    const body = orEmptyRefusal(response.status, error)
    return typeof body === "string" ? Effect.succeed(body) : Effect.fail(body)
  })

const readText = (
  response: HttpClientResponse,
  maxBytes: number
): Effect.Effect<string, ClerkTransportError | ClerkDecodeError> => {
  if (contentCodings(response.headers["content-encoding"]) === undefined)
    return Effect.fail(refusedBody("encoding", response))
  if (declaresMoreThan(maxBytes, response.headers))
    return Effect.fail(refusedBody("oversize", response, maxBytes))
  const chunks = new BodyChunks(maxBytes)
  return Stream.runForEach(response.stream, (chunk) =>
    chunks.add(chunk) ? Effect.void : Effect.fail(refusedBody("oversize", response, maxBytes))
  ).pipe(
    Effect.catchTag(
      "ResponseError",
      (error): Effect.Effect<void, ClerkTransportError | ClerkDecodeError> =>
        error.reason === "EmptyBody" ? Effect.void : Effect.fail(bodyFault(error.cause))
    ),
    Effect.flatMap(() => {
      const text = decodeBody(response, chunks.bytes())
      return typeof text === "string" ? Effect.succeed(text) : Effect.fail(text)
    })
  )
}
