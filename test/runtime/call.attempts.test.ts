import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import {
  ClerkDecodeError,
  type ClerkHttp,
  type ClerkResponse,
  ClerkTransportError,
  type Operation,
  RequestPolicy,
  Sessions
} from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { fork } from "#test/fiber.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { type AnyError, operations } from "../support/operations.js"
import { lost, refused, runScripted, runToFailure } from "../support/scriptedCalls.js"
import * as wire from "../support/wire.js"

type Run = Effect.Effect<unknown, AnyError, ClerkHttp>

const kinds: ReadonlyArray<readonly [Operation.Kind, Run, ClerkResponse]> = [
  ["read", Sessions.get("sess_1"), ClerkTest.json(200, wire.session)],
  ["idempotent", Sessions.createToken("sess_1"), ClerkTest.json(200, wire.token)],
  ["once", Sessions.create({ userId: "user_1" }), ClerkTest.json(200, wire.session)]
]

const policy = { maxAttempts: 3 }

/** The number of requests when every one has this outcome. */
const attemptsOf = (run: Run, turn: ClerkResponse | ClerkTransportError | ClerkDecodeError) =>
  Effect.map(runToFailure(run, { turns: [turn], policy }), ({ error, times }) => {
    // The error has the number of attempts, and a retryable failure was retried.
    expect(error).toMatchObject({ attempts: times.length, retryable: times.length === policy.maxAttempts })
    return times.length
  })

const passing = [
  "dns",
  "refused",
  "unreachable",
  "connect-timeout",
  "proxy",
  "reset",
  "closed",
  "incomplete-body",
  "response-timeout",
  "secret-key",
  "admission"
] as const

const final = [
  "proxy-rejected",
  "secret-key-rejected",
  "tls",
  "protocol",
  "invalid-request",
  "unknown"
] as const

describe.each(kinds)("a %s operation", (kind, run) => {
  it.effect.each(passing)("is retried when %s came before it was sent", (reason) =>
    Effect.gen(function* () {
      expect(yield* attemptsOf(run, new ClerkTransportError({ reason, sent: "no" }))).toBe(3)
    })
  )

  it.effect.each(passing)(
    `is ${kind === "once" ? "not " : ""}retried when %s leaves open whether it was sent`,
    (reason) =>
      Effect.gen(function* () {
        expect(yield* attemptsOf(run, new ClerkTransportError({ reason, sent: "maybe" }))).toBe(
          kind === "once" ? 1 : 3
        )
      })
  )

  it.effect.each(final)("is not retried after %s, sent or not", (reason) =>
    Effect.gen(function* () {
      for (const sent of ["no", "maybe"] as const) {
        expect(yield* attemptsOf(run, new ClerkTransportError({ reason, sent }))).toBe(1)
      }
    })
  )

  it.effect("is retried when Clerk rejected it unread", () =>
    Effect.gen(function* () {
      expect(yield* attemptsOf(run, ClerkTest.json(429, {}))).toBe(3)
    })
  )

  it.effect(`is ${kind === "once" ? "not " : ""}retried when Clerk or a gateway failed`, () =>
    Effect.gen(function* () {
      for (const status of [408, 500, 502, 503, 504, 520, 521, 522, 523, 524]) {
        expect(yield* attemptsOf(run, ClerkTest.json(status, {})), String(status)).toBe(
          kind === "once" ? 1 : 3
        )
      }
    })
  )

  it.effect("is not retried after any other response", () =>
    Effect.gen(function* () {
      const others = [
        204, 301, 302, 304, 307, 400, 401, 402, 403, 404, 405, 409, 410, 413, 415, 418, 422, 423, 425, 501,
        505, 507, 519, 525, 526, 530, 599, 999
      ]
      for (const status of others) {
        expect(yield* attemptsOf(run, ClerkTest.json(status, {})), String(status)).toBe(1)
      }
    })
  )

  it.effect("is not retried when the response cannot be decoded", () =>
    Effect.gen(function* () {
      for (const unreadable of ["", "{", "{}", "null"]) {
        expect(yield* attemptsOf(run, wire.text(unreadable))).toBe(1)
      }
      for (const reason of ["oversize", "utf8", "encoding"] as const) {
        expect(yield* attemptsOf(run, new ClerkDecodeError({ reason }))).toBe(1)
      }
    })
  )
})

