import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, type ClerkHttpOptions, RequestHooks, RequestPolicy, Sessions } from "effect-clerk"
import { fork } from "#test/fiber.js"
import { replaceLogger, simpleLogger } from "#test/logger.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { canaries, refresh } from "../support/canaries.js"
import { told } from "../support/clientLayers.js"
import { errorOf, interrupted } from "../support/exits.js"
import { jsonResponse, recordingFetch } from "../support/recordingFetch.js"
import { untyped } from "../support/requests.js"
import { session, sessionWith } from "../support/wire.js"

const ok = () => jsonResponse(session, 200, { "clerk-trace-id": "trace_1" })

type Respond = () => Response | Promise<Response>

/** A client over a `fetch` that responds in turn, the last one again and again, and the events of its hooks. */
const client = (
  responds: ReadonlyArray<Respond>,
  { onRequest, onResponse, ...more }: Partial<ClerkHttpOptions> & RequestHooks.Options = {}
) => {
  const events: Array<object> = []
  let turn = 0
  const { calls, layer } = recordingFetch(() => {
    const respond = responds[Math.min(turn++, responds.length - 1)]
    return respond === undefined ? Response.error() : respond()
  })
  const record = (hook: string) => (event: RequestHooks.RequestEvent | RequestHooks.ResponseEvent) =>
    Effect.sync(() => {
      if (!("duration" in event)) events.push({ hook, ...event })
      else {
        const { duration, ...others } = event
        events.push({ hook, ...others, millis: Duration.toMillis(duration) })
      }
    })
  const http = ClerkHttp.layerFetch({ secretKey: Redacted.make("sk_test_a2V5"), ...more })
  const hooks = RequestHooks.layer({
    onRequest: onRequest ?? record("onRequest"),
    onResponse: onResponse ?? record("onResponse")
  })
  return { calls, events, layer: Layer.merge(Layer.provide(hooks, http), layer) }
}

const get = Sessions.get(session.id)

const facts = { operation: "Sessions.get", method: "GET", path: "/sessions/{id}" }

