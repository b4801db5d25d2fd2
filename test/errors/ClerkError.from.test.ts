import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import {
  ClerkConfigError,
  ClerkConflict,
  ClerkError,
  ClerkHttp,
  ClerkNotFound,
  ClerkRateLimited,
  ClerkTimeout,
  Sessions
} from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { interrupt, isRejectionOf, parallel, rejectsWithCause, sequential } from "#test/cause.js"
import { variables, withConfigProvider } from "#test/config.js"
import { describe, expect, it } from "#test/vitest.js"

const locked = new ClerkConflict({ status: 409, errors: [{ code: "resource_locked" }], retryable: true })
const lost = new ClerkNotFound({ status: 404, errors: [{ code: "resource_not_found" }] })

/** The reason with which a promise rejects. */
const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => {
      throw new Error("the promise was fulfilled")
    },
    (reason: unknown) => reason
  )

const thrownBy = (run: () => unknown): unknown => {
  try {
    run()
  } catch (thrown) {
    return thrown
  }
  throw new Error("nothing was thrown")
}

const failureOf = (cause: Cause.Cause<unknown>) => rejection(Effect.runPromise(Effect.failCause(cause)))

const isLocked = (u: unknown) => {
  expect(ClerkError.from(u)).toBe(locked)
  expect(ClerkError.is(u)).toBe(true)
  expect(ClerkError.isRetryable(u)).toBe(true)
  expect(ClerkError.hasCode(u, "resource_locked")).toBe(true)
  expect(ClerkError.hasCode(u, "resource_not_found")).toBe(false)
}

describe("ClerkError finds its error in", () => {
  it("a rejection of runPromise", async () => {
    const rejected = await rejection(Effect.runPromise(Effect.fail(locked)))
    expect(isRejectionOf(rejected, locked)).toBe(true)
    isLocked(rejected)
  })

  it("a rejection of runPromise of a call", async () => {
    const rejected = await rejection(
      Effect.runPromise(
        Effect.provide(
          Sessions.get("sess_1"),
          ClerkTest.layer(ClerkTest.errorResponse(404, "resource_not_found", { traceId: "trace_1" }))
        )
      )
    )
    expect(ClerkError.from(rejected)).toMatchObject({ _tag: "ClerkNotFound", traceId: "trace_1" })
    expect(ClerkError.hasCode(rejected, "resource_not_found")).toBe(true)
    expect(ClerkError.isRetryable(rejected)).toBe(false)
  })

  it("an error that runSync throws", () => isLocked(thrownBy(() => Effect.runSync(Effect.fail(locked)))))

  it("a rejection of a managed runtime, for a call and for a layer that cannot be built", async () => {
    const good = ManagedRuntime.make(ClerkTest.layer(ClerkTest.errorResponse(409, "resource_locked")))
    const ofCall = await rejection(good.runPromise(Sessions.revoke("sess_1")))
    expect(ClerkError.hasCode(ofCall, "resource_locked")).toBe(true)
    await good.dispose()
    const bad = ManagedRuntime.make(ClerkHttp.layerFetch({ secretKey: Redacted.make("") }))
    const ofLayer = await rejection(bad.runPromise(Sessions.get("sess_1")))
    expect(ClerkError.from(ofLayer)).toBeInstanceOf(ClerkConfigError)
    await bad.dispose()
  })

  it("a cause and a failed exit", () => {
    isLocked(Cause.fail(locked))
    isLocked(Exit.fail(locked))
    isLocked(Exit.die(locked))
    isLocked(Effect.runSyncExit(Effect.fail(locked)))
  })

  it("a failure that was wrapped more than once", async () => {
    const inner = await rejection(Effect.runPromise(Effect.fail(locked)))
    isLocked(await rejection(Effect.runPromise(Effect.fail(inner))))
    isLocked(await rejection(Effect.runPromise(Effect.promise(() => Promise.reject(inner)))))
    isLocked(await failureOf(Cause.die(Cause.fail(locked))))
  })

  it.each<readonly [string, Cause.Cause<unknown>]>([
    ["beside another failure", parallel(Cause.fail("other"), Cause.fail(locked))],
    ["before another of this library", sequential(Cause.fail(locked), Cause.fail(lost))],
    ["before a defect", sequential(Cause.die(lost), Cause.fail(locked))],
    ["after an interruption", parallel(interrupt, Cause.fail(locked))],
    ["as a defect", Cause.die(locked)],
    ["as a defect beside another failure", parallel(Cause.fail(new Error("other")), Cause.die(locked))],
    [
      "in a deep cause",
      parallel(Cause.empty, sequential(parallel(Cause.fail(1), Cause.fail(locked)), Cause.fail(lost)))
    ]
  ])("a cause that holds it %s", async (_, cause) => {
    isLocked(cause)
    const rejected = await failureOf(cause)
    if (rejectsWithCause || rejected === locked) isLocked(rejected)
    // The promise of an effect that fails with another error first.
    else expect(rejected).toBe(Cause.squash(cause))
  })

  it("a rejection of a bare call without a key in the environment", async () => {
    const bare: Effect.Effect<unknown, unknown> = Sessions.get("sess_1")
    const rejected = await rejection(Effect.runPromise(withConfigProvider(variables({}))(bare)))
    expect(ClerkError.from(rejected)).toMatchObject({
      _tag: "ClerkConfigError",
      variable: "CLERK_SECRET_KEY"
    })
    expect(ClerkError.isRetryable(rejected)).toBe(false)
  })
})

