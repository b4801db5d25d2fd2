import { createServer } from "node:http"
import { Effect, Layer } from "effect"
import { ClerkHttp, SigningKeys } from "effect-clerk"
import { RequestAuth } from "effect-clerk/http-api"
import {
  DEFAULT_ORIGIN as app,
  ClerkEmulator,
  type ClerkEmulatorOptions,
  DEFAULT_SECRET_KEY
} from "effect-clerk/testing"
import { HttpServer } from "#test/httpServer.js"
import { NodeHttpServer } from "#test/node.js"
import { assert, describe, expect, it } from "#test/vitest.js"

const open = (options: ClerkEmulatorOptions = {}) =>
  Effect.map(ClerkEmulator.make(options), (clerk) => {
    const send = (method: string, path: string, headers: Record<string, string> = {}, body = "") =>
      clerk.handle({ method, url: path, headers, body })
    const handshake = (query: Record<string, string> = {}) =>
      send("GET", `/v1/client/handshake?${new URLSearchParams({ redirect_url: `${app}/`, ...query })}`)
    return { clerk, send, handshake }
  })

const back = (to: string) => `redirect_url=${encodeURIComponent(to)}`

/** The payload of a token, unverified. */
const payloadOf = (token: string): unknown =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString())

describe("the handshake of the emulator", () => {
  it.effect.each([
    ["", 400],
    ["redirect_url=", 400],
    [back("/account"), 400],
    [back("//app.emulator.test/"), 400],
    [back("javascript:alert(1)"), 400],
    [back("https://evil.test/"), 400],
    [back(`${app}.evil.test/`), 400],
    [back("https://app.emulator.test@evil.test/"), 400],
    [back("https://user:secret@app.emulator.test/"), 400],
    [back(`${app}/account?tab=1`), 307],
    [back("http://localhost:3000/"), 307],
    [back("http://127.0.0.1:1/"), 307]
  ] as const)("returns to applications only: %s", ([query, status]) =>
    Effect.gen(function* () {
      const { send } = yield* open()
      const response = yield* send("GET", `/v1/client/handshake?${query}`)
      expect(response.status).toBe(status)
      expect("location" in response.headers).toBe(status === 307)
    })
  )

  it.live("brings signed-out cookies to a new browser, and remembers the browser", () =>
    Effect.gen(function* () {
      const { handshake } = yield* open()
      const response = yield* handshake({ format: "nonce" })
      expect(response.headers["cache-control"]).toBe("no-store")
      const location = new URL(response.headers["location"] ?? "")
      const token = location.searchParams.get("__clerk_handshake") ?? ""
      expect(payloadOf(token)).toEqual({
        handshake: [
          "__session=; Path=/; Secure; SameSite=Lax; Max-Age=0",
          expect.stringMatching(/^__client_uat=0; /),
          expect.stringMatching(/^__refresh_\S+=; .*HttpOnly; .*Max-Age=0$/),
          expect.stringMatching(/^__clerk_db_jwt=dvb_[0-9a-f]+; /)
        ]
      })
      expect(response.cookies).toEqual([
        expect.stringMatching(/^__client=dvb_[0-9a-f]+; Path=\/; .*HttpOnly/)
      ])
    })
  )

  it.live("exchanges a large result for a nonce, once and within a minute", () =>
    Effect.gen(function* () {
      const { clerk, handshake, send } = yield* open()
      const user = yield* clerk.createUser()
      const cookies = yield* clerk.signInBrowser(user.id)
      const response = yield* handshake({
        format: "nonce",
        suffixed_cookies: "true",
        __clerk_db_jwt: cookies["__clerk_db_jwt"] ?? ""
      })
      const location = new URL(response.headers["location"] ?? "")
      const nonce = location.searchParams.get("__clerk_handshake_nonce") ?? ""
      const exchange = send("GET", `/v1/clients/handshake_payload?nonce=${nonce}`, {
        authorization: "Bearer sk_test_emulator"
      })
      const { body, status } = yield* exchange
      expect(status).toBe(200)
      expect(JSON.parse(body).directives.some((each: string) => each.startsWith("__session=eyJ"))).toBe(true)
      expect((yield* exchange).status).toBe(404)
      expect((yield* send("GET", `/v1/clients/handshake_payload?nonce=${nonce}`)).status).toBe(401)
      // The log keeps no credential of a browser.
      expect(JSON.stringify(yield* clerk.requests)).not.toMatch(/dvb_|eyJ/)
      expect(JSON.stringify(yield* clerk.requests)).not.toContain(nonce)
    })
  )

  it.live("sets the result in production as a cookie of the shared domain", () =>
    Effect.gen(function* () {
      const { send } = yield* open({
        production: true,
        issuer: "https://clerk.example.com",
        origins: ["https://app.example.com", "https://other.test"]
      })
      const at = (redirect: string) =>
        send("GET", `https://clerk.example.com/v1/client/handshake?${back(redirect)}`)
      const shared = yield* at("https://app.example.com/")
      expect(shared.headers["location"]).toBe("https://app.example.com/")
      expect(shared.cookies?.[1]).toMatch(
        /^__clerk_handshake=eyJ\S+; Path=\/; Domain=example\.com; Secure; SameSite=Lax; Max-Age=60$/
      )
      expect((yield* at("https://other.test/")).cookies?.[1]).not.toContain("Domain")
      // On a socket, the host of the emulator is in a header.
      const onSocket = yield* send("GET", `/v1/client/handshake?${back("http://app.dev.localhost:3000/")}`, {
        host: "clerk.dev.localhost:4999"
      })
      expect(onSocket.cookies?.[1]).toMatch(/; Domain=dev\.localhost; SameSite=Lax; Max-Age=60$/)
    })
  )
})

