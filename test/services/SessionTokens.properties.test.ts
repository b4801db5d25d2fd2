import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as FastCheck from "fast-check"
import { utc } from "#test/dateTime.js"
import { literals, record } from "#test/schema.js"
import { describe, expect } from "#test/vitest.js"
import { onlyErrorOf } from "../support/exits.js"
import { prop } from "../support/properties.js"
import { claims, encode, header, kid, now, signatureOf, templateClaims, tokenOf } from "../support/tokens.js"
import { claimsOf } from "../support/verification.js"

type Json = { readonly [name: string]: unknown }

const name = FastCheck.stringMatching(/^[a-z][a-z0-9_]{0,11}$/)
const id = (prefix: string) =>
  FastCheck.stringMatching(/^[A-Za-z0-9]{1,27}$/).map((text) => `${prefix}_${text}`)
const maybe = <A>(arbitrary: FastCheck.Arbitrary<A>) => FastCheck.option(arbitrary, { nil: undefined })
const text = FastCheck.string({ minLength: 1 })

/** Leaves out what is undefined, as a token and as claims do. */
const present = (record: Json): Json =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))

interface Said {
  readonly claims: Json
  readonly expected: Json
}

/** The common claims of both versions, and the expected result. */
const anyCommon: FastCheck.Arbitrary<Said> = FastCheck.record({
  sub: id("user"),
  sid: id("sess"),
  age: FastCheck.integer({ min: 0, max: 59 }),
  lifetime: FastCheck.integer({ min: 60, max: 1_000_000 }),
  nbf: FastCheck.boolean(),
  azp: maybe(FastCheck.webUrl()),
  aud: maybe(FastCheck.array(text, { maxLength: 3 })),
  jti: maybe(text),
  sts: FastCheck.constantFrom(undefined, "active", "pending"),
  fva: maybe(FastCheck.tuple(FastCheck.integer({ min: -1 }), FastCheck.integer({ min: -1 }))),
  act: maybe(FastCheck.dictionary(name, FastCheck.jsonValue()).map((more) => ({ ...more, sub: "user_2" })))
}).map(({ age, lifetime, nbf, ...said }) => {
  const iat = now - age
  const minutes = (minutes: number) => (minutes < 0 ? undefined : Duration.minutes(minutes))
  return {
    claims: {
      ...said,
      iss: "https://clerk.example.com",
      iat,
      exp: iat + lifetime,
      nbf: nbf ? iat - 10 : undefined
    },
    expected: {
      userId: said.sub,
      sessionId: said.sid,
      issuer: "https://clerk.example.com",
      issuedAt: utc(iat * 1000),
      expiresAt: utc((iat + lifetime) * 1000),
      notBefore: nbf ? utc((iat - 10) * 1000) : undefined,
      authorizedParty: said.azp,
      audience: said.aud,
      tokenId: said.jti,
      status: said.sts ?? "active",
      factorAges: said.fva && present({ first: minutes(said.fva[0]), second: minutes(said.fva[1]) }),
      // JSON has no negative zero.
      actor: said.act && JSON.parse(JSON.stringify(said.act))
    }
  }
})

const anyVersion1: FastCheck.Arbitrary<Said> = FastCheck.tuple(
  FastCheck.constantFrom(undefined, 1),
  maybe(
    FastCheck.record({
      id: id("org"),
      slug: maybe(FastCheck.string()),
      role: name.map((role) => `org:${role}`),
      permissions: FastCheck.array(FastCheck.tuple(name, name).map((names) => ["org", ...names].join(":")))
    })
  )
).map(([v, organization]) => ({
  claims: {
    v,
    org_id: organization?.id,
    org_slug: organization?.slug,
    org_role: organization?.role,
    org_permissions: organization?.permissions
  },
  expected: {
    version: 1,
    features: [],
    organization: organization && present({ ...organization, features: [] })
  }
}))

