import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ClerkHttp, SessionTokens, SigningKeys } from "effect-clerk"
import { ClerkEmulator, DEFAULT_SECRET_KEY } from "effect-clerk/testing"
import { describe, expect, it } from "#test/vitest.js"
import { limits } from "../../src/core/emulator/limits.js"
import { defectOf } from "../support/exits.js"
import { ask, outcome, signedIn } from "./ClerkEmulator.support.js"

const dead = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.map(Effect.exit(effect), (exit) => String(defectOf(exit)))

describe("the log of requests", () => {
  it.effect("keeps the newest requests within 2 MiB, and counts those it dropped", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      const text = JSON.stringify({ text: "é".repeat(30_000) })
      for (let index = 0; index < 60; index++) {
        yield* ask(clerk, `POST /v1/sessions/sess_${index}/revoke`, { text })
      }
      const { droppedRequests, requests } = yield* clerk.state
      expect(new TextEncoder().encode(JSON.stringify(requests)).length).toBeLessThan(limits.requestBytes)
      expect(requests.length + droppedRequests).toBe(60)
      expect(requests.at(-1)?.path).toEqual(["sessions", "sess_59", "revoke"])
      expect(requests[0]?.path[1]).toBe(`sess_${droppedRequests}`)
      expect(requests[0]?.body).toEqual({ text: "é".repeat(30_000) })
      expect(yield* dead(clerk.expectRequests([]))).toBe(
        `Error: ClerkEmulator: expectRequests: the log has dropped ${droppedRequests} older requests; it keeps 1000 requests and 2 MiB`
      )
      yield* clerk.reset
      expect(yield* clerk.state).toMatchObject({ requests: [], droppedRequests: 0 })
      yield* clerk.expectRequests([])
    })
  )

  it.effect("keeps no text of a URL or a body that is too long", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      const long = "x".repeat(3_000_000)
      yield* ask(clerk, `POST /v1/sessions/${long}/revoke?a=${long}`, { text: long })
      expect(yield* clerk.requests).toMatchObject([
        { path: ["(6000023 characters)"], query: {}, body: "(3000000 characters)" }
      ])
    })
  )

  it.effect("stores JSON that is nested too deeply as text", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      const text = "[".repeat(5_000) + "]".repeat(5_000)
      expect(yield* outcome(clerk, "POST /v1/sessions", { text })).toBe("400 request_body_invalid")
      expect((yield* clerk.requests)[0]?.body).toBe(text)
      JSON.stringify(yield* clerk.state)
    })
  )
})

