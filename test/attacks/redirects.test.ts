import * as Effect from "effect/Effect"
import { describe, expect, it } from "#test/vitest.js"
import {
  clerk,
  development,
  page,
  payload,
  production,
  tokenOfUser,
  victimCookies,
  visit
} from "./support/attack.js"

const expired = `__session=${tokenOfUser("user", "expired")}; __client_uat=1000`

const paths = [
  "//evil.test/x",
  "///evil.test",
  "/\\evil.test",
  "\\\\evil.test",
  "/\t/evil.test",
  "/..//evil.test",
  "/%2F%2Fevil.test",
  "/%5Cevil.test",
  "/@evil.test",
  "@evil.test/",
  ":80@evil.test/",
  ".evil.test/",
  "https://evil.test/x",
  "https://app.example.com@evil.test/",
  "https://user:password@evil.test/",
  "https:evil.test",
  "javascript:alert(1)",
  "data:text/html,x",
  "",
  "*",
  "?x=//evil.test",
  "#//evil.test",
  "/?__clerk_redirect_url=https://evil.test/",
  "/?redirect_url=https://evil.test/",
  "/\r\nlocation: https://evil.test",
  "/\0",
  "/\ud800",
  "/[::1]"
]

describe("the address of a redirect is on the configured origin", () => {
  it.live.each(paths.map((path) => [path] as const))("for the path %j", ([path]) =>
    Effect.gen(function* () {
      const { location, status } = yield* visit(page(expired, { path }))
      expect(status).toBe("Handshake")
      expect(location?.origin).toBe(production.issuer)
      expect(location?.username).toBe("")
      const returnTo = new URL(location?.searchParams.get("redirect_url") ?? "")
      expect([returnTo.origin, returnTo.username]).toEqual([production.origin, ""])
    }).pipe(Effect.provide(clerk().layer))
  )

  it.live.each(paths.map((path) => [path] as const))("after the clean-up of the path %j", ([path]) =>
    Effect.gen(function* () {
      const token = payload([`__session=${tokenOfUser("user", "valid", development)}`])
      const start = path.split("#")[0] ?? ""
      const query = `${start.includes("?") ? "&" : "?"}__clerk_handshake=${token}&__clerk_db_jwt=dvb_1`
      const { location } = yield* visit(page("__clerk_db_jwt=dvb_1", { path: start + query }), development)
      // An address that is no path loses its query, so that there is nothing to clean.
      const hasQuery = /^(?:\/|https:)/.test(start)
      expect(location?.origin).toBe(hasQuery ? development.origin : undefined)
      expect(location?.username ?? "").toBe("")
      expect(location?.search ?? "").not.toMatch(/__clerk_(?:handshake|db_jwt)/)
    }).pipe(Effect.provide(clerk().layer))
  )

  const headers: ReadonlyArray<Readonly<Record<string, string>>> = [
    { "x-forwarded-host": "evil.test" },
    { "x-forwarded-host": "evil.test, app.example.com" },
    { "x-forwarded-proto": "http" },
    { "x-forwarded-proto": "javascript" },
    { "cloudfront-forwarded-proto": "http" },
    { "x-forwarded-port": "1" },
    { "x-forwarded-prefix": "//evil.test" },
    { "x-original-url": "//evil.test" },
    { forwarded: "host=evil.test;proto=http" },
    { host: "evil.test" },
    { host: "app.example.com.evil.test" },
    { host: "app.example.com@evil.test" },
    { host: "app.example.com:1" },
    { host: "" },
    { referer: "https://evil.test/" },
    { origin: "https://evil.test" }
  ]

  it.live.each(headers.map((header) => [header] as const))("with the header %j", ([header]) =>
    Effect.gen(function* () {
      const { location } = yield* visit(page(expired, { path: "/a", headers: header }))
      expect(location?.origin).toBe(production.issuer)
      expect(location?.searchParams.get("redirect_url")).toBe("https://app.example.com/a")
    }).pipe(Effect.provide(clerk().layer))
  )

  it.live("that matches the host, or on the first one for any other host", () =>
    Effect.gen(function* () {
      const origin = ["https://app.example.com", "https://b.example.com"]
      const returnTo = (host: string) =>
        Effect.map(visit(page(expired, { headers: { host } }), production, { origin }), ({ location }) =>
          location?.searchParams.get("redirect_url")
        )
      expect(yield* returnTo("b.example.com")).toBe("https://b.example.com/")
      for (const host of ["evil.test", "b.example.com.evil.test", "x@b.example.com", "b.example.com:8443"]) {
        expect(yield* returnTo(host)).toBe("https://app.example.com/")
      }
    }).pipe(Effect.provide(clerk().layer))
  )

  it.live("in development, where a link names another address for the dev browser", () =>
    Effect.gen(function* () {
      const path = "/?__clerk_redirect_url=https%3A%2F%2Fevil.test%2F"
      const result = yield* visit(page(victimCookies(development), { path }), development)
      expect(result).toMatchObject({ status: "SignedIn", location: undefined })
    }).pipe(Effect.provide(clerk().layer))
  )
})
