import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import {
  ClerkDecodeError,
  ClerkHttp,
  type ClerkRequest,
  ClerkTransportError,
  type RequestPolicy,
  Sessions
} from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { Tag } from "#test/context.js"
import { fork } from "#test/fiber.js"
import {
  FetchHttpClient,
  HttpClient,
  type HttpClientRequest,
  HttpClientResponse,
  transportError
} from "#test/http.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { defectOf } from "../support/exits.js"
import { json, loopback } from "../support/loopback.js"
import * as wire from "../support/wire.js"

const secretKey = Redacted.make("sk_test_swap")

const sessionResponse = () => Response.json(wire.session)

describe("a hand-written ClerkHttp", () => {
  const answered = (requests: Array<ClerkRequest>) =>
    Layer.succeed(ClerkHttp, {
      execute: (request) => {
        requests.push(request)
        return Effect.succeed(ClerkTest.json(200, wire.session))
      }
    })

  it.effect("is enough for an operation, and receives the request as a plain value", () =>
    Effect.gen(function* () {
      const requests: Array<ClerkRequest> = []
      const { id } = yield* Effect.provide(Sessions.get("sess_1"), answered(requests))
      expect(id).toBe("sess_1")
      expect(requests).toStrictEqual([
        { operation: "Sessions.get", method: "GET", path: ["sessions", "sess_1"] }
      ])
    })
  )

  it.effect("receives plain ids, and the query, body and version of the call", () =>
    Effect.gen(function* () {
      const requests: Array<ClerkRequest> = []
      yield* Effect.all([
        Sessions.create({ userId: "user_1" }),
        Sessions.verify("sess_1", { token: Redacted.make(wire.token.jwt) })
      ]).pipe(Effect.provide(answered(requests)))
      expect(requests).toStrictEqual([
        { operation: "Sessions.create", method: "POST", path: ["sessions"], body: { user_id: "user_1" } },
        {
          operation: "Sessions.verify",
          method: "POST",
          path: ["sessions", "sess_1", "verify"],
          body: { token: wire.token.jwt },
          apiVersion: "2025-03-12"
        }
      ])
    })
  )

  it.effect("may fail with errors without call details, which the pipeline adds", () =>
    Effect.gen(function* () {
      const failing = (error: ClerkTransportError | ClerkDecodeError) =>
        Sessions.get("sess_1").pipe(
          Effect.flip,
          Effect.provideService(ClerkHttp, { execute: () => Effect.fail(error) })
        )
      const call = { operation: "Sessions.get", method: "GET", path: "/sessions/{id}", attempts: 1 }
      expect(yield* failing(new ClerkTransportError({ reason: "reset", sent: "maybe" }))).toMatchObject({
        ...call,
        _tag: "ClerkTransportError",
        reason: "reset",
        retryable: true
      })
      expect(yield* failing(new ClerkDecodeError({ reason: "utf8" }))).toMatchObject({
        ...call,
        _tag: "ClerkDecodeError",
        reason: "utf8",
        retryable: false
      })
    })
  )

  it.effect("that dies is a defect, and is called once", () =>
    Effect.gen(function* () {
      let asked = 0
      const broken = new Error("broken double")
      const exit = yield* Sessions.get("sess_1").pipe(
        Effect.provideService(ClerkHttp, {
          policy: { maxAttempts: 3 },
          execute: () => {
            asked++
            return Effect.die(broken)
          }
        }),
        Effect.exit
      )
      expect(exit).toEqual(Exit.die(broken))
      expect(asked).toBe(1)
    })
  )
})

describe("ClerkTest", () => {
  it.effect("keeps the requests in order, and starts empty when it is built again", () =>
    Effect.gen(function* () {
      const layer = ClerkTest.layer(() => ClerkTest.json(200, wire.session))
      const paths = Effect.gen(function* () {
        yield* Sessions.get("sess_1")
        yield* Sessions.revoke("sess_1")
        return (yield* ClerkTest.requests).map(({ path }) => path.join("/"))
      })
      const expected = ["sessions/sess_1", "sessions/sess_1/revoke"]
      expect(yield* Effect.provide(paths, layer)).toEqual(expected)
      expect(yield* Effect.provide(paths, layer)).toEqual(expected)
    })
  )
})

