import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { fork } from "#test/fiber.js"
import { describe, expect, it } from "#test/vitest.js"
import { type FetchCall, jsonResponse } from "../support/recordingFetch.js"
import { clerk, page, production, serverOf, tokenOfUser, visit, visitOf } from "./support/attack.js"

const { suffix } = production
const expired = (user = "owner", kind = "expired") =>
  `__session=${tokenOfUser(user, kind)}; __client_uat=1000`
const refreshToken = (token: string) => `__refresh_${suffix}=${token}`

const newCookie = `__session=${tokenOfUser("owner")}; Path=/`

/** A Clerk that refreshes for the owner's refresh token alone. */
const refreshing = (delay = 0) =>
  clerk(async ({ body }) => {
    await new Promise((resolve) => setTimeout(resolve, delay))
    return JSON.parse(body).refresh_token === "rt_owner"
      ? jsonResponse({ object: "cookies", cookies: [newCookie] })
      : jsonResponse({ errors: [{ code: "invalid_refresh_token", message: "Rejected" }] }, 401)
  })

const tokensSent = (calls: ReadonlyArray<FetchCall>) =>
  calls.map(({ body }): unknown => JSON.parse(body).refresh_token)

describe("a stolen expired session token brings no cookies", () => {
  const owner = page(`${expired()}; ${refreshToken("rt_owner")}`)
  const thief = page(`${expired()}; ${refreshToken("rt_thief")}`)

  it.live("while the refresh of its owner runs", () => {
    const { calls, layer } = refreshing(50)
    return Effect.gen(function* () {
      const authenticate = yield* serverOf()
      const owners = yield* fork(authenticate(owner))
      yield* Effect.sleep("10 millis")
      const stolen = visitOf(yield* authenticate(thief))
      expect(visitOf(yield* Fiber.join(owners)).user).toBe("user_owner")
      expect(stolen.status).toBe("Handshake")
      expect(stolen.cookies.some((each) => each.startsWith("__session"))).toBe(false)
      expect(tokensSent(calls)).toEqual(["rt_owner", "rt_thief"])
    }).pipe(Effect.provide(layer))
  })

  it.live("just after the refresh of its owner", () => {
    const { calls, layer } = refreshing()
    return Effect.gen(function* () {
      const authenticate = yield* serverOf()
      expect(visitOf(yield* authenticate(owner)).cookies).toEqual([newCookie])
      expect(visitOf(yield* authenticate(thief)).status).toBe("Handshake")
      // Without a refresh token there is nothing to send to Clerk.
      expect(visitOf(yield* authenticate(page(expired()))).status).toBe("Handshake")
      expect(tokensSent(calls)).toEqual(["rt_owner", "rt_thief"])
    }).pipe(Effect.provide(layer))
  })

  it.live("with a refresh token that holds more than a token", () => {
    const { calls, layer } = refreshing()
    return Effect.gen(function* () {
      const authenticate = yield* serverOf()
      yield* authenticate(owner)
      const joined = `${tokenOfUser("owner", "expired")} rt_owner`
      const stolen = visitOf(yield* authenticate(page(`${expired()}; ${refreshToken(joined)}`)))
      expect(stolen.status).toBe("Handshake")
      expect(tokensSent(calls)).toEqual(["rt_owner"])
    }).pipe(Effect.provide(layer))
  })
})

describe("a session is not refreshed", () => {
  const cookie = `${expired()}; ${refreshToken("rt_owner")}`
  const requests: ReadonlyArray<readonly [string, Parameters<typeof page>]> = [
    [
      "beside an expired bearer token of another user",
      [cookie, { headers: { authorization: `Bearer ${tokenOfUser("other", "expired")}` } }]
    ],
    ["beside a bearer token that is garbage", [cookie, { headers: { authorization: "Bearer x" } }]],
    ["beside an empty bearer token", [cookie, { headers: { authorization: "Bearer" } }]],
    ...["POST", "PUT", "DELETE", "HEAD", "OPTIONS"].map(
      (method): readonly [string, Parameters<typeof page>] => [`on a ${method}`, [cookie, { method }]]
    ),
    ["on a POST from another origin", [cookie, { method: "POST", headers: { origin: "https://evil.test" } }]],
    ["on an upgrade", [cookie, { headers: { upgrade: "websocket", origin: production.origin } }]],
    ["with the refresh token of another instance", [`${expired()}; __refresh_aaaaaaaa=rt_owner`]],
    ["with a refresh token without a suffix", [`${expired()}; __refresh=rt_owner`]],
    ["that is of another instance", [`${expired("owner", "foreign")}; ${refreshToken("rt_owner")}`]],
    ["that is forged", [`${expired("owner", "forged")}; ${refreshToken("rt_owner")}`]],
    ["that is valid", [`${expired("owner", "valid")}; ${refreshToken("rt_owner")}`]],
    ["without __client_uat", [`__session=${tokenOfUser("owner", "expired")}; ${refreshToken("rt_owner")}`]],
    [
      "after the browser signed out",
      [`__session=${tokenOfUser("owner", "expired")}; __client_uat=0; ${refreshToken("rt_owner")}`]
    ]
  ]

  it.live.each(requests)("%s", ([, request]) => {
    const { calls, layer } = refreshing()
    return Effect.gen(function* () {
      const { cookies } = yield* visit(page(...request))
      expect(cookies.filter((each) => each.startsWith("__session"))).toEqual([])
      expect(calls).toEqual([])
    }).pipe(Effect.provide(layer))
  })
})

describe("a refresh sends to Clerk", () => {
  it.live("two headers of the browser, the configured origin, and nothing else of the request", () => {
    const { calls, layer } = refreshing()
    return Effect.gen(function* () {
      const headers = {
        "user-agent": "Firefox",
        "accept-language": "de",
        authorization: "Basic canary",
        "proxy-authorization": "canary",
        "x-api-key": "canary",
        "x-forwarded-for": "canary",
        "x-forwarded-host": "canary.test",
        referer: "https://canary.test/",
        host: "canary.test"
      }
      const request = page(`theme=canary; ${expired()}; ${refreshToken("rt_owner")}`, {
        headers,
        path: "/?canary=1"
      })
      expect((yield* visit(request)).user).toBe("user_owner")
      const [call] = calls
      expect(JSON.stringify(call)).not.toContain("canary")
      expect(JSON.parse(call?.body ?? "")).toEqual({
        expired_token: tokenOfUser("owner", "expired"),
        refresh_token: "rt_owner",
        request_origin: production.origin,
        request_headers: { "user-agent": ["Firefox"], "accept-language": ["de"] },
        format: "cookie"
      })
    }).pipe(Effect.provide(layer))
  })
})
