import type { ClerkRequest, Sent, WireFailure } from "../model.js"
import type { Redactor } from "../redaction/redact.js"
import type { WireResponse } from "../wire/body.js"
import type { CallFailure, TimeoutFields } from "./failure.js"
import { factsOf, type Operation, type PreparedCall } from "./operation.js"
import type { Limits } from "./policy.js"
import { readResponse, shownMediaType } from "./response.js"
import { isFaultRetryable, isSafeToRepeat, retryCost, waitMillis } from "./retry.js"

/*
 * The loop of one call as data. `start` and `next` return the next step, and `runtime/call.ts` executes it: it sends a
 * request, draws a random number, waits, or ends the call.
 */

/** What does not change while a call runs. */
export interface Call<A> {
  readonly operation: Operation<A>
  readonly prepared: PreparedCall
  readonly limits: Limits<unknown>
  readonly startedNanos: bigint
  /** When a deadline around several calls ends. */
  readonly endsAtNanos: bigint | undefined
  /** Removes the secrets of the call and of its client. */
  readonly redactor: Redactor
}

/** The clocks and the retry budget at one moment. */
export interface Now {
  /** Monotonic, so that a corrected wall clock neither cuts a call short nor prolongs it. */
  readonly nanos: bigint
  /** The wall clock, for a `Retry-After` that is a date. */
  readonly millis: number
  /** The tokens in the client's retry budget. */
  readonly budget: number
}

/** What is known of a call between two of its attempts. */
interface Retry {
  readonly lastFailure: string
  /** What the retry cost, which a success returns to the budget. */
  readonly cost: number
  /** Whether Clerk may have acted on an earlier attempt. */
  readonly mayHaveActed: boolean
}

/** Where a call stands. */
export interface State {
  /** The attempts that were started. */
  readonly attempts: number
  readonly retry: Retry | undefined
  /** The failure that is being decided on: after an attempt, and while a confirmation is under way. */
  readonly failure: CallFailure | undefined
  readonly phase: "attempt" | "deadline" | "confirm" | "retry"
  /** The wait before the next attempt. */
  readonly waitMillis: number
}

export type Event =
  | { readonly _tag: "Response"; readonly response: WireResponse }
  | { readonly _tag: "Failed"; readonly failure: WireFailure }
  | { readonly _tag: "TimedOut"; readonly sent: Sent }
  /** The rate limiter permits the request. */
  | { readonly _tag: "Admitted" }
  /** The rate limiter gave no permit for the request in time. */
  | { readonly _tag: "NotAdmitted" }
  /** A random number from 0 to 1. */
  | { readonly _tag: "Chance"; readonly value: number }
  /** The caller's own code has run. */
  | { readonly _tag: "Hooked" }
  | { readonly _tag: "Waited" }

/** A retry that is about to happen. */
export interface RetryStep {
  readonly attempt: number
  readonly failure: string
  readonly delayMillis: number
}

export type Step<A> =
  | { readonly _tag: "Send"; readonly request: ClerkRequest; readonly millis: number; readonly state: State }
  | { readonly _tag: "Draw"; readonly state: State }
  /** Runs the caller's own code, within a time limit. Takes `cost` tokens from the budget. */
  | {
      readonly _tag: "Retry"
      readonly retry: RetryStep
      readonly cost: number
      readonly millis: number
      readonly state: State
    }
  | { readonly _tag: "Wait"; readonly millis: number; readonly state: State }
  | { readonly _tag: "Succeed"; readonly value: A; readonly cost: number | undefined }
  | { readonly _tag: "Fail"; readonly failure: CallFailure }

const fail = (failure: CallFailure) => ({ _tag: "Fail", failure }) as const

