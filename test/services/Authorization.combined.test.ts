import * as Effect from "effect/Effect"
import { Authorization, type ClerkAccessDenied, type SessionClaims } from "effect-clerk"
import { describe, expect, it } from "#test/vitest.js"
import { bareClaims, fullClaims, held, kinds } from "../support/sessionClaims.js"

type Kind = (typeof kinds)[number]

/** Requirements that `fullClaims` does not meet. */
const lacking: Required<Authorization.Requirements> = {
  role: "org:owner",
  permission: "org:invoices:delete",
  feature: "o:reports",
  plan: "u:team",
  reverification: { level: "multi_factor", within: "3 minutes" }
}

/** Every combination of one of `choices` for each kind. */
const everyChoice = <A>(choices: ReadonlyArray<A>): ReadonlyArray<Readonly<Record<Kind, A>>> =>
  kinds.reduce<ReadonlyArray<Record<string, A>>>(
    (before, kind) => before.flatMap((chosen) => choices.map((choice) => ({ ...chosen, [kind]: choice }))),
    [{}]
    // Each round above has set one kind in all of them.
  ) as ReadonlyArray<Readonly<Record<Kind, A>>>

const checkAll = Effect.fn(function* (
  claims: SessionClaims,
  requirements: Authorization.Requirements,
  missing: ReadonlyArray<ClerkAccessDenied["missing"][number]>
) {
  const label = JSON.stringify([requirements, missing])
  const isGranted = Object.keys(requirements).length > 0 && missing.length === 0
  expect(yield* Authorization.has(claims, requirements), label).toBe(isGranted)
  const unmet = yield* Effect.match(Authorization.protect(claims, requirements), {
    onFailure: (error) => error.missing,
    onSuccess: () => undefined
  })
  expect(unmet, label).toEqual(isGranted ? undefined : missing)
})

describe("requirements that are combined", () => {
  it.effect("are met together or not at all, in each combination of absent, met and unmet", () =>
    Effect.gen(function* () {
      const choices = everyChoice(["absent", "met", "unmet"] as const)
      expect(choices.length).toBe(3 ** 5)
      for (const choice of choices) {
        const asked = kinds.filter((kind) => choice[kind] !== "absent")
        const requirements = Object.fromEntries(
          asked.map((kind) => [kind, choice[kind] === "met" ? held[kind] : lacking[kind]])
        )
        const missing = kinds.filter((kind) => choice[kind] === "unmet")
        yield* checkAll(fullClaims, requirements, missing)
        // In any order.
        yield* checkAll(fullClaims, Object.fromEntries(Object.entries(requirements).reverse()), missing)
      }
    })
  )

  it.effect("are met by a session that meets all of them, with any other claims", () =>
    Effect.gen(function* () {
      for (const has of everyChoice([true, false])) {
        const { organization } = fullClaims
        const claims: SessionClaims = {
          ...bareClaims,
          organization: {
            ...organization,
            role: has.role ? organization.role : "org:member",
            permissions: has.permission ? organization.permissions : [],
            plan: has.plan ? organization.plan : undefined
          },
          features: has.feature ? fullClaims.features : [],
          ...(has.reverification ? { factorAges: fullClaims.factorAges } : {})
        }
        for (const asks of everyChoice([true, false])) {
          const asked = kinds.filter((kind) => asks[kind])
          const requirements = Object.fromEntries(asked.map((kind) => [kind, held[kind]]))
          yield* checkAll(
            claims,
            requirements,
            asked.filter((kind) => !has[kind])
          )
        }
      }
    })
  )

  it.effect("are never met by a pending session", () =>
    Effect.gen(function* () {
      for (const asks of everyChoice([true, false])) {
        const asked = kinds.filter((kind) => asks[kind])
        const requirements = Object.fromEntries(asked.map((kind) => [kind, held[kind]]))
        yield* checkAll(
          { ...fullClaims, status: "pending" },
          requirements,
          asked.length === 0 ? [] : ["active", ...asked]
        )
      }
    })
  )
})
