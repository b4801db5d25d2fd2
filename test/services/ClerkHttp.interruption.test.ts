import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { RequestPolicy, Sessions } from "effect-clerk"
import { fork } from "#test/fiber.js"
import { timeoutTag } from "#test/result.js"
import { describe, expect, it } from "#test/vitest.js"
import { interrupted, isInterruptedOnly } from "../support/exits.js"
import { type Answer, json, loopback } from "../support/loopback.js"
import { transports } from "../support/transports.js"
import * as wire from "../support/wire.js"

const silence: Answer = () => {}

const halfAnAnswer: Answer = (response) => {
  response.writeHead(200, { "content-type": "application/json" })
  response.write(`{"object":`)
}

const stages: ReadonlyArray<readonly [string, Answer]> = [
  ["no byte of the response has arrived", silence],
  ["half of the response has arrived", halfAnAnswer],
  ["half of an error response has arrived", (response) => response.writeHead(503).write("<html>")]
]

describe.each(transports)("over $transport", ({ transport, layer }) => {
  it.live.each(stages)("interruption gives up the connection while %s", ([, answer]) =>
    Effect.gen(function* () {
      const server = yield* loopback(answer)
      const fiber = yield* Sessions.get("sess_1").pipe(
        Effect.provide(layer({ apiUrl: server.url, policy: RequestPolicy.standard })),
        fork
      )
      yield* server.asked
      yield* Effect.sleep("30 millis") // until the sent bytes arrive
      const exit = yield* interrupted(fiber)
      expect(isInterruptedOnly(exit)).toBe(true)
      yield* Effect.timeout(server.cutOff, "10 seconds")
      expect(server.received).toHaveLength(1)
    })
  )

  it.live.each(stages)("a time limit gives up the connection while %s", ([, answer]) =>
    Effect.gen(function* () {
      const server = yield* loopback(answer)
      const error = yield* Sessions.get("sess_1").pipe(
        Effect.provide(layer({ apiUrl: server.url, policy: { timeout: "1 second" } })),
        Effect.flip
      )
      expect(error).toMatchObject({ _tag: "ClerkTimeout", phase: "attempt", sent: "maybe", attempts: 1 })
      yield* Effect.timeout(server.cutOff, "10 seconds")
    })
  )

  it.live("a slow response ends at the time limit", () =>
    Effect.gen(function* () {
      const server = yield* loopback((response) => {
        response.writeHead(200, { "content-type": "application/json" })
        const timer = setInterval(() => response.write(" "), 20)
        response.on("close", () => clearInterval(timer))
      })
      const error = yield* Sessions.get("sess_1").pipe(
        Effect.provide(layer({ apiUrl: server.url, policy: { timeout: "200 millis" } })),
        Effect.flip
      )
      expect(error).toMatchObject({ _tag: "ClerkTimeout", phase: "attempt" })
      yield* Effect.timeout(server.cutOff, "10 seconds")
    })
  )

  it.live("the caller's own time limit works too, with the caller's error", () =>
    Effect.gen(function* () {
      const server = yield* loopback(silence)
      const error = yield* Sessions.get("sess_1").pipe(
        Effect.timeout("1 second"),
        Effect.provide(layer({ apiUrl: server.url })),
        Effect.flip
      )
      expect(error._tag).toBe(timeoutTag)
      yield* Effect.timeout(server.cutOff, "10 seconds")
    })
  )

  it.live("one interrupted call does not affect the others", () =>
    Effect.gen(function* () {
      const server = yield* loopback((response, request) => {
        if (request.url === "/v1/sessions/sess_1") return
        json(wire.sessionWith({ id: request.url.split("/").at(-1) }))(response, request)
      })
      yield* Effect.gen(function* () {
        const hung = yield* fork(Sessions.get("sess_1"))
        yield* server.asked
        const ids = Array.from({ length: 20 }, (_, index) => `sess_${index + 2}`)
        const [others] = yield* Effect.all(
          [Effect.forEach(ids, Sessions.get, { concurrency: "unbounded" }), Fiber.interrupt(hung)],
          { concurrency: "unbounded" }
        )
        expect(others.map(({ id }) => id)).toEqual(ids)
      }).pipe(Effect.provide(layer({ apiUrl: server.url })))
      yield* Effect.timeout(server.cutOff, "10 seconds")
    })
  )

  it.live("an error response is read to its end, so that its connection is reused", () =>
    Effect.gen(function* () {
      const server = yield* loopback((response) => {
        response.writeHead(404, { "content-type": "text/html" })
        response.end("x".repeat(2_000_000))
      })
      const errors = yield* Effect.flip(Sessions.get("sess_1")).pipe(
        Effect.repeat({ times: 9 }),
        Effect.provide(layer({ apiUrl: server.url }))
      )
      expect(errors).toMatchObject({ _tag: "ClerkNotFound", errors: [] })
      expect(server.received).toHaveLength(10)
      // Node's own client makes a connection for each request, and closes it after the response. The others may open
      // a second one when the first has not quite become free.
      if (transport === "node:http") yield* Effect.sleep("50 millis")
      expect(transport === "node:http" ? server.open() : server.connections()).toBeLessThanOrEqual(3)
    })
  )

  it.live("an error response that is too large is given up", () =>
    Effect.gen(function* () {
      const server = yield* loopback((response) => {
        response.writeHead(500, { "content-type": "text/html", "content-length": "2000000" })
        response.write("x".repeat(1_000_000))
      })
      const error = yield* Sessions.get("sess_1").pipe(
        Effect.provide(layer({ apiUrl: server.url, maxResponseBytes: 1_000 })),
        Effect.flip
      )
      expect(error).toMatchObject({ operation: "Sessions.get", attempts: 1 })
      yield* Effect.timeout(server.cutOff, "10 seconds")
    })
  )
})
