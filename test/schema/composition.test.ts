import * as Schema from "effect/Schema"
import {
  ClerkNotFound,
  ClerkRateLimited,
  ClientId,
  OrganizationId,
  Session,
  SessionActivity,
  SessionActor,
  SessionCookies,
  SessionId,
  SessionPage,
  SessionStatus,
  SessionTask,
  SessionToken,
  UserId
} from "effect-clerk"
import * as FastCheck from "fast-check"
import { arbitraryOf } from "#test/arbitrary.js"
import { componentOf, get, HttpApi, HttpApiGroup, OpenApi, post } from "#test/httpApi.js"
import {
  type AnySchema,
  definitionsOf,
  equivalenceOf,
  filtered,
  formatterOf,
  fromJsonText,
  union
} from "#test/schema.js"
import { describe, expect, it } from "#test/vitest.js"
import { page, requiredFields, session, sessionWith } from "../support/wire.js"

const decoded = Schema.decodeSync(Session)(session)

describe("Clerk's schemas within custom schemas", () => {
  it("are fields of a struct, items of an array, members of a union", () => {
    const Row = Schema.Struct({
      session: Session,
      recent: Schema.Array(Session),
      page: Schema.optional(SessionPage),
      found: union(Session, Schema.Null)
    })
    const row = Schema.decodeUnknownSync(Row)({ session, recent: [session, session], page, found: null })
    expect(row).toStrictEqual({
      session: decoded,
      recent: [decoded, decoded],
      page: { data: [decoded], totalCount: 1 },
      found: null
    })
    const encoded = Schema.encodeSync(Session)(decoded)
    expect(Schema.encodeSync(Row)(row)).toStrictEqual({
      session: encoded,
      recent: [encoded, encoded],
      page: { data: [encoded], total_count: 1 },
      found: null
    })
  })

  it("can be narrowed by a filter", () => {
    const Active = filtered(Session, ({ status }) => status === "active")
    expect(Schema.decodeUnknownSync(Active)(session)).toStrictEqual(decoded)
    expect(() => Schema.decodeUnknownSync(Active)(sessionWith({ status: "ended" }))).toThrow()
  })

  it("carry JSON text, in which no nulls and no dates are left", () => {
    const Text = fromJsonText(Session)
    expect(Schema.decodeUnknownSync(Text)(JSON.stringify(session))).toStrictEqual(decoded)
    expect(JSON.parse(Schema.encodeSync(Text)(decoded)).created_at).toBe(session.created_at)
  })

  it("compare sessions by value, and print them", () => {
    const equivalence = equivalenceOf(Session)
    expect(equivalence(decoded, Schema.decodeSync(Session)(session))).toBe(true)
    expect(equivalence(decoded, { ...decoded, status: "ended" })).toBe(false)
    expect(formatterOf(Session)(decoded)).toContain("sess_1")
  })

  it("generate arbitrary sessions, which are valid", () => {
    const sessions = FastCheck.sample(arbitraryOf(Session), 20)
    expect(sessions.every(Schema.is(Session))).toBe(true)
  })
})

describe("Clerk's ids", () => {
  it("are strings of any form, each with a brand of its own", () => {
    const Ids = Schema.Struct({
      session: SessionId,
      user: UserId,
      client: ClientId,
      organization: OrganizationId
    })
    const ids = { session: "anything", user: "", client: "../..", organization: "org_1" }
    const decodeIds = Schema.decodeUnknownSync(Ids)
    expect(decodeIds(ids)).toStrictEqual(ids)
    for (const key of Object.keys(ids)) expect(() => decodeIds({ ...ids, [key]: 5 })).toThrow()
    expect(SessionId.make("sess_1")).toBe("sess_1")
  })
})

describe("the JSON Schema of", () => {
  it("a session is Clerk's own form, under a separate name", () => {
    const $defs = definitionsOf(Session)
    const definition = $defs[componentOf("ClerkSession")]
    expect(definition).toMatchObject({
      type: "object",
      required: requiredFields
    })
    expect(Object.keys($defs)).toEqual(
      expect.arrayContaining([
        componentOf("ClerkSession"),
        componentOf("ClerkSessionActivity"),
        "ClerkSessionActor",
        "ClerkSessionTask"
      ])
    )
    for (const name of Object.keys($defs)) expect(name).toMatch(/^[A-Za-z0-9]+$/)
  })

  it("each of the schemas exists", () => {
    const schemas: ReadonlyArray<readonly [string, AnySchema]> = [
      ["ClerkSessionPage", SessionPage],
      ["ClerkSessionToken", SessionToken],
      ["ClerkSessionCookies", SessionCookies],
      ["ClerkSessionActivity", SessionActivity],
      ["ClerkSessionActor", SessionActor],
      ["ClerkSessionStatus", SessionStatus],
      ["ClerkSessionTask", SessionTask],
      ["ClerkNotFound", ClerkNotFound],
      ["ClerkRateLimited", ClerkRateLimited]
    ]
    for (const [name, schema] of schemas) {
      const names = Object.keys(definitionsOf(schema))
      expect(names.filter((each) => each === name || each === componentOf(name))).toHaveLength(1)
    }
  })
})

describe("an HttpApi", () => {
  const sessions = HttpApiGroup.make("sessions")
    .add(get("get", "/sessions/:id", Session, [ClerkNotFound]))
    .add(get("list", "/sessions", SessionPage, [ClerkRateLimited]))
    .add(post("token", "/sessions/:id/tokens", SessionToken))

  it("names sessions and errors by their identifiers, and responds with 500 for an error it does not map", () => {
    const { components, paths } = OpenApi.fromApi(HttpApi.make("mine").add(sessions))
    expect(Object.keys(components.schemas)).toEqual(
      expect.arrayContaining([
        "ClerkSessionToken",
        ...["ClerkSession", "ClerkNotFound", "ClerkRateLimited"].map(componentOf)
      ])
    )
    const [, methods] = Object.entries(paths).find(([path]) => /^\/sessions\/[{:]id\}?$/.test(path)) ?? []
    const responses = methods?.get?.responses
    expect(responses?.[200]?.content?.["application/json"]?.schema).toEqual({
      $ref: `#/components/schemas/${componentOf("ClerkSession")}`
    })
    expect(responses?.[500]?.content?.["application/json"]?.schema).toEqual({
      $ref: `#/components/schemas/${componentOf("ClerkNotFound")}`
    })
  })
})