describe("the handshake of the emulator, as an operation", () => {
  it.live("takes the faults and responses that a test prepares for it, and is in the log by name", () =>
    Effect.gen(function* () {
      const { clerk, handshake, send } = yield* open()
      yield* clerk.respondNext({ operation: "FrontendApi.handshake", status: 503 })
      expect((yield* send("GET", `/sign-in?${back(app)}`)).status).toBe(200)
      expect((yield* handshake()).status).toBe(503)
      yield* send("POST", `/sign-out?${back(`${app}/?__clerk_db_jwt=dvb_1&tab=1&__session=eyJ`)}`)
      yield* clerk.expectRequests([
        "FrontendApi.signInPage",
        { operation: "FrontendApi.handshake", query: { redirect_url: `${app}/` } },
        {
          operation: "FrontendApi.signOut",
          query: { redirect_url: `${app}/?__clerk_db_jwt=***&tab=1&__session=***` }
        }
      ])
    })
  )

  it.effect("accepts GET only, and no script of another origin reads it", () =>
    Effect.gen(function* () {
      const { handshake, send } = yield* open()
      expect((yield* send("POST", `/v1/client/handshake?${back(app)}`)).status).toBe(405)
      expect((yield* send("PUT", `/sign-in?${back(app)}`)).status).toBe(405)
      expect((yield* handshake({ redirect_url: "" })).headers).not.toHaveProperty(
        "access-control-allow-origin"
      )
    })
  )

  it.live("brings cookies that a page over http accepts, and a token of the requested version", () =>
    Effect.gen(function* () {
      const { clerk, handshake } = yield* open()
      const user = yield* clerk.createUser()
      const { __clerk_db_jwt = "" } = yield* clerk.signInBrowser(user.id)
      const claims = (query: Record<string, string>) =>
        Effect.map(
          handshake({ redirect_url: "http://localhost:3000/", __clerk_db_jwt, ...query }),
          ({ headers }) => {
            const location = new URL(headers["location"] ?? "")
            // Sound in a test: it compares each value that it reads.
            const { handshake } = payloadOf(location.searchParams.get("__clerk_handshake") ?? "") as {
              handshake: ReadonlyArray<string>
            }
            expect(handshake.filter((each) => each.includes("Secure"))).toEqual([])
            return payloadOf(/^__session=([^;]+)/.exec(handshake[0] ?? "")?.[1] ?? "")
          }
        )
      expect(yield* claims({})).toMatchObject({ azp: "http://localhost:3000", sub: user.id, v: 2 })
      expect(yield* claims({ __clerk_api_version: "2026-05-12" })).toMatchObject({ v: 2 })
      expect(yield* claims({ __clerk_api_version: "2024-10-01" })).not.toHaveProperty("v")
    })
  )
})

