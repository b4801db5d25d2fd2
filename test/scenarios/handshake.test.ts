import { Effect, Layer, Option } from "effect"
import { ClerkHttp, Sessions, SigningKeys } from "effect-clerk"
import { RequestAuth } from "effect-clerk/http-api"
import { ClerkEmulator, type ClerkEmulatorService, DEFAULT_SECRET_KEY } from "effect-clerk/testing"
import { runner } from "#test/fiber.js"
import * as TestClock from "#test/TestClock.js"
import { assert, describe, expect, it } from "#test/vitest.js"
import { makeBrowser } from "../support/browser.js"

const app = "https://app.example.com"
const issuer = "https://clerk.example.com"

/** An application, Clerk, and a browser that knows both. */
const open = (production: boolean, options: Partial<RequestAuth.Options> = {}) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(Date.UTC(2026, 0, 15, 12))
    const clerk = yield* ClerkEmulator.make({ production, issuer, origins: [app] })
    const user = yield* clerk.createUser({ id: "user_ada" })
    const services = yield* Layer.build(
      SigningKeys.layerJwks.pipe(
        Layer.provideMerge(ClerkHttp.layer({ secretKey: DEFAULT_SECRET_KEY })),
        Layer.provide(ClerkEmulator.layerHttpClient),
        Layer.provide(Layer.succeed(ClerkEmulator, clerk))
      )
    )
    const authenticate = yield* RequestAuth.make({
      publishableKey: clerk.publishableKey,
      authorizedParties: [app],
      origin: app,
      ...options
    }).pipe(Effect.provide(services))
    const { runPromise } = yield* runner()
    const signOutHere = async (request: Request): Promise<Response> => {
      const outcome = await runPromise(authenticate(request).pipe(Effect.provide(services), Effect.orDie))
      assert(outcome._tag === "SignedIn")
      await runPromise(
        Sessions.revoke(outcome.session.sessionId).pipe(Effect.provide(services), Effect.orDie)
      )
      const response = new Response(null, { status: 303, headers: { location: "/" } })
      for (const cookie of await runPromise(Effect.orDie(RequestAuth.signOutCookies(clerk.publishableKey))))
        response.headers.append("set-cookie", cookie)
      return response
    }
    const page = async (request: Request): Promise<Response> => {
      if (new URL(request.url).pathname === "/sign-out") return signOutHere(request)
      const outcome = await runPromise(authenticate(request).pipe(Effect.provide(services), Effect.orDie))
      const redirect = RequestAuth.toResponse(outcome)
      if (Option.isSome(redirect)) return redirect.value
      const text = outcome._tag === "SignedIn" ? outcome.session.userId : `nobody: ${reasonOf(outcome)}`
      return RequestAuth.addHeaders(new Response(text), outcome)
    }
    const frontend = async (request: Request): Promise<Response> => {
      const {
        body,
        cookies = [],
        headers,
        status
      } = await runPromise(
        clerk.handle({
          method: request.method,
          url: request.url,
          headers: Object.fromEntries(request.headers),
          body: await request.text()
        })
      )
      const response = new Response(body === "" ? null : body, { status, headers })
      for (const cookie of cookies) response.headers.append("set-cookie", cookie)
      return response
    }
    const browser = makeBrowser({ [app]: page, [issuer]: frontend })
    const load = (path: string, init?: RequestInit) =>
      Effect.promise(() => browser.load(new URL(path, app), init))
    const at = (path: string) => `${issuer}${path}?redirect_url=${encodeURIComponent(`${app}/`)}`
    return {
      clerk,
      browser,
      load,
      user,
      signIn: load(at("/sign-in"), {
        method: "POST",
        body: new URLSearchParams({ user_id: user.id }),
        headers: { origin: issuer }
      }),
      signOut: load(at("/sign-out"))
    }
  })

const reasonOf = (outcome: RequestAuth.Outcome) => ("reason" in outcome ? outcome.reason : "")

const refreshes = (clerk: ClerkEmulatorService) =>
  Effect.map(clerk.requests, (all) => all.filter(({ operation }) => operation === "Sessions.refresh").length)

