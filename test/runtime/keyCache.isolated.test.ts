import { AsyncLocalStorage } from "node:async_hooks"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { ClerkHttp, type SigningKeys } from "effect-clerk"
import { afterEach, beforeEach, vi } from "vitest"
import { makeClock, partsOf, withClock } from "#test/clock.js"
import { fork, servicesOf } from "#test/fiber.js"
import { addLogger } from "#test/logger.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { isolatesRequests } from "../../src/runtime/isolation.js"
import { defectOf, interrupted, isInterruptedOnly } from "../support/exits.js"
import { isolatedKeysOver, keysNamed, look, lookTogether, outage, pause } from "../support/keySets.js"
import { refused, stage } from "../support/scriptedCalls.js"

const request = new AsyncLocalStorage<number>()

/** Finds a key in a separate request, and returns the outcome with the request in which its fiber resumed. */
const lookIn = (id: number, kid: string) =>
  Effect.flatMap(servicesOf<SigningKeys>(), (provideServices) =>
    Effect.sync(() =>
      request.run(id, () =>
        Effect.runFork(
          Effect.map(provideServices(look(kid)), (outcome) => ({
            outcome,
            resumedIn: request.getStore()
          }))
        )
      )
    )
  )

const nap = (millis: number) => Effect.promise(() => new Promise((resolve) => setTimeout(resolve, millis)))

/** The active intervals. A runtime that cancels a request drops them silently. */
const intervals = new Set<ReturnType<typeof setInterval>>()
const cancelRequests = Effect.sync(() => {
  for (const interval of intervals) clearInterval(interval)
})

beforeEach(() => {
  const { setInterval } = globalThis
  vi.spyOn(globalThis, "setInterval").mockImplementation((...parameters) => {
    const interval = setInterval(...parameters)
    intervals.add(interval)
    return interval
  })
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  for (const interval of intervals) clearInterval(interval)
  intervals.clear()
})

