import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { SessionTokens } from "effect-clerk"
import { data } from "#test/data.js"
import { describe, expect, it } from "#test/vitest.js"
import { withPollutedPrototype } from "../support/pollution.js"
import { app, claims, header, issuer, now, sessionToken, tokenOf } from "../support/tokens.js"
import { claimsOf, reasonOf, untouchedKeys } from "../support/verification.js"

describe("an inherited property", () => {
  it.effect("is not a claim, and a claim named __proto__ changes no object", () =>
    Effect.gen(function* () {
      const evil = '{"sub":"user_evil","isAdmin":true,"sts":"active"}'
      const text = JSON.stringify(claims()).replace("{", `{"__proto__":${evil},"constructor":${evil},`)
      const read = yield* claimsOf(tokenOf(header(), text))
      expect(read.userId).toBe(claims().sub)
      expect(Reflect.get({}, "isAdmin")).toBeUndefined()
      expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
    })
  )

  it.effect("does not replace a missing claim", () =>
    Effect.gen(function* () {
      const everything = {
        ...claims(),
        aud: "api",
        cat: "cl_B7d4PD222AAA",
        kid: "ins_ours",
        alg: "RS256",
        typ: "JWT"
      }
      const left = (name: string) => sessionToken({ [name]: undefined })
      for (const name of ["exp", "iat", "sub", "sid", "iss"]) {
        const reason = yield* reasonOf(left(name)).pipe(withPollutedPrototype(everything))
        expect(reason).toBe(name)
      }
      const parties = { authorizedParties: [app] }
      expect(yield* reasonOf(left("azp"), parties).pipe(withPollutedPrototype(everything))).toBe("azp")
      expect(
        yield* reasonOf(sessionToken(), { audience: "api" }).pipe(withPollutedPrototype(everything))
      ).toBe("aud")
      const madeUp = sessionToken({}, { cat: "cl_made_up" })
      expect(yield* reasonOf(madeUp).pipe(withPollutedPrototype({ cl_made_up: "session" }))).toBe("category")
      const nameless = tokenOf(header({ kid: undefined }), claims())
      const inherited = withPollutedPrototype({ kid: header().kid })
      expect(yield* reasonOf(nameless).pipe(inherited)).toBe("unknown-key")
      const unsigned = sessionToken({}, { alg: undefined })
      expect(yield* reasonOf(unsigned).pipe(withPollutedPrototype(everything))).toBe("alg")
    })
  )

  const names: ReadonlyArray<readonly [name: string, values: ReadonlyArray<unknown>]> = [
    ["act", [{ sub: "user_evil" }, 1]],
    ["alg", ["none"]],
    ["aud", ["api"]],
    ["azp", ["https://evil.example"]],
    ["b64", [false]],
    ["cat", ["cl_B7d4PD222AAA", 1]],
    ["crit", [["exp"]]],
    ["fea", ["u:evil,o:evil"]],
    ["fva", [[0, 0]]],
    ["jti", ["evil"]],
    ["kid", ["ins_evil", 1]],
    ["nbf", [4e9, "evil"]],
    ["o", [{ id: "org_evil", rol: "admin" }]],
    ["org_id", ["org_evil"]],
    ["org_permissions", [["org:evil:do"]]],
    ["org_role", ["admin"]],
    ["pla", ["u:evil,o:evil"]],
    ["sts", ["pending"]],
    ["typ", ["evil"]],
    ["v", [1, 2, 3]],
    ["zip", ["DEF"]]
  ]
  let headers = 0
  /** Each has another header, because the last valid header is not read again. */
  const minimal = (more: object) =>
    tokenOf(header({ cat: undefined, typ: undefined, x: headers++ }), {
      sub: "user_1",
      sid: "sess_1",
      iss: issuer,
      exp: now + 60,
      iat: now,
      ...more
    })
  for (const [title, more] of [
    ["a token without optional claims", {}],
    ["a token of version 2", { v: 2 }]
  ] as const) {
    it.effect.each(names)(`named $0 changes nothing in ${title}`, ([name, values]) =>
      Effect.gen(function* () {
        const read = yield* claimsOf(minimal(more))
        for (const value of values) {
          const polluted = yield* claimsOf(minimal(more)).pipe(withPollutedPrototype({ [name]: value }))
          expect(polluted).toStrictEqual(read)
        }
      })
    )
  }

  it.effect("does not make a valid token invalid", () =>
    Effect.gen(function* () {
      const inherited = {
        expected: "x",
        path: "x",
        crit: ["x"],
        b64: false,
        zip: "x",
        cat: 1,
        kid: 1,
        act: 1,
        o: 1
      }
      const token = sessionToken({ o: { id: "org_1", rol: "admin" } }, { cat: undefined })
      const read = yield* claimsOf(token).pipe(withPollutedPrototype(inherited))
      expect(read.organization?.role).toBe("org:admin")
    })
  )
})

describe("an inherited option", () => {
  class Shared {
    get authorizedParties() {
      return [app]
    }
  }
  const bare = Object.assign(Object.create(null), { audience: "api" })
  // If it were ignored silently, every token would be accepted.
  for (const [name, options, option] of [
    ["from a class is rejected", new Shared(), "authorizedParties"],
    ["from another object is rejected", Object.create({ issuer }), "issuer"],
    ["from an object without a prototype is rejected", Object.create(bare), "audience"],
    ["or a hidden one is rejected", Object.defineProperty({}, "audience", { value: "api" }), "audience"]
  ] as const) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const rule = "must be set on the object itself, not inherited"
        const config = yield* Effect.flip(SessionTokens.verifier(options))
        expect(config).toMatchObject({ _tag: "ClerkConfigError", setting: option, rule })
        const invalid = yield* Effect.flip(SessionTokens.verify("x", options))
        expect(invalid).toMatchObject({ _tag: "ClerkInvalidRequest", field: option, rule })
      }).pipe(Effect.provide(untouchedKeys))
    )
  }

  it.effect("from Object.prototype is ignored", () =>
    Effect.gen(function* () {
      const inherited = {
        allowPending: true,
        audience: "evil",
        authorizedParties: ["https://evil.example"],
        cache: { capacity: 0 },
        capacity: 0,
        category: "template",
        claims: Schema.Never,
        clockSkew: 300_000,
        issuer: "https://evil.example",
        missingAzp: "allow"
      }
      const pending = sessionToken({ sts: "pending" })
      expect(yield* reasonOf(pending, {}).pipe(withPollutedPrototype(inherited))).toBe("session-pending")
      const read = yield* claimsOf(sessionToken(), { authorizedParties: [app] }).pipe(
        withPollutedPrototype(inherited)
      )
      expect(read.authorizedParty).toBe(app)
      const late = sessionToken({ exp: now - 10, iat: now - 60 })
      expect(yield* reasonOf(late, {}).pipe(withPollutedPrototype(inherited))).toBe("exp")
    })
  )
})

it.effect("options may be Effect data, or have no prototype", () =>
  Effect.gen(function* () {
    for (const options of [
      data({ authorizedParties: [app] }),
      Object.freeze({ authorizedParties: [app] }),
      Object.assign(Object.create(null), { authorizedParties: [app] })
    ]) {
      expect((yield* claimsOf(sessionToken(), options)).authorizedParty).toBe(app)
      expect(yield* reasonOf(sessionToken({ azp: "https://evil.example" }), options)).toBe("azp")
    }
  })
)
