import * as Effect from "effect/Effect"
import { ClerkError, Sessions } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { describe, expect, it } from "#test/vitest.js"
import { type AnyError, type OperationCase, operations } from "../support/operations.js"
import { failureWhen } from "../support/responding.js"
import * as wire from "../support/wire.js"

const refusal = {
  errors: [
    {
      code: "some_code",
      message: "Something is wrong",
      long_message: "Something is wrong with it",
      meta: { param_name: "user_id" }
    }
  ],
  clerk_trace_id: "trace_1"
}

const always = {
  400: "ClerkBadRequest",
  401: "ClerkUnauthorized",
  403: "ClerkForbidden",
  429: "ClerkRateLimited",
  500: "ClerkServerError",
  501: "ClerkServerError",
  502: "ClerkServerError",
  503: "ClerkServerError",
  504: "ClerkServerError",
  599: "ClerkServerError"
} as const

const onlyWhereDocumented = {
  404: "ClerkNotFound",
  409: "ClerkConflict",
  410: "ClerkGone",
  422: "ClerkUnprocessableEntity"
} as const

const neverDocumented = [
  100, 101, 203, 204, 205, 206, 299, 300, 301, 302, 303, 304, 307, 308, 402, 405, 406, 408, 412, 413, 415,
  418, 423, 451, 499, 600, 999
]

/** `[status, class]` for every relevant status of this operation. */
const expectations = ({ documented }: OperationCase): ReadonlyArray<readonly [number, AnyError["_tag"]]> => [
  ...Object.entries(always).map(([status, tag]) => [Number(status), tag] as const),
  ...Object.entries(onlyWhereDocumented).map(
    ([status, tag]) =>
      [Number(status), documented.includes(Number(status)) ? tag : "ClerkUnexpectedStatus"] as const
  ),
  ...neverDocumented.map((status) => [status, "ClerkUnexpectedStatus"] as const)
]

describe("a status that is not a success", () => {
  it.effect.each(operations)("of $name is the error of its class, with Clerk's errors kept", (operation) =>
    Effect.gen(function* () {
      for (const [status, tag] of expectations(operation)) {
        const error = yield* failureWhen(operation.run, ClerkTest.json(status, refusal))
        expect(error, String(status)).toMatchObject({
          _tag: tag,
          operation: operation.name,
          method: operation.method,
          path: operation.template,
          attempts: 1,
          status,
          errors: [
            {
              code: "some_code",
              message: "Something is wrong",
              longMessage: "Something is wrong with it",
              meta: { param_name: "user_id" }
            }
          ],
          traceId: "trace_1"
        })
      }
    })
  )

  it.effect("stays an error when its body is a session", () =>
    Effect.gen(function* () {
      for (const status of [203, 204, 302, 404]) {
        const error = yield* failureWhen(Sessions.get("sess_1"), ClerkTest.json(status, wire.session))
        expect(error).toMatchObject({ status, errors: [] })
      }
    })
  )

  it.effect("distinguishes a 204 without a body from a decoding error", () =>
    Effect.gen(function* () {
      const error = yield* failureWhen(Sessions.revoke("sess_1"), { status: 204, headers: {}, body: "" })
      expect(error).toMatchObject({ _tag: "ClerkUnexpectedStatus", status: 204, retryable: false })
    })
  )
})

