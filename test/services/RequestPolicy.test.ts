import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { flow } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ClerkError, ClerkHttp, RequestPolicy, type Session, Sessions } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { describe, expect, it } from "#test/vitest.js"
import { untyped } from "../support/requests.js"
import { lost, refused, runScripted, runToFailure, throttled, unavailable } from "../support/scriptedCalls.js"
import * as wire from "../support/wire.js"

type Get = Effect.Effect<Session, Sessions.GetError, ClerkHttp>
type Combinator = (self: Get) => Get

const get = Sessions.get("sess_1")
const success = ClerkTest.json(200, wire.session)

/** The number of attempts of a call under `combinator` while Clerk is down. */
const attemptsUnder = (combinator: Combinator, policy?: RequestPolicy.Settings) =>
  Effect.map(runToFailure(combinator(get), { turns: [refused], policy }), ({ error, times }) => {
    expect(error).toMatchObject({ _tag: "ClerkTransportError", attempts: times.length, retryable: true })
    return times.length
  })

/** The duration of a call under `combinator` while Clerk does not respond. */
const endUnder = (combinator: Combinator, policy?: RequestPolicy.Settings) =>
  Effect.map(runToFailure(combinator(get), { turns: [Effect.never], policy }), ({ error, times, ended }) => {
    expect(error).toMatchObject({ _tag: "ClerkTimeout", attempts: times.length })
    return ended
  })

describe("a policy around one call", () => {
  it.effect("sets how often it is attempted", () =>
    Effect.gen(function* () {
      expect(yield* attemptsUnder(RequestPolicy.retry({ maxAttempts: 4 }))).toBe(4)
      expect(yield* attemptsUnder(RequestPolicy.use({ maxAttempts: 10 }))).toBe(10)
      expect(yield* attemptsUnder(RequestPolicy.retry({ maxAttempts: 1 }), { maxAttempts: 3 })).toBe(1)
      expect(yield* attemptsUnder(RequestPolicy.noRetry, { maxAttempts: 3 })).toBe(1)
      expect(yield* attemptsUnder(RequestPolicy.none, { maxAttempts: 3 })).toBe(1)
    })
  )

  it.effect("keeps the client's values for its undefined settings", () =>
    Effect.gen(function* () {
      const policy = { maxAttempts: 2, timeout: "3 seconds" } as const
      expect(yield* attemptsUnder(RequestPolicy.timeout("1 second"), policy)).toBe(2)
      expect(yield* attemptsUnder(RequestPolicy.retry({ maxAttempts: undefined }), policy)).toBe(2)
      expect(yield* endUnder(RequestPolicy.retry({ maxAttempts: 3 }), policy)).toBe(9_000)
      expect(yield* endUnder(RequestPolicy.deadline("4 seconds"), policy)).toBe(3_999)
    })
  )

  it.effect("sets how long one attempt may take", () =>
    Effect.gen(function* () {
      const policy = { maxAttempts: 2, timeout: "9 seconds" } as const
      expect(yield* endUnder(RequestPolicy.timeout("2 seconds"), policy)).toBe(4_000)
      expect(yield* endUnder(RequestPolicy.timeout("20 seconds"), policy)).toBe(40_000)
      expect(yield* endUnder(RequestPolicy.use({ deadline: "5 seconds" }), policy)).toBe(5_000)
    })
  )

  it.effect("keeps the time limits when it only forbids retries", () =>
    Effect.gen(function* () {
      const policy = { maxAttempts: 5, timeout: "2 seconds" } as const
      expect(yield* endUnder(RequestPolicy.noRetry, policy)).toBe(2_000)
    })
  )

  it.effect("removes every limit when it is `none`", () =>
    Effect.gen(function* () {
      const { exit, times, ended } = yield* runScripted(RequestPolicy.none(get), {
        turns: [Effect.delay(Effect.succeed(success), "50 minutes")],
        policy: RequestPolicy.standard
      })
      expect(exit).toMatchObject({ _tag: "Success", value: { id: "sess_1" } })
      expect([times.length, ended]).toEqual([1, 3_000_000])
    })
  )

  it.effect("does not make a `once` operation idempotent", () =>
    Effect.gen(function* () {
      const create = Sessions.create({ userId: "user_1" })
      const { times } = yield* runToFailure(create.pipe(RequestPolicy.retry({ maxAttempts: 10 })), {
        turns: [lost]
      })
      expect(times).toHaveLength(1)
    })
  )
})

