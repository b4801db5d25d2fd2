import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { pipe } from "effect/Function"
import { Authorization, ClerkAccessDenied, type SessionClaims } from "effect-clerk"
import { describe, expect, it } from "#test/vitest.js"
import { bareClaims, fullClaims } from "../support/sessionClaims.js"

const { hasFeature, hasPermission, hasPlan, hasRole } = Authorization

const pending: SessionClaims = { ...fullClaims, status: "pending" }

describe("a role", () => {
  for (const [asked, held, expected] of [
    ["org:admin", "org:admin", true],
    ["admin", "org:admin", true],
    ["org:member", "org:admin", false],
    ["org:admi", "org:admin", false],
    ["org:admin ", "org:admin", false],
    ["Org:Admin", "org:admin", false],
    ["org:org:admin", "org:admin", false],
    ["", "org:", false],
    ["org:", "org:", false]
  ] as const) {
    it(`"${asked}" is ${expected ? "" : "not "}that of a user with "${held}"`, () => {
      const claims = { ...fullClaims, organization: { ...fullClaims.organization, role: held } }
      expect(hasRole(claims, asked)).toBe(expected)
      expect(pipe(claims, hasRole(asked))).toBe(expected)
    })
  }
})

describe("a permission", () => {
  for (const [asked, held, expected] of [
    ["org:invoices:create", ["org:invoices:create"], true],
    ["invoices:create", ["org:invoices:create"], true],
    ["org:invoices:create", ["org:invoices:read", "org:invoices:create"], true],
    ["org:invoices", ["org:invoices:create"], false],
    ["org:invoices:*", ["org:invoices:create"], false],
    ["org:invoices:create", [], false],
    ["", ["org:", ""], false],
    ["org:", ["org:"], false]
  ] as const) {
    it(`"${asked}" is ${expected ? "" : "not "}one of [${held.join(", ")}]`, () => {
      const claims = { ...fullClaims, organization: { ...fullClaims.organization, permissions: held } }
      expect(hasPermission(claims, asked)).toBe(expected)
      expect(pipe(claims, hasPermission(asked))).toBe(expected)
    })
  }
})

const owned = [
  ["x", "user", true],
  ["x", "organization", true],
  ["x", "nobody", false],
  ["u:x", "user", true],
  ["user:x", "user", true],
  ["u:x", "organization", false],
  ["user:x", "organization", false],
  ["o:x", "organization", true],
  ["org:x", "organization", true],
  ["organization:x", "organization", true],
  ["o:x", "user", false],
  ["org:x", "user", false],
  ["organization:x", "user", false],
  ["uo:x", "user", false],
  ["U:x", "user", false],
  ["constructor:x", "user", false],
  ["__proto__:x", "user", false],
  ["u:", "user", false],
  [":x", "user", false],
  [":", "user", false],
  ["", "user", false],
  ["u:x:y", "user", false],
  ["u:x:", "user", false],
  [" x", "user", false],
  ["X", "user", false]
] as const

for (const [asked, owner, expected] of owned) {
  describe(`"${asked}", where x is of the ${owner}, is ${expected ? "" : "not "}held`, () => {
    const claims: SessionClaims = {
      ...bareClaims,
      features: owner === "user" ? ["x", ""] : [],
      ...(owner === "user" ? { plan: "x" } : {}),
      organization: {
        ...fullClaims.organization,
        features: owner === "organization" ? ["x"] : [],
        plan: owner === "organization" ? "x" : undefined
      }
    }

    it("as a feature", () => {
      expect(hasFeature(claims, asked)).toBe(expected)
      expect(pipe(claims, hasFeature(asked))).toBe(expected)
    })

    it("as a plan", () => {
      expect(hasPlan(claims, asked)).toBe(expected)
      expect(pipe(claims, hasPlan(asked))).toBe(expected)
    })
  })
}

/** One requirement of each kind. `fullClaims` meets all of them. */
const met = [
  { role: "org:admin" },
  { permission: "org:invoices:create" },
  { feature: "u:reports" },
  { feature: "o:invoices" },
  { plan: "u:pro" },
  { plan: "o:team" },
  { reverification: "strict_mfa" }
] as const satisfies ReadonlyArray<Authorization.Requirements>

for (const requirements of met) {
  const [kind] = Object.keys(requirements)

  describe(JSON.stringify(requirements), () => {
    it.effect("is met by a session that has it", () =>
      Effect.gen(function* () {
        expect(yield* Authorization.has(fullClaims, requirements)).toBe(true)
        expect(yield* pipe(fullClaims, Authorization.has(requirements))).toBe(true)
        expect(yield* Authorization.protect(fullClaims, requirements)).toBe(fullClaims)
        expect(yield* pipe(fullClaims, Authorization.protect(requirements))).toBe(fullClaims)
      })
    )

    for (const [whose, claims, missing] of [
      ["that has nothing", bareClaims, [kind]],
      ["of a version 1 token that has nothing", { ...bareClaims, version: 1 }, [kind]],
      ["that has it, but is pending", pending, ["active", kind]]
    ] as const) {
      it.effect(`is not met by a session ${whose}`, () =>
        Effect.gen(function* () {
          expect(yield* Authorization.has(claims, requirements)).toBe(false)
          expect(yield* pipe(claims, Authorization.has(requirements))).toBe(false)
          const denied = yield* Effect.flip(Authorization.protect(claims, requirements))
          expect(denied).toBeInstanceOf(ClerkAccessDenied)
          expect(denied.missing).toEqual(missing)
          const later = yield* Effect.flip(pipe(claims, Authorization.protect(requirements)))
          expect(later.missing).toEqual(missing)
        })
      )
    }
  })
}

describe("a session without an organization", () => {
  const { organization: _, ...alone } = fullClaims

  it.effect("has the features and plans of its user, and none of an organization", () =>
    Effect.gen(function* () {
      const answers = yield* Effect.forEach(met, (requirements) => Authorization.has(alone, requirements))
      expect(met.filter((_, at) => answers[at])).toEqual([
        { feature: "u:reports" },
        { plan: "u:pro" },
        { reverification: "strict_mfa" }
      ])
    })
  )
})

describe("no requirement", () => {
  for (const [name, requirements] of [
    ["an empty object", {}],
    ["requirements that are all undefined", { role: undefined, plan: undefined, reverification: undefined }]
  ] as const) {
    it.effect(`denies every session: ${name}`, () =>
      Effect.gen(function* () {
        expect(yield* Authorization.has(fullClaims, requirements)).toBe(false)
        const exit = yield* Effect.exit(Authorization.protect(fullClaims, requirements))
        expect(exit).toStrictEqual(Exit.fail(new ClerkAccessDenied({ missing: [] })))
      })
    )
  }

  it.effect("is added by an undefined one beside one that is met", () =>
    Effect.gen(function* () {
      expect(yield* Authorization.has(fullClaims, { role: undefined, plan: "u:pro" })).toBe(true)
      expect(yield* Authorization.has(fullClaims, { role: undefined, plan: "u:max" })).toBe(false)
    })
  )
})
