import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { importKeySet, isKeyId } from "../../../src/core/keys/keySet.js"
import { base64urlOf, jwk, modulus } from "../../support/keySets.js"
import { withPollutedPrototype } from "../../support/pollution.js"

/** The ids of the usable keys, or the failure. */
const idsIn = (...keys: ReadonlyArray<unknown>) =>
  Effect.match(importKeySet(keys), {
    onFailure: (flaw): ReadonlyArray<string> | string => flaw,
    onSuccess: (imported) => [...imported.keys()]
  })

const good = jwk("ins_good")

const refused: ReadonlyArray<readonly [string, unknown]> = [
  ...["d", "p", "q", "dp", "dq", "qi", "oth", "k"].map(
    (member) => [`a private member: ${member}`, jwk("ins_1", { [member]: "AQAB" })] as const
  ),
  ["a private member that is null", jwk("ins_1", { d: null })],
  ["a secret", { kty: "oct", kid: "ins_1", k: "c2VjcmV0", alg: "HS256" }],
  [
    "a secret with the algorithm RS256",
    { kty: "oct", kid: "ins_1", k: "c2VjcmV0", alg: "RS256", use: "sig" }
  ],
  ["an elliptic curve", { kty: "EC", kid: "ins_1", crv: "P-256", x: "AQAB", y: "AQAB" }],
  ["an Edwards curve", { kty: "OKP", kid: "ins_1", crv: "Ed25519", x: "AQAB" }],
  ["another type with the numbers of RSA", jwk("ins_1", { kty: "rsa" })],
  ["no type", jwk("ins_1", { kty: undefined })],
  ["use for encryption", jwk("ins_1", { use: "enc" })],
  ["a use that is a list", jwk("ins_1", { use: ["sig"] })],
  ["operations without verifying", jwk("ins_1", { key_ops: ["encrypt", "wrapKey"] })],
  ["operations that are text", jwk("ins_1", { key_ops: "verify" })],
  ...["RS384", "RS512", "PS256", "RSA-OAEP", "HS256", "none", "rs256", "", null, ["RS256"]].map(
    (alg) => [`another algorithm: ${JSON.stringify(alg)}`, jwk("ins_1", { alg })] as const
  ),
  ["no id", jwk("ins_1", { kid: undefined })],
  ...[1, null, {}, ["ins_1"], "", " ins_1", "../ins_1", "ins_1\n", "ins\u0000", "ins_é", "i".repeat(129)].map(
    (kid) => [`a strange id: ${JSON.stringify(kid).slice(0, 20)}`, jwk("ins_1", { kid })] as const
  ),
  ["no modulus", jwk("ins_1", { n: undefined })],
  ["a modulus that is a number", jwk("ins_1", { n: 3233 })],
  ["no exponent", jwk("ins_1", { e: undefined })],
  ["an exponent that is a number", jwk("ins_1", { e: 65537 })],
  ["1024 bits", jwk("ins_1", { n: base64urlOf(modulus("short", 1024)) })],
  ["an exponent of 1", jwk("ins_1", { e: "AQ" })],
  ["nothing", {}],
  ["null", null],
  ["text", "ins_1"],
  ["a number", 1],
  ["a list", [jwk("ins_1")]]
]

describe("a key of a set is ignored when it has", () => {
  it.effect.each(refused)("%s", ([, key]) =>
    Effect.gen(function* () {
      expect(yield* idsIn(key, good)).toEqual(["ins_good"])
      expect(yield* idsIn(key)).toBe("empty")
    })
  )
})