/** Returns the milliseconds that a call has left. */
export const remainingMillis = (
  { endsAtNanos, limits, startedNanos }: Pick<Call<never>, "endsAtNanos" | "limits" | "startedNanos">,
  { nanos }: Pick<Now, "nanos">
): number => {
  const ofCall = limits.deadlineMillis - Number(nanos - startedNanos) / 1_000_000
  return endsAtNanos === undefined ? ofCall : Math.min(ofCall, Number(endsAtNanos - nanos) / 1_000_000)
}

const timeout = <A>(
  { endsAtNanos, limits, operation }: Call<A>,
  attempts: number,
  phase: TimeoutFields["phase"],
  sentLast: Sent,
  retry: Retry | undefined
): CallFailure => {
  // A deadline around several calls is known by its end only.
  const limit =
    phase === "attempt"
      ? limits.timeoutMillis
      : endsAtNanos === undefined
        ? limits.deadlineMillis
        : Number.POSITIVE_INFINITY
  const sent = retry?.mayHaveActed === true ? "maybe" : sentLast
  return {
    _tag: "ClerkTimeout",
    fields: {
      ...factsOf(operation, attempts),
      phase,
      sent,
      retryable: isSafeToRepeat(operation.kind, sent),
      ...(limit === Number.POSITIVE_INFINITY ? undefined : { limitMillis: limit }),
      ...(retry === undefined ? undefined : { lastFailure: retry.lastFailure })
    }
  }
}

const attempt = <A>(call: Call<A>, attempts: number, retry: Retry | undefined, now: Now): Step<A> => {
  const remaining = remainingMillis(call, now)
  if (remaining <= 0) return fail(timeout(call, attempts - 1, "deadline", "no", retry))
  const { timeoutMillis } = call.limits
  return {
    _tag: "Send",
    request: call.prepared.request,
    millis: Math.min(timeoutMillis, remaining),
    state: {
      attempts,
      retry,
      failure: undefined,
      phase: timeoutMillis < remaining ? "attempt" : "deadline",
      waitMillis: 0
    }
  }
}

/** A transport does not know the call it serves, so its failures are completed here. */
const completed = <A>(
  failure: WireFailure,
  { operation, redactor }: Call<A>,
  { attempts, retry }: State
): CallFailure => {
  const facts = factsOf(operation, attempts)
  if (failure._tag === "ClerkDecodeError") {
    const { contentType } = failure.fields
    return {
      _tag: "ClerkDecodeError",
      fields: {
        ...facts,
        ...failure.fields,
        contentType: shownMediaType(contentType, redactor),
        retryable: false
      }
    }
  }
  // The failure is that of the call: an attempt that was not sent does not undo the one before.
  const sent = retry?.mayHaveActed === true ? "maybe" : failure.fields.sent
  return {
    _tag: "ClerkTransportError",
    fields: {
      ...facts,
      ...failure.fields,
      sent,
      retryable: isFaultRetryable(operation.kind, failure.fields.reason, sent)
    }
  }
}

/** Whether Clerk has rejected a call, so that a retry would be rejected too. */
const isRejected = (failure: CallFailure): boolean =>
  failure._tag !== "ClerkDecodeError" &&
  "status" in failure.fields &&
  failure.fields.status >= 400 &&
  failure.fields.status < 500 &&
  !failure.fields.retryable

/** After a failed attempt: a confirmation, perhaps a retry, or the end. */
const settle = <A>(call: Call<A>, failure: CallFailure, state: State, now: Now): Step<A> => {
  const { limits, prepared } = call
  if (state.retry?.mayHaveActed === true && prepared.confirmation !== undefined && isRejected(failure)) {
    // Clerk rejected the retry, perhaps because the attempt before had succeeded: one request decides.
    const millis = Math.min(limits.timeoutMillis, remainingMillis(call, now))
    return millis <= 0
      ? fail(failure)
      : {
          _tag: "Send",
          request: prepared.confirmation,
          millis,
          state: { ...state, failure, phase: "confirm" }
        }
  }
  return failure.fields.retryable && state.attempts < limits.maxAttempts
    ? { _tag: "Draw", state: { ...state, failure, phase: "retry" } }
    : fail(failure)
}