describe.each([
  ["production", true],
  ["development", false]
] as const)("a browser of a %s instance", (_, production) => {
  it.effect("is nobody before it signs in, and the user after it", () =>
    Effect.gen(function* () {
      const { load, signIn, user } = yield* open(production)
      const before = yield* load("/")
      expect(before.body).toContain("nobody")
      expect(before.url.href).toBe(`${app}/`)
      const after = yield* signIn
      expect(after.body).toBe(user.id)
      expect(after.url.href).toBe(`${app}/`)
      expect((yield* load("/account?tab=1")).body).toBe(user.id)
    })
  )

  it.effect("stays signed in over expiry and reload, with one refresh", () =>
    Effect.gen(function* () {
      const { clerk, load, signIn, user } = yield* open(production)
      yield* signIn
      yield* TestClock.adjust("3 minutes")
      const page = yield* load("/")
      expect([page.body, page.redirects.length]).toEqual([user.id, 0])
      expect((yield* load("/")).body).toBe(user.id)
      expect(yield* refreshes(clerk)).toBe(1)
    })
  )

  it.effect("stays signed in over expiry without a refresh, with one redirect and back", () =>
    Effect.gen(function* () {
      const { clerk, load, signIn, user } = yield* open(production, { refresh: false })
      yield* signIn
      yield* TestClock.adjust("3 minutes")
      const page = yield* load("/account?tab=1")
      expect(page.body).toBe(user.id)
      expect(page.url.href).toBe(`${app}/account?tab=1`)
      // To Clerk and back. In development once more, to remove Clerk's parameters.
      expect(page.redirects.length).toBe(production ? 2 : 3)
      expect((yield* load("/")).redirects.length).toBe(0)
      expect(yield* refreshes(clerk)).toBe(0)
    })
  )

  it.effect("is signed out in all tabs after it signs out in one", () =>
    Effect.gen(function* () {
      const { load, signIn, signOut } = yield* open(production)
      yield* signIn
      expect((yield* signOut).body).toContain("nobody")
      expect((yield* load("/")).body).toContain("nobody")
    })
  )

  it.effect("is signed out at once by the server that revokes its session, and can sign in again", () =>
    Effect.gen(function* () {
      const { browser, clerk, load, signIn, user } = yield* open(production)
      yield* signIn
      const page = yield* load("/sign-out", { method: "POST", headers: { origin: app } })
      expect(page.body).toBe("nobody: session-token-and-uat-missing")
      expect(page.redirects.map(({ pathname }) => pathname)).toEqual(["/"])
      const names = ["__session", "__client_uat", "__refresh"].flatMap((name) => [
        name,
        `${name}_${clerk.cookieSuffix}`
      ])
      expect(names.flatMap(browser.cookies)).toEqual([])
      expect((yield* clerk.sessions).map(({ status }) => status)).toEqual(["revoked"])
      expect((yield* load("/")).body).toContain("nobody")
      expect((yield* signIn).body).toBe(user.id)
      expect((yield* load("/")).body).toBe(user.id)
    })
  )

  it.effect("is signed out when its session is revoked and its token expires, and no loop begins", () =>
    Effect.gen(function* () {
      const { clerk, load, signIn } = yield* open(production)
      yield* signIn
      const [session] = yield* clerk.sessions
      assert(session !== undefined)
      yield* clerk.updateSession(session.id, { status: "revoked" })
      yield* TestClock.adjust("2 minutes")
      const page = yield* load("/")
      expect(page.status).toBe(200)
      expect(page.body).toContain("nobody")
      expect(page.redirects.length).toBeLessThanOrEqual(4)
    })
  )

  it.effect("is signed out after three handshakes while the Backend API is down, and back afterwards", () =>
    Effect.gen(function* () {
      const { clerk, load, signIn, user } = yield* open(production)
      // So large that Clerk returns a nonce, which only the Backend API exchanges.
      const slug = "a".repeat(1_500)
      const { id } = yield* clerk.createOrganization({ slug, members: [{ userId: user.id }] })
      yield* signIn
      const [session] = yield* clerk.sessions
      yield* clerk.updateSession(session?.id ?? "", { lastActiveOrganizationId: id })
      yield* TestClock.adjust("2 minutes")
      // Each page load with this token shares the result of one refresh.
      yield* clerk.respondNext({ operation: "Sessions.refresh", status: 401 })
      const operation = "Clients.getHandshakePayload"
      yield* Effect.replicateEffect(clerk.respondNext({ operation, status: 401 }), 3)
      const page = yield* load("/")
      expect([page.status, page.body]).toEqual([
        200,
        "nobody: session-token-expired-refresh-unexpected-bapi-error"
      ])
      const handshakes = page.redirects.filter(({ pathname }) => pathname === "/v1/client/handshake")
      expect(handshakes).toHaveLength(3)
      yield* TestClock.adjust("31 seconds")
      expect((yield* load("/")).body).toBe(user.id)
    })
  )

  it.effect("that lost its session cookie gets it back from Clerk", () =>
    Effect.gen(function* () {
      const { browser, clerk, load, signIn, user } = yield* open(production)
      yield* signIn
      const suffix = clerk.cookieSuffix
      for (const name of ["__session", `__session_${suffix}`]) browser.forget(name)
      expect((yield* load("/")).body).toBe(user.id)
      expect(
        browser.cookies("__session").length + browser.cookies(`__session_${suffix}`).length
      ).toBeGreaterThan(0)
    })
  )

  it.effect("shows a page after three redirects when Clerk's result is never accepted", () =>
    Effect.gen(function* () {
      // Keys of another instance: no payload and no token is valid.
      const { load, signIn } = yield* open(production, {
        authorizedParties: ["https://other.example.com"]
      })
      const page = yield* signIn
      expect(page.status).toBe(200)
      expect(page.body).toContain("nobody")
      expect(page.redirects.length).toBeLessThanOrEqual(10)
      expect((yield* load("/")).status).toBe(200)
    })
  )
})
