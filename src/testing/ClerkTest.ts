/**
 * A transport for unit tests: you give the responses, and it records every request as a plain value.
 *
 * @since 4.0.0
 */

import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Service } from "#major/context.js"
import type { DurationInput } from "#major/time.js"
import type { OperationName } from "../core/emulator/operationNames.js"
import type { ClerkRequest, ClerkResponse } from "../core/model.js"
import type { ClerkTransportError, Sent, TransportReason } from "../errors/CallErrors.js"
import type { SessionEncoded } from "../schema/Session.js"
import { ClerkHttp } from "../services/ClerkHttp.js"
import type * as RequestPolicy from "../services/RequestPolicy.js"
import { compareRequests, type ExpectedRequest, expectationIssue } from "./clerkTest/expectedRequests.js"
import * as Responses from "./clerkTest/responses.js"
import { AnyDuration, JsonObject } from "./input.js"

export { type ExpectedRequest, RequestsAssertionError } from "./clerkTest/expectedRequests.js"
export type { Handler, Script, TestResponse, TestResponses } from "./clerkTest/responses.js"

/**
 * The options of `ClerkTest.layer`.
 *
 * @since 4.0.0
 * @category models
 */
export interface ClerkTestOptions {
  /** The retries and time limits of all calls. Default: one attempt and no time limit. */
  readonly policy?: RequestPolicy.Settings | undefined
}

/**
 * The options of `ClerkTest.sequence`.
 *
 * @since 4.0.0
 * @category models
 */
export interface SequenceOptions {
  /** The response to each request after the last response. Default: such a request is a defect. */
  readonly fallback?: Responses.TestResponse | Responses.Handler | undefined
}

/**
 * The options of `ClerkTest.errorResponse`.
 *
 * @since 4.0.0
 * @category models
 */
export interface ErrorResponseOptions {
  /** The `message` of the error. Default: the error code. */
  readonly message?: string | undefined
  /** The `long_message` of the error. Default: the `message`. */
  readonly longMessage?: string | undefined
  /** The `meta` of the error. Default `{}`. */
  readonly meta?: Readonly<Record<string, unknown>> | undefined
  /** The `clerk_trace_id` of the response. Default: none. */
  readonly traceId?: string | undefined
  /** The response headers, such as `{ "retry-after": "2" }`. Default: only `content-type`. */
  readonly headers?: { readonly [name: string]: string } | undefined
}

/**
 * The record of a test's requests.
 *
 * @since 4.0.0
 * @category models
 */
export interface ClerkTestService {
  /** The requests so far, oldest first. */
  readonly requests: Effect.Effect<ReadonlyArray<ClerkRequest>>
  /** The time of each request, in milliseconds of `Clock`. */
  readonly times: Effect.Effect<ReadonlyArray<number>>
}

const createdAt = Date.UTC(2026, 0, 1)
const day = 86_400_000

const defaultSession: SessionEncoded = {
  object: "session",
  id: "sess_1",
  user_id: "user_1",
  client_id: "client_1",
  actor: null,
  status: "active",
  last_active_organization_id: null,
  last_active_at: createdAt,
  latest_activity: null,
  expire_at: createdAt + 7 * day,
  abandon_at: createdAt + 37 * day,
  updated_at: createdAt,
  created_at: createdAt,
  tasks: null
}

const optionalValue = Schema.optional(Schema.Unknown)

// The calls check the policy, as for every other `ClerkHttp`.
const checkOptions = Responses.checked("layer", Schema.Struct({ policy: optionalValue }))

const checkSequenceOptions = Responses.checked("sequence", Schema.Struct({ fallback: optionalValue }))

const checkDelay = Responses.checked("delayed", Schema.Struct({ duration: AnyDuration }))

const optionalText = Schema.optional(Schema.String)

const checkErrorResponse = Responses.checked(
  "errorResponse",
  Schema.Struct({
    message: optionalText,
    longMessage: optionalText,
    traceId: optionalText,
    meta: Schema.optional(JsonObject),
    headers: optionalValue
  })
)

const checkSession = Responses.checked(
  "session",
  // Any value is valid, because a test may need an invalid session.
  Schema.Struct(Object.fromEntries(Object.keys(defaultSession).map((name) => [name, optionalValue])))
)

/**
 * Provides the responses of a test and records its requests.
 *
 * You can read the record however the calls end. It contains the requests unchanged, tokens included. The messages of
 * `expectRequests` mask tokens.
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
 * export const test = Effect.gen(function* () {
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
 * @since 4.0.0
 * @category services
 */
export class ClerkTest extends Service<ClerkTest, ClerkTestService>()("effect-clerk/testing/ClerkTest") {
  /**
   * Provides a `ClerkHttp` with these responses, and the record of its requests. Each build of the layer starts with an
   * empty record, and each script from its beginning.
   *
   * An unknown option or an invalid response is a defect that names it.
   */
  static layer(
    responses: Responses.TestResponses,
    options: ClerkTestOptions = {}
  ): Layer.Layer<ClerkHttp | ClerkTest> {
    return Layer.effectContext(
      Effect.sync(() => {
        checkOptions(options)
        const requests: Array<ClerkRequest> = []
        const times: Array<number> = []
        const respond = Responses.startResponses(responses)
        return Context.make(ClerkTest, {
          requests: Effect.sync(() => [...requests]),
          times: Effect.sync(() => [...times])
        }).pipe(
          Context.add(ClerkHttp, {
            policy: options.policy,
            execute: (request) =>
              Effect.flatMap(Clock.currentTimeMillis, (now) => {
                requests.push(request)
                times.push(now)
                const response = respond(request)
                return Effect.isEffect(response) ? response : Effect.succeed(response)
              })
          })
        )
      })
    )
  }

