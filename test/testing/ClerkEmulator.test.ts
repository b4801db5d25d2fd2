import * as Effect from "effect/Effect"
import { withSeed } from "#test/random.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { ClerkEmulator } from "../../src/testing/ClerkEmulator.js"
import { ask, outcome, signedIn, type Wire } from "./ClerkEmulator.support.js"

const now = 1_750_000_000_000
const day = 86_400_000
const at = TestClock.setTime

const ids = (sessions: ReadonlyArray<{ readonly id: string }>) => sessions.map(({ id }) => id)

describe("creating a session", () => {
  it.effect("returns the session in wire form, with every time in milliseconds", () =>
    Effect.gen(function* () {
      yield* at(now)
      const clerk = yield* ClerkEmulator.make()
      const user = yield* clerk.createUser()
      const { headers, json, status } = yield* ask(clerk, "POST /v1/sessions", { body: { user_id: user.id } })
      expect(status).toBe(200)
      expect(headers["content-type"]).toBe("application/json")
      expect(headers["clerk-trace-id"]).toMatch(/^[0-9a-f]{32}$/)
      expect(json).toStrictEqual({
        object: "session",
        id: expect.stringMatching(/^sess_[0-9A-Za-z]{27}$/),
        user_id: user.id,
        client_id: expect.stringMatching(/^client_[0-9A-Za-z]{27}$/),
        actor: null,
        status: "active",
        last_active_organization_id: null,
        last_active_at: now,
        latest_activity: null,
        expire_at: now + 7 * day,
        abandon_at: now + 37 * day,
        updated_at: now,
        created_at: now,
        tasks: null
      })
    })
  )

  it.effect("makes an organization active when the user is a member of it", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      const user = yield* clerk.createUser()
      const ours = yield* clerk.createOrganization({ members: [{ userId: user.id }] })
      const theirs = yield* clerk.createOrganization()
      const create = (active_organization_id: string) => ({
        body: { user_id: user.id, active_organization_id }
      })
      const { json } = yield* ask(clerk, "POST /v1/sessions", create(ours.id))
      expect(json.last_active_organization_id).toBe(ours.id)
      expect(yield* outcome(clerk, "POST /v1/sessions", create(theirs.id))).toBe("404 resource_not_found")
      const unknown = yield* ask(clerk, "POST /v1/sessions", create("org_unknown"))
      expect(unknown.status).toBe(404)
      expect(unknown.json.errors[0]?.long_message).toBe("Given organization not found.")
      expect(yield* clerk.sessions).toHaveLength(1)
    })
  )

  it.effect("is rejected for an unknown user, and creates nothing", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      const { json, status } = yield* ask(clerk, "POST /v1/sessions", { body: { user_id: "user_1" } })
      expect(status).toBe(404)
      expect(json).toStrictEqual({
        errors: [
          {
            message: "not found",
            long_message: "No user was found with id user_1",
            code: "resource_not_found",
            meta: {}
          }
        ],
        clerk_trace_id: expect.stringMatching(/^[0-9a-f]{32}$/)
      })
      expect(yield* clerk.sessions).toEqual([])
    })
  )

  it.effect("is rejected when a parameter is missing, unknown or of another type", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      const { id } = yield* clerk.createUser()
      const create = (body: unknown) => outcome(clerk, "POST /v1/sessions", { body })
      expect(yield* outcome(clerk, "POST /v1/sessions")).toBe("422 form_param_missing user_id")
      expect(yield* create({ user_id: null })).toBe("422 form_param_missing user_id")
      expect(yield* create({ user_id: "" })).toBe("422 form_param_missing user_id")
      expect(yield* create({ user_id: 7 })).toBe("422 form_param_type_invalid user_id")
      expect(yield* create({ user_id: id, userId: id })).toBe("422 form_param_unknown userId")
    })
  )

  it.effect("is rejected by a production instance", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make({ production: true })
      const { id } = yield* clerk.createUser()
      expect(yield* outcome(clerk, "POST /v1/sessions", { body: { user_id: id } })).toBe(
        "400 request_invalid_for_environment"
      )
    })
  )
})

