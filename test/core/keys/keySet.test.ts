import * as Effect from "effect/Effect"
import { describe, expect, it } from "#test/vitest.js"
import { importKeySet, rsaFlaw } from "../../../src/core/keys/keySet.js"
import { importRsaKey, isSignedBy, type RsaNumbers } from "../../../src/core/token/signature.js"
import { base64urlOf, jwk, modulus } from "../../support/keySets.js"
import { withPollutedPrototype } from "../../support/pollution.js"

/** The ids of the usable keys, or the failure. */
const idsIn = (...keys: ReadonlyArray<unknown>) =>
  Effect.map(
    Effect.promise(() => importKeySet(keys)),
    (set) => (typeof set === "string" ? set : [...set.keys()])
  )

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
      const set = yield* Effect.promise(() => importKeySet([good]))
      const [key, ...others] = typeof set === "string" ? [] : [...set.values()]
      expect(others).toEqual([])
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

const n = base64urlOf(modulus("sound"))
const e = "AQAB"

const bytes = (...values: ReadonlyArray<number>) => Buffer.from(values).toString("base64url")

const ofBits = (bits: number) => ({ n: base64urlOf(modulus(`of ${bits}`, bits)), e })
const withExponent = (exponent: bigint) => ({ n, e: base64urlOf(exponent) })
/** The form of an encoder that pads numbers. */
const padded = (text: string) =>
  Buffer.concat([Buffer.of(0), Buffer.from(text, "base64url")]).toString("base64url")

const unreadable = "has numbers that cannot be read"
const exponentRule = "must have a public exponent such as 65537"

const flaws: ReadonlyArray<readonly [string, RsaNumbers, string]> = [
  ["512 bits", ofBits(512), "must have at least 2048 bits"],
  ["1024 bits", ofBits(1024), "must have at least 2048 bits"],
  ["2047 bits", ofBits(2047), "must have at least 2048 bits"],
  ["2047 bits and zeros in front", { n: padded(padded(ofBits(2047).n)), e }, "must have at least 2048 bits"],
  ["8193 bits", ofBits(8193), "must have at most 8192 bits"],
  ["12288 bits", ofBits(12_288), "must have at most 8192 bits"],
  ["16384 bits", ofBits(16_384), unreadable],
  ["an even modulus", { n: base64urlOf(modulus("even") - 1n), e }, "has an even modulus"],
  [
    "a modulus of zeros",
    { n: bytes(...Array.from({ length: 256 }, () => 0)), e },
    "must have at least 2048 bits"
  ],
  ["the exponent 0", { n, e: bytes(0) }, exponentRule],
  ["the exponent 1", withExponent(1n), exponentRule],
  ["the exponent 3", withExponent(3n), exponentRule],
  ["the exponent 17", withExponent(17n), exponentRule],
  ["the exponent 65535", withExponent(65_535n), exponentRule],
  ["the exponent 65536", withExponent(65_536n), exponentRule],
  ["the exponent 65538", withExponent(65_538n), exponentRule],
  ["an exponent of more than 32 bits", withExponent(2n ** 32n + 1n), exponentRule],
  ["the modulus as its exponent", { n, e: n }, exponentRule],
  ["no modulus", { n: "", e }, unreadable],
  ["no exponent", { n, e: "" }, unreadable],
  ["padding", { n: `${n}==`, e }, unreadable],
  ["the other alphabet", { n: n.replace(/.$/, "+"), e }, unreadable],
  ["a space", { n: ` ${n}`, e }, unreadable],
  ["a line end", { n: `${n}\n`, e }, unreadable],
  ["a length that base64url does not have", { n: `${n}AAA`, e }, unreadable],
  ["a second spelling", { n, e: "AQAC".slice(0, 3) }, exponentRule],
  ["unused bits that are set", { n: n.replace(/.$/, "B"), e }, unreadable]
]

describe("an RSA key is rejected that has", () => {
  it.each(flaws)("%s", (_, numbers, flaw) => expect(rsaFlaw(numbers)).toBe(flaw))
})

const sound: ReadonlyArray<readonly [string, RsaNumbers]> = [
  ["2048 bits", ofBits(2048)],
  ["2049 bits", ofBits(2049)],
  ["3072 bits", ofBits(3072)],
  ["4096 bits", ofBits(4096)],
  ["8192 bits", ofBits(8192)],
  ["the smallest modulus", { n: base64urlOf(2n ** 2047n + 1n), e }],
  ["the largest modulus", { n: base64urlOf(2n ** 8192n - 1n), e }],
  ["the largest exponent", withExponent(2n ** 32n - 1n)],
  ["a zero in front of its modulus", { n: padded(n), e }],
  ["a zero in front of its exponent", { n, e: padded(e) }]
]

describe("an RSA key is accepted that has", () => {
  it.effect.each(sound)("%s", ([, numbers]) =>
    Effect.gen(function* () {
      expect(rsaFlaw(numbers)).toBeUndefined()
      const key = yield* Effect.promise(() => importRsaKey(numbers))
      expect(key).toMatchObject({ type: "public", extractable: false, usages: ["verify"] })
      // The key has to work too: an invalid signature is rejected, and does not fail.
      const signature = Buffer.alloc(Math.ceil(modulusLength(key) / 8)).toString("base64url")
      const isGood = yield* Effect.promise(async () => isSignedBy({ key }, { signed: "text", signature }))
      expect(isGood).toBe(false)
    })
  )

  it("any random modulus", () => {
    for (let seed = 0; seed < 300; seed++) {
      expect(rsaFlaw({ n: base64urlOf(modulus(`chance ${seed}`)), e }), `seed ${seed}`).toBeUndefined()
    }
  })
})

const modulusLength = ({ algorithm }: CryptoKey): number => Number(Reflect.get(algorithm, "modulusLength"))
