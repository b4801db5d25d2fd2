import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { ClerkHttp, type RequestPolicy, Sessions } from "effect-clerk"
import * as Undici from "effect-clerk/Undici"
import { fork } from "#test/fiber.js"
import { describe, expect, it } from "#test/vitest.js"
import { isInterruptedOnly } from "../support/exits.js"
import * as wire from "../support/wire.js"
import { atOnce, calls, create, get, ours, outcome, tagOf } from "./support/calls.js"
import { bodyFor, good, inTurn, whole } from "./support/responses.js"
import { eventually, scripted, strays } from "./support/scripted.js"

const policy: RequestPolicy.Settings = { maxAttempts: 3, timeout: "5 seconds" }

const eight = <A>(value: A): ReadonlyArray<A> => Array.from({ length: 8 }, () => value)

const stateOf = (status: string) => whole(200, JSON.stringify(wire.sessionWith({ status })))

describe.each(ours)("over $transport", ({ layer }) => {
  it.live("a connection that the server closes as the next request arrives costs a read one attempt", () =>
    Effect.gen(function* () {
      for (const call of calls) {
        // The server closes the connection at the second request.
        const server = yield* scripted({
          act: (socket, request) => (request.number === 2 ? socket.end() : good(socket, request))
        })
        yield* Effect.gen(function* () {
          yield* get.run
          yield* Effect.sleep("10 millis")
          const second = yield* outcome(atOnce(call.run))
          expect(server.connections(), call.name).toBe(call.kind === "once" ? 1 : 2)
          if (call.kind === "once")
            expect(second).toMatchObject({ _tag: "ClerkTransportError", sent: "maybe", attempts: 1 })
          else expect(tagOf(second), call.name).toBe("a value")
          expect(server.seen, call.name).toHaveLength(call.kind === "once" ? 2 : 3)
          expect(tagOf(yield* outcome(call.run))).toBe("a value")
        }).pipe(Effect.provide(layer({ apiUrl: server.url, policy })))
      }
    })
  )

  it.live("a server that closes after every response without a header does not fail a read", () =>
    Effect.gen(function* () {
      const server = yield* scripted({
        act: (socket, request) => {
          good(socket, request)
          if (request.number % 2 === 0) socket.end()
          else setImmediate(() => socket.end())
        }
      })
      yield* Effect.gen(function* () {
        for (let round = 0; round < 100; round++) {
          expect(tagOf(yield* outcome(atOnce(get.run)))).toBe("a value")
          const created = yield* outcome(atOnce(create.run))
          if (tagOf(created) !== "a value")
            expect(created).toMatchObject({ _tag: "ClerkTransportError", attempts: 1, sent: "maybe" })
        }
      }).pipe(Effect.provide(layer({ apiUrl: server.url, policy: { ...policy, maxAttempts: 5 } })))
    })
  )

  it.live("idle connections that the server closed do not fail a read", () =>
    Effect.gen(function* () {
      const idle: Array<{ resetAndDestroy: () => unknown }> = []
      const server = yield* scripted({
        act: (socket, request) => {
          idle.push(socket)
          good(socket, request)
        }
      })
      yield* Effect.gen(function* () {
        yield* Effect.all(eight(get.run), { concurrency: "unbounded" })
        for (const socket of idle) socket.resetAndDestroy()
        const results = yield* Effect.all(eight(outcome(atOnce(get.run))), {
          concurrency: "unbounded"
        })
        expect(results.map(tagOf)).toEqual(eight("a value"))
      }).pipe(Effect.provide(layer({ apiUrl: server.url, policy })))
    })
  )

  it.live.each([
    ["together with the one before", 0],
    ["on the idle connection", 20]
  ] as const)("an unexpected response, sent %s, is not used for the next request", ([, millis]) =>
    Effect.gen(function* () {
      const server = yield* scripted({
        act: (socket, { number }) => {
          if (number % 2 === 0) return void socket.write(stateOf("ended"))
          if (millis === 0) return void socket.write(Buffer.concat([stateOf("active"), stateOf("replaced")]))
          socket.write(stateOf("active"))
          setTimeout(() => socket.write(stateOf("replaced")), millis)
        }
      })
      yield* Effect.gen(function* () {
        for (let round = 0; round < 5; round++) {
          const first = yield* Sessions.get("sess_1")
          if (round % 2 === 0) yield* Effect.sleep(millis * 2)
          const second = yield* Sessions.get("sess_1")
          expect([first.status, second.status]).toEqual(["active", "ended"])
        }
      }).pipe(Effect.provide(layer({ apiUrl: server.url, policy: { maxAttempts: 1, timeout: "5 seconds" } })))
      expect(server.seen).toHaveLength(10)
    })
  )

  it.live("latency below the time limit causes no error", () =>
    Effect.gen(function* () {
      const server = yield* scripted({
        act: (socket, request) => {
          const bytes = whole(200, bodyFor(request.path))
          const fifth = Math.ceil(bytes.length / 5)
          const parts = Array.from({ length: 5 }, (_, part) =>
            bytes.subarray(part * fifth, (part + 1) * fifth)
          )
          inTurn(socket, parts, [request.number * 7, 20])
        }
      })
      const results = yield* Effect.forEach(calls, ({ run }) => outcome(run), { concurrency: 4 }).pipe(
        Effect.provide(layer({ apiUrl: server.url, policy }))
      )
      expect(results.map(tagOf)).toEqual(calls.map(() => "a value"))
      expect(server.seen).toHaveLength(calls.length)
    })
  )
})

