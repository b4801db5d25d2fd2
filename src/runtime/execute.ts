import * as Effect from "effect/Effect"
import type { ClientSettings } from "../core/call/clientSettings.js"
import { parseJson } from "../core/input.js"
import type { ClerkRequest, ClerkResponse } from "../core/model.js"
import { hideSecrets, scrubJson } from "../core/redaction/redact.js"
import { version } from "../core/version.js"
import { ClerkTransportError } from "../errors/CallErrors.js"
import type { ClerkHttpService } from "../services/ClerkHttp.js"
import type { Send, WireRequest } from "./send.js"
import { type ExecuteWithin, keepsTime, withoutEnd } from "./time.js"

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
  readonly caller?: Pick<ClientSettings<unknown>, "secretKey" | "apiVersion">
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
    headers["authorization"] = `Bearer ${api.caller.secretKey}`
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

const successes: ReadonlySet<number> = new Set([200, 201, 202, 204])

/** Far more than any error of Clerk has. */
const maxErrorCharacters = 32 * 1024

const hideInBody = (body: string, secrets: ReadonlyArray<string>): string => {
  if (body.length > maxErrorCharacters) return ""
  const hidden = hideSecrets(body, secrets)
  if (hidden === body) return body
  // Text by text, so that what was said around the secret can still be read as JSON.
  const json = parseJson(body)
  if (json === undefined) return hidden
  const clean = JSON.stringify(scrubJson(json, secrets))
  return hideSecrets(clean, secrets) === clean ? clean : ""
}

/** Removes the secret key from an error response, whose server may quote it. An overlong body is emptied. */
const withoutKey = (response: ClerkResponse, secrets: ReadonlyArray<string>): ClerkResponse => {
  if (successes.has(response.status)) return response
  const hide = (text: string) => hideSecrets(text, secrets)
  return {
    status: response.status,
    headers: Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [hide(name), hide(value)])
    ),
    body: hideInBody(response.body, secrets)
  }
}

const secretsOfClients = new WeakMap<ClerkHttpService["execute"], ReadonlyArray<string>>()

const none: ReadonlyArray<string> = []

/** The texts that nothing about a call may show, for a client of ours. */
export const secretsOf = (execute: ClerkHttpService["execute"]): ReadonlyArray<string> =>
  secretsOfClients.get(execute) ?? none

/** Makes known that a wrapped `execute` has the secrets of the one inside. */
export const withSecretsOf = (
  inner: ClerkHttpService["execute"],
  execute: ClerkHttpService["execute"]
): ClerkHttpService["execute"] => {
  secretsOfClients.set(execute, secretsOf(inner))
  return execute
}

/** One request to the Backend API, one response, by any means of sending. */
export const makeExecute = (send: Send, settings: ClientSettings<unknown>): ClerkHttpService["execute"] => {
  const { apiUrl, maxResponseBytes, origin } = settings
  return executeAt(send, { baseUrl: `${apiUrl}/v1`, origin, maxResponseBytes, caller: settings })
}

/** One request to an API, one response. */
export const executeAt = (send: Send, api: Api): ClerkHttpService["execute"] => {
  const secrets = api.caller === undefined ? none : [api.caller.secretKey]
  const within: ExecuteWithin = (request, millis) => {
    let outgoing: WireRequest
    try {
      outgoing = wireRequestOf(request, api)
    } catch {
      // What was thrown can quote the request, so only the verdict goes on.
      return Effect.fail(new ClerkTransportError({ reason: "invalid-request", sent: "no" }, true))
    }
    return Effect.map(send(outgoing, api.maxResponseBytes, millis), (response) =>
      withoutKey(response, secrets)
    )
  }
  const execute = keepsTime((request) => withoutEnd(within(request, Number.POSITIVE_INFINITY)), within)
  secretsOfClients.set(execute, secrets)
  return execute
}
