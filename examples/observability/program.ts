/**
 * A small account service. It does not depend on OpenTelemetry. The span around each request is Effect's own, and the
 * spans of Clerk's calls are its children.
 */
import { Effect, Stream } from "effect"
import { Sessions, SessionTokens } from "effect-clerk"
import { ClerkEmulator, DEFAULT_ORIGIN } from "effect-clerk/testing"

const server = { kind: "server", captureStackTrace: false } as const

/** Returns the user, if the session is still active. */
const account = (token: string) =>
  SessionTokens.verify(token, { authorizedParties: [DEFAULT_ORIGIN] }).pipe(
    Effect.flatMap((claims) => Sessions.get(claims.sessionId)),
    Effect.map((session) => session.status),
    Effect.withSpan("GET /account", server)
  )

const devices = (userId: string) =>
  Stream.runCount(Sessions.stream({ userId, status: "active" })).pipe(Effect.withSpan("GET /devices", server))

const device = (sessionId: string) =>
  Sessions.get(sessionId).pipe(
    Effect.map((session) => session.status),
    Effect.withSpan("GET /devices/:id", server)
  )

const signOut = (sessionId: string) =>
  Sessions.revoke(sessionId).pipe(Effect.withSpan("POST /sign-out", server))

/** The values that must not be in a trace or a metric. */
export interface Confidential {
  readonly [name: string]: string
}

/** Six requests: two that succeed, one of them at the second attempt, three that fail, and a sign-out. */
export const aShortDay = Effect.gen(function* () {
  const clerk = yield* ClerkEmulator
  const user = yield* clerk.createUser()
  const browser = yield* clerk.signIn(user.id)
  const expired = yield* clerk.mintSessionToken(browser.session.id, {
    origin: browser.origin,
    age: "1 hour"
  })
  const forgotten = "sess_2hRq9XbNf0aVdKzL3mTyPwUe"

  yield* account(browser.sessionToken)

  yield* clerk.respondNext({ status: 503 })
  yield* account(browser.sessionToken)

  yield* Effect.flip(account(expired))

  yield* Effect.flip(device(forgotten))

  yield* clerk.respondNext({ status: 429, headers: { "retry-after": "3600" } })
  yield* Effect.flip(devices(user.id))

  yield* signOut(browser.session.id)

  const confidential: Confidential = {
    user: user.id,
    session: browser.session.id,
    "unknown session": forgotten,
    client: browser.session.clientId,
    token: browser.sessionToken,
    "expired token": expired,
    "refresh token": browser.refreshToken
  }
  return confidential
})