describe("the sign-in page of the emulator", () => {
  it.effect("has a button for each user, and escapes their ids", () =>
    Effect.gen(function* () {
      const { clerk, send } = yield* open()
      expect((yield* send("GET", `/sign-in?${back(app)}`)).body).toContain("no users")
      yield* clerk.createUser({ id: "user_ada" })
      const page = yield* send("GET", `/sign-in?${back(app)}`)
      expect(page.status).toBe(200)
      expect(page.headers["content-type"]).toBe("text/html; charset=utf-8")
      expect(page.headers["content-security-policy"]).toContain("default-src 'none'")
      expect(page.body).toContain('<button name="user_id" value="user_ada">')
      expect((yield* send("GET", `/sign-in?${back("https://evil.test")}`)).status).toBe(400)
    })
  )

  it.live("offers the organizations of each user, and signs in with the chosen one", () =>
    Effect.gen(function* () {
      const { clerk, handshake, send } = yield* open({
        seed: {
          users: [{ id: "user_ada" }, { id: "user_bob" }],
          organizations: [
            { id: "org_acme", slug: "acme<", members: [{ userId: "user_ada", role: "org:admin" }] },
            { id: "org_other" }
          ]
        }
      })
      const { body } = yield* send("GET", `/sign-in?${back(`${app}/account`)}`)
      const [, ada = "", bob = ""] = body.split("<form")
      expect(ada).toContain(
        '<option value="">None</option><option value="org_acme">acme&#60; (org_acme)</option>'
      )
      expect(ada).toContain('<button name="user_id" value="user_ada">Sign in as user_ada</button>')
      expect(bob).toContain('value="user_bob"')
      expect(bob).not.toContain("<select")
      expect(body).not.toContain("org_other")
      expect(body).toContain(`You then return to ${app}.`)

      const post = (form: Record<string, string>) =>
        send("POST", `/sign-in?${back(`${app}/`)}`, {}, String(new URLSearchParams(form)))
      expect((yield* post({ user_id: "user_ada", organization_id: "org_other" })).status).toBe(404)
      expect((yield* post({ user_id: "user_bob", organization_id: "org_acme" })).status).toBe(404)
      expect((yield* post({ user_id: "user_bob", organization_id: "" })).status).toBe(303)
      const { headers } = yield* post({ user_id: "user_ada", organization_id: "org_acme" })
      const location = new URL(headers["location"] ?? "")
      const result = yield* handshake({
        __clerk_db_jwt: location.searchParams.get("__clerk_db_jwt") ?? ""
      })
      const token = new URL(result.headers["location"] ?? "").searchParams.get("__clerk_handshake") ?? ""
      const [, session = ""] = /"__session=([^;]+);/.exec(JSON.stringify(payloadOf(token))) ?? []
      expect(payloadOf(session)).toMatchObject({ sub: "user_ada", o: { id: "org_acme", rol: "admin" } })
      expect((yield* clerk.sessions).map((each) => each.lastActiveOrganizationId)).toEqual(["org_acme", null])
    })
  )

  it.live("signs in on the browser, from the page itself only", () =>
    Effect.gen(function* () {
      const { clerk, send } = yield* open()
      yield* clerk.createUser({ id: "user_ada" })
      const post = (headers: Record<string, string>, body = "user_id=user_ada") =>
        send("POST", `/sign-in?${back(`${app}/`)}`, { host: "clerk.emulator.test", ...headers }, body)
      expect((yield* post({ origin: "https://evil.test" })).status).toBe(403)
      expect((yield* post({ origin: "null" })).status).toBe(403)
      expect((yield* post({}, "user_id=user_eve")).status).toBe(404)
      expect((yield* post({}, "x".repeat(10_000_000))).status).toBe(413)
      expect(yield* clerk.sessions).toEqual([])
      const response = yield* post({ origin: "https://clerk.emulator.test" })
      expect(response.status).toBe(303)
      expect(new URL(response.headers["location"] ?? "").searchParams.get("__clerk_db_jwt")).toMatch(/^dvb_/)
      const [session] = yield* clerk.sessions
      assert(session !== undefined)
      expect([session.userId, session.status]).toEqual(["user_ada", "active"])
      const cookie = response.cookies?.[0]?.split(";")[0] ?? ""
      expect((yield* send("GET", `/sign-out?${back(`${app}/`)}`, { cookie })).status).toBe(303)
      expect((yield* clerk.sessions)[0]?.status).toBe("removed")
    })
  )
})

