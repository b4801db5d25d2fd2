import * as Effect from "effect/Effect"
import { type ClerkHttp, Sessions } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { expect } from "#test/vitest.js"
import { refreshParams } from "./operations.js"

/** Passes any value, as callers without types can. */
export const untyped = <A>(value: unknown): A => value as A

export type Call = Effect.Effect<unknown, unknown, ClerkHttp>

export const refreshWith = (params: object): Call =>
  Sessions.refresh("sess_1", untyped({ ...refreshParams, ...params }))

export const listWith = (params: object): Call => Sessions.list(untyped({ userId: "user_1", ...params }))

export const idRule = "must be 1 to 128 letters, digits, underscores or hyphens"

/** The one request of a call with valid input. */
export const accepted = (call: Call) =>
  Effect.gen(function* () {
    yield* Effect.ignore(call)
    const requests = yield* ClerkTest.requests
    expect(requests).toHaveLength(1)
    return requests[0]
  }).pipe(Effect.provide(ClerkTest.layer(() => ClerkTest.json(401, {}))))

/** An effect of a promise, which fails with what the promise rejects with. */
export const attempt = <A>(promise: () => Promise<A>): Effect.Effect<A, unknown> =>
  Effect.tryPromise({ try: promise, catch: (error) => error })