const onOneConnection = (apiUrl: string, own: RequestPolicy.Settings) =>
  Layer.provide(
    ClerkHttp.layer({ secretKey: Redacted.make("sk_test_faults"), apiUrl, policy: own }),
    Undici.layer({ connections: 1 })
  )

const ids = Array.from({ length: 100 }, (_, index) => `sess_${index}`)

describe("over effect-clerk/Undici with one connection", () => {
  /** Does not respond to the first request, and serves the others. */
  const hangsOnce = scripted({
    act: (socket, { number, path }) => {
      if (number === 1) return
      socket.write(whole(200, JSON.stringify(wire.sessionWith({ id: path.split("/").at(-1) }))))
    }
  })

  it.live("a hundred calls wait for one that hangs, and succeed when it is given up", () =>
    Effect.gen(function* () {
      const server = yield* hangsOnce
      yield* Effect.gen(function* () {
        const hung = yield* fork(Sessions.get("sess_hung"))
        expect(yield* eventually(() => server.seen.length === 1)).toBe(true)
        const others = yield* fork(Effect.forEach(ids, Sessions.get, { concurrency: "unbounded" }))
        yield* Effect.sleep("20 millis")
        expect(server.seen).toHaveLength(1)
        yield* Fiber.interrupt(hung)
        const sessions = yield* Effect.timeout(Fiber.join(others), "3 seconds")
        expect(sessions.map(({ id }) => id)).toEqual(ids)
        expect(server.seen).toHaveLength(101)
      }).pipe(Effect.provide(onOneConnection(server.url, { maxAttempts: 1 })))
    })
  )

  it.live("with a time limit all of them end, and the next call succeeds", () =>
    Effect.gen(function* () {
      const server = yield* hangsOnce
      yield* Effect.gen(function* () {
        const results = yield* Effect.forEach(["sess_hung", ...ids], (id) => outcome(Sessions.get(id)), {
          concurrency: "unbounded"
        })
        for (const result of results) expect(["a value", "ClerkTimeout"]).toContain(tagOf(result))
        expect(tagOf(results[0])).toBe("ClerkTimeout")
        expect((yield* Sessions.get("sess_next")).id).toBe("sess_next")
      }).pipe(Effect.provide(onOneConnection(server.url, { maxAttempts: 1, timeout: "400 millis" })))
    })
  )

  it.live("a call that is interrupted while it waits for a connection is never sent", () =>
    Effect.gen(function* () {
      const server = yield* hangsOnce
      yield* Effect.gen(function* () {
        const hung = yield* fork(Sessions.get("sess_hung"))
        expect(yield* eventually(() => server.seen.length === 1)).toBe(true)
        const waiting = yield* fork(Effect.forEach(ids, Sessions.get, { concurrency: "unbounded" }))
        yield* Effect.sleep("20 millis")
        yield* Fiber.interrupt(waiting)
        yield* Fiber.interrupt(hung)
        expect((yield* Sessions.get("sess_next")).id).toBe("sess_next")
        expect(server.seen).toHaveLength(2)
      }).pipe(Effect.provide(onOneConnection(server.url, { maxAttempts: 1, timeout: "5 seconds" })))
    })
  )
})

describe.each(ours)("when a client over $transport is closed during calls", ({ transport, layer }) => {
  const silent = scripted({ act: () => {} })

  it.live("the calls of its own scope are interrupted", () =>
    Effect.gen(function* () {
      const server = yield* silent
      const unhandled = yield* strays(
        Effect.gen(function* () {
          const fibers = yield* Effect.gen(function* () {
            const forked = yield* Effect.forEach(calls, ({ run }) => Effect.forkScoped(run))
            expect(yield* eventually(() => server.seen.length === calls.length)).toBe(true)
            return forked
          }).pipe(Effect.scoped, Effect.provide(layer({ apiUrl: server.url, policy })))
          for (const fiber of fibers) {
            const exit = yield* Effect.timeout(Fiber.await(fiber), "1 second")
            expect(isInterruptedOnly(exit)).toBe(true)
          }
        })
      )
      expect(unhandled).toEqual([])
      for (const { number } of server.seen) expect(yield* server.closed(number)).toBe(true)
    })
  )

  // The platform's fetch has nothing to close.
  if (transport === "fetch") return

  it.live("the calls of another scope end, and a later one fails with the cause", () =>
    Effect.gen(function* () {
      const server = yield* silent
      const unhandled = yield* strays(
        Effect.gen(function* () {
          const scope = yield* Scope.make()
          const client = yield* Layer.buildWithScope(layer({ apiUrl: server.url, policy }), scope)
          const fibers = yield* Effect.forEach(calls, ({ run }) =>
            fork(outcome(Effect.provide(atOnce(run), client)))
          )
          expect(yield* eventually(() => server.seen.length === calls.length)).toBe(true)
          yield* Effect.timeout(Scope.close(scope, Exit.void), "1 second")
          for (const fiber of fibers) {
            const error = yield* Effect.timeout(Fiber.join(fiber), "1 second")
            expect(error).toMatchObject({ _tag: "ClerkTransportError", sent: "maybe", retryable: false })
          }
          const late = yield* outcome(get.run.pipe(Effect.provide(client)))
          expect(late).toMatchObject({ _tag: "ClerkTransportError", retryable: false })
        })
      )
      expect(unhandled).toEqual([])
    })
  )
})
