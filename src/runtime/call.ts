import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FiberRef from "effect/FiberRef"
import * as Random from "effect/Random"
import { waitMillis } from "../core/call/backoff.js"
import { clientLimits, type PolicyLimits } from "../core/call/policy.js"
import {
  type CallError,
  type CallFacts,
  readAnswer,
  shownMediaType,
  traceIdIn
} from "../core/call/response.js"
import { budgetOf, earn, spend } from "../core/call/retryBudget.js"
import { isFaultRetryable, isIdempotent } from "../core/call/retryTable.js"
import { own, type RuleBreak } from "../core/input.js"
import type { ClerkRequest } from "../core/model.js"
import {
  ClerkDecodeError,
  ClerkInvalidRequest,
  ClerkTimeout,
  ClerkTransportError
} from "../errors/CallErrors.js"
import type { ClerkHttpService } from "../services/ClerkHttp.js"
import type { Op } from "../services/Operation.js"
import { missingClerkHttp, providedClerkHttp } from "./environmentClient.js"
import { secretsOf } from "./execute.js"
import type { CompiledOperation, OperationFacts, PreparedCall } from "./operation.js"
import { overridesIn } from "./policyOverrides.js"
import { countCall, countRetry, inSpan, isTraced, type Trail } from "./telemetry.js"
import { executeWithin } from "./time.js"

/**
 * The way of one call, the same for every operation: check the input, then exchange and read, as often as the
 * policy and the kind of the operation allow.
 */
export const call = <A, E extends CallError>(operation: CompiledOperation<A>, input: unknown): Op<A, E> => {
  const program: Effect.Effect<A, CallError> = Effect.withFiberRuntime((fiber) => {
    const prepared = operation.prepare(input)
    if (Either.isLeft(prepared)) return refuse(operation, prepared.left)
    const services = fiber.getFiberRef(FiberRef.currentContext).unsafeMap
    const through = (http: ClerkHttpService): Effect.Effect<A, CallError> => {
      // A mock has something to give for every name, so only own members are read.
      const ofClient = clientLimits(own(http, "policy"))
      if (Either.isLeft(ofClient)) return refuse(operation, ofClient.left)
      const overrides = overridesIn(services)
      if (overrides?.broken !== undefined) return refuse(operation, overrides.broken)
      return run({
        operation,
        prepared: prepared.right,
        http,
        limits: overrides === undefined ? ofClient.right : { ...ofClient.right, ...overrides },
        endsAtNanos: overrides?.endsAtNanos,
        clock: Context.get(fiber.getFiberRef(DefaultServices.currentServices), Clock.Clock),
        isTraced: isTraced(fiber)
      })
    }
    const provided = providedClerkHttp(services)
    return provided === undefined ? Effect.flatMap(missingClerkHttp(services), through) : through(provided)
  })
  // Two things are claimed here. `ClerkHttp`, which is looked up at run time, is added to the
  // requirements of one of the two members (see `Op`). And the errors are narrowed to those the declaration names,
  // which `readAnswer` keeps to: a status that is not declared becomes ClerkUnexpectedStatus.
  return program as Op<A, E>
}

/** What no error of a call may show: the secrets of its input and those of its client. Read when there is an error. */
const secretsOfCall = ({ secrets }: PreparedCall, { execute }: ClerkHttpService): ReadonlyArray<string> => {
  const ofClient = secretsOf(execute)
  return secrets.length === 0 ? ofClient : [...secrets, ...ofClient]
}

const factsOf = (operation: OperationFacts, attempts: number): CallFacts => ({
  operation: operation.name,
  method: operation.method,
  path: operation.template,
  attempts
})

const refuse = (operation: OperationFacts, { field, rule }: RuleBreak) =>
  Effect.fail(new ClerkInvalidRequest({ ...factsOf(operation, 0), field, rule, retryable: false }, true))

interface Run<A> {
  readonly operation: CompiledOperation<A>
  readonly prepared: PreparedCall
  readonly http: ClerkHttpService
  readonly limits: PolicyLimits
  readonly endsAtNanos: bigint | undefined
  readonly clock: Clock.Clock
  readonly isTraced: boolean
}

