import { describe, expect, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { ClerkTransportError, RequestPolicy, Sessions } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { defectOf } from "../support/exits.js"

const active = ClerkTest.json(200, ClerkTest.session())

/** The message of the defect with which an effect dies. */
const deathOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.exit(effect), (exit) => String(defectOf(exit)))

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
            ClerkTest.refusal(404, "resource_not_found"),
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
        "Error: ClerkTest: Sessions.revoke is request 2 of a sequence that has 1 answer"
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
          ClerkTest.sequence([active], { fallback: ClerkTest.refusal(404, "resource_not_found") })
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
            "Sessions.get": ClerkTest.sequence([ClerkTest.refusal(403, "authorization_invalid"), active]),
            "Sessions.list": () => ClerkTest.json(200, ClerkTest.page([ClerkTest.session()], 30))
          })
        )
      )
    )
  )

  it.effect("that are missing for an operation are a defect that names it and the others", () =>
    Effect.gen(function* () {
      expect(yield* deathOf(Sessions.revoke("sess_1"))).toBe(
        "Error: ClerkTest: nothing answers Sessions.revoke; there are answers for Sessions.get, Sessions.list"
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
      ClerkTest.routes({ "Sessions.get": ClerkTest.sequence([ClerkTest.refusal(404, "gone"), active]) })
    )
    const first = Effect.flip(Sessions.get("sess_1")).pipe(
      Effect.zipRight(ClerkTest.requests),
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
          ClerkTest.refusal(429, "too_many_requests", {
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
      const fiber = yield* Effect.fork(Sessions.get("sess_1"))
      yield* TestClock.adjust("999 millis")
      expect(Option.isNone(yield* Fiber.poll(fiber))).toBe(true)
      yield* TestClock.adjust("1 millis")
      expect((yield* Fiber.join(fiber)).id).toBe("sess_1")
    }).pipe(Effect.provide(ClerkTest.layer(ClerkTest.delayed("1 second", active))))
  )

  it.effect("a fault can be delayed too", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(Effect.flip(Sessions.get("sess_1")))
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(fiber)).toMatchObject({ reason: "reset" })
    }).pipe(Effect.provide(ClerkTest.layer(ClerkTest.delayed("1 second", ClerkTest.fault("reset")))))
  )

  it.effect(
    "a missing response ends with the time limit of an attempt, and the time of each attempt is recorded",
    () =>
      Effect.gen(function* () {
        const fiber = yield* Effect.fork(Sessions.get("sess_1"))
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
      "Sessions.get": ClerkTest.refusal(404, "resource_not_found"),
      "Sessions.verify": active,
      "Sessions.refresh": ClerkTest.refusal(401, "expired_session_token_invalid")
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

  it.effect("that do not match are reported in a diff", () =>
    Effect.gen(function* () {
      yield* three
      const told = (expected: Parameters<typeof ClerkTest.expectRequests>[0]) =>
        deathOf(ClerkTest.expectRequests(expected))
      expect(
        yield* told([
          { operation: "Sessions.list", query: { user_id: "user_2" } },
          { operation: "Sessions.get", path: "/sessions/sess_1" },
          { operation: "Sessions.revoke", method: "POST", body: undefined, query: {} }
        ])
      ).toBe(
        [
          "AssertionError: the requests are not the expected ones (- expected, + made):",
          "  - Sessions.list ?user_id=user_2",
          "  + Sessions.list GET /sessions?limit=5&paginated=true&user_id=user_1",
          "    Sessions.get GET /sessions/sess_1",
          "  - Sessions.revoke POST without a query without a body",
          "  + Sessions.verify POST /sessions/sess_1/verify"
        ].join("\n")
      )
      expect(yield* told(["Sessions.get"])).toBe(
        [
          "AssertionError: the requests are not the expected ones (- expected, + made):",
          "  + Sessions.list GET /sessions?limit=5&paginated=true&user_id=user_1",
          "    Sessions.get GET /sessions/sess_1",
          "  + Sessions.verify POST /sessions/sess_1/verify"
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
      expect(yield* deathOf(ClerkTest.expectRequests([expected]))).toContain("\n  - Sessions.")
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
      const message = yield* deathOf(
        ClerkTest.expectRequests([
          "Sessions.refresh",
          {
            operation: "Sessions.verify",
            method: "POST",
            path: "/sessions/sess_1/verify",
            body: { token: "b3BhcXVl.dG9rZW4.Mg" }
          }
        ])
      )
      expect(message).toBe(
        [
          "AssertionError: the requests are not the expected ones (- expected, + made):",
          '    Sessions.refresh POST /sessions/sess_1/refresh {"expired_token":"***","refresh_token":"***","request_headers":"***","request_origin":"https://app.example.com"}',
          '  - Sessions.verify POST /sessions/sess_1/verify {"token":"***"}',
          '  + Sessions.verify POST /sessions/sess_1/verify {"token":"***"}',
          "Lines that look the same differ in what is not shown."
        ].join("\n")
      )
    }).pipe(Effect.provide(layer))
  )

  it.effect("stay recorded when the program fails, dies or is interrupted", () =>
    Effect.gen(function* () {
      yield* Effect.exit(Sessions.get("sess_1"))
      yield* Effect.exit(Sessions.revoke("sess_1"))
      const fiber = yield* Effect.fork(Effect.zipRight(Sessions.verify("sess_1"), Effect.never))
      yield* TestClock.adjust(1)
      yield* Fiber.interrupt(fiber)
      yield* ClerkTest.expectRequests(["Sessions.get", "Sessions.revoke", "Sessions.verify"])
    }).pipe(Effect.provide(layer))
  )
})