describe("getting a session", () => {
  it.effect("returns the session of a browser's sign-in", () =>
    Effect.gen(function* () {
      yield* at(now)
      const clerk = yield* ClerkEmulator.make()
      const user = yield* clerk.createUser({ id: "user_ada" })
      const { session } = yield* clerk.signIn(user.id, {
        clientId: "client_1",
        status: "pending",
        tasks: [{ key: "setup-mfa" }],
        actor: { sub: "user_admin" },
        activity: { id: "activity_1", isMobile: true, deviceType: undefined }
      })
      const { json, status } = yield* ask(clerk, `GET /v1/sessions/${session.id}`)
      expect(status).toBe(200)
      expect(json).toMatchObject({
        id: session.id,
        user_id: "user_ada",
        client_id: "client_1",
        status: "pending",
        tasks: [{ key: "setup-mfa" }],
        actor: { sub: "user_admin" }
      })
      expect(json.latest_activity).toStrictEqual({
        object: "session_activity",
        id: "activity_1",
        is_mobile: true,
        browser_name: "Chrome",
        browser_version: "128.0.0.0",
        ip_address: "192.0.2.1",
        city: "Athens",
        country: "GR"
      })
    })
  )

  it.effect("has tasks from API version 2025-03-12 on", () =>
    Effect.gen(function* () {
      const { clerk, session } = yield* signedIn()
      const read = (version: string) => ask(clerk, `GET /v1/sessions/${session.id}`, { version })
      expect((yield* read("2024-10-01")).json).not.toHaveProperty("tasks")
      expect((yield* read("2025-03-12")).json.tasks).toBeNull()
    })
  )

  it.effect("is rejected for an unknown id, which the message shows unless it looks like a secret", () =>
    Effect.gen(function* () {
      const { clerk, sessionToken } = yield* signedIn()
      const message = (id: string) =>
        Effect.map(ask(clerk, `GET /v1/sessions/${id}`), ({ json, status }) => {
          expect(status).toBe(404)
          return json.errors[0]?.long_message
        })
      expect(yield* message("sess_nope")).toBe("No session was found with id sess_nope")
      expect(yield* message("sk_test_emulator")).toBe("No session was found with id ***")
      expect(yield* message(sessionToken)).toBe("No session was found with id ***")
    })
  )

  it.effect("reads the id as one encoded path segment", () =>
    Effect.gen(function* () {
      const { clerk } = yield* signedIn()
      expect(yield* outcome(clerk, "GET /v1/sessions/a%2Frevoke")).toBe("404 resource_not_found")
      expect(yield* outcome(clerk, "GET /v1/sessions/%E0%A4%A")).toBe("400 malformed_request_parameters")
    })
  )
})

describe("the age of a session", () => {
  it.effect("makes it expired at expire_at and abandoned at abandon_at", () =>
    Effect.gen(function* () {
      yield* at(now)
      const { clerk, session } = yield* signedIn({ sessionLifetime: "1 hour" })
      const status = Effect.map(ask(clerk, `GET /v1/sessions/${session.id}`), ({ json }) => json.status)
      yield* at(session.expireAt - 1)
      expect(yield* status).toBe("active")
      yield* at(session.expireAt)
      expect(yield* status).toBe("expired")
      yield* at(session.abandonAt)
      expect(yield* status).toBe("abandoned")
      expect((yield* clerk.sessions).map((each) => each.status)).toEqual(["abandoned"])
    })
  )

  it.effect("does not change one that has ended", () =>
    Effect.gen(function* () {
      yield* at(now)
      const { clerk, session } = yield* signedIn()
      yield* clerk.updateSession(session.id, { status: "ended" })
      yield* at(session.abandonAt + 1)
      expect((yield* ask(clerk, `GET /v1/sessions/${session.id}`)).json.status).toBe("ended")
    })
  )

  it.effect("can be extended by a test", () =>
    Effect.gen(function* () {
      yield* at(now)
      const { clerk, session } = yield* signedIn()
      yield* at(session.expireAt)
      const updated = yield* clerk.updateSession(session.id, { expireAt: session.expireAt + day })
      expect(updated).toMatchObject({ status: "active", updatedAt: session.expireAt })
      expect((yield* ask(clerk, `GET /v1/sessions/${session.id}`)).json.status).toBe("active")
    })
  )
})

