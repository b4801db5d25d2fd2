import { version } from "../version.js"
import { lowerCased } from "../wire/headers.js"
import * as Errors from "./errorResponses.js"
import { documents } from "./frontend.js"
import { type Moment, randomHex } from "./ids.js"
import type { Instance } from "./instance.js"
import { limits } from "./limits.js"
import type { EmulatorRequest, EmulatorResponse } from "./model.js"
import { isDocumentOperation } from "./operationNames.js"
import { operations } from "./operations.js"
import { readBody } from "./parameters.js"
import { countRequest } from "./rateLimit.js"
import { type LogEntry, record } from "./requestLog.js"
import { findRoute, frontendOf, operationOf, servedEndpoints } from "./routes.js"

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

/** Returns the host of a request that has only a path. A `Host` header must not have the other parts of a URL. */
const hostOf = (header: string | undefined): string =>
  header !== undefined && /^[\w.:[\]-]+$/.test(header) && URL.canParse(`http://${header}`)
    ? header
    : "emulator"

export const receive = (request: EmulatorRequest): Received => {
  const headers = lowerCased(request.headers)
  // A path is not resolved against a base: `//host/path` would be a URL of another host.
  const url = request.url.startsWith("/") ? `http://${hostOf(headers["host"])}${request.url}` : request.url
  return {
    request,
    headers,
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
          links: { api: "/v1", jwks: "/.well-known/jwks.json", health: "/health", ...links },
          endpoints: servedEndpoints
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

/** Parameters of addresses that are credentials of a browser. */
const secretParameters = new Set(["__session", "__clerk_db_jwt", "nonce"])

/** Returns the value of a parameter without credentials. An address to return to can have its own. */
const loggedValue = (name: string, value: string): string =>
  secretParameters.has(name)
    ? "***"
    : name === "redirect_url"
      ? value.replace(/([?&]__(?:session|clerk_(?:db_jwt|handshake))\w*=)[^&#]*/g, "$1***")
      : value

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
          query: Object.fromEntries(
            [...(url?.searchParams ?? [])].map(([name, value]) => [name, loggedValue(name, value)])
          )
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

/** Clerk counts all requests with a secret key, except those for keys. */
const rateLimitError = ({ limiter }: Instance, url: Received["url"], { now }: Moment) => {
  if (limiter === undefined || url?.pathname === "/v1/jwks") return undefined
  const seconds = countRequest(limiter, now)
  return seconds === undefined ? undefined : Errors.tooManyRequests(seconds)
}

const jsonResponse = (result: object): EmulatorResponse | Errors.ErrorResponse =>
  result instanceof Errors.ErrorResponse
    ? result
    : { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(result) }

const run = (instance: Instance, { headers, method, request, url }: Received, moment: Moment) => {
  // The Frontend API has neither secret keys nor versions of the Backend API.
  const isFrontend = url !== undefined && frontendOf(url.pathname) !== undefined
  const unauthorized = isFrontend ? undefined : authorizationError(instance, headers)
  if (unauthorized !== undefined) return unauthorized
  const limited = isFrontend ? undefined : rateLimitError(instance, url, moment)
  if (limited !== undefined) return limited
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
  if (isDocumentOperation(route.operation)) {
    return documents[route.operation]({ instance, moment, url, headers, body: request.body })
  }
  const body = method === "GET" ? {} : readBody(headers["content-type"], request.body)
  if (body instanceof Errors.ErrorResponse) return body
  const query = Object.fromEntries(url.searchParams)
  const result = operations[route.operation]({ instance, moment, path, query, body, apiVersion })
  return result instanceof Promise ? result.then(jsonResponse) : jsonResponse(result)
}

/** Returns the response of Clerk to a request. It is a promise only if it needs cryptography. */
export const respond = (
  instance: Instance,
  received: Received,
  moment: Moment
): EmulatorResponse | Promise<EmulatorResponse> => {
  const traceId = randomHex(4, moment.random)
  const cors: EmulatorResponse["headers"] =
    received.url !== undefined && frontendOf(received.url.pathname) === "script"
      ? { "access-control-allow-origin": "*" }
      : {}
  const finish = (result: EmulatorResponse | Errors.ErrorResponse): EmulatorResponse => {
    const response = result instanceof Errors.ErrorResponse ? Errors.toResponse(result, traceId) : result
    return { ...response, headers: { ...response.headers, "clerk-trace-id": traceId, ...cors } }
  }
  const result = run(instance, received, moment)
  return result instanceof Promise ? result.then(finish) : finish(result)
}
