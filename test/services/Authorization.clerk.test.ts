import { createRequire } from "node:module"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { Authorization, type FactorAges, type SessionClaims } from "effect-clerk"
import * as FastCheck from "fast-check"
import { runner } from "#test/fiber.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { bareClaims, fullClaims, kinds } from "../support/sessionClaims.js"

const requireHere = createRequire(import.meta.url)

/** Clerk's check, in the copy of its package that `@clerk/backend` uses. */
const {
  createCheckAuthorization
}: {
  readonly createCheckAuthorization: (user: object) => (asked: object) => boolean
} = createRequire(requireHere.resolve("@clerk/backend"))("@clerk/shared/authorization")

/** The grants of a user, from which the test makes our claims and Clerk's. */
interface User {
  readonly organization:
    | {
        readonly role: string
        readonly permissions: ReadonlyArray<string>
        readonly features: ReadonlyArray<string>
        readonly plan: string | undefined
      }
    | undefined
  readonly features: ReadonlyArray<string>
  readonly plan: string | undefined
  readonly ages: readonly [number, number] | undefined
}

interface Asked {
  readonly role?: string | undefined
  readonly permission?: string | undefined
  readonly feature?: string | undefined
  readonly plan?: string | undefined
  readonly reverification?: string | { readonly level: string; readonly minutes: number } | undefined
}

const nobody: User = { organization: undefined, features: [], plan: undefined, ages: undefined }

const agesOf = ([first, second]: readonly [number, number]): FactorAges => ({
  ...(first === -1 ? {} : { first: Duration.minutes(first) }),
  ...(second === -1 ? {} : { second: Duration.minutes(second) })
})

const claimsOf = ({ ages, features, organization, plan }: User): SessionClaims => ({
  ...bareClaims,
  features,
  ...(plan === undefined ? {} : { plan }),
  ...(ages === undefined ? {} : { factorAges: agesOf(ages) }),
  ...(organization === undefined
    ? {}
    : {
        organization: {
          ...fullClaims.organization,
          ...organization,
          role: `org:${organization.role}`
        }
      })
})

const scoped = (
  ofUser: ReadonlyArray<string | undefined>,
  ofOrganization: ReadonlyArray<string | undefined> = []
): string =>
  [
    ...ofUser.flatMap((name) => (name === undefined ? [] : [`u:${name}`])),
    ...ofOrganization.flatMap((name) => (name === undefined ? [] : [`o:${name}`]))
  ].join(",")

/** The result of Clerk's check. The requirements are not typed, because its types have fewer of them than its code. */
const clerks = ({ ages, features, organization, plan }: User, asked: object): boolean =>
  createCheckAuthorization({
    userId: "user_1",
    orgId: organization === undefined ? undefined : "org_1",
    orgRole: organization?.role,
    orgPermissions: organization === undefined ? undefined : [...organization.permissions],
    features: scoped(features, organization?.features),
    plans: scoped([plan], [organization?.plan]),
    factorVerificationAge: ages === undefined ? null : [...ages]
  })(asked)

const forClerk = ({ reverification, ...rest }: Asked): object => ({
  ...rest,
  reverification:
    typeof reverification === "object"
      ? { level: reverification.level, afterMinutes: reverification.minutes }
      : reverification
})

const forOurs = ({ reverification, ...rest }: Asked): Authorization.Requirements =>
  ({
    ...rest,
    reverification:
      typeof reverification === "object"
        ? { level: reverification.level, within: Duration.minutes(reverification.minutes) }
        : reverification
    // The level and the preset are any text here; invalid ones have to be rejected.
  }) as Authorization.Requirements

const aFew = ["a", "b"]
const name = FastCheck.constantFrom(...aFew)
const maybe = <A>(arbitrary: FastCheck.Arbitrary<A>) =>
  FastCheck.option(arbitrary, { nil: undefined, freq: 9 })
const age = FastCheck.oneof(
  FastCheck.constant(-1),
  FastCheck.integer({ min: 0, max: 12 }),
  FastCheck.integer({ min: 58, max: 62 }),
  FastCheck.integer({ min: 1438, max: 1442 })
)
const permissions = aFew.flatMap((feature) => [`org:${feature}:read`, `org:${feature}:write`])

const anyUser: FastCheck.Arbitrary<User> = FastCheck.record({
  organization: maybe(
    FastCheck.record({
      role: name,
      permissions: FastCheck.subarray(permissions),
      features: FastCheck.subarray(aFew),
      plan: maybe(name)
    })
  ),
  features: FastCheck.subarray(aFew),
  plan: maybe(name),
  ages: maybe(FastCheck.tuple(age, age))
})

