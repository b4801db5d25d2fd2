import { assert, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { ClerkHttp, Sessions } from "effect-clerk"
import { ClerkEmulator, ClerkTest, DEFAULT_SECRET_KEY } from "effect-clerk/testing"

/** The code under test, which describes where a user is signed in. */
class Devices extends Context.Service<Devices>()("Devices", {
  make: Effect.gen(function* () {
    const sessions = yield* Sessions.client
    return {
      list: (userId: string) =>
        Effect.map(sessions.list({ userId, status: "active", limit: 50 }), ({ data }) =>
          data.map(({ latestActivity: at }) => `${at?.browserName ?? "?"} in ${at?.city ?? "?"}`)
        )
    }
  })
}) {
  static readonly layer = Layer.effect(Devices, Devices.make)
}

// With ClerkTest: which request does the code send, and how does it use this response?
const oneSession = ClerkTest.routes({
  "Sessions.list": ClerkTest.json(200, ClerkTest.page([ClerkTest.session({ latest_activity: null })]))
})

it.effect("lists the active sessions, and leaves out fields that Clerk does not have", () =>
  Effect.gen(function* () {
    const devices = yield* Devices
    assert.deepStrictEqual(yield* devices.list("user_1"), ["? in ?"])
    yield* ClerkTest.expectRequests([
      {
        operation: "Sessions.list",
        query: { user_id: "user_1", status: "active", limit: 50, paginated: true }
      }
    ])
  }).pipe(Effect.provide(Devices.layer), Effect.provide(ClerkTest.layer(oneSession)))
)

// With ClerkEmulator: which devices does a user see after signing in and out?
const Clerk = ClerkHttp.layer({ secretKey: DEFAULT_SECRET_KEY }).pipe(
  Layer.provide(ClerkEmulator.layerHttpClient),
  Layer.provideMerge(ClerkEmulator.layer({ seed: { users: [{ id: "user_1" }] } }))
)

it.effect("lists the devices without the one that was signed out", () =>
  Effect.gen(function* () {
    const clerk = yield* ClerkEmulator
    const devices = yield* Devices
    const laptop = yield* clerk.signIn("user_1", { activity: { browserName: "Firefox", city: "Lima" } })
    yield* clerk.signIn("user_1", { activity: { browserName: "Safari", city: "Oslo" } })
    assert.deepStrictEqual(yield* devices.list("user_1"), ["Safari in Oslo", "Firefox in Lima"])

    yield* Sessions.revoke(laptop.session.id)
    assert.deepStrictEqual(yield* devices.list("user_1"), ["Safari in Oslo"])
  }).pipe(Effect.provide(Devices.layer), Effect.provide(Clerk))
)
