import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { utc } from "#test/dateTime.js"
import { describe, expect, it } from "#test/vitest.js"
import { accepts, type Changes, refuses } from "../support/tokenCases.js"
import { claims, header, now, sessionToken, tokenOf } from "../support/tokens.js"
import { claimsOf, reasonOf, refusalOf } from "../support/verification.js"

/** JSON has forms of numbers that JavaScript does not write. */
const literal = (name: string, text: string) =>
  tokenOf(header(), JSON.stringify(claims({ [name]: "@" })).replace('"@"', text))

const noTimes: ReadonlyArray<readonly [name: string, value: unknown]> = [
  ["null", null],
  ["a string", String(now + 60)],
  ["a list", [now + 60]],
  ["an object", { valueOf: now + 60 }],
  ["true", true],
  ["after the last valid date", 1e15]
]

describe("a claim that is not a time is rejected:", () => {
  for (const name of ["exp", "nbf", "iat"]) {
    refuses(
      name,
      noTimes.map(([value, given]) => [`${name} that is ${value}`, { [name]: given }] as const)
    )
    for (const text of ["1e400", "-1e400"]) {
      it.effect(`${name} that is ${text}`, () =>
        Effect.gen(function* () {
          expect(yield* reasonOf(literal(name, text))).toBe(name)
        })
      )
    }
  }
  refuses("exp", [
    ["exp that is missing", { exp: undefined }],
    ["exp that is negative", { exp: -1 }]
  ])
  refuses("iat", [
    ["iat that is missing", { iat: undefined }],
    ["iat that is negative", { iat: -1 }]
  ])
  refuses("exp", [
    ["exp that is the time of issue", { iat: now, exp: now }],
    ["exp before the time of issue", { iat: now + 2, exp: now + 1 }]
  ])
  accepts([
    ["but nbf may be missing", { nbf: undefined }],
    ["but nbf may be before 1970, where the clock of a test begins", { nbf: -10 }],
    ["but exp may be far in the future", { exp: now + 315_360_000 }]
  ])
  it.effect("a time with a fraction is accepted, and read to the millisecond", () =>
    Effect.gen(function* () {
      const read = yield* claimsOf(sessionToken({ exp: now + 0.5, iat: now - 0.5, nbf: now - 1.25 }))
      expect(read).toMatchObject({
        expiresAt: utc(now * 1000 + 500),
        issuedAt: utc(now * 1000 - 500),
        notBefore: utc(now * 1000 - 1250)
      })
    })
  )
})

describe("a token is compared with the clock, within the skew:", () => {
  const at = (changes: Changes, options?: Changes) => refusalOf(sessionToken(changes), options)
  const past = { iat: now - 60, nbf: now - 70 }
  accepts([
    ["valid until shortly before it has been expired for 5 seconds", { ...past, exp: now - 4.999 }],
    ["valid from 5 seconds before it begins", { nbf: now + 5 }],
    ["valid from 5 seconds before it is issued", { iat: now + 5, nbf: undefined }],
    ["valid within a skew of a minute", { ...past, exp: now - 59.999 }, { clockSkew: "1 minute" }],
    ["valid at the second it begins, without any skew", { nbf: now, iat: now }, { clockSkew: 0 }],
    ["valid in its last moment, without any skew", { ...past, exp: now + 0.001 }, { clockSkew: 0 }]
  ])
  refuses("exp", [
    ["expired for exactly 5 seconds", { ...past, exp: now - 5 }],
    ["expired for 6 seconds", { ...past, exp: now - 6 }],
    ["expired at this second, without any skew", { ...past, exp: now }, { clockSkew: 0 }],
    [
      "expired for exactly the skew of a minute",
      { ...past, exp: now - 60, iat: now - 90 },
      { clockSkew: "1 minute" }
    ]
  ])
  refuses("nbf", [
    ["begins in more than 5 seconds", { nbf: now + 5.001 }],
    ["begins in a second, without any skew", { nbf: now + 1 }, { clockSkew: 0 }],
    ["begins in a millisecond, without any skew", { nbf: now + 0.001 }, { clockSkew: Duration.zero }]
  ])
  refuses("iat", [
    ["issued more than 5 seconds ahead", { iat: now + 5.001 }],
    ["issued a second ahead, without any skew", { iat: now + 1, nbf: undefined }, { clockSkew: 0 }]
  ])

  it.effect("an error contains the compared times", () =>
    Effect.gen(function* () {
      const expired = yield* at({ ...past, exp: now - 30 })
      expect(expired).toMatchObject({ reason: "exp", isExpired: true })
      expect(expired.message).toBe(
        "Token rejected (exp): it expired at 2026-01-15T11:59:30.000Z, and the clock here reads 2026-01-15T12:00:00.000Z"
      )
      expect(JSON.parse(JSON.stringify(expired))).toMatchObject({
        expiresAt: "2026-01-15T11:59:30.000Z",
        issuedAt: "2026-01-15T11:59:00.000Z",
        checkedAt: "2026-01-15T12:00:00.000Z",
        clockSkew: 5_000
      })
      expect((yield* at({ nbf: now + 60 })).message).toBe(
        "Token rejected (nbf): it is valid from 2026-01-15T12:01:00.000Z, and the clock here reads 2026-01-15T12:00:00.000Z"
      )
      expect((yield* at({ iat: now + 50 })).message).toBe(
        "Token rejected (iat): it was issued at 2026-01-15T12:00:50.000Z, and the clock here reads 2026-01-15T12:00:00.000Z"
      )
      expect((yield* at({ exp: "soon" })).isExpired).toBe(false)
    })
  )
})
