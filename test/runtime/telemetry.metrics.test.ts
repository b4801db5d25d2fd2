import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { type ClerkHttp, RequestPolicy, Sessions } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { fork } from "#test/fiber.js"
import { snapshot } from "#test/metrics.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { lost, runScripted, type Turns, throttled, unavailable } from "../support/scriptedCalls.js"
import * as wire from "../support/wire.js"

type Figures = { readonly [metric: string]: number }

/** The values of this library's metrics: counts, and the count and the sum of histograms. */
const figures: Effect.Effect<Figures> = Effect.map(snapshot, (metrics) =>
  Object.fromEntries(
    metrics
      .filter((metric) => metric.name.startsWith("clerk_"))
      .flatMap(({ count = Number.NaN, sum, ...metric }): ReadonlyArray<readonly [string, number]> => {
        const name = `${metric.name}{${[...metric.tags].sort().join(",")}}`
        return sum === undefined
          ? [[name, count]]
          : [
              [`${name} count`, count],
              [`${name} sum`, sum]
            ]
      })
  )
)

/** The change of the metrics. */
const moved = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const before = yield* figures
    yield* self
    const after = yield* figures
    return Object.fromEntries(
      Object.entries(after).flatMap(([name, value]) => {
        const difference = Math.round((value - (before[name] ?? 0)) * 1e6) / 1e6
        return difference === 0 ? [] : [[name, difference]]
      })
    )
  })

const movedBy = <A, E>(
  self: Effect.Effect<A, E, ClerkHttp>,
  answers: Turns,
  policy: RequestPolicy.Settings = { maxAttempts: 3 }
) => moved(runScripted(self, { turns: answers, policy }))

const get = Sessions.get("sess_1")
const success = ClerkTest.json(200, wire.session)

describe("the metrics", () => {
  it.effect("count a success and how long it took", () =>
    Effect.gen(function* () {
      const slow = Effect.delay(Effect.succeed(success), "250 millis")
      expect(yield* movedBy(Effect.zip(get, get), [slow])).toEqual({
        "clerk_calls{operation=Sessions.get,outcome=ok}": 2,
        "clerk_call_duration_seconds{operation=Sessions.get,outcome=ok} count": 2,
        "clerk_call_duration_seconds{operation=Sessions.get,outcome=ok} sum": 0.5
      })
    })
  )

  it.effect("count a failure by its tag, each operation by itself", () =>
    Effect.gen(function* () {
      const both = Effect.zip(Effect.flip(get), Effect.flip(Sessions.revoke("sess_1")))
      expect(yield* movedBy(both, [ClerkTest.json(404, {})])).toEqual({
        "clerk_calls{operation=Sessions.get,outcome=ClerkNotFound}": 1,
        "clerk_call_duration_seconds{operation=Sessions.get,outcome=ClerkNotFound} count": 1,
        "clerk_calls{operation=Sessions.revoke,outcome=ClerkNotFound}": 1,
        "clerk_call_duration_seconds{operation=Sessions.revoke,outcome=ClerkNotFound} count": 1
      })
    })
  )

  it.effect("count a retried call once, and its retries by their cause", () =>
    Effect.gen(function* () {
      const asking = ClerkTest.json(429, {}, { "retry-after": "2" })
      const policy = { maxAttempts: 5 }
      expect(yield* movedBy(get, [asking, lost, unavailable, unavailable, success], policy)).toEqual({
        "clerk_calls{operation=Sessions.get,outcome=ok}": 1,
        "clerk_call_duration_seconds{operation=Sessions.get,outcome=ok} count": 1,
        "clerk_call_duration_seconds{operation=Sessions.get,outcome=ok} sum": 2,
        "clerk_retries{failure=ClerkRateLimited,operation=Sessions.get}": 1,
        "clerk_retries{failure=ClerkTransportError,operation=Sessions.get}": 1,
        "clerk_retries{failure=ClerkServerError,operation=Sessions.get}": 2
      })
    })
  )

  it.effect("count no retry that was not made", () =>
    Effect.gen(function* () {
      const counts = yield* movedBy(RequestPolicy.noRetry(Effect.flip(get)), [throttled])
      expect(counts).toMatchObject({ "clerk_calls{operation=Sessions.get,outcome=ClerkRateLimited}": 1 })
      expect(Object.keys(counts).filter((name) => name.startsWith("clerk_retries"))).toEqual([])
    })
  )

  it.effect("count a call that ran out of time, and its duration", () =>
    Effect.gen(function* () {
      const policy = { maxAttempts: 3, timeout: "1 second", deadline: "2500 millis" } as const
      expect(yield* movedBy(Effect.flip(get), [Effect.never], policy)).toEqual({
        "clerk_calls{operation=Sessions.get,outcome=ClerkTimeout}": 1,
        "clerk_call_duration_seconds{operation=Sessions.get,outcome=ClerkTimeout} count": 1,
        "clerk_call_duration_seconds{operation=Sessions.get,outcome=ClerkTimeout} sum": 2.5,
        "clerk_retries{failure=ClerkTimeout,operation=Sessions.get}": 2
      })
    })
  )

  it.effect("count neither a call that was rejected unsent nor an interrupted one", () =>
    Effect.gen(function* () {
      expect(yield* movedBy(Effect.flip(Sessions.get("no id")), [success])).toEqual({})
      const interrupted = Effect.gen(function* () {
        const fiber = yield* fork(
          Effect.provide(
            get,
            ClerkTest.layer(() => Effect.never)
          )
        )
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(fiber)
      })
      expect(yield* moved(interrupted)).toEqual({})
    })
  )
})
