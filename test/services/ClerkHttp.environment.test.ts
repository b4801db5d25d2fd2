import { describe, expect, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { ClerkHttp, type Session, Sessions } from "effect-clerk"
import { afterEach, vi } from "vitest"
import { defectOf } from "../support/exits.js"
import { json, loopback } from "../support/loopback.js"
import * as wire from "../support/wire.js"

/** The operation as an effect without requirements, as `Effect.runPromise` sees it. */
const get: Effect.Effect<Session, Sessions.GetError> = Sessions.get("sess_1")

/** Runs without any services, not even those of a test. */
const runBare = <A, E>(self: Effect.Effect<A, E>) => Effect.promise(() => Effect.runPromiseExit(self))

/** A provider of these variables, which counts how often it is read. */
const countingProvider = (variables: ReadonlyMap<string, string>) => {
  const inner = ConfigProvider.fromMap(new Map(variables))
  const counted = { reads: 0 }
  const provider = ConfigProvider.make({
    load: (config) => {
      counted.reads++
      return inner.load(config)
    },
    flattened: inner.flattened
  })
  return { provider, counted }
}

describe("an operation that is run bare", () => {
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  it.scopedLive("reads its client from the environment of the process, when a key is set", () =>
    Effect.gen(function* () {
      const server = yield* loopback(json(wire.session))
      vi.stubEnv("CLERK_API_URL", server.url)
      vi.stubEnv("CLERK_SECRET_KEY", undefined)
      const defect = defectOf(yield* runBare(Sessions.get("sess_1")))
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

  it.scopedLive("caches its client for each ConfigProvider", () =>
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
      yield* runBare(Effect.withConfigProvider(get, first.provider))
      const readOnce = first.counted.reads
      expect(readOnce).toBeGreaterThan(0)
      yield* runBare(Effect.withConfigProvider(get, first.provider))
      expect(first.counted.reads).toBe(readOnce)
      yield* runBare(Effect.withConfigProvider(get, second.provider))
      expect(second.counted.reads).toBe(readOnce)
      expect(server.received.map(({ headers }) => headers["authorization"])).toEqual([
        "Bearer sk_test_first",
        "Bearer sk_test_first",
        "Bearer sk_test_second"
      ])
    })
  )

  it.scopedLive("builds one client for calls that start together", () =>
    Effect.gen(function* () {
      const server = yield* loopback(json(wire.session))
      const { provider } = countingProvider(
        new Map([
          ["CLERK_SECRET_KEY", "sk_test_together"],
          ["CLERK_API_URL", server.url]
        ])
      )
      const run = runBare(Effect.withConfigProvider(get, provider))
      const exits = yield* Effect.all([run, run, run, run, run], { concurrency: "unbounded" })
      expect(exits.every(Exit.isSuccess)).toBe(true)
      expect(server.received).toHaveLength(5)
    })
  )

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

  it.live.each(broken)("dies of %s with a message that names the variable", ([, variables, message]) =>
    Effect.gen(function* () {
      const { provider } = countingProvider(new Map(variables))
      const exit = yield* runBare(Effect.withConfigProvider(get, provider))
      const defect = defectOf(exit)
      expect(defect).toMatchObject({ _tag: "ClerkConfigError" })
      expect(String(defect)).toContain(message)
    })
  )

  it.live("rejects its input before it reads the environment", () =>
    Effect.gen(function* () {
      const { provider, counted } = countingProvider(new Map())
      const hostile: Effect.Effect<Session, Sessions.GetError> = Sessions.get("../users")
      const exit = yield* runBare(Effect.withConfigProvider(Effect.flip(hostile), provider))
      expect(Exit.isSuccess(exit) && exit.value).toMatchObject({ _tag: "ClerkInvalidRequest", field: "id" })
      expect(counted.reads).toBe(0)
    })
  )
})

describe("an operation among services without ClerkHttp", () => {
  class Repo extends Context.Tag("test/Repo")<
    Repo,
    { readonly find: (id: string) => Effect.Effect<unknown, unknown> }
  >() {}

  it.scopedLive("dies and does not use the key of the environment", () =>
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
        Effect.withConfigProvider(provider),
        runBare
      )
      expect(String(defectOf(exit))).toContain("ClerkHttp is not provided")
      expect([counted.reads, server.connections()]).toEqual([0, 0])
    })
  )

  it.scopedLive("uses the provided ClerkHttp, not the environment", () =>
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
        Effect.withConfigProvider(provider),
        runBare
      )
      expect(exit).toEqual(Exit.succeed("ended"))
      expect([counted.reads, server.connections()]).toEqual([0, 0])
    })
  )
})
