import { SpanKind, SpanStatusCode } from "@opentelemetry/api"
import { DataPointType } from "@opentelemetry/sdk-metrics"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import { Effect, Redacted } from "effect"
import { assert, describe, it } from "#test/vitest.js"
import { secretKey, WorldLive } from "../../examples/observability/clerk.js"
import { aShortDay } from "../../examples/observability/program.js"
import { metricLines, spanLines } from "../../examples/observability/report.js"
import { observe } from "../../examples/observability/telemetry.js"
import { leaks } from "../support/channels.js"
import { runExample } from "../support/examples.js"

// Once for all tests, because the metrics belong to the whole process.
const theDay = Effect.runPromise(Effect.provide(observe(aShortDay), WorldLive))

const observed = Effect.promise(() => theDay)

/** The names of a span's parents and its own name, its status, and its attributes. */
const storyOf = (spans: ReadonlyArray<ReadableSpan>) => {
  const pathOf = (span: ReadableSpan): string => {
    const parent = spans.find((other) => other.spanContext().spanId === span.parentSpanContext?.spanId)
    return parent === undefined ? span.name : `${pathOf(parent)} > ${span.name}`
  }
  return spans.map((span) => {
    const { "clerk.trace_id": traceId, ...attributes } = span.attributes
    const outcome = span.status.code === SpanStatusCode.ERROR ? "failed" : "ok"
    return [pathOf(span), SpanKind[span.kind], outcome, traceId !== undefined, attributes]
  })
}

const call = (method: string, template: string, status: number, attempts = 1, error?: string) => ({
  "http.request.method": method,
  "url.template": template,
  "server.address": "api.clerk.com",
  "http.response.status_code": status,
  "clerk.attempts": attempts,
  ...(error === undefined ? {} : { "error.type": error })
})