/** The masks are for each feature, or for the organization's features only. Tokens have both forms. */
const anyVersion2: FastCheck.Arbitrary<Said> = FastCheck.record({
  names: FastCheck.uniqueArray(name, { maxLength: 70 }),
  features: FastCheck.uniqueArray(
    FastCheck.record({
      name,
      scope: FastCheck.constantFrom("o", "u", "uo", "x"),
      mask: FastCheck.bigInt({ min: 0n, max: (1n << 72n) - 1n })
    }),
    { maxLength: 12, selector: (feature) => feature.name }
  ),
  isPositional: FastCheck.boolean(),
  hasOrganization: FastCheck.boolean(),
  id: id("org"),
  slg: maybe(FastCheck.string()),
  rol: name,
  plans: FastCheck.record({ u: maybe(name), o: maybe(name) })
}).map(({ features, hasOrganization, id, isPositional, names, plans, rol, slg }) => {
  const ofOrganization = features.filter(({ scope }) => scope.includes("o"))
  const masks = isPositional
    ? features.map(({ mask, scope }) => (scope.includes("o") ? mask : 0n))
    : ofOrganization.map(({ mask }) => mask)
  // Counted over all features and over the organization's. Where the two differ, both have to grant it.
  const granted = ofOrganization.flatMap(({ mask, name: feature }, at) =>
    names
      .filter((_, bit) => ((mask & (masks[at] ?? 0n)) >> BigInt(bit)) % 2n === 1n)
      .map((each) => `org:${feature}:${each}`)
  )
  const organization = {
    id,
    slug: slg,
    role: `org:${rol}`,
    permissions: granted,
    features: ofOrganization.map((feature) => feature.name),
    plan: plans.o
  }
  return {
    claims: {
      v: 2,
      fea: features.map((feature) => `${feature.scope}:${feature.name}`).join(",") || undefined,
      pla:
        Object.entries(present(plans))
          .map((plan) => plan.join(":"))
          .join(",") || undefined,
      o: hasOrganization
        ? present({ id, slg, rol, per: names.join(",") || undefined, fpm: masks.join(",") || undefined })
        : undefined
    },
    expected: {
      version: 2,
      features: features.filter(({ scope }) => scope.includes("u")).map((feature) => feature.name),
      plan: plans.u,
      organization: hasOrganization ? present(organization) : undefined
    }
  }
})

/** Asserts that a token is accepted or rejected with a reason, and that `ok` or the reason is expected. */
const judge = (
  token: unknown,
  expected: (outcome: string) => boolean = () => true,
  options: object = { allowPending: true }
): Effect.Effect<void> =>
  Effect.map(Effect.exit(claimsOf(token, options)), (exit) => {
    if (exit._tag === "Success") return void expect(expected("ok")).toBe(true)
    const error = onlyErrorOf(exit)
    if (error?._tag !== "ClerkTokenError") throw new Error(String(exit.cause))
    expect(expected(error.reason)).toBe(true)
    // The message can be encoded, for any error.
    expect(JSON.stringify(error).length).toBeLessThan(8_000)
    expect(error.message).toMatch(/^Token rejected \([\w-]+\): [^\r\n]+$/)
  })

const isRefusal = (outcome: string) => outcome !== "ok"

describe("any claims that Clerk could write", () => {
  prop(
    "are decoded to one structure, for any version",
    [
      anyCommon,
      FastCheck.oneof(anyVersion1, anyVersion2),
      FastCheck.dictionary(
        name.map((each) => `x_${each}`),
        FastCheck.jsonValue()
      )
    ],
    ([common, version, more]) =>
      Effect.gen(function* () {
        const token = tokenOf(header(), { ...more, ...common.claims, ...version.claims })
        const expected = present({ ...common.expected, ...version.expected })
        expect(yield* claimsOf(token, { allowPending: true })).toStrictEqual({
          ...expected,
          custom: undefined
        })
      }),
    500
  )
})

/** Numbers that JSON can write and JavaScript would not, names of inherited properties, and all other JSON. */
const anyJson: FastCheck.Arbitrary<unknown> = FastCheck.oneof(
  { weight: 4, arbitrary: FastCheck.jsonValue() },
  FastCheck.constantFrom("", "__proto__", "null", 0, -1, 1e308, 2 ** 53, now, now + 60, [], {}, [[]], [null]),
  FastCheck.constantFrom(
    "o:a",
    "u:a,o:b",
    "sess_1",
    "org_1",
    "3,2",
    { id: "org_1", rol: "x" },
    { sub: "user_1" }
  )
)

