import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SigningKeys } from "effect-clerk"
import type { RequestAuth } from "effect-clerk/http-api"
import { describe, expect, it } from "#test/vitest.js"
import { clerk, page, payload, production, tokenOfUser, victimCookies, visit } from "./support/attack.js"

const kilobytes = (count: number, text = "x") => text.repeat((count * 1024) / text.length)

const cookie = (name: string, count: number, value: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => `${name}=${value(at)}`).join("; ")

const requests: ReadonlyArray<readonly [string, RequestAuth.RequestInput]> = [
  ["10,000 cookies", page(Array.from({ length: 10_000 }, (_, at) => `a${at}=b`).join("; "))],
  ["10,000 cookies of one name", page(cookie("a", 10_000, String))],
  ["4,000 short sessions", page(cookie("__session", 4_000, () => "a.b.c"))],
  ["2,500 counters", page(cookie("__clerk_redirect_count", 2_500, String))],
  ["64 KB of semicolons", page(kilobytes(63, ";"))],
  ["64 KB of equals signs", page(kilobytes(63, "="))],
  ["64 KB of spaces", page(`a=${kilobytes(63, " ")}b`)],
  ["64 KB of quotes", page(`a=${kilobytes(63, '"')}`)],
  ["64 KB of percent signs", page(`a=${kilobytes(63, "%")}`)],
  ["64 KB of encoded text", page(`__session=${kilobytes(63, "%41")}`)],
  ["a session of 64 KB", page(`__session=${kilobytes(63)}; __client_uat=1000`)],
  ["a session of 64 KB of dots", page(`__session=${kilobytes(63, ".")}; __client_uat=1000`)],
  ["a client_uat of 64 KB", page(`__client_uat=${kilobytes(63, "9")}`)],
  ["a handshake of 64 KB", page(`__clerk_handshake=${kilobytes(63)}`)],
  ["a nonce of 64 KB", page(`__clerk_handshake_nonce=${kilobytes(63)}; __clerk_redirect_count=1`)],
  ["a bearer token of 64 KB", page("", { headers: { authorization: `Bearer ${kilobytes(63)}` } })],
  [
    "64 KB of spaces after the scheme",
    page("", { headers: { authorization: `Bearer${kilobytes(63, " ")}` } })
  ],
  [
    "an Accept header of 64 KB",
    page("", { headers: { "sec-fetch-dest": "", accept: kilobytes(63, "text/") } })
  ],
  ["a host of 64 KB", page("__client_uat=1", { headers: { host: kilobytes(63) } })],
  ["a path of 64 KB", page("__client_uat=1", { path: `/${kilobytes(64)}` })],
  ["a query of 64 KB", page("__client_uat=1", { path: `/?${kilobytes(64, "a=b&")}` })],
  ["headers beyond 64 KB", page(kilobytes(200, "a=b; "))],
  [
    "cookies of a payload that are long",
    page(`__clerk_handshake=${payload([`__session=x; Domain=${" ".repeat(1000)}x`])}`)
  ],
  [
    "a payload of 400 cookies",
    page(`__clerk_handshake=${payload(Array.from({ length: 400 }, () => "__client_uat=1"))}`)
  ]
]

/** Far above what each of them takes, and far below what a quadratic step would take. */
const limitMillis = 500

describe("a request takes little time", () => {
  it.live.each(requests)("with %s", ([, request]) =>
    Effect.gen(function* () {
      const start = performance.now()
      const { status } = yield* visit(request)
      expect(performance.now() - start).toBeLessThan(limitMillis)
      expect(status).not.toBe("SignedIn")
    }).pipe(Effect.provide(clerk().layer))
  )

  it.live("with 2,000 other cookies, and is still authenticated", () =>
    Effect.gen(function* () {
      const others = Array.from({ length: 2_000 }, (_, at) => `a${at}=b`).join("; ")
      expect((yield* visit(page(`${others}; ${victimCookies()}`))).user).toBe("user_victim")
    }).pipe(Effect.provide(clerk().layer))
  )
})

describe("a request verifies few signatures", () => {
  it.live("however many session cookies it has", () => {
    let lookups = 0
    const keys = Layer.succeed(SigningKeys, {
      find: () =>
        Effect.sync(() => {
          lookups++
          return undefined
        })
    })
    const names = ["__session", `__session_${production.suffix}`]
    const cookies = names.map((name) => cookie(name, 30, (at) => tokenOfUser(`user${at}`)))
    return Effect.gen(function* () {
      const { status } = yield* visit(page([...cookies, "__client_uat=1000"].join("; ")))
      expect(status).toBe("SignedOut")
      expect(lookups).toBe(4)
    }).pipe(Effect.provide(keys), Effect.provide(clerk().layer))
  })
})
