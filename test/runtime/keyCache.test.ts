import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { ClerkHttp, RequestPolicy } from "effect-clerk"
import { fork, interruptedBefore } from "#test/fiber.js"
import { withRandom } from "#test/random.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { interrupted, isInterruptedOnly } from "../support/exits.js"
import { heldBack, keysNamed, keysOver, look, lookTogether, outage, pause } from "../support/keySets.js"
import { refused, stage } from "../support/scriptedCalls.js"
import { recordingTracer } from "../support/spans.js"

const lookOften = (times: number, kid = "ins_1") =>
  Effect.tap(Effect.replicateEffect(fork(look(kid)), times), () => pause)

const lookOnce = Effect.tap(fork(look("ins_1")), () => pause)

describe("a thousand callers that wait for the first keys", () => {
  it.effect.each([
    ["make one request for all of them", Effect.succeed(keysNamed("ins_1")), "found"],
    ["get the same failure of one request", outage, "unreachable"]
  ] as const)("%s", ([, end, outcome]) =>
    Effect.gen(function* () {
      expect(yield* lookTogether({ over: keysOver, callers: 1_000, wait: pause, end })).toEqual({
        outcomes: [outcome],
        requests: { made: 1, givenUp: 0 }
      })
    })
  )

  it.effect("keep the request when any but the last of them is interrupted", () =>
    Effect.gen(function* () {
      const { answer, client, requests } = yield* heldBack
      yield* Effect.gen(function* () {
        const first = yield* lookOnce
        const others = yield* lookOften(998)
        const last = yield* lookOnce
        expect(isInterruptedOnly(yield* interrupted(first))).toBe(true)
        yield* Fiber.interruptAll(others)
        yield* pause
        expect(requests).toEqual({ made: 1, givenUp: 0 })
        yield* Deferred.succeed(answer, keysNamed("ins_1"))
        expect(yield* Fiber.join(last)).toBe("found")
      }).pipe(Effect.provide(keysOver(client)))
      expect(requests).toEqual({ made: 1, givenUp: 0 })
    })
  )

  it.effect("give up the request when all of them are interrupted, and the next caller fetches again", () =>
    Effect.gen(function* () {
      const { answer, client, requests } = yield* heldBack
      yield* Effect.gen(function* () {
        const fibers = yield* lookOften(1_000)
        yield* Fiber.interruptAll(fibers)
        yield* pause
        expect(requests).toEqual({ made: 1, givenUp: 1 })
        yield* Deferred.succeed(answer, keysNamed("ins_1"))
        expect(yield* look("ins_1")).toBe("found")
      }).pipe(Effect.provide(keysOver(client)))
      expect(requests).toEqual({ made: 2, givenUp: 1 })
    })
  )
})

describe("a pending request", () => {
  it.effect("is not shared after it was given up", () =>
    Effect.gen(function* () {
      const requests = { made: 0 }
      const client = Layer.succeed(ClerkHttp, {
        execute: () =>
          Effect.suspend(() =>
            // The first request takes some time to end.
            ++requests.made === 1
              ? Effect.onInterrupt(Effect.never, () => Effect.sleep("1 second"))
              : Effect.succeed(keysNamed("ins_1"))
          )
      })
      yield* Effect.gen(function* () {
        const fiber = yield* lookOnce
        yield* Fiber.interrupt(fiber)
        expect(yield* look("ins_1")).toBe("found")
        yield* TestClock.adjust("1 second")
        expect(yield* look("ins_1")).toBe("found")
      }).pipe(Effect.provide(keysOver(client)))
      expect(requests.made).toBe(2)
    })
  )

  it.effect("is shared while an earlier request that was given up still ends", () =>
    Effect.gen(function* () {
      const { times, layer } = stage({
        turns: [
          Effect.onInterrupt(Effect.never, () => Effect.sleep("1 second")),
          Effect.delay(Effect.succeed(keysNamed("ins_1")), "2 seconds")
        ]
      })
      yield* Effect.gen(function* () {
        const first = yield* lookOnce
        yield* Fiber.interrupt(first)
        const second = yield* lookOnce
        yield* TestClock.adjust("1500 millis")
        const third = yield* lookOnce
        yield* TestClock.adjust("500 millis")
        expect([yield* Fiber.join(second), yield* Fiber.join(third)]).toEqual(["found", "found"])
      }).pipe(Effect.provide(keysOver(layer)))
      expect(times).toHaveLength(2)
    })
  )

  it.effect("is given up by a caller that was interrupted before it waits", () =>
    Effect.gen(function* () {
      const { answer, client, requests } = yield* heldBack
      yield* Effect.gen(function* () {
        const exit = yield* Effect.uninterruptibleMask((restore) =>
          interruptedBefore(Effect.exit(restore(look("ins_1"))))
        ).pipe(fork, Effect.flatMap(Fiber.await))
        expect(isInterruptedOnly(exit)).toBe(true)
        yield* Deferred.succeed(answer, keysNamed("ins_1"))
        expect(yield* look("ins_1")).toBe("found")
      }).pipe(Effect.provide(keysOver(client)))
      expect(requests.made - requests.givenUp).toBe(1)
    })
  )

  it.effect("does not use the time limits and attempts of the first caller", () =>
    Effect.gen(function* () {
      const { times, layer } = stage({
        turns: [Effect.delay(refused, "1 second"), keysNamed("ins_1")]
      })
      yield* Effect.gen(function* () {
        const first = yield* look("ins_1").pipe(
          RequestPolicy.use({ maxAttempts: 1, timeout: "10 millis", deadline: "10 millis" }),
          fork
        )
        const second = yield* fork(look("ins_1"))
        yield* TestClock.adjust("1 second")
        yield* TestClock.adjust("1 second")
        expect([yield* Fiber.join(first), yield* Fiber.join(second)]).toEqual(["found", "found"])
      }).pipe(Effect.provide(keysOver(layer)))
      expect(times).toHaveLength(2)
    })
  )

  it.effect("may wait for a fraction of a millisecond before it is retried", () =>
    Effect.gen(function* () {
      const { times, layer } = stage({ turns: [refused, keysNamed("ins_1")] })
      yield* Effect.gen(function* () {
        const fiber = yield* fork(look("ins_1"))
        yield* TestClock.adjust("1 second")
        expect(yield* Fiber.join(fiber)).toBe("found")
      }).pipe(Effect.provide(keysOver(layer)), withRandom(0.64041470001))
      expect(times[1]).toBeCloseTo(64.04147, 5)
    })
  )

  it.effect("has its own trace, apart from the trace of the first caller", () =>
    Effect.gen(function* () {
      const { spans, tracer } = recordingTracer()
      const { layer } = stage({ turns: [keysNamed("ins_1")] })
      yield* look("ins_1").pipe(
        Effect.withSpan("somebody's request"),
        Effect.provide(keysOver(layer)),
        Effect.withTracer(tracer)
      )
      expect(spans.map(({ name, parent }) => [name, parent])).toEqual([
        ["somebody's request", undefined],
        ["SigningKeys.jwks", undefined]
      ])
    })
  )
})
