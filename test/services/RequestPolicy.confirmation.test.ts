import * as Effect from "effect/Effect"
import { Sessions } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { describe, expect, it } from "#test/vitest.js"
import { operations } from "../support/operations.js"
import {
  lost,
  refused,
  runScripted,
  runToFailure,
  type Turn,
  throttled,
  unavailable
} from "../support/scriptedCalls.js"
import * as wire from "../support/wire.js"

const revoke = Sessions.revoke("sess_1")
const policy = { maxAttempts: 3, timeout: "1 second" } as const
const gone = ClerkTest.json(404, { errors: [{ code: "resource_not_found" }] })
const conflict = ClerkTest.json(409, { errors: [{ code: "session_revoked" }] })
const as = (status: string) => ClerkTest.json(200, wire.sessionWith({ status }))

const post = { method: "POST", path: "sessions/sess_1/revoke", operation: "Sessions.revoke" }
const look = { method: "GET", path: "sessions/sess_1", operation: "Sessions.revoke" }

describe("a revocation that is rejected when it is retried", () => {
  const losses: ReadonlyArray<readonly [string, Turn]> = [
    ["the response was lost", lost],
    ["Clerk failed", unavailable],
    ["the attempt ran out of time", Effect.never]
  ]
  for (const [name, loss] of losses) {
    for (const [refusal, status] of [
      [gone, "revoked"],
      [conflict, "revoked"],
      [conflict, "ended"],
      [gone, "removed"]
    ] as const) {
      it.effect(`(${refusal.status}) after ${name} has succeeded when the session is ${status}`, () =>
        Effect.gen(function* () {
          const { exit, requests } = yield* runScripted(revoke, {
            turns: [loss, refusal, as(status)],
            policy
          })
          expect(exit).toMatchObject({ _tag: "Success", value: { id: "sess_1", status } })
          expect(requests).toMatchObject([post, post, look])
          expect(requests).toHaveLength(3)
        })
      )
    }
  }

  const otherwise: ReadonlyArray<readonly [string, Turn]> = [
    ["shows an active session", as("active")],
    ["shows an unknown status", as("half-revoked")],
    ["shows an unknown status that starts with a known one", as("revoked-later")],
    ["finds nothing", ClerkTest.json(404, {})],
    ["fails at Clerk", ClerkTest.json(500, {})],
    ["is throttled", throttled],
    ["is lost", lost],
    ["runs out of time", Effect.never],
    ["cannot be read", ClerkTest.json(200, {})],
    ["shows another session", ClerkTest.json(200, wire.sessionWith({ id: "sess_2", status: "revoked" }))]
  ]

  it.effect.each(otherwise)("fails when the one read of the session %s", ([, answer]) =>
    Effect.gen(function* () {
      const { error, requests } = yield* runToFailure(revoke, {
        turns: [lost, conflict, answer],
        policy
      })
      expect(error).toMatchObject({
        _tag: "ClerkConflict",
        operation: "Sessions.revoke",
        method: "POST",
        attempts: 2,
        retryable: false,
        errors: [{ code: "session_revoked" }]
      })
      expect(requests).toMatchObject([post, post, look])
      expect(requests).toHaveLength(3)
    })
  )

  it.effect("is read once, after any attempt", () =>
    Effect.gen(function* () {
      const { exit, requests } = yield* runScripted(revoke, {
        turns: [throttled, lost, gone, as("revoked")],
        policy
      })
      expect(exit._tag).toBe("Success")
      expect(requests.map(({ method }) => method)).toEqual(["POST", "POST", "POST", "GET"])
    })
  )
})

describe("the session is not read", () => {
  it.effect("when the first attempt was rejected", () =>
    Effect.gen(function* () {
      for (const refusal of [gone, conflict]) {
        const { error, requests } = yield* runToFailure(revoke, {
          turns: [refusal, as("revoked")],
          policy
        })
        expect(error).toMatchObject({ status: refusal.status, attempts: 1 })
        expect(requests).toHaveLength(1)
      }
    })
  )

  const unseen: ReadonlyArray<readonly [string, Turn]> = [
    ["rejected unread", throttled],
    ["never sent", refused]
  ]

  it.effect.each(unseen)("when the attempt before was %s", ([, first]) =>
    Effect.gen(function* () {
      const { error, requests } = yield* runToFailure(revoke, {
        turns: [first, gone, as("revoked")],
        policy
      })
      expect(error).toMatchObject({ _tag: "ClerkNotFound", attempts: 2 })
      expect(requests).toMatchObject([post, post])
      expect(requests).toHaveLength(2)
    })
  )

  it.effect.each(operations.filter(({ name, kind }) => name !== "Sessions.revoke" && kind !== "once"))(
    "by $name",
    ({ run, method, path }) =>
      Effect.gen(function* () {
        const { error, requests } = yield* runToFailure(run, {
          turns: [lost, gone, as("revoked")],
          policy
        })
        expect(error).toMatchObject({ status: 404, attempts: 2 })
        expect(requests.map((seen) => [seen.method, seen.path])).toEqual([
          [method, path.join("/")],
          [method, path.join("/")]
        ])
      })
  )
})