describe("an emulator that is full", () => {
  it.effect("accepts at most 1,000 prepared responses", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      yield* Effect.replicateEffect(clerk.respondNext({ status: 503 }), limits.prepared)
      expect(yield* dead(clerk.failNext({ fault: "reset" }))).toBe(
        "Error: ClerkEmulator: failNext: 1,000 responses and faults wait for requests already; send requests or call reset"
      )
      expect((yield* ask(clerk, "GET /v1/jwks").pipe(Effect.exit))._tag).toBe("Failure")
      yield* clerk.failNext({ fault: "reset" })
    })
  )

  it.effect("accepts at most 64 MiB of text in prepared responses", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      const body = "x".repeat(33 * 1024 * 1024)
      yield* clerk.respondNext({ status: 200, body })
      expect(yield* dead(clerk.respondNext({ status: 200, body }))).toContain("would exceed 64 MiB")
    })
  )

  const ids = (count: number, prefix: string) =>
    Array.from({ length: count }, (_, index) => `${prefix}_${index}`)

  it.effect("creates no user or template beyond its limit", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      yield* clerk.seed({ users: ids(limits.users, "user").map((id) => ({ id })) })
      for (const name of ids(limits.templates, "template")) yield* clerk.createTemplate({ name })
      expect(yield* dead(clerk.createUser())).toBe(
        "Error: ClerkEmulator: the emulator holds at most 50,000 users"
      )
      expect(yield* dead(clerk.createTemplate({ name: "one_more" }))).toContain("at most 1,000 templates")
      expect(yield* Effect.flip(clerk.seed({ users: [{ id: "user_more" }] }))).toMatchObject({
        message: "users must be at most 50,000 in all"
      })
      // Existing records can still be replaced.
      yield* clerk.createUser({ id: "user_1", plan: "plus" })
      yield* clerk.createTemplate({ name: "template_1" })
    })
  )

  it.effect("creates no session beyond its limit", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      yield* clerk.seed({
        users: [{ id: "user_1" }],
        sessions: ids(limits.sessions, "sess").map((id) => ({ id, userId: "user_1" }))
      })
      expect(yield* dead(clerk.signIn("user_1"))).toContain("at most 50,000 sessions")
      expect(yield* outcome(clerk, "POST /v1/sessions", { body: { user_id: "user_1" } })).toBe(
        "403 emulator_quota_exceeded"
      )
    })
  )

  it.effect("holds at most 256 MiB of data, for any number of records", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      const plan = "x".repeat(100 * 1024 * 1024)
      yield* clerk.createUser({ id: "user_1", plan })
      yield* clerk.createUser({ id: "user_1", plan })
      yield* clerk.createUser({ id: "user_2", plan })
      const full = "the emulator holds at most 256 MiB of data"
      expect(yield* dead(clerk.createUser({ id: "user_3", plan }))).toBe(`Error: ClerkEmulator: ${full}`)
      expect(yield* Effect.flip(clerk.seed({ users: [{ id: "user_3", plan }] }))).toMatchObject({
        message: "the seed must leave the emulator within 256 MiB of data"
      })
      expect((yield* clerk.users).map(({ id }) => id)).toEqual(["user_1", "user_2"])
      yield* clerk.reset
      yield* clerk.createUser({ id: "user_3", plan })
    })
  )

  it.effect("counts the values in JSON too, since `{}` uses many times its text in memory", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make({ seed: { users: [{ id: "user_1" }] } })
      const actor = { list: Array.from({ length: 20_000 }, () => ({})) }
      const sessions = Array.from({ length: 200 }, () => ({ userId: "user_1", actor }))
      expect(yield* Effect.flip(clerk.seed({ users: [{ id: "user_2" }], sessions }))).toMatchObject({
        message: "the seed must leave the emulator within 256 MiB of data"
      })
      expect([(yield* clerk.users).length, yield* clerk.sessions]).toEqual([1, []])
      yield* clerk.seed({ sessions: sessions.slice(0, 100) })
      expect(yield* dead(Effect.replicateEffect(clerk.signIn("user_1", { actor }), 20))).toBe(
        "Error: ClerkEmulator: the emulator holds at most 256 MiB of data"
      )
    })
  )

  it.effect("lists at most sixteen mistakes of a seed", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      const users = Array.from({ length: 5_000 }, () => ({ id: "user_1" }))
      expect((yield* Effect.flip(clerk.seed({ users }))).issues).toHaveLength(16)
    })
  )
})

describe("after 50 key rotations", () => {
  const Clerk = SigningKeys.layerJwks.pipe(
    Layer.provideMerge(ClerkHttp.layer({ secretKey: DEFAULT_SECRET_KEY })),
    Layer.provide(ClerkEmulator.layerHttpClient),
    Layer.provideMerge(ClerkEmulator.layer({ seed: { users: [{ id: "user_1" }] } }))
  )

  it.effect("the key set has the current key and the two before it, which the client accepts", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const { session } = yield* clerk.signIn("user_1")
      const tokens: Array<string> = []
      const kids: Array<string> = []
      for (let rotation = 0; rotation < 50; rotation++) {
        kids.push(yield* clerk.rotateKey())
        tokens.push(yield* clerk.mintSessionToken(session.id))
      }
      expect(clerk.jwks.keys.map(({ kid }) => kid)).toEqual(kids.slice(-3).reverse())
      expect(new Set(clerk.jwks.keys.map(({ n }) => n)).size).toBe(3)
      expect((yield* clerk.state).keys).toHaveLength(3)
      for (const token of tokens.slice(-3)) {
        expect((yield* SessionTokens.verify(token)).sessionId).toBe(session.id)
      }
      const error = yield* Effect.flip(SessionTokens.verify(tokens.at(-4) ?? ""))
      expect(error).toMatchObject({ _tag: "ClerkTokenError", reason: "unknown-key" })
    }).pipe(Effect.provide(Clerk))
  )

  it.effect("Clerk's own API rejects a token of a key that was removed", () =>
    Effect.gen(function* () {
      const { clerk, session } = yield* signedIn()
      const token = yield* clerk.mintSessionToken(session.id)
      const verify = outcome(clerk, `POST /v1/sessions/${session.id}/verify`, {
        body: { token },
        version: "2025-03-12"
      })
      yield* clerk.rotateKey()
      yield* clerk.rotateKey()
      expect(yield* verify).toBe("200")
      yield* clerk.rotateKey()
      expect(yield* verify).toBe("400 invalid_session_token")
    })
  )
})
