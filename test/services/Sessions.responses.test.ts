import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { ClerkHttp, ClerkResponse, Session, SessionToken } from "effect-clerk"
import { Sessions } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { describe, expect, it } from "#test/vitest.js"
import { decodedSession, inMillis } from "../support/decodedSession.js"
import { type AnyError, operations, refreshParams } from "../support/operations.js"
import { answering } from "../support/responding.js"
import * as wire from "../support/wire.js"

const got = (session: unknown) =>
  Effect.map(Sessions.get("sess_1"), inMillis).pipe(answering(ClerkTest.json(200, session)))

describe("a session in a response", () => {
  const bySession: ReadonlyArray<readonly [string, Effect.Effect<Session, AnyError, ClerkHttp>]> = [
    ["get", Sessions.get("sess_1")],
    ["create", Sessions.create({ userId: "user_1" })],
    ["revoke", Sessions.revoke("sess_1")],
    ["verify", Sessions.verify("sess_1")]
  ]

  it.effect.each(bySession)("of %s is decoded", ([, run]) =>
    Effect.gen(function* () {
      const session = yield* answering(ClerkTest.json(200, wire.session))(run)
      expect(DateTime.isUtc(session.createdAt)).toBe(true)
      expect(inMillis(session)).toStrictEqual(decodedSession)
    })
  )

  it.effect("may omit, or set to null, each optional field", () =>
    Effect.gen(function* () {
      const sometimes = [
        "actor",
        "client_id",
        "last_active_organization_id",
        "latest_activity",
        "abandon_at",
        "tasks"
      ]
      const nulls = Object.fromEntries(sometimes.map((name) => [name, null]))
      const bare = Object.fromEntries(
        Object.entries(wire.session).filter(([name]) => !sometimes.includes(name))
      )
      const { clientId, lastActiveOrganizationId, latestActivity, abandonAt, ...required } = decodedSession
      expect(yield* got({ ...bare, ...nulls })).toStrictEqual(required)
      expect(yield* got(bare)).toStrictEqual(required)
    })
  )

  it.effect("may have a latest activity with only an id", () =>
    Effect.gen(function* () {
      const { latestActivity } = yield* got(
        wire.sessionWith({ latest_activity: { id: "activity_1", is_mobile: true, city: null } })
      )
      expect(latestActivity).toStrictEqual({ id: "activity_1", isMobile: true })
    })
  )

  it.effect("keeps all claims of an actor", () =>
    Effect.gen(function* () {
      const actor = { sub: "user_2", iss: "https://dashboard.clerk.com", nested: { more: [1, null] } }
      expect((yield* got(wire.sessionWith({ actor }))).actor).toStrictEqual(actor)
    })
  )

  it.effect("lists its tasks, also unknown ones", () =>
    Effect.gen(function* () {
      const tasks = [{ key: "choose-organization" }, { key: "solve-a-riddle", hint: "no" }]
      expect((yield* got(wire.sessionWith({ status: "pending", tasks }))).tasks).toStrictEqual([
        { key: "choose-organization" },
        { key: "solve-a-riddle" }
      ])
    })
  )

  it.effect("is decoded with a status and with fields that Clerk adds later", () =>
    Effect.gen(function* () {
      const session = yield* got(wire.sessionWith({ status: "hibernated", mood: "sleepy" }))
      expect(session).toStrictEqual({ ...decodedSession, status: "hibernated" })
    })
  )

  it.effect("may be as old as the epoch and as late as a date can be", () =>
    Effect.gen(function* () {
      const session = yield* got(wire.sessionWith({ created_at: 0, expire_at: 8_640_000_000_000_000 }))
      expect([session.createdAt, session.expireAt]).toEqual([0, 8_640_000_000_000_000])
    })
  )

  it.effect("pollutes no prototype with keys named after prototypes", () =>
    Effect.gen(function* () {
      const hostile = `"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}`
      const session = yield* answering(
        wire.text(
          JSON.stringify(wire.session)
            .replace("{", `{${hostile},`)
            .replace(`"id":"activity_1"`, `"id":"activity_1",${hostile}`)
        )
      )(Sessions.get("sess_1"))
      expect(inMillis(session)).toStrictEqual(decodedSession)
      expect(Reflect.get(session, "polluted")).toBeUndefined()
      expect(Reflect.get({}, "polluted")).toBeUndefined()
    })
  )

  it.effect("has an actor with its own claims only", () =>
    Effect.gen(function* () {
      const body = JSON.stringify(wire.session).replace(
        `"actor":null`,
        `"actor":{"iss":"cli","__proto__":{"sub":"user_2"}}`
      )
      const { actor } = yield* answering(wire.text(body))(Sessions.get("sess_1"))
      expect([actor?.["iss"], actor?.["sub"]]).toEqual(["cli", undefined])
      expect(Reflect.get({}, "sub")).toBeUndefined()
    })
  )

  it.effect("may repeat a key: the last one counts", () =>
    Effect.gen(function* () {
      const body = JSON.stringify(wire.session).replace(/}$/, `,"status":"ended"}`)
      const { status } = yield* answering(wire.text(body))(Sessions.get("sess_1"))
      expect(status).toBe("ended")
    })
  )
})