describe("policies compose", () => {
  const retry = RequestPolicy.retry({ maxAttempts: 5 })
  const timeout = RequestPolicy.timeout("2 seconds")
  const deadline = RequestPolicy.deadline("10 seconds")
  const orders: ReadonlyArray<readonly [string, Combinator]> = [
    ["retry, timeout, deadline", (self) => self.pipe(retry, timeout, deadline)],
    ["retry, deadline, timeout", (self) => self.pipe(retry, deadline, timeout)],
    ["timeout, retry, deadline", (self) => self.pipe(timeout, retry, deadline)],
    ["timeout, deadline, retry", (self) => self.pipe(timeout, deadline, retry)],
    ["deadline, retry, timeout", (self) => self.pipe(deadline, retry, timeout)],
    ["deadline, timeout, retry", (self) => self.pipe(deadline, timeout, retry)],
    ["flow of all", flow(deadline, timeout, retry)],
    ["flow of a flow", flow(flow(retry, deadline), timeout)]
  ]

  it.effect.each(orders)("in any order: %s", ([, combinator]) =>
    Effect.gen(function* () {
      const { error, times, ended } = yield* runToFailure(combinator(get), {
        turns: [Effect.never],
        policy: RequestPolicy.standard,
        chance: 1
      })
      expect(times).toEqual([0, 2_100, 4_300, 6_700, 9_500])
      expect(error).toMatchObject({ _tag: "ClerkTimeout", phase: "deadline", attempts: 5 })
      expect(ended).toBe(9_999)
    })
  )

  it.effect("so that the one nearest to the call wins", () =>
    Effect.gen(function* () {
      const of = (attempts: number) => RequestPolicy.retry({ maxAttempts: attempts })
      expect(yield* attemptsUnder(flow(of(2), of(5)), { maxAttempts: 3 })).toBe(2)
      expect(yield* attemptsUnder(flow(of(5), of(2)), { maxAttempts: 3 })).toBe(5)
      expect(yield* attemptsUnder(flow(of(4), RequestPolicy.noRetry))).toBe(4)
      expect(yield* attemptsUnder(flow(RequestPolicy.noRetry, of(4)))).toBe(1)
      expect(yield* attemptsUnder(flow(of(4), RequestPolicy.none))).toBe(4)
      expect(yield* attemptsUnder(flow(RequestPolicy.none, of(4)))).toBe(1)
    })
  )

  it.effect("for each setting by itself", () =>
    Effect.gen(function* () {
      const inner = RequestPolicy.use({ timeout: "1 second" })
      const outer = RequestPolicy.use({ timeout: "7 seconds", maxAttempts: 4 })
      const policy = { maxAttempts: 9, timeout: "3 seconds", deadline: "3500 millis" } as const
      // The timeout is the inner one's, the attempts are the outer one's, the deadline is the client's.
      const { error, times, ended } = yield* runToFailure(get.pipe(inner, outer), {
        turns: [Effect.never],
        policy
      })
      expect(times).toEqual([0, 1_000, 2_000, 3_000])
      expect(error).toMatchObject({ phase: "deadline" })
      expect(ended).toBe(3_500)
      expect(yield* endUnder(flow(inner, outer), { ...policy, deadline: "1 minute" })).toBe(4_000)
    })
  )
})

