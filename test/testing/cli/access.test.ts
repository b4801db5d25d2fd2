import * as Effect from "effect/Effect"
import { describe, expect, it } from "#test/vitest.js"
import { errorOf, program } from "./abuse.support.js"

const paths = ["/__emulator/state", "/v1/jwks", "/health", "/.well-known/jwks.json"]

/** A request with this `Host`, which fetch does not allow. */
const withHost = (host: string, path: string) =>
  `GET ${path} HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer sk_test_emulator\r\nconnection: close\r\n\r\n`

const statusOf = (reply: string) => Number(reply.slice(9, 12))

describe("a program that listens on a loopback address", () => {
  it.live("serves every name of this machine, with any port", () =>
    Effect.gen(function* () {
      const { raw } = yield* program()
      const hosts = [
        "localhost",
        "localhost:4999",
        "LocalHost:1",
        "clerk.localhost:4999",
        "127.0.0.1",
        "127.9.9.9:80",
        "[::1]:4999"
      ]
      for (const host of hosts) {
        for (const path of paths) {
          expect([host, path, statusOf(yield* raw(withHost(host, path)))]).toEqual([host, path, 200])
        }
      }
    })
  )

  it.live("rejects every other host with an instruction, and logs it", () =>
    Effect.gen(function* () {
      const { clerk, lines, raw } = yield* program()
      const hosts = [
        "evil.example",
        "evil.example:4999",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "notlocalhost",
        "clerk:4999",
        "192.168.0.7:4999",
        "[::2]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "localhost.",
        "localhost:99999",
        "localhost@evil.example",
        "evil.example/localhost",
        "localhost:4999:4999",
        ""
      ]
      for (const host of hosts) {
        for (const path of paths) {
          expect([host, path, statusOf(yield* raw(withHost(host, path)))]).toEqual([host, path, 403])
        }
      }
      const reply = yield* raw(withHost("evil.example:4999", "/__emulator/state"))
      expect(reply).toContain(
        '{"error":"the host evil.example is not allowed: use localhost or 127.0.0.1, or start the emulator with --allow-host evil.example"}'
      )
      expect(lines).toHaveLength(hosts.length * paths.length + 1)
      expect(yield* clerk.requests).toEqual([])
    })
  )

  it.live("rejects a handshake of another host, and logs no token of its address", () =>
    Effect.gen(function* () {
      const { lines, raw } = yield* program()
      const path = "/v1/client/handshake?redirect_url=http://localhost:3000/&__clerk_db_jwt=dvb_1"
      expect(statusOf(yield* raw(withHost("evil.example", path)))).toBe(403)
      expect(lines).toEqual([
        expect.stringMatching(/^403 GET \/v1\/client\/handshake: the host evil\.example is not allowed/)
      ])
    })
  )

  it.live("decides by the header Host, and runs no command for an absolute URL", () =>
    Effect.gen(function* () {
      const { raw } = yield* program()
      const url = "http://evil.example/__emulator/state"
      expect(statusOf(yield* raw(withHost("evil.example", url)))).toBe(403)
      const reply = yield* raw(withHost("localhost", url))
      expect(statusOf(reply)).toBe(404)
      expect(reply).not.toContain("instance")
    })
  )

  it.live("serves a host that --allow-host names", () =>
    Effect.gen(function* () {
      const { raw } = yield* program({ allowedHosts: ["host.docker.internal"] })
      expect(statusOf(yield* raw(withHost("host.docker.internal:4999", "/v1/jwks")))).toBe(200)
      expect(statusOf(yield* raw(withHost("evil.example", "/v1/jwks")))).toBe(403)
    })
  )
})

