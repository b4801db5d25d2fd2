import { createServer } from "node:http"
import { DateTime, Duration, Effect, Layer, Redacted, Stream } from "effect"
import { type ClerkConfigError, ClerkError, ClerkHttp, type ClerkHttpOptions, Sessions } from "effect-clerk"
import { ClerkEmulator, type ClerkEmulatorOptions, DEFAULT_SECRET_KEY } from "effect-clerk/testing"
import * as Undici from "effect-clerk/Undici"
import { decodeJwt } from "jose"
import { FetchHttpClient, type HttpClient } from "#test/http.js"
import { HttpServer } from "#test/httpServer.js"
import { unwrap } from "#test/layers.js"
import { layerNodeHttp, layerUndici, NodeHttpServer } from "#test/node.js"
import { assert, describe, it } from "#test/vitest.js"

type Options = Omit<ClerkHttpOptions, "secretKey" | "apiUrl">
type Stage = (
  emulator?: ClerkEmulatorOptions,
  options?: Options
) => Layer.Layer<ClerkHttp | ClerkEmulator, ClerkConfigError>

const socket = (client: (options: ClerkHttpOptions) => Layer.Layer<ClerkHttp, ClerkConfigError>): Stage => {
  return (emulator, options) =>
    unwrap(
      HttpServer.addressFormattedWith((apiUrl) =>
        Effect.succeed(client({ ...options, apiUrl, secretKey: DEFAULT_SECRET_KEY }))
      )
    ).pipe(
      Layer.provideMerge(ClerkEmulator.layerServer),
      Layer.provideMerge(ClerkEmulator.layer(emulator)),
      Layer.provide(Layer.orDie(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })))
    )
}

const over = (httpClient: Layer.Layer<HttpClient.HttpClient, ClerkConfigError>) =>
  socket((options) => Layer.provide(ClerkHttp.layer(options), httpClient))

const inProcess: Stage = (emulator, options) =>
  ClerkHttp.layer({ ...options, secretKey: DEFAULT_SECRET_KEY }).pipe(
    Layer.provide(ClerkEmulator.layerHttpClient),
    Layer.provideMerge(ClerkEmulator.layer(emulator))
  )

const stages: ReadonlyArray<readonly [string, Stage]> = [
  ["ClerkHttp.layerFetch on a socket", socket(ClerkHttp.layerFetch)],
  ["FetchHttpClient on a socket", over(FetchHttpClient.layer)],
  ["NodeHttpClient on a socket", over(layerNodeHttp)],
  ["NodeHttpClient with undici on a socket", over(layerUndici)],
  ["effect-clerk/Undici on a socket", over(Undici.layer())],
  ["the emulator's HttpClient in process", inProcess]
]

