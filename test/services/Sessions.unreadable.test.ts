import { inspect } from "node:util"
import * as Effect from "effect/Effect"
import { type ClerkHttp, type ClerkResponse, Sessions } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { describe, expect, it } from "#test/vitest.js"
import { type AnyError, operations, refreshParams } from "../support/operations.js"
import { answering, failureWhen } from "../support/responding.js"
import * as wire from "../support/wire.js"

const list: Effect.Effect<unknown, AnyError, ClerkHttp> = Sessions.list({ userId: "user_1" })

const millis = "a whole number of milliseconds since 1970"

describe("a response that is not JSON", () => {
  const unreadable: ReadonlyArray<readonly [string, string, ClerkResponse]> = [
    ["empty", "empty", wire.text("")],
    ["only white space", "empty", wire.text(" \r\n")],
    ["not JSON", "json", wire.text("not json")],
    ["cut in the middle", "json", wire.text(JSON.stringify(wire.session).slice(0, -20))],
    ["followed by another character", "json", wire.text(`${JSON.stringify(wire.session)}x`)],
    [
      "with a number that JSON does not have",
      "json",
      wire.text(JSON.stringify(wire.session).replace("1716883200000", "NaN"))
    ],
    ["HTML", "content-type", wire.text("<html></html>", 200, { "content-type": "text/html" })],
    [
      "JSON declared as HTML",
      "content-type",
      ClerkTest.json(200, wire.session, { "content-type": "text/html; charset=utf-8" })
    ],
    [
      "JSON declared as a type with the same prefix",
      "content-type",
      ClerkTest.json(200, wire.session, { "content-type": "application/json-seq" })
    ],
    ["declared with an empty type", "content-type", ClerkTest.json(200, wire.session, { "content-type": "" })]
  ]

  it.effect.each(unreadable)("because it is %s, is rejected as %s by every operation", ([, reason, answer]) =>
    Effect.gen(function* () {
      for (const { run, name, method, template } of operations) {
        expect(yield* failureWhen(run, answer), name).toMatchObject({
          _tag: "ClerkDecodeError",
          reason,
          issues: [],
          operation: name,
          method,
          path: template,
          attempts: 1,
          retryable: false
        })
      }
    })
  )
})

