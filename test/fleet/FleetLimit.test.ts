import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import {
  ClerkHttp,
  type ClerkHttpService,
  type ClerkResponse,
  Operation,
  RequestPolicy,
  Sessions
} from "effect-clerk"
import { FleetLimit } from "effect-clerk/fleet"
import { ClerkTest } from "effect-clerk/testing"
import * as RateLimiter from "#major/rateLimiter.js"
import { fork } from "#test/fiber.js"
import { snapshot } from "#test/metrics.js"
import { storeFailure } from "#test/rateLimiter.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import * as wire from "../support/wire.js"

const session = ClerkTest.json(200, wire.session)
const get = Sessions.get("sess_1")

/** The times of the requests that Clerk received. */
interface Received {
  readonly times: Array<number>
}

const policy: RequestPolicy.Settings = { maxAttempts: 3, deadline: "10 minutes" }

/** A process of the fleet: a client with its own limit, over a store that others share. */
const processOf = (
  store: Layer.Layer<RateLimiter.RateLimiterStore>,
  { times }: Received,
  options: FleetLimit.Options = { limit: 1_000 },
  respond: () => ClerkResponse = () => session,
  latency: number = 0
) =>
  Effect.gen(function* () {
    const execute: ClerkHttpService["execute"] = () =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        times.push(now)
        const response = Effect.succeed(respond())
        return latency === 0 ? response : Effect.delay(response, latency)
      })
    const http = Layer.succeed(ClerkHttp, { execute, policy })
    return yield* Effect.provide(
      ClerkHttp,
      FleetLimit.layer(options).pipe(Layer.provide(Layer.merge(http, store)))
    )
  })

/** A store that all processes of a test share. */
const sharedStore = Effect.map(
  Effect.provide(RateLimiter.RateLimiterStore, RateLimiter.layerStoreMemory),
  (store) => Layer.succeed(RateLimiter.RateLimiterStore, store)
)

const times = (count: number) => Array.from({ length: count }, (_, index) => index)

/** The most requests in any window of 10 seconds, which includes its start and not its end. */
const mostInWindow = (received: ReadonlyArray<number>): number => {
  const sorted = [...received].sort((one, other) => one - other)
  let first = 0
  return sorted.reduce((most, time, index) => {
    while (time - (sorted[first] ?? time) >= 10_000) first++
    return Math.max(most, index - first + 1)
  }, 0)
}

const callsOf = (http: ClerkHttpService, count: number, call: typeof get = get) =>
  Effect.forEach(times(count), () => Effect.provideService(call, ClerkHttp, http), {
    concurrency: "unbounded",
    discard: true
  })

const bulk = (http: ClerkHttpService, count: number) =>
  Effect.forEach(
    times(count),
    () => Effect.provideService(RequestPolicy.priority("bulk")(get), ClerkHttp, http),
    {
      concurrency: 32,
      discard: true
    }
  )

