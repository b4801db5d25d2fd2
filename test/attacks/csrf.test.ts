import * as Effect from "effect/Effect"
import { describe, expect, it } from "#test/vitest.js"
import { times } from "../differential/support/request.js"
import { jsonResponse } from "../support/recordingFetch.js"
import { category } from "../support/tokens.js"
import {
  attackerCookies,
  clerk,
  development,
  page,
  payload,
  production,
  serverOf,
  signOutCookies,
  tokenOfUser,
  victimCookies,
  visit,
  visitOf
} from "./support/attack.js"

type Requested = Parameters<typeof page>

const login = attackerCookies()
const withPayload = (token: string, more = "") => `${victimCookies()}; __clerk_handshake=${token}${more}`
const counted = "; __clerk_redirect_count=1"

describe("a foreign result of a handshake leaves the victim signed in", () => {
  const attacks: ReadonlyArray<readonly [string, Requested]> = [
    ["in the query of a link", [victimCookies(), { path: `/?__clerk_handshake=${payload(login)}` }]],
    ["as a nonce in the query of a link", [victimCookies(), { path: "/?__clerk_handshake_nonce=nonce_1" }]],
    ["as a nonce, when the server did not redirect", [`${victimCookies()}; __clerk_handshake_nonce=nonce_1`]],
    ["in a form", [withPayload(payload(login), counted), { method: "POST" }]],
    ["in a HEAD request", [withPayload(payload(login), counted), { method: "HEAD" }]],
    ...["image", "empty", "script", "object", "frame"].map((destination): readonly [string, Requested] => [
      `in a request for ${destination}`,
      [withPayload(payload(login), counted), { headers: { "sec-fetch-dest": destination } }]
    ]),
    [
      "in a request of fetch",
      [
        withPayload(payload(login), counted),
        { headers: { "sec-fetch-dest": "", accept: "application/json, text/html" } }
      ]
    ],
    ["in an upgrade", [withPayload(payload(login), counted), { headers: { upgrade: "websocket" } }]],
    [
      "without expiry, when the server did not redirect",
      [withPayload(payload(login, { claims: { exp: undefined } }))]
    ],
    [
      "that has expired",
      [withPayload(payload(login, { claims: { exp: times.older, iat: times.older - 60 } }), counted)]
    ],
    [
      "that signs out and has expired",
      [withPayload(payload(signOutCookies, { claims: { exp: times.older } }), counted)]
    ],
    [
      "that signs out without expiry, when the server did not redirect",
      [withPayload(payload(signOutCookies, { claims: { exp: undefined } }))]
    ],
    ["that is not valid yet", [withPayload(payload(login, { claims: { nbf: times.future } }), counted)]],
    ["with an expiry that is a text", [withPayload(payload(login, { claims: { exp: "never" } }), counted)]],
    ["of a JWT template", [withPayload(payload(login, { header: { cat: category.template } }), counted)]],
    ["of a machine", [withPayload(payload(login, { header: { cat: category.machine } }), counted)]],
    [
      "of another issuer",
      [withPayload(payload(login, { claims: { iss: "https://clerk.other.com" } }), counted)]
    ],
    ["with the signature of another key", [withPayload(payload(login, { isForged: true }), counted)]],
    ["without an algorithm", [withPayload(payload(login, { header: { alg: "none" } }), counted)]],
    ["that is a session token", [withPayload(tokenOfUser("attacker"), counted)]],
    [
      "with the attacker's expired session",
      [withPayload(payload([`__session=${tokenOfUser("attacker", "expired")}`]), counted)]
    ]
  ]

  it.live.each(attacks)("%s", ([, requested]) => {
    const { calls, layer } = clerk()
    return Effect.gen(function* () {
      const result = yield* visit(page(...requested))
      expect(result).toEqual({
        status: "SignedIn",
        user: "user_victim",
        reason: undefined,
        cookies: [],
        location: undefined
      })
      expect(calls).toEqual([])
    }).pipe(Effect.provide(layer))
  })

  it.live("as a nonce in a link to a development instance", () => {
    const { calls, layer } = clerk(() =>
      jsonResponse({ nonce: "n", directives: attackerCookies(development) })
    )
    return Effect.gen(function* () {
      const request = page(victimCookies(development), { path: "/?__clerk_handshake_nonce=nonce_1" })
      expect(yield* visit(request, development)).toMatchObject({ user: "user_victim", cookies: [] })
      expect(calls).toEqual([])
    }).pipe(Effect.provide(layer))
  })

  it.live.each(["POST", "HEAD"])("in the query of a %s to a development instance", (method) =>
    Effect.gen(function* () {
      const token = payload(attackerCookies(development))
      const request = page(victimCookies(development), { method, path: `/?__clerk_handshake=${token}` })
      expect(yield* visit(request, development)).toMatchObject({ user: "user_victim", cookies: [] })
    }).pipe(Effect.provide(clerk().layer))
  )
})

