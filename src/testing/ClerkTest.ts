/**
 * A transport for tests: you say what is answered, and every request is recorded as the plain value it is.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Sessions } from "effect-clerk"
 * import { ClerkTest } from "effect-clerk/testing"
 *
 * const signOutNewest = Effect.gen(function* () {
 *   const { data } = yield* Sessions.list({ userId: "user_1", status: "active", limit: 1 })
 *   yield* Effect.forEach(data, (session) => Sessions.revoke(session.id))
 * })
 *
 * const test = Effect.gen(function* () {
 *   yield* signOutNewest
 *   yield* ClerkTest.expectRequests([
 *     {
 *       operation: "Sessions.list",
 *       query: { user_id: "user_1", status: "active", limit: 1, paginated: true }
 *     },
 *     { operation: "Sessions.revoke", path: "/sessions/sess_1/revoke" }
 *   ])
 * }).pipe(
 *   Effect.provide(
 *     ClerkTest.layer(
 *       ClerkTest.routes({
 *         "Sessions.list": ClerkTest.json(200, ClerkTest.page([ClerkTest.session({ id: "sess_1" })])),
 *         "Sessions.revoke": ClerkTest.json(200, ClerkTest.session({ id: "sess_1", status: "revoked" }))
 *       })
 *     )
 *   )
 * )
 * ```
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { ClerkRequest, ClerkResponse, Sent, TransportReason } from "../core/model.js"
import type { ClerkTransportError } from "../errors/CallErrors.js"
import type { SessionEncoded } from "../schema/Session.js"
import { ClerkHttp } from "../services/ClerkHttp.js"
import type * as RequestPolicy from "../services/RequestPolicy.js"
import * as Answers from "./clerkTest/answers.js"
import { compareRequests, type ExpectedRequest, expectationIssue } from "./clerkTest/expectedRequests.js"
import { wireSession } from "./clerkTest/wireSession.js"
import { AnyDuration, JsonObject } from "./emulator/inputSchemas.js"
import type { OperationName } from "./operationName.js"

export type { Answer, Answers, Handler, Script } from "./clerkTest/answers.js"
export { type ExpectedRequest, RequestsAssertionError } from "./clerkTest/expectedRequests.js"

/**
 * The options of `ClerkTest.layer`.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClerkTestOptions {
  /** What calls run under. Absent: one attempt and no time limit. */
  readonly policy?: RequestPolicy.Settings | undefined
}

/**
 * The options of `ClerkTest.sequence`.
 *
 * @since 0.1.0
 * @category models
 */
export interface SequenceOptions {
  /** Answers everything after the last of the sequence. Absent: one more request is a defect. */
  readonly fallback?: Answers.Answer | Answers.Handler | undefined
}

/**
 * The options of `ClerkTest.refusal`.
 *
 * @since 0.1.0
 * @category models
 */
export interface RefusalOptions {
  /** The `message` of the error. Default: the code. */
  readonly message?: string | undefined
  /** The `long_message` of the error. Default: the message. */
  readonly longMessage?: string | undefined
  /** The `meta` of the error. Default `{}`. */
  readonly meta?: Readonly<Record<string, unknown>> | undefined
  /** The `clerk_trace_id` of the body. Default: none. */
  readonly traceId?: string | undefined
  /** The headers, with names in lower case: `{ "retry-after": "2" }`. Default: `content-type` only. */
  readonly headers?: { readonly [name: string]: string } | undefined
}

/**
 * The record of the requests of a test.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClerkTestService {
  /** The requests so far, in the order they were made. */
  readonly requests: Effect.Effect<ReadonlyArray<ClerkRequest>>
  /** When each of them was made, in the milliseconds of `Clock`. */
  readonly times: Effect.Effect<ReadonlyArray<number>>
}

// A policy is checked by the calls, as that of any other `ClerkHttp`.
const checkOptions = Answers.checked("layer", Schema.Struct({ policy: Schema.optional(Schema.Unknown) }))

const checkSequenceOptions = Answers.checked(
  "sequence",
  Schema.Struct({ fallback: Schema.optional(Schema.Unknown) })
)

const checkDelay = Answers.checked("delayed", Schema.Struct({ duration: AnyDuration }))

const optionalText = Schema.optional(Schema.String)

const checkRefusal = Answers.checked(
  "refusal",
  Schema.Struct({
    message: optionalText,
    longMessage: optionalText,
    traceId: optionalText,
    meta: Schema.optional(JsonObject),
    headers: Schema.optional(Schema.Unknown)
  })
)

const checkSession = Answers.checked(
  "session",
  // Any value: what the client makes of a wrong one is what a test may want to see.
  Schema.Struct(
    Object.fromEntries(Object.keys(wireSession({})).map((name) => [name, Schema.optional(Schema.Unknown)]))
  )
)

/**
 * The record of what was sent, and what to answer with.
 *
 * What is recorded stays readable however the calls end. It holds what was sent as it was, tokens included; the
 * messages of `expectRequests` mask them.
 *
 * @since 0.1.0
 * @category services
 */
