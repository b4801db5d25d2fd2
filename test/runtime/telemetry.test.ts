import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, ClerkTransportError, Sessions } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { fork } from "#test/fiber.js"
import { FetchHttpClient } from "#test/http.js"
import * as TestClock from "#test/TestClock.js"
import { nameOfSpan, nativeTracer } from "#test/tracer.js"
import { describe, expect, it, vi } from "#test/vitest.js"
import { isInterrupted, onlyErrorOf } from "../support/exits.js"
import { operations, refreshParams } from "../support/operations.js"
import { jsonResponse, recordingFetch } from "../support/recordingFetch.js"
import { lost, runScripted, type Turn, unavailable } from "../support/scriptedCalls.js"
import { recordingTracer, spansOf } from "../support/spans.js"
import * as wire from "../support/wire.js"

const get = Sessions.get("sess_1")
const success = ClerkTest.json(200, wire.session)

/** The spans of a call with this response of Clerk. */
const spansWhen = <A, E>(self: Effect.Effect<A, E, ClerkHttp>, ...answers: [Turn, ...Array<Turn>]) =>
  Effect.gen(function* () {
    const { spans, tracer } = recordingTracer()
    yield* runScripted(Effect.withTracer(self, tracer), { turns: answers, policy: { maxAttempts: 3 } })
    return spans
  })

const attributesWhen = (...answers: [Turn, ...Array<Turn>]) =>
  Effect.map(spansWhen(get, ...answers), (spans) => {
    expect(spans).toHaveLength(1)
    return Object.fromEntries(spans[0]?.attributes ?? [])
  })

const described = { "http.request.method": "GET", "url.template": "/sessions/{id}" }

describe("the span of a call", () => {
  it.effect.each(operations)("of $name is one, with its name and the template of its path", (operation) =>
    Effect.gen(function* () {
      const { name, method, template, run, answer } = operation
      const spans = yield* spansWhen(run, ClerkTest.json(200, answer))
      expect(spans).toHaveLength(1)
      expect(spans[0]).toMatchObject({ name, kind: "client", parent: undefined })
      expect(Object.fromEntries(spans[0]?.attributes ?? [])).toEqual({
        "http.request.method": method,
        "url.template": template,
        "http.response.status_code": 200,
        "clerk.attempts": 1
      })
      expect(spans[0]?.ended.map(({ exit }) => exit._tag)).toEqual(["Success"])
    })
  )

  it.effect("has the status and Clerk's id of the request", () =>
    Effect.gen(function* () {
      const answer = (status: number) =>
        ClerkTest.json(status, wire.session, { "clerk-trace-id": "trace_8f" })
      expect(yield* attributesWhen(answer(200))).toEqual({
        ...described,
        "http.response.status_code": 200,
        "clerk.trace_id": "trace_8f",
        "clerk.attempts": 1
      })
      expect(yield* attributesWhen(answer(404))).toEqual({
        ...described,
        "http.response.status_code": 404,
        "error.type": "ClerkNotFound",
        "clerk.trace_id": "trace_8f",
        "clerk.attempts": 1
      })
    })
  )

  it.effect("has the id of the error, when it is in the body only", () =>
    Effect.gen(function* () {
      expect(yield* attributesWhen(ClerkTest.json(404, { clerk_trace_id: "trace_8f" }))).toMatchObject({
        "clerk.trace_id": "trace_8f"
      })
    })
  )

  it.effect("has no status without a response", () =>
    Effect.gen(function* () {
      const reset = Effect.fail(new ClerkTransportError({ reason: "tls", sent: "no" }))
      expect(yield* attributesWhen(reset)).toEqual({
        ...described,
        "error.type": "ClerkTransportError",
        "clerk.attempts": 1
      })
      // The status of an earlier attempt is not the status of this call.
      const refusal = ClerkTest.json(503, {}, { "clerk-trace-id": "trace_of_the_first" })
      expect(yield* attributesWhen(refusal, reset)).toEqual({
        ...described,
        "error.type": "ClerkTransportError",
        "clerk.attempts": 2
      })
    })
  )

  it.effect("covers all attempts and the waits between them", () =>
    Effect.gen(function* () {
      const throttled = ClerkTest.json(429, {}, { "retry-after": "2" })
      const spans = yield* spansWhen(get, throttled, lost, success)
      expect(spans).toHaveLength(1)
      const [span] = spans
      expect(Object.fromEntries(span?.attributes ?? [])).toEqual({
        ...described,
        "http.response.status_code": 200,
        "clerk.attempts": 3
      })
      expect(span?.ended).toHaveLength(1)
      expect((span?.ended[0]?.atNanos ?? 0n) - (span?.startedNanos ?? 0n)).toBe(2_000_000_000n)
    })
  )

  it.effect("fails with the call", () =>
    Effect.gen(function* () {
      const [span] = yield* spansWhen(get, unavailable)
      expect(span?.ended).toHaveLength(1)
      const exit = span?.ended[0]?.exit ?? Exit.void
      expect(onlyErrorOf(exit)).toMatchObject({ _tag: "ClerkServerError" })
      expect(Object.fromEntries(span?.attributes ?? [])).toMatchObject({
        "error.type": "ClerkServerError",
        "clerk.attempts": 3
      })
    })
  )

  it.effect("is a child of the caller's", () =>
    Effect.gen(function* () {
      const spans = yield* spansWhen(Effect.withSpan(Effect.zip(get, get), "request"), success)
      expect(spans.map(({ name, parent }) => [name, parent])).toEqual([
        ["request", undefined],
        ["Sessions.get", "request"],
        ["Sessions.get", "request"]
      ])
    })
  )

  it.effect("is the current one for the transport, so that its headers and spans belong to it", () =>
    Effect.gen(function* () {
      const { tracer } = recordingTracer()
      const found: Array<string> = []
      const layer = ClerkTest.layer(() =>
        Effect.map(Effect.option(Effect.currentSpan), (span) => {
          found.push(Option.match(span, { onNone: () => "none", onSome: ({ name }) => name }))
          return success
        })
      )
      yield* get.pipe(Effect.withTracer(tracer), Effect.provide(layer))
      expect(found).toEqual(["Sessions.get"])
    })
  )

  it.effect("ends when the call is interrupted", () =>
    Effect.gen(function* () {
      const { spans, tracer } = recordingTracer()
      const fiber = yield* get.pipe(
        Effect.withTracer(tracer),
        Effect.provide(ClerkTest.layer(() => Effect.never)),
        fork
      )
      yield* TestClock.adjust("1 second")
      expect(spans.map(({ ended }) => ended.length)).toEqual([0])
      yield* Fiber.interrupt(fiber)
      expect(spans.map(({ ended }) => ended.map(({ exit }) => isInterrupted(exit)))).toEqual([[true]])
      expect(spans[0]?.attributes.get("clerk.attempts")).toBe(1)
    })
  )
})

