import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Session, SessionActivity, type SessionEncoded, SessionStatus, Sessions } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { utc } from "#test/dateTime.js"
import { typeOf } from "#test/schema.js"
import { describe, expect, it } from "#test/vitest.js"
import { decodedSession, inMillis } from "../support/decodedSession.js"
import { session as documented, requiredFields } from "../support/wire.js"

const decode = Schema.decodeUnknownSync(Session)
const encode = Schema.encodeSync(Session)
const decodes = (value: unknown): boolean => Option.isSome(Schema.decodeUnknownOption(Session)(value))

/** An ended session, of which only the times are known. */
const over = {
  ...documented,
  last_active_organization_id: null,
  latest_activity: null,
  abandon_at: documented.expire_at
}

/** The form in which Clerk sends it, without the keys that have no value. */
const withoutNulls = (wire: object) =>
  Object.fromEntries(Object.entries(wire).filter(([, value]) => value !== null))

describe("Session decodes", () => {
  it("an active session with all fields", () => {
    expect(inMillis(decode(documented))).toStrictEqual(decodedSession)
  })

  for (const status of ["ended", "expired", "removed", "replaced", "revoked", "abandoned"]) {
    it(`one that was ${status}, with null for unknown fields`, () => {
      const session = decode({ ...over, status })
      expect(session.status).toBe(status)
      expect(Object.keys(session).sort()).toEqual([
        "abandonAt",
        "clientId",
        "createdAt",
        "expireAt",
        "id",
        "lastActiveAt",
        "object",
        "status",
        "updatedAt",
        "userId"
      ])
      expect(session.abandonAt).toEqual(session.expireAt)
    })
  }

  it("a pending one with its tasks, of kinds known and new", () => {
    const tasks = [{ key: "choose-organization" }, { key: "a-task-of-tomorrow", since: 1 }]
    expect(decode({ ...documented, status: "pending", tasks }).tasks).toEqual([
      { key: "choose-organization" },
      { key: "a-task-of-tomorrow" }
    ])
    expect(decode({ ...documented, status: "pending", tasks: [] }).tasks).toEqual([])
  })

  it("one in which an actor acts for the user, with all fields of the actor", () => {
    for (const actor of [
      { sub: "user_2" },
      {
        sub: "cli:me@corp.example",
        iss: "https://dashboard.clerk.com",
        sid: "sess_2",
        type: "agent",
        nested: [{ a: 1 }]
      },
      {}
    ]) {
      const session = decode({ ...documented, actor })
      expect(session.actor).toEqual(actor)
      expect(encode(session).actor).toEqual(actor)
    }
  })

  it("null like an absent field, where it is allowed", () => {
    const nothing = {
      client_id: null,
      actor: null,
      last_active_organization_id: null,
      latest_activity: null,
      abandon_at: null,
      tasks: null
    }
    const nulls = decode({ ...documented, ...nothing })
    expect(nulls).toStrictEqual(decode(withoutNulls({ ...documented, ...nothing })))
    for (const key of [
      "clientId",
      "actor",
      "lastActiveOrganizationId",
      "latestActivity",
      "abandonAt",
      "tasks"
    ]) {
      expect(nulls).not.toHaveProperty(key)
    }
  })

  it("an activity with only a kind of device, or without any field", () => {
    const bare = { is_mobile: true }
    const nulls = Object.fromEntries(Object.keys(documented.latest_activity).map((key) => [key, null]))
    const activity = Schema.decodeUnknownSync(SessionActivity)
    expect(activity(bare)).toStrictEqual({ isMobile: true })
    expect(activity({ ...nulls, ...bare })).toStrictEqual({ isMobile: true })
    expect(activity(nulls)).toStrictEqual({})
  })

  it("fields and statuses that Clerk has added since", () => {
    const session = decode({
      ...documented,
      status: "hibernating",
      user: { id: "user_1" },
      __proto__: { a: 1 }
    })
    expect(session.status).toBe("hibernating")
    expect(session).not.toHaveProperty("user")
    expect(Schema.decodeUnknownSync(SessionStatus)("")).toBe("")
  })

  it("times from 1970 to the last valid date", () => {
    for (const time of [0, 8_640_000_000_000_000]) {
      const { createdAt } = decode({ ...documented, created_at: time })
      expect(DateTime.toEpochMillis(createdAt)).toBe(time)
    }
  })

  it("keys that name a prototype, without changing a prototype", () => {
    const wire: unknown = JSON.parse(
      `{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},${JSON.stringify(documented).slice(1)}`
    )
    expect(decode(wire)).toStrictEqual(decode(documented))
    const actor: unknown = JSON.parse('{"__proto__":{"polluted":true},"sub":"user_2"}')
    expect(decode({ ...documented, actor }).actor?.["polluted"]).toBeUndefined()
    expect(Reflect.get({}, "polluted")).toBeUndefined()
  })
})

describe("Session rejects", () => {
  for (const field of requiredFields) {
    it(`one whose ${field} is missing, null or of another kind`, () => {
      const { [field]: _, ...rest }: { readonly [name: string]: unknown } = documented
      expect(decodes(rest)).toBe(false)
      for (const value of [null, undefined, true, [], {}, [documented]]) {
        expect(decodes({ ...documented, [field]: value })).toBe(false)
      }
    })
  }

  it("numbers in place of texts, and texts in place of times", () => {
    for (const field of ["id", "user_id", "status"]) {
      expect(decodes({ ...documented, [field]: 5 })).toBe(false)
    }
    for (const field of ["last_active_at", "expire_at", "abandon_at", "updated_at", "created_at"]) {
      for (const value of [
        "1716883200000",
        "2024-05-28T08:00:00Z",
        1.5,
        -1,
        8_640_000_000_000_001,
        2 ** 53,
        Number.NaN,
        Number.POSITIVE_INFINITY
      ]) {
        expect(decodes({ ...documented, [field]: value }), `${field}: ${value}`).toBe(false)
      }
    }
  })

  it("values that are not sessions", () => {
    for (const value of [
      null,
      undefined,
      "session",
      1,
      [],
      [documented],
      {},
      { ...documented, object: "user" }
    ]) {
      expect(decodes(value)).toBe(false)
    }
  })

  it.effect("one that is nested too deeply, with an error and not a crash", () =>
    Effect.gen(function* () {
      const depth = 200_000
      const body = JSON.stringify({ ...documented, id: [] }).replace(
        "[]",
        "[".repeat(depth) + "]".repeat(depth)
      )
      const error = yield* Effect.flip(Sessions.get("sess_1")).pipe(
        Effect.provide(ClerkTest.layer(() => ({ status: 200, headers: {}, body })))
      )
      expect(error).toMatchObject({
        _tag: "ClerkDecodeError",
        issues: [{ path: "id", expected: "a string" }]
      })
      expect(String(error).length).toBeLessThan(500)
    })
  )
})

describe("Session encodes", () => {
  it("to Clerk's own form, without the keys that have no value", () => {
    expect(encode(decode(documented))).toStrictEqual(withoutNulls(documented))
    expect(encode(decode(over))).toStrictEqual(withoutNulls(over))
  })

  it("a session made by hand", () => {
    const wire: SessionEncoded = encode(
      Session.pipe(
        typeOf,
        Schema.decodeUnknownSync
      )({
        ...decode(over),
        tasks: [{ key: "setup-mfa" }],
        createdAt: utc("2024-05-28T08:00:00Z")
      })
    )
    expect(wire.created_at).toBe(1_716_883_200_000)
    expect(wire.tasks).toEqual([{ key: "setup-mfa" }])
  })
})
