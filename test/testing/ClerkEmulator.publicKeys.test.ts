import { createServer } from "node:http"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ClerkEmulator } from "effect-clerk/testing"
import { HttpClient } from "#test/http.js"
import { HttpServer } from "#test/httpServer.js"
import { NodeHttpServer } from "#test/node.js"
import { describe, expect, it } from "#test/vitest.js"
import { ask, outcome } from "./ClerkEmulator.support.js"

const path = "/.well-known/jwks.json"

describe("the Frontend API's key set", () => {
  it.effect("is served without a secret key, with any API version of the request", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      for (const headers of [
        { authorization: undefined },
        { authorization: "Bearer sk_test_other" },
        { authorization: undefined, "clerk-api-version": "1999-01-01" }
      ]) {
        const answer = yield* ask(clerk, `GET ${path}`, { headers })
        expect([answer.status, answer.json]).toEqual([200, clerk.jwks])
        expect(answer.headers).toMatchObject({
          "content-type": "application/json",
          "access-control-allow-origin": "*"
        })
      }
      const backend = yield* ask(clerk, "GET /v1/jwks")
      expect(backend.headers).not.toHaveProperty("access-control-allow-origin")
      expect(yield* outcome(clerk, `POST ${path}`, { headers: { authorization: undefined } })).toBe(
        "405 method_not_allowed"
      )
    })
  )

  it.effect("follows a rotation of the keys, and is recorded and has faults as SigningKeys.jwks", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      const kid = yield* clerk.rotateKey({ removePrevious: true })
      yield* clerk.respondNext({ operation: "SigningKeys.jwks", status: 503, body: "{}" })
      expect((yield* ask(clerk, `GET ${path}`)).status).toBe(503)
      expect((yield* ask(clerk, `GET ${path}`)).json).toMatchObject({ keys: [{ kid }] })
      yield* clerk.expectRequests([
        { operation: "SigningKeys.jwks", path: [".well-known", "jwks.json"] },
        { operation: "SigningKeys.jwks", path }
      ])
    })
  )

  it.effect("reaches an HttpClient in process", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const response = yield* HttpClient.get(`https://clerk.emulator.test${path}`)
      expect(yield* response.json).toEqual(clerk.jwks)
    }).pipe(Effect.provide(Layer.provideMerge(ClerkEmulator.layerHttpClient, ClerkEmulator.layer())))
  )

  it.live("reaches fetch on a socket", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const url = yield* HttpServer.addressFormattedWith(Effect.succeed)
      const response = yield* Effect.promise(() => fetch(`${url}${path}`))
      expect(response.headers.get("access-control-allow-origin")).toBe("*")
      expect(yield* Effect.promise(() => response.json())).toEqual(clerk.jwks)
    }).pipe(
      Effect.provide(
        ClerkEmulator.layerServer.pipe(
          Layer.provideMerge(ClerkEmulator.layer()),
          Layer.provideMerge(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" }))
        )
      )
    )
  )
})
