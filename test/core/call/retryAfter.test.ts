import * as FastCheck from "fast-check"
import { describe, expect, it } from "#test/vitest.js"
import { retryAfterMillis } from "../../../src/core/call/retry.js"
import { headersIn } from "../../../src/core/wire/headers.js"
import { plainProp } from "../../support/properties.js"

const noon = Date.UTC(2026, 4, 12, 12, 0, 0)
const inThreeSeconds = "Tue, 12 May 2026 12:00:03 GMT"

const millisOf = (retryAfter: string | undefined, date?: string) => {
  const headers = {
    ...(retryAfter === undefined ? undefined : { "retry-after": retryAfter }),
    ...(date === undefined ? undefined : { date })
  }
  return retryAfterMillis(headersIn(headers), noon)
}

describe("Retry-After", () => {
  for (const [text, millis] of [
    ["0", 0],
    ["1", 1_000],
    ["007", 7_000],
    [" 30 ", 30_000],
    ["9999999999", 9_999_999_999_000]
  ] as const) {
    it(`of ${JSON.stringify(text)} is ${millis} ms`, () => expect(millisOf(text)).toBe(millis))
  }

  for (const text of [
    "",
    " ",
    "abc",
    "-1",
    "+1",
    "1.5",
    "1e9",
    "0x10",
    "1000000000000",
    "120, 60",
    "１２",
    "Infinity",
    "NaN",
    "2026-05-12T12:00:03Z",
    "Tue, 12 May 2026 12:00:03 +0000",
    "Tuesday, 12-May-26 12:00:03 GMT",
    "Tue May 12 12:00:03 2026",
    "Tue, 12 Mai 2026 12:00:03 GMT",
    "Tue, 12 May 2026 25:61:61 GMT",
    "tue, 12 may 2026 12:00:03 gmt",
    `${"1".repeat(10_000_000)}`
  ]) {
    it(`of ${JSON.stringify(text.slice(0, 40))} is ignored`, () => expect(millisOf(text)).toBeUndefined())
  }

  it("is undefined when it is absent", () => expect(millisOf(undefined)).toBeUndefined())

  it("that is a date counts from the date of the response", () => {
    expect(millisOf(inThreeSeconds, "Tue, 12 May 2026 11:59:53 GMT")).toBe(10_000)
    expect(millisOf(inThreeSeconds, "Tue, 12 May 2026 12:00:03 GMT")).toBe(0)
  })

  it("that is a date counts from the local clock when the response has no valid date", () => {
    expect(millisOf(inThreeSeconds)).toBe(3_000)
    expect(millisOf(inThreeSeconds, "yesterday")).toBe(3_000)
  })

  it("that is in the past is no wait", () => {
    expect(millisOf("Tue, 12 May 2026 11:00:00 GMT")).toBe(0)
    expect(millisOf("Thu, 01 Jan 1970 00:00:00 GMT")).toBe(0)
  })

  plainProp("is never negative, for any value", [FastCheck.string(), FastCheck.string()], ([a, b]) => {
    const millis = millisOf(a, b)
    expect(millis === undefined || (Number.isSafeInteger(millis) && millis >= 0)).toBe(true)
  })
})
