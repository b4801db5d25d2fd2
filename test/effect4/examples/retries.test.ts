import { assert, it } from "@effect/vitest"
import { Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { RequestPolicy, Sessions } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"

const revoked = ClerkTest.json(200, ClerkTest.session({ status: "revoked" }))

it.effect("waits for the time of `Retry-After`, then revokes", () =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(Sessions.revoke("sess_1"))
    yield* TestClock.adjust("20 seconds")
    assert.strictEqual((yield* Fiber.join(fiber)).status, "revoked")

    const [first = 0, second = 0] = yield* ClerkTest.times
    assert.isAtLeast(second - first, Duration.toMillis("7 seconds"))
    yield* ClerkTest.expectRequests(["Sessions.revoke", "Sessions.revoke"])
  }).pipe(
    Effect.provide(
      ClerkTest.layer(
        ClerkTest.sequence([
          ClerkTest.errorResponse(429, "too_many_requests", { headers: { "retry-after": "7" } }),
          revoked
        ]),
        { policy: RequestPolicy.standard }
      )
    )
  )
)

it.effect("creates no second session when the response to the first request was lost", () =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(Sessions.create({ userId: "user_1" }))
    assert.strictEqual(error._tag, "ClerkTransportError")
    yield* ClerkTest.expectRequests(["Sessions.create"])
  }).pipe(Effect.provide(ClerkTest.layer(ClerkTest.fault("reset"), { policy: RequestPolicy.standard })))
)

it.effect("fails after ten seconds without a response", () =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(Effect.flip(RequestPolicy.noRetry(Sessions.get("sess_1"))))
    yield* TestClock.adjust("10 seconds")
    assert.strictEqual((yield* Fiber.join(fiber))._tag, "ClerkTimeout")
  }).pipe(Effect.provide(ClerkTest.layer(ClerkTest.never, { policy: RequestPolicy.standard })))
)