describe("a runtime that isolates requests", () => {
  it.live("resumes each caller in its own request, after one fetch in the request of the first", () =>
    Effect.gen(function* () {
      const fetchedIn: Array<number | undefined> = []
      const client = Layer.succeed(ClerkHttp, {
        execute: () =>
          Effect.suspend(() => {
            fetchedIn.push(request.getStore())
            return Effect.as(nap(50), keysNamed("ins_1"))
          })
      })
      yield* Effect.gen(function* () {
        const ids = [1, 2, 3, 4, 5]
        const fibers = yield* Effect.forEach(ids, (id) => lookIn(id, "ins_1"))
        const outcomes = yield* Effect.forEach(fibers, Fiber.join)
        expect(outcomes).toEqual(ids.map((id) => ({ outcome: "found", resumedIn: id })))
        expect(fetchedIn).toEqual([1])
      }).pipe(Effect.provide(isolatedKeysOver(client)))
    })
  )

  it.effect.each([
    ["lets a thousand callers wait for one fetch", nap(300), Effect.succeed(keysNamed("ins_1")), "found"],
    ["returns the failure of one fetch to a thousand callers", pause, outage, "unreachable"]
  ] as const)("%s, while the clock of the test is stopped", ([, wait, end, outcome]) =>
    Effect.gen(function* () {
      expect(yield* lookTogether({ over: isolatedKeysOver, callers: 1_000, wait, end })).toEqual({
        outcomes: [outcome],
        requests: { made: 1, givenUp: 0 }
      })
    })
  )

  it.effect("lets callers wait for a fetch that takes almost eight seconds", () => {
    const { times, layer } = stage({
      turns: [
        Effect.delay(refused, "4 seconds"),
        Effect.delay(Effect.succeed(keysNamed("ins_1")), "3 seconds")
      ]
    })
    return Effect.gen(function* () {
      const callers = yield* Effect.replicateEffect(fork(look("ins_1")), 2)
      for (let step = 0; step < 16; step++) {
        yield* nap(30)
        yield* TestClock.adjust("500 millis")
      }
      expect(yield* Fiber.joinAll(callers)).toEqual(["found", "found"])
      expect(times).toHaveLength(2)
    }).pipe(Effect.provide(isolatedKeysOver(layer)))
  })

  it.effect("has another caller fetch when the first one is interrupted", () =>
    Effect.gen(function* () {
      const { times, layer } = stage({ turns: [Effect.never, keysNamed("ins_1")] })
      yield* Effect.gen(function* () {
        const first = yield* fork(look("ins_1"))
        yield* pause
        const others = yield* Effect.replicateEffect(fork(look("ins_1")), 10)
        yield* pause
        expect(isInterruptedOnly(yield* interrupted(first))).toBe(true)
        expect(new Set(yield* Fiber.joinAll(others))).toEqual(new Set(["found"]))
        expect(times).toHaveLength(2)
      }).pipe(Effect.provide(isolatedKeysOver(layer)))
    })
  )

  it.effect("has another caller fetch when the request of the first one was cancelled", () =>
    Effect.gen(function* () {
      const { times, layer } = stage({ turns: [Effect.never, Effect.never, keysNamed("ins_1")] })
      yield* Effect.gen(function* () {
        const gone = [yield* fork(look("ins_1"))]
        yield* pause
        yield* cancelRequests
        gone.push(yield* fork(look("ins_1")))
        while (times.length < 2) yield* nap(20)
        yield* cancelRequests
        expect(yield* look("ins_1")).toBe("found")
        expect(times).toHaveLength(3)
        yield* Fiber.interruptAll(gone)
        expect(yield* look("ins_1")).toBe("found")
      }).pipe(Effect.provide(isolatedKeysOver(layer)))
    })
  )

  it.effect("uses the result of a replaced fetch until the new one completes", () =>
    Effect.gen(function* () {
      const gates = [yield* Deferred.make<void>(), yield* Deferred.make<void>()] as const
      const { times, layer } = stage({
        turns: [
          Effect.as(Deferred.await(gates[0]), keysNamed("ins_1")),
          Effect.as(Deferred.await(gates[1]), keysNamed("ins_2"))
        ]
      })
      yield* Effect.gen(function* () {
        const first = yield* fork(look("ins_1"))
        yield* pause
        yield* cancelRequests
        const second = yield* fork(look("ins_2"))
        while (times.length < 2) yield* nap(20)
        const third = yield* fork(look("ins_1"))
        yield* Deferred.succeed(gates[0], undefined)
        expect([yield* Fiber.join(first), yield* Fiber.join(third)]).toEqual(["found", "found"])
        yield* Deferred.succeed(gates[1], undefined)
        expect(yield* Fiber.join(second)).toBe("found")
        expect([yield* look("ins_1"), yield* look("ins_2")]).toEqual(["unknown", "found"])
        expect(times).toHaveLength(2)
      }).pipe(Effect.provide(isolatedKeysOver(layer)))
    })
  )

  it.effect("ignores the result of a replaced fetch after the new one completes", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { times, layer } = stage({
        turns: [Effect.as(Deferred.await(gate), keysNamed("ins_1")), keysNamed("ins_2")]
      })
      yield* Effect.gen(function* () {
        const first = yield* fork(look("ins_1"))
        yield* pause
        yield* cancelRequests
        expect(yield* look("ins_2")).toBe("found")
        yield* Deferred.succeed(gate, undefined)
        expect(yield* Fiber.join(first)).toBe("unknown")
        expect([yield* look("ins_1"), yield* look("ins_2")]).toEqual(["unknown", "found"])
        expect(times).toHaveLength(2)
      }).pipe(Effect.provide(isolatedKeysOver(layer)))
    })
  )

  it.effect("reports the defect of a client to the caller whose fetch died", () =>
    Effect.gen(function* () {
      const bug = new Error("the client is broken")
      const gate = yield* Deferred.make<void>()
      const { times, layer } = stage({
        turns: [Effect.andThen(Deferred.await(gate), Effect.die(bug)), keysNamed("ins_1")]
      })
      yield* Effect.gen(function* () {
        const first = yield* fork(Effect.exit(look("ins_1")))
        yield* pause
        const second = yield* fork(look("ins_1"))
        yield* Deferred.succeed(gate, undefined)
        expect(defectOf(yield* Fiber.join(first))).toBe(bug)
        expect(yield* Fiber.join(second)).toBe("found")
        expect(times).toHaveLength(2)
      }).pipe(Effect.provide(isolatedKeysOver(layer)))
    })
  )

  it.effect("uses a stale key after a second, and fetches again after the pause", () => {
    const { times, layer } = stage({ turns: [keysNamed("ins_1"), Effect.never, keysNamed("ins_2")] })
    return Effect.gen(function* () {
      yield* look("ins_1")
      yield* TestClock.adjust("10 minutes")
      const callers = yield* Effect.replicateEffect(fork(look("ins_1")), 5)
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.joinAll(callers)).toEqual(callers.map(() => "found"))
      yield* TestClock.adjust("29 seconds")
      expect([yield* look("ins_1"), yield* look("ins_2")]).toEqual(["found", "unreachable"])
      expect(times).toHaveLength(2)
      yield* TestClock.adjust("1 second")
      expect([yield* look("ins_1"), yield* look("ins_2")]).toEqual(["unknown", "found"])
      expect(times).toHaveLength(3)
    }).pipe(Effect.provide(isolatedKeysOver(layer)))
  })

  it.effect("uses a stale key while a cancelled request seems to fetch, and then fetches again", () => {
    const { times, layer } = stage({ turns: [keysNamed("ins_1"), Effect.never, keysNamed("ins_2")] })
    return Effect.gen(function* () {
      yield* look("ins_1")
      yield* TestClock.adjust("10 minutes")
      // Under a separate clock that is stopped, like the time of a cancelled request.
      const gone = yield* fork(withClock(yield* standingStill)(look("ins_1")))
      yield* pause
      yield* cancelRequests
      yield* TestClock.adjust("1 second")
      for (let second = 0; second < 29; second++) {
        expect(yield* look("ins_1")).toBe("found")
        yield* TestClock.adjust("1 second")
      }
      expect(times).toHaveLength(2)
      // No caller has waited long enough for that fetch to detect that it was cancelled.
      expect([yield* look("ins_1"), yield* look("ins_2")]).toEqual(["unknown", "found"])
      expect(times).toHaveLength(3)
      yield* Fiber.interrupt(gone)
      expect(yield* look("ins_2")).toBe("found")
    }).pipe(Effect.provide(isolatedKeysOver(layer)))
  })

  it.effect("protects a caller from a logger that throws", () => {
    const { layer } = stage({ turns: [keysNamed("ins_1"), outage] })
    const throwing = Logger.make(() => {
      throw new Error("the logger is broken")
    })
    return Effect.gen(function* () {
      yield* look("ins_1")
      yield* TestClock.adjust("10 minutes")
      expect(yield* look("ins_1")).toBe("found")
    }).pipe(Effect.provide([isolatedKeysOver(layer), addLogger(throwing)]))
  })
})