/** What is known of a call between two of its attempts. */
interface Retry {
  readonly lastFailure: string
  /** What the retry cost, which is given back when it succeeds. */
  readonly cost: number
  /** Whether Clerk may have acted on an earlier attempt. */
  readonly mayHaveActed: boolean
}

const run = <A>({
  operation,
  prepared,
  http,
  limits,
  endsAtNanos,
  clock,
  isTraced
}: Run<A>): Effect.Effect<A, CallError> => {
  const { name, kind } = operation
  const budget = budgetOf(http)
  const trail: Trail = { attempts: 0, status: undefined, traceId: undefined }
  const startedNanos = clock.unsafeCurrentTimeNanos()
  // Monotonic, so that a corrected wall clock neither cuts a call short nor lets it run on.
  const remainingMillis = () => {
    const now = clock.unsafeCurrentTimeNanos()
    const ofCall = limits.deadlineMillis - Number(now - startedNanos) / 1_000_000
    return endsAtNanos === undefined ? ofCall : Math.min(ofCall, Number(endsAtNanos - now) / 1_000_000)
  }
  let joined: ReadonlyArray<string> | undefined
  const secrets = () => {
    joined ??= secretsOfCall(prepared, http) // one list for the whole call, whose search is built once
    return joined
  }
  const seconds = () => Number(clock.unsafeCurrentTimeNanos() - startedNanos) / 1_000_000_000

  const succeed = (value: A, retry: Retry | undefined): Effect.Effect<A> => {
    earn(budget, retry?.cost)
    countCall(name, "ok", seconds())
    return Effect.succeed(value)
  }
  const fail = (failure: CallError): Effect.Effect<never, CallError> => {
    countCall(name, failure._tag, seconds())
    return Effect.fail(failure)
  }

  const timeout = (
    attempts: number,
    phase: ClerkTimeout["phase"],
    sentLast: ClerkTimeout["sent"],
    retry: Retry | undefined
  ): ClerkTimeout => {
    const retryable = phase === "attempt" && (isIdempotent(kind) || sentLast === "no")
    const sent = retry?.mayHaveActed === true ? "maybe" : sentLast
    // The deadline of a combinator around the call is known by its end only.
    const millis =
      phase === "attempt"
        ? limits.timeoutMillis
        : endsAtNanos === undefined
          ? limits.deadlineMillis
          : Number.POSITIVE_INFINITY
    const limit = millis === Number.POSITIVE_INFINITY ? undefined : Duration.millis(millis)
    const fields = { ...factsOf(operation, attempts), phase, sent, limit, retryable }
    return new ClerkTimeout(
      retry === undefined ? fields : { ...fields, lastFailure: retry.lastFailure },
      true
    )
  }

  const attempt = (attempts: number, retry: Retry | undefined): Effect.Effect<A, CallError> => {
    const facts = factsOf(operation, attempts)
    const remaining = remainingMillis()
    if (remaining <= 0) {
      return fail(timeout(attempts - 1, "deadline", "no", retry))
    }
    trail.attempts = attempts
    trail.status = undefined
    trail.traceId = undefined
    const phase = limits.timeoutMillis < remaining ? "attempt" : "deadline"
    const millis = Math.min(limits.timeoutMillis, remaining)
    return Effect.matchEffect(executeWithin(http, prepared.request, millis, clock), {
      onFailure: (error) =>
        settle(
          error._tag === "TimedOut"
            ? timeout(attempts, phase, error.sent, retry)
            : withFacts(error, facts, operation, secrets, retry),
          attempts,
          retry
        ),
      onSuccess: (response) => {
        const now = clock.unsafeCurrentTimeMillis()
        const answer = readAnswer(operation, prepared.responseId, secrets, response, facts, now)
        if (isTraced) {
          trail.status = response.status
          trail.traceId =
            Either.isLeft(answer) && "traceId" in answer.left
              ? answer.left.traceId
              : traceIdIn(response, secrets())
        }
        return Either.isRight(answer) ? succeed(answer.right, retry) : settle(answer.left, attempts, retry)
      }
    })
  }

  /** After a failure: another attempt, or the end. */
  const settle = (
    failure: CallError,
    attempts: number,
    retry: Retry | undefined
  ): Effect.Effect<A, CallError> => {
    if (retry?.mayHaveActed === true && prepared.confirmation !== undefined && isRefusal(failure)) {
      return confirm(prepared.confirmation, failure, retry)
    }
    if (!failure.retryable || attempts >= limits.maxAttempts) return fail(failure)
    return Effect.flatMap(Random.next, (chance) => {
      const wait = waitMillis(failure, attempts, chance)
      // A wait that outlasts the deadline would only put off what is known already.
      if (wait === undefined || wait >= remainingMillis()) return fail(failure)
      const cost = spend(budget, failure._tag === "ClerkRateLimited")
      if (cost === undefined) return fail(withoutBudget(failure))
      countRetry(name, failure._tag)
      const delay = Duration.millis(wait)
      const event = { operation: name, attempt: attempts, failure: failure._tag, delay }
      const next: Retry = {
        lastFailure: failure._tag,
        cost,
        mayHaveActed:
          retry?.mayHaveActed === true ||
          (failure._tag !== "ClerkRateLimited" && !("sent" in failure && failure.sent === "no"))
      }
      const onward = Effect.suspend(() =>
        wait >= remainingMillis()
          ? fail(failure) // the hook took what was left
          : Effect.zipRight(
              Effect.sleep(delay),
              Effect.suspend(() => attempt(attempts + 1, next))
            )
      )
      if (limits.onRetry === undefined) return onward
      const hook = limits.onRetry(event)
      const remaining = remainingMillis()
      return Effect.zipRight(
        remaining === Number.POSITIVE_INFINITY ? hook : Effect.timeoutOption(hook, remaining),
        onward
      )
    })
  }

  /** The repetition was refused, perhaps because the attempt before it had succeeded: one look decides. */
  const confirm = (request: ClerkRequest, failure: CallError, retry: Retry): Effect.Effect<A, CallError> => {
    const millis = Math.min(limits.timeoutMillis, remainingMillis())
    if (millis <= 0) return fail(failure)
    return Effect.matchEffect(executeWithin(http, request, millis, clock), {
      onFailure: () => fail(failure),
      onSuccess: (response) => {
        const facts = factsOf(operation, trail.attempts)
        const answer = readAnswer(operation, prepared.responseId, secrets, response, facts, 0)
        return Either.isRight(answer) && operation.confirms(answer.right)
          ? succeed(answer.right, retry)
          : fail(failure)
      }
    })
  }

  const whole = attempt(1, undefined)
  return isTraced ? inSpan(whole, operation, own(http, "address"), trail) : whole
}

