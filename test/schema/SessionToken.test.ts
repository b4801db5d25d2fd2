import { inspect } from "node:util"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { SessionCookies, SessionToken } from "effect-clerk"
import { describe, expect, it } from "#test/vitest.js"
import { cookies, token } from "../support/wire.js"

const decodeToken = Schema.decodeUnknownSync(SessionToken)
const decodeCookies = Schema.decodeUnknownSync(SessionCookies)

const printed = (value: unknown): string =>
  `${String(value)} ${JSON.stringify(value)} ${inspect(value, { depth: 20, showHidden: true })}`

describe("SessionToken", () => {
  it("holds the token redacted, and returns its value", () => {
    const decoded = decodeToken({ ...token, expires_at: 1 })
    expect(Object.keys(decoded)).toEqual(["object", "jwt"])
    expect(Redacted.value(decoded.jwt)).toBe(token.jwt)
    expect(printed(decoded)).not.toContain(token.jwt)
    expect(printed(decoded)).toContain("<redacted>")
  })

  it("encodes to the token as it was sent, for programs that forward it", () => {
    expect(Schema.encodeSync(SessionToken)(decodeToken(token))).toStrictEqual(token)
  })

  it("rejects a value that is not a token", () => {
    for (const value of [
      null,
      token.jwt,
      {},
      { jwt: token.jwt },
      { object: "token" },
      { ...token, jwt: "" },
      { ...token, jwt: null },
      { ...token, jwt: [token.jwt] },
      { ...token, object: "cookies" },
      cookies
    ]) {
      expect(Option.isNone(Schema.decodeUnknownOption(SessionToken)(value)), JSON.stringify(value)).toBe(true)
    }
  })
})

describe("SessionCookies", () => {
  it("holds the cookies redacted, in order, and returns their values", () => {
    const decoded = decodeCookies(cookies)
    expect(decoded.cookies.map(Redacted.value)).toStrictEqual(cookies.cookies)
    for (const cookie of cookies.cookies) expect(printed(decoded)).not.toContain(cookie)
    expect(decodeCookies({ ...cookies, cookies: [] }).cookies).toEqual([])
  })

  it("encodes to the cookies as they were sent", () => {
    expect(Schema.encodeSync(SessionCookies)(decodeCookies(cookies))).toStrictEqual(cookies)
  })

  it("rejects a value that is not a list of cookies", () => {
    for (const value of [
      null,
      {},
      { object: "cookies" },
      { ...cookies, cookies: cookies.cookies[0] },
      { ...cookies, cookies: [""] },
      { ...cookies, cookies: [null] },
      { ...cookies, cookies: { a: "b" } },
      { ...cookies, object: "token" },
      token
    ]) {
      expect(Option.isNone(Schema.decodeUnknownOption(SessionCookies)(value)), JSON.stringify(value)).toBe(
        true
      )
    }
  })
})
