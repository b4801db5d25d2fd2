import * as Effect from "effect/Effect"
import { type ClerkHttp, Sessions } from "effect-clerk"
import { describe, expect, it } from "#test/vitest.js"
import { type Answer, json, loopback } from "../support/loopback.js"
import type { AnyError } from "../support/operations.js"
import { transports } from "../support/transports.js"
import * as wire from "../support/wire.js"

const redirect =
  (status: number, location: string | undefined): Answer =>
  (response) => {
    response.writeHead(status, location === undefined ? {} : { location })
    response.end()
  }

const statuses = [301, 302, 303, 307, 308] as const

type Run = Effect.Effect<unknown, AnyError, ClerkHttp>

const read: Run = Sessions.get("sess_1")
const write: Run = Sessions.createToken("sess_1", { expiresIn: "1 minute" })

describe.each(transports)("a redirect, over $transport,", ({ layer }) => {
  const unexpected = (status: number) => ({
    _tag: "ClerkUnexpectedStatus",
    status,
    errors: [],
    attempts: 1,
    retryable: false
  })

  it.live("within the same origin is not followed", () =>
    Effect.gen(function* () {
      for (const status of statuses) {
        for (const run of [read, write]) {
          const server = yield* loopback((response, request) => {
            if (request.url === "/elsewhere") json(wire.session)(response, request)
            else redirect(status, "/elsewhere")(response, request)
          })
          const error = yield* Effect.flip(Effect.provide(run, layer({ apiUrl: server.url })))
          expect(error).toMatchObject(unexpected(status))
          expect(server.received).toHaveLength(1)
        }
      }
    })
  )

  it.live("to another origin is not followed, so that origin receives nothing", () =>
    Effect.gen(function* () {
      const other = yield* loopback(json(wire.session))
      for (const status of statuses) {
        for (const run of [read, write]) {
          const server = yield* loopback(redirect(status, `${other.url}/v1/sessions/sess_1`))
          const error = yield* Effect.flip(Effect.provide(run, layer({ apiUrl: server.url })))
          expect(error).toMatchObject(unexpected(status))
          expect(server.received).toHaveLength(1)
        }
      }
      expect(other.connections()).toBe(0)
    })
  )

  it.live("to nowhere, to itself or to a file is not followed", () =>
    Effect.gen(function* () {
      for (const location of [
        undefined,
        "",
        "/v1/sessions/sess_1",
        "file:///etc/hosts",
        "data:,{}",
        "http://["
      ]) {
        const server = yield* loopback(redirect(302, location))
        const error = yield* Effect.flip(Effect.provide(read, layer({ apiUrl: server.url })))
        expect(error).toMatchObject(unexpected(302))
        expect(server.received).toHaveLength(1)
      }
    })
  )
})
