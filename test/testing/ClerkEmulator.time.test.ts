import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, Sessions, SessionTokens, SigningKeys } from "effect-clerk"
import { ClerkEmulator, DEFAULT_SECRET_KEY } from "effect-clerk/testing"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"

const stage = SigningKeys.layerJwks.pipe(
  Layer.provideMerge(ClerkHttp.layer({ secretKey: DEFAULT_SECRET_KEY })),
  Layer.provide(ClerkEmulator.layerHttpClient),
  Layer.provideMerge(ClerkEmulator.layer({ sessionLifetime: "7 days" }))
)

const someone = Effect.gen(function* () {
  yield* TestClock.setTime(Date.UTC(2026, 0, 1))
  const clerk = yield* ClerkEmulator
  const user = yield* clerk.createUser()
  return yield* clerk.signIn(user.id)
})

describe("when a test moves its clock", () => {
  it.effect("sessions expire after their week, and are abandoned a month later", () =>
    Effect.gen(function* () {
      const { session } = yield* someone
      const status = Effect.map(Sessions.get(session.id), ({ status }) => status)
      yield* TestClock.adjust("6 days")
      expect(yield* status).toBe("active")
      yield* TestClock.adjust("1 day")
      expect(yield* status).toBe("expired")
      yield* TestClock.adjust("30 days")
      expect(yield* status).toBe("abandoned")
    }).pipe(Effect.provide(stage))
  )

  it.effect("every operation works between two milliseconds, where the wait before a retry can end", () =>
    Effect.gen(function* () {
      const { origin, refreshToken, session, sessionToken, user } = yield* Effect.andThen(
        TestClock.setTime(Date.UTC(2026, 0, 1) + 0.5),
        Effect.gen(function* () {
          const clerk = yield* ClerkEmulator
          const user = yield* clerk.createUser()
          return { ...(yield* clerk.signIn(user.id)), user }
        })
      )
      yield* TestClock.adjust("1 second")
      yield* Sessions.get(session.id)
      yield* Sessions.list({ userId: user.id })
      yield* Sessions.refresh(session.id, { expiredToken: sessionToken, refreshToken, requestOrigin: origin })
      const { jwt } = yield* Sessions.createToken(session.id)
      expect((yield* SessionTokens.verify(jwt)).sessionId).toBe(session.id)
      const created = yield* Sessions.create({ userId: user.id })
      expect((yield* Sessions.revoke(created.id)).status).toBe("revoked")
      const clerk = yield* ClerkEmulator
      expect((yield* clerk.requests).filter(({ at }) => !Number.isInteger(at))).toEqual([])
    }).pipe(Effect.provide(stage))
  )

  it.effect("tokens expire after their minute and the five seconds of clock skew", () =>
    Effect.gen(function* () {
      const { sessionToken } = yield* someone
      yield* TestClock.adjust("64 seconds")
      yield* SessionTokens.verify(sessionToken)
      yield* TestClock.adjust("1 second")
      const error = yield* Effect.flip(SessionTokens.verify(sessionToken))
      expect(error).toMatchObject({ _tag: "ClerkTokenError", reason: "exp", isExpired: true })
    }).pipe(Effect.provide(stage))
  )

  it.effect("a browser's expired token is exchanged, until it is a day old", () =>
    Effect.gen(function* () {
      const { origin, refreshToken, session, sessionToken } = yield* someone
      const params = { expiredToken: sessionToken, refreshToken, requestOrigin: origin }
      yield* TestClock.adjust("1 hour")
      const { jwt } = yield* Sessions.refresh(session.id, params)
      expect((yield* SessionTokens.verify(jwt)).sessionId).toBe(session.id)
      yield* TestClock.adjust("25 hours")
      const error = yield* Effect.flip(
        Sessions.refresh(session.id, { ...params, expiredToken: Redacted.value(jwt) })
      )
      expect(error).toMatchObject({
        _tag: "ClerkUnauthorized",
        errors: [{ code: "session_refresh_expired_session_token_too_old" }]
      })
    }).pipe(Effect.provide(stage))
  )
})
