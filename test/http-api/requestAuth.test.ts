import { readFile } from "node:fs/promises"
import { inspect } from "node:util"
import { Effect, Fiber, Layer, Option, Redacted, Schema } from "effect"
import { ClerkHttp, SigningKeys } from "effect-clerk"
import { RequestAuth } from "effect-clerk/http-api"
import { DEFAULT_ORIGIN as app, ClerkEmulator, DEFAULT_SECRET_KEY } from "effect-clerk/testing"
import { fork } from "#test/fiber.js"
import { replaceLogger, simpleLogger, withAllLevels } from "#test/logger.js"
import { assert, describe, expect, it } from "#test/vitest.js"
import { tokenReasons } from "../../src/core/model.js"
import { untyped } from "../support/requests.js"

const stage = SigningKeys.layerJwks.pipe(
  Layer.provideMerge(ClerkHttp.layer({ secretKey: DEFAULT_SECRET_KEY })),
  Layer.provide(ClerkEmulator.layerHttpClient),
  Layer.provideMerge(ClerkEmulator.layer({ production: true }))
)

const optionsOf = (publishableKey: string): RequestAuth.Options => ({
  publishableKey,
  authorizedParties: [app],
  origin: app
})

const make = (options: Partial<RequestAuth.Options> = {}) =>
  Effect.flatMap(ClerkEmulator, ({ publishableKey }) =>
    RequestAuth.make({ ...optionsOf(publishableKey), ...options })
  )

const page = (cookie: string, headers: Readonly<Record<string, string>> = {}) =>
  new Request(`${app}/account?tab=1`, { headers: { "sec-fetch-dest": "document", cookie, ...headers } })

/** A browser whose session token has expired, with its refresh token. */
const sleepingBrowser = Effect.gen(function* () {
  const clerk = yield* ClerkEmulator
  const user = yield* clerk.createUser()
  const { refreshToken, session, sessionToken } = yield* clerk.signIn(user.id, { age: "2 minutes" })
  return { session, sessionToken, refreshToken }
})

const cookiesOf = ({ refreshToken, sessionToken }: { refreshToken: string; sessionToken: string }) =>
  Effect.map(
    ClerkEmulator,
    ({ cookieSuffix }) =>
      `__session=${sessionToken}; __client_uat=1; __refresh_${cookieSuffix}=${refreshToken}`
  )

const refreshes = Effect.flatMap(ClerkEmulator, ({ requests }) =>
  Effect.map(requests, (all) => all.filter(({ operation }) => operation === "Sessions.refresh"))
)

