import { createServer } from "node:http"
import { createClerkClient, verifyToken } from "@clerk/backend"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { Tag } from "#test/context.js"
import { fork } from "#test/fiber.js"
import { HttpBody, HttpClient, HttpClientRequest, reasonOf } from "#test/http.js"
import { HttpServer } from "#test/httpServer.js"
import { NodeHttpServer } from "#test/node.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { ClerkEmulator } from "../../src/testing/ClerkEmulator.js"
import { attempt } from "../support/requests.js"

const inProcess = ClerkEmulator.layerHttpClient.pipe(Layer.provideMerge(ClerkEmulator.layer()))

const onSocket = ClerkEmulator.layerServer.pipe(
  Layer.provideMerge(ClerkEmulator.layer()),
  Layer.provideMerge(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" }))
)

const address = HttpServer.addressFormattedWith(Effect.succeed)

const secretKey = "sk_test_emulator"
const authorization = `Bearer ${secretKey}`

describe("in process", () => {
  const createToken = (id: string, body?: HttpBody.HttpBody) =>
    HttpClientRequest.post(`https://api.clerk.com/v1/sessions/${id}/tokens`).pipe(
      HttpClientRequest.setHeaders({ authorization, "content-type": "application/json" }),
      body === undefined ? (request) => request : HttpClientRequest.setBody(body)
    )

  it.effect("the emulator works as an HttpClient, with any kind of body", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const user = yield* clerk.createUser()
      const { session } = yield* clerk.signIn(user.id)
      const text = '{"expires_in_seconds":90}'
      const bytes = new TextEncoder().encode(text)
      const type = "application/json"
      const bodies = {
        bytes: HttpBody.uint8Array(bytes, type),
        "raw text": HttpBody.raw(text, { contentType: type }),
        "raw bytes": HttpBody.raw(bytes, { contentType: type }),
        "a blob": HttpBody.raw(new Blob([bytes]), { contentType: type }),
        "a web stream": HttpBody.raw(new Blob([bytes]).stream(), { contentType: type }),
        "a stream": HttpBody.stream(Stream.make(bytes.slice(0, 5), bytes.slice(5)), type)
      }
      const lifetime = (body?: HttpBody.HttpBody) =>
        Effect.gen(function* () {
          const response = yield* HttpClient.execute(createToken(session.id, body))
          expect(response.status).toBe(200)
          expect(response.headers["content-type"]).toBe("application/json")
          // Sound in a test: another payload has no such numbers.
          const { jwt } = (yield* response.json) as { jwt: string }
          const claims = JSON.parse(atob(jwt.split(".")[1] ?? "")) as { exp: number; iat: number }
          return claims.exp - claims.iat
        })
      expect(yield* lifetime()).toBe(60)
      for (const [name, body] of Object.entries(bodies)) expect(yield* lifetime(body), name).toBe(90)
      expect(
        (yield* HttpClient.execute(createToken(session.id, HttpBody.formData(new FormData())))).status
      ).toBe(415)
    }).pipe(Effect.provide(inProcess))
  )

  it.effect("a request's query reaches the emulator", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const user = yield* clerk.createUser({ id: "user with space" })
      yield* clerk.signIn(user.id)
      const response = yield* HttpClient.get("http://anywhere/v1/sessions", {
        urlParams: { user_id: user.id, paginated: true },
        headers: { authorization }
      })
      expect(yield* response.json).toMatchObject({ total_count: 1 })
    }).pipe(Effect.provide(inProcess))
  )

  it.effect("a request whose body fails, fails unsent", () =>
    Effect.gen(function* () {
      const body = HttpBody.stream(Stream.fail(new Error("broken")), "application/json")
      const error = yield* Effect.flip(HttpClient.execute(createToken("sess_1", body)))
      expect(reasonOf(error)).toBe("Encode")
    }).pipe(Effect.provide(inProcess))
  )

  it.effect("a request can be interrupted", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const user = yield* clerk.createUser()
      const { session } = yield* clerk.signIn(user.id)
      const body = HttpBody.stream(Stream.never, "application/json")
      const fiber = yield* HttpClient.execute(createToken(session.id, body)).pipe(
        Effect.timeoutOption("1 second"),
        fork
      )
      yield* TestClock.adjust("1 second")
      expect((yield* Fiber.join(fiber))._tag).toBe("None")
    }).pipe(Effect.provide(inProcess))
  )

  it.effect("a prepared response may have no body", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      yield* clerk.respondNext({ status: 204 })
      const response = yield* HttpClient.execute(createToken("sess_1"))
      expect([response.status, yield* response.text]).toEqual([204, ""])
    }).pipe(Effect.provide(inProcess))
  )
})