describe("listing sessions", () => {
  const three = Effect.gen(function* () {
    yield* at(now)
    const clerk = yield* ClerkEmulator.make()
    const user = yield* clerk.createUser()
    const other = yield* clerk.createUser()
    const clientId = yield* clerk.createClient
    const first = (yield* clerk.signIn(user.id, { clientId })).session
    const second = (yield* clerk.signIn(user.id)).session
    yield* at(now + 1)
    const third = (yield* clerk.signIn(user.id)).session
    const foreign = (yield* clerk.signIn(other.id, { clientId })).session
    return { clerk, user, clientId, first, second, third, foreign }
  })

  it.effect("returns an array, newest first, with the last created one first within a millisecond", () =>
    Effect.gen(function* () {
      const { clerk, first, second, third, user } = yield* three
      const { json, status } = yield* ask<ReadonlyArray<Wire>>(clerk, `GET /v1/sessions?user_id=${user.id}`)
      expect(status).toBe(200)
      expect(ids(json)).toEqual([third.id, second.id, first.id])
      expect(
        ids(
          (yield* ask<ReadonlyArray<Wire>>(clerk, `GET /v1/sessions?user_id=${user.id}&paginated=false`)).json
        )
      ).toEqual(ids(json))
    })
  )

  it.effect("sorts by the time of creation, also when the clock was set back", () =>
    Effect.gen(function* () {
      const { clerk, first, second, third, user } = yield* three
      yield* at(now - 1)
      const { session } = yield* clerk.signIn(user.id)
      const { json } = yield* ask<ReadonlyArray<Wire>>(clerk, `GET /v1/sessions?user_id=${user.id}`)
      expect(ids(json)).toEqual([third.id, second.id, first.id, session.id])
    })
  )

  it.effect("returns an envelope with the count of all pages when paginated", () =>
    Effect.gen(function* () {
      const { clerk, first, second, third, user } = yield* three
      const page = (limit: number, offset: number) =>
        Effect.map(
          ask(clerk, `GET /v1/sessions?user_id=${user.id}&paginated=true&limit=${limit}&offset=${offset}`),
          ({ json }) => [ids(json.data), json.total_count, Object.keys(json).length]
        )
      expect(yield* page(2, 0)).toEqual([[third.id, second.id], 3, 2])
      expect(yield* page(2, 2)).toEqual([[first.id], 3, 2])
      expect(yield* page(2, 4)).toEqual([[], 3, 2])
    })
  )

  it.effect("returns ten sessions without a limit", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      const user = yield* clerk.createUser()
      yield* Effect.replicateEffect(ask(clerk, "POST /v1/sessions", { body: { user_id: user.id } }), 11)
      const { json } = yield* ask<ReadonlyArray<Wire>>(clerk, `GET /v1/sessions?user_id=${user.id}`)
      expect(json).toHaveLength(10)
      expect(
        (yield* ask<ReadonlyArray<Wire>>(clerk, `GET /v1/sessions?user_id=${user.id}&limit=500`)).json
      ).toHaveLength(11)
    })
  )

  it.effect("filters by user, client and status together", () =>
    Effect.gen(function* () {
      const { clerk, clientId, first, foreign, second, third, user } = yield* three
      yield* clerk.updateSession(second.id, { status: "removed" })
      const list = (query: string) =>
        Effect.map(ask<ReadonlyArray<Wire>>(clerk, `GET /v1/sessions?${query}`), ({ json }) => ids(json))
      expect(yield* list(`client_id=${clientId}`)).toEqual([foreign.id, first.id])
      expect(yield* list(`client_id=${clientId}&user_id=${user.id}`)).toEqual([first.id])
      expect(yield* list(`user_id=${user.id}&status=removed`)).toEqual([second.id])
      expect(yield* list(`user_id=${user.id}&status=active`)).toEqual([third.id, first.id])
      expect(yield* list("user_id=user_unknown")).toEqual([])
      yield* at(first.expireAt)
      expect(yield* list(`user_id=${user.id}&status=active`)).toEqual([third.id])
      expect(yield* list(`user_id=${user.id}&status=expired`)).toEqual([first.id])
    })
  )

  it.effect("is rejected without a user or client, and for parameters that are wrong or unknown", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      const bare = yield* ask(clerk, "GET /v1/sessions")
      expect(bare.status).toBe(422)
      expect(bare.json.errors[0]).toMatchObject({
        code: "form_param_missing",
        meta: { param_names: ["user_id", "client_id"] }
      })
      expect(yield* outcome(clerk, "GET /v1/sessions?user_id=")).toBe("422 form_param_missing")
      const list = (query: string) => outcome(clerk, `GET /v1/sessions?user_id=u&${query}`)
      expect(yield* list("status=pending")).toBe("422 form_param_value_invalid status")
      expect(yield* list("paginated=yes")).toBe("422 form_param_type_invalid paginated")
      expect(yield* list("limit=0")).toBe("422 form_param_value_invalid limit")
      expect(yield* list("limit=501")).toBe("422 form_param_value_too_large limit")
      expect(yield* list("limit=1.5")).toBe("422 form_param_type_invalid limit")
      expect(yield* list("limit=")).toBe("422 form_param_type_invalid limit")
      expect(yield* list("offset=-1")).toBe("422 form_param_value_invalid offset")
      expect(yield* list("order_by=created_at")).toBe("422 form_param_unknown order_by")
    })
  )
})

