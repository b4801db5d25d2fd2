import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import * as FetchHttpClient from "#major/fetchHttpClient.js"
import { type HttpMethod, isEmptyBody, requestError, withoutTracing } from "#major/http.js"
import * as HttpBody from "#major/httpBody.js"
import * as HttpClient from "#major/httpClient.js"
import * as HttpClientRequest from "#major/httpClientRequest.js"
import * as HttpClientResponse from "#major/httpClientResponse.js"
import { ownProperties } from "../core/input.js"
import type { WireFailure } from "../core/model.js"
import {
  BodyChunks,
  type Head,
  toClerkResponse,
  unreadableReason,
  type WireResponse,
  withBody,
  withBytes,
  withUnreadableBody
} from "../core/wire/body.js"
import { bodyFailure, classifyFault, transportFailure } from "../core/wire/faults.js"
import { fetchInit } from "../core/wire/fetch.js"
import { headersIn } from "../core/wire/headers.js"
import type { WireRequest } from "../core/wire/request.js"
import { wireFailure } from "./errors.js"
import { fromOutcome, type Send } from "./send.js"
import { inChildFiber } from "./time.js"

/** Sends with any `HttpClient`. */
const httpClientSend = (httpClient: HttpClient.HttpClient): Send => {
  const client = httpClient.pipe(
    // The call has a span already. One from the platform would show the filled-in path, and would send trace headers to
    // Clerk.
    withoutTracing,
    // The scope releases a response that was not read to its end, also when the fiber is interrupted.
    HttpClient.withScope
  )
  const send = (request: WireRequest, maxBytes: number) =>
    client.execute(platformRequest(request)).pipe(
      // A client of `effect-clerk/Undici` that the caller has changed fails with an error of this library.
      Effect.mapError(({ cause }) => wireFailure(cause) ?? transportFailure(classifyFault(cause))),
      Effect.flatMap((response) =>
        response.status === switchingProtocols ? rejectUpgrade(response) : readResponse(response, maxBytes)
      ),
      Effect.scoped,
      // Pinned for each call, because the platform takes it from the context of the caller.
      Effect.provideService(FetchHttpClient.RequestInit, ownProperties(fetchInit(request.method)))
    )
  return (request, maxBytes, millis) => inChildFiber(send(request, maxBytes), millis)
}

const directSendKey: unique symbol = Symbol("effect-clerk/directSend")

/**
 * Stores in a client of this library how to send without `HttpClient`, which costs more than the rest of a call. A wrapped
 * client is another object without this property, so requests go through the wrapper.
 */
export const withDirectSend = (client: HttpClient.HttpClient, send: Send): HttpClient.HttpClient =>
  // Not enumerable, so that a copy of the client does not have the property either.
  Object.defineProperty(client, directSendKey, { value: send })

const directSend = (client: HttpClient.HttpClient): Send | undefined =>
  Object.hasOwn(client, directSendKey)
    ? (Reflect.get(client, directSendKey) as Send) // only `withDirectSend` sets it
    : undefined

/** Sends with the `HttpClient` that the layer is given. */
export const overHttpClient: Effect.Effect<Send, never, HttpClient.HttpClient> = Effect.map(
  HttpClient.HttpClient,
  (client) => directSend(client) ?? httpClientSend(client)
)

const platformRequest = ({
  method,
  url,
  headers,
  body
}: WireRequest): HttpClientRequest.HttpClientRequest => {
  // The methods of a ClerkRequest are among those of the platform.
  const bare = HttpClientRequest.make(method as HttpMethod)(url, { headers })
  return body === undefined ? bare : HttpClientRequest.setBody(bare, HttpBody.text(body, "application/json"))
}

const switchingProtocols = 101

/**
 * Closes the connection of a response with status 101, as `fetch` and undici do. No request wants an upgrade. Node leaves
 * the socket to the platform's client, which returns the response and never closes the socket.
 */
const rejectUpgrade = (response: HttpClientResponse.HttpClientResponse) =>
  Effect.suspend(() => {
    const source: unknown = Reflect.get(response, "source")
    if (Predicate.hasProperty(source, "socket") && Predicate.hasProperty(source.socket, "destroy")) {
      const { destroy } = source.socket
      if (Predicate.isFunction(destroy)) destroy.call(source.socket)
    }
    return Effect.fail(transportFailure({ reason: "closed", sent: "maybe" }))
  })

const oversize = "oversize" as const

const readResponse = (
  response: HttpClientResponse.HttpClientResponse,
  maxBytes: number
): Effect.Effect<WireResponse, WireFailure> => {
  const head: Head = { status: response.status, headers: headersIn(response.headers) }
  const reason = unreadableReason(head, maxBytes)
  if (reason !== undefined) return fromOutcome(withUnreadableBody(head, reason, maxBytes))
  const chunks = new BodyChunks(maxBytes)
  return Effect.matchEffect(
    Stream.runForEach(response.stream, (chunk) => (chunks.add(chunk) ? Effect.void : Effect.fail(oversize))),
    {
      onSuccess: () => fromOutcome(withBytes(head, chunks.bytes())),
      onFailure: (failure) => {
        if (failure === oversize) return fromOutcome(withUnreadableBody(head, oversize, maxBytes))
        return fromOutcome(
          isEmptyBody(failure) ? withBytes(head, chunks.bytes()) : withBody(head, bodyFailure(failure.cause))
        )
      }
    }
  )
}

/** Reads the body of a platform request as text, from each of its forms. */
export const requestText = ({
  body
}: HttpClientRequest.HttpClientRequest): Effect.Effect<string, unknown> => {
  switch (body._tag) {
    case "Empty":
      return Effect.succeed("")
    case "Uint8Array":
      return Effect.succeed(new TextDecoder().decode(body.body))
    case "Stream":
      return Stream.mkString(Stream.decodeText(body.stream))
    case "FormData":
      return Effect.tryPromise(() => new Response(body.formData).text())
    case "Raw":
      // Sound because `Response` turns any other value into text, as `fetch` does.
      return Effect.tryPromise(() => new Response(body.body as BodyInit).text())
  }
}

/** Makes an `HttpClient` that sends each request with `send`. */
export const makeHttpClient = (
  send: (request: WireRequest) => Effect.Effect<WireResponse, unknown>
): HttpClient.HttpClient =>
  HttpClient.make((request, { href: url }) => {
    const failWith = (reason: "Encode" | "Transport") => (cause: unknown) =>
      requestError(request, reason, cause)
    const { headers, method } = request
    return requestText(request).pipe(
      Effect.mapError(failWith("Encode")),
      Effect.flatMap((text) => {
        const body = request.body._tag === "Empty" ? undefined : text
        return Effect.mapError(send({ method, url, headers, body }), failWith("Transport"))
      }),
      Effect.map((response) => {
        const { body, headers, status } = toClerkResponse(response)
        // `Response` rejects even an empty body for the statuses that must not have one.
        return HttpClientResponse.fromWeb(
          request,
          new Response(body === "" ? null : body, { headers, status })
        )
      })
    )
  })
