import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { Authorization, type SessionClaims } from "effect-clerk"
import { data } from "#test/data.js"
import { describe, expect, it } from "#test/vitest.js"
import { withPollutedPrototype } from "../support/pollution.js"
import { bareClaims, fullClaims, held, kinds } from "../support/sessionClaims.js"

// Values that callers without types, or with custom claims, may pass.
const asRequirements = (value: unknown) => value as Authorization.Requirements
const asClaims = (value: unknown) => value as SessionClaims

/** The requirements and the missing ones, without a defect. */
const missing = (claims: unknown, requirements: unknown) =>
  Effect.gen(function* () {
    const denied = yield* Effect.flip(Authorization.protect(asClaims(claims), asRequirements(requirements)))
    expect(yield* Authorization.has(asClaims(claims), asRequirements(requirements))).toBe(false)
    return denied.missing
  })

const isGranted = (claims: SessionClaims, requirements: unknown) =>
  Effect.gen(function* () {
    const granted = yield* Authorization.has(claims, asRequirements(requirements))
    const passed = yield* Effect.isSuccess(Authorization.protect(claims, asRequirements(requirements)))
    expect(passed).toBe(granted)
    return granted
  })

const strange: ReadonlyArray<readonly [string, (held: unknown) => unknown]> = [
  ["null", () => null],
  ["zero", () => 0],
  ["one", () => 1],
  ["NaN", () => Number.NaN],
  ["a bigint", () => 1n],
  ["true", () => true],
  ["false", () => false],
  ["a symbol", () => Symbol.iterator],
  ["an empty text", () => ""],
  ["a blank", () => " "],
  ["a lone colon", () => ":"],
  ["an empty list", () => []],
  ["a list of it", (held) => [held]],
  ["an empty object", () => ({})],
  ["an object that converts to it", (held) => ({ toString: () => held, valueOf: () => held })],
  ["a String object", (held) => Object(held)],
  ["a function that returns it", (held) => () => held],
  ["an inherited property name", () => "constructor"],
  ["another inherited property name", () => "__proto__"]
]

for (const kind of kinds) {
  describe(`a ${kind} that is`, () => {
    for (const [name, make] of strange) {
      it.effect(`${name} is not met, alone or beside another`, () =>
        Effect.gen(function* () {
          const value = make(held[kind])
          expect(yield* missing(fullClaims, { [kind]: value })).toEqual([kind])
          for (const other of kinds.filter((each) => each !== kind)) {
            expect(yield* missing(fullClaims, { [kind]: value, [other]: held[other] })).toEqual([kind])
          }
        })
      )
    }
  })
}

describe("a check with invalid arguments", () => {
  it("returns false", () => {
    for (const [, make] of strange) {
      // As above, a value that a caller without types may pass.
      const value = (kind: keyof typeof held) => make(held[kind]) as string
      expect(Authorization.hasRole(fullClaims, value("role"))).toBe(false)
      expect(Authorization.hasPermission(fullClaims, value("permission"))).toBe(false)
      expect(Authorization.hasFeature(fullClaims, value("feature"))).toBe(false)
      expect(Authorization.hasPlan(fullClaims, value("plan"))).toBe(false)
    }
  })
})

describe("a reverification", () => {
  const level = "first_factor"
  class Lax {
    readonly within = "1 day"
    get level() {
      return level
    }
  }

  for (const [name, asked] of [
    ["of an unknown name", "loose"],
    ["of a name in capitals", "LAX"],
    ["of a name with a blank", "lax "],
    ["without a level", { within: "1 day" }],
    ["of an unknown level", { level: "third_factor", within: "1 day" }],
    ["of an inherited property name as level", { level: "constructor", within: "1 day" }],
    ["without a time", { level }],
    ["within an invalid time", { level, within: "a day" }],
    ["within a number that is a text", { level, within: "1440" }],
    ["within a time without a unit", { level, within: "1 " }],
    ["within null", { level, within: null }],
    ["within an object", { level, within: { minute: 5 } }],
    ["within a list", { level, within: [1] }],
    ["within a date", { level, within: new Date(86_400_000) }],
    ["in Clerk's own form", { level, afterMinutes: 5 }],
    ["with an unknown field", { level, within: "1 day", afterMinutes: 5 }],
    ["that inherits its fields", Object.create({ level, within: "1 day" })],
    ["that inherits one of its fields", new Lax()]
  ] as const) {
    it.effect(`${name} is not met`, () =>
      Effect.gen(function* () {
        expect(yield* missing(fullClaims, { reverification: asked })).toEqual(["reverification"])
        expect(yield* missing(fullClaims, { role: "org:admin", reverification: asked })).toEqual([
          "reverification"
        ])
        // As above, a value that a caller without types may pass.
        expect(
          yield* Authorization.isReverified(fullClaims, asked as unknown as Authorization.Reverification)
        ).toBe(false)
      })
    )
  }
})

