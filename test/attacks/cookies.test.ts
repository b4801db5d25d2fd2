import * as Effect from "effect/Effect"
import { describe, expect, it } from "#test/vitest.js"
import { jsonResponse } from "../support/recordingFetch.js"
import {
  attackerCookies,
  clerk,
  development,
  page,
  payload,
  production,
  tokenOfUser,
  victimCookies,
  visit
} from "./support/attack.js"

const session = `__session=${tokenOfUser("user")}; Path=/`
const value = tokenOfUser("user")

/** The `Set-Cookie` values that no result of a handshake may set on https://app.example.com. */
const injections: ReadonlyArray<readonly [string, unknown]> = [
  ["a cookie of the application", "theme=dark; Path=/"],
  ["a cookie with the name of the loop counter", "__clerk_redirect_count=0; Path=/"],
  ["the session of another instance", `__session_aaaaaaaa=${value}`],
  ["the refresh token of another instance", "__refresh_aaaaaaaa=rt_1"],
  ["a name that only starts like a session", `__sessionx=${value}`],
  ["a name in another case", `__SESSION=${value}`],
  ["a name with a space", `__session =${value}`],
  ["a name after a space", ` __session=${value}`],
  ["a name with a prefix", `__Host-__session=${value}`],
  ["no name", value],
  ["the dev browser in production", "__clerk_db_jwt=dvb_1; Path=/"],
  ["a line break in the value", `__session=${value}\r\nSet-Cookie: a=b`],
  ["a line feed in the value", `__session=${value}\nlocation: https://evil.test`],
  ["a line break in an attribute", `__session=${value}; Path=/\r\nx: y`],
  ["a NUL", `__session=${value}\0`],
  ["a character that is not ASCII", `__session=${value}; Path=/é`],
  ["a value that browsers cut", `__session=${"x".repeat(5000)}`],
  ["endless attributes", `__session=${value}; ${"x".repeat(5000)}`],
  ["the domain of another host", `__session=${value}; Domain=evil.test`],
  ["the domain of a sibling", `__session=${value}; Domain=other.example.com`],
  ["a domain below this host", `__session=${value}; Domain=a.app.example.com`],
  ["a top-level domain", `__session=${value}; Domain=com`],
  ["a top-level domain with a dot", `__session=${value}; Domain=.com`],
  ["a domain that ends like this host", `__session=${value}; Domain=ample.com`],
  ["a domain that contains this host", `__session=${value}; Domain=app.example.com.evil.test`],
  ["a second domain", `__session=${value}; Domain=example.com; Domain=evil.test`],
  ["a domain in another case and with spaces", `__session=${value};  DOMAIN  =  EVIL.test `],
  ["a domain in quotes", `__session=${value}; Domain="evil.test"`],
  ["a domain after a tab", `__session=${value};\tDomain=evil.test`],
  ["a number", 1],
  ["null", null],
  ["a list", [session]],
  ["an object", { toString: () => session }]
]

describe("a result of a handshake sets no cookie", () => {
  it.live.each(injections)("with %s", ([, injection]) =>
    Effect.gen(function* () {
      const token = payload([injection, session])
      const result = yield* visit(page(`__clerk_handshake=${token}`))
      expect(result).toMatchObject({ status: "SignedIn", user: "user_user", cookies: [session] })
    }).pipe(Effect.provide(clerk().layer))
  )

  it.live("beyond the first 32", () =>
    Effect.gen(function* () {
      const token = payload(Array.from({ length: 200 }, () => "__client_uat=1; Path=/"))
      expect((yield* visit(page(`__clerk_handshake=${token}`))).cookies).toHaveLength(32)
    }).pipe(Effect.provide(clerk().layer))
  )

  it.live("that the nonce or a refresh brings with another name or a line break", () => {
    const texts = injections.flatMap(([, each]) => (typeof each === "string" ? [each] : []))
    const { layer } = clerk(({ url }) =>
      jsonResponse(
        url.includes("handshake_payload")
          ? { nonce: "n", directives: [...texts, session] }
          : { object: "cookies", cookies: [...texts, session] }
      )
    )
    return Effect.gen(function* () {
      const expired = `__session=${tokenOfUser("user", "expired")}; __client_uat=1000`
      const nonce = yield* visit(page("__clerk_handshake_nonce=nonce_1; __clerk_redirect_count=1"))
      expect(nonce.cookies).toEqual([session, expect.stringMatching(/^__clerk_redirect_count=;/)])
      const refreshed = yield* visit(page(`${expired}; __refresh_${production.suffix}=rt_1`))
      expect(refreshed.cookies).toEqual([session])
    }).pipe(Effect.provide(layer))
  })

  it.live("except those of this instance with a domain that covers the host", () =>
    Effect.gen(function* () {
      const good = [
        `__session_${production.suffix}=${value}; Domain=example.com; Secure`,
        `__refresh_${production.suffix}=rt_1; Domain=.example.com; HttpOnly`,
        "__client_uat=5; Domain=app.example.com"
      ]
      expect((yield* visit(page(`__clerk_handshake=${payload(good)}`))).cookies).toEqual(good)
    }).pipe(Effect.provide(clerk().layer))
  )
})

describe("a cookie that an attacker sets from another host of the domain", () => {
  const victim = victimCookies()
  const attacks: ReadonlyArray<readonly [string, string]> = [
    ["a malformed session", `__session=x; ${victim}`],
    ["the session of another instance", `__session=${tokenOfUser("attacker", "foreign")}; ${victim}`],
    [
      "a suffixed session of another instance",
      `${victim}; __session_${production.suffix}=${tokenOfUser("attacker", "foreign")}`
    ],
    ["the session under another suffix", `${victim}; __session_aaaaaaaa=${tokenOfUser("attacker")}`],
    ["client_uat under another suffix", `${victim}; __client_uat_aaaaaaaa=9999999999`],
    ["a forged session", `__session=${tokenOfUser("attacker", "forged")}; ${victim}`],
    ["an expired session", `__session=${tokenOfUser("attacker", "expired")}; ${victim}`],
    ["the token of a template", `__session=${tokenOfUser("attacker", "template")}; ${victim}`],
    ["a cookie whose value holds other cookies", `a=b%3B%20__session%3Dx; ${victim}`]
  ]

  it.live.each(attacks)("does not replace the victim's session: %s", ([, cookie]) =>
    Effect.gen(function* () {
      expect((yield* visit(page(cookie))).user).toBe("user_victim")
    }).pipe(Effect.provide(clerk().layer))
  )
})

describe("a dev browser", () => {
  it.live("is set in development only", () =>
    Effect.gen(function* () {
      const cookies = [...attackerCookies(development), "__clerk_db_jwt=dvb_2; Path=/"]
      const request = page(`__clerk_handshake=${payload(cookies)}; __clerk_db_jwt=dvb_1`)
      expect((yield* visit(request, development)).cookies).toEqual(cookies)
    }).pipe(Effect.provide(clerk().layer))
  )
})