describe("ClerkError finds no error of its own in", () => {
  it("values without one", async () => {
    const others: ReadonlyArray<unknown> = [
      undefined,
      null,
      "ClerkNotFound",
      5,
      {},
      [],
      [locked],
      { _tag: "ClerkNotFound" },
      { _tag: "Fail", error: locked },
      { cause: locked },
      new Error("wrapped", { cause: locked }),
      Effect.suspend(() => Effect.fail(locked)),
      Exit.succeed(locked),
      Cause.empty,
      interrupt,
      parallel(Cause.fail("other"), Cause.die(new Error("other"))),
      await rejection(Effect.runPromise(Effect.fail("other"))),
      await rejection(Effect.runPromise(Effect.interrupt)),
      await failureOf(Cause.empty)
    ]
    for (const other of others) {
      expect(ClerkError.from(other)).toBeUndefined()
      expect(ClerkError.is(other)).toBe(false)
      expect(ClerkError.isRetryable(other)).toBe(false)
      expect(ClerkError.hasCode(other, "resource_locked")).toBe(false)
    }
  })

  it.effect("a mock, which seems to have every member", () =>
    Effect.gen(function* () {
      const http = yield* ClerkHttp
      expect(ClerkError.from(http)).toBeUndefined()
    }).pipe(Effect.provide(Layer.mock(ClerkHttp, { execute: () => Effect.die("unused") })))
  )
})

describe("ClerkError decides", () => {
  it.effect("which errors of an effect are caught and which attempts are retried", () =>
    Effect.gen(function* () {
      const limited = new ClerkRateLimited({ status: 429, errors: [], retryable: true })
      const failures = [limited, new ClerkTimeout({ phase: "deadline", sent: "maybe" })]
      let runs = 0
      const failing = Effect.suspend(() => Effect.fail(failures[Math.min(runs++, 1)] ?? limited))
      const error = yield* Effect.flip(Effect.retry(failing, { while: ClerkError.isRetryable, times: 5 }))
      expect([error._tag, runs]).toEqual(["ClerkTimeout", 2])
      const caught = yield* Effect.catchIf(Effect.fail(lost), ClerkError.is, (each) =>
        Effect.succeed(ClerkError.from(each)?.message)
      )
      expect(caught).toBe(lost.message)
    })
  )
})
