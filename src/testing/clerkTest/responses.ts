import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { annotated, type Codec, construct, literals, record, wholeNumber } from "#major/schemas.js"
import { isRecord } from "../../core/input.js"
import type { ClerkRequest, ClerkResponse } from "../../core/model.js"
import { lowerCased } from "../../core/wire/headers.js"
import type { Sent, TransportReason } from "../../errors/CallErrors.js"
import {
  type ClerkDecodeError,
  ClerkTransportError,
  TransportReason as Reason
} from "../../errors/CallErrors.js"
import { checker, OperationNameSchema, ResponseHeaders, reader, sentenceOf } from "../input.js"

/**
 * A response, or an effect that returns one. The effect can also wait or fail.
 *
 * @since 4.0.0
 * @category models
 */
export type TestResponse =
  | ClerkResponse
  | Effect.Effect<ClerkResponse, ClerkTransportError | ClerkDecodeError>

/**
 * A function that returns the response to a request.
 *
 * @since 4.0.0
 * @category models
 */
export type Handler = (request: ClerkRequest) => TestResponse

/**
 * Responses that depend on earlier requests. `ClerkTest.sequence` and `ClerkTest.routes` make one. Each build of the
 * layer starts it from its beginning.
 *
 * @since 4.0.0
 * @category models
 */
export interface Script {
  /** Starts the script from its beginning. */
  readonly start: () => Handler
}

/**
 * The responses of `ClerkTest.layer`: one response to all requests, a function of the request, or a script of
 * `ClerkTest.routes` or `ClerkTest.sequence`.
 *
 * @since 4.0.0
 * @category models
 */
export type TestResponses = TestResponse | Handler | Script

const usageError = (sentence: string) => new Error(`ClerkTest: ${sentence}`)

/** Returns the input of a function of the test kit, or throws an error that names the field and the rule. */
export const checked = <A, I>(name: string, schema: Codec<A, I>): ((input: unknown) => A) =>
  checker(schema, (issues) => usageError(`${name}: ${sentenceOf(issues, "the input")}`))

const Response = Schema.Struct({
  // There is no socket, so a test can use any status to see what the client does.
  status: wholeNumber(100, 999, "a whole number from 100 to 999"),
  headers: ResponseHeaders,
  body: Schema.String
})

const readResponse = reader(Response)

const isOperationKey = (key: string): boolean => /^[\w-]+\.[\w.-]+$/.test(key)

/** Returns why a value is not a response. A script is valid only where `allowsScript`. */
const responseIssue = (name: string, value: unknown, allowsScript: boolean): string | undefined => {
  if (typeof value === "function" || Effect.isEffect(value)) return undefined
  if (!isRecord(value)) {
    return `${name} must be a response, an effect, a function of the request${allowsScript ? ", or a script" : ""}`
  }
  if (typeof value["start"] === "function") {
    return allowsScript ? undefined : `${name} must be a response or a function, not a script`
  }
  if (Object.keys(value).some(isOperationKey)) {
    return `${name} must not be a table of operations: make a script of it with ClerkTest.routes`
  }
  const read = readResponse(value)
  return "issues" in read
    ? read.issues.map(({ path, rule }) => `${name}${path === "" ? "" : `.${path}`} ${rule}`).join("; ")
    : undefined
}

/** Throws if a value is not a response. `name` says which value of which function it is. */
export const requireResponse = (
  method: string,
  name: string,
  value: unknown,
  allowsScript: boolean
): void => {
  const issue = responseIssue(name, value, allowsScript)
  if (issue !== undefined) throw usageError(`${method}: ${issue}`)
}

/** A response with lower-case header names, as the library reads them. */
export const response = (name: string, given: ClerkResponse): ClerkResponse =>
  checked(name, Response)({ ...given, headers: lowerCased(given.headers) })

/** Starts the responses of a layer. Throws if the value is invalid. */
export const startResponses = (responses: TestResponses): Handler => {
  requireResponse("layer", "the responses", responses, true)
  return start(responses)
}

const start = (responses: TestResponses): Handler => {
  if (typeof responses === "function") return checkedHandler(responses)
  if (Effect.isEffect(responses)) return () => responses
  return "start" in responses ? responses.start() : () => responses
}

/** Checks each result of a function, which cannot be checked before it runs. */
const checkedHandler =
  (handler: Handler): Handler =>
  (request) => {
    const result = handler(request)
    const name = `the result of a function for ${request.operation}`
    const issue =
      typeof result === "function" ? `${name} must not be a function` : responseIssue(name, result, false)
    return issue === undefined ? result : Effect.die(usageError(issue))
  }

export const sequence = (
  responses: ReadonlyArray<TestResponse | Handler>,
  fallback?: TestResponse | Handler
): Script => {
  if (!Array.isArray(responses)) throw usageError("sequence: the responses must be an array")
  responses.forEach((each, index) => {
    requireResponse("sequence", `responses.${index}`, each, false)
  })
  if (fallback !== undefined) requireResponse("sequence", "fallback", fallback, false)
  return {
    start: () => {
      const handlers = responses.map(start)
      const last = fallback === undefined ? undefined : start(fallback)
      let count = 0
      return (request) => {
        const handler = handlers[count++] ?? last
        if (handler !== undefined) return handler(request)
        const length = `${handlers.length} response${handlers.length === 1 ? "" : "s"}`
        return Effect.die(
          usageError(`${request.operation} is request ${count} of a sequence that has ${length}`)
        )
      }
    }
  }
}

const checkRoutes = checked(
  "routes",
  annotated(record(OperationNameSchema, Schema.Unknown), {
    description: "an object of operations and responses"
  })
)

export const routes = (table: Readonly<Record<string, TestResponses | undefined>>): Script => {
  checkRoutes(table)
  const entries = Object.entries(table).flatMap(([name, responses]) => {
    if (responses === undefined) return []
    requireResponse("routes", name, responses, true)
    return [[name, responses] as const]
  })
  return {
    start: () => {
      const handlers = new Map(entries.map(([name, responses]) => [name, start(responses)]))
      const known = handlers.size === 0 ? "no operation" : [...handlers.keys()].join(", ")
      return (request) =>
        handlers.get(request.operation)?.(request) ??
        Effect.die(usageError(`there is no response for ${request.operation}, only for ${known}`))
    }
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
  "invalid-request",
  "secret-key",
  "secret-key-rejected",
  "admission"
])

const checkFault = checked(
  "fault",
  Schema.Struct({ reason: Reason, sent: Schema.optional(literals(["no", "maybe"])) })
)

export const fault = (reason: TransportReason, sent?: Sent): Effect.Effect<never, ClerkTransportError> => {
  const { sent: given } = checkFault({ reason, sent })
  return Effect.fail(
    construct(ClerkTransportError, { reason, sent: given ?? (neverSent.has(reason) ? "no" : "maybe") })
  )
}
