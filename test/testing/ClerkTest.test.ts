import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { ClerkTransportError, RequestPolicy, Sessions } from "effect-clerk"
import { ClerkTest, type ExpectedRequest, RequestsAssertionError } from "effect-clerk/testing"
import { fork, poll } from "#test/fiber.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { defectOf } from "../support/exits.js"

const active = ClerkTest.json(200, ClerkTest.session())

/** The message of the defect with which an effect dies. */
const deathOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.exit(effect), (exit) => String(defectOf(exit)))

/** The defect of an expectation that the requests do not meet. */
const failedExpectation = (expected: ReadonlyArray<ExpectedRequest | string>) =>
  Effect.map(Effect.exit(ClerkTest.expectRequests(expected)), (exit) => {
    const defect = defectOf(exit)
    if (defect instanceof RequestsAssertionError) return defect
    throw new Error("the expectation holds, or it is invalid")
  })

describe("responses", () => {
  it.effect("are the same for every request when there is only one", () =>
    Effect.gen(function* () {
      expect((yield* Sessions.get("sess_1")).status).toBe("active")
      expect((yield* Sessions.get("sess_1")).status).toBe("active")
    }).pipe(Effect.provide(ClerkTest.layer(active)))
  )

  it.effect("in a sequence come one after the other", () =>
    Effect.gen(function* () {
      expect((yield* Effect.flip(Sessions.get("sess_1")))._tag).toBe("ClerkNotFound")
      expect((yield* Effect.flip(Sessions.get("sess_1")))._tag).toBe("ClerkTransportError")
      expect((yield* Sessions.get("sess_2")).id).toBe("sess_2")
    }).pipe(
      Effect.provide(
        ClerkTest.layer(
          ClerkTest.sequence([
            ClerkTest.errorResponse(404, "resource_not_found"),
            ClerkTest.fault("reset"),
            ({ path }) => ClerkTest.json(200, ClerkTest.session({ id: path[1] ?? "" }))
          ])
        )
      )
    )
  )

  it.effect("after the end of a sequence are a defect with a message, and the request is recorded", () =>
    Effect.gen(function* () {
      yield* Sessions.get("sess_1")
      expect(yield* deathOf(Sessions.revoke("sess_1"))).toBe(
        "Error: ClerkTest: Sessions.revoke is request 2 of a sequence that has 1 response"
      )
      yield* ClerkTest.expectRequests(["Sessions.get", "Sessions.revoke"])
    }).pipe(Effect.provide(ClerkTest.layer(ClerkTest.sequence([active]), { policy: RequestPolicy.standard })))
  )

  it.effect("after a sequence are the value of `fallback`", () =>
    Effect.gen(function* () {
      expect((yield* Sessions.get("sess_1")).status).toBe("active")
      for (const _ of [1, 2]) {
        expect((yield* Effect.flip(Sessions.get("sess_1")))._tag).toBe("ClerkNotFound")
      }
    }).pipe(
      Effect.provide(
        ClerkTest.layer(
          ClerkTest.sequence([active], { fallback: ClerkTest.errorResponse(404, "resource_not_found") })
        )
      )
    )
  )

  it.effect("by operation have separate sequences", () =>
    Effect.gen(function* () {
      expect((yield* Effect.flip(Sessions.get("sess_1")))._tag).toBe("ClerkForbidden")
      expect((yield* Sessions.list({ userId: "user_1" })).totalCount).toBe(30)
      expect((yield* Sessions.get("sess_1")).status).toBe("active")
    }).pipe(
      Effect.provide(
        ClerkTest.layer(
          ClerkTest.routes({
            "Sessions.get": ClerkTest.sequence([
              ClerkTest.errorResponse(403, "authorization_invalid"),
              active
            ]),
            "Sessions.list": () => ClerkTest.json(200, ClerkTest.page([ClerkTest.session()], 30))
          })
        )
      )
    )
  )

  it.effect("that are missing for an operation are a defect that names it and the others", () =>
    Effect.gen(function* () {
      expect(yield* deathOf(Sessions.revoke("sess_1"))).toBe(
        "Error: ClerkTest: there is no response for Sessions.revoke, only for Sessions.get, Sessions.list"
      )
    }).pipe(
      Effect.provide(
        ClerkTest.layer(
          ClerkTest.routes({ "Sessions.get": active, "Sessions.list": active, "Sessions.create": undefined })
        )
      )
    )
  )

  it.effect("start again for each test that uses the same layer", () => {
    const layer = ClerkTest.layer(
      ClerkTest.routes({ "Sessions.get": ClerkTest.sequence([ClerkTest.errorResponse(404, "gone"), active]) })
    )
    const first = Effect.flip(Sessions.get("sess_1")).pipe(
      Effect.andThen(ClerkTest.requests),
      Effect.provide(layer)
    )
    return Effect.gen(function* () {
      expect(yield* first).toHaveLength(1)
      expect(yield* first).toHaveLength(1)
    })
  })

  it.effect("of a proxy are not sessions", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Sessions.get("sess_1"))
      expect(error).toMatchObject({ _tag: "ClerkDecodeError", reason: "content-type" })
    }).pipe(Effect.provide(ClerkTest.layer(ClerkTest.text(200, "<html>It works!</html>"))))
  )

  it.effect("in the form of Clerk's errors have all of its fields", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Sessions.get("sess_1"))
      expect(error).toMatchObject({
        _tag: "ClerkRateLimited",
        traceId: "trace_1",
        errors: [{ code: "too_many_requests", message: "Too many", longMessage: "Wait", meta: { a: 1 } }]
      })
      expect(error).toHaveProperty("retryAfter", Duration.seconds(2))
    }).pipe(
      Effect.provide(
        ClerkTest.layer(
          ClerkTest.errorResponse(429, "too_many_requests", {
            message: "Too many",
            longMessage: "Wait",
            meta: { a: 1 },
            traceId: "trace_1",
            headers: { "retry-after": "2" }
          })
        )
      )
    )
  )
})

