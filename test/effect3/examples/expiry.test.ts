import { assert, it } from "@effect/vitest"
import { Effect, Layer, TestClock } from "effect"
import { ClerkHttp, Sessions, SessionTokens, SigningKeys } from "effect-clerk"
import { ClerkEmulator, DEFAULT_SECRET_KEY } from "effect-clerk/testing"

const Clerk = SigningKeys.layerJwks.pipe(
  Layer.provideMerge(ClerkHttp.layer({ secretKey: DEFAULT_SECRET_KEY })),
  Layer.provide(ClerkEmulator.layerHttpClient),
  Layer.provideMerge(ClerkEmulator.layer({ sessionLifetime: "7 days", seed: { users: [{ id: "user_1" }] } }))
)

it.effect("a token is valid for a minute, its session for a week", () =>
  Effect.gen(function* () {
    yield* TestClock.setTime(Date.UTC(2026, 0, 1))
    const clerk = yield* ClerkEmulator
    const { session, sessionToken } = yield* clerk.signIn("user_1")
    assert.strictEqual((yield* SessionTokens.verify(sessionToken)).userId, "user_1")

    yield* TestClock.adjust("2 minutes")
    const error = yield* Effect.flip(SessionTokens.verify(sessionToken))
    assert.isTrue(error._tag === "ClerkTokenError" && error.isExpired)
    const { jwt } = yield* Sessions.createToken(session.id)
    assert.strictEqual((yield* SessionTokens.verify(jwt)).sessionId, session.id)

    yield* TestClock.adjust("7 days")
    assert.strictEqual((yield* Sessions.get(session.id)).status, "expired")
    assert.strictEqual((yield* Effect.flip(Sessions.createToken(session.id)))._tag, "ClerkNotFound")
  }).pipe(Effect.provide(Clerk))
)