describe("the hooks of a client", () => {
  it.live("run before and after each attempt, with the status or the failure", () =>
    Effect.gen(function* () {
      const { events, layer } = client([
        () => jsonResponse({ errors: [] }, 503),
        () => Promise.reject(new TypeError("fetch failed")),
        ok
      ])
      yield* get.pipe(RequestPolicy.retry({ maxAttempts: 3 }), Effect.provide(layer), Effect.ignore)
      const millis = expect.any(Number)
      expect(events.slice(0, 4)).toEqual([
        { hook: "onRequest", ...facts, attempt: 1 },
        { hook: "onResponse", ...facts, attempt: 1, status: 503, millis },
        { hook: "onRequest", ...facts, attempt: 2 },
        { hook: "onResponse", ...facts, attempt: 2, failure: "ClerkTransportError", millis }
      ])
    })
  )

  it.effect("state the trace id, and how long the attempt took without the hooks", () =>
    Effect.gen(function* () {
      const wait = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))
      const { events, layer } = client([() => wait(5).then(ok)])
      yield* Effect.provide(get, layer)
      expect(events[1]).toMatchObject({ status: 200, traceId: "trace_1", millis: 0 })
    })
  )

  it.effect("see an attempt that took too long", () =>
    Effect.gen(function* () {
      const { events, layer } = client([() => new Promise(() => {})], { policy: { timeout: "3 seconds" } })
      const fiber = yield* fork(Effect.provide(Effect.flip(get), layer))
      yield* TestClock.adjust("3 seconds")
      expect(yield* Fiber.join(fiber)).toMatchObject({ _tag: "ClerkTimeout", phase: "attempt" })
      expect(events[1]).toMatchObject({ failure: "ClerkTimeout", millis: 3000 })
    })
  )

  it.effect("see an attempt whose body cannot be read as one with a status", () =>
    Effect.gen(function* () {
      const { events, layer } = client([() => new Response("<html>", { status: 200 })])
      yield* Effect.provide(Effect.flip(get), layer)
      expect(events[1]).toMatchObject({ hook: "onResponse", status: 200 })
    })
  )

  it.effect("see no input of the call and no secret", () =>
    Effect.gen(function* () {
      const { events, layer } = client([() => jsonResponse({ errors: [] }, 422)])
      yield* Effect.provide(Effect.ignore(refresh), layer)
      const text = JSON.stringify(events)
      expect(events).toHaveLength(2)
      for (const secret of ["sess_1", "sk_test", ...Object.values(canaries)])
        expect(text).not.toContain(secret)
      expect(new Set(events.flatMap(Object.keys))).toEqual(
        new Set(["hook", "operation", "method", "path", "attempt", "status", "millis"])
      )
    })
  )

  it.effect("that die change nothing, and are logged", () =>
    Effect.gen(function* () {
      const defects: ReadonlyArray<() => Effect.Effect<void>> = [
        () => Effect.die(new Error("a bug")),
        () => {
          throw new Error("a bug")
        },
        () => untyped(Effect.fail("a bug")),
        () => untyped("a bug")
      ]
      for (const hook of defects) {
        const lines: Array<string> = []
        const { layer } = client([ok], { onRequest: hook, onResponse: hook })
        const { id } = yield* get.pipe(
          Effect.provide(layer),
          Effect.provide(replaceLogger(simpleLogger((line) => lines.push(line))))
        )
        expect(id).toBe(session.id)
        expect(lines.join("\n")).toMatch(
          /onRequest of RequestHooks failed[\s\S]*onResponse of RequestHooks failed/
        )
      }
    })
  )

  it.effect("that do not end take no more than the deadline of the call", () =>
    Effect.gen(function* () {
      const outcomes: Array<string> = []
      for (const name of ["onRequest", "onResponse"]) {
        const reached = yield* Deferred.make<void>()
        const hang = () => Effect.andThen(Deferred.succeed(reached, undefined), Effect.never)
        const { calls, layer } = client([ok], { policy: { deadline: "5 seconds" }, [name]: hang })
        const fiber = yield* fork(Effect.provide(Effect.exit(get), layer))
        yield* Deferred.await(reached)
        yield* TestClock.adjust("6 seconds")
        const exit = yield* Fiber.join(fiber)
        outcomes.push(Exit.isSuccess(exit) ? "success" : (errorOf(exit)?._tag ?? ""), String(calls.length))
      }
      expect(outcomes).toEqual(["ClerkTimeout", "0", "success", "1"])
    })
  )

  it.effect("do not run after an interruption", () =>
    Effect.gen(function* () {
      const { calls, events, layer } = client([() => new Promise(() => {})])
      const fiber = yield* fork(Effect.provide(get, layer))
      while (calls.length === 0) yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 1)))
      yield* interrupted(fiber)
      expect(events).toEqual([{ hook: "onRequest", ...facts, attempt: 1 }])
    })
  )

  it.live("leave out the request that confirms a revocation, which is no attempt", () =>
    Effect.gen(function* () {
      const { calls, events, layer } = client(
        [
          () => jsonResponse({ errors: [] }, 503),
          () => jsonResponse({ errors: [] }, 404),
          () => jsonResponse(sessionWith({ status: "revoked" }))
        ],
        { policy: { maxAttempts: 2 } }
      )
      yield* Effect.provide(Effect.exit(Sessions.revoke(session.id)), layer)
      expect(calls.map(({ method }) => method)).toEqual(["POST", "POST", "GET"])
      expect(events).toHaveLength(4)
    })
  )

  const execute = () => Effect.succeed({ status: 200, headers: {}, body: JSON.stringify(session) })

  it.effect("are checked when the layer is built", () =>
    Effect.gen(function* () {
      for (const name of ["onRequest", "onResponse"]) {
        const hooks = RequestHooks.layer(untyped({ [name]: Effect.void }))
        expect(yield* told(Layer.provide(hooks, Layer.mock(ClerkHttp, { execute })))).toBe(
          `${name} must be a function that returns an effect`
        )
      }
      const hooks = RequestHooks.layer(untyped({ onReqest: () => Effect.void }))
      expect(yield* told(Layer.provide(hooks, Layer.mock(ClerkHttp, { execute })))).toBe(
        "onReqest is not an option of RequestHooks.layer; did you mean onRequest?"
      )
    })
  )

  it.effect("work with any service, of which they read own members only", () =>
    Effect.gen(function* () {
      for (const http of [Layer.succeed(ClerkHttp, { execute }), Layer.mock(ClerkHttp, { execute })]) {
        const seen: Array<number | undefined> = []
        const hooks = RequestHooks.layer({
          onResponse: ({ status }) => Effect.sync(() => void seen.push(status))
        })
        yield* Effect.provide(get, Layer.provide(hooks, http))
        expect(seen).toEqual([200])
      }
    })
  )

  it.effect("of several layers all run, the first nearest to the request", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const hooks = (name: string) =>
        RequestHooks.layer({
          onRequest: () => Effect.sync(() => void seen.push(`${name} before`)),
          onResponse: () => Effect.sync(() => void seen.push(`${name} after`))
        })
      const layer = Layer.succeed(ClerkHttp, { execute }).pipe(
        (http) => Layer.provide(hooks("first"), http),
        (http) => Layer.provide(hooks("second"), http)
      )
      yield* Effect.provide(get, layer)
      expect(seen).toEqual(["second before", "first before", "first after", "second after"])
    })
  )
})
