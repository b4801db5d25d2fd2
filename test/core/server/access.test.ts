import { describe, expect, it } from "#test/vitest.js"
import { RuleBreak } from "../../../src/core/input.js"
import {
  type AccessClaims,
  denialMessage,
  findDenial,
  readRequirements,
  requirementsFlaw
} from "../../../src/core/server/access.js"

/** Durations are numbers of milliseconds here: `core` knows no others. */
const millisOf = (duration: unknown) => (typeof duration === "number" ? duration : undefined)

const claims: AccessClaims = {
  status: "active",
  organization: { id: "org_1", role: "org:admin", permissions: [], features: [] },
  features: []
}

const ages = { first: 1000, second: undefined }

const check = (requirements: unknown, session = claims) =>
  findDenial(session, ages, readRequirements(requirements, millisOf))

describe("the decision on access", () => {
  it("grants access if every requirement is met", () => {
    const reverification = { level: "first_factor", within: 1001 }
    expect(check({ role: "admin", reverification })).toBeUndefined()
  })

  it("lists the unmet requirements in a fixed order", () => {
    const reverification = { level: "first_factor", within: 1000 }
    expect(check({ reverification, plan: "pro", role: "org:member" })).toEqual({
      missing: ["role", "plan", "reverification"]
    })
  })

  it("counts an invalid value as unmet, and an unknown name as a mistake", () => {
    expect(check({ role: ["org:admin"] })).toEqual({ missing: ["role"] })
    expect(check({ roles: "org:admin" })).toEqual({
      missing: [],
      rule: "roles is not a requirement; did you mean role?"
    })
  })

  it("denies access without requirements, also to a pending session", () => {
    expect(check({})).toEqual({ missing: [] })
    expect(check({}, { ...claims, status: "pending" })).toEqual({ missing: [] })
  })
})

describe("requirements that are written once", () => {
  it("are rejected by the rule that the first invalid value breaks", () => {
    expect(requirementsFlaw({ plan: 1, role: "" }, millisOf)).toEqual(
      new RuleBreak("role", "must be a name that is not empty")
    )
    expect(
      requirementsFlaw({ reverification: { level: "first_factor", within: "1 day" } }, millisOf)
    ).toMatchObject({
      field: "reverification"
    })
    expect(requirementsFlaw({ role: "org:admin" }, millisOf)).toBeUndefined()
  })
})

describe("the message of a denial", () => {
  it("names the kinds only, unless the requirements are given", () => {
    const required = readRequirements({ role: "org:owner", plan: null, reverification: "lax" }, millisOf)
    const missing = ["role", "plan", "reverification"] as const
    expect(denialMessage({ missing })).toBe(
      "Access denied: the session lacks the required role, the required plan, the required reverification"
    )
    expect(required).not.toBeInstanceOf(RuleBreak)
    if (required instanceof RuleBreak) return
    expect(denialMessage({ missing }, required)).toBe(
      "Access denied: the session lacks role org:owner, the required plan, reverification lax"
    )
  })
})
