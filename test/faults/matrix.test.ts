import * as Effect from "effect/Effect"
import { describe, expect, it } from "#test/vitest.js"
import { atOnce, type Call, calls, ours, outcome } from "./support/calls.js"
import { good } from "./support/responses.js"
import { scripted, strays } from "./support/scripted.js"
import { type Fault, groups } from "./support/table.js"

const mayAskAgain = ({ again }: Fault, { kind }: Call) =>
  again === "always" || (again === "unless once" && kind !== "once")

describe.each(ours)("over $transport", ({ layer }) => {
  describe.each(groups)("%s", (_, table, policy) => {
    it.live.each(table)("$name", (fault) =>
      Effect.gen(function* () {
        const label = (call: Call, place: string) => `${fault.name}, ${call.name}, on ${place} attempt`

        const onFirst = (call: Call) =>
          Effect.gen(function* () {
            const server = yield* scripted({
              act: (socket, request) => (request.number === 1 ? fault.act : good)(socket, request)
            })
            const result = yield* outcome(
              Effect.provide(atOnce(call.run), layer({ apiUrl: server.url, policy }))
            )
            const recovers = mayAskAgain(fault, call)
            expect(result, label(call, "the first")).toMatchObject(
              recovers
                ? call.name === "createToken"
                  ? { jwt: {} }
                  : { id: "sess_1", status: call.name === "revoke" ? "revoked" : "active" }
                : { ...fault.outcome, attempts: 1, retryable: false }
            )
            expect(server.seen.length, label(call, "the first")).toBe(recovers ? 2 : 1)
            if (fault.closes === true) expect(yield* server.closed(1), label(call, "the first")).toBe(true)
          })

        const onEvery = (call: Call) =>
          Effect.gen(function* () {
            const server = yield* scripted({ act: fault.act })
            const result = yield* outcome(
              Effect.provide(atOnce(call.run), layer({ apiUrl: server.url, policy }))
            )
            const repeats = mayAskAgain(fault, call)
            const attempts = repeats ? policy.maxAttempts : 1
            expect(result, label(call, "every")).toMatchObject({
              ...fault.outcome,
              attempts,
              retryable: repeats
            })
            expect(server.seen.length, label(call, "every")).toBe(attempts)
            if (fault.closes === true) {
              for (const { number } of server.seen)
                expect(yield* server.closed(number), label(call, "every")).toBe(true)
            }
          })

        const unhandled = yield* strays(
          Effect.forEach(calls, (call) => Effect.andThen(onFirst(call), onEvery(call)), { concurrency: 4 })
        )
        expect(unhandled).toEqual([])
      })
    )
  })
})
