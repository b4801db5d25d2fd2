import * as Effect from "effect/Effect"
import { ClerkEmulator, type ClerkEmulatorOptions, type RateLimitOptions } from "effect-clerk/testing"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { seeded } from "../support/random.js"
import { ask, outcome } from "./ClerkEmulator.support.js"

const limited = (rateLimit: RateLimitOptions, options?: ClerkEmulatorOptions) =>
  ClerkEmulator.make({ rateLimit, seed: { users: [{ id: "user_1" }] }, ...options })

const list = "GET /v1/sessions?user_id=user_1"

describe("the rate limit", () => {
  it.effect("responds with 429, Clerk's error and the whole seconds to wait", () =>
    Effect.gen(function* () {
      const clerk = yield* limited({ limit: 2, window: "10 seconds" })
      expect(yield* outcome(clerk, list)).toBe("200")
      yield* TestClock.adjust("2500 millis")
      expect(yield* outcome(clerk, list)).toBe("200")
      yield* TestClock.adjust("1 second")
      const { headers, json, status } = yield* ask(clerk, list)
      expect([status, headers["retry-after"]]).toEqual([429, "7"])
      expect(json).toMatchObject({
        errors: [
          {
            code: "too_many_requests",
            long_message: "Too many requests. Please try again in a bit.",
            message: "Too many requests",
            meta: {}
          }
        ],
        clerk_trace_id: headers["clerk-trace-id"]
      })
      yield* TestClock.adjust("6499 millis")
      expect((yield* ask(clerk, list)).headers["retry-after"]).toBe("1")
      yield* TestClock.adjust("1 millis")
      expect(yield* outcome(clerk, list)).toBe("200")
      expect(yield* outcome(clerk, list)).toBe("429 too_many_requests")
    })
  )

  it.effect("changes nothing for a request that it rejects", () =>
    Effect.gen(function* () {
      const clerk = yield* limited({ limit: 1, window: "1 second" })
      yield* outcome(clerk, list)
      expect(yield* outcome(clerk, "POST /v1/sessions", { body: { user_id: "user_1" } })).toBe(
        "429 too_many_requests"
      )
      expect(yield* clerk.sessions).toEqual([])
    })
  )

  it.effect("counts neither requests for keys, nor the Frontend API, nor requests without the key", () =>
    Effect.gen(function* () {
      const clerk = yield* limited({ limit: 1, window: "1 minute" })
      yield* outcome(clerk, list)
      expect(yield* outcome(clerk, "GET /v1/jwks")).toBe("200")
      expect(yield* outcome(clerk, "GET /.well-known/jwks.json")).toBe("200")
      const page = { method: "GET", url: "/sign-in?redirect_url=http://localhost/", headers: {}, body: "" }
      expect((yield* clerk.handle(page)).status).toBe(200)
      const headers = { authorization: "Bearer sk_test_other" }
      expect(yield* outcome(clerk, list, { headers })).toBe("401 clerk_key_invalid")
      expect((yield* clerk.state).rateLimit).toMatchObject({ requests: 1, rejected: 0 })
    })
  )

  it.effect("counts the most requests in any window", () =>
    Effect.gen(function* () {
      const clerk = yield* limited({ limit: 5, window: 1000 })
      const send = (count: number) => Effect.replicateEffect(outcome(clerk, list), count)
      yield* send(3)
      yield* TestClock.adjust(999)
      yield* send(4)
      yield* TestClock.adjust(1)
      yield* send(1)
      expect((yield* clerk.state).rateLimit).toEqual({
        limit: 5,
        window: 1000,
        requests: 8,
        rejected: 2,
        mostInWindow: 7
      })
      yield* clerk.reset
      expect((yield* clerk.state).rateLimit).toMatchObject({ requests: 0, rejected: 0, mostInWindow: 0 })
      expect(yield* send(6)).toEqual(["200", "200", "200", "200", "200", "429 too_many_requests"])
    })
  )

  it.effect("never accepts more in any window than its limit, whenever requests come", () =>
    Effect.gen(function* () {
      const clerk = yield* limited({ limit: 10, window: 100 })
      const random = seeded(1)
      const accepted: Array<number> = []
      let now = 0
      for (let request = 0; request < 2_000; request++) {
        const wait = Math.floor(random() * 20)
        yield* TestClock.adjust(wait)
        now += wait
        if ((yield* outcome(clerk, list)) === "200") accepted.push(now)
      }
      const most = Math.max(
        ...accepted.map((start) => accepted.filter((at) => at >= start && at < start + 100).length)
      )
      expect(most).toBe(10)
    })
  )

  it.effect("is off by default", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      for (let request = 0; request < 1_100; request++) {
        expect((yield* ask(clerk, "GET /v1/sessions?user_id=user_1")).status).toBe(200)
      }
      expect((yield* clerk.state).rateLimit).toBeUndefined()
    })
  )
})
