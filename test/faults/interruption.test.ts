import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { RequestPolicy } from "effect-clerk"
import { fork } from "#test/fiber.js"
import { nextBetween, withSeed } from "#test/random.js"
import { describe, expect, it } from "#test/vitest.js"
import { errorOf, interrupted, isInterrupted, isInterruptedOnly } from "../support/exits.js"
import { calls, get, ours } from "./support/calls.js"
import { bodyFor, inTurn, jsonHead, whole } from "./support/responses.js"
import { type Act, eventually, scripted, strays } from "./support/scripted.js"

const seed = process.env["FAULTS_SEED"] ?? String(Date.now())

const rounds = 150
const policy: RequestPolicy.Settings = { maxAttempts: 3, timeout: "5 seconds" }

/** Responds in four pieces over some fifteen milliseconds. Every third response is an error with a wait. */
const slowly: Act = (socket, { path, number }) => {
  const body = bodyFor(path)
  const pieces =
    number % 3 === 0
      ? [whole(503, "{}")]
      : [jsonHead, `content-length: ${body.length}\r\n\r\n`, body.slice(0, 50), body.slice(50)]
  inTurn(socket, pieces, [1, 4])
}

describe.each(ours)("over $transport", ({ layer }) => {
  it.live(`an interruption at any point gives up only its request (replay with FAULTS_SEED=${seed})`, () =>
    Effect.gen(function* () {
      const server = yield* scripted({ act: slowly })
      const seenAtEnd = { interrupted: 0, finished: 0 }
      const one = (round: number) =>
        Effect.gen(function* () {
          const call = calls[round % calls.length]
          if (call === undefined) return
          const fiber = yield* fork(call.run)
          yield* Effect.sleep(yield* nextBetween(0, 50))
          const exit = yield* Effect.timeout(interrupted(fiber), "1 second")
          if (Exit.isSuccess(exit)) {
            seenAtEnd.finished++
            return
          }
          const told = errorOf(exit)
          // A create is not retried after an error, so it may have failed by then.
          if (told !== undefined) expect(told).toMatchObject({ _tag: "ClerkServerError", status: 503 })
          else expect(isInterruptedOnly(exit), String(exit)).toBe(true)
          seenAtEnd.interrupted++
        })
      const unhandled = yield* strays(
        Effect.gen(function* () {
          yield* Effect.exit(get.run) // the platform's fetch is slow the first time
          yield* Effect.forEach(
            Array.from({ length: rounds }, (_, index) => index),
            one,
            { concurrency: 4 }
          )
          // Bytes that were written before an interruption may arrive after it.
          yield* Effect.sleep("100 millis")
          const requests = server.seen.length
          // No wait between attempts outlives its call.
          yield* Effect.sleep("300 millis")
          expect(server.seen.length).toBe(requests)
        }).pipe(Effect.provide(layer({ apiUrl: server.url, policy })))
      ).pipe(withSeed(seed))
      expect(unhandled).toEqual([])
      expect(seenAtEnd.interrupted).toBeGreaterThan(rounds / 4)
      expect(seenAtEnd.finished).toBeGreaterThan(0)
    })
  )

  it.live(`an interrupted call closes its response at the server (replay with FAULTS_SEED=${seed})`, () =>
    Effect.gen(function* () {
      const server = yield* scripted({
        act: (socket, request) => {
          // Never ends, so a response that the client does not close stays open.
          const pieces = [jsonHead, "content-length: 999\r\n\r\n", "{", `"id":`]
          inTurn(socket, pieces.slice(0, request.number % 5), [0, 3])
        }
      })
      yield* Effect.gen(function* () {
        // The first calls of a process are slow. Without them most calls would end before they are sent.
        yield* Effect.repeat(Effect.timeoutOption(get.run, "20 millis"), { times: 9 })
        const warm = server.seen.length
        yield* Effect.forEach(
          Array.from({ length: 100 }, (_, index) => calls[index % calls.length]),
          (call) =>
            Effect.gen(function* () {
              const fiber = yield* fork(call?.run ?? Effect.void)
              yield* Effect.sleep(yield* nextBetween(0, 40))
              const exit = yield* interrupted(fiber)
              expect(isInterrupted(exit), String(exit)).toBe(true)
            }),
          { concurrency: 4 }
        )
        expect(server.seen.length - warm).toBeGreaterThan(10)
        for (const { number } of server.seen) expect(yield* server.closed(number)).toBe(true)
      }).pipe(Effect.provide(layer({ apiUrl: server.url, policy })), withSeed(seed))
    })
  )
})

describe("over effect-clerk/Undici", () => {
  it.live("no connection outlives the client", () =>
    Effect.gen(function* () {
      for (const { transport, layer } of ours) {
        if (transport === "fetch") continue // its connections are the platform's
        const server = yield* scripted({ act: slowly })
        yield* Effect.forEach([...calls, ...calls], ({ run }) => Effect.exit(run), { concurrency: 8 }).pipe(
          Effect.provide(layer({ apiUrl: server.url, policy }))
        )
        expect(server.connections()).toBeGreaterThan(0)
        expect(yield* eventually(() => server.open() === 0)).toBe(true)
      }
    })
  )
})