describe("a browser that signInBrowser signs in", () => {
  it.live("has a token as the options state it", () =>
    Effect.gen(function* () {
      const { clerk } = yield* open()
      const user = yield* clerk.createUser()
      const cookies = yield* clerk.signInBrowser(user.id, {
        origin: "http://localhost:3000",
        expiresIn: "5 seconds",
        version: 1,
        claims: { role: "admin" }
      })
      const claims = payloadOf(cookies["__session"] ?? "")
      expect(claims).toMatchObject({ azp: "http://localhost:3000", role: "admin", sub: user.id })
      expect(claims).not.toHaveProperty("v")
      // Sound in a test: it compares each value that it reads.
      const { exp, iat } = claims as { exp: number; iat: number }
      expect(exp - iat).toBe(5)
      expect(cookies[`__session_${clerk.cookieSuffix}`]).toBe(cookies["__session"])
    })
  )

  it.live("is the browser of its own user, where another user signed in on the client later", () =>
    Effect.gen(function* () {
      const { clerk } = yield* open()
      const [first, second] = [yield* clerk.createUser(), yield* clerk.createUser()]
      const clientId = yield* clerk.createClient
      yield* clerk.signInBrowser(first.id, { clientId })
      yield* clerk.signInBrowser(second.id, { clientId })
      const cookies = yield* clerk.signInBrowser(first.id, { clientId })
      expect(payloadOf(cookies["__session"] ?? "")).toMatchObject({ sub: first.id })
      expect(yield* clerk.sessions).toHaveLength(2)
    })
  )

  it.live.each([
    ["production", true],
    ["development", false]
  ] as const)("is accepted by RequestAuth in %s, and refreshed after its token expires", ([, production]) =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make({ production })
      const user = yield* clerk.createUser()
      const services = SigningKeys.layerJwks.pipe(
        Layer.provideMerge(ClerkHttp.layer({ secretKey: DEFAULT_SECRET_KEY })),
        Layer.provide(ClerkEmulator.layerHttpClient),
        Layer.provide(Layer.succeed(ClerkEmulator, clerk))
      )
      const outcomes = yield* Effect.gen(function* () {
        const authenticate = yield* RequestAuth.make({
          publishableKey: clerk.publishableKey,
          authorizedParties: [app],
          origin: app
        })
        const load = (cookies: Readonly<Record<string, string>>) =>
          authenticate({
            method: "GET",
            url: "/",
            headers: {
              "sec-fetch-dest": "document",
              cookie: Object.entries(cookies)
                .map(([name, value]) => `${name}=${value}`)
                .join("; ")
            }
          })
        return [
          yield* load(yield* clerk.signInBrowser(user.id)),
          yield* load(yield* clerk.signInBrowser(user.id, { age: "3 minutes" }))
        ]
      }).pipe(Effect.provide(services))
      expect(outcomes.map(({ _tag, setCookies }) => [_tag, setCookies.length > 0])).toEqual([
        ["SignedIn", false],
        ["SignedIn", true]
      ])
    })
  )
})

describe("a response with several cookies", () => {
  it.live("reaches a browser over a socket with all of them", () =>
    Effect.gen(function* () {
      const address = yield* HttpServer.addressFormattedWith(Effect.succeed)
      const response = yield* Effect.promise(() =>
        fetch(`${address}/v1/client/handshake?${back("http://localhost:3000/")}`, { redirect: "manual" })
      )
      expect(response.status).toBe(307)
      expect(response.headers.getSetCookie().map((each) => each.split("=")[0])).toEqual([
        "__client",
        "__clerk_handshake"
      ])
    }).pipe(
      Effect.provide(
        ClerkEmulator.layerServer.pipe(
          Layer.provide(ClerkEmulator.layer({ production: true })),
          Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 }))
        )
      )
    )
  )
})