describe("on a socket", () => {
  it.live("the emulator responds to fetch", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const url = yield* address
      const user = yield* clerk.createUser()
      const send = (init: RequestInit) =>
        Effect.promise(() => fetch(`${url}/v1/sessions`, { method: "POST", ...init }))
      const created = yield* send({
        headers: { authorization, "content-type": "application/json" },
        body: JSON.stringify({ user_id: user.id })
      })
      expect(created.status).toBe(200)
      expect(created.headers.get("content-type")).toBe("application/json")
      expect(created.headers.get("clerk-trace-id")).toMatch(/^[0-9a-f]{32}$/)
      expect(yield* Effect.promise(() => created.json())).toMatchObject({ user_id: user.id })
      const refused = yield* send({ headers: { authorization }, body: "{}" })
      expect(refused.status).toBe(415)
      expect(yield* clerk.sessions).toHaveLength(1)
    }).pipe(Effect.provide(onSocket))
  )

  it.live("the emulator responds to health checks without a key, and broken requests with a status", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const url = yield* address
      const status = (path: string, init: RequestInit = {}) =>
        Effect.promise(async () => (await fetch(`${url}${path}`, init)).status)
      for (const path of ["/", "/health"]) {
        expect(yield* status(path)).toBe(200)
        expect(yield* status(path, { method: "HEAD" })).toBe(200)
      }
      const post = (body: string | Uint8Array<ArrayBuffer>) =>
        status("/v1/sessions", {
          method: "POST",
          headers: { authorization, "content-type": "application/json" },
          body
        })
      expect(yield* post("[".repeat(5_000))).toBe(400)
      expect(yield* post(new Uint8Array([0x22, 0xff, 0x22]))).toBe(400)
      expect(yield* post("x".repeat(3_000_000))).toBe(413)
      expect(yield* status("/v1/sessions/%ff", { headers: { authorization } })).toBe(400)
      expect(yield* clerk.requests).toHaveLength(4)
    }).pipe(Effect.provide(onSocket))
  )

  it.live("responds to the platform's client too, through its test server", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const response = yield* HttpClient.get("/v1/jwks", { headers: { authorization } })
      expect(yield* response.json).toEqual(clerk.jwks)
    }).pipe(
      Effect.provide(
        ClerkEmulator.layerServer.pipe(
          Layer.provideMerge(ClerkEmulator.layer()),
          Layer.provideMerge(NodeHttpServer.layerTest)
        )
      )
    )
  )
})

