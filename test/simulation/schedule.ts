import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { ClerkHttp, type ClerkHttpService, ClerkTransportError, RequestPolicy } from "effect-clerk"
import { Tag } from "#test/context.js"
import { fork, poll } from "#test/fiber.js"
import { withSeed } from "#test/random.js"
import { clientOf } from "../../src/runtime/client.js"
import { type AnyError, type OperationCase, operations } from "../support/operations.js"
import { seeded } from "../support/random.js"
import { type Outcome, outcomeOf, weatherOf } from "./outcomes.js"
import { runSimulated } from "./simulatedTime.js"

export interface RequestRecord {
  readonly at: number
  readonly method: string
  readonly outcome: Outcome
  /** When the response arrived, or the request failed or was given up. */
  endedAt: number | undefined
}

export interface CallRecord {
  readonly operation: OperationCase
  readonly attempts: number
  readonly timeoutMillis: number
  readonly deadlineMillis: number
  readonly requests: Array<RequestRecord>
  startedAt: number
  endedAt: number
  interruptedAt: number | undefined
  exit: Exit.Exit<unknown, AnyError>
}

export interface ScheduleRecord {
  readonly calls: ReadonlyArray<CallRecord>
  /** The least and the most there was in the retry budget. */
  readonly budget: { readonly least: number; readonly most: number }
}

/** The limits of a call as numbers, and the form in which the policy states them. */
const limitsOf = (chance: () => number) => ({
  attempts: chance() < 0.5 ? 3 : 1 + Math.floor(chance() * 10),
  timeoutMillis: chance() < 0.5 ? 10_000 : 10 + Math.floor(chance() * 10_000),
  deadlineMillis: chance() < 0.5 ? 30_000 : 10_001 + Math.floor(chance() * 60_000)
})

/** The call whose request is made. */
class CurrentCall extends Tag("test/CurrentCall")<CurrentCall, CallRecord>() {}

/** Runs some tens of calls through one client, with times and chances that follow from the seed. */
export const simulate = (seed: number): ScheduleRecord => {
  const chance = seeded(seed)
  const outcomes = weatherOf(chance)
  const ofClient = limitsOf(chance)
  const budget = { least: Number.POSITIVE_INFINITY, most: Number.NEGATIVE_INFINITY }

  const watchBudget = () => {
    const tokens = clientOf(http).budget
    budget.least = Math.min(budget.least, tokens)
    budget.most = Math.max(budget.most, tokens)
  }
  const http: ClerkHttpService = {
    policy: {
      maxAttempts: ofClient.attempts,
      timeout: ofClient.timeoutMillis,
      deadline: ofClient.deadlineMillis
    },
    execute: (request) =>
      Effect.gen(function* () {
        const call = Option.getOrUndefined(yield* Effect.serviceOption(CurrentCall))
        if (call === undefined) return yield* Effect.die(new Error("a request that belongs to no call"))
        watchBudget()
        const answer =
          request.method === "GET" && call.operation.method === "POST"
            ? { ...Object(call.operation.answer), status: chance() < 0.5 ? "revoked" : "active" }
            : call.operation.answer
        const outcome = outcomeOf(chance, outcomes, answer)
        const record: RequestRecord = {
          at: yield* Clock.currentTimeMillis,
          method: request.method,
          outcome,
          endedAt: undefined
        }
        call.requests.push(record)
        const { millis, result } = outcome
        const exchange =
          millis === undefined || result === undefined
            ? Effect.never
            : Effect.andThen(
                millis === 0 ? Effect.void : Effect.sleep(millis),
                result instanceof ClerkTransportError ? Effect.fail(result) : Effect.succeed(result)
              )
        return yield* Effect.ensuring(
          exchange,
          Effect.map(Clock.currentTimeMillis, (now) => {
            record.endedAt = now
          })
        )
      })
  }

  const startCall = Effect.suspend(() => {
    const operation = operations[Math.floor(chance() * operations.length)]
    if (operation === undefined) return Effect.die(new Error("no such operation"))
    const own = chance() < 0.5 ? limitsOf(chance) : undefined
    const limits = own ?? ofClient
    const call: CallRecord = {
      operation,
      ...limits,
      requests: [],
      startedAt: 0,
      endedAt: 0,
      interruptedAt: undefined,
      exit: Exit.void
    }
    const run: Effect.Effect<unknown, AnyError, ClerkHttp> =
      own === undefined
        ? operation.run
        : operation.run.pipe(
            RequestPolicy.retry({ maxAttempts: own.attempts }),
            RequestPolicy.timeout(own.timeoutMillis),
            chance() < 0.5
              ? RequestPolicy.deadline(own.deadlineMillis)
              : RequestPolicy.use({ deadline: own.deadlineMillis })
          )
    const delay = chance() < 0.3 ? 0 : chance() * 60_000
    const interruption = chance() < 0.1 ? chance() * 20_000 : undefined
    return Effect.gen(function* () {
      yield* Effect.sleep(delay)
      call.startedAt = yield* Clock.currentTimeMillis
      const fiber = yield* fork(Effect.provideService(run, CurrentCall, call))
      if (interruption !== undefined) {
        yield* fork(
          Effect.gen(function* () {
            yield* Effect.sleep(interruption)
            if (Option.isSome(yield* poll(fiber))) return
            call.interruptedAt = yield* Clock.currentTimeMillis
            yield* Fiber.interrupt(fiber)
          })
        )
      }
      call.exit = yield* Fiber.await(fiber)
      call.endedAt = yield* Clock.currentTimeMillis
      watchBudget()
      // Long enough to notice a request that should not be made.
      if (call.interruptedAt !== undefined) yield* Effect.sleep("2 minutes")
      return call
    })
  })

  const count = 10 + Math.floor(chance() * 41)
  const calls = runSimulated(
    Effect.forEach(
      Array.from({ length: count }, () => startCall),
      (call) => call,
      { concurrency: chance() < 0.3 ? 1 : "unbounded" }
    ).pipe(withSeed(seed), Effect.provideService(ClerkHttp, http)),
    Number.POSITIVE_INFINITY
  )
  return { calls, budget }
}
