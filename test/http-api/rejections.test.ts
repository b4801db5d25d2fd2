import { Duration, Effect, Layer } from "effect"
import { ClerkKeysUnavailable, SigningKeys } from "effect-clerk"
import type { MintOptions } from "effect-clerk/testing"
import { serveApiWithCors } from "#test/httpApi.js"
import { HttpRouter } from "#test/httpServer.js"
import { noLogger } from "#test/logger.js"
import { describe, expect, it } from "#test/vitest.js"
import { apiLive, protectedRoutes } from "../support/protectedApi.js"
import {
  app,
  bearer,
  clerkWithKeys,
  cookie,
  newUser,
  onSocket,
  outcome,
  type Send,
  stages,
  standard
} from "../support/protectedServers.js"

const paths = ["/me", "/teams", "/vault"]

describe.each(stages)("over $name", ({ serve }) => {
  const open = Effect.gen(function* () {
    const { clerk, finds, keys } = yield* clerkWithKeys()
    const send = yield* serve(keys)
    const user = yield* newUser(clerk)
    const mint = (options: MintOptions) => clerk.mintSessionToken(user.sessionId, { origin: app, ...options })
    return { clerk, finds, send, user, mint }
  })

  it.live("an invalid token is a 401 that states the reason", () =>
    Effect.gen(function* () {
      const { clerk, mint, send, user } = yield* open
      const other = yield* clerkWithKeys()
      const pending = yield* clerk.signIn(user.id, { status: "pending" })
      const [head, payload] = user.token.split(".")
      const cases: ReadonlyArray<readonly [token: string, reason: string]> = [
        [yield* mint({ age: "5 minutes" }), "exp"],
        [yield* mint({ claims: { nbf: 4_102_444_800 } }), "nbf"],
        [`${head}.${payload}.${"A".repeat(342)}`, "signature"],
        [(yield* newUser(other.clerk)).token, "unknown-key"],
        [yield* mint({ header: { typ: "at+jwt" } }), "typ"],
        [yield* mint({ header: { cat: "cl_B7d4PD222AAA" } }), "category"],
        [yield* mint({ header: { cat: "cl_B7d4PD333AAA" } }), "category"],
        ["mt_2g7np7Hrk0SN6kj5EDMLDaKNL0S", "format"],
        ["ak_2g7np7Hrk0SN6kj5EDMLDaKNL0S", "format"],
        [pending.sessionToken, "session-pending"],
        [yield* mint({ origin: "https://evil.test" }), "azp"],
        [yield* mint({ origin: undefined }), "azp"]
      ]
      for (const path of paths) {
        for (const [token, reason] of cases) {
          for (const headers of [bearer(token), cookie(token)]) {
            const response = yield* send(`GET ${path}`, headers)
            expect(outcome(response)).toBe(`401 ${reason}`)
            expect(response.headers["cache-control"]).toBe("no-store")
            expect(response.headers["content-type"]).toBe("application/json")
            expect(response.headers["www-authenticate"]).toBe(
              `Bearer realm="clerk", error="invalid_token", error_description="${
                reason === "exp" ? "the token expired" : `the token was rejected (${reason})`
              }"`
            )
          }
        }
        const response = yield* send(`GET ${path}`)
        expect(outcome(response)).toBe("401 missing")
        expect(response.headers["www-authenticate"]).toBe('Bearer realm="clerk"')
      }
    })
  )

  it.live("an expired token's 401 has the times, so that the client can detect a wrong clock", () =>
    Effect.gen(function* () {
      const { mint, send } = yield* open
      const before = Date.now()
      const { body } = yield* send("GET /me", bearer(yield* mint({ age: "5 minutes" })))
      const json: Record<string, unknown> = JSON.parse(body)
      expect(Object.keys(json).sort()).toEqual([
        "_tag",
        "checkedAt",
        "clockSkew",
        "expiresAt",
        "issuedAt",
        "reason"
      ])
      expect(Date.parse(String(json["checkedAt"])) - before).toBeLessThan(10_000)
      expect(Date.parse(String(json["expiresAt"]))).toBeLessThan(before - 200_000)
      expect(json["clockSkew"]).toBe(5000)
    })
  )

  it.live("no error shows the compared values", () =>
    Effect.gen(function* () {
      const { clerk, keys } = yield* clerkWithKeys()
      const audience = "https://api.emulator.test"
      const send = yield* serve(keys, { ...standard, issuer: clerk.issuer, audience })
      const { sessionId } = yield* newUser(clerk)
      const mint = (origin: string, claims: object) =>
        clerk.mintSessionToken(sessionId, { origin, claims: { aud: audience, ...claims } })
      const evil = "https://evil.test"
      const responses = [
        yield* send("GET /me", bearer(yield* mint(evil, {}))),
        yield* send("GET /me", bearer(yield* mint(app, { iss: evil }))),
        yield* send("GET /me", bearer(yield* mint(app, { aud: evil }))),
        yield* send("POST /me", { ...cookie(yield* mint(app, {})), origin: evil })
      ]
      expect(responses.map(outcome)).toEqual(["401 azp", "401 iss", "401 aud", "401 cross-origin"])
      for (const { body, headers } of responses) {
        for (const secret of [app, evil, clerk.issuer, audience]) {
          expect(body + JSON.stringify(headers)).not.toContain(secret)
        }
      }
    })
  )

  it.live("a request is verified once, with any credentials", () =>
    Effect.gen(function* () {
      const { finds, mint, send, user } = yield* open
      const expired = yield* mint({ age: "5 minutes" })
      const each: ReadonlyArray<Parameters<Send>> = [
        ["GET /me", bearer(user.token)],
        ["GET /me", cookie(user.token)],
        ["GET /me", bearer(expired)],
        ["GET /me", cookie(expired)],
        ["GET /me", { ...bearer(expired), ...cookie(user.token) }],
        ["GET /visitor", { ...bearer(expired), ...cookie(user.token) }],
        ["GET /teams", bearer(user.token)],
        ["GET /teams", { ...bearer(user.token), ...cookie(user.token) }],
        ["GET /teams", { ...bearer(expired), ...cookie(user.token) }]
      ]
      const counts: Array<number> = []
      for (const request of each) {
        const before = finds()
        yield* send(...request)
        counts.push(finds() - before)
      }
      expect(counts).toEqual(each.map(() => 1))
    })
  )

  it.live("a handler's own 401 and 403 are unchanged", () =>
    Effect.gen(function* () {
      const { send, user } = yield* open
      for (const [path, status] of [
        ["/own-401", 401],
        ["/own-403", 403]
      ] as const) {
        const response = yield* send(`GET ${path}`, bearer(user.token))
        expect(response.status).toBe(status)
        expect(response.headers["www-authenticate"]).toBeUndefined()
        expect(response.headers["cache-control"]).toBeUndefined()
      }
      const rejected = yield* send("GET /own-403")
      expect(outcome(rejected)).toBe("401 missing")
      expect(rejected.headers["www-authenticate"]).toBe('Bearer realm="clerk"')
    })
  )

  it.live("HEAD is authenticated like GET", () =>
    Effect.gen(function* () {
      const { send, user } = yield* open
      const rejected = yield* send("HEAD /me")
      expect([rejected.status, rejected.headers["www-authenticate"], rejected.body]).toEqual([
        401,
        'Bearer realm="clerk"',
        ""
      ])
      expect((yield* send("HEAD /me", bearer(user.token))).status).toBe(200)
      expect((yield* send("HEAD /me", { ...cookie(user.token), origin: "https://evil.test" })).status).toBe(
        200
      )
    })
  )

  const failing = (error: ClerkKeysUnavailable) =>
    serve(Layer.succeed(SigningKeys, { find: () => Effect.fail(error) }))

  it.live("without keys every request with a token gets 503 with a Retry-After, and none gets 401", () =>
    Effect.gen(function* () {
      const { user } = yield* open
      const send = yield* failing(
        new ClerkKeysUnavailable({
          reason: "unreachable",
          retryAfter: Duration.millis(2400),
          retryable: true
        })
      )
      for (const path of [...paths, "/visitor"]) {
        for (const headers of [bearer(user.token), cookie(user.token)]) {
          const response = yield* send(`GET ${path}`, headers)
          expect(outcome(response)).toBe("503 unreachable")
          expect(JSON.parse(response.body)).toEqual({
            _tag: "ClerkKeysUnavailable",
            reason: "unreachable",
            retryAfter: 2400,
            retryable: true
          })
          expect(response.headers["retry-after"]).toBe("3")
          expect(response.headers["cache-control"]).toBe("no-store")
          expect(response.headers["www-authenticate"]).toBeUndefined()
        }
      }
      // There is no token to verify, so the keys do not matter.
      expect(outcome(yield* send("GET /me"))).toBe("401 missing")
      expect(outcome(yield* send("GET /visitor"))).toBe("200 nobody")
    })
  )

  it.live("a 503 without a known end has no Retry-After", () =>
    Effect.gen(function* () {
      const { user } = yield* open
      const send = yield* failing(new ClerkKeysUnavailable({ reason: "rejected", retryable: false }))
      const response = yield* send("GET /me", bearer(user.token))
      expect(outcome(response)).toBe("503 rejected")
      expect(response.headers["retry-after"]).toBeUndefined()
    })
  )
})

