import { Deferred, Effect, Fiber, Layer, Queue, Random, Ref } from "effect"
import { ClerkHttp, SigningKeys } from "effect-clerk"
import { ClerkEmulator } from "effect-clerk/testing"
import { fork } from "#test/fiber.js"
import { HttpClient } from "#test/http.js"
import { nextBetween } from "#test/random.js"
import { describe, expect, it } from "#test/vitest.js"
import { app, bearer, clerkWithKeys, cookie, newUser, outcome, stages } from "../support/protectedServers.js"

/** Keys that arrive after a delay, which differs each time. */
const dawdling = (keys: Layer.Layer<SigningKeys>) =>
  Layer.effect(
    SigningKeys,
    Effect.map(SigningKeys, ({ find }) => ({
      find: (kid: string | undefined) =>
        Effect.flatMap(nextBetween(0, 20), (millis) => Effect.delay(find(kid), millis))
    }))
  ).pipe(Layer.provide(keys))

describe.each(stages)("over $name", ({ serve }) => {
  it.live("a hundred concurrent users are each identified, with a cache of tokens", () =>
    Effect.gen(function* () {
      const { clerk, keys } = yield* clerkWithKeys()
      const options = { authorizedParties: [app], cache: { capacity: 10 } }
      const send = yield* serve(dawdling(keys), options)
      const users = yield* Effect.all(Array.from({ length: 100 }, () => newUser(clerk)))
      const requests = yield* Effect.forEach(users, ({ id, sessionId, token }, index) =>
        Effect.gen(function* () {
          const expired = yield* clerk.mintSessionToken(sessionId, { origin: app, age: "5 minutes" })
          const other = users[(index + 1) % users.length]?.token ?? ""
          const cases = [
            [bearer(token), `200 ${id}`],
            [cookie(token), `200 ${id}`],
            [{ ...bearer(token), ...cookie(other) }, `200 ${id}`],
            [bearer(expired), "401 exp"],
            [{ ...bearer("x"), ...cookie(token) }, "401 format"]
          ] as const
          return cases[index % cases.length] ?? cases[0]
        })
      )
      const outcomes = yield* Effect.forEach(
        yield* Random.shuffle(requests),
        ([headers, expected]) =>
          Effect.map(send("GET /me", headers), (response) => [outcome(response), expected]),
        { concurrency: "unbounded" }
      )
      for (const [actual, expected] of outcomes) expect(actual).toBe(expected)
      expect(outcomes).toHaveLength(100)
    })
  )
})

describe.each(stages.filter(({ name }) => name.endsWith("on a socket")))("over $name", ({ serve }) => {
  it.live("the server does not wait for a caller that disconnects while keys are fetched", () =>
    Effect.gen(function* () {
      const { clerk } = yield* clerkWithKeys()
      const { token } = yield* newUser(clerk)
      const asked = yield* Deferred.make<void>()
      const interrupted = yield* Deferred.make<void>()
      const send = yield* serve(
        Layer.succeed(SigningKeys, {
          find: () =>
            Effect.andThen(Deferred.succeed(asked, undefined), Effect.never).pipe(
              Effect.onInterrupt(() => Deferred.succeed(interrupted, undefined))
            )
        })
      )
      const caller = yield* fork(send("GET /me", bearer(token)))
      yield* Deferred.await(asked)
      yield* Fiber.interrupt(caller)
      yield* Effect.timeout(Deferred.await(interrupted), "5 seconds")
    })
  )

  it.live("other callers that wait for the same keys still get them", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      const { id, token } = yield* newUser(clerk)
      const fetches = yield* Ref.make(0)
      const go = yield* Deferred.make<void>()
      const slowly = Layer.effect(
        HttpClient.HttpClient,
        Effect.map(HttpClient.HttpClient, (client) =>
          HttpClient.transform(client, (response) =>
            Ref.update(fetches, (count) => count + 1).pipe(
              Effect.andThen(Deferred.await(go)),
              Effect.andThen(response)
            )
          )
        )
      )
      const jwks = SigningKeys.layerJwks.pipe(
        Layer.provide(ClerkHttp.layer({ secretKey: clerk.secretKey })),
        Layer.provide(slowly),
        Layer.provide(ClerkEmulator.layerHttpClient),
        Layer.provide(Layer.succeed(ClerkEmulator, clerk))
      )
      const { find } = yield* Effect.provide(SigningKeys, jwks)
      const waits = yield* Queue.unbounded<void>()
      const gone = yield* Deferred.make<void>()
      const send = yield* serve(
        Layer.succeed(SigningKeys, {
          find: (kid) =>
            Effect.andThen(Queue.offer(waits, undefined), find(kid)).pipe(
              Effect.onInterrupt(() => Deferred.succeed(gone, undefined))
            )
        })
      )
      const first = yield* fork(send("GET /me", bearer(token)))
      yield* Queue.take(waits)
      const second = yield* fork(send("GET /me", bearer(token)))
      yield* Queue.take(waits)
      yield* Fiber.interrupt(first)
      yield* Deferred.await(gone)
      yield* Deferred.succeed(go, undefined)
      expect(outcome(yield* Fiber.join(second))).toBe(`200 ${id}`)
      expect(yield* Ref.get(fetches)).toBe(1)
    })
  )
})