const withoutBudget = (failure: CallFailure): CallFailure =>
  // Only a member that every failure may have is added.
  ({ ...failure, fields: { ...failure.fields, retryBudgetExhausted: true } }) as CallFailure

const retryOf = <A>(call: Call<A>, failure: CallFailure, state: State, chance: number, now: Now): Step<A> => {
  const { attempts, retry } = state
  const wait = waitMillis(failure, attempts, chance)
  const remaining = remainingMillis(call, now)
  // A wait that outlasts the deadline would only delay the failure.
  if (wait === undefined || wait >= remaining) return fail(failure)
  const cost = retryCost(failure)
  if (cost > now.budget) return fail(withoutBudget(failure))
  const isUnread =
    failure._tag === "ClerkRateLimited" || ("sent" in failure.fields && failure.fields.sent === "no")
  const mayHaveActed = retry?.mayHaveActed === true || !isUnread
  return {
    _tag: "Retry",
    retry: { attempt: attempts, failure: failure._tag, delayMillis: wait },
    cost,
    millis: remaining,
    state: { ...state, retry: { lastFailure: failure._tag, cost, mayHaveActed }, waitMillis: wait }
  }
}

const read = <A>(call: Call<A>, response: WireResponse, attempts: number, nowMillis: number) =>
  readResponse(call.operation, call.prepared.expectedId, call.redactor, response, attempts, nowMillis)

const afterConfirmation = <A>(call: Call<A>, failure: CallFailure, state: State, event: Event): Step<A> => {
  if (event._tag !== "Response") return fail(failure)
  const result = read(call, event.response, state.attempts, 0)
  return result._tag === "Success" && call.operation.isDone(result.value)
    ? { _tag: "Succeed", value: result.value, cost: state.retry?.cost }
    : fail(failure)
}

const afterAttempt = <A>(call: Call<A>, state: State, event: Event, now: Now): Step<A> | undefined => {
  switch (event._tag) {
    case "Response": {
      const result = read(call, event.response, state.attempts, now.millis)
      return result._tag === "Success"
        ? { _tag: "Succeed", value: result.value, cost: state.retry?.cost }
        : settle(call, result, state, now)
    }
    case "Failed":
      return settle(call, completed(event.failure, call, state), state, now)
    case "TimedOut": {
      const phase = state.phase === "attempt" ? "attempt" : "deadline"
      const failure = timeout(call, state.attempts, phase, event.sent, state.retry)
      // The caller may make the call again, but this call has no time left. A timer can fire before the deadline.
      return phase === "deadline" ? fail(failure) : settle(call, failure, state, now)
    }
    case "NotAdmitted":
      return fail(timeout(call, state.attempts - 1, "admission", "no", state.retry))
    default:
      return undefined
  }
}

/** The first step of a call. */
export const start = <A>(call: Call<A>, now: Now): Step<A> => attempt(call, 1, undefined, now)

/** The step that follows an event. */
export const next = <A>(call: Call<A>, state: State, event: Event, now: Now): Step<A> => {
  const { failure } = state
  if (event._tag === "Admitted") {
    // The wait for the permit has taken time.
    return failure === undefined
      ? attempt(call, state.attempts, state.retry, now)
      : settle(call, failure, state, now)
  }
  if (failure === undefined) {
    const step = afterAttempt(call, state, event, now)
    if (step !== undefined) return step
    throw new Error(`No attempt ends with the event ${event._tag}`)
  }
  if (state.phase === "confirm") return afterConfirmation(call, failure, state, event)
  switch (event._tag) {
    case "Chance":
      return retryOf(call, failure, state, event.value, now)
    case "Hooked":
      return state.waitMillis >= remainingMillis(call, now)
        ? fail(failure) // the caller's own code took the time that was left
        : { _tag: "Wait", millis: state.waitMillis, state }
    default:
      return attempt(call, state.attempts + 1, state.retry, now)
  }
}
