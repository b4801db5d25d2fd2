import * as Exit from "effect/Exit"
import { errorOf, isInterrupted, isInterruptedOnly } from "../support/exits.js"
import type { AnyError } from "../support/operations.js"
import type { CallRecord, ScheduleRecord } from "./schedule.js"

/** The longest wait, which is the accepted maximum of `Retry-After` (20 seconds) and the jitter. */
const maxWaitMillis = 21_000

/** Times are sums of fractions, and the pipeline's clock counts whole nanoseconds. */
const tolerance = 0.001

export const failureOf = ({ exit }: CallRecord): AnyError | undefined => errorOf(exit)

/** The requests that were attempts. The others are reads that confirm a revocation. */
export const attemptsOf = ({ requests, operation }: CallRecord) =>
  requests.filter(({ method }) => method === operation.method)

/** The violations of one call. */
const violationsIn = (call: CallRecord): ReadonlyArray<string> => {
  const { operation, requests, exit, interruptedAt } = call
  const attempts = attemptsOf(call)
  const failure = failureOf(call)
  const found: Array<string> = []
  const require = (holds: boolean, otherwise: string) => {
    if (!holds) found.push(`${operation.name}: ${otherwise}`)
  }

  require(attempts.length >= 1 || interruptedAt !== undefined, "no request was made")
  require(attempts.length <= call.attempts, `${attempts.length} attempts where ${call.attempts} are allowed`)
  const looks = requests.length - attempts.length
  require(looks <= (operation.name === "Sessions.revoke" ? 1 : 0), `${looks} requests that are not attempts`)
  require(call.endedAt - call.startedAt <=
    call.deadlineMillis + 1, `took ${call.endedAt - call.startedAt} of ${call.deadlineMillis} ms`)
  require(failure === undefined ||
    failure.attempts ===
      attempts.length, `${failure?._tag} tells of ${failure?.attempts} attempts, there were ${attempts.length}`)
  require(Exit.isSuccess(exit) || failure !== undefined || isInterruptedOnly(exit), "it died")
  if (interruptedAt !== undefined) {
    require(isInterrupted(exit), "an interruption that became another exit")
    require(call.endedAt === interruptedAt, "an interruption that took time")
    require(requests.every(({ at }) => at <= interruptedAt), "a request after the interruption")
  } else require(!isInterrupted(exit), "an interruption without a cause")

  for (const { at, endedAt } of requests) {
    require(endedAt !== undefined &&
      endedAt - at <=
        call.timeoutMillis + tolerance, `a request that took longer than ${call.timeoutMillis} ms`)
  }
  attempts.slice(1).forEach((attempt, index) => {
    const before = attempts[index]
    if (before?.endedAt === undefined) {
      require(false, "an attempt while another was running")
      return
    }
    const wait = attempt.at - before.endedAt
    // The client gave up a response that took longer than the limit, with any status.
    const { millis, hintMillis, mayHaveActed } = before.outcome
    const wasAnswered = millis !== undefined && millis <= before.endedAt - before.at + tolerance
    require(wait >= 0, "an attempt while another was running")
    require(wait <= maxWaitMillis + tolerance, `a wait of ${wait} ms`)
    require(operation.kind !== "once" ||
      (wasAnswered && !mayHaveActed), `retried after ${wasAnswered ? before.outcome.name : "silence"}`)
    require(!wasAnswered ||
      hintMillis === undefined ||
      wait >= hintMillis - tolerance, `a wait of ${wait} ms after a hint of ${hintMillis} ms`)
  })
  return found
}

/** The violations of a schedule. Empty without violations. */
export const violations = ({ calls, budget }: ScheduleRecord): ReadonlyArray<string> => [
  ...calls.flatMap(violationsIn),
  ...(budget.least < 0 ? [`a retry budget of ${budget.least}`] : []),
  ...(budget.most > 500 ? [`a retry budget of ${budget.most}`] : [])
]
