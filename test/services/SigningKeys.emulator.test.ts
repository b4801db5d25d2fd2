import { createServer } from "node:http"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ClerkHttp, SessionTokens, SigningKeys } from "effect-clerk"
import { ClerkEmulator, ClerkTest, DEFAULT_SECRET_KEY } from "effect-clerk/testing"
import { fork } from "#test/fiber.js"
import { HttpServer } from "#test/httpServer.js"
import { unwrap } from "#test/layers.js"
import { NodeHttpServer } from "#test/node.js"
import { describe, expect, it } from "#test/vitest.js"
import { interrupted, isInterrupted } from "../support/exits.js"
import { jwk, look } from "../support/keySets.js"
import { json, type Loopback, loopback } from "../support/loopback.js"

const clientAt = (apiUrl: string) => ClerkHttp.layerFetch({ secretKey: DEFAULT_SECRET_KEY, apiUrl })

/** An emulated Clerk in process, with its keys over a client. */
const inProcess = SigningKeys.layerJwks.pipe(
  Layer.provide(ClerkHttp.layer({ secretKey: DEFAULT_SECRET_KEY })),
  Layer.provide(ClerkEmulator.layerHttpClient),
  Layer.provideMerge(ClerkEmulator.layer())
)

/** A token of a user who has just signed in. */
const signIn = Effect.gen(function* () {
  const clerk = yield* ClerkEmulator
  const user = yield* clerk.createUser()
  const { sessionToken } = yield* clerk.signIn(user.id)
  return { clerk, user, sessionToken }
})

/** Two sessions of one user are verified, and the token of another instance is not. */
const story = Effect.gen(function* () {
  const { clerk, sessionToken, user } = yield* signIn
  const claims = yield* SessionTokens.verify(sessionToken, { issuer: clerk.issuer })
  expect(claims.userId).toBe(user.id)
  const again = yield* clerk.signIn(user.id)
  expect((yield* SessionTokens.verify(again.sessionToken)).sessionId).toBe(again.session.id)

  const other = yield* Effect.provide(signIn, ClerkEmulator.layer())
  expect(yield* Effect.flip(SessionTokens.verify(other.sessionToken))).toMatchObject({
    _tag: "ClerkTokenError",
    reason: "unknown-key"
  })
})

describe("tokens of the emulated Clerk are verified with its keys", () => {
  it.effect("through an HttpClient in process", () => story.pipe(Effect.provide(inProcess)))

  it.live("over a socket", () =>
    story.pipe(
      Effect.provide(
        unwrap(
          HttpServer.addressFormattedWith((address) =>
            Effect.succeed(Layer.provide(SigningKeys.layerJwks, clientAt(address)))
          )
        ).pipe(
          Layer.provide(ClerkEmulator.layerServer),
          Layer.provideMerge(ClerkEmulator.layer()),
          Layer.provide(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" }))
        )
      )
    )
  )

  it.effect("with one request of the recording transport, as a plain value", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const user = yield* clerk.createUser()
      const { sessionToken } = yield* clerk.signIn(user.id)
      yield* Effect.gen(function* () {
        expect((yield* SessionTokens.verify(sessionToken)).userId).toBe(user.id)
        expect(yield* ClerkTest.requests).toStrictEqual([
          { operation: "SigningKeys.jwks", method: "GET", path: ["jwks"] }
        ])
      }).pipe(
        Effect.provide(
          Layer.provideMerge(
            SigningKeys.layerJwks,
            ClerkTest.layer(() => ClerkTest.json(200, clerk.jwks))
          )
        )
      )
    }).pipe(Effect.provide(ClerkEmulator.layer()))
  )

  it.effect("only if the secret key is valid", () =>
    Effect.gen(function* () {
      const { clerk, sessionToken } = yield* signIn
      yield* clerk.respondNext({ status: 401, body: '{"errors":[{"code":"clerk_key_invalid"}]}' })
      const error = yield* Effect.flip(SessionTokens.verify(sessionToken))
      expect(error).toMatchObject({
        _tag: "ClerkKeysUnavailable",
        reason: "rejected",
        failure: "ClerkUnauthorized",
        retryable: false
      })
    }).pipe(Effect.provide(inProcess))
  )
})

describe("many rotations of the keys", () => {
  it.effect("leave the newest keys usable", () =>
    Effect.gen(function* () {
      const { clerk, sessionToken, user } = yield* signIn
      const set = clerk.jwks.keys
      const old = Array.from({ length: 100 }, (_, index) => jwk(`ins_old_${index}`))
      const { body, headers, status } = ClerkTest.json(200, { keys: [...set, ...old] })
      yield* clerk.respondNext({ body, headers, status })
      expect((yield* SessionTokens.verify(sessionToken)).userId).toBe(user.id)
      expect([yield* look("ins_old_48"), yield* look("ins_old_49")]).toEqual(["found", "unknown"])
    }).pipe(Effect.provide(inProcess))
  )
})

describe("on a socket", () => {
  const keysAt = ({ url }: Loopback) => Layer.provide(SigningKeys.layerJwks, clientAt(url))

  it.live("a redirect of the key set is not followed", () =>
    Effect.gen(function* () {
      const evil = yield* loopback(json({ keys: [jwk("ins_1")] }))
      const clerk = yield* loopback(json({}, 307, { location: `${evil.url}/v1/jwks` }))
      expect(yield* Effect.provide(look("ins_1"), keysAt(clerk))).toBe("invalid")
      expect([clerk.received.length, evil.connections()]).toEqual([1, 0])
    })
  )

  it.live("the connection is closed when all callers that wait for the keys are interrupted", () =>
    Effect.gen(function* () {
      const clerk = yield* loopback(() => {})
      yield* Effect.gen(function* () {
        const fibers = yield* Effect.replicateEffect(fork(look("ins_1")), 50)
        yield* clerk.asked
        const exits = yield* Effect.forEach(fibers, interrupted)
        expect(exits.every(isInterrupted)).toBe(true)
        yield* Effect.timeout(clerk.cutOff, "1 second")
        expect(clerk.received).toHaveLength(1)
      }).pipe(Effect.provide(keysAt(clerk)))
    })
  )

  it.live("a thousand concurrent callers make one request", () =>
    Effect.gen(function* () {
      const clerk = yield* loopback(
        (response, request) => void setTimeout(() => json({ keys: [jwk("ins_1")] })(response, request), 50)
      )
      const outcomes = yield* Effect.replicateEffect(look("ins_1"), 1_000, { concurrency: "unbounded" }).pipe(
        Effect.provide(keysAt(clerk))
      )
      expect(new Set(outcomes)).toEqual(new Set(["found"]))
      expect(clerk.received.map(({ method, url }) => `${method} ${url}`)).toEqual(["GET /v1/jwks"])
    })
  )
})