describe("the body of an error response", () => {
  const errorsOf = (body: string, type = "application/json") =>
    Effect.map(
      failureWhen(Sessions.get("sess_1"), { status: 404, headers: { "content-type": type }, body }),
      (error) => {
        expect(error).toMatchObject({ _tag: "ClerkNotFound", status: 404 })
        return "errors" in error ? error.errors : "no errors"
      }
    )

  const withItems = (...items: ReadonlyArray<unknown>) => JSON.stringify({ errors: items })

  it.effect("may list several errors, in Clerk's order", () =>
    Effect.gen(function* () {
      expect(yield* errorsOf(withItems({ code: "a" }, { code: "b" }, { code: "c" }))).toStrictEqual([
        { code: "a" },
        { code: "b" },
        { code: "c" }
      ])
    })
  )

  it.effect("may have only a code", () =>
    Effect.gen(function* () {
      expect(yield* errorsOf(withItems({ code: "resource_not_found" }))).toStrictEqual([
        { code: "resource_not_found" }
      ])
    })
  )

  it.effect("may call its message short_message", () =>
    Effect.gen(function* () {
      const item = { code: "resource_not_found", short_message: "not found", long_message: "No session" }
      expect(yield* errorsOf(withItems(item))).toStrictEqual([
        { code: "resource_not_found", message: "not found", longMessage: "No session" }
      ])
    })
  )

  it.effect("keeps the keys of meta as Clerk wrote them", () =>
    Effect.gen(function* () {
      const meta = { session_id: "sess_1", email_addresses: ["a@b.c"], zxcvbn: { score: 1 }, gone: null }
      expect(yield* errorsOf(withItems({ meta }))).toStrictEqual([{ meta }])
    })
  )

  it.effect("loses only fields of another type", () =>
    Effect.gen(function* () {
      const items = [
        { code: 1, message: ["x"], long_message: "kept", meta: "x" },
        null,
        "text",
        7,
        [],
        { code: "b" }
      ]
      expect(yield* errorsOf(withItems(...items))).toStrictEqual([{ longMessage: "kept" }, { code: "b" }])
    })
  )

  const shapeless = [
    ["empty", ""],
    ["HTML", "<!doctype html><title>404</title>"],
    ["cut off", `{"errors":[{"code":"resource_not_fou`],
    ["an empty list", `{"errors":[]}`],
    ["a text for a list", `{"errors":"x"}`],
    ["an object for a list", `{"errors":{"code":"x"}}`],
    ["a list of nothing", `{"errors":[null]}`],
    ["null", "null"],
    ["an array", `[{"code":"x"}]`],
    ["a text", `"errors"`],
    ["a number", "404"],
    ["another object", `{"error":"x"}`],
    ["an inherited list", `{"__proto__":{"errors":[{"code":"x"}]}}`]
  ] as const

  it.effect.each(shapeless)("that is %s leaves class and status, and no errors", ([, body]) =>
    Effect.gen(function* () {
      expect(yield* errorsOf(body)).toStrictEqual([])
    })
  )

  it.effect("is read with any content type", () =>
    Effect.gen(function* () {
      expect(yield* errorsOf(withItems({ code: "a" }), "text/html")).toStrictEqual([{ code: "a" }])
    })
  )

  it.effect("is bounded: many errors, long texts and deep meta are cut", () =>
    Effect.gen(function* () {
      const deep = `${`{"a":`.repeat(20_000)}1${"}".repeat(20_000)}`
      const item = `{"code":"${"c".repeat(5_000)}","message":"${"m".repeat(100_000)}","meta":${deep}}`
      const errors = yield* errorsOf(`{"errors":[${Array(100).fill(item).join(",")}]}`)
      expect(errors).toHaveLength(16)
      expect(JSON.stringify(errors).length).toBeLessThan(20_000)
    })
  )

  it.effect("cannot break a log line", () =>
    Effect.gen(function* () {
      const message = "first\r\nsecond\u2028third\u0000\u001b[31mred"
      const error = yield* failureWhen(
        Sessions.get("sess_1"),
        ClerkTest.json(404, { errors: [{ code: "a\nb", message }] })
      )
      expect(error.message).toBe("Sessions.get: 404 a b: first second third [31mred")
    })
  )
})

describe("the trace id", () => {
  const traceIdOf = (body: unknown, headers: Readonly<Record<string, string>>) =>
    Effect.map(failureWhen(Sessions.get("sess_1"), ClerkTest.json(404, body, headers)), (error) =>
      "traceId" in error ? error.traceId : "absent"
    )
  const headers = { "clerk-trace-id": "from-clerk", "cf-ray": "from-cloudflare-SJC" }

  it.effect("is the body's, else Clerk's header, else Cloudflare's, else absent", () =>
    Effect.gen(function* () {
      expect(yield* traceIdOf({ clerk_trace_id: "from_body" }, headers)).toBe("from_body")
      expect(yield* traceIdOf({}, headers)).toBe("from-clerk")
      expect(yield* traceIdOf({}, { "cf-ray": headers["cf-ray"] })).toBe("from-cloudflare-SJC")
      expect(yield* traceIdOf({}, {})).toBe("absent")
    })
  )

  it.effect("is ignored when it does not have the form of one", () =>
    Effect.gen(function* () {
      for (const strange of [7, null, "", "a b", "a\nb", "x".repeat(129), ["a"]]) {
        expect(yield* traceIdOf({ clerk_trace_id: strange }, headers)).toBe("from-clerk")
      }
      expect(yield* traceIdOf({}, { "clerk-trace-id": "<b>", "cf-ray": "" })).toBe("absent")
    })
  )
})

describe("a message", () => {
  const messageOf = (status: number, body: unknown) =>
    Effect.map(failureWhen(Sessions.get("sess_1"), ClerkTest.json(status, body)), ({ message }) => message)

  it.effect("contains the operation, the status, the code, the message and the trace id", () =>
    Effect.gen(function* () {
      const item = { code: "resource_not_found", message: "Session not found", long_message: "No session …" }
      expect(yield* messageOf(404, { errors: [item], clerk_trace_id: "8f0a" })).toBe(
        "Sessions.get: 404 resource_not_found: Session not found (trace 8f0a)"
      )
    })
  )

  it.effect("contains only known parts", () =>
    Effect.gen(function* () {
      expect(yield* messageOf(404, {})).toBe("Sessions.get: 404")
      expect(yield* messageOf(404, { errors: [{ code: "a" }] })).toBe("Sessions.get: 404 a")
      expect(yield* messageOf(404, { errors: [{ message: "Gone" }] })).toBe("Sessions.get: 404: Gone")
      expect(yield* messageOf(404, { errors: [{ code: "a", long_message: "Long" }] })).toBe(
        "Sessions.get: 404 a: Long"
      )
      expect(yield* messageOf(400, { errors: [{ code: "a" }, { code: "b" }, { code: "c" }] })).toBe(
        "Sessions.get: 400 a (and 2 more)"
      )
    })
  )

  it.effect("is in the JSON of the error, beside its fields", () =>
    Effect.gen(function* () {
      const error = yield* failureWhen(
        Sessions.get("sess_1"),
        ClerkTest.json(429, { errors: [{ code: "too_many_requests" }] }, { "retry-after": "7" })
      )
      expect(JSON.parse(JSON.stringify(error))).toEqual({
        _tag: "ClerkRateLimited",
        operation: "Sessions.get",
        method: "GET",
        path: "/sessions/{id}",
        attempts: 1,
        retryable: true,
        status: 429,
        errors: [{ code: "too_many_requests" }],
        retryAfter: 7_000,
        message: "Sessions.get: 429 too_many_requests (retry after 7 s)"
      })
    })
  )
})

describe("ClerkError", () => {
  const failure = (status: number, code: string) =>
    failureWhen(Sessions.get("sess_1"), ClerkTest.json(status, { errors: [{ code: "other" }, { code }] }))

  it.effect("includes the error of every call, and no other value", () =>
    Effect.gen(function* () {
      expect(ClerkError.is(yield* failure(404, "resource_not_found"))).toBe(true)
      expect(ClerkError.is(yield* failureWhen(Sessions.get(""), ClerkTest.json(200, wire.session)))).toBe(
        true
      )
      expect(ClerkError.is(yield* failureWhen(Sessions.get("sess_1"), wire.text("")))).toBe(true)
      for (const other of [new Error("404"), { _tag: "ClerkNotFound" }, "ClerkNotFound", null, undefined]) {
        expect(ClerkError.is(other)).toBe(false)
      }
    })
  )

  it.effect("knows which errors are retryable", () =>
    Effect.gen(function* () {
      expect(ClerkError.isRetryable(yield* failure(503, "service_unavailable"))).toBe(true)
      expect(ClerkError.isRetryable(yield* failure(404, "resource_not_found"))).toBe(false)
      expect(ClerkError.isRetryable({ retryable: true })).toBe(false)
    })
  )

  it.effect("finds Clerk's codes at any place in the list", () =>
    Effect.gen(function* () {
      const error = yield* failure(404, "resource_not_found")
      expect(ClerkError.hasCode(error, "resource_not_found")).toBe(true)
      expect(ClerkError.hasCode(error, "other")).toBe(true)
      expect(ClerkError.hasCode(error, "a_third")).toBe(false)
      expect(ClerkError.hasCode(yield* failureWhen(Sessions.get("sess_1"), wire.text("")), "other")).toBe(
        false
      )
      expect(ClerkError.hasCode({ errors: [{ code: "other" }] }, "other")).toBe(false)
    })
  )
})
