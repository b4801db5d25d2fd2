import * as Effect from "effect/Effect"
import {
  type ClerkDecodeError,
  ClerkTransportError,
  type Sent,
  type TransportReason
} from "../../errors/CallErrors.js"
import type { ClerkRequest, ClerkResponse } from "../../services/ClerkHttp.js"

/**
 * What a request is answered with: a response, or an effect that gives one, takes its time or fails.
 *
 * @since 0.1.0
 * @category models
 */
export type Answer = ClerkResponse | Effect.Effect<ClerkResponse, ClerkTransportError | ClerkDecodeError>

/**
 * Answers a request by looking at it.
 *
 * @since 0.1.0
 * @category models
 */
export type Handler = (request: ClerkRequest) => Answer

/**
 * Answers that remember what was asked before, made by `ClerkTest.sequence` and `ClerkTest.routes`. Each build of a
 * layer starts them anew.
 *
 * @since 0.1.0
 * @category models
 */
export interface Script {
  /** Starts the script at its beginning. */
  readonly start: () => Handler
}

/**
 * Whatever `ClerkTest` can answer with: one answer to all requests, a function of the request, or a script, made by
 * `ClerkTest.routes({ "Sessions.get": … })` or `ClerkTest.sequence([…])`.
 *
 * @since 0.1.0
 * @category models
 */
export type Answers = Answer | Handler | Script

export const startAnswers = (answers: Answers): Handler => {
  if (typeof answers === "function") return answers
  if (Effect.isEffect(answers)) return () => answers
  return "start" in answers ? answers.start() : () => answers
}

const die = (message: string) => Effect.die(new Error(`ClerkTest: ${message}`))

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`

export const sequence = (answers: ReadonlyArray<Answer | Handler>, last?: Answer | Handler): Script => ({
  start: () => {
    let asked = 0
    return (request) => {
      const answer = answers[asked++] ?? last
      if (answer === undefined) {
        return die(
          `${request.operation} is request ${asked} of a sequence that has ${counted(answers.length, "answer")}`
        )
      }
      return typeof answer === "function" ? answer(request) : answer
    }
  }
})

export const routes = (table: Readonly<Record<string, Answers | undefined>>): Script => ({
  start: () => {
    const handlers = new Map(
      Object.entries(table).flatMap(([name, answers]) =>
        answers === undefined ? [] : [[name, startAnswers(answers)] as const]
      )
    )
    return (request) => {
      const handler = handlers.get(request.operation)
      if (handler !== undefined) return handler(request)
      const known = handlers.size === 0 ? "nothing" : [...handlers.keys()].join(", ")
      return die(`nothing answers ${request.operation}; there are answers for ${known}`)
    }
  }
})

const neverSent: ReadonlySet<TransportReason> = new Set([
  "dns",
  "refused",
  "unreachable",
  "connect-timeout",
  "tls",
  "invalid-request"
])

export const fault = (
  reason: TransportReason,
  sent: Sent = neverSent.has(reason) ? "no" : "maybe"
): Effect.Effect<never, ClerkTransportError> => Effect.fail(new ClerkTransportError({ reason, sent }, true))
