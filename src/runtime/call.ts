import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Random from "effect/Random"
import { type Call, type Event, factsOf, next, type RetryStep, type Step, start } from "../core/call/loop.js"
import type { Operation, OperationFacts, PreparedCall } from "../core/call/operation.js"
import { traceIdIn } from "../core/call/response.js"
import { earned } from "../core/call/retry.js"
import { own, RuleBreak } from "../core/input.js"
import { ClerkInvalidRequest } from "../errors/CallErrors.js"
import {
  type ClerkHttpService,
  type Client,
  clerkHttpKey,
  clientOf,
  missingClerkHttp,
  sendThrough
} from "./client.js"
import type { CallError } from "./declaration.js"
import { callError } from "./errors.js"
import { overridesKey, type PolicyLimits, type PolicyOverrides } from "./policy.js"
import { type CallRecord, countCall, countRetry, inSpan, isTraced } from "./telemetry.js"

/** Runs an operation: checks the input, then makes requests, as often as the policy and the kind allow. */
export const call = <A>(operation: Operation<A>, input: unknown): Effect.Effect<A, CallError> =>
  Effect.withFiberRuntime((fiber) => {
    const prepared = operation.prepare(input)
    if (prepared instanceof RuleBreak) return invalid(operation, prepared)
    const services = fiber.getFiberRef(FiberRef.currentContext).unsafeMap
    // Only the service is stored under its key. It can be any object of a user's, so nothing is asked of it here.
    const provided = services.get(clerkHttpKey) as ClerkHttpService | undefined
    return provided === undefined
      ? Effect.flatMap(missingClerkHttp(services), (http) => callThrough(http, operation, prepared, fiber))
      : callThrough(provided, operation, prepared, fiber)
  })

/** Runs an operation through a given service. The context needs none. */
export const callWith = <A>(
  http: ClerkHttpService,
  operation: Operation<A>,
  input: unknown
): Effect.Effect<A, CallError> =>
  Effect.withFiberRuntime((fiber) => {
    const prepared = operation.prepare(input)
    return prepared instanceof RuleBreak
      ? invalid(operation, prepared)
      : callThrough(http, operation, prepared, fiber)
  })

const invalid = (operation: OperationFacts, { field, rule }: RuleBreak) =>
  Effect.fail(new ClerkInvalidRequest({ ...factsOf(operation, 0), field, rule, retryable: false }, true))

const callThrough = <A>(
  http: ClerkHttpService,
  operation: Operation<A>,
  prepared: PreparedCall,
  fiber: Fiber.RuntimeFiber<unknown, unknown>
): Effect.Effect<A, CallError> => {
  const client = clientOf(http)
  if (client.limits instanceof RuleBreak) return invalid(operation, client.limits)
  const services = fiber.getFiberRef(FiberRef.currentContext).unsafeMap
  // The combinators of RequestPolicy alone store something under this key.
  const overrides = services.get(overridesKey) as PolicyOverrides | undefined
  if (overrides?.broken !== undefined) return invalid(operation, overrides.broken)
  const clock = Context.get(fiber.getFiberRef(DefaultServices.currentServices), Clock.Clock)
  const limits: PolicyLimits = overrides === undefined ? client.limits : { ...client.limits, ...overrides }
  const { redactor } = client.sender
  const { secrets } = prepared
  return run(
    client,
    {
      operation,
      prepared,
      limits,
      startedNanos: clock.unsafeCurrentTimeNanos(),
      endsAtNanos: overrides?.endsAtNanos,
      redactor: secrets.length === 0 ? redactor : redactor.with(secrets)
    },
    limits.onRetry,
    clock,
    isTraced(fiber)
  )
}

/** Executes the steps of a call. */
const run = <A>(
  client: Client,
  call: Call<A>,
  onRetry: PolicyLimits["onRetry"],
  clock: Clock.Clock,
  traced: boolean
): Effect.Effect<A, CallError> => {
  const { operation, redactor, startedNanos } = call
  const { name } = operation
  const record: CallRecord = { attempts: 0, status: undefined, traceId: undefined }

  const now = () => ({
    nanos: clock.unsafeCurrentTimeNanos(),
    millis: clock.unsafeCurrentTimeMillis(),
    budget: client.budget
  })

  const count = (outcome: string) =>
    countCall(name, outcome, Number(clock.unsafeCurrentTimeNanos() - startedNanos) / 1_000_000_000)

  const hook = ({ attempt, delayMillis, failure }: RetryStep, millis: number): Effect.Effect<unknown> => {
    if (onRetry === undefined) return Effect.void
    const effect = onRetry({ operation: name, attempt, failure, delay: Duration.millis(delayMillis) })
    return millis === Number.POSITIVE_INFINITY ? effect : Effect.timeoutOption(effect, millis)
  }

  const drive = (step: Step<A>): Effect.Effect<A, CallError> => {
    switch (step._tag) {
      case "Send": {
        const { millis, request, state } = step
        const after = (event: Event) => drive(next(call, state, event, now()))
        const isAttempt = state.phase !== "confirm"
        if (isAttempt) {
          record.attempts = state.attempts
          record.status = undefined
          record.traceId = undefined
        }
        return Effect.matchEffect(sendThrough(client, request, millis, clock), {
          onFailure: (failure) => after(failure._tag === "TimedOut" ? failure : { _tag: "Failed", failure }),
          onSuccess: (response) => {
            if (traced && isAttempt) {
              record.status = response.status
              record.traceId = traceIdIn(response, redactor)
            }
            return after({ _tag: "Response", response })
          }
        })
      }
      case "Draw":
        return Effect.flatMap(Random.next, (value) =>
          drive(next(call, step.state, { _tag: "Chance", value }, now()))
        )
      case "Retry":
        client.budget -= step.cost
        countRetry(name, step.retry.failure)
        return Effect.flatMap(hook(step.retry, step.millis), () =>
          drive(next(call, step.state, { _tag: "Hooked" }, now()))
        )
      case "Wait":
        return Effect.flatMap(Effect.sleep(Duration.millis(step.millis)), () =>
          drive(next(call, step.state, { _tag: "Waited" }, now()))
        )
      case "Succeed":
        client.budget = earned(client.budget, step.cost)
        count("ok")
        return Effect.succeed(step.value)
      case "Fail": {
        const { failure } = step
        if (traced && "traceId" in failure.fields) record.traceId = failure.fields.traceId
        count(failure._tag)
        return Effect.fail(callError(failure))
      }
    }
  }

  const whole = drive(start(call, now()))
  return traced ? inSpan(whole, operation, own(client.http, "address"), record) : whole
}
