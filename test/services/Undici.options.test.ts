import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ClerkConfigError } from "effect-clerk"
import * as Undici from "effect-clerk/Undici"
import { Agent } from "undici"
import { describe, expect, it } from "#test/vitest.js"
import { untyped } from "../support/requests.js"

const build = (options: unknown) =>
  Effect.scoped(Layer.build(Undici.layer(untyped<Undici.UndiciOptions>(options))))

const refused: ReadonlyArray<readonly [message: string, options: unknown]> = [
  ["conections is not an option of undici's Agent; did you mean connections?", { conections: 1 }],
  [
    "keepaliveTimeout is not an option of undici's Agent; did you mean keepAliveTimeout?",
    { connections: 1, keepaliveTimeout: 10_000 }
  ],
  ["retries is not an option of undici's Agent", { retries: 3 }],
  ["*** is not an option of undici's Agent", { sk_live_by_a_slip: 3 }],
  ["connections is rejected by undici: invalid connections", { connections: "32" }],
  ["connections is rejected by undici: invalid connections", { connections: Number.NaN }],
  ["keepAliveTimeout is rejected by undici: invalid keepAliveTimeout", { keepAliveTimeout: 0 }],
  [
    "headersTimeout is rejected by undici: headersTimeout must be a positive integer or zero",
    { connections: 1, headersTimeout: "5 seconds" }
  ],
  ["connect is rejected by undici: connect must be a function or an object", { connect: 5_000 }],
  ["factory is rejected by undici: factory must be a function.", { factory: "pool" }],
  ["keepAlive is rejected by undici: unsupported keepAlive, use pipelining=0 instead", { keepAlive: true }],
  ["options must be an object", null],
  ["options must be an object", 32]
]

describe("Undici.layer", () => {
  for (const [message, options] of refused) {
    it.effect(`fails to build with ${JSON.stringify(options)} and says: ${message}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(build(options))
        expect(error).toBeInstanceOf(ClerkConfigError)
        expect(error.message).toBe(message)
      })
    )
  }

  it.effect("accepts every option that undici's types have", () =>
    Effect.gen(function* () {
      const options: { readonly [K in keyof Agent.Options]-?: Agent.Options[K] } = {
        factory: (origin, given) => new Agent({ ...given, connections: origin === "" ? 1 : 2 }),
        maxOrigins: 3,
        interceptors: { Agent: [], Pool: [], Client: [] },
        connections: 4,
        clientTtl: 60_000,
        maxHeaderSize: 16_384,
        headersTimeout: 5_000,
        socketTimeout: untyped(undefined),
        requestTimeout: untyped(undefined),
        connectTimeout: 5_000,
        bodyTimeout: 5_000,
        idleTimeout: untyped(undefined),
        keepAlive: untyped(undefined),
        keepAliveTimeout: 5_000,
        maxKeepAliveTimeout: untyped(undefined),
        keepAliveMaxTimeout: 60_000,
        keepAliveTimeoutThreshold: 1_000,
        socketPath: untyped(undefined),
        pipelining: 1,
        tls: untyped(undefined),
        strictContentLength: true,
        maxCachedSessions: 10,
        connect: { rejectUnauthorized: true },
        maxRequestsPerClient: 100,
        localAddress: "127.0.0.1",
        maxResponseSize: 1_000_000,
        autoSelectFamily: true,
        autoSelectFamilyAttemptTimeout: 250,
        allowH2: true,
        maxConcurrentStreams: 10,
        initialWindowSize: 65_536,
        connectionWindowSize: 65_536,
        pingInterval: 0,
        webSocket: {},
        eventSource: {}
      }
      yield* build(options)
      yield* build({})
      yield* build(undefined)
    })
  )
})

describe("Undici.proxyAgent", () => {
  const proxyAgent = (options: unknown) =>
    Effect.try({
      try: () => Undici.proxyAgent(untyped(options)),
      catch: (error) => (error instanceof ClerkConfigError ? error.message : error)
    })

  for (const [message, options] of [
    ["connections is rejected by undici: invalid connections", { connections: -1 }],
    ["keepAliveTimeout is rejected by undici: invalid keepAliveTimeout", { keepAliveTimeout: 0 }],
    [
      "httpsProxi is not an option of undici's EnvHttpProxyAgent; did you mean httpsProxy?",
      { httpsProxi: 1 }
    ],
    ["options must be an object", null]
  ] as const) {
    it.effect(`throws a ClerkConfigError for ${JSON.stringify(options)}: ${message}`, () =>
      Effect.gen(function* () {
        expect(yield* Effect.flip(proxyAgent(options))).toBe(message)
      })
    )
  }

  it.effect("accepts the options of a proxy together with those of an Agent", () =>
    Effect.gen(function* () {
      const agent = yield* proxyAgent({
        httpProxy: "http://user:password@proxy.example.com:3128",
        httpsProxy: "https://proxy.example.com:3129",
        noProxy: "example.com",
        token: "Bearer x",
        headers: { "x-team": "a" },
        requestTls: {},
        proxyTls: {},
        proxyTunnel: true,
        connections: 4,
        keepAliveTimeout: 5_000
      })
      yield* Effect.promise(() => agent.close())
    })
  )
})

describe("Undici.make", () => {
  const makeWith = (dispatcher: unknown, options?: unknown) =>
    Effect.try({
      try: () => Undici.make(untyped(dispatcher), untyped(options)),
      catch: (error) => (error instanceof ClerkConfigError ? error.message : error)
    })

  it.effect("throws a ClerkConfigError that names the option or the dispatcher", () =>
    Effect.gen(function* () {
      const agent = new Agent()
      const bytes = "maxResponseBytes must be a whole number of bytes, at least 1"
      for (const [dispatcher, options, message] of [
        [
          agent,
          { maxResponseByte: 1 },
          "maxResponseByte is not an option of Undici.make; did you mean maxResponseBytes?"
        ],
        [agent, { maxResponseBytes: 0 }, bytes],
        [agent, null, "options must be an object"],
        [agent, 8, "options must be an object"],
        [agent, { maxResponseBytes: "8" }, bytes],
        [undefined, {}, "dispatcher must be a Dispatcher of undici, such as an Agent"],
        [{ connections: 1 }, {}, "dispatcher must be a Dispatcher of undici, such as an Agent"]
      ]) {
        expect(yield* Effect.flip(makeWith(dispatcher, options))).toBe(message)
      }
      yield* makeWith(agent)
      yield* makeWith(agent, { maxResponseBytes: undefined })
      yield* Effect.promise(() => agent.close())
    })
  )
})