  /** Returns the requests so far, oldest first. */
  static readonly requests: Effect.Effect<ReadonlyArray<ClerkRequest>, never, ClerkTest> = Effect.suspend(
    () => Effect.flatMap(ClerkTest, ({ requests }) => requests)
  )

  /** Returns the time of each request, in milliseconds of `Clock`. */
  static readonly times: Effect.Effect<ReadonlyArray<number>, never, ClerkTest> = Effect.suspend(() =>
    Effect.flatMap(ClerkTest, ({ times }) => times)
  )

  /**
   * Dies unless the test made exactly these requests, in this order. The defect is an `AssertionError`, so test runners
   * show the difference.
   *
   * It compares only the fields that you give. A name alone matches any request of the operation.
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
   * Returns a script that responds by operation. A request of an operation that is not in the table is a defect that
   * names it.
   *
   * Throws if a name begins with `Sessions.` or `SigningKeys.` and is not an operation of the library.
   */
  static routes(
    table: {
      readonly [Name in OperationName]?: Responses.TestResponses | undefined
    }
  ): Responses.Script {
    return Responses.routes(table)
  }

  /**
   * Returns a script that gives one response after the other. Without a `fallback`, a request after the last response
   * is a defect that names it.
   *
   * @example
   * ```ts
   * import { Effect } from "effect"
   * import { Sessions } from "effect-clerk"
   * import { ClerkTest } from "effect-clerk/testing"
   *
   * // The client retries after the 503.
   * export const test = Sessions.get("sess_1").pipe(
   *   Effect.provide(
   *     ClerkTest.layer(
   *       ClerkTest.sequence([
   *         ClerkTest.errorResponse(503, "service_unavailable"),
   *         ClerkTest.json(200, ClerkTest.session())
   *       ]),
   *       { policy: { maxAttempts: 2 } }
   *     )
   *   )
   * )
   * ```
   */
  static sequence(
    responses: ReadonlyArray<Responses.TestResponse | Responses.Handler>,
    options: SequenceOptions = {}
  ): Responses.Script {
    checkSequenceOptions(options)
    return Responses.sequence(responses, options.fallback)
  }

  /**
   * Returns a response that arrives after a duration of `Clock`, which `TestClock` controls. A number counts
   * milliseconds.
   */
  static delayed(duration: DurationInput, response: Responses.TestResponse): Responses.TestResponse {
    Responses.requireResponse("delayed", "the response", response, false)
    const { duration: checked } = checkDelay({ duration })
    return Effect.delay(Effect.isEffect(response) ? response : Effect.succeed(response), checked)
  }

  /**
   * Returns a response that fails as a broken connection does. `sent` defaults to `"no"` for reasons without a
   * connection, such as `refused` and `dns`, and to `"maybe"` for the others.
   */
  static fault(reason: TransportReason, sent?: Sent): Effect.Effect<never, ClerkTransportError> {
    return Responses.fault(reason, sent)
  }

  /** A response that never arrives. Use it to test time limits. */
  static readonly never: Effect.Effect<never> = Effect.never

  /** Returns a response with a JSON body, or without a body if `body` is `undefined`. `status` is 100 to 999. */
  static json(
    status: number,
    body: unknown,
    headers: { readonly [name: string]: string } = {}
  ): ClerkResponse {
    return Responses.response("json", {
      status,
      headers: { "content-type": "application/json", ...headers },
      body: body === undefined ? "" : JSON.stringify(body)
    })
  }

  /** Returns a response with any body, such as the page of a proxy. The default content type is `text/html`. */
  static text(
    status: number,
    body: string,
    headers: { readonly [name: string]: string } = { "content-type": "text/html" }
  ): ClerkResponse {
    return Responses.response("text", { status, headers, body })
  }

  /** Returns an error response in Clerk's form, such as `ClerkTest.errorResponse(404, "resource_not_found")`. */
  static errorResponse(status: number, code: string, options: ErrorResponseOptions = {}): ClerkResponse {
    checkErrorResponse(options)
    const { headers, longMessage, message = code, meta, traceId } = options
    const error = { code, message, long_message: longMessage ?? message, meta: meta ?? {} }
    return ClerkTest.json(
      status,
      { errors: [error], ...(traceId === undefined ? {} : { clerk_trace_id: traceId }) },
      headers
    )
  }

  /** Returns a session in Clerk's form, for the body of a response. `fields` replaces the default values. */
  static session(fields: Partial<SessionEncoded> = {}): SessionEncoded {
    checkSession(fields)
    return { ...defaultSession, ...fields }
  }

  /** Returns a page of sessions in Clerk's form. `totalCount` defaults to the number of sessions. */
  static page(
    sessions: ReadonlyArray<SessionEncoded>,
    totalCount: number = sessions.length
  ): { readonly data: ReadonlyArray<SessionEncoded>; readonly total_count: number } {
    return { data: sessions, total_count: totalCount }
  }
}
