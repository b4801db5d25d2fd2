import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { ClerkRequest, ClerkResponse, Sent, TransportReason } from "../../core/model.js"
import {
  type ClerkDecodeError,
  ClerkTransportError,
  TransportReason as Reason
} from "../../errors/CallErrors.js"
import { lowerCased, OperationNameSchema, ResponseHeadersSchema, reader, sentenceOf } from "../input.js"

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

/** Begins the answers of a layer. Throws where they are none. */
export const startAnswers = (answers: Answers): Handler => {
  requireAnswer(undefined, "the answers of a layer", answers, true)
  return begin(answers)
}

const begin = (answers: Answers): Handler => {
  if (typeof answers === "function") return checkedHandler(answers)
  if (Effect.isEffect(answers)) return () => answers
  return "start" in answers ? answers.start() : () => answers
}

const misuse = (sentence: string) => new Error(`ClerkTest: ${sentence}`)

/** Gives the input of a function of the test kit, or throws a sentence that names field and rule. */
export const checked = <A, I>(name: string, schema: Schema.Schema<A, I>): ((input: unknown) => A) => {
  const read = reader(schema)
  return (input) =>
    Either.getOrThrowWith(read(input), (issues) => misuse(`${name}: ${sentenceOf(issues, "the input")}`))
}

const Response = Schema.Struct({
  // No socket is in between, so any status can come: what the client makes of it may be what is tested.
  status: Schema.Int.pipe(Schema.between(100, 999)).annotations({
    description: "a whole number from 100 to 999"
  }),
  headers: ResponseHeadersSchema,
  body: Schema.String
})

const isScript = (value: unknown): value is Script =>
  Predicate.isRecord(value) && Predicate.hasProperty(value, "start") && Predicate.isFunction(value.start)

const isAnswer = (value: unknown): value is Answer | Handler =>
  typeof value === "function" || Effect.isEffect(value)

const readResponse = reader(Response)

const isOperationKey = (key: string): boolean => /^[\w-]+\.[\w.-]+$/.test(key)

/** What keeps a value from being an answer, if anything does. A script is one only where `allowsScript`. */
const answerIssue = (name: string, value: unknown, allowsScript: boolean): string | undefined => {
  if (isAnswer(value)) return undefined
  if (isScript(value))
    return allowsScript ? undefined : `${name} must be an answer or a function, not a script`
  if (!Predicate.isRecord(value)) {
    return `${name} must be a response, an effect, a function of the request${allowsScript ? ", or a script" : ""}`
  }
  if (Object.keys(value).some(isOperationKey)) {
    return `${name} must not be a table of operations: make a script of it with ClerkTest.routes`
  }
  const response = readResponse(value)
  return Either.isLeft(response)
    ? response.left.map(({ path, rule }) => `${name}${path === "" ? "" : `.${path}`} ${rule}`).join("; ")
    : undefined
}

/** Throws where a value is no answer; the sentence begins with the name of the function, if there is one. */
export const requireAnswer = (
  method: string | undefined,
  name: string,
  value: unknown,
  allowsScript: boolean
): void => {
  const issue = answerIssue(name, value, allowsScript)
  if (issue !== undefined) throw misuse(method === undefined ? issue : `${method}: ${issue}`)
}

/** A response with the names of its headers in lower case, as the library reads them. */
export const response = (name: string, given: ClerkResponse): ClerkResponse =>
  checked(name, Response)({ ...given, headers: lowerCased(given.headers) })

const die = (message: string) => Effect.die(new Error(`ClerkTest: ${message}`))

/** A function is only known once it is called. */
const checkedHandler =
  (handler: Handler): Handler =>
  (request) => {
    const answer = handler(request)
    const name = `the answer of a function to ${request.operation}`
    const issue =
      typeof answer === "function" ? `${name} must not be a function` : answerIssue(name, answer, false)
    return issue === undefined ? answer : die(issue)
  }

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`

export const sequence = (answers: ReadonlyArray<Answer | Handler>, last?: Answer | Handler): Script => {
  if (!Array.isArray(answers)) throw misuse("sequence: the answers must be an array")
  answers.forEach((answer, index) => {
    requireAnswer("sequence", `answers.${index}`, answer, false)
  })
  if (last !== undefined) requireAnswer("sequence", "fallback", last, false)
  return { start: () => inTurn(answers, last) }
}

const inTurn = (answers: ReadonlyArray<Answer | Handler>, last?: Answer | Handler): Handler => {
  let asked = 0
  return (request) => {
    const answer = answers[asked++] ?? last
    if (answer === undefined) {
      return die(
        `${request.operation} is request ${asked} of a sequence that has ${counted(answers.length, "answer")}`
      )
    }
    return typeof answer === "function" ? checkedHandler(answer)(request) : answer
  }
}

export const routes = (table: Readonly<Record<string, Answers | undefined>>): Script => {
  checkRoutes(table)
  for (const [name, answers] of Object.entries(table)) {
    if (answers !== undefined) requireAnswer("routes", name, answers, true)
  }
  return { start: () => byOperation(table) }
}

const checkRoutes = checked(
  "routes",
  Schema.Record({ key: OperationNameSchema, value: Schema.Unknown }).annotations({
    description: "an object of operations and answers"
  })
)

const byOperation = (table: Readonly<Record<string, Answers | undefined>>): Handler => {
  const handlers = new Map(
    Object.entries(table).flatMap(([name, answers]) =>
      answers === undefined ? [] : [[name, begin(answers)] as const]
    )
  )
  return (request) => {
    const handler = handlers.get(request.operation)
    if (handler !== undefined) return handler(request)
    const known = handlers.size === 0 ? "nothing" : [...handlers.keys()].join(", ")
    return die(`nothing answers ${request.operation}; there are answers for ${known}`)
  }
}

const neverSent: ReadonlySet<TransportReason> = new Set([
  "dns",
  "refused",
  "unreachable",
  "connect-timeout",
  "proxy",
  "proxy-rejected",
  "tls",
  "invalid-request"
])

const checkFault = checked(
  "fault",
  Schema.Struct({ reason: Reason, sent: Schema.optional(Schema.Literal("no", "maybe")) })
)

export const fault = (reason: TransportReason, sent?: Sent): Effect.Effect<never, ClerkTransportError> => {
  const checked = checkFault({ reason, sent })
  return Effect.fail(
    new ClerkTransportError(
      { reason: checked.reason, sent: checked.sent ?? (neverSent.has(reason) ? "no" : "maybe") },
      true
    )
  )
}