describe("a limit for a fleet", () => {
  for (const [name, run] of [
    ["interactive", callsOf],
    ["bulk", bulk]
  ] as const) {
    it.effect(`keeps four processes with ${name} calls together below the limit, and close to it`, () =>
      Effect.gen(function* () {
        const store = yield* sharedStore
        const received: Received = { times: [] }
        const processes = yield* Effect.forEach(times(4), () => processOf(store, received, { limit: 100 }))
        const fiber = yield* fork(
          Effect.forEach(processes, (http) => run(http, 40), { concurrency: "unbounded", discard: true })
        )
        yield* TestClock.adjust("40 seconds")
        yield* Fiber.join(fiber)
        expect(received.times).toHaveLength(160)
        expect(mostInWindow(received.times)).toBeLessThanOrEqual(100)
        const seconds = ((received.times.at(-1) ?? 0) - (received.times[0] ?? 0)) / 1_000
        expect(160 / seconds).toBeGreaterThanOrEqual(9.5)
      })
    )
  }

  it.effect("serves calls that somebody waits for before a bulk job", () =>
    Effect.gen(function* () {
      const store = yield* sharedStore
      const received: Received = { times: [] }
      const job = yield* processOf(store, received)
      const server = yield* processOf(store, received)
      const running = yield* fork(bulk(job, 2_000))
      yield* TestClock.adjust("1 second")
      const waits: Array<number> = []
      const visits = yield* fork(
        Effect.forEach(times(30), () =>
          Effect.gen(function* () {
            yield* Effect.sleep("97 millis")
            const started = yield* Clock.currentTimeMillis
            yield* callsOf(server, 1)
            waits.push((yield* Clock.currentTimeMillis) - started)
          })
        )
      )
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(visits)
      const sorted = waits.sort((one, other) => one - other)
      expect(sorted[15]).toBeLessThanOrEqual(15)
      expect(sorted.at(-1)).toBeLessThanOrEqual(60)
      yield* Fiber.interrupt(running)
    })
  )

  it.effect("makes all processes wait after a 429 that one of them received, once", () =>
    Effect.gen(function* () {
      const store = yield* sharedStore
      const received: Received = { times: [] }
      let isThrottled = true
      const throttled = ClerkTest.json(429, {}, { "retry-after": "5" })
      const limited = yield* Effect.forEach(times(3), () =>
        processOf(store, received, { limit: 1_000 }, () => (isThrottled ? throttled : session), 10)
      )
      const other = yield* processOf(store, received)
      const started = yield* Clock.currentTimeMillis
      // Three processes meet the limit at once, but the fleet waits for five seconds, not for fifteen.
      const first = yield* fork(
        Effect.forEach(limited, (http) => callsOf(http, 1), { concurrency: "unbounded", discard: true })
      )
      yield* TestClock.adjust("20 millis")
      isThrottled = false
      const second = yield* fork(callsOf(other, 1))
      const third = yield* fork(bulk(other, 1))
      yield* TestClock.adjust("4 seconds")
      expect(received.times).toHaveLength(3)
      yield* TestClock.adjust("3 seconds")
      yield* Effect.forEach([first, second, third], Fiber.join)
      expect(received.times).toHaveLength(8)
      const late = received.times.slice(3).map((time) => time - started)
      expect(Math.min(...late)).toBeGreaterThanOrEqual(4_800)
      expect(Math.max(...late)).toBeLessThanOrEqual(6_000)
    })
  )

  it.effect("holds back a call of this process that waits when a 429 arrives", () =>
    Effect.gen(function* () {
      const store = yield* sharedStore
      const received: Received = { times: [] }
      const responses = [ClerkTest.json(429, {}, { "retry-after": "2" })]
      const http = yield* processOf(store, received, { limit: 100 }, () => responses.shift() ?? session)
      const fiber = yield* fork(callsOf(http, 3))
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(fiber)
      const [, second = 0] = received.times
      expect(received.times).toHaveLength(4)
      expect(second - (received.times[0] ?? 0)).toBeGreaterThanOrEqual(2_000)
    })
  )

  it.effect("does not limit requests for public keys", () =>
    Effect.gen(function* () {
      const store = yield* sharedStore
      const received: Received = { times: [] }
      const keys = ClerkTest.json(200, { keys: [] })
      const http = yield* processOf(store, received, { limit: 2 }, () => keys)
      const jwks = Operation.make({
        name: "Keys.list",
        method: "GET",
        path: "/jwks",
        kind: "read",
        success: Schema.Struct({ keys: Schema.Array(Schema.Unknown) })
      })
      yield* Effect.forEach(times(20), () => Effect.provideService(jwks({}), ClerkHttp, http))
      expect(received.times).toHaveLength(20)
    })
  )

  it.effect("fails a call with the phase admission when its turn comes after the deadline", () =>
    Effect.gen(function* () {
      const store = yield* sharedStore
      const received: Received = { times: [] }
      const http = yield* processOf(store, received, { limit: 2 })
      const impatient = RequestPolicy.deadline("1 second")(get)
      const fiber = yield* fork(
        Effect.flip(
          Effect.all([get, impatient], { concurrency: 2 }).pipe(Effect.provideService(ClerkHttp, http))
        )
      )
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(fiber)).toMatchObject({
        _tag: "ClerkTimeout",
        phase: "admission",
        sent: "no",
        attempts: 0
      })
    })
  )
})

/** Runs an effect a number of times, one every `millis`, and waits for all. Few of them exist at a time. */
const arrivals = <E>(visit: Effect.Effect<unknown, E>, count: number, millis: number) =>
  Effect.gen(function* () {
    const fibers: Array<Fiber.Fiber<unknown, E>> = []
    for (let index = 0; index < count; index++) {
      fibers.push(yield* fork(visit))
      yield* Effect.sleep(millis)
    }
    for (const fiber of fibers) yield* Fiber.join(fiber)
  })

