import * as Headers from "@effect/platform/Headers"
import * as Url from "@effect/platform/Url"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Form from "./form.js"
import * as Ids from "./ids.js"
import type { Instance } from "./instance.js"
import type { EmulatorRequest, EmulatorResponse } from "./model.js"
import * as Refusals from "./refusals.js"
import * as Routes from "./routes.js"

const versions = ["2021-02-05", "2024-10-01", "2025-03-12", "2025-04-10", "2025-11-10", "2026-05-12"]
const oldestVersion = "2021-02-05"

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

const answer = (instance: Instance, request: EmulatorRequest): Effect.Effect<unknown, Refusals.Refusal> =>
  Effect.gen(function* () {
    const headers = Headers.fromInput(request.headers)
    const now = yield* Clock.currentTimeMillis
    yield* authorize(instance, headers)
    const apiVersion = headers["clerk-api-version"] ?? oldestVersion
    if (!versions.includes(apiVersion)) return yield* Refusals.apiVersion
    const url = yield* Effect.mapError(
      Url.fromString(request.url, "http://emulator"),
      () => Refusals.malformed
    )
    const found = Routes.routes.flatMap((route) => {
      const path =
        route.until === undefined || apiVersion <= route.until
          ? Routes.match(route.path, url.pathname)
          : undefined
      return path === undefined ? [] : [{ route, path }]
    })
    if (found.length === 0) return yield* Refusals.noRoute
    const chosen = found.find(({ route }) => route.method === request.method.toUpperCase())
    if (chosen === undefined) return yield* Refusals.method
    return yield* chosen.route.run({
      instance,
      path: yield* decodePath(chosen.path),
      query: Object.fromEntries(url.searchParams),
      body: chosen.route.method === "GET" ? {} : yield* Form.parseBody(headers, request.body),
      apiVersion,
      now
    })
  })

/** Answers one request; whatever is asked, the answer is a response and never a failure. */
export const handle =
  (instance: Instance) =>
  (request: EmulatorRequest): Effect.Effect<EmulatorResponse> =>
    Effect.gen(function* () {
      const prepared = instance.state.prepared.shift()
      if (prepared !== undefined) return prepared
      const traceId = yield* Ids.hex(4)
      const headers = { "content-type": "application/json", "clerk-trace-id": traceId }
      return yield* Effect.match(answer(instance, request), {
        onSuccess: (json) => ({ status: 200, headers, body: JSON.stringify(json) }),
        onFailure: ({ code, longMessage, message, meta, status }) => ({
          status,
          headers,
          body: JSON.stringify({
            errors: [{ message, long_message: longMessage, code, meta: meta ?? {} }],
            clerk_trace_id: traceId
          })
        })
      })
    })
