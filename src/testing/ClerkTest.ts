/**
 * A transport for tests: your function answers, and every request is recorded as the plain value it is.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Sessions } from "effect-clerk"
 * import { ClerkTest } from "effect-clerk/testing"
 *
 * const test = Effect.gen(function* () {
 *   const error = yield* Effect.flip(Sessions.get("sess_123"))
 *   const requests = yield* ClerkTest.requests
 *   return [error._tag, requests[0]?.path] // ["ClerkNotFound", ["sessions", "sess_123"]]
 * }).pipe(
 *   Effect.provide(ClerkTest.layer(() => ClerkTest.json(404, { errors: [{ code: "resource_not_found" }] })))
 * )
 * ```
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ClerkDecodeError, ClerkTransportError } from "../errors/CallErrors.js"
import { ClerkHttp, type ClerkRequest, type ClerkResponse } from "../services/ClerkHttp.js"
import type * as RequestPolicy from "../services/RequestPolicy.js"

/**
 * Answers a request. To play a broken connection, fail with
 * `new ClerkTransportError({ reason: "reset", sent: "maybe" })`.
 *
 * @since 0.1.0
 * @category models
 */
export type Handler = (
  request: ClerkRequest
) => ClerkResponse | Effect.Effect<ClerkResponse, ClerkTransportError | ClerkDecodeError>

/**
 * @since 0.1.0
 * @category models
 */
export interface ClerkTestOptions {
  /** What calls run under. Absent: one attempt and no time limit. */
  readonly policy?: RequestPolicy.Settings | undefined
}

/**
 * The record of what was sent.
 *
 * @since 0.1.0
 * @category services
 */
export class ClerkTest extends Context.Tag("effect-clerk/testing/ClerkTest")<
  ClerkTest,
  { readonly requests: Effect.Effect<ReadonlyArray<ClerkRequest>> }
>() {
  /** A `ClerkHttp` that answers with `handler`, and the record of its requests, new for each time it is built. */
  static layer(handler: Handler, options: ClerkTestOptions = {}): Layer.Layer<ClerkHttp | ClerkTest> {
    return Layer.effectContext(
      Effect.sync(() => {
        const sent: Array<ClerkRequest> = []
        return Context.make(ClerkTest, { requests: Effect.sync(() => [...sent]) }).pipe(
          Context.add(ClerkHttp, {
            policy: options.policy,
            execute: (request) =>
              Effect.suspend(() => {
                sent.push(request)
                const answer = handler(request)
                return Effect.isEffect(answer) ? answer : Effect.succeed(answer)
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

  /** An answer with a JSON body. Header names are given in lower case. */
  static json(
    status: number,
    body: unknown,
    headers: { readonly [name: string]: string } = {}
  ): ClerkResponse {
    return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) }
  }
}
