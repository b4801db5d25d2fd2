import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { ClerkHttp, type Session, Sessions } from "effect-clerk"
import { afterEach, vi } from "vitest"
import { keysOfEffect } from "#major/context.js"
import { liveClock, makeClock, partsOf, withClock } from "#test/clock.js"
import { variables, withConfigProvider } from "#test/config.js"
import { settingKeys, Tag } from "#test/context.js"
import { withSeed } from "#test/random.js"
import { tracerOf } from "#test/tracer.js"
import { describe, expect, it } from "#test/vitest.js"
import { defectOf } from "../support/exits.js"
import { json, loopback } from "../support/loopback.js"
import * as wire from "../support/wire.js"

/** The operation as an effect without requirements, as `Effect.runPromise` sees it. */
const get: Effect.Effect<Session, Sessions.GetError> = Sessions.get("sess_1")

/** Runs without any services, not even those of a test. */
const runBare = <A, E>(self: Effect.Effect<A, E>) => Effect.promise(() => Effect.runPromiseExit(self))

const silent = tracerOf(() => ({
  spanId: "span",
  attributes: new Map(),
  attribute: () => {},
  event: () => {},
  end: () => {}
}))

/** A provider of these variables, which counts how often it is read. */
const countingProvider = (values: ReadonlyMap<string, string>) => {
  const counted = { reads: 0 }
  const provider = variables(Object.fromEntries(values), () => {
    counted.reads++
  })
  return { provider, counted }
}

describe("an operation that is run bare", () => {
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  it.live("reads its client from the environment of the process, when a key is set", () =>
    Effect.gen(function* () {
      const server = yield* loopback(json(wire.session))
      vi.stubEnv("CLERK_API_URL", server.url)
      // Effect 4 reads the environment of the process once, so it must not read it before the key is set.
      const withoutKey = withConfigProvider(variables({ CLERK_API_URL: server.url }))
      const defect = defectOf(yield* runBare(withoutKey(get)))
      expect(defect).toMatchObject({ _tag: "ClerkConfigError", variable: "CLERK_SECRET_KEY" })
      expect(String(defect)).toContain("CLERK_SECRET_KEY (secretKey) is missing")
      expect(server.connections()).toBe(0)

      vi.stubEnv("CLERK_SECRET_KEY", "sk_test_from_the_environment")
      expect(yield* runBare(Effect.map(get, ({ id }) => id))).toEqual(Exit.succeed("sess_1"))
      const [request] = server.received
      expect(`${request?.method} ${request?.url}`).toBe("GET /v1/sessions/sess_1")
      expect(request?.headers["authorization"]).toBe("Bearer sk_test_from_the_environment")
      expect(request?.headers["clerk-api-version"]).toBe("2026-05-12")

      // The client is cached, so a later change of the environment has no effect.
      vi.stubEnv("CLERK_SECRET_KEY", "sk_test_another")
      vi.stubEnv("CLERK_API_URL", "http://127.0.0.1:1")
      yield* runBare(Sessions.get("sess_1"))
      expect(server.received.map(({ headers }) => headers["authorization"])).toEqual([
        "Bearer sk_test_from_the_environment",
        "Bearer sk_test_from_the_environment"
      ])
    })
  )

  it.live("caches its client for each ConfigProvider", () =>
    Effect.gen(function* () {
      const server = yield* loopback(json(wire.session))
      const of = (key: string) =>
        countingProvider(
          new Map([
            ["CLERK_SECRET_KEY", key],
            ["CLERK_API_URL", server.url]
          ])
        )
      const first = of("sk_test_first")
      const second = of("sk_test_second")
      yield* runBare(withConfigProvider(first.provider)(get))
      const readOnce = first.counted.reads
      expect(readOnce).toBeGreaterThan(0)
      yield* runBare(withConfigProvider(first.provider)(get))
      expect(first.counted.reads).toBe(readOnce)
      yield* runBare(withConfigProvider(second.provider)(get))
      expect(second.counted.reads).toBe(readOnce)
      expect(server.received.map(({ headers }) => headers["authorization"])).toEqual([
        "Bearer sk_test_first",
        "Bearer sk_test_first",
        "Bearer sk_test_second"
      ])
    })
  )

  it.live("builds one client for calls that start together", () =>
    Effect.gen(function* () {
      const server = yield* loopback(json(wire.session))
      const { provider } = countingProvider(
        new Map([
          ["CLERK_SECRET_KEY", "sk_test_together"],
          ["CLERK_API_URL", server.url]
        ])
      )
      const run = runBare(withConfigProvider(provider)(get))
      const exits = yield* Effect.all([run, run, run, run, run], { concurrency: "unbounded" })
      expect(exits.every(Exit.isSuccess)).toBe(true)
      expect(server.received).toHaveLength(5)
    })
  )

  const around: ReadonlyArray<readonly [string, <A, E>(self: Effect.Effect<A, E>) => Effect.Effect<A, E>]> = [
    ["a scope", Effect.scoped],
    ["a span", Effect.withSpan("own")],
    ["a span in a scope", (self) => Effect.scoped(Effect.withSpan(self, "own"))],
    ["an empty layer", Effect.provide(Layer.empty)],
    ["a managed runtime", (self) => Effect.promise(() => ManagedRuntime.make(Layer.empty).runPromise(self))],
    ["another clock", withClock(makeClock(partsOf(liveClock)))],
    ["a seed", withSeed("own")],
    ["a tracer", Effect.withTracer(silent)],
    ["annotations of the log", Effect.annotateLogs("own", 1)]
  ]

  it.live.each(around)("takes its client from the environment inside %s", ([, surround]) =>
    Effect.gen(function* () {
      const server = yield* loopback(json(wire.session))
      const provider = variables({ CLERK_SECRET_KEY: "sk_test_inside", CLERK_API_URL: server.url })
      const exit = yield* runBare(surround(withConfigProvider(provider)(Effect.map(get, ({ id }) => id))))
      expect(exit).toEqual(Exit.succeed("sess_1"))
    })
  )

  it.runIf(settingKeys.length > 0)("knows all settings of Effect that a context can hold", () => {
    expect(settingKeys.filter((key) => !keysOfEffect.has(key))).toEqual([])
    expect(settingKeys).toContain("effect/Clock")
  })

  const broken: ReadonlyArray<readonly [string, ReadonlyArray<readonly [string, string]>, string]> = [
    ["no key", [], "CLERK_SECRET_KEY (secretKey) is missing"],
    ["an empty key", [["CLERK_SECRET_KEY", ""]], "CLERK_SECRET_KEY (secretKey) is missing or empty"],
    [
      "a publishable key",
      [["CLERK_SECRET_KEY", "pk_test_x"]],
      "CLERK_SECRET_KEY (secretKey) is a publishable key"
    ],
    [
      "an invalid URL",
      [
        ["CLERK_SECRET_KEY", "sk_test_x"],
        ["CLERK_API_URL", "api.clerk.com"]
      ],
      "CLERK_API_URL (apiUrl) must be an absolute https URL"
    ]
  ]

  it.live.each(broken)("dies of %s with a message that names the variable", ([, values, message]) =>
    Effect.gen(function* () {
      const { provider } = countingProvider(new Map(values))
      const exit = yield* runBare(withConfigProvider(provider)(get))
      const defect = defectOf(exit)
      expect(defect).toMatchObject({ _tag: "ClerkConfigError" })
      expect(String(defect)).toContain(message)
    })
  )

  it.live("rejects its input before it reads the environment", () =>
    Effect.gen(function* () {
      const { provider, counted } = countingProvider(new Map())
      const hostile: Effect.Effect<Session, Sessions.GetError> = Sessions.get("../users")
      const exit = yield* runBare(withConfigProvider(provider)(Effect.flip(hostile)))
      expect(Exit.isSuccess(exit) && exit.value).toMatchObject({ _tag: "ClerkInvalidRequest", field: "id" })
      expect(counted.reads).toBe(0)
    })
  )
})