describe("RequestAuth.make", () => {
  it.live("returns the session and the token of a signed-in user", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const user = yield* clerk.createUser()
      const { sessionToken } = yield* clerk.signIn(user.id)
      const authenticate = yield* make()
      const outcome = yield* authenticate(page(`__session=${sessionToken}; __client_uat=1`))
      expect(Object.keys(outcome).sort()).toEqual(["_tag", "session", "setCookies", "token"])
      assert(outcome._tag === "SignedIn")
      expect(outcome.session.userId).toBe(user.id)
      expect(Redacted.value(outcome.token)).toBe(sessionToken)
      expect(outcome.setCookies).toEqual([])
      expect(RequestAuth.toResponse(outcome)).toEqual(Option.none())
      expect(RequestAuth.headers(outcome)).toEqual([])
    }).pipe(Effect.provide(stage))
  )

  it.live("accepts the requests of frameworks, with a path or a full address", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const { sessionToken } = yield* clerk.signIn((yield* clerk.createUser()).id)
      const authenticate = yield* make()
      const cookie = `__session=${sessionToken}; __client_uat=1`
      const inputs: ReadonlyArray<RequestAuth.RequestInput> = [
        { method: "GET", url: "/", headers: { cookie } },
        { method: "get", url: "http://localhost:1/x", headers: new Headers({ cookie }) },
        { method: "GET", url: "/", headers: [["Cookie", cookie]] },
        { method: "GET", url: "/", headers: { cookie: cookie.split("; ") } }
      ]
      for (const input of inputs) expect((yield* authenticate(input))._tag).toBe("SignedIn")
      // Headers that cannot be read are none.
      expect((yield* authenticate({ url: "/", headers: untyped(1) }))._tag).toBe("SignedOut")
    }).pipe(Effect.provide(stage))
  )

  it.live("decodes custom claims by the schema", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const { sessionToken } = yield* clerk.signIn((yield* clerk.createUser()).id, {
        claims: { tenant: "acme" }
      })
      const authenticate = yield* RequestAuth.make({
        ...optionsOf(clerk.publishableKey),
        claims: Schema.Struct({ tenant: Schema.String })
      })
      const outcome = yield* authenticate(page(`__session=${sessionToken}; __client_uat=1`))
      assert(outcome._tag === "SignedIn")
      expect(outcome.session.custom.tenant).toBe("acme")
    }).pipe(Effect.provide(stage))
  )

  it.live("refreshes an expired session, and sets its cookies", () =>
    Effect.gen(function* () {
      const browser = yield* sleepingBrowser
      const authenticate = yield* make()
      const cookie = yield* cookiesOf(browser)
      const outcome = yield* authenticate(page(cookie, { "user-agent": "Firefox", "x-token": "secret" }))
      assert(outcome._tag === "SignedIn")
      expect(outcome.session.sessionId).toBe(browser.session.id)
      expect(Redacted.value(outcome.token)).not.toBe(browser.sessionToken)
      const [call] = yield* refreshes
      expect(call?.body).toMatchObject({
        request_origin: app,
        request_headers: { "user-agent": ["Firefox"] }
      })
      expect(JSON.stringify(call?.body)).not.toContain("secret")
      const response = RequestAuth.addHeaders(new Response("hello"), outcome)
      expect(response.headers.get("cache-control")).toBe("no-store")
      expect(response.headers.getSetCookie().some((each) => each.startsWith("__session="))).toBe(true)
    }).pipe(Effect.provide(stage))
  )

  it.live("refreshes once for concurrent and slightly later requests of one browser", () =>
    Effect.gen(function* () {
      const browser = yield* sleepingBrowser
      const authenticate = yield* make()
      const cookie = yield* cookiesOf(browser)
      const many = Effect.all(
        Array.from({ length: 10 }, () => authenticate(page(cookie))),
        { concurrency: "unbounded" }
      )
      const outcomes = [...(yield* many), ...(yield* many)]
      expect(outcomes.map(({ _tag }) => _tag)).toEqual(outcomes.map(() => "SignedIn"))
      expect(yield* refreshes).toHaveLength(1)
    }).pipe(Effect.provide(stage))
  )

  it.live("goes on with a refresh after its first caller hangs up", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const browser = yield* sleepingBrowser
      const authenticate = yield* make()
      const cookie = yield* cookiesOf(browser)
      yield* clerk.setLatency("100 millis", "Sessions.refresh")
      const first = yield* fork(authenticate(page(cookie)))
      yield* Effect.sleep("30 millis")
      const second = yield* fork(authenticate(page(cookie)))
      yield* Effect.sleep("20 millis")
      yield* Fiber.interrupt(first)
      expect((yield* Fiber.join(second))._tag).toBe("SignedIn")
      expect(yield* refreshes).toHaveLength(1)
    }).pipe(Effect.provide(stage))
  )

  it.live("sends a page through the handshake when the refresh fails, with the code as the reason", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const browser = yield* sleepingBrowser
      const authenticate = yield* make()
      const cookie = yield* cookiesOf(browser)
      yield* clerk.respondNext({ operation: "Sessions.refresh", status: 401 })
      const outcome = yield* authenticate(page(cookie))
      assert(outcome._tag === "Handshake")
      expect(outcome.reason).toMatch(/^session-token-expired-refresh-[a-z_-]+$/)
      const response = Option.getOrThrow(RequestAuth.toResponse(outcome))
      expect(response.status).toBe(307)
      expect(response.headers.get("cache-control")).toBe("no-store")
      expect(response.headers.get("location")).toBe(Redacted.value(outcome.location))
      expect(response.headers.getSetCookie()[0]).toContain("__clerk_redirect_count=1")
    }).pipe(Effect.provide(stage))
  )

  it.live("waits at most two seconds for Clerk", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const browser = yield* sleepingBrowser
      const authenticate = yield* make()
      const cookie = yield* cookiesOf(browser)
      yield* clerk.failNext({ operation: "Sessions.refresh", fault: "no-response" })
      const outcome = yield* authenticate(page(cookie))
      assert(outcome._tag === "Handshake")
      expect(outcome.reason).toBe("session-token-expired-refresh-fetch-error")
    }).pipe(Effect.provide(stage), Effect.timeout("4 seconds"))
  )

  it.live("fails with ClerkKeysUnavailable while the keys are unavailable", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const { sessionToken } = yield* clerk.signIn((yield* clerk.createUser()).id)
      const authenticate = yield* make()
      yield* clerk.respondNext({ operation: "SigningKeys.jwks", status: 401 })
      const error = yield* Effect.flip(authenticate(page(`__session=${sessionToken}; __client_uat=1`)))
      expect(error._tag).toBe("ClerkKeysUnavailable")
    }).pipe(Effect.provide(stage))
  )

  it.live("shows no secret when an outcome is printed", () =>
    Effect.gen(function* () {
      const browser = yield* sleepingBrowser
      const authenticate = yield* make()
      const refreshed = yield* authenticate(page(yield* cookiesOf(browser)))
      const handshake = yield* authenticate(page(`__session=${browser.sessionToken}; __client_uat=1`))
      for (const outcome of [refreshed, handshake]) {
        const printed = `${inspect(outcome, { depth: 20, showHidden: true })}${JSON.stringify(outcome)}`
        expect(printed).not.toContain("eyJ")
        expect(printed).not.toContain("rt_")
      }
    }).pipe(Effect.provide(stage))
  )

  it.live.each<readonly [string, object]>([
    ["publishableKey", { publishableKey: "pk_test_x" }],
    ["publishableKey", { publishableKey: undefined }],
    ["authorizedParties", { authorizedParties: undefined }],
    ["origin", { origin: undefined }],
    ["origin", { origin: [] }],
    ["origin", { origin: `${app}/` }],
    ["origin", { origin: "chrome-extension://abc" }],
    ["frontendApi", { frontendApi: "http://clerk.example.com" }],
    ["frontendApi", { frontendApi: "clerk.example.com" }],
    ["refresh", { refresh: "yes" }],
    ["requireClientUat", { requireClientUat: 1 }],
    ["category", { category: "template" }],
    ["cookies", { cookies: true }],
    ["orign", { orign: app }]
  ])("rejects an invalid %s", ([field, invalid]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(make(invalid))
      expect(error._tag).toBe("ClerkConfigError")
      expect(error.message).toContain(field)
    }).pipe(Effect.provide(stage))
  )
})

