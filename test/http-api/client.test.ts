import { DateTime, Duration, Effect, Equal, Layer, Schema } from "effect"
import { ClerkAccessDenied, ClerkKeysUnavailable, ClerkTokenError, SigningKeys } from "effect-clerk"
import { ClerkAuth, CurrentSession } from "effect-clerk/http-api"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "#test/http.js"
import { get, HttpApi, HttpApiClient, HttpApiGroup, layerApi, layerGroup, serveApi } from "#test/httpApi.js"
import { describe, expect, it } from "#test/vitest.js"
import { Api, apiLive } from "../support/protectedApi.js"
import { app, clerkWithKeys, newUser, overSocket, portOf, standard } from "../support/protectedServers.js"

/** The layers with which a derived client sends requests to a server with a token. */
const to = (baseUrl: string, token?: string) => ({
  baseUrl,
  transformClient: HttpClient.mapRequest((request) =>
    token === undefined ? request : HttpClientRequest.bearerToken(request, token)
  )
})

const clientOf = (url: string, token?: string) =>
  Effect.provide(HttpApiClient.make(Api, to(url, token)), FetchHttpClient.layer)

const served = (keys: Layer.Layer<SigningKeys>) =>
  Effect.map(portOf(serveApi(Layer.provide(apiLive(standard), keys))), (port) => `http://127.0.0.1:${port}`)

describe("the client that is derived from an API", () => {
  it.live("decodes the rejection of a token as its error, with the fields", () =>
    Effect.gen(function* () {
      const { clerk, keys } = yield* clerkWithKeys()
      const url = yield* served(keys)
      const user = yield* newUser(clerk)
      const expired = yield* clerk.mintSessionToken(user.sessionId, { origin: app, age: "5 minutes" })

      const missing = yield* Effect.flip((yield* clientOf(url)).account.me())
      expect(missing).toBeInstanceOf(ClerkTokenError)
      expect(missing).toEqual(new ClerkTokenError({ reason: "missing" }))

      const error = yield* Effect.flip((yield* clientOf(url, expired)).account.me())
      if (!(error instanceof ClerkTokenError)) throw error
      expect(error.reason).toBe("exp")
      expect(error.isExpired).toBe(true)
      expect(error.message).toMatch(
        /^Token rejected \(exp\): it expired at \d{4}-.*, and the clock here reads \d{4}-/
      )
      expect(DateTime.isDateTime(error.expiresAt)).toBe(true)
      expect(Equal.equals(error.clockSkew, Duration.seconds(5))).toBe(true)
      expect(error.expected).toBeUndefined()

      expect(yield* (yield* clientOf(url, user.token)).account.me()).toBe(user.id)
    })
  )

  it.live("decodes a 403 as the requirements that are not met", () =>
    Effect.gen(function* () {
      const { clerk, keys } = yield* clerkWithKeys()
      const client = yield* clientOf(yield* served(keys), (yield* newUser(clerk)).token)
      const error = yield* Effect.flip(client.teams.vault())
      expect(error).toBeInstanceOf(ClerkAccessDenied)
      expect(error).toEqual(new ClerkAccessDenied({ missing: ["role"] }))
    })
  )

  it.live("decodes a 503 as unavailable keys, also where signing in is optional", () =>
    Effect.gen(function* () {
      const { clerk } = yield* clerkWithKeys()
      const unavailable = new ClerkKeysUnavailable({
        reason: "failing",
        failure: "ClerkServerError",
        retryAfter: Duration.seconds(30),
        retryable: true
      })
      const url = yield* served(Layer.succeed(SigningKeys, { find: () => Effect.fail(unavailable) }))
      const client = yield* clientOf(url, (yield* newUser(clerk)).token)
      for (const call of [client.account.me(), client.visitors.visit(), client.teams.teams()]) {
        const error = yield* Effect.flip(call)
        expect(error).toBeInstanceOf(ClerkKeysUnavailable)
        expect(error).toEqual(unavailable)
        expect(Equal.equals((error as ClerkKeysUnavailable).retryAfter, Duration.seconds(30))).toBe(true)
      }
    })
  )
})

describe("a middleware of the whole API", () => {
  class Note extends HttpApiGroup.make("notes").add(get("read", "/notes", Schema.String)) {}
  class Guarded extends HttpApi.make("guarded").add(Note).middleware(ClerkAuth) {}

  it.live("protects every endpoint, and its errors are decoded and have their headers", () =>
    Effect.gen(function* () {
      const { clerk, keys } = yield* clerkWithKeys()
      const user = yield* newUser(clerk)
      const live = layerApi(Guarded).pipe(
        Layer.provide(
          layerGroup(Guarded, "notes", (handlers) =>
            handlers.handle("read", () => Effect.map(CurrentSession, ({ userId }) => userId))
          )
        ),
        Layer.provide(ClerkAuth.layer(standard)),
        Layer.provide(keys)
      )
      const port = yield* portOf(serveApi(live))
      const client = (token?: string) => HttpApiClient.make(Guarded, to(`http://127.0.0.1:${port}`, token))
      const error = yield* Effect.flip((yield* client()).notes.read())
      expect(error).toBeInstanceOf(ClerkTokenError)
      expect(error).toEqual(new ClerkTokenError({ reason: "missing" }))
      expect(yield* (yield* client(user.token)).notes.read()).toBe(user.id)
      const { headers } = yield* overSocket(port)("GET /notes")
      expect(headers["www-authenticate"]).toBe('Bearer realm="clerk"')
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )
})