describe("faults and latency", () => {
  const cases: ReadonlyArray<readonly [Parameters<typeof ClerkTest.fault>[0], "no" | "maybe"]> = [
    ["dns", "no"],
    ["refused", "no"],
    ["unreachable", "no"],
    ["connect-timeout", "no"],
    ["proxy", "no"],
    ["proxy-rejected", "no"],
    ["tls", "no"],
    ["invalid-request", "no"],
    ["admission", "no"],
    ["reset", "maybe"],
    ["closed", "maybe"],
    ["incomplete-body", "maybe"],
    ["response-timeout", "maybe"],
    ["protocol", "maybe"],
    ["unknown", "maybe"]
  ]
  it.effect.each(cases)("a fault that is %s states whether the request was sent: %s", ([reason, sent]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Sessions.get("sess_1"))
      expect(error).toBeInstanceOf(ClerkTransportError)
      expect(error).toMatchObject({ reason, sent, operation: "Sessions.get" })
    }).pipe(Effect.provide(ClerkTest.layer(ClerkTest.fault(reason))))
  )

  it.effect("a fault can override whether it was sent", () =>
    Effect.gen(function* () {
      expect(yield* Effect.flip(Sessions.get("sess_1"))).toMatchObject({ reason: "reset", sent: "no" })
    }).pipe(Effect.provide(ClerkTest.layer(ClerkTest.fault("reset", "no"))))
  )

  it.effect("a delayed response arrives when the clock of the test reaches its time", () =>
    Effect.gen(function* () {
      const fiber = yield* fork(Sessions.get("sess_1"))
      yield* TestClock.adjust("999 millis")
      expect(Option.isNone(yield* poll(fiber))).toBe(true)
      yield* TestClock.adjust("1 millis")
      expect((yield* Fiber.join(fiber)).id).toBe("sess_1")
    }).pipe(Effect.provide(ClerkTest.layer(ClerkTest.delayed("1 second", active))))
  )

  it.effect("a fault can be delayed too", () =>
    Effect.gen(function* () {
      const fiber = yield* fork(Effect.flip(Sessions.get("sess_1")))
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(fiber)).toMatchObject({ reason: "reset" })
    }).pipe(Effect.provide(ClerkTest.layer(ClerkTest.delayed("1 second", ClerkTest.fault("reset")))))
  )

  it.effect(
    "a missing response ends with the time limit of an attempt, and the time of each attempt is recorded",
    () =>
      Effect.gen(function* () {
        const fiber = yield* fork(Sessions.get("sess_1"))
        yield* TestClock.adjust("1 minute")
        expect((yield* Fiber.join(fiber)).id).toBe("sess_1")
        const [first = 0, second = 0] = yield* ClerkTest.times
        expect(first).toBe(0)
        expect(second).toBeGreaterThanOrEqual(2_000)
        yield* ClerkTest.expectRequests(["Sessions.get", "Sessions.get"])
      }).pipe(
        Effect.provide(
          ClerkTest.layer(ClerkTest.sequence([ClerkTest.never, active]), {
            policy: { maxAttempts: 2, timeout: "2 seconds" }
          })
        )
      )
  )
})

