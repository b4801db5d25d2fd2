import { inspect } from "node:util"
import * as Duration from "effect/Duration"
import { describe, expect, it } from "#test/vitest.js"
import { RuleBreak } from "../../../src/core/input.js"
import { partyFlaw } from "../../../src/core/token/claims.js"
import { isOrigin, readVerifierOptions, verifierReaders } from "../../../src/core/token/settings.js"
import { optionDecoders } from "../../../src/runtime/verify.js"

const settings = (options: object) => {
  const read = readVerifierOptions(options, optionDecoders)
  if (read instanceof RuleBreak) throw new Error(`${read.field} ${read.rule}`)
  return read
}

describe("an origin as browsers write it", () => {
  const origins = [
    "https://app.example.com",
    "http://localhost:3000",
    "http://127.0.0.1:8080",
    "http://[::1]:3000",
    "https://xn--bcher-kva.example",
    "https://app.example.com:8443",
    "http://app.example.com:443",
    "https://app.example.com.",
    "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    "moz-extension://2c127fa4-62c7-7e4f-90e5-472b45eecfdc",
    "capacitor://localhost",
    "tauri://localhost",
    "com.example.app://callback",
    `https://${"a.".repeat(126)}a:65535`
  ]
  for (const origin of origins) it(`is ${origin}`, () => expect(isOrigin(origin)).toBe(true))

  const others: ReadonlyArray<unknown> = [
    "",
    "*",
    "null",
    "https://*",
    "https://*.example.com",
    "app.example.com",
    "//app.example.com",
    "https://",
    "https:app.example.com",
    "https:/app.example.com",
    "https:\\\\app.example.com",
    "https://app.example.com/",
    "https://app.example.com/path",
    "https://app.example.com?query",
    "https://app.example.com#fragment",
    "https://user@app.example.com",
    "https://user:password@app.example.com",
    "https://App.example.com",
    "HTTPS://app.example.com",
    "https://app.example.com:443",
    "http://app.example.com:80",
    "https://app.example.com:",
    "https://app.example.com:08443",
    "https://app.example.com:99999",
    " https://app.example.com",
    "https://app.example.com ",
    "https://app.example.com\n",
    "https://app.exam\nple.com",
    "https://bücher.example",
    "https://app%2eexample.com",
    "https://127.1",
    "https://0x7f000001",
    "https://a.example.com,https://b.example.com",
    "https://a.example,b.example",
    "chrome-extension://ABCDEFGHIJKLMNOP",
    "chrome-extension://abc/",
    "chrome-extension://*",
    "chrome-extension://",
    "file://",
    "data:text/html,x",
    `https://${"a.".repeat(150)}a`,
    `capacitor://${"a".repeat(300)}`,
    1,
    null,
    undefined,
    ["https://app.example.com"],
    new URL("https://app.example.com")
  ]
  for (const other of others) it(`is not ${inspect(other)}`, () => expect(isOrigin(other)).toBe(false))
})

describe("the skew of the clocks", () => {
  for (const [name, clockSkew, millis] of [
    ["is 5 seconds by default", undefined, 5_000],
    ["is zero when zero is given", 0, 0],
    ["is zero as a duration", Duration.zero, 0],
    ["is zero in words", "0 seconds", 0],
    ["is a number of milliseconds", 1_500, 1_500],
    ["is a text with a unit", "2 minutes", 120_000],
    ["is nanoseconds as a bigint", 2_000_000n, 2],
    ["is seconds and nanoseconds", [1, 500_000_000], 1_500],
    ["is at most five minutes", "5 minutes", 300_000]
  ] as const) {
    it(name, () => expect(settings({ clockSkew }).clockSkew).toBe(millis))
  }
})

describe("the settings", () => {
  it("without any option require a session token of a signed-in user, and nothing else", () => {
    expect(settings({})).toEqual({
      category: "session",
      authorizedParties: undefined,
      missingAzp: undefined,
      audience: undefined,
      issuer: undefined,
      clockSkew: 5_000,
      allowPending: false,
      claims: undefined,
      revocations: false,
      cache: undefined
    })
  })

  it("are the same when every option is undefined", () => {
    const names = Object.keys(verifierReaders(optionDecoders))
    const nothing = Object.fromEntries(names.map((name) => [name, undefined]))
    expect(settings(nothing)).toEqual(settings({}))
  })

  it("reject a token without a party when parties are given", () => {
    const authorizedParties = ["https://app.example.com"]
    const flawWith = (missingAzp?: "reject" | "allow") =>
      partyFlaw(undefined, settings({ authorizedParties, missingAzp }))
    expect(flawWith()).toMatchObject({ _tag: "ClerkTokenError", fields: { reason: "azp" } })
    expect(flawWith("reject")).toEqual(flawWith())
    expect(flawWith("allow")).toBeUndefined()
    expect(partyFlaw(undefined, settings({}))).toBeUndefined()
  })

  it("do not change when the lists they were made of do", () => {
    const options = { authorizedParties: ["https://app.example.com"], audience: ["api"] }
    const made = settings(options)
    options.authorizedParties.push("https://evil.example")
    options.audience.push("evil")
    expect(made.audience).toEqual(["api"])
    expect(made.authorizedParties?.list).toEqual(["https://app.example.com"])
    expect(made.authorizedParties?.accepts("https://evil.example")).toBe(false)
  })
})
