import * as Effect from "effect/Effect"
import type { ClerkHttp, ClerkResponse } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"

/** Runs calls against a Clerk that always sends this response. */
export const answering =
  (answer: ClerkResponse) =>
  <A, E>(self: Effect.Effect<A, E, ClerkHttp>): Effect.Effect<A, E> =>
    Effect.provide(
      self,
      ClerkTest.layer(() => answer)
    )

/** The error of a call with this response. */
export const failureWhen = <A, E>(self: Effect.Effect<A, E, ClerkHttp>, answer: ClerkResponse) =>
  Effect.flip(answering(answer)(self))