describe("the requests", () => {
  const layer = ClerkTest.layer(
    ClerkTest.routes({
      "Sessions.list": ClerkTest.json(200, ClerkTest.page([])),
      "Sessions.get": ClerkTest.errorResponse(404, "resource_not_found"),
      "Sessions.verify": active,
      "Sessions.refresh": ClerkTest.errorResponse(401, "expired_session_token_invalid")
    })
  )

  const three = Effect.gen(function* () {
    yield* Sessions.list({ userId: "user_1", limit: 5 })
    yield* Effect.exit(Sessions.get("sess_1"))
    yield* Sessions.verify("sess_1")
  })

  it.effect("match when all given fields match", () =>
    Effect.gen(function* () {
      yield* three
      yield* ClerkTest.expectRequests(["Sessions.list", "Sessions.get", "Sessions.verify"])
      yield* ClerkTest.expectRequests([
        { operation: "Sessions.list", query: { paginated: "true", limit: 5, user_id: "user_1" } },
        { operation: "Sessions.get", method: "GET", path: "/sessions/sess_1", query: {}, body: undefined },
        { operation: "Sessions.verify", path: ["sessions", "sess_1", "verify"], apiVersion: "2025-03-12" }
      ])
    }).pipe(Effect.provide(layer))
  )

  it.effect(
    "that differ from the expected ones are an assertion error, which names the first difference",
    () =>
      Effect.gen(function* () {
        yield* three
        const list = {
          operation: "Sessions.list",
          method: "GET",
          path: "/sessions",
          query: { user_id: "user_1", limit: "5", paginated: "true" }
        }
        const differing = yield* failedExpectation([
          { operation: "Sessions.list", query: { user_id: "user_2" } },
          { operation: "Sessions.get", path: "/sessions/sess_1" },
          { operation: "Sessions.revoke", method: "POST", body: undefined, query: {} }
        ])
        expect(differing).toBeInstanceOf(RequestsAssertionError)
        expect(String(differing)).toBe(
          [
            "AssertionError: the requests differ: 3 expected, 3 made; request 1 is the first that differs",
            '  expected: {"operation":"Sessions.list","query":{"user_id":"user_2"}}',
            '  made:     {"operation":"Sessions.list","query":{"user_id":"user_1","limit":"5","paginated":"true"}}'
          ].join("\n")
        )
        expect(differing.expected).toEqual([
          { operation: "Sessions.list", query: { user_id: "user_2" } },
          { operation: "Sessions.get", path: "/sessions/sess_1" },
          { operation: "Sessions.revoke", method: "POST", query: {} }
        ])
        expect(differing.actual).toEqual([
          { operation: "Sessions.list", query: list.query },
          { operation: "Sessions.get", path: "/sessions/sess_1" },
          { operation: "Sessions.verify", method: "POST", query: {} }
        ])
        const tooMany = yield* failedExpectation([list])
        expect(String(tooMany)).toBe(
          [
            "AssertionError: the requests differ: 1 expected, 3 made; request 2 is the first that differs",
            "  expected: no request",
            '  made:     {"operation":"Sessions.get","method":"GET","path":"/sessions/sess_1","query":{}}'
          ].join("\n")
        )
        const tooFew = yield* failedExpectation([
          "Sessions.list",
          "Sessions.get",
          "Sessions.verify",
          "Sessions.get"
        ])
        expect(String(tooFew)).toBe(
          [
            "AssertionError: the requests differ: 4 expected, 3 made; request 4 is the first that differs",
            '  expected: {"operation":"Sessions.get"}',
            "  made:     no request"
          ].join("\n")
        )
      }).pipe(Effect.provide(layer))
  )

  it.effect.each([
    { operation: "Sessions.get", method: "POST" },
    { operation: "Sessions.get", path: "/sessions/sess_2" },
    { operation: "Sessions.get", query: { a: 1 } },
    { operation: "Sessions.get", body: {} },
    { operation: "Sessions.get", apiVersion: "2025-03-12" },
    { operation: "Sessions.list" }
  ])("are compared with all given fields: %j", (expected) =>
    Effect.gen(function* () {
      yield* Effect.exit(Sessions.get("sess_1"))
      expect(yield* failedExpectation([expected])).toMatchObject({
        actual: [{ operation: "Sessions.get" }],
        expected: [{ operation: expected.operation }]
      })
    }).pipe(Effect.provide(layer))
  )

  it.effect("show no secret where they differ", () =>
    Effect.gen(function* () {
      const secrets = {
        expiredToken: "eyJhbGciOiJS.expired.x",
        refreshToken: "rt_1234567890",
        token: "b3BhcXVl.dG9rZW4.MQ"
      }
      yield* Effect.exit(
        Sessions.refresh("sess_1", {
          expiredToken: secrets.expiredToken,
          refreshToken: secrets.refreshToken,
          requestOrigin: "https://app.example.com",
          requestHeaders: { cookie: "a=opaque-cookie-1" }
        })
      )
      yield* Sessions.verify("sess_1", { token: secrets.token })
      const refresh = {
        operation: "Sessions.refresh",
        method: "POST",
        path: "/sessions/sess_1/refresh",
        query: {}
      }
      const verify = { operation: "Sessions.verify", method: "POST", path: "/sessions/sess_1/verify" }
      const differing = yield* failedExpectation([
        { ...refresh, body: {} },
        { ...verify, body: { token: "b3BhcXVl.dG9rZW4.Mg" } }
      ])
      expect(differing.message).toBe(
        [
          "the requests differ: 2 expected, 2 made; request 1 is the first that differs",
          '  expected: {"operation":"Sessions.refresh","method":"POST","path":"/sessions/sess_1/refresh","query":{},"body":{}}',
          '  made:     {"operation":"Sessions.refresh","method":"POST","path":"/sessions/sess_1/refresh","query":{},"body":{"expired_token":"***","refresh_token":"***","request_origin":"https://app.example.com","request_headers":"***"}}'
        ].join("\n")
      )
      expect(differing.expected).toEqual([
        { ...refresh, body: {} },
        { ...verify, body: { token: "***" } }
      ])
      expect(differing.actual).toEqual([
        {
          ...refresh,
          body: {
            expired_token: "***",
            refresh_token: "***",
            request_headers: "***",
            request_origin: "https://app.example.com"
          }
        },
        { ...verify, body: { token: "***" } }
      ])
      const masked = yield* failedExpectation([
        "Sessions.refresh",
        { ...verify, body: { token: "b3BhcXVl.dG9rZW4.Mg" } }
      ])
      const shown =
        '{"operation":"Sessions.verify","method":"POST","path":"/sessions/sess_1/verify","body":{"token":"***"}}'
      expect(masked.message).toBe(
        [
          "the requests differ: 2 expected, 2 made; request 2 is the first that differs",
          `  expected: ${shown}`,
          `  made:     ${shown}`,
          "  The difference is in a value that is masked or not shown."
        ].join("\n")
      )
      const everything = [differing, masked].map((error) => [
        String(error.stack),
        JSON.stringify([error, error.actual, error.expected])
      ])
      for (const secret of [...Object.values(secrets), "opaque-cookie-1", "b3BhcXVl"]) {
        expect(String(everything)).not.toContain(secret)
      }
    }).pipe(Effect.provide(layer))
  )

  it.effect("are cut where they are long", () =>
    Effect.gen(function* () {
      yield* Sessions.get("sess_1").pipe(Effect.exit)
      const body = { first: "a".repeat(250), second: "b".repeat(250) }
      const { message } = yield* failedExpectation([{ operation: "Sessions.get", body }])
      const whole = JSON.stringify({ operation: "Sessions.get", body })
      expect(message.split("\n")[1]).toBe(`  expected: ${whole.slice(0, 300)}…`)
    }).pipe(Effect.provide(layer))
  )

  it.effect("stay recorded when the program fails, dies or is interrupted", () =>
    Effect.gen(function* () {
      yield* Effect.exit(Sessions.get("sess_1"))
      yield* Effect.exit(Sessions.revoke("sess_1"))
      const fiber = yield* fork(Effect.andThen(Sessions.verify("sess_1"), Effect.never))
      yield* TestClock.adjust(1)
      yield* Fiber.interrupt(fiber)
      yield* ClerkTest.expectRequests(["Sessions.get", "Sessions.revoke", "Sessions.verify"])
    }).pipe(Effect.provide(layer))
  )
})