/** A stopped copy of the test clock, on which no sleep ends. */
const standingStill = Effect.clockWith((clock) => {
  const now = partsOf(clock).nanos()
  return Effect.succeed(
    makeClock({ sleep: () => Effect.never, millis: () => Number(now / 1_000_000n), nanos: () => now })
  )
})

describe("a flood of forged key ids on a runtime that isolates requests", () => {
  const forged = (count: number) => Array.from({ length: count }, (_, index) => `forged_${index}`)

  it.effect("causes one fetch in thirty seconds while keys are held", () => {
    const { times, layer } = stage({ turns: [keysNamed("ins_1")] })
    return Effect.gen(function* () {
      yield* look("ins_1")
      for (let wave = 0; wave < 3; wave++) {
        yield* TestClock.adjust("15 seconds")
        const outcomes = yield* Effect.forEach(forged(500), look, { concurrency: "unbounded" })
        expect(new Set(outcomes)).toEqual(new Set(["unknown"]))
      }
      expect(times).toEqual([0, 30_000])
    }).pipe(Effect.provide(isolatedKeysOver(layer)))
  })

  it.effect.each([
    ["interrupted", Fiber.interruptAll],
    ["cancelled", (_: Iterable<Fiber.Fiber<unknown, unknown>>) => cancelRequests]
  ] as const)("causes two fetches in thirty seconds when every caller is %s", ([, hangUp]) => {
    const { times, layer } = stage({ turns: [keysNamed("ins_1"), Effect.never] })
    return Effect.gen(function* () {
      yield* look("ins_1")
      for (let wave = 0; wave < 2; wave++) {
        yield* TestClock.adjust("30 seconds")
        for (const kid of forged(3)) {
          // Under a separate clock, on which a cancelled request does not time out.
          const fiber = yield* fork(withClock(yield* standingStill)(look(kid)))
          yield* nap(400)
          yield* hangUp([fiber])
        }
        expect(yield* look("ins_1")).toBe("found")
        expect(yield* look("ins_2")).toBe("unreachable")
      }
      expect(times).toEqual([0, 30_000, 30_000, 60_000, 60_000])
    }).pipe(Effect.provide(isolatedKeysOver(layer)))
  })

  it.effect("finds a new key after one interrupted fetch in each pause", () => {
    const { times, layer } = stage({
      turns: [keysNamed("ins_1"), Effect.never, keysNamed("ins_1"), Effect.never, keysNamed("ins_2")]
    })
    return Effect.gen(function* () {
      yield* look("ins_1")
      for (const outcome of ["unknown", "found"]) {
        yield* TestClock.adjust("30 seconds")
        const fiber = yield* fork(look("forged"))
        yield* pause
        yield* Fiber.interrupt(fiber)
        expect(yield* look("ins_2")).toBe(outcome)
      }
      expect(times).toEqual([0, 30_000, 30_000, 60_000, 60_000])
    }).pipe(Effect.provide(isolatedKeysOver(layer)))
  })
})

describe("a runtime that isolates requests is recognized by its user agent", () => {
  const agents: ReadonlyArray<readonly [string, unknown, boolean]> = [
    ["Cloudflare Workers", { userAgent: "Cloudflare-Workers" }, true],
    ["Node", { userAgent: "Node.js/22" }, false],
    ["a browser", { userAgent: "Mozilla/5.0" }, false],
    ["a runtime whose navigator has no user agent", {}, false],
    ["a runtime whose navigator is null", null, false],
    ["a runtime without a navigator", undefined, false]
  ]

  it.each(agents)("%s", (_, navigator, isIsolated) => {
    vi.stubGlobal("navigator", navigator)
    expect(isolatesRequests()).toBe(isIsolated)
  })

  it("a runtime whose navigator throws is not", () => {
    vi.stubGlobal("navigator", {
      get userAgent(): string {
        throw new Error("not allowed")
      }
    })
    expect(isolatesRequests()).toBe(false)
  })
})