describe.each(stages)("over %s", (_, stage) => {
  it.live("a session lives from its creation to its revocation", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const user = yield* clerk.createUser()
      const organization = yield* clerk.createOrganization({ members: [{ userId: user.id }] })

      const created = yield* Sessions.create({ userId: user.id, activeOrganizationId: organization.id })
      assert.strictEqual(created.status, "active")
      assert.strictEqual(created.lastActiveOrganizationId, organization.id)
      assert.isTrue(DateTime.toEpochMillis(created.createdAt) < DateTime.toEpochMillis(created.expireAt))
      assert.deepStrictEqual(yield* Sessions.get(created.id), created)
      assert.deepStrictEqual((yield* Sessions.list({ userId: user.id })).data, [created])

      const { jwt } = yield* Sessions.createToken(created.id, { expiresIn: "2 minutes" })
      const claims = decodeJwt(Redacted.value(jwt))
      assert.strictEqual(claims.sub, user.id)
      assert.strictEqual(claims["sid"], created.id)
      assert.strictEqual((claims.exp ?? 0) - (claims.iat ?? 0), 120)
      assert.strictEqual((yield* Sessions.verify(created.id, { token: jwt })).id, created.id)

      const revoked = yield* Sessions.revoke(created.id)
      assert.strictEqual(revoked.status, "revoked")
      assert.strictEqual((yield* Sessions.revoke(created.id)).status, "revoked")
      const refused = yield* Effect.flip(Sessions.createToken(created.id))
      assert.strictEqual(refused._tag, "ClerkNotFound")
      assert.deepStrictEqual((yield* Sessions.list({ userId: user.id, status: "active" })).data, [])
    }).pipe(Effect.provide(stage()))
  )

  it.live("a template decides the claims of its tokens, and an unknown one is not found", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const user = yield* clerk.createUser()
      yield* clerk.createTemplate({ name: "hasura", claims: { role: "editor" }, lifetime: "5 minutes" })
      const { id } = yield* Sessions.create({ userId: user.id })

      const { jwt } = yield* Sessions.createTokenFromTemplate(id, "hasura")
      assert.strictEqual(decodeJwt(Redacted.value(jwt))["role"], "editor")

      const error = yield* Effect.flip(Sessions.createTokenFromTemplate(id, "nowhere"))
      assert.strictEqual(error._tag, "ClerkNotFound")
      assert.isTrue(ClerkError.hasCode(error, "resource_not_found"))
    }).pipe(Effect.provide(stage()))
  )

  it.live("a browser's expired token is exchanged once, for a token or for cookies", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const user = yield* clerk.createUser()
      const browser = yield* clerk.signIn(user.id, { age: "10 minutes" })
      const params = {
        expiredToken: Redacted.make(browser.sessionToken),
        refreshToken: Redacted.make(browser.refreshToken),
        requestOrigin: browser.origin,
        requestHeaders: { "user-agent": "Firefox", accept: ["text/html", "*/*"] },
        requestOriginatingIp: "192.0.2.7"
      }
      const token = yield* Sessions.refresh(browser.session.id, params)
      assert.strictEqual(decodeJwt(Redacted.value(token.jwt))["sid"], browser.session.id)

      const again = yield* Effect.flip(Sessions.refresh(browser.session.id, params))
      assert.strictEqual(again._tag, "ClerkUnauthorized")
      assert.isTrue(ClerkError.hasCode(again, "session_refresh_expired_session_token_consumed"))

      const other = yield* clerk.signIn(user.id, { age: "10 minutes" })
      const { cookies } = yield* Sessions.refresh(other.session.id, {
        ...params,
        expiredToken: other.sessionToken,
        refreshToken: other.refreshToken,
        format: "cookie",
        suffixedCookies: true
      })
      assert.match(Redacted.value(cookies[0] ?? Redacted.make("")), /^__session_[\w-]{8}=eyJ/)
    }).pipe(Effect.provide(stage()))
  )

  it.live("a stream returns all sessions of a user, newest first", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const user = yield* clerk.createUser()
      const made = yield* Effect.replicateEffect(Sessions.create({ userId: user.id }), 7)
      const streamed = yield* Stream.runCollect(Sessions.stream({ userId: user.id, limit: 3 }))
      assert.deepStrictEqual(
        Array.from(streamed).map(({ id }) => id),
        made.map(({ id }) => id).reverse()
      )
    }).pipe(Effect.provide(stage()))
  )

  it.live("a production instance rejects a create, and a removed verify is a ClerkGone", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const user = yield* clerk.createUser()
      const { session } = yield* clerk.signIn(user.id)

      const create = yield* Effect.flip(Sessions.create({ userId: user.id }))
      assert.strictEqual(create._tag, "ClerkBadRequest")
      assert.isTrue(ClerkError.hasCode(create, "request_invalid_for_environment"))

      const verify = yield* Effect.flip(Sessions.verify(session.id))
      assert.strictEqual(verify._tag, "ClerkGone")
      assert.isTrue(ClerkError.hasCode(verify, "operation_deprecated"))
    }).pipe(Effect.provide(stage({ production: true, verifyGone: true })))
  )

  it.live("an invalid key is rejected", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Sessions.get("sess_1"))
      assert.strictEqual(error._tag, "ClerkUnauthorized")
      assert.isTrue(ClerkError.hasCode(error, "clerk_key_invalid"))
    }).pipe(Effect.provide(stage({ secretKey: Redacted.make("sk_test_another") })))
  )

  it.live("an unknown API version is rejected, but verify sends its own", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Sessions.get("sess_1"))
      assert.strictEqual(error._tag, "ClerkBadRequest")
      assert.isTrue(ClerkError.hasCode(error, "api_version_invalid"))
      assert.strictEqual((yield* Effect.flip(Sessions.verify("sess_1")))._tag, "ClerkNotFound")
    }).pipe(Effect.provide(stage({}, { apiVersion: "1999-01-01" })))
  )

  it.live("a transient fault is retried for a read and reported for a create", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const user = yield* clerk.createUser()
      const { session } = yield* clerk.signIn(user.id)

      yield* clerk.respondNext({ status: 503 })
      assert.strictEqual((yield* Sessions.get(session.id)).id, session.id)

      yield* clerk.respondNext({ status: 503 })
      const create = yield* Effect.flip(Sessions.create({ userId: user.id }))
      assert.strictEqual(create._tag, "ClerkServerError")
      assert.isFalse(create.retryable)
      assert.strictEqual((yield* clerk.sessions).length, 1)

      yield* clerk.respondNext({ status: 429, headers: { "retry-after": "21" } })
      const limited = yield* Effect.flip(Sessions.get(session.id))
      assert.strictEqual(limited._tag, "ClerkRateLimited")
      assert.deepStrictEqual(
        limited._tag === "ClerkRateLimited" ? limited.retryAfter : undefined,
        Duration.seconds(21)
      )
    }).pipe(Effect.provide(stage()))
  )
})