describe("Clerk's own client", () => {
  const official = Effect.gen(function* () {
    const clerk = yield* ClerkEmulator
    const apiUrl = yield* address
    const client = createClerkClient({ secretKey, apiUrl })
    const user = yield* clerk.createUser()
    return { clerk, apiUrl, client, user }
  })

  it.live("reads, lists and revokes sessions", () =>
    Effect.gen(function* () {
      const { clerk, client, user } = yield* official
      const organization = yield* clerk.createOrganization({ members: [{ userId: user.id }] })
      const { session } = yield* clerk.signIn(user.id, { organizationId: organization.id })
      const created = yield* Effect.promise(() => client.sessions.createSession({ userId: user.id }))
      const found = yield* Effect.promise(() => client.sessions.getSession(session.id))
      expect(found).toMatchObject({
        id: session.id,
        userId: user.id,
        clientId: session.clientId,
        status: "active",
        lastActiveOrganizationId: organization.id,
        expireAt: session.expireAt,
        abandonAt: session.abandonAt,
        createdAt: session.createdAt,
        latestActivity: { browserName: "Chrome", isMobile: false }
      })
      const list = yield* Effect.promise(() =>
        client.sessions.getSessionList({ userId: user.id, status: "active", limit: 1 })
      )
      expect([list.totalCount, list.data.map(({ id }) => id)]).toEqual([2, [created.id]])
      const revoked = yield* Effect.promise(() => client.sessions.revokeSession(session.id))
      expect([revoked.id, revoked.status]).toEqual([session.id, "revoked"])
    }).pipe(Effect.provide(onSocket))
  )

  it.live("gets tokens, and verifies them by key set and by PEM", () =>
    Effect.gen(function* () {
      const { apiUrl, clerk, client, user } = yield* official
      const { session } = yield* clerk.signIn(user.id)
      yield* clerk.createTemplate({ name: "supabase", claims: { role: "authenticated" } })
      const { jwt } = yield* Effect.promise(() => client.sessions.getToken(session.id))
      const template = yield* Effect.promise(() => client.sessions.getToken(session.id, "supabase", 90))
      const byKeySet = yield* Effect.promise(() =>
        verifyToken(jwt, { secretKey, apiUrl, skipJwksCache: true })
      )
      expect(byKeySet).toMatchObject({ sid: session.id, sub: user.id, v: 2 })
      const byPem = yield* Effect.promise(() => verifyToken(template.jwt, { jwtKey: clerk.publicKeyPem }))
      expect(byPem).toMatchObject({ sub: user.id, role: "authenticated" })
      expect(byPem.exp - byPem.iat).toBe(90)
    }).pipe(Effect.provide(onSocket))
  )

  it.live("reads a member's permissions from a version 2 token", () =>
    Effect.gen(function* () {
      const { clerk, client, user } = yield* official
      const member = yield* clerk.createUser({ features: ["avatars"] })
      const organization = yield* clerk.createOrganization({
        slug: "acme",
        features: ["dashboard", "teams"],
        members: [
          { userId: user.id },
          {
            userId: member.id,
            role: "org:admin",
            permissions: ["org:dashboard:manage", "org:dashboard:read", "org:teams:read"]
          }
        ]
      })
      const { origin, sessionToken } = yield* clerk.signIn(member.id, { organizationId: organization.id })
      const state = yield* Effect.promise(() =>
        client.authenticateRequest(
          new Request(origin, { headers: { authorization: `Bearer ${sessionToken}` } }),
          { publishableKey: clerk.publishableKey, jwtKey: clerk.publicKeyPem, authorizedParties: [origin] }
        )
      )
      expect(state.toAuth()).toMatchObject({
        userId: member.id,
        orgId: organization.id,
        orgSlug: "acme",
        orgRole: "org:admin",
        orgPermissions: ["org:dashboard:manage", "org:dashboard:read", "org:teams:read"]
      })
    }).pipe(Effect.provide(onSocket))
  )

  it.live("refreshes a session by itself when a browser sends an expired token", () =>
    Effect.gen(function* () {
      const { clerk, client, user } = yield* official
      const { origin, refreshToken, session, sessionToken } = yield* clerk.signIn(user.id, {
        age: "5 minutes"
      })
      const answer = yield* Effect.promise(() =>
        client.sessions.refreshSession(session.id, {
          expired_token: sessionToken,
          refresh_token: refreshToken,
          request_origin: origin,
          format: "cookie"
        })
      )
      const cookies = answer.cookies ?? []
      expect(cookies[0]).toMatch(/^__session=/)
      const again = yield* clerk.mintSessionToken(session.id, { origin, age: "5 minutes" })
      const suffix = /^__refresh_(.{8})=/.exec(cookies[1] ?? "")?.[1]
      const uat = Math.floor((Date.now() - 600_000) / 1000)
      const state = yield* Effect.promise(async () =>
        client.authenticateRequest(
          new Request(`${origin}/page`, {
            headers: {
              cookie: [
                `__session_${suffix}=${again}`,
                `__client_uat_${suffix}=${uat}`,
                `__client_uat=${uat}`,
                `__clerk_db_jwt_${suffix}=dvb_1`,
                "__clerk_db_jwt=dvb_1",
                `__refresh_${suffix}=${await Effect.runPromise(clerk.refreshToken(session.id))}`
              ].join("; ")
            }
          }),
          { publishableKey: clerk.publishableKey, jwtKey: clerk.publicKeyPem, authorizedParties: [origin] }
        )
      )
      expect([state.status, state.reason]).toEqual(["signed-in", null])
      const set = state.headers.getSetCookie().map((cookie) => cookie.split("=")[0])
      expect(set).toEqual([`__session_${suffix}`, `__refresh_${suffix}`])
    }).pipe(Effect.provide(onSocket))
  )

  it.live("gets an error response in a form that it reads", () =>
    Effect.gen(function* () {
      const { client } = yield* official
      const error = yield* Effect.flip(attempt(() => client.sessions.getSession("sess_1")))
      expect(error).toMatchObject({
        status: 404,
        clerkTraceId: expect.stringMatching(/^[0-9a-f]{32}$/),
        errors: [{ code: "resource_not_found", longMessage: "No session was found with id sess_1" }]
      })
    }).pipe(Effect.provide(onSocket))
  )
})

it.effect("a program with two emulators reaches each by its own client", () => {
  class Second extends Tag("Second")<Second, HttpClient.HttpClient>() {}
  const clientOf = (key: string) =>
    ClerkEmulator.layerHttpClient.pipe(Layer.provide(ClerkEmulator.layer({ secretKey: Redacted.make(key) })))
  const Both = Layer.merge(
    clientOf("sk_test_first"),
    Layer.effect(Second, HttpClient.HttpClient).pipe(Layer.provide(clientOf("sk_test_second")))
  )
  const jwks = (key: string) =>
    HttpClientRequest.get("https://api.clerk.com/v1/jwks").pipe(HttpClientRequest.bearerToken(key))
  return Effect.gen(function* () {
    const clients = [yield* HttpClient.HttpClient, yield* Second]
    const statuses = yield* Effect.forEach(clients, (client) =>
      Effect.forEach(["sk_test_first", "sk_test_second"], (key) =>
        Effect.map(client.execute(jwks(key)), ({ status }) => status)
      )
    )
    expect(statuses).toEqual([
      [200, 401],
      [401, 200]
    ])
  }).pipe(Effect.provide(Both))
})