describe("a policy around a program", () => {
  it.effect("applies to every call inside, unless one has its own", () =>
    Effect.gen(function* () {
      const program = Effect.gen(function* () {
        yield* Effect.flip(get)
        yield* Effect.flip(get.pipe(RequestPolicy.retry({ maxAttempts: 2 })))
        yield* Effect.flip(Sessions.createToken("sess_1"))
      }).pipe(RequestPolicy.retry({ maxAttempts: 4 }))
      const { requests } = yield* runScripted(Effect.andThen(program, Effect.flip(get)), {
        turns: [unavailable]
      })
      const calls = requests.map(({ operation }) => operation)
      expect(calls.slice(0, 6)).toEqual(Array.from({ length: 6 }, () => "Sessions.get"))
      expect(calls.slice(6, 10)).toEqual(Array.from({ length: 4 }, () => "Sessions.createToken"))
      // Outside of it the client's policy applies.
      expect(calls.slice(10)).toEqual(["Sessions.get"])
    })
  )

  it.effect("reaches calls in other fibers", () =>
    Effect.gen(function* () {
      const { times } = yield* runScripted(
        Effect.all([Effect.flip(get), Effect.flip(get)], { concurrency: 2 }).pipe(
          RequestPolicy.retry({ maxAttempts: 3 })
        ),
        { turns: [unavailable] }
      )
      expect(times).toHaveLength(6)
    })
  )

  it.effect("never reruns the program, and does not multiply attempts", () =>
    Effect.gen(function* () {
      let runs = 0
      const program = Effect.andThen(
        Effect.sync(() => runs++),
        get
      )
      const nested = program.pipe(
        RequestPolicy.retry({ maxAttempts: 3 }),
        RequestPolicy.retry({ maxAttempts: 4 }),
        RequestPolicy.retry({ maxAttempts: 5 })
      )
      const { error, times } = yield* runToFailure(nested, { turns: [unavailable] })
      expect(error).toMatchObject({ _tag: "ClerkServerError", attempts: 3 })
      expect([runs, times.length]).toEqual([1, 3])
    })
  )

  it.effect("is for calls only, and Effect.retry reruns the whole program", () =>
    Effect.gen(function* () {
      let runs = 0
      const program = Effect.andThen(
        Effect.sync(() => runs++),
        get
      ).pipe(RequestPolicy.noRetry, (once) => Effect.retry(once, { while: ClerkError.isRetryable, times: 2 }))
      const policy = RequestPolicy.standard
      const failed = yield* runToFailure(program, { turns: [unavailable], policy })
      expect(failed.error).toMatchObject({ _tag: "ClerkServerError", attempts: 1 })
      expect([runs, failed.times.length]).toEqual([3, 3])
      const recovered = yield* runScripted(program, { turns: [throttled, success], policy })
      expect(recovered.exit).toMatchObject({ _tag: "Success", value: { id: "sess_1" } })
      expect([runs, recovered.times.length]).toEqual([5, 2])
      const missing = yield* runToFailure(program, { turns: [ClerkTest.json(404, {})], policy })
      expect([runs, missing.times.length]).toEqual([6, 1])
    })
  )
})