describe("a custom HttpClient, under ClerkHttp.layer,", () => {
  const over = (client: HttpClient.HttpClient, policy: RequestPolicy.Settings = {}) =>
    ClerkHttp.layer({ secretKey, policy }).pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, client)))

  it.effect("receives the whole request and returns the response", () =>
    Effect.gen(function* () {
      const requests: Array<HttpClientRequest.HttpClientRequest> = []
      const client = HttpClient.make((request) => {
        requests.push(request)
        return Effect.succeed(HttpClientResponse.fromWeb(request, sessionResponse()))
      })
      const { id } = yield* Effect.provide(Sessions.get("sess_1"), over(client))
      expect(id).toBe("sess_1")
      expect(requests.map(({ method, url, headers }) => ({ method, url, headers: { ...headers } }))).toEqual([
        {
          method: "GET",
          url: "https://api.clerk.com/v1/sessions/sess_1",
          headers: {
            accept: "application/json",
            authorization: "Bearer sk_test_swap",
            "clerk-api-version": "2026-05-12",
            "user-agent": expect.stringMatching(/^effect-clerk\/\d/)
          }
        }
      ])
    })
  )

  it.effect("is retried by the client's policy", () =>
    Effect.gen(function* () {
      let asked = 0
      const client = HttpClient.make((request) =>
        Effect.suspend(() =>
          ++asked < 3
            ? Effect.fail(transportError(request, Object.assign(new Error("no"), { code: "ECONNREFUSED" })))
            : Effect.succeed(HttpClientResponse.fromWeb(request, sessionResponse()))
        )
      )
      const fiber = yield* fork(Effect.provide(Sessions.get("sess_1"), over(client, { maxAttempts: 3 })))
      yield* TestClock.adjust("1 minute")
      const { id } = yield* Fiber.join(fiber)
      expect([id, asked]).toEqual(["sess_1", 3])
    })
  )

  it.effect("that dies is a defect", () =>
    Effect.gen(function* () {
      const client = HttpClient.make(() => Effect.die("broken client"))
      const exit = yield* Effect.exit(
        Effect.provide(Sessions.get("sess_1"), over(client, { maxAttempts: 3 }))
      )
      expect(defectOf(exit)).toBe("broken client")
    })
  )
})

describe("a custom fetch", () => {
  const recording = () => {
    const urls: Array<string> = []
    const fetch: typeof globalThis.fetch = (input) => {
      urls.push(String(input))
      return Promise.resolve(sessionResponse())
    }
    return { urls, fetch }
  }
  const url = "https://api.clerk.com/v1/sessions/sess_1"

  it.effect("is used when it is provided around the program", () =>
    Effect.gen(function* () {
      const { urls, fetch } = recording()
      const { id } = yield* Sessions.get("sess_1").pipe(
        Effect.provide(ClerkHttp.layerFetch({ secretKey })),
        Effect.provideService(FetchHttpClient.Fetch, fetch)
      )
      expect([id, urls]).toEqual(["sess_1", [url]])
    })
  )

  it.effect("is used when it is provided to the layer", () =>
    Effect.gen(function* () {
      const { urls, fetch } = recording()
      const layer = ClerkHttp.layerFetch({ secretKey }).pipe(
        Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch))
      )
      const { id } = yield* Effect.provide(Sessions.get("sess_1"), layer)
      expect([id, urls]).toEqual(["sess_1", [url]])
    })
  )

  const giving = (status: number, body: string | null, announced: number, headers = {}) => {
    const fetch: typeof globalThis.fetch = async () =>
      new Response(body, {
        status,
        headers: { "content-type": "application/json", "content-length": String(announced), ...headers }
      })
    return Effect.provideService(FetchHttpClient.Fetch, fetch)
  }
  const layers = [
    ["layerFetch", ClerkHttp.layerFetch({ secretKey, policy: { maxAttempts: 1 } })],
    [
      "layer over the platform's client",
      ClerkHttp.layer({ secretKey, policy: { maxAttempts: 1 } }).pipe(Layer.provide(FetchHttpClient.layer))
    ]
  ] as const
  const whole = JSON.stringify(wire.session)

  it.live.each(layers)("that returns less than announced is an incomplete response, under %s", ([, layer]) =>
    Effect.gen(function* () {
      const get = Effect.provide(Sessions.get("sess_1"), layer)
      const truncated = {
        _tag: "ClerkTransportError",
        reason: "incomplete-body",
        sent: "maybe",
        retryable: true
      }
      for (const [status, body] of [
        [200, whole.slice(0, 20)],
        [200, whole],
        [200, ""],
        [404, "{"]
      ] as const) {
        expect(yield* Effect.flip(giving(status, body, whole.length + 1)(get))).toMatchObject(truncated)
      }
      expect(yield* giving(200, whole, whole.length)(get)).toMatchObject({ id: "sess_1" })
    })
  )

  it.live.each(layers)("may announce a length for an empty or compressed body, under %s", ([, layer]) =>
    Effect.gen(function* () {
      const get = Effect.provide(Sessions.get("sess_1"), layer)
      for (const status of [204, 304]) {
        expect(yield* Effect.flip(giving(status, null, 500)(get))).toMatchObject({
          _tag: "ClerkUnexpectedStatus",
          status
        })
      }
      // The platform has decompressed the body and kept the header, as platforms do.
      const compressed = giving(200, whole, 5_000, { "content-encoding": "gzip" })
      expect(yield* compressed(get)).toMatchObject({ id: "sess_1" })
    })
  )

  it.live("that returns no Response is a defect at once, not an endless call", () =>
    Effect.gen(function* () {
      // The value of an incomplete mock. The cast replaces a caller without types.
      const hasty = (async () => ({ ok: true, json: async () => wire.session })) as unknown as typeof fetch
      const exit = yield* Sessions.get("sess_1").pipe(
        Effect.provide(ClerkHttp.layerFetch({ secretKey, policy: { maxAttempts: 1 } })),
        Effect.provideService(FetchHttpClient.Fetch, hasty),
        Effect.timeout("2 seconds"),
        Effect.exit
      )
      expect(defectOf(exit)).toBeInstanceOf(Error)
    })
  )
})