describe("a list in a response", () => {
  const listed = (body: unknown) => answering(ClerkTest.json(200, body))(Sessions.list({ userId: "user_1" }))

  it.effect("may be an envelope with the total count", () =>
    Effect.gen(function* () {
      const second = wire.sessionWith({ id: "sess_2" })
      const { data, totalCount } = yield* listed({ data: [wire.session, second], total_count: 12 })
      expect(data.map(inMillis)).toStrictEqual([decodedSession, { ...decodedSession, id: "sess_2" }])
      expect(totalCount).toBe(12)
    })
  )

  it.effect("may be a bare array, without a count", () =>
    Effect.gen(function* () {
      const result = yield* listed([wire.session])
      expect(result.data.map(inMillis)).toStrictEqual([decodedSession])
      expect("totalCount" in result).toBe(false)
    })
  )

  it.effect("may be an envelope without a count", () =>
    Effect.gen(function* () {
      for (const total of [{}, { total_count: null }]) {
        const result = yield* listed({ data: [], ...total })
        expect(result).toStrictEqual({ data: [] })
      }
    })
  )

  it.effect("may be empty in either form", () =>
    Effect.gen(function* () {
      expect(yield* listed([])).toStrictEqual({ data: [] })
      expect(yield* listed({ data: [], total_count: 0 })).toStrictEqual({ data: [], totalCount: 0 })
    })
  )
})

describe("a token in a response", () => {
  const byToken: ReadonlyArray<readonly [string, Effect.Effect<SessionToken, AnyError, ClerkHttp>]> = [
    ["createToken", Sessions.createToken("sess_1")],
    ["createTokenFromTemplate", Sessions.createTokenFromTemplate("sess_1", "supabase")],
    ["refresh", Sessions.refresh("sess_1", refreshParams)],
    ["refresh with the format token", Sessions.refresh("sess_1", { ...refreshParams, format: "token" })]
  ]

  it.effect.each(byToken)("of %s is Redacted", ([, run]) =>
    Effect.gen(function* () {
      const { object, jwt } = yield* answering(ClerkTest.json(200, wire.token))(run)
      expect(object).toBe("token")
      expect(Redacted.value(jwt)).toBe(wire.token.jwt)
      expect(`${jwt} ${JSON.stringify({ jwt })}`).not.toContain(wire.token.jwt)
    })
  )

  it.effect("is a list of Redacted cookies with the format cookie", () =>
    Effect.gen(function* () {
      const { object, cookies } = yield* answering(ClerkTest.json(200, wire.cookies))(
        Sessions.refresh("sess_1", { ...refreshParams, format: "cookie" })
      )
      expect(object).toBe("cookies")
      expect(cookies.map(Redacted.value)).toEqual(wire.cookies.cookies)
      expect(JSON.stringify(cookies)).not.toContain("abc")
    })
  )
})

describe("a success", () => {
  it.effect.each(operations)(
    "of $name may have the status 200, 201 or 202",
    ({ run, answer, method, path }) =>
      Effect.gen(function* () {
        const results: Array<unknown> = []
        for (const status of [200, 201, 202]) {
          yield* Effect.gen(function* () {
            results.push(yield* run)
            const [request] = yield* ClerkTest.requests
            expect([request?.method, request?.path]).toEqual([method, path])
          }).pipe(Effect.provide(ClerkTest.layer(() => ClerkTest.json(status, answer))))
        }
        expect(results).toHaveLength(3)
        expect(results[1]).toEqual(results[0])
        expect(results[2]).toEqual(results[0])
      })
  )

  const jsonTypes = [
    "application/json",
    "application/json; charset=utf-8",
    "application/json;charset=UTF-8",
    "Application/JSON",
    "application/vnd.x+json",
    "application/problem+json; charset=utf-8",
    "text/json"
  ]

  it.effect.each(jsonTypes)("may be declared as %s", (type) =>
    Effect.gen(function* () {
      const { id } = yield* answering(ClerkTest.json(200, wire.session, { "content-type": type }))(
        Sessions.get("sess_1")
      )
      expect(id).toBe("sess_1")
    })
  )

  it.effect("may have no content type, and white space around it", () =>
    Effect.gen(function* () {
      const answer: ClerkResponse = {
        status: 200,
        headers: {},
        body: `\n ${JSON.stringify(wire.session)}\r\n`
      }
      expect((yield* answering(answer)(Sessions.get("sess_1"))).id).toBe("sess_1")
    })
  )
})
