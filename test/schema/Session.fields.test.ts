import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Session, SessionActivity, SessionPage, Sessions } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { utc } from "#test/dateTime.js"
import { describe, expect, it } from "#test/vitest.js"
import { makeSessionReader } from "../../src/core/session/reader.js"
import { session as documented } from "../support/wire.js"

type Wire = { readonly [field: string]: unknown }

const absent = Symbol("absent")
const invalid = "invalid"

/** One value of each kind that JSON has, and the extremes of each. */
const values: ReadonlyArray<unknown> = [
  absent,
  null,
  true,
  false,
  0,
  1,
  -1,
  1.5,
  1e308,
  2 ** 53,
  8_640_000_000_000_001,
  "",
  "text",
  "5",
  [],
  [null],
  ["text"],
  [{ key: "setup-mfa" }],
  {},
  { key: 5 },
  { id: 5, is_mobile: "no", city: "Lima" }
]

/** A session in which every field has a value. */
const full: Wire = { ...documented, actor: { sub: "user_2" }, tasks: [{ key: "setup-mfa" }] }

const change = (wire: Wire, field: string, value: unknown): Wire =>
  value === absent
    ? Object.fromEntries(Object.entries(wire).filter(([name]) => name !== field))
    : { ...wire, [field]: value }

const isText = (value: unknown) => typeof value === "string"
const isFlag = (value: unknown) => typeof value === "boolean"
const isObject = (value: unknown): value is Wire =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const isTime = (value: unknown) =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 8_640_000_000_000_000
const areTasks = (value: unknown): value is ReadonlyArray<Wire> =>
  Array.isArray(value) && value.every((task) => isObject(task) && isText(task["key"]))

/** Keeps the fields that have a value. */
const present = (fields: Wire): Wire =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

const when = (isValid: (value: unknown) => boolean, value: unknown) => (isValid(value) ? value : undefined)

const activityOf = (value: unknown): Wire | undefined =>
  isObject(value)
    ? present({
        object: when(isText, value["object"]),
        id: when(isText, value["id"]),
        isMobile: when(isFlag, value["is_mobile"]),
        deviceType: when(isText, value["device_type"]),
        browserName: when(isText, value["browser_name"]),
        browserVersion: when(isText, value["browser_version"]),
        ipAddress: when(isText, value["ip_address"]),
        city: when(isText, value["city"]),
        country: when(isText, value["country"])
      })
    : undefined

/** The decoded session by the documentation, written without a schema. */
const expected = (wire: Wire): unknown => {
  const texts = ["id", "user_id", "status"].map((field) => wire[field])
  const times = ["last_active_at", "expire_at", "updated_at", "created_at"].map((field) => wire[field])
  const { actor, tasks, abandon_at: abandonAt } = wire
  if (wire["object"] !== "session" || !texts.every(isText) || !times.every(isTime)) return invalid
  if (abandonAt !== null && abandonAt !== undefined && !isTime(abandonAt)) return invalid
  return present({
    object: "session",
    id: wire["id"],
    userId: wire["user_id"],
    clientId: when(isText, wire["client_id"]),
    actor: actor === null || actor === undefined ? undefined : isObject(actor) ? actor : {},
    status: wire["status"],
    lastActiveOrganizationId: when(isText, wire["last_active_organization_id"]),
    lastActiveAt: times[0],
    latestActivity: activityOf(wire["latest_activity"]),
    expireAt: times[1],
    abandonAt: abandonAt ?? undefined,
    updatedAt: times[2],
    createdAt: times[3],
    tasks: areTasks(tasks) ? tasks.map(({ key }) => ({ key })) : undefined
  })
}

const inMillis = (session: object): Wire =>
  Object.fromEntries(
    Object.entries(session).map(([name, value]) => [
      name,
      DateTime.isDateTime(value) ? DateTime.toEpochMillis(value) : value
    ])
  )

const bySchema = Schema.decodeUnknownOption(Session)
const readSession = makeSessionReader(utc)

/** Decodes by the schema, after asserting that the reader and a round trip return the same. */
const decoded = (wire: Wire): unknown => {
  const result = Option.getOrUndefined(bySchema(wire))
  const read = readSession(wire)
  if (result === undefined) {
    expect(read).toBeUndefined()
    return invalid
  }
  expect(read).toStrictEqual(result)
  expect(Schema.decodeSync(Session)(Schema.encodeSync(Session)(result))).toStrictEqual(result)
  return inMillis(result)
}

const show = (value: unknown) => (value === absent ? "absent" : JSON.stringify(value))