describe("the caller's RequestInit", () => {
  it.live("cannot turn redirects on, at any place", () =>
    Effect.gen(function* () {
      const other = yield* loopback(json(wire.session))
      const server = yield* loopback((response) => {
        response.writeHead(307, { location: `${other.url}/v1/sessions/sess_1/tokens` })
        response.end()
      })
      const follow = { redirect: "follow" } as const
      const layer = ClerkHttp.layerFetch({ secretKey, apiUrl: server.url })
      const run = Effect.flip(Sessions.createToken("sess_1", { expiresIn: "1 minute" }))
      const errors = yield* Effect.all([
        run.pipe(Effect.provide(layer), Effect.provideService(FetchHttpClient.RequestInit, follow)),
        run.pipe(Effect.provideService(FetchHttpClient.RequestInit, follow), Effect.provide(layer)),
        Effect.provide(run, Layer.provide(layer, Layer.succeed(FetchHttpClient.RequestInit, follow)))
      ])
      for (const error of errors) expect(error).toMatchObject({ _tag: "ClerkUnexpectedStatus", status: 307 })
      expect(server.received).toHaveLength(3)
      expect(other.connections()).toBe(0)
    })
  )

  it.live("is followed by the platform's client, so the test above prevents a real effect", () =>
    Effect.gen(function* () {
      const other = yield* loopback(json(wire.session))
      const server = yield* loopback((response) => {
        response.writeHead(307, { location: other.url })
        response.end()
      })
      yield* HttpClient.get(server.url).pipe(
        Effect.scoped,
        Effect.provide(FetchHttpClient.layer),
        Effect.provideService(FetchHttpClient.RequestInit, { redirect: "follow" })
      )
      expect(other.received).toHaveLength(1)
    })
  )
})

describe("a service whose methods call Clerk", () => {
  class Devices extends Tag("test/Devices")<
    Devices,
    { readonly find: (id: string) => Effect.Effect<string, unknown> }
  >() {
    static readonly layer = Layer.effect(
      Devices,
      Effect.gen(function* () {
        const http = yield* ClerkHttp
        return {
          find: (id: string) =>
            Sessions.get(id).pipe(
              Effect.map(({ status }) => status),
              Effect.provideService(ClerkHttp, http)
            )
        }
      })
    )
  }

  it.effect("captures its ClerkHttp once and works without a provided one", () =>
    Effect.gen(function* () {
      const status = yield* Effect.flatMap(Devices, ({ find }) => find("sess_1")).pipe(
        Effect.provide(
          Layer.provide(
            Devices.layer,
            ClerkTest.layer(() => ClerkTest.json(200, wire.session))
          )
        )
      )
      expect(status).toBe("active")
    })
  )
})