describe("a result of a handshake", () => {
  it.live("counts once, when it states no expiry", () =>
    Effect.gen(function* () {
      const token = payload(login, { claims: { exp: undefined } })
      const authenticate = yield* serverOf()
      const first = visitOf(yield* authenticate(page(withPayload(token, counted))))
      expect(first.user).toBe("user_attacker")
      expect(first.cookies.at(-1)).toMatch(/^__clerk_redirect_count=;.*Max-Age=0/)
      // The browser has removed the counter. Somebody else signs in, and the old result comes back.
      const second = visitOf(yield* authenticate(page(withPayload(token))))
      expect(second).toMatchObject({ user: "user_victim", cookies: [] })
    }).pipe(Effect.provide(clerk().layer))
  )

  it.live("brings nothing after Clerk has rejected its nonce, which is sent once", () => {
    const { calls, layer } = clerk()
    return Effect.gen(function* () {
      const cookie = `${victimCookies()}; __clerk_handshake_nonce=nonce_used${counted}`
      expect(yield* visit(page(cookie))).toMatchObject({ user: "user_victim", cookies: [] })
      expect(calls.map(({ method, url }) => [method, new URL(url).search])).toEqual([
        ["GET", "?nonce=nonce_used"]
      ])
    }).pipe(Effect.provide(layer))
  })

  it.live.each(["a/../../b", "a?b=c", "a%2Fb", "a b", "x".repeat(600), "é"])(
    "does not send the nonce %j to Clerk",
    (nonce) => {
      const { calls, layer } = clerk()
      return Effect.gen(function* () {
        const result = yield* visit(page(`${victimCookies()}; __clerk_handshake_nonce=${nonce}${counted}`))
        expect(result.user).toBe("user_victim")
        expect(calls).toEqual([])
      }).pipe(Effect.provide(layer))
    }
  )
})

describe("a request with the cookie of the victim from another origin", () => {
  it.live.each(["POST", "PUT", "PATCH", "DELETE", "QUERY"])("does not count as %s", (method) =>
    Effect.gen(function* () {
      for (const origin of ["https://evil.test", "null", "https://app.example.com.evil.test", ""]) {
        const result = yield* visit(page(victimCookies(), { method, headers: { origin } }))
        expect(result).toMatchObject({ status: "SignedOut", reason: "token-invalid-authorized-parties" })
      }
      for (const site of ["cross-site", "same-site", "none"]) {
        const sandboxed = page(victimCookies(), {
          method,
          headers: { origin: "null", "sec-fetch-site": site }
        })
        expect(yield* visit(sandboxed)).toMatchObject({ status: "SignedOut" })
      }
      const own = page(victimCookies(), { method, headers: { origin: production.origin } })
      expect((yield* visit(own)).user).toBe("user_victim")
    }).pipe(Effect.provide(clerk().layer))
  )

  it.live("does not count as an upgrade to a WebSocket", () =>
    Effect.gen(function* () {
      const headers = { origin: "https://evil.test", upgrade: "websocket" }
      expect(yield* visit(page(victimCookies(), { headers }))).toMatchObject({ status: "SignedOut" })
    }).pipe(Effect.provide(clerk().layer))
  )
})
