import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import * as MetricLabel from "effect/MetricLabel"
import * as Tracer from "effect/Tracer"
import type { OperationFacts } from "../core/call/operation.js"

/** The facts of a call for its span. They come neither from the caller nor from the body of a response. */
export interface CallRecord {
  attempts: number
  status: number | undefined
  traceId: string | undefined
}

const calls = Metric.counter("clerk_calls", {
  description: "Calls of Clerk's Backend API, by operation and outcome",
  incremental: true
})
const durations = Metric.histogram(
  "clerk_call_duration_seconds",
  MetricBoundaries.fromIterable([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]),
  "How long calls took with all their attempts and waits, by operation and outcome"
)
const retries = Metric.counter("clerk_retries", {
  description: "Repeated attempts, by operation and the failure before",
  incremental: true
})

type Labels = ReadonlyArray<MetricLabel.MetricLabel>

/** Returns what a map has under a key. Makes it the first time. */
const getOrMake = <A>(map: Map<string, A>, key: string, make: () => A): A => {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}

/**
 * Makes labels once for each pair of values, because the metrics find their state by the array. Both values come from
 * short lists (operation names, tags of errors), so the maps stay small.
 */
const labelsBy = (key: string): ((operation: string, value: string) => Labels) => {
  const known = new Map<string, Map<string, Labels>>()
  return (operation, value) =>
    getOrMake(
      getOrMake(known, operation, () => new Map()),
      value,
      () => [MetricLabel.make("operation", operation), MetricLabel.make(key, value)]
    )
}

const byOutcome = labelsBy("outcome")
const byFailure = labelsBy("failure")

/** `outcome` is `ok` or the `_tag` of the error. */
export const countCall = (operation: string, outcome: string, seconds: number): void => {
  const tags = byOutcome(operation, outcome)
  calls.unsafeUpdate(1, tags)
  durations.unsafeUpdate(seconds, tags)
}

export const countRetry = (operation: string, failure: string): void =>
  retries.unsafeUpdate(1, byFailure(operation, failure))

// Pure, so that a bundle which verifies no tokens does not hold it.
const verifications = /*#__PURE__*/ Metric.counter("clerk_token_verifications", {
  description: "Tokens that were checked, by outcome",
  incremental: true
})

const outcomeLabels = new Map<string, Labels>()

/** `outcome` is `ok`, the reason of a rejected token, or the `_tag` of another error. */
export const countVerification = (outcome: string): void =>
  verifications.unsafeUpdate(
    1,
    getOrMake(outcomeLabels, outcome, () => [MetricLabel.make("outcome", outcome)])
  )

const nativeTracer = Context.get(DefaultServices.liveServices, Tracer.Tracer)

/** Whether anybody would see a span: there is one already, or a tracer that is not Effect's own. */
export const isTraced = (fiber: Fiber.RuntimeFiber<unknown, unknown>): boolean =>
  fiber.getFiberRef(FiberRef.currentTracerEnabled) &&
  (fiber.getFiberRef(FiberRef.currentContext).unsafeMap.has(Tracer.ParentSpan.key) ||
    Context.get(fiber.getFiberRef(DefaultServices.currentServices), Tracer.Tracer) !== nativeTracer)

/** Puts a call into a span of its own. The span carries the template of the path, never an id. */
export const inSpan = <A, E extends { readonly _tag: string }>(
  self: Effect.Effect<A, E>,
  { name, method, template }: OperationFacts,
  address: string | undefined,
  record: CallRecord
): Effect.Effect<A, E> => {
  const attributes: Record<string, unknown> = { "http.request.method": method, "url.template": template }
  if (address !== undefined) attributes["server.address"] = address
  return Effect.useSpan(name, { kind: "client", captureStackTrace: false, attributes }, (span) =>
    Effect.withParentSpan(self, span).pipe(
      Effect.tapError((error) => Effect.sync(() => span.attribute("error.type", error._tag))),
      Effect.ensuring(
        Effect.sync(() => {
          span.attribute("clerk.attempts", record.attempts)
          if (record.status !== undefined) span.attribute("http.response.status_code", record.status)
          if (record.traceId !== undefined) span.attribute("clerk.trace_id", record.traceId)
        })
      )
    )
  )
}

/** Puts the verification of a token into a span, which holds the reason of a rejection and nothing else. */
export const inVerificationSpan = <A, E extends { readonly _tag: string; readonly reason: string }>(
  self: Effect.Effect<A, E>
): Effect.Effect<A, E> =>
  Effect.useSpan("SessionTokens.verify", { captureStackTrace: false }, (span) =>
    Effect.withParentSpan(self, span).pipe(
      Effect.tapError((error) =>
        Effect.sync(() => {
          span.attribute("error.type", error._tag)
          span.attribute("clerk.reason", error.reason)
        })
      )
    )
  )
