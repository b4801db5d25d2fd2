import * as Effect from "effect/Effect"
import type { ClerkHttp, RequestPolicy } from "effect-clerk"
import { describe, expect, it } from "#test/vitest.js"
import { closedPort } from "../support/loopback.js"
import { atOnce, fieldOf, get, ours, outcome, tagOf } from "./support/calls.js"
import { end, good, whole, write } from "./support/responses.js"
import { type Act, scripted } from "./support/scripted.js"

const policy: RequestPolicy.Settings = { maxAttempts: 3, timeout: "5 seconds" }

/** The retries of a full budget of 500 tokens: 14 tokens a retry, or 5 after a rate limit. */
const retries = { transient: 35, throttled: 100 }

const times = <A, E>(count: number, self: Effect.Effect<A, E, ClerkHttp>) =>
  Effect.forEach(Array.from({ length: count }), () => outcome(atOnce(self)), { concurrency: 32 })

describe.each(ours)("over $transport", ({ layer }) => {
  const outages: ReadonlyArray<readonly [string, number, Act]> = [
    ["answers 503", 500 + retries.transient, write(whole(503, "{}"))],
    ["closes every connection", 500 + retries.transient, end()],
    ["answers 429", 500 + retries.throttled, write(whole(429, "{}"))]
  ]

  it.live.each(outages)("500 calls to a server that %s make at most %i requests", ([, most, act]) =>
    Effect.gen(function* () {
      let isDown = true
      const server = yield* scripted({
        act: (socket, request) => (isDown ? act : good)(socket, request)
      })
      yield* Effect.gen(function* () {
        const errors = yield* times(500, get.run)
        expect(errors.map(tagOf)).not.toContain("a value")
        expect(server.seen.length).toBe(most)
        const attempts = errors.reduce((sum: number, error) => sum + Number(fieldOf(error, "attempts")), 0)
        expect(attempts).toBe(server.seen.length)
        const exhausted = errors.filter((error) => fieldOf(error, "retryBudgetExhausted") === true)
        expect(exhausted.length).toBeGreaterThan(400)
        isDown = false
        const back = yield* times(50, get.run)
        expect(back.map(tagOf)).toEqual(Array.from({ length: 50 }, () => "a value"))
        expect(server.seen.length).toBe(most + 50)
      }).pipe(Effect.provide(layer({ apiUrl: server.url, policy })))
    })
  )

  it.live("500 calls to a closed port make 535 attempts", () =>
    Effect.gen(function* () {
      const apiUrl = yield* closedPort
      const errors = yield* Effect.provide(times(500, get.run), layer({ apiUrl, policy }))
      expect(errors.reduce((sum: number, error) => sum + Number(fieldOf(error, "attempts")), 0)).toBe(535)
    })
  )

  it.live("a server that fails every other request fails no read", () =>
    Effect.gen(function* () {
      const server = yield* scripted({
        act: (socket, request) => (request.number % 2 === 1 ? write(whole(500, "")) : good)(socket, request)
      })
      const client = layer({ apiUrl: server.url, policy })
      const results = yield* Effect.forEach(Array.from({ length: 200 }), () => outcome(atOnce(get.run))).pipe(
        Effect.provide(client)
      )
      expect(results.filter((result) => tagOf(result) !== "a value")).toEqual([])
      expect(server.seen).toHaveLength(400)
    })
  )
})
