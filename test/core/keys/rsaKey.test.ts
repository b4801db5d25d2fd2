import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { importRsaKey, type RsaNumbers, rsaFlaw } from "../../../src/core/keys/rsaKey.js"
import { base64urlOf, modulus } from "../../support/keySets.js"

const n = base64urlOf(modulus("sound"))
const e = "AQAB"

const bytes = (...values: ReadonlyArray<number>) => Buffer.from(values).toString("base64url")

const ofBits = (bits: number) => ({ n: base64urlOf(modulus(`of ${bits}`, bits)), e })
const withExponent = (exponent: bigint) => ({ n, e: base64urlOf(exponent) })
/** The form of an encoder that pads numbers. */
const padded = (text: string) =>
  Buffer.concat([Buffer.of(0), Buffer.from(text, "base64url")]).toString("base64url")

const primes = [
  2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
  107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167
].map(BigInt)

const power = (base: bigint, exponent: bigint, of: bigint): bigint => {
  let result = 1n
  for (let at = 0n; at < exponent; at++) result = (result * base) % of
  return result
}

const inverse = (value: bigint, of: bigint): bigint => power(value, of - 2n, of) % of

/** A modulus of the faulty generator, which is a power of 65537 modulo each small prime. */
const rocaModulus = (seed: string, exponent: bigint): bigint => {
  const product = primes.reduce((all, prime) => all * prime)
  const residue = primes.reduce((sum, prime) => {
    const others = product / prime
    const part = power(65_537n % prime, exponent, prime) * others * inverse(others % prime, prime)
    return (sum + part) % product
  }, 0n)
  const near = modulus(seed)
  return near - (near % product) + residue
}

const broken = "was made by a generator known to be broken (CVE-2017-15361)"
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
  ["unused bits that are set", { n: n.replace(/.$/, "B"), e }, unreadable],
  ...[1n, 2n, 3n, 1_000_003n].map(
    (exponent) =>
      [
        `the shape of a faulty generator's keys: 65537^${exponent}`,
        { n: base64urlOf(rocaModulus(`roca ${exponent}`, exponent)), e },
        broken
      ] as const
  )
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
      const key = yield* importRsaKey(numbers)
      expect(key).toMatchObject({ type: "public", extractable: false, usages: ["verify"] })
      // The key has to work too: an invalid signature is rejected, and does not fail.
      const signature = new Uint8Array(Math.ceil(modulusLength(key) / 8))
      const isGood = yield* Effect.promise(() =>
        crypto.subtle.verify(key.algorithm.name, key, signature, signature)
      )
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