const prefixed = (prefixes: ReadonlyArray<string>, names: ReadonlyArray<string>) =>
  FastCheck.tuple(FastCheck.constantFrom(...prefixes), FastCheck.constantFrom(...names)).map((parts) =>
    parts.join("")
  )
const owners = ["", "", "u:", "user:", "o:", "org:", "organization:", "x:"]

const anyOfAll = FastCheck.record({
  role: prefixed(["", "org:"], aFew),
  permission: FastCheck.constantFrom(...permissions, "a:read", "b:write"),
  feature: prefixed(owners, aFew),
  plan: prefixed(owners, aFew),
  reverification: FastCheck.oneof(
    FastCheck.constantFrom("strict_mfa", "strict", "moderate", "lax", "loose", ""),
    FastCheck.record({
      level: FastCheck.constantFrom("first_factor", "second_factor", "multi_factor", "third_factor"),
      minutes: FastCheck.integer({ min: -1, max: 62 })
    })
  )
})

const anyAsked: FastCheck.Arbitrary<Asked> = FastCheck.tuple(
  anyOfAll,
  FastCheck.subarray([...kinds], { maxLength: 3 })
).map(([all, asked]) => Object.fromEntries(asked.map((kind) => [kind, all[kind]])))

describe("any requirements of any user", () => {
  it.effect("have the same result as in Clerk's own check", () =>
    Effect.gen(function* () {
      const { runSync: run } = yield* runner()
      const answers = { granted: 0, denied: 0, combined: 0 }
      FastCheck.assert(
        FastCheck.property(anyUser, anyAsked, (user, asked) => {
          const granted = run(Authorization.has(claimsOf(user), forOurs(asked)))
          expect(granted).toBe(clerks(user, forClerk(asked)))
          answers[granted ? "granted" : "denied"]++
          if (granted && Object.keys(asked).length > 1) answers.combined++
        }),
        { numRuns: 5_000 }
      )
      // Otherwise too few cases would be compared.
      expect(Math.min(answers.granted, answers.denied)).toBeGreaterThan(400)
      expect(answers.combined).toBeGreaterThan(100)
    })
  )
})

describe("on purpose, unlike Clerk's own check, ours rejects", () => {
  const organization = { role: "admin", permissions: [], features: ["x", "o"], plan: "x" }
  const user: User = { organization, features: ["u"], plan: "u", ages: [3, 3] }

  for (const [title, owner, asked] of [
    ["a role without a name", { ...user, organization: { ...organization, role: "org:" } }, { role: "" }],
    ["a role with its prefix twice", user, { role: "org:org:admin" }],
    ["a feature with a prefix and without a name", user, { feature: "o:" }],
    ["a plan with a prefix and without a name", user, { plan: "u:" }],
    ["a feature with more after its name", user, { feature: "o:x:y" }],
    ["an unknown requirement, beside one that is met", user, { role: "admin", seat: "gold" }],
    ["requirements that are inherited", user, Object.create({ role: "admin" })],
    ["Clerk's own form of a time", user, { reverification: { level: "first_factor", afterMinutes: 5 } }]
  ] as const) {
    it.effect(title, () =>
      Effect.gen(function* () {
        expect(clerks(owner, asked)).toBe(true)
        expect(yield* Authorization.has(claimsOf(owner), asked)).toBe(false)
      })
    )
  }

  it.effect("a pending session, which Clerk's callers have to check before", () =>
    Effect.gen(function* () {
      expect(clerks(user, { role: "admin" })).toBe(true)
      expect(yield* Authorization.has(claimsOf(user), { role: "admin" })).toBe(true)
      expect(yield* Authorization.has({ ...claimsOf(user), status: "pending" }, { role: "admin" })).toBe(
        false
      )
    })
  )

  it.effect("a factor that has grown too old since the token was issued", () =>
    Effect.gen(function* () {
      const asked = { reverification: "strict" } as const
      const recent = { ...nobody, ages: [9, 9] } as const
      yield* TestClock.adjust("59 seconds")
      expect(yield* Authorization.has(claimsOf(recent), asked)).toBe(true)
      yield* TestClock.adjust("1 second")
      expect(yield* Authorization.has(claimsOf(recent), asked)).toBe(false)
      expect(clerks(recent, asked)).toBe(true)
    })
  )
})