describe("beside other middlewares the headers of an error reach the client:", () => {
  const cors = { allowedOrigins: [app], exposedHeaders: ["www-authenticate"] }

  const behaves = (name: string, open: (keys: Layer.Layer<SigningKeys>) => ReturnType<typeof onSocket>) =>
    it.live(name, () =>
      Effect.gen(function* () {
        const { clerk, keys } = yield* clerkWithKeys()
        const { id, token } = yield* newUser(clerk)
        const send = yield* open(keys)
        const rejected = yield* send("GET /me", { origin: app })
        expect(rejected.status).toBe(401)
        expect(rejected.headers).toMatchObject({
          "access-control-allow-origin": app,
          "www-authenticate": 'Bearer realm="clerk"'
        })
        const passed = yield* send("GET /me", { ...bearer(token), origin: app })
        expect(outcome(passed)).toBe(`200 ${id}`)
        expect(passed.headers["access-control-allow-origin"]).toBe(app)
        const preflight = { origin: app, "access-control-request-method": "POST" }
        expect((yield* send("OPTIONS /me", preflight)).status).toBe(204)
      }).pipe(Effect.provide(noLogger))
    )

  for (const [name, serve] of serveApiWithCors) {
    behaves(name, (keys) => onSocket(serve(Layer.provide(apiLive(standard), keys), cors)))
  }
  behaves("a router's cors and logger", (keys) =>
    onSocket(
      HttpRouter.serve(
        Layer.mergeAll(protectedRoutes(standard), HttpRouter.cors(cors)).pipe(Layer.provide(keys)),
        { disableListenLog: true }
      )
    )
  )
})