describe("an invalid policy", () => {
  const wrong: ReadonlyArray<readonly [string, RequestPolicy.Settings]> = [
    ...[0, -1, 11, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "3", null].map(
      (maxAttempts) => ["policy.maxAttempts", untyped<RequestPolicy.Settings>({ maxAttempts })] as const
    ),
    ...[0, -1, Number.NaN, "25 days", "soon", null].map(
      (timeout) => ["policy.timeout", untyped<RequestPolicy.Settings>({ timeout })] as const
    ),
    ...[0, -1, Number.POSITIVE_INFINITY, "25 days", {}].map(
      (deadline) => ["policy.deadline", untyped<RequestPolicy.Settings>({ deadline })] as const
    ),
    ["policy.timeout", { timeout: "2 seconds", deadline: "1 second" }],
    ["policy.onRetry", untyped({ onRetry: "log" })],
    ["policy.retries", untyped({ retries: 3 })],
    ["policy", untyped(3)]
  ]

  it.effect.each(wrong)("in its %s is rejected by a call before a request is sent: %j", ([field, settings]) =>
    Effect.gen(function* () {
      const { error, times } = yield* runToFailure(get.pipe(RequestPolicy.use(settings)), {
        turns: [success]
      })
      expect(error).toMatchObject({
        _tag: "ClerkInvalidRequest",
        operation: "Sessions.get",
        field,
        attempts: 0
      })
      expect(times).toEqual([])
    })
  )

  it.effect.each(wrong)("in its %s is rejected by a client: %j", ([field, policy]) =>
    Effect.gen(function* () {
      const layer = ClerkHttp.layerFetch({ secretKey: Redacted.make("sk_test_policy"), policy })
      const error = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
      expect(error).toMatchObject({ _tag: "ClerkConfigError", setting: field })
    })
  )

  const combinators: ReadonlyArray<readonly [name: string, field: string, Combinator]> = [
    ["attempts of zero", "policy.maxAttempts", RequestPolicy.retry({ maxAttempts: 0 })],
    ["a timeout below zero", "policy.timeout", RequestPolicy.timeout(-1)],
    ["a deadline of zero", "policy.deadline", RequestPolicy.deadline(0)],
    ["a deadline without end", "policy.deadline", RequestPolicy.deadline(Duration.infinity)]
  ]

  it.effect.each(combinators)("by %s is rejected by the combinator that sets it", ([, field, combinator]) =>
    Effect.gen(function* () {
      const { error, times } = yield* runToFailure(combinator(get), { turns: [success] })
      expect(error).toMatchObject({ _tag: "ClerkInvalidRequest", field })
      expect(times).toEqual([])
    })
  )
})

describe("onRetry", () => {
  it.effect("is called for each retry before its wait, and for nothing else", () =>
    Effect.gen(function* () {
      const events: Array<RequestPolicy.RetryEvent> = []
      const onRetry = (event: RequestPolicy.RetryEvent) => Effect.sync(() => void events.push(event))
      const { exit } = yield* runScripted(
        Sessions.createToken("sess_1").pipe(RequestPolicy.retry({ maxAttempts: 4, onRetry })),
        {
          turns: [
            ClerkTest.json(429, {}, { "retry-after": "2" }),
            unavailable,
            lost,
            ClerkTest.json(200, wire.token)
          ],
          chance: 0.5
        }
      )
      expect(exit._tag).toBe("Success")
      const operation = "Sessions.createToken"
      expect(events).toStrictEqual([
        { operation, attempt: 1, failure: "ClerkRateLimited", delay: Duration.millis(2_100) },
        { operation, attempt: 2, failure: "ClerkServerError", delay: Duration.millis(100) },
        { operation, attempt: 3, failure: "ClerkTransportError", delay: Duration.millis(200) }
      ])
    })
  )

  it.effect("is not called for a failure that ends the call", () =>
    Effect.gen(function* () {
      let told = 0
      const onRetry = () => Effect.sync(() => void told++)
      yield* runToFailure(get.pipe(RequestPolicy.retry({ maxAttempts: 2, onRetry })), {
        turns: [unavailable]
      })
      expect(told).toBe(1)
      yield* runToFailure(get.pipe(RequestPolicy.retry({ maxAttempts: 2, onRetry })), {
        turns: [ClerkTest.json(404, {})]
      })
      expect(told).toBe(1)
    })
  )

  it.effect("may take time, but not beyond the deadline", () =>
    Effect.gen(function* () {
      for (const hook of [Effect.sleep("950 millis"), Effect.never]) {
        const { error, times, ended } = yield* runToFailure(get, {
          turns: [unavailable],
          policy: { maxAttempts: 2, deadline: "1 second", onRetry: () => hook },
          chance: 1
        })
        expect(times).toEqual([0])
        expect(ended).toBeLessThanOrEqual(1_000)
        expect(error).toMatchObject({ _tag: "ClerkServerError", attempts: 1 })
      }
    })
  )
})
