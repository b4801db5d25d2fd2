import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { ClerkHttp, Sessions } from "effect-clerk"
import { ClerkEmulator, DEFAULT_SECRET_KEY } from "effect-clerk/testing"
import { fork } from "#test/fiber.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { defectOf } from "../support/exits.js"
import { ask, signedIn } from "./ClerkEmulator.support.js"

const now = 1_750_000_000_000

const stage = ClerkHttp.layer({ secretKey: DEFAULT_SECRET_KEY }).pipe(
  Layer.provide(ClerkEmulator.layerHttpClient),
  Layer.provideMerge(ClerkEmulator.layer())
)

describe("the sessions of an emulator", () => {
  it.effect("never show their refresh tokens", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      yield* clerk.createUser({ id: "user_1" })
      const { refreshToken, session } = yield* clerk.signIn("user_1")
      expect(refreshToken).not.toBe("")
      const updated = yield* clerk.updateSession(session.id, { tasks: null })
      for (const shown of [session, updated, yield* clerk.sessions, yield* clerk.state]) {
        expect(JSON.stringify(shown)).toContain(session.id)
        expect(JSON.stringify(shown)).not.toContain(refreshToken)
      }
    }).pipe(Effect.provide(stage))
  )
})

describe("the requests an emulator received", () => {
  it.effect("are recorded with operation, path, query, body, version, time and status", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now)
      const clerk = yield* ClerkEmulator
      yield* clerk.createUser({ id: "user_1" })
      const { id } = yield* Sessions.create({ userId: "user_1" })
      yield* TestClock.adjust("1 second")
      yield* Sessions.list({ userId: "user_1", limit: 2 })
      yield* Effect.flip(Sessions.verify("sess_none"))
      expect(yield* clerk.requests).toEqual([
        {
          operation: "Sessions.create",
          method: "POST",
          path: ["sessions"],
          query: {},
          body: { user_id: "user_1" },
          apiVersion: "2026-05-12",
          at: now,
          status: 200
        },
        {
          operation: "Sessions.list",
          method: "GET",
          path: ["sessions"],
          query: { user_id: "user_1", limit: "2", paginated: "true" },
          body: undefined,
          apiVersion: "2026-05-12",
          at: now + 1000,
          status: 200
        },
        {
          operation: "Sessions.verify",
          method: "POST",
          path: ["sessions", "sess_none", "verify"],
          query: {},
          body: undefined,
          apiVersion: "2025-03-12",
          at: now + 1000,
          status: 404
        }
      ])
      yield* clerk.expectRequests([
        { operation: "Sessions.create", body: { user_id: "user_1" } },
        { operation: "Sessions.list", query: { user_id: "user_1", limit: 2, paginated: true } },
        { operation: "Sessions.verify", body: undefined, query: {} }
      ])
      const exit = yield* Effect.exit(clerk.expectRequests(["Sessions.create", "Sessions.list"]))
      expect(String(defectOf(exit))).toBe(
        [
          "AssertionError: the requests differ: 2 expected, 3 made; request 3 is the first that differs",
          "  expected: no request",
          '  made:     {"operation":"Sessions.verify","method":"POST","path":"/sessions/sess_none/verify","query":{},"apiVersion":"2025-03-12"}'
        ].join("\n")
      )
      expect(id).toMatch(/^sess_/)
    }).pipe(Effect.provide(stage))
  )

  it.effect("are recorded too when no route matches, with the text that was sent", () =>
    Effect.gen(function* () {
      const { clerk } = yield* signedIn()
      yield* clerk.handle({ method: "put", url: "/v1/users/a%20b/%zz?q=1", headers: {}, body: "<a/>" })
      yield* clerk.handle({ method: "GET", url: "https://[", headers: {}, body: "x".repeat(70_000) })
      expect(yield* clerk.requests).toMatchObject([
        {
          operation: undefined,
          method: "PUT",
          path: ["users", "a b", "%zz"],
          query: { q: "1" },
          body: "<a/>",
          status: 401
        },
        { operation: undefined, method: "GET", body: "(70000 characters)", status: 401 }
      ])
    })
  )

  it.effect("never include a header, and so no secret key", () =>
    Effect.gen(function* () {
      const { clerk, session } = yield* signedIn()
      yield* ask(clerk, `GET /v1/sessions/${session.id}`)
      expect(JSON.stringify(yield* clerk.state)).not.toContain("sk_test")
    })
  )

  it.effect("are the last thousand", () =>
    Effect.gen(function* () {
      const { clerk } = yield* signedIn()
      for (let index = 0; index < 1002; index++) yield* ask(clerk, `GET /v1/sessions/sess_${index}`)
      const requests = yield* clerk.requests
      expect([requests.length, requests[0]?.path[1], requests[999]?.path[1]]).toEqual([
        1000,
        "sess_2",
        "sess_1001"
      ])
    })
  )

  it.effect("are returned as a copy", () =>
    Effect.gen(function* () {
      const { clerk, session } = yield* signedIn()
      yield* clerk.setLatency("1 second")
      const fiber = yield* fork(ask(clerk, `GET /v1/sessions/${session.id}`))
      yield* TestClock.adjust(0)
      const before = yield* clerk.requests
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      expect(before[0]?.status).toBeUndefined()
      expect((yield* clerk.requests)[0]?.status).toBe(200)
    })
  )
})

describe("the state of an emulator", () => {
  it.effect("contains all records", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      const user = yield* clerk.createUser({ id: "user_1", plan: "plus" })
      const organization = yield* clerk.createOrganization({ id: "org_1", members: [{ userId: "user_1" }] })
      yield* clerk.createTemplate({ name: "hasura", claims: { role: "editor" } })
      const { session } = yield* clerk.signIn("user_1")
      yield* ask(clerk, `GET /v1/sessions/${session.id}`)
      expect(yield* clerk.state).toEqual({
        users: [user],
        organizations: [organization],
        templates: [{ name: "hasura", claims: { role: "editor" }, lifetimeSeconds: 60 }],
        sessions: [session],
        keys: [clerk.instanceId],
        requests: [expect.objectContaining({ operation: "Sessions.get" })],
        droppedRequests: 0
      })
      expect(yield* clerk.users).toEqual([user])
      expect(yield* clerk.organizations).toEqual([organization])
    })
  )
})
