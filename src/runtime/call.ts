import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { serviceBy } from "#major/context.js"
import { clockOf, millisOf, nanosOf, type RunningFiber, serviceIn, withFiber } from "#major/fiber.js"
import { construct } from "#major/schemas.js"
import { isTraced } from "#major/telemetry.js"
import {
  type Call,
  type Event,
  type Now,
  next,
  type RetryStep,
  remainingMillis,
  type State,
  type Step,
  start
} from "../core/call/loop.js"
import { factsOf, type Operation, type OperationFacts, type PreparedCall } from "../core/call/operation.js"
import { traceIdIn } from "../core/call/response.js"
import { earned, retryAfterMillis } from "../core/call/retry.js"
import { own, RuleBreak } from "../core/input.js"
import type { WireFailure } from "../core/model.js"
import { ClerkInvalidRequest } from "../errors/CallErrors.js"
import {
  type Admission,
  type ClerkHttpService,
  type Client,
  clerkHttpKey,
  clientOf,
  missingClerkHttp,
  sendThrough,
  toWireFailure
} from "./client.js"
import type { CallError } from "./declaration.js"
import { callError } from "./errors.js"
import { Overrides, type PolicyLimits } from "./policy.js"
import type { TimedOut } from "./send.js"
import { type CallRecord, countCall, countRetry, inSpan } from "./telemetry.js"
import { within } from "./time.js"

// By its key, as in `Sessions`. The service can be any object of the caller.
const clerkHttp = /*#__PURE__*/ serviceBy<never, ClerkHttpService>(clerkHttpKey)

/** Runs an operation: checks the input, then makes requests, as often as the policy and the kind allow. */
export const call = <A>(operation: Operation<A>, input: unknown): Effect.Effect<A, CallError> =>
  withFiber((fiber) => {
    const prepared = operation.prepare(input)
    if (prepared instanceof RuleBreak) return invalid(operation, prepared)
    const provided = serviceIn(fiber, clerkHttp)
    return provided === undefined
      ? Effect.flatMap(missingClerkHttp(fiber), (http) => callThrough(http, operation, prepared, fiber))
      : callThrough(provided, operation, prepared, fiber)
  })

/** Runs an operation through a given service. The context needs none. */
export const callWith = <A>(
  http: ClerkHttpService,
  operation: Operation<A>,
  input: unknown
): Effect.Effect<A, CallError> =>
  withFiber((fiber) => {
    const prepared = operation.prepare(input)
    return prepared instanceof RuleBreak
      ? invalid(operation, prepared)
      : callThrough(http, operation, prepared, fiber)
  })

const invalid = (operation: OperationFacts, { field, rule }: RuleBreak) =>
  Effect.fail(construct(ClerkInvalidRequest, { ...factsOf(operation, 0), field, rule, retryable: false }))

const callThrough = <A>(
  http: ClerkHttpService,
  operation: Operation<A>,
  prepared: PreparedCall,
  fiber: RunningFiber
): Effect.Effect<A, CallError> => {
  const client = clientOf(http)
  if (client.limits instanceof RuleBreak) return invalid(operation, client.limits)
  const overrides = serviceIn(fiber, Overrides)
  if (overrides?.broken !== undefined) return invalid(operation, overrides.broken)
  const clock = clockOf(fiber)
  const limits: PolicyLimits = overrides === undefined ? client.limits : { ...client.limits, ...overrides }
  const { redactor } = client.sender
  const { secrets } = prepared
  const call = {
    operation,
    prepared,
    limits,
    startedNanos: nanosOf(clock),
    endsAtNanos: overrides?.endsAtNanos,
    redactor: secrets.length === 0 ? redactor : redactor.with(secrets)
  }
  const record = isTraced(fiber) ? { attempts: 0, status: undefined, traceId: undefined } : undefined
  const running = new RunningCall(client, call, limits.onRetry, fiber, clock, record).start()
  return record === undefined ? running : inSpan(running, operation, own(client.http, "address"), record)
}

type Sent = ReturnType<typeof sendThrough>

type SendStep<A> = Extract<Step<A>, { readonly _tag: "Send" }>

/** Executes the steps of a call. Most calls have one request, and create little else than this object. */
class RunningCall<A> {
  readonly #client: Client
  readonly #call: Call<A>
  readonly #onRetry: PolicyLimits["onRetry"]
  readonly #fiber: RunningFiber
  readonly #clock: Clock.Clock
  /** The facts for the span, if there is one. */
  readonly #record: CallRecord | undefined

  constructor(
    client: Client,
    call: Call<A>,
    onRetry: PolicyLimits["onRetry"],
    fiber: RunningFiber,
    clock: Clock.Clock,
    record: CallRecord | undefined
  ) {
    this.#client = client
    this.#call = call
    this.#onRetry = onRetry
    this.#fiber = fiber
    this.#clock = clock
    this.#record = record
  }

