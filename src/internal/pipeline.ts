import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Random from "effect/Random"
import {
  ClerkDecodeError,
  ClerkInvalidRequest,
  ClerkTimeout,
  ClerkTransportError
} from "../errors/CallErrors.js"
import type { ClerkHttpService } from "../services/ClerkHttp.js"
import type { Op } from "../services/Operation.js"
import { type CallError, type CallFacts, readAnswer } from "./answer.js"
import { waitMillis } from "./backoff.js"
import type { CompiledOperation, PreparedCall } from "./compiledOperation.js"
import { clerkHttp } from "./environmentClient.js"
import { type PolicyLimits, policyLimits } from "./policyLimits.js"
import { isFaultRetryable } from "./retryTable.js"
import type { RuleBreak } from "./ruleBreak.js"

/**
 * The way of one call, the same for every operation: check the input, then exchange and read, as often as the
 * policy and the kind of the operation allow.
 */
export const call = <A, E extends CallError>(operation: CompiledOperation<A>, input: unknown): Op<A, E> => {
  const factsOf = (attempts: number): CallFacts => ({
    operation: operation.name,
    method: operation.method,
    path: operation.template,
    attempts
  })
  const invalid = (broken: RuleBreak) =>
    Effect.fail(new ClerkInvalidRequest({ ...factsOf(0), ...broken, retryable: false }, true))

  const program: Effect.Effect<A, CallError> = Effect.suspend(() =>
    Either.match(operation.prepare(input), {
      onLeft: invalid,
      onRight: (prepared) =>
        Effect.flatMap(clerkHttp, (http) =>
          Either.match(policyLimits(http.policy), {
            onLeft: invalid,
            onRight: (limits) => run(operation, prepared, http, limits, factsOf)
          })
        )
    })
  )
  // Two things are claimed here. `ClerkHttp`, which `clerkHttp` reads at run time, is added to the requirements of
  // one of the two members (see `Op`). And the errors are narrowed to those the declaration names, which
  // `readAnswer` keeps to: a status that is not declared becomes ClerkUnexpectedStatus.
  return program as Op<A, E>
}

const run = <A>(
  operation: CompiledOperation<A>,
  prepared: PreparedCall,
  http: ClerkHttpService,
  limits: PolicyLimits,
  factsOf: (attempts: number) => CallFacts
): Effect.Effect<A, CallError> =>
  Clock.clockWith((clock) => {
    const startedNanos = clock.unsafeCurrentTimeNanos()
    // Monotonic, so that a corrected wall clock neither cuts a call short nor lets it run on.
    const remainingMillis = () =>
      limits.deadlineMillis - Number(clock.unsafeCurrentTimeNanos() - startedNanos) / 1_000_000

    const attempt = (attempts: number, lastFailure: string | undefined): Effect.Effect<A, CallError> => {
      const facts = factsOf(attempts)
      return http.execute(prepared.request).pipe(
        Effect.mapError((error) => withFacts(error, facts, operation)),
        Effect.flatMap((response) =>
          readAnswer(operation, prepared, response, facts, clock.unsafeCurrentTimeMillis())
        ),
        limitTo(limits.timeoutMillis, remainingMillis(), (phase) => {
          const fields = {
            ...facts,
            phase,
            sent: "maybe",
            retryable: phase === "attempt" && operation.kind !== "once"
          } as const
          return new ClerkTimeout(lastFailure === undefined ? fields : { ...fields, lastFailure }, true)
        }),
        Effect.catchAll((failure) => {
          if (!failure.retryable || attempts >= limits.attempts) return Effect.fail(failure)
          return Effect.flatMap(Random.next, (chance) => {
            const wait = waitMillis(failure, attempts, chance)
            // A wait that outlasts the deadline would only put off what is known already.
            return wait === undefined || wait >= remainingMillis()
              ? Effect.fail(failure)
              : Effect.zipRight(
                  Effect.sleep(wait),
                  Effect.suspend(() => attempt(attempts + 1, failure._tag))
                )
          })
        })
      )
    }
    return attempt(1, undefined)
  })

/** A transport does not know the call it serves, so its errors are completed here. */
const withFacts = (
  error: ClerkTransportError | ClerkDecodeError,
  facts: CallFacts,
  { kind }: CompiledOperation<unknown>
): ClerkTransportError | ClerkDecodeError => {
  if (error._tag === "ClerkDecodeError") {
    const { reason, issues, traceId } = error
    return new ClerkDecodeError({ ...facts, reason, issues, traceId, retryable: false }, true)
  }
  const { reason, sent } = error
  return new ClerkTransportError(
    { ...facts, reason, sent, retryable: isFaultRetryable(kind, reason, sent) },
    true
  )
}

const limitTo =
  (timeoutMillis: number, remainingMillis: number, onTimeout: (phase: "attempt" | "total") => ClerkTimeout) =>
  <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, E | ClerkTimeout> => {
    const millis = Math.min(timeoutMillis, remainingMillis)
    if (millis === Number.POSITIVE_INFINITY) return self
    const phase = timeoutMillis < remainingMillis ? "attempt" : "total"
    return Effect.timeoutFail(self, { duration: millis, onTimeout: () => onTimeout(phase) })
  }
