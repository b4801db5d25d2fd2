import { describe, expect, it } from "@effect/vitest"
import { entitlements1, entitlements2, isFlaw } from "../../src/internal/organizationClaims.js"

type Claims = { readonly [name: string]: unknown }

const organization = { id: "org_1", slg: "acme", rol: "admin" }

/** What a version 2 token grants, whose organization has these claims. */
const granted = (fea: unknown, per: unknown, fpm: unknown) => {
  const read = entitlements2({ v: 2, fea, o: { ...organization, per, fpm } })
  if (isFlaw(read)) throw new Error(`${read.path}: ${read.expected}`)
  return read.organization?.permissions
}

describe("permissions are read from masks over their names:", () => {
  const cases: ReadonlyArray<
    readonly [name: string, fea: string, per: string, fpm: string, expected: ReadonlyArray<string>]
  > = [
    [
      "as Clerk documents it",
      "o:dashboard,o:teams",
      "manage,read",
      "3,2",
      ["org:dashboard:manage", "org:dashboard:read", "org:teams:read"]
    ],
    ["the lowest bit first", "o:a", "x,y,z", "5", ["org:a:x", "org:a:z"]],
    ["none for a mask of zero", "o:a,o:b", "x", "0,1", ["org:b:x"]],
    ["bits beyond the last name mean nothing", "o:a", "x,y", "255", ["org:a:x", "org:a:y"]],
    ["zeros before a mask mean nothing", "o:a", "x,y", "0002", ["org:a:y"]],
    ["blanks around the parts are let be", " o:a , o:b ", " x , y ", " 1 , 2 ", ["org:a:x", "org:b:y"]],
    ["a feature of both counts as the organization's", "uo:a,ou:b", "x", "1,1", ["org:a:x", "org:b:x"]]
  ]
  for (const [name, fea, per, fpm, expected] of cases) {
    it(name, () => expect(granted(fea, per, fpm)).toEqual(expected))
  }

  it("beyond the numbers JavaScript counts exactly", () => {
    const names = Array.from({ length: 200 }, (_, at) => `p${at}`)
    const mask = (1n << 53n) | (1n << 64n) | (1n << 199n) | 1n
    expect(granted("o:a", names.join(","), mask.toString())).toEqual([
      "org:a:p0",
      "org:a:p53",
      "org:a:p64",
      "org:a:p199"
    ])
  })
})

describe("masks belong to all features, or to the organization's alone, and their number tells which:", () => {
  const cases: ReadonlyArray<
    readonly [name: string, fea: string, fpm: string, expected: ReadonlyArray<string>]
  > = [
    ["one for each feature", "u:a,o:b", "0,3", ["org:b:x", "org:b:y"]],
    ["one for each of the organization's", "u:a,o:b", "3", ["org:b:x", "org:b:y"]],
    ["one for each feature, the user's last", "o:b,u:a", "3,0", ["org:b:x", "org:b:y"]],
    ["one for each feature, some unknown scope's too", "o:b,x:c,o:d", "1,0,2", ["org:b:x", "org:d:y"]],
    ["nothing is granted when a feature of the user's alone has a mask", "u:a,o:b", "3,0", []],
    ["nothing is granted when even one of them has", "u:a,o:b,o:c", "1,3,3", []],
    ["nothing is granted when a feature of an unknown scope has a mask", "x:a,o:b", "1,1", []],
    ["nothing is granted when there are too many masks", "o:a", "3,3", []],
    ["nothing is granted when there are too few", "o:a,o:b", "3", []],
    ["nothing is granted when the number fits neither", "u:a,o:b,o:c,u:d", "3,3,3", []],
    ["nothing is granted without masks", "o:a", "", []],
    ["nothing is granted without features", "", "3", []]
  ]
  for (const [name, fea, fpm, expected] of cases) {
    it(name, () => expect(granted(fea, "x,y", fpm)).toEqual(expected))
  }
  it("nothing is granted without names", () => {
    expect(granted("o:a", "", "3")).toEqual([])
    expect(granted("o:a", undefined, "3")).toEqual([])
  })
})