describe("revoking a session", () => {
  it.effect("returns the revoked session, and the same one the second time", () =>
    Effect.gen(function* () {
      yield* at(now)
      const { clerk, session } = yield* signedIn()
      yield* at(now + 5)
      const first = yield* ask(clerk, `POST /v1/sessions/${session.id}/revoke`)
      expect(first.status).toBe(200)
      expect(first.json).toMatchObject({ id: session.id, status: "revoked", updated_at: now + 5 })
      yield* at(now + 9)
      const second = yield* ask(clerk, `POST /v1/sessions/${session.id}/revoke`)
      expect([second.status, second.json]).toEqual([200, first.json])
      expect((yield* clerk.sessions)[0]?.status).toBe("revoked")
    })
  )

  it.effect("revokes one that has ended in another way", () =>
    Effect.gen(function* () {
      const { clerk, session } = yield* signedIn()
      yield* at(session.expireAt)
      expect((yield* ask(clerk, `POST /v1/sessions/${session.id}/revoke`)).json.status).toBe("revoked")
    })
  )

  it.effect("is rejected for an unknown session", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      expect(yield* outcome(clerk, "POST /v1/sessions/sess_1/revoke")).toBe("404 resource_not_found")
    })
  )
})

describe("a repeated run", () => {
  const run = Effect.gen(function* () {
    yield* at(now)
    const { clerk, refreshToken, session, user } = yield* signedIn()
    const { headers, json } = yield* ask(clerk, "POST /v1/sessions", { body: { user_id: user.id } })
    return [clerk.instanceId, user.id, session, refreshToken, json, headers]
  })

  it.effect("has the same ids and times under the same seed, and other ids under another", () =>
    Effect.gen(function* () {
      const first = yield* withSeed("seed")(run)
      expect(yield* withSeed("seed")(run)).toEqual(first)
      expect(yield* withSeed("another")(run)).not.toEqual(first)
    })
  )

  it.effect("never uses an id twice", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      const users = yield* Effect.replicateEffect(clerk.createUser(), 500)
      expect(new Set(ids(users)).size).toBe(500)
    })
  )

  it.effect("creates ids that sort by time", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      yield* at(now)
      const earlier = yield* clerk.createUser()
      yield* at(now + 1000)
      const later = yield* clerk.createUser()
      expect(earlier.id < later.id).toBe(true)
    })
  )
})

describe("the setup of a test", () => {
  it.effect("sends each prepared response once, in order", () =>
    Effect.gen(function* () {
      const { clerk, session } = yield* signedIn()
      yield* clerk.respondNext({ status: 429, headers: { "retry-after": "3" } })
      yield* clerk.respondNext({ status: 503, body: "<html>" })
      const revoke = clerk.handle({ method: "POST", url: "/", headers: {}, body: "" })
      expect(yield* revoke).toEqual({ status: 429, headers: { "retry-after": "3" }, body: "" })
      expect(yield* revoke).toEqual({ status: 503, headers: {}, body: "<html>" })
      expect((yield* ask(clerk, `GET /v1/sessions/${session.id}`)).json.status).toBe("active")
    })
  )

  it.effect("dies when it names an unknown record", () =>
    Effect.gen(function* () {
      const { clerk, user } = yield* signedIn()
      const dead = (effect: Effect.Effect<unknown>) => Effect.map(Effect.exit(effect), (exit) => String(exit))
      expect(yield* dead(clerk.signIn("user_1"))).toContain("there is no user user_1")
      expect(yield* dead(clerk.signIn(user.id, { organizationId: "org_1" }))).toContain("not a member")
      const { id: organizationId } = yield* clerk.createOrganization()
      expect(yield* dead(clerk.signIn(user.id, { organizationId }))).toContain("not a member")
      expect(yield* dead(clerk.mintSessionToken("sess_1"))).toContain("there is no session sess_1")
      expect(yield* dead(clerk.updateSession("sess_1", {}))).toContain("there is no session sess_1")
      expect(yield* dead(clerk.refreshToken("sess_1"))).toContain("there is no session sess_1")
      // A token in the place of an id.
      const token = yield* clerk.mintToken()
      const message = yield* dead(clerk.mintSessionToken(token))
      expect(message).toContain("there is no session ***")
      expect(message).not.toContain(token.slice(0, 8))
    })
  )

  it.effect("is not shared between emulators", () =>
    Effect.gen(function* () {
      const { session } = yield* signedIn()
      const another = yield* ClerkEmulator.make()
      expect(yield* outcome(another, `GET /v1/sessions/${session.id}`)).toBe("404 resource_not_found")
    })
  )
})