const fields = Object.keys(full)
const activityFields = Object.keys(documented.latest_activity)

describe("decoding a session", () => {
  it.each(fields)("reads a changed %s as the documentation says", (field) => {
    for (const value of values) {
      const wire = change(full, field, value)
      expect(decoded(wire), show(value)).toStrictEqual(expected(wire))
    }
  })

  it.each(fields)("reads a changed %s beside any other changed field", (field) => {
    for (const other of fields.slice(fields.indexOf(field) + 1)) {
      for (const value of values) {
        for (const otherValue of values) {
          const wire = change(change(full, field, value), other, otherValue)
          const result = decoded(wire)
          // Building a message for each of 40,000 cases would take longer than the cases.
          if (!equal(result, expected(wire))) {
            expect(result, `${show(value)}, ${other}: ${show(otherValue)}`).toStrictEqual(expected(wire))
          }
        }
      }
    }
  })

  it.each(activityFields)(
    "reads a changed %s of the latest activity, alone and beside any other",
    (field) => {
      for (const value of values) {
        const activity = change(documented.latest_activity, field, value)
        const wire = change(full, "latest_activity", activity)
        expect(decoded(wire), show(value)).toStrictEqual(expected(wire))
        for (const other of activityFields.slice(activityFields.indexOf(field) + 1)) {
          for (const otherValue of values) {
            const pair = change(full, "latest_activity", change(activity, other, otherValue))
            const result = decoded(pair)
            if (!equal(result, expected(pair))) {
              expect(result, `${show(value)}, ${other}: ${show(otherValue)}`).toStrictEqual(expected(pair))
            }
          }
        }
      }
    }
  )

  it("reads an actor that is not an object as an unknown actor", () => {
    for (const actor of ["user_2", 5, true, false, [], [{ sub: "user_2" }], ""]) {
      expect(Schema.decodeUnknownSync(Session)({ ...full, actor }).actor).toStrictEqual({})
    }
  })

  it("keeps an actor with the key __proto__ through the schema", () => {
    const actor: unknown = JSON.parse('{"__proto__":{"polluted":true},"sub":"user_2"}')
    expect(readSession({ ...full, actor })).toBeUndefined()
    expect(Schema.decodeUnknownSync(Session)({ ...full, actor }).actor?.["sub"]).toBe("user_2")
  })

  it("leaves out all tasks when one of them cannot be read", () => {
    const tasks = [{ key: "setup-mfa" }, { key: 5 }]
    const session = Schema.decodeUnknownSync(Session)({ ...full, status: "pending", tasks })
    expect(session).not.toHaveProperty("tasks")
    expect(session.status).toBe("pending")
  })

  it("fails alone for an activity that is not an object", () => {
    const decodeActivity = Schema.decodeUnknownOption(SessionActivity)
    expect(decodeActivity({})).toStrictEqual(Option.some({}))
    for (const value of [null, 5, "text", []]) expect(Option.isNone(decodeActivity(value))).toBe(true)
  })
})

const equal = (a: unknown, b: unknown): boolean => stable(a) === stable(b)

/** JSON with sorted keys. */
const stable = (value: unknown): string =>
  JSON.stringify(value, (_, each) =>
    isObject(each) ? Object.fromEntries(Object.entries(each).sort(([x], [y]) => (x < y ? -1 : 1))) : each
  )

describe("a page with one unusual session", () => {
  const odd: ReadonlyArray<Wire> = [
    { latest_activity: { id: "activity_1" } },
    { latest_activity: "unknown" },
    { latest_activity: { is_mobile: "no", city: 5 } },
    { client_id: 5, last_active_organization_id: [], tasks: {}, actor: "user_2" }
  ]

  it.effect.each(odd)("decodes completely with %j", (fields) =>
    Effect.gen(function* () {
      const session = { ...full, id: "sess_2", ...fields }
      const data = [full, session, full]
      for (const body of [{ data, total_count: 3 }, data]) {
        const page = yield* Sessions.list({ userId: "user_1", limit: 3 }).pipe(
          Effect.provide(ClerkTest.layer(ClerkTest.json(200, body)))
        )
        expect(page.data.map(inMillis)).toStrictEqual(data.map(expected))
        expect(Schema.decodeUnknownSync(SessionPage)(body)).toStrictEqual(page)
      }
      const got = yield* Sessions.get("sess_2").pipe(
        Effect.provide(ClerkTest.layer(ClerkTest.json(200, session)))
      )
      expect(inMillis(got)).toStrictEqual(expected(session))
    })
  )
})
