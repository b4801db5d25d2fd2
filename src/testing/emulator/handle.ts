import * as Headers from "@effect/platform/Headers"
import * as Url from "@effect/platform/Url"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Form from "./form.js"
import * as Health from "./health.js"
import * as Ids from "./ids.js"
import type { Instance } from "./instance.js"
import { limits } from "./limits.js"
import type { EmulatorRequest, EmulatorResponse } from "./model.js"
import * as Refusals from "./refusals.js"
import * as Routes from "./routes.js"
import * as Traffic from "./traffic.js"

const versions = ["2021-02-05", "2024-10-01", "2025-03-12", "2025-04-10", "2025-11-10", "2026-05-12"]
const oldestVersion = "2021-02-05"

/** What can be seen of a request before it is judged. */
interface Seen {
  readonly request: EmulatorRequest
  readonly headers: Headers.Headers
  readonly url: URL | undefined
  readonly method: string
}

/** A path is not resolved against a base, which would take `//host/path` for a URL of another host. */
const urlOf = (url: string): URL | undefined =>
  Either.getOrUndefined(
    url.startsWith("/") ? Url.fromString(`http://emulator${url}`) : Url.fromString(url, "http://emulator")
  )

const see = (request: EmulatorRequest): Seen => ({
  request,
  headers: Headers.fromInput(request.headers),
  url: urlOf(request.url),
  method: request.method.toUpperCase()
})

const authorize = (instance: Instance, headers: Headers.Headers): Effect.Effect<void, Refusals.Refusal> => {
  const key = /^Bearer ([^\s]+)$/i.exec(headers["authorization"] ?? "")?.[1]
  if (key === undefined) return Refusals.authorizationFormat
  return key === Redacted.value(instance.secretKey) ? Effect.void : Refusals.secretKey
}

const decodePath = (path: Record<string, string>) =>
  Either.try({
    try: () =>
      Object.fromEntries(Object.entries(path).map(([name, value]) => [name, decodeURIComponent(value)])),
    catch: () => Refusals.malformed
  })

/** The query; none where its percent-encoding is broken, which `URLSearchParams` lets pass. */
const decodeQuery = (url: URL) =>
  Either.try({
    try: () => {
      decodeURIComponent(url.search)
      return Object.fromEntries(url.searchParams)
    },
    catch: () => Refusals.malformed
  })

const answer = (
  instance: Instance,
  { headers, method, request, url }: Seen
): Effect.Effect<unknown, Refusals.Refusal> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    // The Frontend API knows neither secret keys nor versions of the Backend API.
    const isPublic = url !== undefined && Routes.isPublic(url.pathname)
    if (!isPublic) yield* authorize(instance, headers)
    const apiVersion = (isPublic ? undefined : headers["clerk-api-version"]) ?? oldestVersion
    if (!versions.includes(apiVersion)) return yield* Refusals.apiVersion
    if (url === undefined) return yield* Refusals.malformed
    const found = Routes.routes.flatMap((route) => {
      const path =
        route.until === undefined || apiVersion <= route.until
          ? Routes.match(route.path, url.pathname)
          : undefined
      return path === undefined ? [] : [{ route, path }]
    })
    if (found.length === 0) return yield* Refusals.noRoute
    const chosen = found.find(({ route }) => route.method === method)
    if (chosen === undefined) return yield* Refusals.method
    return yield* chosen.route.run({
      instance,
      path: yield* decodePath(chosen.path),
      query: yield* decodeQuery(url),
      body: chosen.route.method === "GET" ? {} : yield* Form.parseBody(headers, request.body),
      apiVersion,
      now
    })
  })

const respond = (instance: Instance, seen: Seen): Effect.Effect<EmulatorResponse> =>
  Effect.gen(function* () {
    const traceId = yield* Ids.hex(4)
    const response: EmulatorResponse = yield* Effect.match(answer(instance, seen), {
      onSuccess: (json) => ({
        status: 200,
        headers: { "content-type": "application/json", "clerk-trace-id": traceId },
        body: JSON.stringify(json)
      }),
      onFailure: (refusal) => Refusals.toResponse(refusal, traceId)
    })
    return seen.url !== undefined && Routes.isPublic(seen.url.pathname)
      ? { ...response, headers: { ...response.headers, "access-control-allow-origin": "*" } }
      : response
  })

const segmentsOf = (pathname: string): ReadonlyArray<string> =>
  pathname
    .replace(/^\/v1(?=\/|$)/, "")
    .split("/")
    .slice(1)
    .map((segment) => {
      try {
        return decodeURIComponent(segment)
      } catch {
        return segment
      }
    })

const record = (instance: Instance, { headers, method, request, url }: Seen) =>
  Effect.map(Clock.currentTimeMillis, (at) =>
    Traffic.record(instance.state.traffic, {
      operation: url === undefined ? undefined : Routes.operationOf(method, url.pathname),
      method,
      ...(request.url.length > limits.requestText
        ? { path: [`(${request.url.length} characters)`], query: {} }
        : {
            path: segmentsOf(url?.pathname ?? request.url),
            query: Object.fromEntries(url?.searchParams ?? [])
          }),
      body: typeof request.body === "string" ? request.body : new TextDecoder().decode(request.body),
      apiVersion: headers["clerk-api-version"],
      at
    })
  )

/** Answers one request; whatever is asked, the answer is a response, unless a test has the connection break. */
export const exchange =
  (instance: Instance) =>
  (request: EmulatorRequest): Effect.Effect<EmulatorResponse, Traffic.EmulatedDisconnect> =>
    Effect.gen(function* () {
      const seen = see(request)
      const health = seen.url === undefined ? undefined : Health.respond(seen.method, seen.url.pathname)
      // A health check disturbs no test: it is not recorded, and takes no prepared response.
      if (health !== undefined) return health
      const { traffic } = instance.state
      const entry = yield* record(instance, seen)
      const prepared = Traffic.take(traffic, entry.operation)
      const wait = Traffic.latencyOf(traffic, entry.operation) + (prepared?.delayMillis ?? 0)
      if (wait > 0) yield* Effect.sleep(wait)
      const outcome = prepared?.outcome
      if (outcome === "no-response") return yield* Effect.never
      if (outcome === "reset") return yield* new Traffic.EmulatedDisconnect()
      const response = typeof outcome === "object" ? outcome : yield* respond(instance, seen)
      if (outcome === "response-lost") return yield* new Traffic.EmulatedDisconnect()
      entry.status = response.status
      return response
    })
