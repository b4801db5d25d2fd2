import { version } from "../version.js"
import { lowerCased } from "../wire/headers.js"
import * as Errors from "./errorResponses.js"
import { type Moment, randomHex } from "./ids.js"
import type { Instance } from "./instance.js"
import { limits } from "./limits.js"
import type { EmulatorRequest, EmulatorResponse } from "./model.js"
import { operations } from "./operations.js"
import { readBody } from "./parameters.js"
import { type LogEntry, record } from "./requestLog.js"
import { findRoute, isPublic, operationOf } from "./routes.js"

const versions = ["2021-02-05", "2024-10-01", "2025-03-12", "2025-04-10", "2025-11-10", "2026-05-12"]
const oldestVersion = "2021-02-05"

/** A request with its parts in one spelling. */
export interface Received {
  readonly request: EmulatorRequest
  /** The headers, with names in lower case. */
  readonly headers: EmulatorRequest["headers"]
  /** `undefined` for an invalid URL. */
  readonly url: URL | undefined
  readonly method: string
}

export const receive = (request: EmulatorRequest): Received => {
  // A path is not resolved against a base: `//host/path` would be a URL of another host.
  const url = request.url.startsWith("/") ? `http://emulator${request.url}` : request.url
  return {
    request,
    headers: lowerCased(request.headers),
    url: URL.canParse(url, "http://emulator") ? new URL(url, "http://emulator") : undefined,
    method: request.method.toUpperCase()
  }
}

/** Returns the response to a health check, which needs no key, or `undefined` for any other request. */
export const healthResponse = (
  { method, url }: Received,
  links: Readonly<Record<string, string>> = {}
): EmulatorResponse | undefined =>
  (url?.pathname === "/" || url?.pathname === "/health") && (method === "GET" || method === "HEAD")
    ? {
        status: 200,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          name: "effect-clerk-emulator",
          version,
          links: { api: "/v1", jwks: "/.well-known/jwks.json", health: "/health", ...links }
        })
      }
    : undefined

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** Adds a request to the log. */
export const recordRequest = (
  { log }: Instance,
  { headers, method, request, url }: Received,
  at: number
): LogEntry => {
  const pathname = url?.pathname ?? request.url
  const segments = pathname
    .replace(/^\/v1(?=\/|$)/, "")
    .split("/")
    .slice(1)
  return record(log, {
    operation: url === undefined ? undefined : operationOf(method, url.pathname),
    method,
    ...(request.url.length > limits.requestText
      ? { path: [`(${request.url.length} characters)`], query: {} }
      : {
          path: segments.map((segment) => decoded(segment) ?? segment),
          query: Object.fromEntries(url?.searchParams ?? [])
        }),
    body: typeof request.body === "string" ? request.body : new TextDecoder().decode(request.body),
    apiVersion: headers["clerk-api-version"],
    at
  })
}

const authorizationError = (instance: Instance, headers: Received["headers"]) => {
  const key = /^Bearer ([^\s]+)$/i.exec(headers["authorization"] ?? "")?.[1]
  if (key === undefined) return Errors.authorizationFormat
  return key === instance.secretKey ? undefined : Errors.secretKey
}

const run = (instance: Instance, { headers, method, request, url }: Received, moment: Moment) => {
  // The Frontend API has neither secret keys nor versions of the Backend API.
  const isFrontend = url !== undefined && isPublic(url.pathname)
  const unauthorized = isFrontend ? undefined : authorizationError(instance, headers)
  if (unauthorized !== undefined) return unauthorized
  const apiVersion = (isFrontend ? undefined : headers["clerk-api-version"]) ?? oldestVersion
  if (!versions.includes(apiVersion)) return Errors.apiVersion
  if (url === undefined) return Errors.malformed
  const route = findRoute(method, url.pathname, apiVersion)
  if (route instanceof Errors.ErrorResponse) return route
  const path: Record<string, string> = {}
  for (const [name, segment] of Object.entries(route.parameters)) {
    const value = decoded(segment)
    if (value === undefined) return Errors.malformed
    path[name] = value
  }
  // `URLSearchParams` accepts invalid percent-encoding.
  if (decoded(url.search) === undefined) return Errors.malformed
  const body = method === "GET" ? {} : readBody(headers["content-type"], request.body)
  if (body instanceof Errors.ErrorResponse) return body
  const query = Object.fromEntries(url.searchParams)
  return operations[route.operation]({ instance, moment, path, query, body, apiVersion })
}

/** Returns the response of Clerk to a request. It is a promise only if it needs cryptography. */
export const respond = (
  instance: Instance,
  received: Received,
  moment: Moment
): EmulatorResponse | Promise<EmulatorResponse> => {
  const traceId = randomHex(4, moment.random)
  const cors: EmulatorResponse["headers"] =
    received.url !== undefined && isPublic(received.url.pathname)
      ? { "access-control-allow-origin": "*" }
      : {}
  const finish = (result: object): EmulatorResponse => {
    const response =
      result instanceof Errors.ErrorResponse
        ? Errors.toResponse(result, traceId)
        : {
            status: 200,
            headers: { "content-type": "application/json", "clerk-trace-id": traceId },
            body: JSON.stringify(result)
          }
    return { ...response, headers: { ...response.headers, ...cors } }
  }
  const result = run(instance, received, moment)
  return result instanceof Promise ? result.then(finish) : finish(result)
}
