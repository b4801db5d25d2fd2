import * as Effect from "effect/Effect"
import { type ClerkHttp, RequestPolicy, Sessions } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { describe, expect, it } from "#test/vitest.js"
import {
  inTurn,
  lost,
  refused,
  runScripted,
  runToFailure,
  type Turn,
  throttled,
  unavailable
} from "../support/scriptedCalls.js"
import * as wire from "../support/wire.js"

const get = Sessions.get("sess_1")
const success = ClerkTest.json(200, wire.session)
const policy = { maxAttempts: 2 } as const

/** Makes a call `count` times, with any outcome. */
const times = (count: number, call: Effect.Effect<unknown, unknown, ClerkHttp>) =>
  Effect.forEach(Array.from({ length: count }), () => Effect.ignore(call), { discard: true })

/** The number of `calls` calls that are retried when each gets this response. */
const retriesIn = (calls: number, answer: Turn) =>
  Effect.map(
    runScripted(times(calls, get), { turns: [answer], policy }),
    ({ requests }) => requests.length - calls
  )

/** Responds to the first `count` requests with `first`, and to later ones with `then`. */
const firstly = (count: number, first: Turn, then: (index: number) => Turn) => (index: number) =>
  index < count ? first : then(index - count)

/** Every other request fails, so that every call succeeds with its retry. */
const everyOther = (failure: Turn) => (index: number) => (index % 2 === 0 ? failure : success)

describe("the retry budget of a client", () => {
  const failures: ReadonlyArray<readonly [string, Turn, number]> = [
    ["refused connections", refused, 35],
    ["lost connections", lost, 35],
    ["failures of Clerk's", unavailable, 35],
    ["responses with 429", throttled, 100]
  ]

  it.effect.each(failures)("is spent by %s after a number of retries", ([, answer, retries]) =>
    Effect.gen(function* () {
      expect(yield* retriesIn(retries - 1, answer)).toBe(retries - 1)
      expect(yield* retriesIn(retries + 20, answer)).toBe(retries)
    })
  )

  it.effect("is spent by each retry of a call", () =>
    Effect.gen(function* () {
      const { requests } = yield* runScripted(times(5, get), {
        turns: [refused],
        policy: { maxAttempts: 10 }
      })
      // Nine retries in each of three calls and eight in the fourth.
      expect(requests).toHaveLength(5 + 35)
    })
  )

  it.effect("keeps tokens that are too few for one failure for a cheaper one", () =>
    Effect.gen(function* () {
      // 35 retries leave 10 of 500: two of 5, none of 14.
      const { requests } = yield* runScripted(times(40 + 10, get), {
        turns: firstly(70, refused, (index) => (index < 5 ? refused : throttled)),
        policy
      })
      expect(requests).toHaveLength(50 + 35 + 2)
    })
  )

  it.effect.each(failures)(
    "that is empty fails a call with %s at once, and sets retryBudgetExhausted",
    ([, answer, retries]) =>
      Effect.gen(function* () {
        const { error, requests } = yield* runToFailure(Effect.andThen(times(retries, get), get), {
          turns: [answer],
          policy
        })
        expect(requests).toHaveLength(2 * retries + 1)
        expect(error).toMatchObject({ retryBudgetExhausted: true, retryable: true, attempts: 1 })
        expect(error).toBeInstanceOf(Error)
        const { error: plain } = yield* runToFailure(get, { turns: [answer] })
        // Only that field is added.
        expect(plain).not.toHaveProperty("retryBudgetExhausted", true)
        expect({ ...plain, retryBudgetExhausted: true }).toEqual({ ...error })
        expect(error.message).toBe(plain.message)
        expect(error.constructor).toBe(plain.constructor)
      })
  )

  it.effect("that runs out between two retries of a call ends that call", () =>
    Effect.gen(function* () {
      const { error, requests } = yield* runToFailure(
        Effect.andThen(times(33, get), get.pipe(RequestPolicy.retry({ maxAttempts: 5 }))),
        { turns: [unavailable], policy }
      )
      expect(requests).toHaveLength(66 + 3)
      expect(error).toMatchObject({ _tag: "ClerkServerError", attempts: 3, retryBudgetExhausted: true })
    })
  )

  it.effect("is not in the last failure of a call with all of its attempts", () =>
    Effect.gen(function* () {
      const { error } = yield* runToFailure(get, { turns: [unavailable], policy })
      expect(error).toMatchObject({ attempts: 2 })
      expect(error).not.toHaveProperty("retryBudgetExhausted", true)
    })
  )
})

