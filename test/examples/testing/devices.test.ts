import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { ClerkHttp, Sessions } from "effect-clerk"
import { ClerkEmulator, ClerkTest, DEFAULT_SECRET_KEY } from "effect-clerk/testing"

/** What is tested: where somebody is signed in, in words. */
class Devices extends Effect.Service<Devices>()("Devices", {
  effect: Effect.gen(function* () {
    const http = yield* ClerkHttp
    return {
      list: (userId: string) =>
        Sessions.list({ userId, status: "active", limit: 50 }).pipe(
          Effect.map(({ data }) =>
            data.map(({ latestActivity: at }) => `${at?.browserName ?? "?"} in ${at?.city ?? "?"}`)
          ),
          Effect.provideService(ClerkHttp, http)
        )
    }
  })
}) {}

// With ClerkTest: which request is made, and what is made of this answer?
const oneSession = ClerkTest.routes({
  "Sessions.list": ClerkTest.json(200, ClerkTest.page([ClerkTest.session({ latest_activity: null })]))
})

it.effect("asks for the active sessions, and does without what Clerk does not know", () =>
  Effect.gen(function* () {
    const devices = yield* Devices
    assert.deepStrictEqual(yield* devices.list("user_1"), ["? in ?"])
    yield* ClerkTest.expectRequests([
      {
        operation: "Sessions.list",
        query: { user_id: "user_1", status: "active", limit: 50, paginated: true }
      }
    ])
  }).pipe(Effect.provide(Devices.Default), Effect.provide(ClerkTest.layer(oneSession)))
)

// With ClerkEmulator: what does a user see who signs in and out?
const Clerk = ClerkHttp.layer({ secretKey: DEFAULT_SECRET_KEY }).pipe(
  Layer.provide(ClerkEmulator.layerHttpClient),
  Layer.provideMerge(ClerkEmulator.layer({ seed: { users: [{ id: "user_1" }] } }))
)

it.effect("lists the devices, and no longer the one that was signed out", () =>
  Effect.gen(function* () {
    const clerk = yield* ClerkEmulator
    const devices = yield* Devices
    const laptop = yield* clerk.signIn("user_1", { activity: { browserName: "Firefox", city: "Lima" } })
    yield* clerk.signIn("user_1", { activity: { browserName: "Safari", city: "Oslo" } })
    assert.deepStrictEqual(yield* devices.list("user_1"), ["Safari in Oslo", "Firefox in Lima"])

    yield* Sessions.revoke(laptop.session.id)
    assert.deepStrictEqual(yield* devices.list("user_1"), ["Safari in Oslo"])
  }).pipe(Effect.provide(Devices.Default), Effect.provide(Clerk))
)