describe("a call", () => {
  it.effect.each(kinds)("of kind %s succeeds when one attempt succeeds", ([, run, success]) =>
    Effect.gen(function* () {
      const plays = [[success], [refused, success], [refused, ClerkTest.json(429, {}), success]] as const
      for (const turns of plays) {
        const { exit, times } = yield* runScripted(run, { turns, policy })
        expect(Exit.isSuccess(exit)).toBe(true)
        expect(times).toHaveLength(turns.length)
      }
    })
  )

  it.effect("fails with the last error", () =>
    Effect.gen(function* () {
      const { error, times } = yield* runToFailure(Sessions.get("sess_1"), {
        turns: [ClerkTest.json(503, {}), refused, ClerkTest.json(404, {}), ClerkTest.json(200, wire.session)],
        policy: { maxAttempts: 10 }
      })
      expect(error).toMatchObject({ _tag: "ClerkNotFound", attempts: 3, retryable: false })
      expect(times).toHaveLength(3)
    })
  )

  it.effect("sends the same request each time", () =>
    Effect.gen(function* () {
      let asked = 0
      const requests = yield* Effect.andThen(
        fork(Sessions.createToken("sess_1", { expiresIn: "1 minute" })).pipe(
          Effect.tap(() => TestClock.adjust("1 minute")),
          Effect.flatMap(Fiber.join)
        ),
        ClerkTest.requests
      ).pipe(
        Effect.provide(
          ClerkTest.layer(() => (++asked < 3 ? ClerkTest.json(500, {}) : ClerkTest.json(200, wire.token)), {
            policy
          })
        )
      )
      const [first, ...others] = requests
      expect(first).toStrictEqual({
        operation: "Sessions.createToken",
        method: "POST",
        path: ["sessions", "sess_1", "tokens"],
        body: { expires_in_seconds: 60 }
      })
      expect(others).toStrictEqual([first, first])
    })
  )

  it.effect("makes as many attempts as the policy states", () =>
    Effect.gen(function* () {
      for (const attempts of [1, 2, 10]) {
        const { error, times } = yield* runToFailure(Sessions.get("sess_1"), {
          turns: [refused],
          policy: { maxAttempts: attempts }
        })
        expect(error).toMatchObject({ attempts, retryable: true })
        expect(times).toHaveLength(attempts)
      }
    })
  )

  it.effect("makes three attempts under the standard policy", () =>
    Effect.gen(function* () {
      expect(RequestPolicy.standard).toEqual({
        maxAttempts: 3,
        timeout: "10 seconds",
        deadline: "30 seconds"
      })
      const { times } = yield* runToFailure(Sessions.get("sess_1"), {
        turns: [refused],
        policy: RequestPolicy.standard
      })
      expect(times).toHaveLength(3)
    })
  )

  it.effect.each(operations)("of $name makes one attempt when the service has no policy", ({ run }) =>
    Effect.gen(function* () {
      for (const settings of [undefined, {}, { maxAttempts: undefined }]) {
        const { error, times } = yield* runToFailure(run, {
          turns: [refused],
          ...(settings === undefined ? undefined : { policy: settings })
        })
        expect(error).toMatchObject({ attempts: 1, retryable: true })
        expect(times).toHaveLength(1)
      }
    })
  )

  it.effect.each(operations)("of $name is of the kind $kind", ({ run, kind }) =>
    Effect.gen(function* () {
      const { times } = yield* runToFailure(run, {
        turns: [lost],
        policy
      })
      expect(times).toHaveLength(kind === "once" ? 1 : 3)
    })
  )

  it.effect(
    "that creates makes one attempt when its response is lost, and states that it may have succeeded",
    () =>
      Effect.gen(function* () {
        const { error, times } = yield* runToFailure(Sessions.create({ userId: "user_1" }), {
          turns: [
            new ClerkTransportError({ reason: "closed", sent: "maybe" }),
            ClerkTest.json(200, wire.session)
          ],
          policy: RequestPolicy.standard
        })
        expect(times).toHaveLength(1)
        expect(error).toMatchObject({
          _tag: "ClerkTransportError",
          operation: "Sessions.create",
          sent: "maybe",
          attempts: 1,
          retryable: false
        })
      })
  )
})