describe("an operation among services without ClerkHttp", () => {
  class Repo extends Tag("test/Repo")<
    Repo,
    { readonly find: (id: string) => Effect.Effect<unknown, unknown> }
  >() {}

  it.live("dies and does not use the key of the environment", () =>
    Effect.gen(function* () {
      const server = yield* loopback(json(wire.session))
      const { provider, counted } = countingProvider(
        new Map([
          ["CLERK_SECRET_KEY", "sk_test_of_somebody"],
          ["CLERK_API_URL", server.url]
        ])
      )
      // Compiles, because a bare operation has no requirements. This mistake must not use the environment.
      const layer = Layer.succeed(Repo, { find: Sessions.get })
      const exit = yield* Effect.flatMap(Repo, ({ find }) => find("sess_1")).pipe(
        Effect.provide(layer),
        withConfigProvider(provider),
        runBare
      )
      expect(String(defectOf(exit))).toContain("ClerkHttp is not provided")
      expect([counted.reads, server.connections()]).toEqual([0, 0])
    })
  )

  it.live("uses the provided ClerkHttp, not the environment", () =>
    Effect.gen(function* () {
      const server = yield* loopback(json(wire.session))
      const { provider, counted } = countingProvider(
        new Map([
          ["CLERK_SECRET_KEY", "sk_test_of_somebody"],
          ["CLERK_API_URL", server.url]
        ])
      )
      const exit = yield* Sessions.get("sess_1").pipe(
        Effect.map(({ status }) => status),
        Effect.provideService(ClerkHttp, {
          execute: () =>
            Effect.succeed({
              status: 200,
              headers: {},
              body: JSON.stringify(wire.sessionWith({ status: "ended" }))
            })
        }),
        withConfigProvider(provider),
        runBare
      )
      expect(exit).toEqual(Exit.succeed("ended"))
      expect([counted.reads, server.connections()]).toEqual([0, 0])
    })
  )
})