describe("RequestAuth.connection", () => {
  it.live("decides by the headers, and checks the origin of a cookie", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const { sessionToken } = yield* clerk.signIn((yield* clerk.createUser()).id)
      const decide = yield* RequestAuth.connection({
        publishableKey: clerk.publishableKey,
        authorizedParties: [app]
      })
      const cookie = `__session=${sessionToken}; __client_uat=1`
      const signedIn = yield* decide({ cookie, origin: app, upgrade: "websocket" })
      assert(signedIn._tag === "SignedIn")
      expect(signedIn.session.expiresAt).toBeDefined()
      expect((yield* decide({ authorization: `Bearer ${sessionToken}` }))._tag).toBe("SignedIn")
      expect(yield* decide({ cookie, origin: "https://evil.test" })).toEqual({
        _tag: "SignedOut",
        reason: "token-invalid-authorized-parties",
        setCookies: []
      })
      expect(yield* decide({})).toMatchObject({ reason: "session-token-and-uat-missing" })
    }).pipe(Effect.provide(stage))
  )
})

describe("a cookie from an origin that is not a party", () => {
  it.live("leaves a line in the log at debug level, with the origins that are", () => {
    const lines: Array<string> = []
    return Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const { sessionToken } = yield* clerk.signIn((yield* clerk.createUser()).id)
      const headers = { cookie: `__session=${sessionToken}; __client_uat=1`, origin: "null" }
      const { publishableKey } = clerk
      const connect = yield* RequestAuth.connection({ publishableKey, authorizedParties: [app] })
      const authenticate = yield* make()
      for (const decide of [
        connect(headers),
        authenticate(new Request(`${app}/settings`, { method: "POST", headers }))
      ]) {
        expect(yield* decide).toMatchObject({ reason: "token-invalid-authorized-parties" })
        expect(lines).toEqual([
          expect.stringMatching(/level=debug .*its Origin header is not accepted by authorizedParties/i)
        ])
        const [line] = lines.splice(0)
        expect(line).toContain(`expected ${app}`)
        expect(line).not.toContain(sessionToken)
      }
    }).pipe(
      withAllLevels,
      Effect.provide(Layer.merge(stage, replaceLogger(simpleLogger((line) => lines.push(line)))))
    )
  })
})

describe("RequestAuth.byHost", () => {
  it.effect("chooses by the exact host, and knows no other", () =>
    Effect.gen(function* () {
      const choose = RequestAuth.byHost({
        "a.example.com": () => Effect.succeed("a"),
        "B.example.com:8443": () => Effect.succeed("b")
      })
      const at = (host: string, url = "/") => choose({ url, headers: { host } })
      expect(yield* at("a.example.com")).toEqual(Option.some("a"))
      expect(yield* at("A.example.com")).toEqual(Option.some("a"))
      expect(yield* at("b.example.com:8443")).toEqual(Option.some("b"))
      expect(yield* at("b.example.com")).toEqual(Option.none())
      expect(yield* at("x.a.example.com")).toEqual(Option.none())
      expect(yield* at("__proto__")).toEqual(Option.none())
      expect(yield* choose(new Request("https://a.example.com/"))).toEqual(Option.some("a"))
      expect(yield* at("evil.test", "https://a.example.com/")).toEqual(Option.none())
    })
  )
})