describe("a retry budget is filled", () => {
  it.effect("by a retry that succeeds, with what the retry cost", () =>
    Effect.gen(function* () {
      for (const failure of [refused, throttled]) {
        const { requests } = yield* runScripted(times(300, get), { turns: everyOther(failure), policy })
        expect(requests).toHaveLength(600)
      }
    })
  )

  it.effect("only by the last retry of a call", () =>
    Effect.gen(function* () {
      // Each call uses 28 tokens and restores 14, so 34 calls leave 24 of 500, for one more retry.
      const twice = (index: number) => (index % 3 === 2 ? success : refused)
      const { requests } = yield* runScripted(times(60, get.pipe(RequestPolicy.retry({ maxAttempts: 3 }))), {
        turns: (index) => (index < 34 * 3 ? twice(index) : refused)
      })
      expect(requests).toHaveLength(34 * 3 + 26 + 1)
    })
  )

  it.effect("by one token for a success without a retry", () =>
    Effect.gen(function* () {
      // Ten tokens are left. Four successes make fourteen, which is one retry.
      for (const [successes, retries] of [
        [3, 0],
        [4, 1],
        [17, 1],
        [18, 2]
      ] as const) {
        const { requests } = yield* runScripted(times(35 + successes + 10, get), {
          turns: firstly(70, refused, (index) => (index < successes ? success : refused)),
          policy
        })
        expect(requests.length - 70 - successes - 10, `${successes} successes`).toBe(retries)
      }
    })
  )

  it.effect("to its initial size, and no further", () =>
    Effect.gen(function* () {
      const { requests } = yield* runScripted(times(1_000 + 50, get), {
        turns: firstly(1_000, success, () => refused),
        policy
      })
      expect(requests).toHaveLength(1_050 + 35)
      const refunded = yield* runScripted(times(200 + 50, get), {
        turns: (index) => (index < 400 ? everyOther(refused)(index) : refused),
        policy
      })
      expect(refunded.requests).toHaveLength(400 + 50 + 35)
    })
  )

  it.effect("again after an outage, so that calls are retried as before", () =>
    Effect.gen(function* () {
      const { exit, requests } = yield* runScripted(
        Effect.gen(function* () {
          yield* times(100, get)
          yield* times(500, get)
          return yield* get
        }),
        {
          turns: firstly(135, refused, (index) =>
            index < 500 ? success : inTurn([refused, success])(index - 500)
          ),
          policy
        }
      )
      expect(exit).toMatchObject({ _tag: "Success", value: { id: "sess_1" } })
      expect(requests).toHaveLength(135 + 500 + 2)
    })
  )
})

describe("a retry budget is not touched", () => {
  it.effect("by failures that are not retried", () =>
    Effect.gen(function* () {
      const finals: ReadonlyArray<Turn> = [
        ClerkTest.json(404, {}),
        ClerkTest.json(401, {}),
        ClerkTest.json(200, {}),
        ClerkTest.json(501, {})
      ]
      for (const answer of finals) {
        const { requests } = yield* runScripted(times(600 + 50, get), {
          turns: firstly(600, answer, () => refused),
          policy
        })
        expect(requests).toHaveLength(650 + 35)
      }
    })
  )

  it.effect("by failures that are not retried after it was spent", () =>
    Effect.gen(function* () {
      const { requests } = yield* runScripted(times(35 + 100 + 10, get), {
        turns: firstly(70, refused, (index) => (index < 100 ? ClerkTest.json(404, {}) : refused)),
        policy
      })
      expect(requests).toHaveLength(145 + 35)
    })
  )

  it.effect("by calls that must not be retried, or have made all their attempts", () =>
    Effect.gen(function* () {
      const create = Sessions.create({ userId: "user_1" })
      const { requests } = yield* runScripted(
        Effect.andThen(
          Effect.andThen(times(100, create), times(100, RequestPolicy.noRetry(get))),
          times(50, get)
        ),
        { turns: [unavailable], policy }
      )
      expect(requests).toHaveLength(250 + 35)
    })
  )

  it.effect("by the calls of another client", () =>
    Effect.gen(function* () {
      const layer = (sent: Array<string>) =>
        ClerkTest.layer(
          ({ operation }) => {
            sent.push(operation)
            return refused
          },
          { policy }
        )
      const here: Array<string> = []
      const there: Array<string> = []
      yield* runScripted(
        Effect.andThen(
          Effect.provide(times(100, get), layer(here)),
          Effect.provide(times(100, get), layer(there))
        ),
        { turns: [refused] }
      )
      expect([here.length, there.length]).toEqual([135, 135])
    })
  )
})

describe("an outage", () => {
  it.effect.each([
    ["that is total", refused, 10_035],
    ["of throttling", throttled, 10_100]
  ] as const)("%s makes few more requests than calls", ([, answer, most]) =>
    Effect.gen(function* () {
      const { requests } = yield* runScripted(
        Effect.forEach(Array.from({ length: 10_000 }), () => Effect.ignore(get), {
          concurrency: 50,
          discard: true
        }),
        { turns: [answer], policy: { maxAttempts: 3 } }
      )
      expect(requests).toHaveLength(most)
    })
  )
})