describe("a response with the wrong structure", () => {
  const issuesOf = (body: unknown, run: typeof list = Sessions.get("sess_1")) =>
    Effect.map(
      failureWhen(run, typeof body === "string" ? wire.text(body) : ClerkTest.json(200, body)),
      (error) => {
        expect(error).toMatchObject({ _tag: "ClerkDecodeError", reason: "schema", retryable: false })
        return error._tag === "ClerkDecodeError" ? error.issues : []
      }
    )

  it.effect.each(wire.requiredFields)("without %s names the field", (field) =>
    Effect.gen(function* () {
      const [missing, ...others] = yield* issuesOf(wire.sessionWithout(field))
      expect(others).toEqual([])
      expect(missing?.path).toBe(field)
      expect(missing?.expected).toMatch(/, but it is missing$/)
      const [empty] = yield* issuesOf(wire.sessionWith({ [field]: null }))
      expect(empty?.path).toBe(field)
      expect(empty?.expected).not.toMatch(/missing/)
    })
  )

  const strangeTimes = {
    "a fraction": "1716883200000.5",
    negative: "-1",
    "beyond what a number holds": "1e400",
    "beyond what a number holds exactly": "9007199254740993",
    "beyond the last date": "8640000000000001",
    "a text": `"1716883200000"`,
    "an ISO date": `"2024-05-28T08:00:00Z"`,
    "a boolean": "true"
  }

  it.effect.each(Object.entries(strangeTimes))(
    "with a time that is %s states the expected form",
    ([, number]) =>
      Effect.gen(function* () {
        for (const field of ["last_active_at", "expire_at", "updated_at", "created_at"]) {
          const body = JSON.stringify(wire.sessionWith({ [field]: "HERE" })).replace(`"HERE"`, number)
          expect(yield* issuesOf(body)).toEqual([{ path: field, expected: millis }])
        }
      })
  )

  it.effect("lists every path, in Clerk's names", () =>
    Effect.gen(function* () {
      const wrong = wire.sessionWith({ user_id: 7, created_at: "now", abandon_at: 1.5 })
      const issues = yield* issuesOf({ data: [wire.session, wrong], total_count: 2 }, list)
      expect(issues.map(({ path }) => path).sort()).toEqual([
        "data.1.abandon_at",
        "data.1.created_at",
        "data.1.user_id"
      ])
    })
  )

  it.effect("lists a limited number of paths", () =>
    Effect.gen(function* () {
      const issues = yield* issuesOf({ data: Array(500).fill(wire.sessionWithout("id")) }, list)
      expect(issues).toHaveLength(16)
    })
  )

  const elsewhere: ReadonlyArray<readonly [string, typeof list, unknown, string]> = [
    ["a list that is an object without data", list, {}, "data"],
    ["a list whose data is not an array", list, { data: {} }, "data"],
    ["a list with a session missing", list, { data: [null] }, "data.0"],
    ["a bare list with a wrong session", list, [wire.sessionWithout("id")], "0.id"],
    ["a count that is negative", list, { data: [], total_count: -1 }, "total_count"],
    ["a count that is a fraction", list, { data: [], total_count: 1.5 }, "total_count"],
    ["a count that cannot be exact", list, { data: [], total_count: 2 ** 53 }, "total_count"],
    ["a count that is a text", list, { data: [], total_count: "1" }, "total_count"],
    ["another object than a session", Sessions.get("sess_1"), wire.sessionWith({ object: "user" }), "object"],
    ["an array for a session", Sessions.get("sess_1"), [wire.session], ""],
    ["null for a session", Sessions.get("sess_1"), null, ""],
    ["a text for a session", Sessions.get("sess_1"), '"sess_1"', ""],
    ["a token that is empty", Sessions.createToken("sess_1"), { object: "token", jwt: "" }, "jwt"],
    ["a token that is missing", Sessions.createToken("sess_1"), { object: "token" }, "jwt"],
    ["a token of another kind", Sessions.createToken("sess_1"), { ...wire.token, object: "m2m" }, "object"],
    ["cookies for a token", Sessions.refresh("sess_1", refreshParams), wire.cookies, "object"],
    [
      "a token for cookies",
      Sessions.refresh("sess_1", { ...refreshParams, format: "cookie" }),
      wire.token,
      "object"
    ],
    [
      "a cookie that is a number",
      Sessions.refresh("sess_1", { ...refreshParams, format: "cookie" }),
      { object: "cookies", cookies: ["a=b", 1] },
      "cookies.1"
    ]
  ]

  it.effect.each(elsewhere)("is reported: %s", ([, run, body, path]) =>
    Effect.gen(function* () {
      expect((yield* issuesOf(body, run)).map((issue) => issue.path)).toContain(path)
    })
  )

  it.effect("is never shown", () =>
    Effect.gen(function* () {
      const canary = "canary-7f3a"
      for (const field of [...wire.requiredFields, "abandon_at"]) {
        const wrong = { [canary]: [canary] }
        for (const value of [wrong, [wrong]]) {
          const error = yield* failureWhen(
            Sessions.get("sess_1"),
            ClerkTest.json(200, wire.sessionWith({ [field]: value }))
          )
          expect(error).toMatchObject({ _tag: "ClerkDecodeError" })
          const shown = [
            error.message,
            JSON.stringify(error),
            inspect(error, { depth: 20, showHidden: true })
          ]
          expect(shown.join("\n")).not.toContain(canary)
        }
      }
    })
  )

  it.effect("may be nested deeper than the call stack", () =>
    Effect.gen(function* () {
      const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`
      for (const body of [
        deep,
        JSON.stringify(wire.sessionWith({ user_id: "HERE" })).replace(`"HERE"`, deep)
      ]) {
        const [issue] = yield* issuesOf(body)
        expect(String(issue?.expected).length).toBeLessThan(200)
      }
      for (const field of ["actor", "tasks", "latest_activity", "client_id"]) {
        const body = JSON.stringify(wire.sessionWith({ [field]: "HERE" })).replace(`"HERE"`, deep)
        expect((yield* answering(wire.text(body))(Sessions.get("sess_1"))).id).toBe("sess_1")
      }
    })
  )
})

describe("a response about another resource", () => {
  const asked: ReadonlyArray<readonly [string, typeof list]> = [
    ["get", Sessions.get("sess_1")],
    ["revoke", Sessions.revoke("sess_1")],
    ["verify", Sessions.verify("sess_1")]
  ]

  it.effect.each(asked)("than the one of %s is rejected", ([, run]) =>
    Effect.gen(function* () {
      for (const [id, receivedId] of [
        ["sess_2", "sess_2"],
        ["SESS_1", "SESS_1"],
        // A value that is not an id, or looks like a secret, is not shown.
        ["sess_1 ", undefined],
        ["", undefined],
        ["sess_1\r\nset-cookie: a", undefined],
        ["s".repeat(129), undefined],
        ["sk_test_abcdefghijklmnopqrstuvwxyz", undefined]
      ]) {
        const error = yield* failureWhen(
          run,
          ClerkTest.json(200, wire.sessionWith({ id }), { "clerk-trace-id": "trace_1" })
        )
        expect(error).toMatchObject({
          _tag: "ClerkDecodeError",
          reason: "id-mismatch",
          issues: [],
          attempts: 1,
          retryable: false,
          status: 200,
          contentType: "application/json",
          expectedId: "sess_1",
          receivedId,
          traceId: "trace_1"
        })
        expect(error.message).toContain("expected id sess_1, received ")
        if (receivedId === undefined && id !== "") expect(error.message).not.toContain(id)
      }
    })
  )
})

describe("the message of a response that cannot be decoded", () => {
  const messageOf = (answer: ClerkResponse) =>
    Effect.map(failureWhen(Sessions.get("sess_1"), answer), ({ message }) => message)

  it.effect("states the issue and its path", () =>
    Effect.gen(function* () {
      expect(yield* messageOf(wire.text(""))).toBe(
        "Sessions.get: the response has no body: received status 200, content type application/json. Expected application/json from Clerk: check apiUrl, and proxies on the way"
      )
      expect(yield* messageOf(wire.text("{"))).toBe(
        "Sessions.get: the response body is not valid JSON: received status 200, content type application/json. Expected application/json from Clerk: check apiUrl, and proxies on the way"
      )
      expect(yield* messageOf(ClerkTest.json(200, wire.sessionWith({ expire_at: 0.5 })))).toBe(
        `Sessions.get: the response does not match the schema of the operation: expire_at: expected ${millis}`
      )
      expect(yield* messageOf(ClerkTest.json(200, wire.sessionWithout("user_id")))).toBe(
        "Sessions.get: the response does not match the schema of the operation: user_id: expected a string, but it is missing"
      )
      expect(yield* messageOf(ClerkTest.json(200, wire.sessionWith({ id: "sess_2" })))).toBe(
        "Sessions.get: the response describes another resource: expected id sess_1, received id sess_2"
      )
    })
  )

  it.effect.each([
    ["text/html; charset=utf-8", "text/html"],
    ["TEXT/HTML", "text/html"],
    ["text", undefined],
    ["", undefined],
    [`text/${"h".repeat(65)}`, undefined],
    ["text/html, text/plain", undefined],
    ["text/sk_test_abcdefghijklmnopqrstuvwxyz", undefined]
  ] as const)("names the status and the media type of another page: %s", ([header, contentType]) =>
    Effect.gen(function* () {
      const page = { status: 201, headers: { "content-type": header }, body: "<html>" }
      const error = yield* failureWhen(Sessions.get("sess_1"), page)
      expect(error).toMatchObject({ reason: "content-type", status: 201, contentType })
      expect(error.message).toBe(
        `Sessions.get: the response is not declared as JSON: received status 201, content type ${contentType ?? "missing or invalid"}. Expected application/json from Clerk: check apiUrl, and proxies on the way`
      )
    })
  )

  it.effect("shows three paths and counts the rest", () =>
    Effect.gen(function* () {
      const message = yield* messageOf(ClerkTest.json(200, {}))
      expect(message).toMatch(/^Sessions\.get: .*: object: .*; id: .*; user_id: .* \(and 5 more\)$/)
    })
  )
})

describe("the text of an expectation", () => {
  const expectedIn = (body: unknown) =>
    Effect.map(failureWhen(Sessions.get("sess_1"), ClerkTest.json(200, body)), (error) =>
      error._tag === "ClerkDecodeError" ? error.issues : []
    )

  it.effect("describes a missing time in words, like an invalid one", () =>
    Effect.gen(function* () {
      expect(yield* expectedIn(wire.sessionWithout("expire_at"))).toEqual([
        { path: "expire_at", expected: `${millis}, but it is missing` }
      ])
    })
  )

  it.effect("describes a nullable time in words, like a required one", () =>
    Effect.gen(function* () {
      expect(yield* expectedIn(wire.sessionWith({ abandon_at: 0.5 }))).toEqual([
        { path: "abandon_at", expected: `${millis} or null` }
      ])
    })
  )
})