export class ClerkTest extends Context.Tag("effect-clerk/testing/ClerkTest")<ClerkTest, ClerkTestService>() {
  /**
   * A `ClerkHttp` that answers so, and the record of its requests. Each time the layer is built, the record is empty
   * and every script begins at its beginning. An unknown option, or a value that is no answer, is a defect that names
   * it.
   */
  static layer(answers: Answers.Answers, options: ClerkTestOptions = {}): Layer.Layer<ClerkHttp | ClerkTest> {
    return Layer.effectContext(
      Effect.sync(() => {
        checkOptions(options)
        const sent: Array<ClerkRequest> = []
        const times: Array<number> = []
        const answer = Answers.startAnswers(answers)
        return Context.make(ClerkTest, {
          requests: Effect.sync(() => [...sent]),
          times: Effect.sync(() => [...times])
        }).pipe(
          Context.add(ClerkHttp, {
            policy: options.policy,
            execute: (request) =>
              Effect.flatMap(Clock.currentTimeMillis, (now) => {
                sent.push(request)
                times.push(now)
                const given = answer(request)
                return Effect.isEffect(given) ? given : Effect.succeed(given)
              })
          })
        )
      })
    )
  }

  /** The requests so far, in the order they were made. */
  static readonly requests: Effect.Effect<ReadonlyArray<ClerkRequest>, never, ClerkTest> = Effect.suspend(
    () => Effect.flatMap(ClerkTest, ({ requests }) => requests)
  )

  /** When each of the requests was made, in the milliseconds of `Clock`. */
  static readonly times: Effect.Effect<ReadonlyArray<number>, never, ClerkTest> = Effect.suspend(() =>
    Effect.flatMap(ClerkTest, ({ times }) => times)
  )

  /**
   * Dies unless exactly these requests were made, in this order: with an `AssertionError` whose message is a diff, which
   * every test runner shows. Of each only what is given is compared; a name alone is any request of that operation.
   */
  static expectRequests(
    expected: ReadonlyArray<ExpectedRequest | OperationName>
  ): Effect.Effect<void, never, ClerkTest> {
    return Effect.flatMap(ClerkTest.requests, (made) => {
      const issue = expectationIssue(expected)
      if (issue !== undefined) return Effect.die(new Error(`ClerkTest: expectRequests: ${issue}`))
      const difference = compareRequests(expected, made)
      return difference === undefined ? Effect.void : Effect.die(difference)
    })
  }

  /**
   * Answers by operation, each in its own way; scripts may stand inside. Another operation is a defect that names it.
   * Throws on a name that begins with `Sessions.` or `SigningKeys.` and is not an operation of the library.
   */
  static routes(table: { readonly [Name in OperationName]?: Answers.Answers | undefined }): Answers.Script {
    return Answers.routes(table)
  }

  /**
   * Answers one after the other. A request more than there are answers is a defect that names it, unless `fallback` says
   * what comes after the last.
   */
  static sequence(
    answers: ReadonlyArray<Answers.Answer | Answers.Handler>,
    options: SequenceOptions = {}
  ): Answers.Script {
    checkSequenceOptions(options)
    return Answers.sequence(answers, options.fallback)
  }

  /** The answer, after a while by `Clock`: `TestClock` decides when that is over. */
  static delayed(duration: Duration.DurationInput, answer: Answers.Answer): Answers.Answer {
    Answers.requireAnswer("delayed", "the answer", answer, false)
    const { duration: checked } = checkDelay({ duration })
    return Effect.delay(Effect.isEffect(answer) ? answer : Effect.succeed(answer), checked)
  }

  /**
   * No answer, as a broken connection gives none. Unless told, `sent` is what the reason says of itself: `"no"` where no
   * connection was made (`refused`, `dns`, …), `"maybe"` otherwise.
   */
  static fault(reason: TransportReason, sent?: Sent): Effect.Effect<never, ClerkTransportError> {
    return Answers.fault(reason, sent)
  }

  /** No answer, ever: what a time limit is for. */
  static readonly never: Effect.Effect<never> = Effect.never

  /** An answer with a JSON body, empty where `body` is `undefined`. `status` is a whole number from 100 to 999. */
  static json(
    status: number,
    body: unknown,
    headers: { readonly [name: string]: string } = {}
  ): ClerkResponse {
    return Answers.response("json", {
      status,
      headers: { "content-type": "application/json", ...headers },
      body: body === undefined ? "" : JSON.stringify(body)
    })
  }

  /** An answer with any body, HTML unless the headers say otherwise: what a proxy says in Clerk's place. */
  static text(
    status: number,
    body: string,
    headers: { readonly [name: string]: string } = { "content-type": "text/html" }
  ): ClerkResponse {
    return Answers.response("text", { status, headers, body })
  }

  /** A refusal in Clerk's form: `ClerkTest.refusal(404, "resource_not_found")`. */
  static refusal(status: number, code: string, options: RefusalOptions = {}): ClerkResponse {
    checkRefusal(options)
    const { headers, longMessage, message = code, meta, traceId } = options
    const error = { code, message, long_message: longMessage ?? message, meta: meta ?? {} }
    return ClerkTest.json(
      status,
      { errors: [error], ...(traceId === undefined ? {} : { clerk_trace_id: traceId }) },
      headers
    )
  }

  /** A session in Clerk's form, with whatever a test cares about replaced: the body of an answer. */
  static session(fields: Partial<SessionEncoded> = {}): SessionEncoded {
    checkSession(fields)
    return wireSession(fields)
  }

  /** A page of sessions in Clerk's form. Without `totalCount`, they are all there are. */
  static page(
    sessions: ReadonlyArray<SessionEncoded>,
    totalCount: number = sessions.length
  ): { readonly data: ReadonlyArray<SessionEncoded>; readonly total_count: number } {
    return { data: sessions, total_count: totalCount }
  }
}
