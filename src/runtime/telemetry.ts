import * as Effect from "effect/Effect"
import type { RunningFiber } from "#major/fiber.js"
import { counter, histogram, type Record, withLabels, withoutStackTrace } from "#major/telemetry.js"
import type { OperationFacts } from "../core/call/operation.js"

/** The facts of a call for its span. They come neither from the caller nor from the body of a response. */
export interface CallRecord {
  attempts: number
  status: number | undefined
  traceId: string | undefined
}

const calls = counter("clerk_calls", "Calls of Clerk's Backend API, by operation and outcome")
const durations = histogram(
  "clerk_call_duration_seconds",
  "How long calls took with all their attempts and waits, by operation and outcome",
  [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
)
const retries = counter("clerk_retries", "Repeated attempts, by operation and the failure before")

/** Returns what a map has under a key. Makes it the first time. */
const getOrMake = <A>(map: Map<string, A>, key: string, make: () => A): A => {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}

/**
 * Prepares metrics once for each pair of labels. Both values come from short lists (operation names, tags of errors), so
 * the maps stay small.
 */
const byLabels = <A>(prepare: (operation: string, value: string) => A): typeof prepare => {
  const known = new Map<string, Map<string, A>>()
  return (operation, value) =>
    getOrMake(
      getOrMake(known, operation, () => new Map()),
      value,
      () => prepare(operation, value)
    )
}

const callMetrics = byLabels((operation, outcome) => ({
  count: withLabels(calls, { operation, outcome }),
  duration: withLabels(durations, { operation, outcome })
}))

const retryMetric = byLabels((operation, failure) => withLabels(retries, { operation, failure }))

/** `outcome` is `ok` or the `_tag` of the error. */
export const countCall = (operation: string, outcome: string, seconds: number, fiber: RunningFiber): void => {
  const { count, duration } = callMetrics(operation, outcome)
  count(1, fiber)
  duration(seconds, fiber)
}

export const countRetry = (operation: string, failure: string, fiber: RunningFiber): void =>
  retryMetric(operation, failure)(1, fiber)

const waits = /*#__PURE__*/ histogram(
  "clerk_admission_wait_seconds",
  "How long requests waited for the rate limiter, by priority",
  [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
)
const cooldowns = /*#__PURE__*/ counter(
  "clerk_admission_cooldowns",
  "429 responses after which all processes waited"
)
const storeFailures = /*#__PURE__*/ counter(
  "clerk_admission_store_failures",
  "Failures and timeouts of the store of the rate limiter"
)

const admissionMetrics = new Map<string, Record>()

export const countWait = (priority: string, seconds: number, fiber: RunningFiber): void =>
  getOrMake(admissionMetrics, priority, () => withLabels(waits, { priority }))(seconds, fiber)

export const countCooldown = (fiber: RunningFiber): void =>
  getOrMake(admissionMetrics, "cooldown", () => withLabels(cooldowns, {}))(1, fiber)

export const countStoreFailure = (fiber: RunningFiber): void =>
  getOrMake(admissionMetrics, "failure", () => withLabels(storeFailures, {}))(1, fiber)

// Pure, so that a bundle which verifies no tokens does not hold it.
const verifications = /*#__PURE__*/ counter(
  "clerk_token_verifications",
  "Tokens that were checked, by outcome"
)

const verificationMetrics = new Map<string, Record>()

/** `outcome` is `ok`, the reason of a rejected token, or the `_tag` of another error. */
export const countVerification = (outcome: string, fiber: RunningFiber): void =>
  getOrMake(verificationMetrics, outcome, () => withLabels(verifications, { outcome }))(1, fiber)

/** Puts a call into a span of its own. The span carries the template of the path, never an id. */
export const inSpan = <A, E extends { readonly _tag: string }>(
  self: Effect.Effect<A, E>,
  { name, method, template }: OperationFacts,
  address: string | undefined,
  record: CallRecord
): Effect.Effect<A, E> => {
  const attributes: { [key: string]: unknown } = { "http.request.method": method, "url.template": template }
  if (address !== undefined) attributes["server.address"] = address
  return Effect.useSpan(name, { ...withoutStackTrace, kind: "client", attributes }, (span) =>
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
  Effect.useSpan("SessionTokens.verify", withoutStackTrace, (span) =>
    Effect.withParentSpan(self, span).pipe(
      Effect.tapError((error) =>
        Effect.sync(() => {
          span.attribute("error.type", error._tag)
          span.attribute("clerk.reason", error.reason)
        })
      )
    )
  )

const revocationEntries = /*#__PURE__*/ counter(
  "clerk_revocation_entries",
  "Ids in the entries of the stream of revocations, by the type of the entry"
)
const revocationErrors = /*#__PURE__*/ counter(
  "clerk_revocation_errors",
  "Failed reads, failed writes and invalid entries of the stream of revocations"
)
const revocationLag = /*#__PURE__*/ histogram(
  "clerk_revocation_lag_seconds",
  "How long the copy of the revocations was not known to be complete, at each read",
  [0.01, 0.1, 0.5, 1, 1.5, 2.5, 5, 10, 30, 60]
)

const revocationMetrics = new Map<string, Record>()

/** Counts the ids of an entry that was read. */
export const countRevocations = (type: string, ids: number, fiber: RunningFiber): void =>
  getOrMake(revocationMetrics, type, () => withLabels(revocationEntries, { type }))(ids, fiber)

/** `operation` is `read`, `write`, or `entry` for an entry that cannot be read. */
export const countRevocationError = (operation: "read" | "write" | "entry", fiber: RunningFiber): void =>
  getOrMake(revocationMetrics, operation, () => withLabels(revocationErrors, { operation }))(1, fiber)

export const recordRevocationLag = (seconds: number, fiber: RunningFiber): void =>
  getOrMake(revocationMetrics, "lag", () => withLabels(revocationLag, {}))(seconds, fiber)
