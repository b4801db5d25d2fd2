import { verifyToken } from "@clerk/backend"
import { signedInAuthObject } from "@clerk/backend/internal"
import * as Effect from "effect/Effect"
import { Authorization, type SessionClaims } from "effect-clerk"
import * as FastCheck from "fast-check"
import { assert, describe, expect, it } from "#test/vitest.js"
import { checked } from "../support/properties.js"
import { untyped } from "../support/requests.js"
import { ours } from "../support/tokenKeys.js"
import { claims, header, pemOf, tokenOf } from "../support/tokens.js"
import { claimsOf } from "../support/verification.js"

type Json = { readonly [name: string]: unknown }

/** The official client reads the real clock, so these tokens are valid now. */
const issuedAt = Math.floor(Date.now() / 1000) - 1
const validClaims = (changes: Json) =>
  claims({ iat: issuedAt, nbf: issuedAt - 10, exp: issuedAt + 3600, ...changes })

const jwtKey = pemOf(ours)
const maybe = <A>(arbitrary: FastCheck.Arbitrary<A>) =>
  FastCheck.option(arbitrary, { nil: undefined, freq: 9 })
const oneOf = <A>(...values: ReadonlyArray<A>) => FastCheck.constantFrom(...values)
const list = (entry: FastCheck.Arbitrary<string>, maxLength: number) =>
  FastCheck.array(entry, { maxLength }).map((entries) => entries.join())
/** Values similar to Clerk's, and sometimes any JSON. */
const orAnything = (arbitrary: FastCheck.Arbitrary<unknown>) =>
  FastCheck.oneof(
    { weight: 24, arbitrary },
    { weight: 1, arbitrary: FastCheck.jsonValue() },
    { weight: 1, arbitrary: oneOf<unknown>(null, "", 0, 1, true, [], {}, ["o:a"]) }
  )

const features = ["a", "b", "org", "o"]
const permissions = ["read", "manage", "sell"]
const roles = ["admin", "org:admin", "member"]

const scopedEntry = FastCheck.oneof(
  {
    weight: 30,
    arbitrary: FastCheck.tuple(oneOf("o", "u", "uo", "ou", "o", "u", "x"), oneOf(...features)).map((parts) =>
      parts.join(":")
    )
  },
  { weight: 2, arbitrary: oneOf("o:", "u:", ":a", " o:a ", "o: a", "O:a", "o:a:b", "u:a:b") },
  { weight: 1, arbitrary: oneOf("", "a", " ") }
)
const mask = FastCheck.oneof(
  { weight: 12, arbitrary: FastCheck.integer({ min: 0, max: 7 }).map(String) },
  {
    weight: 1,
    arbitrary: FastCheck.bigInt({ min: -(1n << 64n), max: 1n << 66n }).map(String)
  },
  { weight: 1, arbitrary: oneOf("", " 3 ", "-1", "+3", "007", "1.5", "1e3", "0x3", "9".repeat(90)) }
)
const permissionName = FastCheck.oneof(
  { weight: 20, arbitrary: oneOf(...permissions) },
  { weight: 1, arbitrary: oneOf("", " read ", "a:read", "re ad", "org:read") }
)
const id = FastCheck.oneof(
  { weight: 20, arbitrary: FastCheck.constant("org_1") },
  { weight: 1, arbitrary: oneOf<unknown>("", null, undefined, 1, {}) }
)

const organization = FastCheck.record({
  id,
  slg: maybe(orAnything(FastCheck.constant("acme"))),
  rol: maybe(orAnything(oneOf(...roles, "org:org:admin", "org:", " admin"))),
  per: orAnything(list(permissionName, 4)),
  fpm: orAnything(list(mask, 5))
})
const version2 = FastCheck.record({
  v: FastCheck.constant(2),
  fea: orAnything(list(scopedEntry, 4)),
  pla: orAnything(list(scopedEntry, 2)),
  o: orAnything(organization)
})
const version1 = FastCheck.record({
  v: oneOf(undefined, 1, null),
  org_id: id,
  org_slug: maybe(orAnything(FastCheck.constant("acme"))),
  org_role: maybe(orAnything(oneOf("org:admin", "org:member", "admin", "org:", "org:org:admin"))),
  org_permissions: orAnything(
    FastCheck.array(
      FastCheck.oneof(
        { weight: 9, arbitrary: oneOf("org:a:read", "org:b:manage", "org:org:read", "a:read", "org:") },
        { weight: 1, arbitrary: oneOf<unknown>("", 1, null, ["org:a:sell"]) }
      ),
      { maxLength: 4 }
    )
  )
})
const anyEntitlements: FastCheck.Arbitrary<Json> = FastCheck.oneof(
  { weight: 8, arbitrary: version2 },
  { weight: 4, arbitrary: version1 },
  {
    weight: 2,
    arbitrary: FastCheck.tuple(version1, version2, oneOf<unknown>(1, 2, 3, "2", {}, 0)).map(
      ([one, two, v]): Json => ({ ...one, ...two, v })
    )
  },
  {
    weight: 1,
    arbitrary: FastCheck.dictionary(
      oneOf("v", "fea", "pla", "o", "org_id", "org_role", "org_slug", "org_permissions"),
      FastCheck.jsonValue()
    )
  }
)

type Kind = "role" | "permission" | "feature" | "plan"
type Asked = readonly [kind: Kind, value: string]

