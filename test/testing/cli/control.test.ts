import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { decodeJwt } from "jose"
import { fork, poll } from "#test/fiber.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { control, isControl } from "../../../src/testing/cli/control.js"
import { ClerkEmulator, type EmulatorSeed } from "../../../src/testing/index.js"

const stage = (seed?: EmulatorSeed) =>
  Effect.gen(function* () {
    const clerk = yield* ClerkEmulator.make({ seed })
    const order = control({
      clerk,
      clock: { advance: (by) => TestClock.adjust(by), reset: TestClock.setTime(0) }
    })
    const post = (name: string, input?: unknown, method = "POST") =>
      Effect.map(
        order({
          method,
          url: `/__emulator/${name}`,
          headers: {},
          body: input === undefined ? "" : typeof input === "string" ? input : JSON.stringify(input)
        }),
        // Sound in a test: it compares each value that it reads.
        ({ body, status }) => ({ status, json: JSON.parse(body) as Record<string, unknown> })
      )
    const ask = (line: string) => {
      const [method = "", url = ""] = line.split(" ")
      return clerk.exchange({
        method,
        url,
        headers: { authorization: "Bearer sk_test_emulator" },
        body: ""
      })
    }
    return { clerk, post, ask }
  })

describe("the emulator's control path", () => {
  it("is separate from Clerk's paths", () => {
    expect(["/__emulator", "/__emulator/", "/__emulator?a", "/__emulator/state"].every(isControl)).toBe(true)
    expect(["/v1/sessions", "/__emulators", "/v1/__emulator", "/"].some(isControl)).toBe(false)
  })

  it.effect("lists its commands, and rejects others and other methods", () =>
    Effect.gen(function* () {
      const { post } = yield* stage()
      const { json, status } = yield* post("", undefined, "GET")
      expect(status).toBe(200)
      expect(json["commands"]).toHaveLength(11)
      expect(yield* post("toString")).toEqual({
        status: 404,
        json: {
          error:
            "Unknown command. The commands are state, sign-in, update-session, mint-token, rotate-key, respond-next, fail-next, latency, advance, seed, reset. GET /__emulator describes all commands"
        }
      })
      expect((yield* post("signin")).json).toEqual({
        error: "Unknown command. Did you mean sign-in? GET /__emulator describes all commands"
      })
      expect(yield* post("state")).toEqual({ status: 405, json: { error: "state requires the method GET" } })
      expect(yield* post("reset", undefined, "GET")).toEqual({
        status: 405,
        json: { error: "reset requires the method POST" }
      })
    })
  )

  it.effect("signs in, and creates an unknown user", () =>
    Effect.gen(function* () {
      const { clerk, post } = yield* stage({
        users: [{ id: "user_1" }],
        organizations: [{ id: "org_1", members: [{ userId: "user_1" }] }]
      })
      const first = yield* post("sign-in", {
        userId: "user_1",
        organizationId: "org_1",
        activity: { browserName: "Firefox" },
        age: "2 minutes"
      })
      expect(first.status).toBe(200)
      expect(first.json).toMatchObject({
        session: { userId: "user_1", latestActivity: { browserName: "Firefox" } },
        sessionToken: expect.stringMatching(/^eyJ/),
        refreshToken: expect.stringMatching(/^rt_/),
        origin: "https://app.emulator.test"
      })
      expect(yield* post("sign-in", { userId: "user_2", sessionId: "sess_2" })).toMatchObject({
        status: 200,
        json: { session: { id: "sess_2", userId: "user_2" } }
      })
      expect(yield* post("sign-in", { userId: "user_2", sessionId: "sess_2" })).toEqual({
        status: 409,
        json: { error: "there is a session sess_2 already" }
      })
      expect((yield* clerk.users).map(({ id }) => id)).toEqual(["user_1", "user_2"])
      expect(yield* post("sign-in", { userId: "user_2", organizationId: "org_1" })).toEqual({
        status: 404,
        json: { error: "user user_2 is not a member of an organization org_1" }
      })
    })
  )

  it.effect("returns the state with the instance, and without the secret key", () =>
    Effect.gen(function* () {
      const { ask, clerk, post } = yield* stage({ users: [{ id: "user_1" }] })
      yield* ask("GET /v1/jwks")
      const { json } = yield* post("state", undefined, "GET")
      expect(json).toEqual({
        instance: {
          publishableKey: clerk.publishableKey,
          issuer: clerk.issuer,
          publicKeyPem: clerk.publicKeyPem
        },
        users: [{ id: "user_1", features: [] }],
        organizations: [],
        templates: [],
        sessions: [],
        keys: [clerk.instanceId],
        requests: [expect.objectContaining({ operation: "SigningKeys.jwks", status: 200 })],
        droppedRequests: 0
      })
      expect(JSON.stringify(json)).not.toContain("sk_test")
    })
  )

  it.effect("prepares responses and faults, by operation", () =>
    Effect.gen(function* () {
      const { ask, post } = yield* stage()
      expect((yield* post("respond-next", { operation: "Sessions.get", status: 503 })).status).toBe(200)
      yield* post("respond-next", { status: 200, body: { keys: [] }, headers: { "x-a": "1" } })
      yield* post("fail-next", { fault: "reset", operation: "Sessions.get" })
      expect(yield* ask("GET /v1/jwks")).toEqual({
        status: 200,
        headers: { "content-type": "application/json", "x-a": "1" },
        body: '{"keys":[]}'
      })
      expect(yield* ask("GET /v1/sessions/sess_1")).toMatchObject({ status: 503, headers: {}, body: "" })
      expect(yield* Effect.flip(ask("GET /v1/sessions/sess_1"))).toMatchObject({
        _tag: "EmulatedDisconnect"
      })
      yield* post("respond-next", { status: 200, body: "<html>" })
      expect(yield* ask("GET /v1/jwks")).toMatchObject({ headers: {}, body: "<html>" })
    })
  )

  it.effect("delays requests", () =>
    Effect.gen(function* () {
      const { ask, post } = yield* stage()
      yield* post("latency", { duration: "2 seconds", operation: "SigningKeys.jwks" })
      const fiber = yield* fork(ask("GET /v1/jwks"))
      yield* TestClock.adjust("1 second")
      expect(yield* poll(fiber)).toEqual(Option.none())
      yield* TestClock.adjust("1 second")
      expect((yield* Fiber.join(fiber)).status).toBe(200)
    })
  )

  it.effect("moves the clock, changes sessions, mints tokens, rotates keys, seeds and resets", () =>
    Effect.gen(function* () {
      const { clerk, post } = yield* stage({
        users: [{ id: "user_1" }],
        sessions: [{ id: "sess_1", userId: "user_1" }]
      })
      expect(yield* post("advance", { by: "8 days" })).toEqual({ status: 200, json: { now: 691_200_000 } })
      expect((yield* clerk.sessions)[0]?.status).toBe("expired")
      const updated = yield* post("update-session", { sessionId: "sess_1", expireAt: 700_000_000 })
      expect(updated.json).toMatchObject({ id: "sess_1", status: "active" })
      const minted = yield* post("mint-token", { sessionId: "sess_1", sign: "none" })
      expect(minted.json["token"]).toMatch(/^eyJ[\w-]+\.[\w-]+\.$/)
      const { json } = yield* post("rotate-key", { removePrevious: true })
      expect(clerk.jwks.keys.map(({ kid }) => kid)).toEqual([json["kid"]])
      expect((yield* post("seed", { users: [{ id: "user_2" }] })).status).toBe(200)
      expect(yield* clerk.users).toHaveLength(2)
      expect(yield* post("reset")).toEqual({ status: 200, json: {} })
      expect(yield* Clock.currentTimeMillis).toBe(0)
      expect((yield* clerk.users).map(({ id }) => id)).toEqual(["user_1"])
    })
  )

  it.effect("switches the active organization of a session", () =>
    Effect.gen(function* () {
      const { post } = yield* stage({
        users: [{ id: "user_1" }],
        organizations: [{ id: "org_1", members: [{ userId: "user_1" }] }, { id: "org_2" }],
        sessions: [{ id: "sess_1", userId: "user_1" }]
      })
      const switchTo = (lastActiveOrganizationId: string | null) =>
        post("update-session", { sessionId: "sess_1", lastActiveOrganizationId })
      expect((yield* switchTo("org_1")).json).toMatchObject({ lastActiveOrganizationId: "org_1" })
      const { json } = yield* post("mint-token", { sessionId: "sess_1" })
      expect(decodeJwt(String(json["token"]))["o"]).toMatchObject({ id: "org_1", rol: "member" })
      expect((yield* switchTo(null)).json).toMatchObject({ lastActiveOrganizationId: null })
      expect(yield* switchTo("org_2")).toEqual({
        status: 404,
        json: { error: "user user_1 is not a member of an organization org_2" }
      })
    })
  )

  const wrong: ReadonlyArray<readonly [string, unknown, number, string]> = [
    ["sign-in", "{", 400, "the body is not JSON"],
    ["sign-in", undefined, 400, "userId is missing: 1 to 128 letters, digits, underscores or hyphens"],
    [
      "sign-in",
      { userId: "user_1", plan: "x" },
      400,
      "plan is not a field; the fields are userId, sessionId, clientId, organizationId, status, tasks, actor, activity, origin, age, expiresIn, version, claims, header"
    ],
    ["respond-next", { status: 99 }, 400, "status must be a whole number from 200 to 599"],
    ["fail-next", { fault: "fire" }, 400, 'fault must be "reset" or "response-lost" or "no-response"'],
    [
      "advance",
      { by: "later" },
      400,
      'by must be a duration of at most 36,500 days, such as "2 days" or "90 seconds", or a number of milliseconds'
    ],
    ["seed", { users: [{ id: "user_1" }, { id: "user_1" }] }, 400, "users.1.id is there already"],
    ["update-session", { sessionId: "sess_9" }, 404, "there is no session sess_9"],
    ["mint-token", { sessionId: "sess_9" }, 404, "there is no session sess_9"]
  ]
  it.effect.each(wrong)("rejects invalid input of %s: %j", ([name, input, status, error]) =>
    Effect.gen(function* () {
      const { post } = yield* stage()
      expect(yield* post(name, input)).toEqual({ status, json: { error } })
    })
  )
})
