import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { ClerkTransportError } from "../errors/CallErrors.js"
import type { ClerkHttpService, ClerkRequest, ClerkResponse } from "../services/ClerkHttp.js"
import type { ClientSettings } from "./clientSettings.js"
import type { Send, WireRequest } from "./send.js"
import { type ExecuteWithin, keepsTime, withoutEnd } from "./timeLimit.js"
import { version } from "./version.js"

const mask = "***"

/** What needs no encoding and means nothing to a URL parser: all ids and names of the operations are such. */
const isPlain = (segment: string): boolean => /^[A-Za-z0-9_-]+$/.test(segment)

const encodeSegment = (segment: string): string => {
  // Dots survive encoding and are then resolved away by the URL parser, as an empty segment is by some servers.
  if (segment === "" || segment === "." || segment === "..") throw new Error("not a segment")
  return encodeURIComponent(segment)
}

/** The address of a request, from encoded segments only. Throws when it would lead anywhere but where it says. */
const addressOf = (path: ReadonlyArray<string>, { apiUrl, origin }: ClientSettings): string => {
  if (path.length > 0 && path.every(isPlain)) return `${apiUrl}/v1/${path.join("/")}`
  const address = `${apiUrl}/v1/${path.map(encodeSegment).join("/")}`
  const url = new URL(address)
  if (path.length === 0 || url.origin !== origin || url.href !== address) {
    throw new Error("not the address that was built")
  }
  return address
}

const searchOf = (query: ClerkRequest["query"]): string => {
  if (query === undefined) return ""
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.append(name, String(value))
  }
  const search = parameters.toString()
  return search === "" ? "" : `?${search}`
}

const wireRequestOf = (request: ClerkRequest, settings: ClientSettings): WireRequest => {
  // What is inherited does not count: see `ownProperties`, which would cost a copy here.
  const body = Object.hasOwn(request, "body") ? request.body : undefined
  const query = Object.hasOwn(request, "query") ? request.query : undefined
  const apiVersion = Object.hasOwn(request, "apiVersion") ? request.apiVersion : undefined
  const headers: Record<string, string> = {
    accept: "application/json",
    authorization: `Bearer ${Redacted.value(settings.secretKey)}`,
    "clerk-api-version": apiVersion ?? settings.apiVersion,
    "user-agent": `effect-clerk/${version}`
  }
  if (body !== undefined) headers["content-type"] = "application/json"
  return {
    method: request.method,
    url: addressOf(request.path, settings) + searchOf(query),
    headers,
    body: body === undefined ? undefined : JSON.stringify(body)
  }
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

/** One request, one answer, by any means of sending. */
export const makeExecute = (send: Send, settings: ClientSettings): ClerkHttpService["execute"] => {
  const within: ExecuteWithin = (request, millis) => {
    let outgoing: WireRequest
    try {
      outgoing = wireRequestOf(request, settings)
    } catch {
      // What was thrown can quote the request, so only the verdict goes on.
      return Effect.fail(new ClerkTransportError({ reason: "invalid-request", sent: "no" }, true))
    }
    return Effect.map(send(outgoing, settings.maxResponseBytes, millis), (response) =>
      withoutKey(response, settings)
    )
  }
  return keepsTime((request) => withoutEnd(within(request, Number.POSITIVE_INFINITY)), within)
}