describe("version 2", () => {
  it("tells whose features and plans there are", () => {
    expect(
      entitlements2({ fea: "o:teams,u:drafts,uo:api,x:beta", pla: "u:free,o:pro", o: organization })
    ).toEqual({
      organization: {
        id: "org_1",
        slug: "acme",
        role: "org:admin",
        permissions: [],
        features: ["teams", "api"],
        plan: "pro"
      },
      features: ["drafts", "api"],
      plan: "free"
    })
  })

  it("has no organization when none is active, and what is said without one is kept to the user", () => {
    const none = { organization: undefined, features: [], plan: undefined }
    expect(entitlements2({})).toEqual(none)
    expect(entitlements2({ o: null, fea: null, pla: null })).toEqual(none)
    expect(entitlements2({ fea: "o:teams,u:drafts", pla: "o:pro" })).toEqual({
      ...none,
      features: ["drafts"]
    })
    expect(entitlements2({ org_id: "org_1", org_role: "org:admin", org_permissions: ["org:a:x"] })).toEqual(
      none
    )
  })

  it("writes the prefix of a role once", () => {
    for (const rol of ["admin", "org:admin"]) {
      expect(entitlements2({ o: { id: "org_1", rol } })).toMatchObject({
        organization: { role: "org:admin" }
      })
    }
  })

  it("takes a null for what is left out", () => {
    expect(entitlements2({ o: { id: "org_1", rol: "admin", slg: null, per: null, fpm: null } })).toEqual(
      entitlements2({ o: { id: "org_1", rol: "admin" } })
    )
  })

  const list = "a list of features with their scope"
  const bad: ReadonlyArray<readonly [path: string, claims: Claims, expected: string]> = [
    ["fea", { fea: 1 }, list],
    ["fea", { fea: ["o:a"] }, list],
    ["fea", { fea: "teams" }, list],
    ["fea", { fea: "o:" }, list],
    ["fea", { fea: ":a" }, list],
    ["fea", { fea: "o:a:b" }, list],
    ["fea", { fea: "o:a,,o:b" }, list],
    ["fea", { fea: "o:a," }, list],
    ["fea", { fea: "O:a" }, list],
    ["pla", { pla: { u: "free" } }, "a list of plans with their scope"],
    ["pla", { pla: "free" }, "a list of plans with their scope"],
    ["o", { o: "org_1" }, "an object"],
    ["o", { o: [organization] }, "an object"],
    ["o", { o: 1 }, "an object"],
    ["o", { o: false }, "an object"],
    ["o.id", { o: {} }, "the id of an organization"],
    ["o.id", { o: { ...organization, id: "" } }, "the id of an organization"],
    ["o.id", { o: { ...organization, id: 1 } }, "the id of an organization"],
    ["o.rol", { o: { id: "org_1" } }, "the name of a role"],
    ["o.rol", { o: { ...organization, rol: ["admin"] } }, "the name of a role"],
    ["o.slg", { o: { ...organization, slg: 1 } }, "a string"],
    ["o.per", { o: { ...organization, per: ["manage"] } }, "a list of names"],
    ["o.per", { o: { ...organization, per: "manage,,read" } }, "a list of names"],
    ["o.per", { o: { ...organization, per: "teams:manage" } }, "a list of names"],
    ["o.fpm", { o: { ...organization, fpm: 3 } }, "a list of bit masks"],
    ["o.fpm", { o: { ...organization, fpm: "-1" } }, "a list of bit masks"],
    ["o.fpm", { o: { ...organization, fpm: "0x3" } }, "a list of bit masks"],
    ["o.fpm", { o: { ...organization, fpm: "1.5" } }, "a list of bit masks"],
    ["o.fpm", { o: { ...organization, fpm: "1e3" } }, "a list of bit masks"],
    ["o.fpm", { o: { ...organization, fpm: "3,,2" } }, "a list of bit masks"],
    ["o.fpm", { o: { ...organization, fpm: "٣" } }, "a list of bit masks"],
    ["o.fpm", { o: { ...organization, fpm: "9".repeat(81) } }, "a list of bit masks"]
  ]
  for (const [path, claims, expected] of bad) {
    it(`is refused where it says ${JSON.stringify(claims)}`, () =>
      expect(entitlements2(claims)).toEqual({ path, expected }))
  }
})

describe("version 1", () => {
  const full = {
    org_id: "org_1",
    org_slug: "acme",
    org_role: "org:admin",
    org_permissions: ["org:teams:manage", "org:teams:read"]
  }
  it("comes to the same shape", () => {
    expect(entitlements1(full)).toEqual({
      organization: {
        id: "org_1",
        slug: "acme",
        role: "org:admin",
        permissions: ["org:teams:manage", "org:teams:read"],
        features: []
      },
      features: [],
      plan: undefined
    })
  })

  it("has no organization when none is active", () => {
    const none = { organization: undefined, features: [], plan: undefined }
    expect(entitlements1({})).toEqual(none)
    expect(entitlements1({ org_id: null, org_role: null, org_slug: null, org_permissions: null })).toEqual(
      none
    )
    expect(entitlements1({ o: organization, fea: "u:x", pla: "u:free" })).toEqual(none)
    expect(entitlements1({ org_role: "org:admin", org_permissions: ["org:teams:manage"] })).toEqual(none)
  })

  it("grants nothing without permissions", () => {
    for (const org_permissions of [undefined, null, []]) {
      expect(entitlements1({ ...full, org_permissions })).toMatchObject({ organization: { permissions: [] } })
    }
  })

  const bad: ReadonlyArray<readonly [path: string, value: unknown, expected: string]> = [
    ["org_id", "", "the id of an organization"],
    ["org_id", 1, "the id of an organization"],
    ["org_id", ["org_1"], "the id of an organization"],
    ["org_role", undefined, "the name of a role"],
    ["org_role", "", "the name of a role"],
    ["org_role", { name: "admin" }, "the name of a role"],
    ["org_slug", 1, "a string"],
    ["org_permissions", "org:teams:manage", "an array of names"],
    ["org_permissions", { 0: "org:teams:manage" }, "an array of names"],
    ["org_permissions", ["org:teams:manage", 1], "an array of names"],
    ["org_permissions", [["org:teams:manage"]], "an array of names"],
    ["org_permissions", [null], "an array of names"],
    ["org_permissions", [""], "an array of names"]
  ]
  for (const [path, value, expected] of bad) {
    it(`is refused where ${path} is ${JSON.stringify(value)}`, () =>
      expect(entitlements1({ ...full, [path]: value })).toEqual({ path, expected }))
  }
})

it("as many features and names as a token can hold are read in no time", () => {
  const names = Array.from({ length: 2_000 }, (_, at) => `p${at}`).join(",")
  const features = Array.from({ length: 1_000 }, (_, at) => `o:f${at}`).join(",")
  const full = ((1n << 260n) - 1n).toString()
  const started = performance.now()
  expect(granted(features, names, Array(1_000).fill("1").join(","))).toHaveLength(1_000)
  expect(granted(features, names, Array(1_000).fill("0").join(","))).toHaveLength(0)
  expect(granted("o:a,o:b", names, `${full},${full}`)).toHaveLength(520)
  expect(performance.now() - started).toBeLessThan(500)
})
