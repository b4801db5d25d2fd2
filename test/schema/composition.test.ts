import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { describe, expect, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as FastCheck from "effect/FastCheck"
import * as JSONSchema from "effect/JSONSchema"
import * as Pretty from "effect/Pretty"
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
import { page, requiredFields, session, sessionWith } from "../support/wire.js"

const decoded = Schema.decodeSync(Session)(session)

describe("Clerk's schemas within custom schemas", () => {
  it("are fields of a struct, items of an array, members of a union", () => {
    const Row = Schema.Struct({
      session: Session,
      recent: Schema.Array(Session),
      page: Schema.optional(SessionPage),
      found: Schema.Union(Session, Schema.Null)
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
    const Active = Session.pipe(Schema.filter(({ status }) => status === "active"))
    expect(Schema.decodeUnknownSync(Active)(session)).toStrictEqual(decoded)
    expect(() => Schema.decodeUnknownSync(Active)(sessionWith({ status: "ended" }))).toThrow()
  })

  it("carry JSON text, in which no nulls and no dates are left", () => {
    const Text = Schema.parseJson(Session)
    expect(Schema.decodeUnknownSync(Text)(JSON.stringify(session))).toStrictEqual(decoded)
    expect(JSON.parse(Schema.encodeSync(Text)(decoded)).created_at).toBe(session.created_at)
  })

  it("compare sessions by value, and print them", () => {
    const equivalence = Schema.equivalence(Session)
    expect(equivalence(decoded, Schema.decodeSync(Session)(session))).toBe(true)
    expect(equivalence(decoded, { ...decoded, status: "ended" })).toBe(false)
    expect(Pretty.make(Session)(decoded)).toContain("sess_1")
  })

  it("generate arbitrary sessions, which are valid", () => {
    const sessions = FastCheck.sample(Arbitrary.make(Session), 20)
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
    const { $defs = {} } = JSONSchema.make(Session)
    const definition = $defs["ClerkSession"]
    expect(definition).toMatchObject({
      type: "object",
      required: requiredFields
    })
    expect(Object.keys($defs)).toEqual(
      expect.arrayContaining([
        "ClerkSession",
        "ClerkSessionActivity",
        "ClerkSessionActor",
        "ClerkSessionTask"
      ])
    )
    for (const name of Object.keys($defs)) expect(name).toMatch(/^[A-Za-z0-9]+$/)
  })

  it("each of the schemas exists", () => {
    const schemas: ReadonlyArray<readonly [string, Schema.Schema.All]> = [
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
      // Sound: none of them needs a service.
      const { $defs = {} } = JSONSchema.make(schema as Schema.Schema<unknown, unknown>)
      expect(Object.keys($defs), name).toContain(name)
    }
  })
})

describe("an HttpApi", () => {
  const sessions = HttpApiGroup.make("sessions")
    .add(HttpApiEndpoint.get("get", "/sessions/:id").addSuccess(Session).addError(ClerkNotFound))
    .add(HttpApiEndpoint.get("list", "/sessions").addSuccess(SessionPage).addError(ClerkRateLimited))
    .add(HttpApiEndpoint.post("token", "/sessions/:id/tokens").addSuccess(SessionToken))

  it("names sessions and errors by their identifiers, and responds with 500 for an error it does not map", () => {
    const { components, paths } = OpenApi.fromApi(HttpApi.make("mine").add(sessions))
    expect(Object.keys(components.schemas)).toEqual(
      expect.arrayContaining(["ClerkSession", "ClerkSessionToken", "ClerkNotFound", "ClerkRateLimited"])
    )
    const responses = paths["/sessions/{id}"]?.get?.responses
    expect(responses?.[200]?.content?.["application/json"]?.schema).toEqual({
      $ref: "#/components/schemas/ClerkSession"
    })
    expect(responses?.[500]?.content?.["application/json"]?.schema).toEqual({
      $ref: "#/components/schemas/ClerkNotFound"
    })
  })
})
