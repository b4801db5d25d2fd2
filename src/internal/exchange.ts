import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type { HttpClientResponse } from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as Redacted from "effect/Redacted"
import { ClerkTransportError } from "../errors/CallErrors.js"
import type { ClerkHttpService, ClerkRequest, ClerkResponse } from "../services/ClerkHttp.js"
import type { ClientSettings } from "./clientSettings.js"
import { ownProperties } from "./ownProperties.js"
import { readBody } from "./readBody.js"
import { classifyFault } from "./transportFault.js"
import { version } from "./version.js"

const mask = "***"

const encodeSegment = (segment: string): string => {
  // Dots survive encoding and are then resolved away by the URL parser, as an empty segment is by some servers.
  if (segment === "" || segment === "." || segment === "..") throw new Error("not a segment")
  return encodeURIComponent(segment)
}

/** The URL of a request, from encoded segments only. Throws when it would lead anywhere but where it says. */
const urlOf = (request: ClerkRequest, settings: ClientSettings): string => {
  const address = `${settings.apiUrl}/v1/${request.path.map(encodeSegment).join("/")}`
  const url = new URL(address)
  if (url.origin !== settings.origin || url.href !== address)
    throw new Error("not the address that was built")
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) query.append(name, String(value))
  }
  const search = query.toString()
  return search === "" ? address : `${address}?${search}`
}

const httpRequestOf = (
  request: ClerkRequest,
  settings: ClientSettings
): HttpClientRequest.HttpClientRequest => {
  const headers = {
    accept: "application/json",
    authorization: `Bearer ${Redacted.value(settings.secretKey)}`,
    "clerk-api-version": request.apiVersion ?? settings.apiVersion,
    "user-agent": `effect-clerk/${version}`
  }
  const bare = HttpClientRequest.make(request.method)(urlOf(request, settings), { headers })
  return request.body === undefined
    ? bare
    : HttpClientRequest.setBody(bare, HttpBody.unsafeJson(request.body))
}

/** A server that quotes the key in a refusal must not get it into an error. */
const withoutKey = (response: ClerkResponse, settings: ClientSettings): ClerkResponse => {
  if (response.status < 300) return response
  const hide = (text: string) => text.replaceAll(Redacted.value(settings.secretKey), mask)
  return {
    status: response.status,
    headers: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, hide(value)])),
    body: hide(response.body)
  }
}

/** The body as text. A refusal keeps its status when its page cannot be read: the status says more. */
const readable = (response: HttpClientResponse, maxBytes: number) =>
  response.status < 300
    ? readBody(response, maxBytes)
    : Effect.catchTag(readBody(response, maxBytes), "ClerkDecodeError", () => Effect.succeed(""))

/** One request, one answer, over any `HttpClient`. */
export const makeExecute = (
  httpClient: HttpClient.HttpClient,
  settings: ClientSettings
): ClerkHttpService["execute"] => {
  const client = httpClient.pipe(
    // The span of a call is the pipeline's. One from the platform would show the filled-in path, and would send
    // trace headers to Clerk.
    HttpClient.withTracerDisabledWhen(constTrue),
    // The scope releases an answer nobody has read to its end, also when the fiber is interrupted in between.
    HttpClient.withScope
  )
  return (request) =>
    Effect.suspend(() => {
      let outgoing: HttpClientRequest.HttpClientRequest
      try {
        outgoing = httpRequestOf(ownProperties(request), settings)
      } catch {
        // What was thrown can quote the request, so only the verdict goes on.
        return Effect.fail(new ClerkTransportError({ reason: "invalid-request", sent: "no" }, true))
      }
      return client.execute(outgoing).pipe(
        Effect.mapError((error) => new ClerkTransportError(classifyFault(error.cause), true)),
        Effect.flatMap((incoming) =>
          Effect.map(readable(incoming, settings.maxResponseBytes), (body) =>
            withoutKey({ status: incoming.status, headers: { ...incoming.headers }, body }, settings)
          )
        ),
        Effect.scoped,
        // Pinned for each call, because the platform takes it from the context of whoever makes the call. A
        // followed redirect would carry the request's headers and body to another place.
        Effect.provideService(FetchHttpClient.RequestInit, ownProperties({ redirect: "manual" }))
      )
    })
}
