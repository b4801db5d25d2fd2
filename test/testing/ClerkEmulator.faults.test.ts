import { createServer } from "node:http"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { ClerkHttp, RequestPolicy, Sessions } from "effect-clerk"
import { ClerkEmulator, DEFAULT_SECRET_KEY } from "effect-clerk/testing"
import { fork, poll } from "#test/fiber.js"
import { HttpServer, toWebHandler } from "#test/httpServer.js"
import { unwrap } from "#test/layers.js"
import { NodeHttpServer } from "#test/node.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { ask, outcome, signedIn } from "./ClerkEmulator.support.js"

const secretKey = DEFAULT_SECRET_KEY

const inProcess = ClerkHttp.layer({ secretKey }).pipe(
  Layer.provide(ClerkEmulator.layerHttpClient),
  Layer.provideMerge(ClerkEmulator.layer())
)

const onSocket = unwrap(
  HttpServer.addressFormattedWith((apiUrl) => Effect.succeed(ClerkHttp.layerFetch({ secretKey, apiUrl })))
).pipe(
  Layer.provideMerge(ClerkEmulator.layerServer),
  Layer.provideMerge(ClerkEmulator.layer()),
  Layer.provide(Layer.orDie(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" })))
)

const someone = Effect.gen(function* () {
  const clerk = yield* ClerkEmulator
  const user = yield* clerk.createUser()
  return { clerk, user, ...(yield* clerk.signIn(user.id)) }
})

describe("a response prepared for an operation", () => {
  it.effect("waits for that operation, while others get their usual responses", () =>
    Effect.gen(function* () {
      const { clerk, session } = yield* signedIn()
      const get = outcome(clerk, `GET /v1/sessions/${session.id}`)
      const revoke = outcome(clerk, `POST /v1/sessions/${session.id}/revoke`)
      const body = '{"errors":[{"code":"prepared","meta":{}}]}'
      yield* clerk.respondNext({ operation: "Sessions.revoke", status: 409, body })
      yield* clerk.respondNext({ status: 500, body })
      yield* clerk.respondNext({ operation: "Sessions.revoke", status: 429, body })
      expect(yield* get).toBe("500 prepared")
      expect(yield* get).toBe("200")
      expect(yield* revoke).toBe("409 prepared")
      expect(yield* revoke).toBe("429 prepared")
      expect(yield* revoke).toBe("200")
    })
  )

  it.effect("is for that operation with any API version", () =>
    Effect.gen(function* () {
      const { clerk, session } = yield* signedIn()
      yield* clerk.respondNext({ operation: "Sessions.verify", status: 204 })
      expect(
        yield* clerk.handle({
          method: "post",
          url: `https://api.clerk.com/v1/sessions/${session.id}/verify`,
          headers: { "Clerk-API-Version": "2026-05-12" },
          body: ""
        })
      ).toEqual({ status: 204, headers: {}, body: "" })
    })
  )

  it.effect("is delayed by the clock", () =>
    Effect.gen(function* () {
      const { clerk, session } = yield* signedIn()
      yield* clerk.respondNext({ status: 503, delay: "2 seconds", body: "{}" })
      const fiber = yield* fork(ask(clerk, `GET /v1/sessions/${session.id}`))
      yield* TestClock.adjust("1999 millis")
      expect(Option.isNone(yield* poll(fiber))).toBe(true)
      yield* TestClock.adjust("1 millis")
      expect((yield* Fiber.join(fiber)).status).toBe(503)
    })
  )
})

describe("latency", () => {
  it.effect("delays requests by the clock, with an operation's own value first, until it is zero", () =>
    Effect.gen(function* () {
      const { clerk, session } = yield* signedIn()
      const took = (line: string) =>
        Effect.gen(function* () {
          const fiber = yield* fork(ask(clerk, line))
          yield* TestClock.adjust(0)
          for (let seconds = 0; seconds < 9; seconds++) {
            if (Option.isSome(yield* poll(fiber))) return seconds
            yield* TestClock.adjust("1 seconds")
          }
          return yield* Effect.die(new Error("no response within nine seconds"))
        })
      const get = `GET /v1/sessions/${session.id}`
      const revoke = `POST /v1/sessions/${session.id}/revoke`
      yield* clerk.setLatency("2 seconds")
      yield* clerk.setLatency("5 seconds", "Sessions.revoke")
      expect([yield* took(get), yield* took(revoke), yield* took("GET /v1/unknown")]).toEqual([2, 5, 2])
      yield* clerk.setLatency(0)
      expect([yield* took(get), yield* took(revoke)]).toEqual([0, 5])
      yield* clerk.setLatency(0, "Sessions.revoke")
      expect(yield* took(revoke)).toBe(0)
    })
  )

  it.effect("longer than the time limit of an attempt is a timeout, and the request is recorded", () =>
    Effect.gen(function* () {
      const { clerk, session } = yield* someone
      yield* clerk.setLatency("1 minute", "Sessions.get")
      const fiber = yield* Sessions.get(session.id).pipe(RequestPolicy.noRetry, Effect.flip, fork)
      yield* TestClock.adjust("10 seconds")
      expect(yield* Fiber.join(fiber)).toMatchObject({ _tag: "ClerkTimeout", phase: "attempt" })
      expect(yield* clerk.requests).toMatchObject([{ operation: "Sessions.get", status: undefined }])
    }).pipe(Effect.provide(inProcess))
  )
})

describe.each([
  ["in process", inProcess],
  ["on a socket", onSocket]
])("%s a connection", (_, stage) => {
  it.live("that is reset has changed nothing, and a read is retried", () =>
    Effect.gen(function* () {
      const { clerk, session, user } = yield* someone
      yield* clerk.failNext({ operation: "Sessions.create", fault: "reset" })
      const error = yield* Effect.flip(Sessions.create({ userId: user.id }))
      expect(error).toMatchObject({ _tag: "ClerkTransportError", sent: "maybe", attempts: 1 })
      expect(yield* clerk.sessions).toHaveLength(1)

      yield* clerk.failNext({ fault: "reset" })
      expect((yield* Sessions.get(session.id)).id).toBe(session.id)
      yield* clerk.expectRequests(["Sessions.create", "Sessions.get", "Sessions.get"])
    }).pipe(Effect.provide(stage))
  )

  it.live("whose response is lost has changed the state", () =>
    Effect.gen(function* () {
      const { clerk, session, user } = yield* someone
      yield* clerk.failNext({ operation: "Sessions.create", fault: "response-lost" })
      const error = yield* Effect.flip(Sessions.create({ userId: user.id }))
      expect(error).toMatchObject({ _tag: "ClerkTransportError", sent: "maybe", attempts: 1 })
      expect(yield* clerk.sessions).toHaveLength(2)

      yield* clerk.failNext({ operation: "Sessions.revoke", fault: "response-lost" })
      expect((yield* Sessions.revoke(session.id)).status).toBe("revoked")
      expect((yield* clerk.requests).map(({ status }) => status)).toEqual([undefined, undefined, 200])
    }).pipe(Effect.provide(stage))
  )

  it.live("that stays silent is given up at the time limit", () =>
    Effect.gen(function* () {
      const { clerk, session } = yield* someone
      yield* clerk.failNext({ operation: "Sessions.get", fault: "no-response" })
      const error = yield* Sessions.get(session.id).pipe(
        RequestPolicy.retry({ maxAttempts: 1 }),
        RequestPolicy.timeout("100 millis"),
        Effect.flip
      )
      expect(error).toMatchObject({ _tag: "ClerkTimeout", phase: "attempt" })
    }).pipe(Effect.provide(stage))
  )
})

describe("a fault", () => {
  it.effect("is a 502 where there is no socket to close", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      const answer = toWebHandler(Effect.provideService(ClerkEmulator.httpApp, ClerkEmulator, clerk))
      const ask = Effect.promise(() => answer(new Request("http://localhost/v1/jwks")))
      yield* clerk.failNext({ fault: "reset" })
      expect((yield* ask).status).toBe(502)
      expect((yield* ask).status).toBe(401)
    })
  )

  it.effect("is used in order with prepared responses", () =>
    Effect.gen(function* () {
      const { clerk, session } = yield* signedIn()
      const request = { method: "GET", url: `/v1/sessions/${session.id}`, headers: {}, body: "" }
      yield* clerk.respondNext({ status: 503 })
      yield* clerk.failNext({ fault: "reset" })
      expect((yield* clerk.exchange(request)).status).toBe(503)
      expect(yield* Effect.flip(clerk.exchange(request))).toMatchObject({ _tag: "EmulatedDisconnect" })
      expect((yield* clerk.exchange(request)).status).toBe(401)
    })
  )

  it.effect("is a defect for handle, which has no connection", () =>
    Effect.gen(function* () {
      const { clerk } = yield* signedIn()
      yield* clerk.failNext({ fault: "reset" })
      const exit = yield* Effect.exit(clerk.handle({ method: "GET", url: "/v1/jwks", headers: {}, body: "" }))
      expect(Exit.isFailure(exit) && String(exit.cause)).toContain("failNext")
    })
  )
})
