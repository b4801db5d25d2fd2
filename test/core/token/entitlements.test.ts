import { describe, expect, it } from "#test/vitest.js"
import { entitlements1, entitlements2 } from "../../../src/core/token/entitlements.js"

const organization = { id: "org_1", slg: "acme", rol: "admin" }

/** The grants of a version 2 token with these organization claims. */
const granted = (fea: unknown, per: unknown, fpm: unknown) =>
  entitlements2({ v: 2, fea, o: { ...organization, per, fpm } }).organization?.permissions

describe("permissions are decoded from bit masks:", () => {
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
    ["blanks around the parts are ignored", " o:a , o:b ", " x , y ", " 1 , 2 ", ["org:a:x", "org:b:y"]],
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

describe("where Clerk's SDKs count the features of masks differently,", () => {
  const cases: ReadonlyArray<
    readonly [name: string, fea: string, fpm: string, expected: ReadonlyArray<string>]
  > = [
    ["both ways agree when the organization's features come first", "o:a,u:b", "3,0", ["org:a:x", "org:a:y"]],
    ["a mask for every feature grants nothing after a feature of the user", "u:a,o:b", "0,3", []],
    ["a mask for every organization feature leaves one way to count", "u:a,o:b", "3", ["org:b:x", "org:b:y"]],
    ["the permissions of both ways are granted", "u:a,o:b", "1,3", ["org:b:x"]],
    ["the same name for the user and the organization is two features", "u:b,o:b", "2,3", ["org:b:y"]],
    ["a feature after an unknown scope is counted both ways", "o:b,z:c,o:d", "1,2,3", ["org:b:x", "org:d:y"]],
    ["surplus masks leave two ways to count", "u:a,o:b", "1,3,3", ["org:b:x"]],
    ["too few masks leave two ways to count", "o:a,u:b,o:c,o:d", "1,3", ["org:a:x"]],
    [
      "a feature twice gets what each way grants it as a whole",
      "u:a,o:b,o:b",
      "1,2,1",
      ["org:b:x", "org:b:y"]
    ],
    ["surplus masks mean nothing", "o:a,o:b", "1,2,3,3", ["org:a:x", "org:b:y"]],
    ["missing masks mean zero", "o:a,o:b", "3", ["org:a:x", "org:a:y"]],
    ["no masks grant nothing", "o:a", "", []],
    ["no features grant nothing", "", "3", []],
    ["features of the user alone grant nothing", "u:a,u:b", "3,3", []]
  ]
  for (const [name, fea, fpm, expected] of cases) {
    it(name, () => expect(granted(fea, "x,y", fpm)).toEqual(expected))
  }

  it("a mask grants only what both ways of counting grant", () => {
    expect(granted("u:dash,o:dash", "read,manage,delete", "0,6")).toEqual([])
    expect(granted("u:dash,o:dash", "read,manage,delete", "4,6")).toEqual(["org:dash:delete"])
  })
})

describe("a part of the permission claims that cannot be read grants nothing, and the rest is read:", () => {
  const cases: ReadonlyArray<
    readonly [name: string, fea: unknown, per: unknown, fpm: unknown, expected: ReadonlyArray<string>]
  > = [
    ["surplus commas after the masks", "o:a,o:b", "x,y", "3,,", ["org:a:x", "org:a:y"]],
    ["an empty mask in the middle", "o:a,o:b,o:c", "x,y", "1,,2", ["org:a:x", "org:c:y"]],
    ["a comma before the masks", "o:a,o:b", "x,y", ",3", ["org:b:x", "org:b:y"]],
    ["a negative mask", "o:a,o:b", "x,y", "-1,1", ["org:b:x"]],
    ["the smallest signed 64-bit mask", "o:a,o:b", "x,y", "-9223372036854775808,1", ["org:b:x"]],
    ["a mask with a plus sign", "o:a,o:b", "x,y", "+3,1", ["org:b:x"]],
    ["a hexadecimal mask", "o:a,o:b", "x,y", "0x3,1", ["org:b:x"]],
    ["a mask with a fraction", "o:a,o:b", "x,y", "1.5,1", ["org:b:x"]],
    ["a mask with an exponent", "o:a,o:b", "x,y", "1e3,1", ["org:b:x"]],
    ["a mask in other digits", "o:a,o:b", "x,y", "٣,1", ["org:b:x"]],
    ["a mask of blanks", "o:a,o:b", "x,y", " ,1", ["org:b:x"]],
    ["a mask of more than 80 digits", "o:a,o:b", "x,y", `${"9".repeat(81)},1`, ["org:b:x"]],
    ["the largest signed 64-bit mask", "o:a", "x,y", "9223372036854775807", ["org:a:x", "org:a:y"]],
    ["the largest unsigned 64-bit mask", "o:a", "x,y", "18446744073709551615", ["org:a:x", "org:a:y"]],
    ["an empty permission name", "o:a", "x,,y", "7", ["org:a:x", "org:a:y"]],
    ["a comma after the permission names", "o:a", "x,y,", "7", ["org:a:x", "org:a:y"]],
    ["a permission name with a colon", "o:a", "x:z,y", "3", ["org:a:y"]],
    ["a permission name with a blank", "o:a", "x z,y", "3", ["org:a:y"]],
    ["a feature without a name", "o:,o:b", "x", "1,1", ["org:b:x"]],
    ["a feature with a second colon", "o:a:c,o:b", "x", "1,1", ["org:b:x"]],
    ["a feature of an unknown scope", "O:a,o:b", "x", "1,1", ["org:b:x"]],
    ["a feature without a scope", "a,o:b", "x", "1,1", []],
    ["a comma after the features", "o:a,", "x", "1", []],
    ["a comma between features", "o:a,,o:b", "x", "1,1,1", []],
    ["a comma alone", ",", "x", "1", []],
    ...[null, undefined, 1, 1.5, true, {}, [], ["o:a"], { a: "o:a" }].flatMap(
      (value) =>
        [
          [`features that are ${JSON.stringify(value)}`, value, "x", "1", []],
          [`permission names that are ${JSON.stringify(value)}`, "o:a", value, "1", []],
          [`masks that are ${JSON.stringify(value)}`, "o:a", "x", value, []]
        ] as const
    )
  ]
  for (const [name, fea, per, fpm, expected] of cases) {
    it(name, () => expect(granted(fea, per, fpm)).toEqual(expected))
  }
})

describe("version 2", () => {
  it("distinguishes the features and plans of the user and the organization", () => {
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

  it("has no organization when none is active, and the remaining claims belong to the user", () => {
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

  it("reads null as absent", () => {
    expect(entitlements2({ o: { id: "org_1", rol: "admin", slg: null, per: null, fpm: null } })).toEqual(
      entitlements2({ o: { id: "org_1", rol: "admin" } })
    )
  })

  const none = { organization: undefined, features: [], plan: undefined }
  const noOrganization: ReadonlyArray<unknown> = [
    "",
    "org_1",
    1,
    0,
    true,
    false,
    [],
    [organization],
    {},
    { rol: "admin", per: "x", fpm: "1" },
    ...[null, "", 1, ["org_1"], { id: "org_1" }, false].map((id) => ({ ...organization, id }))
  ]
  for (const o of noOrganization) {
    it(`has no organization where the claim is ${JSON.stringify(o)}, and keeps the claims of the user`, () =>
      expect(entitlements2({ o, fea: "o:a,u:b", pla: "o:c,u:d" })).toEqual({
        ...none,
        features: ["b"],
        plan: "d"
      }))
  }

  for (const rol of [undefined, null, "", "org:", 1, 1.5, true, ["admin"], { name: "admin" }, {}]) {
    it(`has an organization without a role where the role is ${JSON.stringify(rol)}`, () =>
      expect(
        entitlements2({ fea: "o:a", o: { ...organization, rol, per: "x", fpm: "1" } }).organization
      ).toEqual({ id: "org_1", slug: "acme", permissions: ["org:a:x"], features: ["a"] }))
  }

  for (const slg of [null, 1, ["acme"], {}]) {
    it(`has an organization without a slug where the slug is ${JSON.stringify(slg)}`, () =>
      expect(entitlements2({ o: { ...organization, slg } }).organization).toEqual({
        id: "org_1",
        role: "org:admin",
        permissions: [],
        features: []
      }))
  }

  for (const text of [1, true, [], ["o:a"], {}, "", "free", "u:a,", ",u:a", "u:a,,o:b", "u:a,free", " "]) {
    it(`grants no feature and no plan where the claims are ${JSON.stringify(text)}`, () =>
      expect(entitlements2({ fea: text, pla: text, o: organization })).toEqual({
        ...none,
        organization: { id: "org_1", slug: "acme", role: "org:admin", permissions: [], features: [] }
      }))
  }

  it("leaves out a feature and a plan whose names cannot be read", () => {
    const text = "u:,o:,u:a:b,o:a:b,x:y,:z,u:mine,o:ours"
    expect(entitlements2({ fea: text, pla: text, o: organization })).toMatchObject({
      organization: { features: ["ours"], plan: "ours" },
      features: ["mine"],
      plan: "mine"
    })
  })
})

describe("version 1", () => {
  const full = {
    org_id: "org_1",
    org_slug: "acme",
    org_role: "org:admin",
    org_permissions: ["org:teams:manage", "org:teams:read"]
  }
  it("is decoded to the same structure", () => {
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

  for (const org_id of ["", 1, 0, true, ["org_1"], { id: "org_1" }, {}]) {
    it(`has no organization where the id is ${JSON.stringify(org_id)}`, () =>
      expect(entitlements1({ ...full, org_id })).toEqual({
        organization: undefined,
        features: [],
        plan: undefined
      }))
  }

  const { role, slug, ...rest } = {
    id: "org_1",
    slug: "acme",
    role: "org:admin",
    permissions: full.org_permissions,
    features: []
  }
  const unread: ReadonlyArray<readonly [name: string, value: unknown, expected: object]> = [
    ...[undefined, null, "", "org:", 1, ["org:admin"], { name: "admin" }].map(
      (value) => ["org_role", value, { ...rest, slug }] as const
    ),
    ...[undefined, null, 1, ["acme"], {}].map((value) => ["org_slug", value, { ...rest, role }] as const),
    ...["org:teams:manage", "", 1, true, {}, { 0: "org:teams:manage" }, [null], [""], [["org:a:x"]], [1]].map(
      (value) => ["org_permissions", value, { ...rest, role, slug, permissions: [] }] as const
    ),
    [
      "org_permissions",
      [1, "org:teams:manage", null, "", ["org:a:x"]],
      { ...rest, role, slug, permissions: ["org:teams:manage"] }
    ]
  ]
  for (const [name, value, expected] of unread) {
    it(`grants nothing by ${name} where it is ${JSON.stringify(value)}, and reads the rest`, () =>
      expect(entitlements1({ ...full, [name]: value })).toEqual({
        organization: expected,
        features: [],
        plan: undefined
      }))
  }
})

it("the maximum of features and names in a token is decoded quickly", () => {
  const names = Array.from({ length: 2_000 }, (_, at) => `p${at}`).join(",")
  const features = Array.from({ length: 1_000 }, (_, at) => `o:f${at}`).join(",")
  const full = ((1n << 260n) - 1n).toString()
  const started = performance.now()
  expect(granted(features, names, Array(1_000).fill("1").join(","))).toHaveLength(1_000)
  expect(granted(features, names, Array(1_000).fill("0").join(","))).toHaveLength(0)
  expect(granted("o:a,o:b", names, `${full},${full}`)).toHaveLength(520)
  expect(performance.now() - started).toBeLessThan(500)
})
