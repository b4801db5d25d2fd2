import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Operation, RequestPolicy, Sessions } from "effect-clerk"
import { type Case, expectMatch, expectThat, outcomeOf } from "../support/check.js"
import { atOnce, client, type Setting } from "../support/setting.js"

const read = Sessions.get("sess_1")
const once = Sessions.create({ userId: "user_1" })

/** An operation that declares every status that has an error class. */
const documented = Operation.make({
  name: "Things.get",
  method: "GET",
  path: "/things",
  kind: "read",
  success: Schema.Struct({}),
  errors: [404, 409, 410, 422]
})

const statuses = [
  ["ClerkBadRequest", 400],
  ["ClerkUnauthorized", 401],
  ["ClerkUnexpectedStatus", 402],
  ["ClerkForbidden", 403],
  ["ClerkNotFound", 404],
  ["ClerkConflict", 409],
  ["ClerkGone", 410],
  ["ClerkUnexpectedStatus", 418],
  ["ClerkUnprocessableEntity", 422],
  ["ClerkRateLimited", 429],
  ["ClerkServerError", 500],
  ["ClerkServerError", 503]
] as const

const statusCase =
  (setting: Setting) =>
  ([tag, status]: (typeof statuses)[number]): Case => ({
    name: `${status} is ${tag}`,
    run: Effect.gen(function* () {
      const error = yield* outcomeOf(documented({})).pipe(
        Effect.provide(client(setting.at("status", status)))
      )
      yield* expectMatch(error, {
        _tag: tag,
        status,
        operation: "Things.get",
        path: "/things",
        traceId: "trace_of_the_peer",
        errors: [{ code: "code_of_the_peer", message: "said by the peer", meta: { param_name: "id" } }]
      })
    })
  })

export const policies = (setting: Setting): ReadonlyArray<Case> => [
  ...statuses.map(statusCase(setting)),
  {
    name: "a retry of every kind waits for the Retry-After of a 429",
    run: Effect.gen(function* () {
      const url = setting.at("ask-to-wait")
      const value = yield* outcomeOf(once).pipe(Effect.provide(client(url, { maxAttempts: 2 })))
      yield* expectMatch(value, { id: "sess_1" })
      const { gaps } = yield* setting.seen(url)
      yield* expectThat(gaps.length === 1 && Number(gaps[0]) >= 950, `retried after ${gaps} ms`)
    })
  },
  {
    name: "a rate limit states how long to wait",
    run: Effect.gen(function* () {
      const error = yield* outcomeOf(read).pipe(Effect.provide(client(setting.at("status", 429))))
      yield* expectMatch(error, { _tag: "ClerkRateLimited", retryAfter: Duration.seconds(1) })
    })
  },
  {
    name: "onRetry is called for every retry",
    run: Effect.gen(function* () {
      const told: Array<RequestPolicy.RetryEvent> = []
      const onRetry = (event: RequestPolicy.RetryEvent) => Effect.sync(() => void told.push(event))
      yield* outcomeOf(atOnce(read)).pipe(
        RequestPolicy.retry({ maxAttempts: 3, onRetry }),
        Effect.provide(client(setting.at("status", 503)))
      )
      yield* expectMatch(told, [
        { operation: "Sessions.get", attempt: 1, failure: "ClerkServerError" },
        { operation: "Sessions.get", attempt: 2, failure: "ClerkServerError" }
      ])
    })
  },
  {
    name: "the deadline ends a call that would retry",
    run: Effect.gen(function* () {
      const url = setting.at("silence", "deadline")
      const policy = { maxAttempts: 3, deadline: "300 millis" } as const
      const error = yield* outcomeOf(read).pipe(Effect.provide(client(url, policy)))
      yield* expectMatch(error, { _tag: "ClerkTimeout", phase: "deadline", sent: "maybe" })
      yield* expectThat(yield* setting.closed(url), "a connection stays open")
    })
  },
  {
    name: "calls of one client run concurrently",
    run: Effect.gen(function* () {
      const url = setting.at("good")
      const values = yield* Effect.all(
        Array.from({ length: 50 }, () => read),
        { concurrency: "unbounded" }
      ).pipe(Effect.provide(client(url)))
      yield* expectThat(
        values.every(({ id }) => id === "sess_1"),
        "a response belongs to another call"
      )
      yield* expectMatch(yield* setting.seen(url), { requests: 50 })
    })
  }
]