const owners = ["", "o:", "u:", "org:", "user:", "x:"]
const always: ReadonlyArray<Asked> = [
  ...[...roles, "org:member", "org:org:admin", "org:", "", "undefined", "null"].map(
    (role): Asked => ["role", role]
  ),
  ...features.flatMap((feature) =>
    permissions.flatMap(
      (permission): ReadonlyArray<Asked> => [
        ["permission", `org:${feature}:${permission}`],
        ["permission", `${feature}:${permission}`]
      ]
    )
  ),
  ["permission", "org:org:org:read"],
  ["permission", "org:"],
  ...[...features, "", " a", "a:b"].flatMap((name) =>
    owners.flatMap(
      (owner): ReadonlyArray<Asked> => [
        ["feature", owner + name],
        ["plan", owner + name]
      ]
    )
  )
]

/** All grants that the claims list, and many that they may not grant. */
const questions = ({ features, organization, plan }: SessionClaims<unknown>): ReadonlyArray<Asked> => [
  ...always,
  ...(organization?.permissions ?? []).map((each): Asked => ["permission", each]),
  ...(organization?.role === undefined ? [] : [["role", organization.role] as const]),
  ...(organization?.features ?? []).map((each): Asked => ["feature", `o:${each}`]),
  ...features.map((each): Asked => ["feature", `u:${each}`]),
  ...(plan === undefined ? [] : [["plan", `u:${plan}`] as const]),
  ...(organization?.plan === undefined ? [] : [["plan", `o:${organization.plan}`] as const])
]

/**
 * The result of the official client for a valid token. It throws where it cannot read features or masks. Its result
 * for the token without them is then the reference.
 */
const official = (payload: Json) => {
  const { fea, o, ...rest } = payload
  const withoutMasks = typeof o === "object" ? { ...o, per: undefined, fpm: undefined } : o
  const readable = [payload, { ...payload, o: withoutMasks }, { ...rest, o }, { ...rest, o: withoutMasks }]
  for (const claims of readable) {
    try {
      const auth = signedInAuthObject({}, "token", untyped<Parameters<typeof signedInAuthObject>[2]>(claims))
      return { ...auth, isWhole: claims === payload }
    } catch {
      // Continues without the claim that it cannot read.
    }
  }
  // A role that is no text, for example.
  return undefined
}

describe("a token that passes every other check", () => {
  it.effect(
    "identifies the user as the official client does, with no more rights, for any entitlements",
    () => {
      const granted = { role: 0, permission: 0, feature: 0, plan: 0 }
      const seen = { unreadable: 0, ambiguous: 0, withoutRole: 0 }
      const compared = checked(
        [anyEntitlements],
        ([entitlements]) =>
          Effect.gen(function* () {
            const payload: Json = JSON.parse(JSON.stringify(validClaims(entitlements)))
            const token = tokenOf(header(), payload)
            const theirs = yield* Effect.promise(() => verifyToken(token, { jwtKey }))
            const read = yield* claimsOf(token, {}, issuedAt)
            expect(read.userId).toBe(theirs.sub)
            expect(read.sessionId).toBe(theirs.sid)
            const reference = official(payload)
            if (reference === undefined) return void seen.unreadable++
            const { has, isWhole, orgId, orgPermissions } = reference
            if (read.organization !== undefined) expect(read.organization.id).toBe(orgId)
            for (const [kind, value] of questions(read)) {
              const asked = { [kind]: value }
              if (!(yield* Authorization.has(read, asked))) continue
              granted[kind]++
              expect([kind, value, has(untyped<Parameters<typeof has>[0]>(asked))]).toEqual([
                kind,
                value,
                true
              ])
            }
            const permissions = read.organization?.permissions.length ?? 0
            if (!isWhole) seen.unreadable++
            else if (read.version === 2 && permissions < (orgPermissions?.length ?? 0)) seen.ambiguous++
            if (read.organization !== undefined && read.organization.role === undefined) seen.withoutRole++
          }),
        1_000
      )
      return Effect.map(compared, () => {
        // Otherwise too few cases would be compared.
        for (const count of Object.values({ ...granted, ...seen })) expect(count).toBeGreaterThan(40)
      })
    },
    60_000
  )

  const age = FastCheck.oneof(
    { weight: 6, arbitrary: oneOf<unknown>(-1, 0, 1, 5, 9, 10, 11, 59, 60, 61, 1439, 1440) },
    { weight: 1, arbitrary: oneOf<unknown>(9.5, 9.999, 59.25, -0.5, -0, 1e300, -2, "5", null) },
    { weight: 1, arbitrary: FastCheck.jsonValue() }
  )
  const anyAges = FastCheck.oneof(
    { weight: 8, arbitrary: FastCheck.array(age, { minLength: 2, maxLength: 2 }) },
    { weight: 1, arbitrary: FastCheck.array(age, { maxLength: 4 }) },
    { weight: 1, arbitrary: FastCheck.jsonValue() }
  )

  it.effect(
    "is reverified only when the official client agrees, for any factor ages",
    () => {
      const counts = { ours: 0, theirs: 0 }
      const compared = checked(
        [anyAges],
        ([fva]) =>
          Effect.gen(function* () {
            const payload: Json = JSON.parse(JSON.stringify(validClaims({ fva })))
            const read = yield* claimsOf(tokenOf(header(), payload), {}, issuedAt)
            const reference = official(payload)
            assert(reference !== undefined)
            const { has } = reference
            for (const reverification of ["strict_mfa", "strict", "moderate", "lax"] as const) {
              const isTheirs = has({ reverification })
              if (isTheirs) counts.theirs++
              if (!(yield* Authorization.has(read, { reverification }))) continue
              counts.ours++
              expect([fva, reverification, isTheirs]).toEqual([fva, reverification, true])
            }
          }),
        1_000
      )
      return Effect.map(compared, () => {
        expect(counts.ours).toBeGreaterThan(100)
        expect(counts.ours).toBeGreaterThan(counts.theirs * 0.8)
      })
    },
    60_000
  )
})