describe("an overload", () => {
  it.effect("leaves the permits to the calls that do not give up", () =>
    Effect.gen(function* () {
      const store = yield* sharedStore
      const received: Received = { times: [] }
      const http = yield* processOf(store, received, { limit: 40 })
      const impatient = get.pipe(RequestPolicy.deadline("5 seconds"), Effect.provideService(ClerkHttp, http))
      const outcomes: Array<string> = []
      const visit = Effect.match(impatient, {
        onFailure: (error) => void outcomes.push("phase" in error ? error.phase : error._tag),
        onSuccess: () => void outcomes.push("ok")
      })
      // Twice as many calls as the limit allows.
      const visits = yield* fork(arrivals(visit, 120, 125))
      yield* TestClock.adjust("15 seconds")
      // Nine of ten permits are used, although half of the calls give up.
      expect(received.times.length).toBeGreaterThanOrEqual(52)
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(visits)
      // A call after the overload does not wait for those that gave up.
      const later = yield* fork(impatient)
      yield* TestClock.adjust("500 millis")
      expect((yield* Fiber.join(later)).id).toBe("sess_1")
      expect(new Set(outcomes)).toEqual(new Set(["ok", "admission"]))
    })
  )

  it.effect("leaves the permits to the calls that are not interrupted", () =>
    Effect.gen(function* () {
      const store = yield* sharedStore
      const received: Received = { times: [] }
      const limit = 40
      const processes = yield* Effect.forEach(times(2), () => processOf(store, received, { limit }))
      // Each visitor leaves after two seconds.
      const visit = (http: ClerkHttpService) => Effect.timeoutOption(callsOf(http, 1), 2_000)
      const visits = yield* fork(
        Effect.forEach(processes, (http) => arrivals(visit(http), 48, 250), {
          concurrency: "unbounded",
          discard: true
        })
      )
      yield* TestClock.adjust("12 seconds")
      expect(received.times.length).toBeGreaterThanOrEqual(42)
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(visits)
      expect(mostInWindow(received.times)).toBeLessThanOrEqual(limit)
    })
  )

  it.effect("of one process does not hold up the calls of another", () =>
    Effect.gen(function* () {
      const store = yield* sharedStore
      const received: Received = { times: [] }
      const burst = yield* processOf(store, received)
      const other = yield* processOf(store, received)
      const waiting = yield* fork(callsOf(burst, 300))
      yield* TestClock.adjust("100 millis")
      const started = yield* Clock.currentTimeMillis
      const call = yield* fork(
        Effect.andThen(callsOf(other, 1), () => Effect.map(Clock.currentTimeMillis, (now) => now - started))
      )
      yield* TestClock.adjust("4 seconds")
      expect(yield* Fiber.join(call)).toBeLessThanOrEqual(150)
      yield* Fiber.join(waiting)
      // All of them together are sent as fast as the limit allows.
      expect(received.times).toHaveLength(301)
    })
  )
})