describe("RequestAuth.signOutCookies", () => {
  const namesOf = (cookies: ReadonlyArray<string>) => cookies.map((each) => each.split("=")[0])

  it.effect("removes each cookie of a session, with the suffix of the instance and without it", () =>
    Effect.gen(function* () {
      const { cookieSuffix, publishableKey } = yield* ClerkEmulator.make()
      const cookies = yield* RequestAuth.signOutCookies(publishableKey)
      expect(namesOf(cookies).sort()).toEqual(
        [
          "__session",
          "__client_uat",
          `__session_${cookieSuffix}`,
          `__client_uat_${cookieSuffix}`,
          `__refresh_${cookieSuffix}`
        ].sort()
      )
      for (const cookie of cookies) {
        expect(cookie).toMatch(/^[\w-]+=; Path=\/; Max-Age=0; SameSite=Lax$/)
      }
    })
  )

  it.effect.each<readonly [string, ReadonlyArray<string>]>([
    ["clerk.example.com$", ["example.com"]],
    ["clerk.app.example.co.uk$", ["app.example.co.uk", "example.co.uk", "co.uk"]],
    ["localhost:4999$", []]
  ])("removes __client_uat of production also for the domains above %s", ([host, domains]) =>
    Effect.gen(function* () {
      const cookies = yield* RequestAuth.signOutCookies(`pk_live_${btoa(host).replaceAll("=", "")}`)
      const withDomain = cookies.filter((each) => each.includes("Domain="))
      expect(withDomain.filter((each) => each.startsWith("__client_uat="))).toEqual(
        domains.map((domain) => `__client_uat=; Path=/; Domain=${domain}; Max-Age=0; SameSite=Lax`)
      )
      expect(withDomain).toHaveLength(2 * domains.length)
      expect(withDomain.every((each) => each.startsWith("__client_uat"))).toBe(true)
    })
  )

  it.effect("fails with a ClerkConfigError that names the publishable key", () =>
    Effect.gen(function* () {
      for (const key of ["", "pk_test_x", "sk_test_emulator", undefined]) {
        const error = yield* Effect.flip(RequestAuth.signOutCookies(untyped(key)))
        expect(error._tag).toBe("ClerkConfigError")
        expect(error.message).toBe(
          "publishableKey must be the key that starts with pk_test_ or pk_live_ in Clerk's dashboard"
        )
      }
    })
  )
})

describe("RequestAuth.addHeaders", () => {
  const outcome: RequestAuth.Outcome = {
    _tag: "SignedOut",
    reason: "session-token-missing",
    setCookies: [Redacted.make("__session=; Max-Age=0"), Redacted.make("__client_uat=0")]
  }

  it("keeps the response, its other headers and its own cookies", () => {
    const given = new Response("x", {
      status: 201,
      headers: { "cache-control": "public", "set-cookie": "a=1", "x-y": "z" }
    })
    const response = RequestAuth.addHeaders(given, outcome)
    expect(response).toBe(given)
    expect(response.headers.get("cache-control")).toBe("no-store")
    expect(response.headers.getSetCookie()).toEqual(["a=1", "__session=; Max-Age=0", "__client_uat=0"])
    expect(response.headers.get("x-y")).toBe("z")
  })

  it("copies a response whose headers cannot change", async () => {
    const given = Response.redirect("https://app.example.com/", 303)
    const response = RequestAuth.addHeaders(given, outcome)
    expect(response).not.toBe(given)
    expect([response.status, response.headers.get("location")]).toEqual([303, "https://app.example.com/"])
    expect(response.headers.getSetCookie()).toHaveLength(2)
  })

  it("leaves the response of an outcome without cookies as it is", () => {
    const given = new Response("x", { headers: { "cache-control": "public" } })
    const response = RequestAuth.addHeaders(given, { ...outcome, setCookies: [] })
    expect(response.headers.get("cache-control")).toBe("public")
  })
})

describe("RequestAuth.reasons", () => {
  it("maps each reason of a ClerkTokenError to a string of Clerk", () => {
    expect(Object.keys(RequestAuth.reasons).sort()).toEqual([...tokenReasons].sort())
    expect(Object.values(RequestAuth.reasons).every((reason) => /^[a-z-]+$/.test(reason))).toBe(true)
  })

  it("are in the table of the page on request authentication", async () => {
    const page = await readFile(new URL("../../docs/request-authentication.md", import.meta.url), "utf8")
    const table = page.slice(page.indexOf("## Reasons"), page.indexOf("## Testing"))
    const others = [
      "client-uat-but-no-session-token",
      "dev-browser-missing",
      "dev-browser-sync",
      "session-token-missing",
      "session-token-expired-refresh-…"
    ]
    for (const reason of [...Object.values(RequestAuth.reasons), ...others]) {
      expect(table).toMatch(new RegExp(`^\\|[^|]*\`${reason}\``, "m"))
    }
  })
})
