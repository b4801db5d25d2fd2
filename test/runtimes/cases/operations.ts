import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { ClerkHttp, Sessions } from "effect-clerk"
import { ClerkEmulator, DEFAULT_SECRET_KEY } from "effect-clerk/testing"
import { type Case, expectMatch, expectThat, outcomeOf } from "../support/check.js"
import type { Clerk } from "../support/manifest.js"
import type { Setting } from "../support/setting.js"

type Facts = Omit<Clerk, "url" | "secretKey">

/** Runs every operation, one after the other, and checks its value. */
const walk = ({ browser, template, userId }: Facts) =>
  Effect.gen(function* () {
    const first = yield* Sessions.create({ userId })
    const second = yield* Sessions.create({ userId })
    yield* expectMatch(first, { status: "active", userId })
    yield* expectMatch(yield* Sessions.get(first.id), { id: first.id, status: "active" })

    const page = yield* Sessions.list({ userId, status: "active", limit: 2 })
    yield* expectMatch(page.data.map(({ id }) => id).sort(), [first.id, second.id].sort(), "the page")
    const all = yield* Sessions.stream({ userId, limit: 1 }).pipe(Stream.runCollect)
    yield* expectThat(Array.from(all).length >= 3, "the stream stops before the end")

    const { jwt } = yield* Sessions.createToken(first.id)
    yield* expectThat(Redacted.value(jwt).split(".").length === 3, "createToken returns no token")
    yield* expectMatch(yield* Sessions.createTokenFromTemplate(first.id, template), { object: "token" })
    yield* expectMatch(yield* Sessions.verify(first.id, { token: jwt }), { id: first.id })

    const { expiredToken, origin, refreshToken, sessionId } = browser
    const refreshed = yield* Sessions.refresh(sessionId, {
      expiredToken,
      refreshToken,
      requestOrigin: origin,
      requestHeaders: { "User-Agent": "conformance" }
    })
    yield* expectThat(Redacted.value(refreshed.jwt) !== expiredToken, "refresh returns the old token")

    yield* expectMatch(yield* Sessions.revoke(first.id), { id: first.id, status: "revoked" })
    yield* expectMatch(yield* Sessions.get(first.id), { status: "revoked" })
  })

const refusals = (template: string) =>
  Effect.gen(function* () {
    yield* expectMatch(yield* outcomeOf(Sessions.get("sess_nobody")), {
      _tag: "ClerkNotFound",
      status: 404,
      errors: [{ code: "resource_not_found" }],
      operation: "Sessions.get",
      attempts: 1
    })
    yield* expectMatch(yield* outcomeOf(Sessions.createTokenFromTemplate("sess_nobody", template)), {
      _tag: "ClerkNotFound"
    })
    yield* expectMatch(yield* outcomeOf(Sessions.get("../users")), {
      _tag: "ClerkInvalidRequest",
      field: "id"
    })
  })

/** The same Clerk within the runtime under test. */
const inProcess = Effect.gen(function* () {
  const clerk = yield* ClerkEmulator
  const { id: userId } = yield* clerk.createUser()
  yield* clerk.createTemplate({ name: "api" })
  const { origin, refreshToken, session, sessionToken } = yield* clerk.signIn(userId, { age: "2 minutes" })
  yield* walk({
    userId,
    template: "api",
    browser: { sessionId: session.id, expiredToken: sessionToken, refreshToken, origin }
  })
}).pipe(
  Effect.provide(
    ClerkHttp.layer({ secretKey: DEFAULT_SECRET_KEY }).pipe(
      Layer.provide(ClerkEmulator.layerHttpClient),
      Layer.provideMerge(ClerkEmulator.layer())
    )
  )
)

export const operations = ({ clerk }: Setting): ReadonlyArray<Case> => {
  const over = (secretKey: string) =>
    Effect.provide(ClerkHttp.layerFetch({ apiUrl: clerk.url, secretKey: Redacted.make(secretKey) }))
  return [
    { name: "every operation has its effect", run: walk(clerk).pipe(over(clerk.secretKey)) },
    {
      name: "Clerk's error responses are typed errors",
      run: refusals(clerk.template).pipe(over(clerk.secretKey))
    },
    {
      name: "an invalid secret key is ClerkUnauthorized",
      run: Effect.flatMap(outcomeOf(Sessions.list({ userId: clerk.userId })), (error) =>
        expectMatch(error, { _tag: "ClerkUnauthorized", status: 401 })
      ).pipe(over("sk_test_wrong"))
    },
    {
      name: "without a key in the environment there is no client",
      run: Effect.flatMap(outcomeOf(Effect.scoped(Layer.build(ClerkHttp.layerDefault))), (error) =>
        expectMatch(error, { _tag: "ClerkConfigError", setting: "secretKey" })
      )
    },
    { name: "the in-memory Clerk runs in process", run: inProcess }
  ]
}
