import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import { Authorization, type SessionClaims } from "effect-clerk"
import { utc } from "#test/dateTime.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { bareClaims } from "../support/sessionClaims.js"

const aged = (first: number | undefined, second?: number): SessionClaims => ({
  ...bareClaims,
  factorAges: {
    ...(first === undefined ? {} : { first: Duration.minutes(first) }),
    ...(second === undefined ? {} : { second: Duration.minutes(second) })
  }
})

const isReverified = Effect.fn(function* (claims: SessionClaims, asked: Authorization.Reverification) {
  const answer = yield* Authorization.isReverified(claims, asked)
  expect(yield* pipe(claims, Authorization.isReverified(asked))).toBe(answer)
  expect(yield* Authorization.has(claims, { reverification: asked })).toBe(answer)
  const isProtected = yield* Effect.isSuccess(Authorization.protect(claims, { reverification: asked }))
  expect(isProtected).toBe(answer)
  return answer
})

/** The ages just below and at each limit, with the expected result. */
const limits = [
  ["strict_mfa", "multi_factor", 10],
  ["strict", "second_factor", 10],
  ["moderate", "second_factor", 60],
  ["lax", "second_factor", 1440],
  [{ level: "first_factor", within: "5 minutes" }, "first_factor", 5],
  [{ level: "second_factor", within: Duration.hours(2) }, "second_factor", 120],
  [{ level: "multi_factor", within: 90_000 * 60 }, "multi_factor", 90]
] as const satisfies ReadonlyArray<readonly [Authorization.Reverification, string, number]>

for (const [asked, level, limit] of limits) {
  const below = limit - 1
  const cases: ReadonlyArray<readonly [string, SessionClaims, boolean]> = [
    ["a token without ages", bareClaims, false],
    ["no factor at all", aged(undefined), false],
    ["the first factor, just within", aged(below), true],
    ["the first factor, at the limit", aged(limit), false],
    ["the first factor within, the second at the limit", aged(below, limit), level === "first_factor"],
    ["the second factor within, the first at the limit", aged(limit, below), level === "second_factor"],
    ["the second factor alone", aged(undefined, below), level === "second_factor"],
    ["the second factor alone, at the limit", aged(undefined, limit), false],
    ["both factors within", aged(below, below), true],
    ["both factors at the limit", aged(limit, limit), false],
    ["both factors proved just now", aged(0, 0), true]
  ]
  describe(`${JSON.stringify(asked)} is`, () => {
    for (const [name, claims, expected] of cases) {
      it.effect(`${expected ? "" : "not "}met by ${name}`, () =>
        Effect.gen(function* () {
          expect(yield* isReverified(claims, asked)).toBe(expected)
        })
      )
    }

    it.effect("no longer met when the age at the issue and the time since then reach the limit", () =>
      Effect.gen(function* () {
        const claims = aged(below, below)
        yield* TestClock.adjust("59999 millis")
        expect(yield* isReverified(claims, asked)).toBe(true)
        yield* TestClock.adjust("1 millis")
        expect(yield* isReverified(claims, asked)).toBe(false)
        yield* TestClock.adjust("365 days")
        expect(yield* isReverified(claims, asked)).toBe(false)
      })
    )

    it.effect("not met by a pending session", () =>
      Effect.gen(function* () {
        expect(yield* isReverified({ ...aged(0, 0), status: "pending" }, asked)).toBe(false)
      })
    )
  })
}

describe("the age of a factor", () => {
  it.effect("is at least the age in the token when the local clock is behind Clerk's", () =>
    Effect.gen(function* () {
      const claims = { ...aged(10, 10), issuedAt: utc(4_000) }
      expect(yield* isReverified(claims, "strict")).toBe(false)
      expect(yield* isReverified(claims, { level: "second_factor", within: "601 seconds" })).toBe(true)
    })
  )

  it.effect("is computed when the check runs, not when it is created", () =>
    Effect.gen(function* () {
      const check = Authorization.has(aged(9, 9), { reverification: "strict" })
      expect(yield* check).toBe(true)
      yield* TestClock.adjust("1 minute")
      expect(yield* check).toBe(false)
    })
  )

  it.effect("does not matter for a level that accepts any age, except for an unproved factor", () =>
    Effect.gen(function* () {
      const within = Duration.infinity
      expect(yield* isReverified(aged(1_000_000), { level: "first_factor", within })).toBe(true)
      expect(yield* isReverified(aged(undefined), { level: "first_factor", within })).toBe(false)
      expect(yield* isReverified(bareClaims, { level: "first_factor", within })).toBe(false)
    })
  )

  it.effect("is never below a limit of zero", () =>
    Effect.gen(function* () {
      for (const within of [0, -1, "0 seconds", "-5 minutes", Duration.zero, Number.NaN, 0n, -1n] as const) {
        for (const level of ["first_factor", "second_factor", "multi_factor"] as const) {
          expect(yield* isReverified(aged(0, 0), { level, within })).toBe(false)
        }
      }
    })
  )
})