const isRefusal = (failure: CallError): boolean =>
  failure._tag !== "ClerkDecodeError" &&
  "status" in failure &&
  failure.status >= 400 &&
  failure.status < 500 &&
  !failure.retryable

const withoutBudget = (failure: CallError): CallError => {
  // The constructor of the failure's own class takes back what the failure consists of.
  const Class = failure.constructor as new (fields: object, validated: true) => CallError
  return new Class({ ...failure, retryBudgetExhausted: true }, true)
}

/** A transport does not know the call it serves, so its errors are completed here. */
const withFacts = (
  error: ClerkTransportError | ClerkDecodeError,
  facts: CallFacts,
  { kind }: OperationFacts,
  secrets: () => ReadonlyArray<string>,
  retry: Retry | undefined
): ClerkTransportError | ClerkDecodeError => {
  if (error._tag === "ClerkDecodeError") {
    const { expectedId, issues, maxResponseBytes, reason, receivedId, status, traceId } = error
    const contentType = shownMediaType(error.contentType, secrets())
    return new ClerkDecodeError(
      {
        ...facts,
        reason,
        issues,
        status,
        contentType,
        maxResponseBytes,
        expectedId,
        receivedId,
        traceId,
        retryable: false
      },
      true
    )
  }
  const { reason, proxyStatus } = error
  // The error is that of the call: an attempt that was not sent does not undo the one before.
  const sent = retry?.mayHaveActed === true ? "maybe" : error.sent
  const fields = { ...facts, reason, sent, retryable: isFaultRetryable(kind, reason, sent) }
  return new ClerkTransportError(proxyStatus === undefined ? fields : { ...fields, proxyStatus }, true)
}