  start(): Effect.Effect<A, CallError> {
    const now = this.#now(this.#call.startedNanos)
    return this.#execute(start(this.#call, now), now)
  }

  #now(nanos = nanosOf(this.#clock)): Now {
    return { nanos, millis: millisOf(this.#clock), budget: this.#client.budget }
  }

  #after(state: State, event: Event): Effect.Effect<A, CallError> {
    const now = this.#now()
    return this.#execute(next(this.#call, state, event, now), now, event._tag === "Admitted")
  }

  #execute(step: Step<A>, now: Now, isAdmitted = false): Effect.Effect<A, CallError> {
    switch (step._tag) {
      case "Send":
        return this.#client.admission === undefined || isAdmitted
          ? this.#send(step)
          : this.#admit(step, this.#client.admission, now)
      case "Draw":
        return Effect.flatMap(Random.next, (value) => this.#after(step.state, { _tag: "Chance", value }))
      case "Retry":
        this.#client.budget -= step.cost
        countRetry(this.#call.operation.name, step.retry.failure, this.#fiber)
        return Effect.flatMap(this.#hook(step.retry, step.millis), () =>
          this.#after(step.state, { _tag: "Hooked" })
        )
      case "Wait":
        return Effect.flatMap(Effect.sleep(Duration.millis(step.millis)), () =>
          this.#after(step.state, { _tag: "Waited" })
        )
      case "Succeed":
        this.#client.budget = earned(this.#client.budget, step.cost)
        this.#count("ok", now)
        return Effect.succeed(step.value)
      case "Fail": {
        const { failure } = step
        if (this.#record !== undefined && "traceId" in failure.fields) {
          this.#record.traceId = failure.fields.traceId
        }
        this.#count(failure._tag, now)
        return Effect.fail(callError(failure))
      }
    }
  }

  /** Waits until the rate limiter permits the request, within the time that the call has left. */
  #admit({ request, state }: SendStep<A>, admission: Admission, now: Now): Effect.Effect<A, CallError> {
    const { priority = "interactive" } = this.#call.limits
    const permit = admission.acquire(request, priority, remainingMillis(this.#call, now))
    return Effect.matchEffect(this.#inTime(permit, now), {
      onFailure: (error) =>
        this.#failed(
          state,
          error._tag === "ClerkTransportError" ? toWireFailure(error) : { _tag: "NotAdmitted" }
        ),
      onSuccess: () => this.#after(state, { _tag: "Admitted" })
    })
  }

  #send({ request, millis, state }: SendStep<A>): Effect.Effect<A, CallError> {
    const isConfirmation = state.phase === "confirm"
    const record = isConfirmation ? undefined : this.#record
    if (record !== undefined) {
      record.attempts = state.attempts
      record.status = undefined
      record.traceId = undefined
    }
    // A confirmation is not an attempt.
    const send = isConfirmation ? sendThrough : this.#client.around
    const sent = send(this.#client, request, millis, this.#clock, this.#call, state.attempts)
    const { admission } = this.#client
    return Effect.matchEffect(admission === undefined ? sent : this.#observed(sent, admission), {
      onFailure: (failure) => this.#failed(state, failure),
      onSuccess: (response) => {
        if (record !== undefined) {
          record.status = response.status
          record.traceId = traceIdIn(response, this.#call.redactor)
        }
        return this.#after(state, { _tag: "Response", response })
      }
    })
  }

  /** Tells the rate limiter of the response. */
  #observed(sent: Sent, admission: Admission): Sent {
    return Effect.tap(sent, ({ headers, status }) => {
      const now = this.#now()
      return Effect.ignore(
        this.#inTime(admission.observe(status, retryAfterMillis(headers, now.millis)), now)
      )
    })
  }

  /** Limits an effect to the time that the call has left. */
  #inTime<B, E>(self: Effect.Effect<B, E>, now: Now): Effect.Effect<B, E | TimedOut> {
    return within(self, Math.max(1, remainingMillis(this.#call, now)), this.#clock)
  }

  #failed(
    state: State,
    failure: WireFailure | Extract<Event, { readonly _tag: "TimedOut" | "NotAdmitted" }>
  ): Effect.Effect<A, CallError> {
    return this.#after(state, "fields" in failure ? { _tag: "Failed", failure } : failure)
  }

  #hook({ attempt, delayMillis, failure }: RetryStep, millis: number): Effect.Effect<unknown> {
    if (this.#onRetry === undefined) return Effect.void
    const { name: operation } = this.#call.operation
    const effect = this.#onRetry({ operation, attempt, failure, delay: Duration.millis(delayMillis) })
    return millis === Number.POSITIVE_INFINITY ? effect : Effect.timeoutOption(effect, millis)
  }

  #count(outcome: string, { nanos }: Now): void {
    const { operation, startedNanos } = this.#call
    countCall(operation.name, outcome, Number(nanos - startedNanos) / 1_000_000_000, this.#fiber)
  }
}
