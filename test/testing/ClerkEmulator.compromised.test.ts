import { createClerkClient } from "@clerk/backend"
import * as Effect from "effect/Effect"
import { ClerkEmulator, type ClerkEmulatorService, DEFAULT_WEBHOOK_SECRET } from "effect-clerk/testing"
import { HttpServer } from "#test/httpServer.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { ask, outcome } from "./ClerkEmulator.support.js"
import { secretKey, stage } from "./clerkBackend/support.js"

const path = "POST /v1/users/user_1/password/set_compromised"

const emulator = Effect.andThen(
  TestClock.setTime(Date.UTC(2026, 0, 1)),
  ClerkEmulator.make({
    webhookSecret: DEFAULT_WEBHOOK_SECRET,
    seed: {
      users: [{ id: "user_1" }, { id: "user_2" }],
      sessions: [
        { id: "sess_active", userId: "user_1" },
        { id: "sess_pending", userId: "user_1", status: "pending" },
        { id: "sess_ended", userId: "user_1", status: "ended" },
        { id: "sess_expired", userId: "user_1", createdAgo: "8 days" },
        { id: "sess_other", userId: "user_2" }
      ]
    }
  })
)

const statuses = (clerk: ClerkEmulatorService) =>
  Effect.map(clerk.sessions, (sessions) => Object.fromEntries(sessions.map(({ id, status }) => [id, status])))

const before = {
  sess_active: "active",
  sess_pending: "pending",
  sess_ended: "ended",
  sess_expired: "expired",
  sess_other: "active"
}

describe("the operation that sets a password as compromised", () => {
  it.effect("revokes all live sessions of the user with revoke_all_sessions, and announces each", () =>
    Effect.gen(function* () {
      const clerk = yield* emulator
      const { json, status } = yield* ask(clerk, path, { body: { revoke_all_sessions: true } })
      expect(status).toBe(200)
      expect(json).toEqual({ object: "user", id: "user_1", password_enabled: true })
      expect(yield* statuses(clerk)).toEqual({ ...before, sess_active: "revoked", sess_pending: "revoked" })
      // Sound: the emulator makes these bodies.
      const events = (yield* clerk.takeWebhooks).map(
        ({ body }) => JSON.parse(body) as { type: string; data: { id: string } }
      )
      expect(events.map(({ data, type }) => `${type} ${data.id}`).sort()).toEqual([
        "session.revoked sess_active",
        "session.revoked sess_pending"
      ])
      expect(yield* outcome(clerk, path, { body: { revoke_all_sessions: true } })).toBe("200")
      expect(yield* clerk.takeWebhooks).toEqual([])
    })
  )

  it.effect("revokes no session without it", () =>
    Effect.gen(function* () {
      const clerk = yield* emulator
      expect(yield* outcome(clerk, path)).toBe("200")
      expect(yield* outcome(clerk, path, { body: { revoke_all_sessions: false } })).toBe("200")
      expect(yield* outcome(clerk, path, { body: { revoke_all_sessions: null } })).toBe("200")
      expect(yield* statuses(clerk)).toEqual(before)
      expect((yield* clerk.requests).map(({ operation }) => operation)).toEqual(
        Array(3).fill("Users.setPasswordCompromised")
      )
    })
  )

  it.effect("rejects unknown users, parameters and methods", () =>
    Effect.gen(function* () {
      const clerk = yield* emulator
      const send = (body: unknown, line = path) => outcome(clerk, line, { body })
      expect(yield* send({}, "POST /v1/users/user_9/password/set_compromised")).toBe("404 resource_not_found")
      expect(yield* send({ revoke_all_sessions: "true" })).toBe(
        "422 form_param_type_invalid revoke_all_sessions"
      )
      expect(yield* send({ revokeAllSessions: true })).toBe("422 form_param_unknown revokeAllSessions")
      expect(yield* outcome(clerk, path.replace("POST", "GET"))).toBe("405 method_not_allowed")
      expect(yield* statuses(clerk)).toEqual(before)
    })
  )

  it.live("serves @clerk/backend", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const apiUrl = yield* HttpServer.addressFormattedWith(Effect.succeed)
      const { users } = createClerkClient({ secretKey, apiUrl })
      yield* clerk.createUser({ id: "user_1" })
      yield* clerk.signIn("user_1")
      const set = (revokeAllSessions: boolean) =>
        Effect.promise(() => users.setPasswordCompromised("user_1", { revokeAllSessions }))
      expect((yield* set(false)).id).toBe("user_1")
      expect((yield* clerk.sessions)[0]?.status).toBe("active")
      expect((yield* set(true)).passwordEnabled).toBe(true)
      expect((yield* clerk.sessions)[0]?.status).toBe("revoked")
    }).pipe(Effect.provide(stage))
  )
})