describe("a key set", () => {
  it.effect("returns every usable key by its id", () =>
    Effect.gen(function* () {
      const keys = [
        jwk("ins_1"),
        jwk("ins_2", { use: undefined, alg: undefined }),
        jwk("ins_3", { key_ops: ["verify"], ext: true, x5c: ["MIIB"], x5t: "AQAB" }),
        jwk("i".repeat(128)),
        jwk("__proto__"),
        jwk("0")
      ]
      expect(yield* idsIn(...keys)).toEqual(keys.map(({ kid }) => kid))
    })
  )

  it.effect("returns keys for RS256 that can only verify, and cannot be exported", () =>
    Effect.gen(function* () {
      const key = (yield* importKeySet([good])).get("ins_good")
      expect(key).toMatchObject({
        type: "public",
        extractable: false,
        usages: ["verify"],
        algorithm: { name: "RSASSA-PKCS1-v1_5", hash: { name: "SHA-256" }, modulusLength: 2048 }
      })
    })
  )

  it.effect("is empty without keys", () =>
    Effect.gen(function* () {
      expect(yield* idsIn()).toBe("empty")
    })
  )

  it.effect("is rejected when two keys have one id, even if one of them is unusable", () =>
    Effect.gen(function* () {
      expect(yield* idsIn(good, jwk("ins_1"), jwk("ins_1", { n: base64urlOf(modulus("other")) }))).toBe(
        "invalid"
      )
      expect(yield* idsIn(jwk("ins_1"), jwk("ins_1"))).toBe("invalid")
      expect(yield* idsIn(jwk("ins_1"), { kty: "EC", kid: "ins_1" })).toBe("invalid")
      expect(yield* idsIn(jwk("ins_1"), jwk("INS_1"))).toEqual(["ins_1", "INS_1"])
    })
  )

  it.effect("returns its first 50 usable keys", () =>
    Effect.gen(function* () {
      const usable = Array.from({ length: 60 }, (_, index) => jwk(`ins_${index}`))
      expect(yield* idsIn(...usable)).toEqual(usable.slice(0, 50).map(({ kid }) => kid))
    })
  )

  it.effect("may have any number of unusable keys before the usable ones", () =>
    Effect.gen(function* () {
      const unusable = Array.from({ length: 200 }, (_, index) => ({ kty: "EC", kid: `ec_${index}` }))
      expect(yield* idsIn(...unusable, {}, good)).toEqual(["ins_good"])
      expect(yield* idsIn(...unusable)).toBe("empty")
    })
  )

  it.effect("is invalid when a key beyond the first 50 repeats an id", () =>
    Effect.gen(function* () {
      const usable = Array.from({ length: 60 }, (_, index) => jwk(`ins_${index}`))
      expect(yield* idsIn(...usable, jwk("ins_0"))).toBe("invalid")
      expect(yield* idsIn(...usable, jwk("ins_59"))).toBe("invalid")
    })
  )

  it.effect("reads no inherited property", () =>
    Effect.gen(function* () {
      const { kid: _, ...nameless } = jwk("ins_1")
      const { n: __, ...numberless } = jwk("ins_2")
      const found = idsIn(nameless, numberless, good)
      expect(yield* withPollutedPrototype({ kid: "ins_evil" })(found)).toEqual(["ins_good"])
      expect(yield* withPollutedPrototype({ n: good.n })(idsIn(numberless))).toBe("empty")
    })
  )
})

describe("a key id", () => {
  it.each([
    "ins_2g7np7Hrk0SN6kj5EDMLDaKNL0S",
    "a",
    "-",
    "_",
    "i".repeat(128),
    "ins_1.2",
    "2026.01",
    "signing@example.com",
    "2026-01-15T12:00:00Z",
    "urn:uuid:2c127fa4-62c7-7e4f-90e5-472b45eecfdc",
    "bm9+dXJs=",
    "~key",
    "__proto__"
  ])("may be %s", (kid) => expect(isKeyId(kid)).toBe(true))
  it.each([
    ["nothing", ""],
    ["a line end", "ins_1\n"],
    ["a dot", "."],
    ["two dots", ".."],
    ["a hidden file", ".ins_1"],
    ["two dots within", "ins_1..2"],
    ["a path", "keys/ins_1"],
    ["a path with backslashes", "keys\\ins_1"],
    ["a climb", "../ins_1"],
    ["an escape", "%2e%2e"],
    ["a URL", "https://evil.example"],
    ["SQL", "x' OR '1'='1"],
    ["quotes", 'ins"1'],
    ["a space", "ins 1"],
    ["a tab", "ins\t1"],
    ["NUL", "ins_1\0"],
    ["DEL", "ins_1\u007f"],
    ["a letter of another alphabet", "іns_1"],
    ["a character of no width", "ins\u200b1"],
    ["a lone surrogate", "ins\ud800"],
    ["a semicolon", "ins_1;x"],
    ["one character too long", "i".repeat(129)],
    ["undefined", undefined],
    ["text in a box", Object("ins_1")]
  ])("is not %s", (_, kid) => expect(isKeyId(kid)).toBe(false))
})
