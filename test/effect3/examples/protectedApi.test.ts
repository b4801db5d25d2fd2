import {
  HttpApi,
  HttpApiBuilder,
  HttpApiClient,
  HttpApiEndpoint,
  HttpApiGroup,
  HttpClient,
  HttpClientRequest,
  HttpLayerRouter
} from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Schema, TestClock } from "effect"
import { ClerkHttp, SigningKeys } from "effect-clerk"
import { ClerkAuth, CurrentSession } from "effect-clerk/http-api"
import { ClerkEmulator, DEFAULT_ORIGIN, DEFAULT_SECRET_KEY } from "effect-clerk/testing"

class Account extends HttpApiGroup.make("account")
  .add(HttpApiEndpoint.get("me")`/me`.addSuccess(Schema.Struct({ userId: Schema.String })))
  .middleware(ClerkAuth) {}

class Api extends HttpApi.make("api").add(Account) {}

const ApiLive = HttpLayerRouter.addHttpApi(Api).pipe(
  Layer.provide(
    HttpApiBuilder.group(Api, "account", (handlers) =>
      handlers.handle("me", () => Effect.map(CurrentSession, ({ userId }) => ({ userId })))
    )
  ),
  Layer.provide(ClerkAuth.layer({ authorizedParties: [DEFAULT_ORIGIN] }))
)

// The server fetches its keys from the emulator, as from Clerk.
const Stage = HttpLayerRouter.serve(ApiLive, { disableLogger: true }).pipe(
  Layer.provide(SigningKeys.layerJwks),
  Layer.provide(ClerkHttp.layer({ secretKey: DEFAULT_SECRET_KEY })),
  Layer.provide(ClerkEmulator.layerHttpClient),
  Layer.provideMerge(ClerkEmulator.layer({ seed: { users: [{ id: "user_1" }] } })),
  Layer.provideMerge(NodeHttpServer.layerTest)
)

const me = (token: string) =>
  Effect.flatMap(
    HttpApiClient.make(Api, {
      transformClient: HttpClient.mapRequest(HttpClientRequest.bearerToken(token))
    }),
    (client) => client.account.me()
  )

const reasonOf = (token: string) =>
  Effect.map(Effect.flip(me(token)), (error) =>
    error._tag === "ClerkTokenError" ? error.reason : error._tag
  )

it.scoped("identifies the user, and rejects every kind of invalid token", () =>
  Effect.gen(function* () {
    yield* TestClock.setTime(Date.UTC(2026, 0, 1))
    const clerk = yield* ClerkEmulator
    const { session, sessionToken } = yield* clerk.signIn("user_1")
    assert.deepStrictEqual(yield* me(sessionToken), { userId: "user_1" })

    const token = (options: Parameters<typeof clerk.mintToken>[0]) =>
      clerk.mintToken({ sessionId: session.id, origin: DEFAULT_ORIGIN, ...options })
    assert.strictEqual(yield* reasonOf(yield* token({ sign: "tampered" })), "signature")
    assert.strictEqual(yield* reasonOf(yield* token({ sign: "none" })), "format")
    assert.strictEqual(yield* reasonOf(yield* token({ origin: "https://other.example" })), "azp")

    yield* TestClock.adjust("2 minutes")
    assert.strictEqual(yield* reasonOf(sessionToken), "exp")
  }).pipe(Effect.provide(Stage))
)

it.scoped("responds with 503, not 401, while the keys are unavailable", () =>
  Effect.gen(function* () {
    const clerk = yield* ClerkEmulator
    const { sessionToken } = yield* clerk.signIn("user_1")
    yield* clerk.respondNext({ operation: "SigningKeys.jwks", status: 401 })
    assert.strictEqual((yield* Effect.flip(me(sessionToken)))._tag, "ClerkKeysUnavailable")
  }).pipe(Effect.provide(Stage))
)