describe("a program that listens on all addresses", () => {
  it.live("serves any host, such as the name of a container", () =>
    Effect.gen(function* () {
      const { raw } = yield* program({ host: "0.0.0.0" })
      for (const path of paths) expect(statusOf(yield* raw(withHost("clerk:4999", path)))).toBe(200)
    })
  )

  it.live("serves no other host when --allow-host is given", () =>
    Effect.gen(function* () {
      const { raw } = yield* program({ host: "0.0.0.0", allowedHosts: ["clerk"] })
      const statuses = yield* Effect.forEach(["clerk:4999", "localhost:4999", "evil.example"], (host) =>
        Effect.map(raw(withHost(host, "/__emulator/state")), statusOf)
      )
      expect(statuses).toEqual([200, 200, 403])
    })
  )

  it.live("still rejects a foreign origin on the control API", () =>
    Effect.gen(function* () {
      const { send } = yield* program({ host: "0.0.0.0" })
      const reply = yield* send("/__emulator/state", { headers: { origin: "https://evil.example" } })
      expect(errorOf(reply)).toBe(
        "403 the origin https://evil.example is not allowed: serve the page from localhost, or start the emulator with --allow-origin https://evil.example"
      )
    })
  )
})

describe("the control API, called by a web page", () => {
  const foreign = [
    "https://evil.example",
    "http://localhost.evil.example",
    "http://127.0.0.1.evil.example:3000",
    "null",
    "",
    "file://",
    "chrome-extension://abc",
    "http://localhost:3000/path",
    "http://evil@localhost",
    "http://localhost, https://evil.example"
  ]
  it.live("rejects a foreign origin before it does anything, without CORS headers", () =>
    Effect.gen(function* () {
      const { clerk, send } = yield* program()
      for (const origin of foreign) {
        for (const method of ["POST", "OPTIONS"]) {
          const reply = yield* send("/__emulator/sign-in", {
            method,
            headers: { origin },
            ...(method === "POST" ? { body: '{"userId":"user_1"}' } : {})
          })
          expect([origin, reply.status]).toEqual([origin, 403])
          expect(reply.headers.get("access-control-allow-origin")).toBeNull()
          expect(reply.headers.get("vary")).toBe("origin")
        }
      }
      expect(yield* clerk.users).toEqual([])
    })
  )

  it.live("responds to a page of this machine, its preflight and its errors, with CORS headers", () =>
    Effect.gen(function* () {
      const { send } = yield* program()
      for (const origin of [
        "http://localhost:3000",
        "https://app.localhost",
        "http://127.0.0.1:5173",
        "http://[::1]:80"
      ]) {
        const preflight = yield* send("/__emulator/sign-in", {
          method: "OPTIONS",
          headers: {
            origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type,traceparent"
          }
        })
        expect([preflight.status, preflight.text]).toEqual([204, ""])
        expect(preflight.headers.get("access-control-allow-methods")).toContain("POST")
        expect(preflight.headers.get("access-control-allow-headers")).toBe("*")
        const done = yield* send("/__emulator/sign-in", {
          method: "POST",
          headers: { origin, "content-type": "application/json" },
          body: '{"userId":"user_1"}'
        })
        const wrong = yield* send("/__emulator/sign-in", { method: "POST", headers: { origin } })
        expect([done.status, wrong.status]).toEqual([200, 400])
        for (const { headers } of [preflight, done, wrong]) {
          expect(headers.get("access-control-allow-origin")).toBe(origin)
          expect(headers.get("vary")).toBe("origin")
        }
      }
    })
  )

  it.live("responds to an origin that --allow-origin names, and programs that send none", () =>
    Effect.gen(function* () {
      const { send } = yield* program({ allowedOrigins: ["https://app.test"] })
      const named = yield* send("/__emulator/state", { headers: { origin: "https://app.test" } })
      const other = yield* send("/__emulator/state", { headers: { origin: "https://app.test:444" } })
      const none = yield* send("/__emulator/state")
      expect([named, other, none].map(({ status }) => status)).toEqual([200, 403, 200])
      expect(named.headers.get("access-control-allow-origin")).toBe("https://app.test")
      expect(none.headers.get("access-control-allow-origin")).toBeNull()
    })
  )
})