describe("requirements", () => {
  class FromGetter {
    readonly plan = "u:pro"
    get permission() {
      return "org:invoices:delete"
    }
  }
  const hidden = Object.defineProperty({ plan: "u:pro" }, "permission", { value: "org:invoices:delete" })

  for (const [name, requirements] of [
    ["null", null],
    ["undefined", undefined],
    ["a text", "org:admin"],
    ["a number", 1],
    ["true", true],
    ["a list", [held]],
    ["an empty list", []],
    ["a map", new Map(Object.entries(held))],
    ["a function", () => true],
    ["with an unknown key", { plan: "u:pro", roles: "org:member" }],
    ["with a misspelt key alone", { Role: "org:admin" }],
    ["with an unknown key that is undefined", { plan: "u:pro", roles: undefined }],
    ["with a key that is a prototype", JSON.parse('{ "plan": "u:pro", "__proto__": { "role": "x" } }')],
    ["that are all inherited", Object.create(held)],
    ["of which one is inherited", Object.assign(Object.create({ role: "org:owner" }), { plan: "u:pro" })],
    ["of which one is a getter of a class", new FromGetter()],
    ["of which one is not enumerable", hidden]
  ] as const) {
    it.effect(`${name} deny every session`, () =>
      Effect.gen(function* () {
        expect(yield* missing(fullClaims, requirements)).toEqual([])
      })
    )
  }

  it.effect("that are misspelt are named by the error", () =>
    Effect.gen(function* () {
      for (const [requirements, rule] of [
        [{ permision: "org:teams:delete" }, "permision is not a requirement; did you mean permission?"],
        [{ plan: "u:pro", roles: "org:member" }, "roles is not a requirement; did you mean role?"],
        [undefined, 'requirements must be an object, such as { permission: "org:teams:delete" }']
      ]) {
        const denied = yield* Effect.flip(Authorization.protect(fullClaims, asRequirements(requirements)))
        expect(denied).toMatchObject({ _tag: "ClerkAccessDenied", missing: [], rule })
        expect(denied.message).toBe(`Access denied: the requirements are invalid: ${rule}`)
      }
      const met = yield* Effect.flip(Authorization.protect(fullClaims, { role: "org:owner" }))
      expect(met).not.toHaveProperty("rule")
    })
  )

  it.effect("may be an object without a prototype, or one of Effect's data", () =>
    Effect.gen(function* () {
      for (const make of [data, (given: object) => Object.assign(Object.create(null), given)]) {
        expect(yield* isGranted(fullClaims, make(held))).toBe(true)
        expect(yield* isGranted(fullClaims, make({ ...held, role: "org:owner" }))).toBe(false)
      }
    })
  )

  it.effect("are the own properties, with any inherited ones", () =>
    withPollutedPrototype({ ...held, role: "org:owner", level: "first_factor", within: "1 day", x: 1 })(
      Effect.gen(function* () {
        expect(yield* isGranted(fullClaims, {})).toBe(false)
        expect(yield* isGranted(fullClaims, { reverification: {} })).toBe(false)
        expect(yield* isGranted(fullClaims, { reverification: { level: "first_factor" } })).toBe(false)
        expect(yield* isGranted(fullClaims, { role: "org:admin" })).toBe(true)
        expect(
          yield* isGranted(fullClaims, { reverification: { level: "first_factor", within: "4 minutes" } })
        ).toBe(true)
      })
    )
  )
})

describe("an inherited property name", () => {
  it.effect("is not a preset, and not an owner of features and plans", () =>
    withPollutedPrototype({ loose: { level: "first_factor", millis: 86_400_000 }, everybody: "user" })(
      Effect.gen(function* () {
        expect(yield* missing(fullClaims, { reverification: "loose" })).toEqual(["reverification"])
        expect(yield* missing(fullClaims, { feature: "everybody:reports" })).toEqual(["feature"])
        expect(yield* missing(fullClaims, { plan: "everybody:pro" })).toEqual(["plan"])
      })
    )
  )
})

describe("claims", () => {
  for (const [name, claims] of [
    ["are null", null],
    ["are undefined", undefined],
    ["are a text", "active"],
    ["are an empty object", {}],
    ["come from the token of a template", { userId: "user_1", custom: fullClaims }],
    ["have an unknown status", { ...fullClaims, status: "expired" }],
    ["inherit everything", Object.create(fullClaims)]
  ] as const) {
    it.effect(`that ${name} grant no rights`, () =>
      Effect.gen(function* () {
        expect(yield* missing(claims, held)).toEqual(["active", ...kinds])
      })
    )
  }

  it.effect("do not inherit claims that their token lacks", () =>
    withPollutedPrototype({
      status: "active",
      organization: fullClaims.organization,
      features: fullClaims.features,
      plan: fullClaims.plan,
      factorAges: fullClaims.factorAges,
      first: Duration.zero
    })(
      Effect.gen(function* () {
        expect(yield* missing(bareClaims, held)).toEqual(kinds)
        expect(yield* missing({ ...bareClaims, organization: { id: "org_1" } }, { plan: "o:pro" })).toEqual([
          "plan"
        ])
        expect(yield* missing({ ...bareClaims, factorAges: {} }, { reverification: "lax" })).toEqual([
          "reverification"
        ])
        expect(yield* missing({}, held)).toEqual(["active", ...kinds])
      })
    )
  )

  it.effect("that went through JSON and so lost their ages and times are not fresh", () =>
    Effect.gen(function* () {
      const revived: unknown = JSON.parse(JSON.stringify(fullClaims))
      expect(yield* missing(revived, { reverification: "lax" })).toEqual(["reverification"])
      for (const second of [null, 0, "0 minutes", Number.NaN]) {
        const claims = { ...fullClaims, factorAges: { first: Duration.zero, second } }
        expect(yield* missing(claims, { reverification: "lax" })).toEqual(["reverification"])
        expect(yield* missing(claims, { reverification: "strict_mfa" })).toEqual(["reverification"])
      }
      const undated = { ...fullClaims, issuedAt: "2026-01-01T00:00:00Z" }
      expect(yield* missing(undated, { reverification: "lax" })).toEqual(["reverification"])
    })
  )
})
