import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { Sessions } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { failureWhen } from "../support/responding.js"

/** The `retryAfter` of the error for this status, in milliseconds. */
const retryAfterOf = (headers: Readonly<Record<string, string>>, status = 429) =>
  Effect.map(failureWhen(Sessions.get("sess_1"), ClerkTest.json(status, {}, headers)), (error) => {
    expect(error).toMatchObject({ status })
    return "retryAfter" in error && error.retryAfter !== undefined
      ? Duration.toMillis(error.retryAfter)
      : "absent"
  })

describe("Retry-After", () => {
  it.effect.each([
    ["0", 0],
    ["1", 1_000],
    [" 20 ", 20_000],
    ["007", 7_000],
    ["9999999999", 9_999_999_999_000]
  ] as const)("of %j is a number of seconds", ([text, millis]) =>
    Effect.gen(function* () {
      expect(yield* retryAfterOf({ "retry-after": text })).toBe(millis)
    })
  )

  it.effect.each([
    "",
    "abc",
    "-1",
    "+1",
    "1.5",
    "1e9",
    "0x10",
    "120, 60",
    "10 s",
    "12345678901",
    "Infinity",
    "2026-01-01T00:00:00Z",
    "Thu, 32 Jan 2026 99:99:99 GMT",
    "Thursday, 01-Jan-26 00:00:05 GMT",
    "Thu Jan  1 00:00:05 2026",
    "Thu, 01 Jan 2026 00:00:05 UTC"
  ])("of %j is ignored", (text) =>
    Effect.gen(function* () {
      expect(yield* retryAfterOf({ "retry-after": text, date: "Thu, 01 Jan 2026 00:00:00 GMT" })).toBe(
        "absent"
      )
    })
  )

  it.effect("that is a date counts from the date of the response, with any local clock", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(1999, 0, 1))
      const date = "Thu, 01 Jan 2026 00:00:00 GMT"
      expect(yield* retryAfterOf({ "retry-after": "Thu, 01 Jan 2026 00:00:03 GMT", date })).toBe(3_000)
      expect(yield* retryAfterOf({ "retry-after": "Thu, 01 Jan 2026 01:00:00 GMT", date })).toBe(3_600_000)
    })
  )

  it.effect("that is a date counts from the local clock when the response has no date", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2026, 0, 1))
      const later = { "retry-after": "Thu, 01 Jan 2026 00:00:05 GMT" }
      expect(yield* retryAfterOf(later)).toBe(5_000)
      expect(yield* retryAfterOf({ ...later, date: "yesterday" })).toBe(5_000)
    })
  )

  it.effect("that is a date in the past means no wait", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2026, 0, 1))
      expect(yield* retryAfterOf({ "retry-after": "Wed, 31 Dec 2025 23:59:59 GMT" })).toBe(0)
    })
  )

  it.effect("is kept on 429 and on every server error, and on nothing else", () =>
    Effect.gen(function* () {
      const headers = { "retry-after": "7" }
      for (const status of [429, 500, 501, 502, 503, 504, 520]) {
        expect(yield* retryAfterOf(headers, status)).toBe(7_000)
      }
      for (const status of [301, 400, 403, 404, 408, 418]) {
        expect(yield* retryAfterOf(headers, status)).toBe("absent")
      }
    })
  )
})