describe("the store of a limit", () => {
  /** A store that fails or hangs while the flag says so, and the keys that it receives. */
  const unreliable = Effect.map(
    Effect.provide(RateLimiter.RateLimiterStore, RateLimiter.layerStoreMemory),
    (store) => {
      const state = { fault: "none" as "none" | "fails" | "hangs", keys: new Set<string>(), calls: 0 }
      const through =
        <Options extends { readonly key: string }, A, E>(use: (options: Options) => Effect.Effect<A, E>) =>
        (options: Options): Effect.Effect<A, E> =>
          Effect.suspend(() => {
            state.calls++
            state.keys.add(options.key)
            if (state.fault === "hangs") return Effect.never
            // A store fails with an error of its major, and the limit reads no field of it.
            return state.fault === "fails" ? Effect.fail(storeError as E) : use(options)
          })
      const wrapped = {
        ...store,
        fixedWindow: through(store.fixedWindow),
        tokenBucket: through(store.tokenBucket)
      }
      return { state, layer: Layer.succeed(RateLimiter.RateLimiterStore, wrapped) }
    }
  )
  const storeError: unknown = storeFailure("connection lost")

  for (const fault of ["fails", "hangs"] as const) {
    it.effect(`that ${fault} leaves each process its share of the limit`, () =>
      Effect.gen(function* () {
        const { layer, state } = yield* unreliable
        const received: Received = { times: [] }
        const http = yield* processOf(layer, received)
        state.fault = fault
        const first = yield* fork(callsOf(http, 1))
        yield* TestClock.adjust("100 millis")
        const fiber = yield* fork(Effect.all([callsOf(http, 100), bulk(http, 100)], { concurrency: 2 }))
        yield* TestClock.adjust("30 seconds")
        yield* Fiber.join(first)
        yield* Fiber.join(fiber)
        expect(received.times).toHaveLength(201)
        expect(mostInWindow(received.times)).toBeLessThanOrEqual(100)
        // The store is left alone for a second after each failure.
        expect(state.calls).toBeLessThanOrEqual(40)
      })
    )

    it.effect(`that ${fault} is used again when it works`, () =>
      Effect.gen(function* () {
        const { layer, state } = yield* unreliable
        const received: Received = { times: [] }
        const http = yield* processOf(layer, received)
        state.fault = fault
        const first = yield* fork(callsOf(http, 1))
        yield* TestClock.adjust("200 millis")
        yield* Fiber.join(first)
        state.fault = "none"
        yield* TestClock.adjust("1 second")
        const before = state.calls
        yield* callsOf(http, 5)
        expect(state.calls).toBe(before + 5)
      })
    )

    it.effect(`that ${fault} fails calls before they are sent, if you prefer that`, () =>
      Effect.gen(function* () {
        const { layer, state } = yield* unreliable
        const received: Received = { times: [] }
        const http = yield* processOf(layer, received, { limit: 1_000, whenStoreDown: "fail" })
        state.fault = fault
        const fiber = yield* fork(
          Effect.flip(Effect.provideService(RequestPolicy.noRetry(get), ClerkHttp, http))
        )
        yield* TestClock.adjust("100 millis")
        expect(yield* Fiber.join(fiber)).toMatchObject({
          _tag: "ClerkTransportError",
          reason: "admission",
          sent: "no"
        })
        expect(received.times).toEqual([])
      })
    )
  }

  it.effect("never receives the secret key", () =>
    Effect.gen(function* () {
      const { layer, state } = yield* unreliable
      const secretKey = "sk_live_canary7f3a9b"
      const http = yield* Effect.provide(
        ClerkHttp,
        FleetLimit.layer().pipe(
          Layer.provide(
            Layer.merge(
              layer,
              ClerkHttp.layerFetch({ secretKey: Redacted.make(secretKey), apiUrl: "http://127.0.0.1:9" })
            )
          )
        )
      )
      yield* Effect.exit(Effect.provideService(RequestPolicy.noRetry(get), ClerkHttp, http))
      const [key = ""] = state.keys
      expect(key).toMatch(/^[0-9a-f]{32}$/)
      expect(secretKey).not.toContain(key)
    })
  )
})

describe("the metrics of a limit", () => {
  it.effect("count waits by priority, failures of the store, and pauses", () =>
    Effect.gen(function* () {
      const store = yield* sharedStore
      const received: Received = { times: [] }
      const responses = [ClerkTest.json(429, {}, { "retry-after": "1" })]
      const http = yield* processOf(store, received, { limit: 1_000 }, () => responses.shift() ?? session)
      const count = (name: string) =>
        Effect.map(snapshot, (metrics) =>
          metrics
            .filter((metric) => metric.name === name)
            .reduce((sum, metric) => sum + (metric.count ?? 0), 0)
        )
      const waitsBefore = yield* count("clerk_admission_wait_seconds")
      const pausesBefore = yield* count("clerk_admission_cooldowns")
      const fiber = yield* fork(callsOf(http, 2))
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(fiber)
      expect((yield* count("clerk_admission_wait_seconds")) - waitsBefore).toBe(3)
      expect((yield* count("clerk_admission_cooldowns")) - pausesBefore).toBe(1)
    })
  )
})

describe("the options of a limit", () => {
  const cases: ReadonlyArray<readonly [object, string, string]> = [
    [{ limit: 1 }, "limit", "must be a whole number of requests in 10 seconds, from 2 to 1,000,000"],
    [{ limit: 10.5 }, "limit", "must be a whole number of requests in 10 seconds, from 2 to 1,000,000"],
    [{ headroom: 1 }, "headroom", "must be a number from 0 to 0.9"],
    [{ localShare: 0 }, "localShare", "must be a number from 0.01 to 1"],
    [
      { storeTimeout: 0 },
      "storeTimeout",
      'must be a duration such as "10 seconds", above zero and below 25 days; leave it out to set no limit'
    ],
    [{ whenStoreDown: "open" }, "whenStoreDown", 'must be "local" or "fail"'],
    [{ bucket: "a b" }, "bucket", "must be 1 to 100 letters, digits or characters of _.:-"],
    [{ limits: 5 }, "limits", "is not an option of a fleet limit"]
  ]
  for (const [options, setting, rule] of cases) {
    it.effect(`are checked: ${JSON.stringify(options)}`, () =>
      Effect.gen(function* () {
        const store = yield* sharedStore
        const error = yield* Effect.flip(processOf(store, { times: [] }, options))
        expect(error).toMatchObject({ _tag: "ClerkConfigError", setting })
        expect(error.message).toContain(rule)
      })
    )
  }
})