describe("the observability example", () => {
  it.live("gives each call one span, below that of the request it serves", () =>
    Effect.gen(function* () {
      const [, { spans }] = yield* observed
      // In the order in which they ended. The keys are fetched once for all requests, so the fetch has a trace of its own.
      assert.deepStrictEqual(storyOf(spans), [
        ["SigningKeys.jwks", "CLIENT", "ok", true, call("GET", "/jwks", 200)],
        ["GET /account > SessionTokens.verify", "INTERNAL", "ok", false, {}],
        ["GET /account > Sessions.get", "CLIENT", "ok", true, call("GET", "/sessions/{id}", 200)],
        ["GET /account", "SERVER", "ok", false, {}],

        ["GET /account > SessionTokens.verify", "INTERNAL", "ok", false, {}],
        ["GET /account > Sessions.get", "CLIENT", "ok", true, call("GET", "/sessions/{id}", 200, 2)],
        ["GET /account", "SERVER", "ok", false, {}],

        [
          "GET /account > SessionTokens.verify",
          "INTERNAL",
          "failed",
          false,
          { "error.type": "ClerkTokenError", "clerk.reason": "exp" }
        ],
        ["GET /account", "SERVER", "failed", false, {}],

        [
          "GET /devices/:id > Sessions.get",
          "CLIENT",
          "failed",
          true,
          call("GET", "/sessions/{id}", 404, 1, "ClerkNotFound")
        ],
        ["GET /devices/:id", "SERVER", "failed", false, {}],

        [
          "GET /devices > Sessions.list",
          "CLIENT",
          "failed",
          false,
          call("GET", "/sessions", 429, 1, "ClerkRateLimited")
        ],
        ["GET /devices", "SERVER", "failed", false, {}],

        [
          "POST /sign-out > Sessions.revoke",
          "CLIENT",
          "ok",
          true,
          call("POST", "/sessions/{id}/revoke", 200)
        ],
        ["POST /sign-out", "SERVER", "ok", false, {}]
      ])
    })
  )

  it.live("keeps the requests apart, each in a trace of its own", () =>
    Effect.gen(function* () {
      const [, { spans }] = yield* observed
      const roots = spans.filter((span) => span.parentSpanContext === undefined)
      assert.strictEqual(roots.length, 7)
      assert.strictEqual(new Set(roots.map((span) => span.spanContext().traceId)).size, 7)
      for (const span of spans) {
        const parent = spans.find((other) => other.spanContext().spanId === span.parentSpanContext?.spanId)
        if (parent === undefined) continue
        assert.strictEqual(span.spanContext().traceId, parent.spanContext().traceId)
      }
    })
  )

  it.live("records why a call failed as the exception of its span", () =>
    Effect.gen(function* () {
      const [, { spans }] = yield* observed
      const failed = spans.filter(({ status }) => status.code === SpanStatusCode.ERROR)
      assert.strictEqual(failed.length, 6)
      const listing = failed.find(({ name }) => name === "Sessions.list")
      assert.strictEqual(listing?.status.message, "Sessions.list: 429 (retry after 3600 s)")
      assert.deepStrictEqual(
        listing?.events.map(({ attributes, name }) => [name, attributes?.["exception.message"]]),
        [["exception", "Sessions.list: 429 (retry after 3600 s)"]]
      )
    })
  )

  it.live("counts calls, their durations, retries and verifications", () =>
    Effect.gen(function* () {
      const [, { metrics }] = yield* observed
      const figures = metrics
        .at(-1)
        ?.scopeMetrics.flatMap(({ metrics }) => metrics)
        .filter(({ descriptor }) => descriptor.name.startsWith("clerk_"))
        .flatMap(
          (metric): ReadonlyArray<object> =>
            metric.dataPointType === DataPointType.HISTOGRAM
              ? metric.dataPoints.map(({ attributes, value }) => ({
                  [metric.descriptor.name]: attributes,
                  is: value.count,
                  isTimed: value.sum !== undefined && value.sum >= 0
                }))
              : metric.dataPoints.map(({ attributes, value }) => ({
                  [metric.descriptor.name]: attributes,
                  is: value
                }))
        )
      const calls = [
        [{ operation: "Sessions.get", outcome: "ok" }, 2],
        [{ operation: "Sessions.get", outcome: "ClerkNotFound" }, 1],
        [{ operation: "Sessions.list", outcome: "ClerkRateLimited" }, 1],
        [{ operation: "Sessions.revoke", outcome: "ok" }, 1],
        [{ operation: "SigningKeys.jwks", outcome: "ok" }, 1]
      ] as const
      assert.sameDeepMembers(figures ?? [], [
        ...calls.map(([labels, is]) => ({ clerk_calls: labels, is })),
        ...calls.map(([labels, is]) => ({ clerk_call_duration_seconds: labels, is, isTimed: true })),
        { clerk_retries: { operation: "Sessions.get", failure: "ClerkServerError" }, is: 1 },
        { clerk_token_verifications: { outcome: "ok" }, is: 2 },
        { clerk_token_verifications: { outcome: "exp" }, is: 1 }
      ])
    })
  )

  it.live("exports and prints no id, no token and no key", () =>
    Effect.gen(function* () {
      const [confidential, { metrics, spans }] = yield* observed
      assert.isAtLeast(Object.keys(confidential).length, 7)
      const exported = spans.map(({ attributes, events, links, name, resource, status }) =>
        JSON.stringify({ attributes, events, links, name, status, resource: resource.attributes })
      )
      const shown = [
        ["spans", exported.join("\n")],
        ["metrics", JSON.stringify(metrics.map(({ scopeMetrics }) => scopeMetrics))],
        ["report", [...spanLines(spans), ...metricLines(metrics)].join("\n")]
      ] as const
      const secrets = { ...confidential, key: Redacted.value(secretKey) }
      assert.deepStrictEqual(leaks(shown, secrets), [])
      // The check is void if there was nothing to search.
      for (const [, text] of shown) assert.isAbove(text.length, 500)
    })
  )

  it.live(
    "prints the traces and the metrics, and ends",
    () =>
      Effect.gen(function* () {
        const { code, output } = yield* runExample("observability/main.ts")
        assert.strictEqual(code, 0, output)
        assert.match(output, /^GET \/account +server +ok\n {2}SessionTokens\.verify +internal +ok\n/m)
        assert.match(output, /clerk_retries\n {2}failure=ClerkServerError {2}operation=Sessions\.get {2}1\n/)
      }),
    30_000
  )
})