const Custom = Schema.Struct({
  o: Schema.optional(Schema.Struct({ id: Schema.String, rol: Schema.NonEmptyString })),
  v: literals(1, 2),
  list: Schema.optional(Schema.Array(Schema.Struct({ deep: record(Schema.Number) })))
})

describe("any token that is signed with the right key is accepted or rejected with a reason:", () => {
  const claimNames = [
    ...Object.keys(claims()),
    "aud",
    "act",
    "o",
    "fea",
    "pla",
    "org_id",
    "org_role",
    "org_slug"
  ]
  const changes = FastCheck.dictionary(
    FastCheck.oneof(
      FastCheck.constantFrom(...claimNames, "org_permissions", "list", "__proto__"),
      FastCheck.string()
    ),
    anyJson,
    { maxKeys: 4 }
  )
  const parts = FastCheck.record(
    { id: anyJson, rol: anyJson, slg: anyJson, per: anyJson, fpm: anyJson },
    { requiredKeys: [] }
  )
  const options = FastCheck.constantFrom<object>(
    {},
    { allowPending: true },
    { claims: Custom },
    { authorizedParties: ["https://app.example.com"], audience: "api", issuer: "https://clerk.example.com" }
  )

  prop(
    "claims with some of them changed",
    [changes, FastCheck.option(parts), options],
    ([changed, o, given]) => {
      const organization = o === null ? {} : { o, fea: "o:a,u:b,o:c" }
      return judge(tokenOf(header(), { ...claims(), ...organization, ...changed }), () => true, given)
    },
    500
  )

  prop(
    "a template's claims with some of them changed",
    [changes],
    ([changed]) => {
      const template = { category: "template" }
      return judge(
        tokenOf(header({ cat: "cl_B7d4PD222AAA" }), { ...templateClaims(), ...changed }),
        () => true,
        template
      )
    },
    500
  )

  prop(
    "a header with changed members",
    [
      FastCheck.dictionary(
        FastCheck.constantFrom("alg", "kid", "typ", "cat", "crit", "b64", "cty", "x"),
        anyJson
      )
    ],
    ([changed]) => {
      const isHarmless = Object.keys(changed).every((each) => each === "x")
      return judge(tokenOf(header(changed), claims()), (outcome) => outcome === "ok" || !isHarmless)
    },
    500
  )

  prop("any JSON for claims", [FastCheck.jsonValue()], ([payload]) =>
    judge(tokenOf(header(), JSON.stringify(payload)), isRefusal)
  )

  prop("any bytes for claims", [FastCheck.uint8Array()], ([payload]) =>
    judge(tokenOf(header(), payload), (outcome) => outcome === "format")
  )
})

describe("any value for a token is rejected with a reason:", () => {
  const part = FastCheck.stringMatching(/^[A-Za-z0-9_-]{0,40}$/)
  const bytes = FastCheck.uint8Array()

  prop(
    "any text",
    [FastCheck.string({ unit: "binary", maxLength: 2_000 })],
    ([text]) => judge(text, isRefusal),
    500
  )

  prop("any value", [FastCheck.anything()], ([value]) => judge(value, isRefusal), 500)

  prop("three parts", [part, part, part], (parts) => judge(parts.join("."), isRefusal), 500)

  prop("any bytes in three parts", [bytes, bytes, bytes], (parts) =>
    judge(parts.map(encode).join("."), isRefusal)
  )

  prop(
    "any JSON in the first two parts",
    [FastCheck.jsonValue(), FastCheck.jsonValue()],
    ([first, second]) => {
      const signed = `${encode(JSON.stringify(first))}.${encode(JSON.stringify(second))}`
      return judge(`${signed}.${signatureOf(signed)}`, isRefusal)
    }
  )

  prop("any bytes for a signature", [FastCheck.uint8Array({ maxLength: 300 })], ([signature]) =>
    judge(`${encode({ alg: "RS256", kid })}.${encode(claims())}.${encode(signature)}`, isRefusal)
  )
})