describe("the span of a client's call", () => {
  const secretKey = Redacted.make("sk_test_c3BhbnM")
  const token = "eyJhbGciOiJSUzI1NiJ9.eyJzaWQiOiJzZXNzXzEifQ.dHJhY2Vk"
  const secrets = [Redacted.value(secretKey), token, refreshParams.expiredToken, refreshParams.refreshToken]
  const ids = ["sess_traced", "user_traced", "template_traced"]

  it.effect("names the server, is the only one, and shows neither ids nor secrets", () =>
    Effect.gen(function* () {
      const calls: ReadonlyArray<Effect.Effect<unknown, unknown, ClerkHttp>> = [
        Sessions.get("sess_traced"),
        Sessions.list({ userId: "user_traced" }),
        Sessions.verify("sess_traced", { token }),
        Sessions.refresh("sess_traced", refreshParams),
        Sessions.createTokenFromTemplate("sess_traced", "template_traced")
      ]
      for (const quoted of [...ids, ...secrets]) {
        const errors = [{ code: quoted, message: quoted, meta: { param_name: quoted } }]
        const { layer, calls: sent } = recordingFetch(() =>
          jsonResponse({ errors, clerk_trace_id: Redacted.value(secretKey) }, 422)
        )
        const client = ClerkHttp.layer({ secretKey, policy: { maxAttempts: 1 } }).pipe(
          Layer.provide(FetchHttpClient.layer)
        )
        const spans = yield* spansOf(
          Effect.forEach(calls, (call) => Effect.ignore(call)).pipe(
            Effect.provide(Layer.merge(client, layer))
          )
        )
        expect(sent).toHaveLength(calls.length)
        expect(spans.map(({ name }) => name)).toEqual([
          "Sessions.get",
          "Sessions.list",
          "Sessions.verify",
          "Sessions.refresh",
          "Sessions.createTokenFromTemplate"
        ])
        for (const { attributes } of spans) {
          expect(attributes.get("server.address")).toBe("api.clerk.com")
          const shown = JSON.stringify([...attributes])
          expect([...ids, ...secrets].filter((text) => shown.includes(text))).toEqual([])
        }
        // No part of the trace is sent to Clerk.
        for (const { headers } of sent) {
          expect(
            Object.keys(headers).filter((name) => /^(traceparent|tracestate|b3|x-b3-.*)$/i.test(name))
          ).toEqual([])
        }
      }
    })
  )
})

describe("no span is created", () => {
  /** The spans that Effect's own tracer creates. */
  const nativeSpans = <A, E>(self: Effect.Effect<A, E, ClerkHttp>) =>
    Effect.acquireUseRelease(
      Effect.sync(() => vi.spyOn(nativeTracer, "span")),
      (span) =>
        self.pipe(
          Effect.provide(ClerkTest.layer(() => success)),
          Effect.map(() => span.mock.calls.map(nameOfSpan))
        ),
      (span) => Effect.sync(() => span.mockRestore())
    )

  it.effect("without a span around the call and without a custom tracer", () =>
    Effect.gen(function* () {
      expect(yield* nativeSpans(get)).toEqual([])
      expect(yield* nativeSpans(Effect.withSpan(get, "request"))).toEqual(["request", "Sessions.get"])
    })
  )

  it.effect("when tracing is disabled", () =>
    Effect.gen(function* () {
      expect(yield* spansWhen(get.pipe(Effect.withTracerEnabled(false)), success)).toEqual([])
      expect(yield* spansWhen(get, success)).toHaveLength(1)
    })
  )

  it.effect("for a call that is rejected before a request is sent", () =>
    Effect.gen(function* () {
      expect(yield* spansWhen(Effect.flip(Sessions.get("no id")), success)).toEqual([])
    })
  )
})
