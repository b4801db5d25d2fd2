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

/** An API, and what every request to it carries. */
interface Api {
  /** Origin and path prefix, without a slash at the end. */
  readonly baseUrl: string
  readonly origin: string
  readonly maxResponseBytes: number
  /** What identifies the caller. Absent for what Clerk gives to everybody: no such request may carry a secret. */
  readonly caller?: Pick<ClientSettings, "secretKey" | "apiVersion">
}

/** The address of a request, from encoded segments only. Throws when it would lead anywhere but where it says. */
const addressOf = (path: ReadonlyArray<string>, { baseUrl, origin }: Api): string => {
  if (path.length > 0 && path.every(isPlain)) return `${baseUrl}/${path.join("/")}`
  const address = `${baseUrl}/${path.map(encodeSegment).join("/")}`
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

const wireRequestOf = (request: ClerkRequest, api: Api): WireRequest => {
  // What is inherited does not count: see `ownProperties`, which would cost a copy here.
  const body = Object.hasOwn(request, "body") ? request.body : undefined
  const query = Object.hasOwn(request, "query") ? request.query : undefined
  const apiVersion = Object.hasOwn(request, "apiVersion") ? request.apiVersion : undefined
  const headers: Record<string, string> = {
    accept: "application/json",
    "user-agent": `effect-clerk/${version}`
  }
  if (api.caller !== undefined) {
    headers["authorization"] = `Bearer ${Redacted.value(api.caller.secretKey)}`
    headers["clerk-api-version"] = apiVersion ?? api.caller.apiVersion
  }
  if (body !== undefined) headers["content-type"] = "application/json"
  return {
    method: request.method,
    url: addressOf(request.path, api) + searchOf(query),
    headers,
    body: body === undefined ? undefined : JSON.stringify(body)
  }
}

/** A server that quotes the key in a refusal must not get it into an error. */
const withoutKey = (response: ClerkResponse, { caller }: Api): ClerkResponse => {
  if (caller === undefined || response.status < 300) return response
  const hide = (text: string) => text.replaceAll(Redacted.value(caller.secretKey), mask)
  return {
    status: response.status,
    headers: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, hide(value)])),
    body: hide(response.body)
  }
}

/** One request to the Backend API, one answer, by any means of sending. */
export const makeExecute = (send: Send, settings: ClientSettings): ClerkHttpService["execute"] => {
  const { apiUrl, maxResponseBytes, origin } = settings
  return executeAt(send, { baseUrl: `${apiUrl}/v1`, origin, maxResponseBytes, caller: settings })
}

/** One request to an API, one answer. */
export const executeAt = (send: Send, api: Api): ClerkHttpService["execute"] => {
  const within: ExecuteWithin = (request, millis) => {
    let outgoing: WireRequest
    try {
      outgoing = wireRequestOf(request, api)
    } catch {
      // What was thrown can quote the request, so only the verdict goes on.
      return Effect.fail(new ClerkTransportError({ reason: "invalid-request", sent: "no" }, true))
    }
    return Effect.map(send(outgoing, api.maxResponseBytes, millis), (response) => withoutKey(response, api))
  }
  return keepsTime((request) => withoutEnd(within(request, Number.POSITIVE_INFINITY)), within)
}
