import * as Effect from "effect/Effect"
import { decodeBase64url, isCanonicalBase64url } from "../token/base64url.js"

/** The two numbers of an RSA public key, base64url. */
export interface RsaNumbers {
  readonly n: string
  readonly e: string
}

/** WebCrypto verifies with keys of any size, so the limits have to be set here. */
const minBits = 2048
const maxBits = 8192

const minExponent = 65_537n
const maxExponent = 2n ** 32n

const bigintOf = (bytes: Uint8Array): bigint =>
  bytes.length === 0
    ? 0n
    : BigInt(`0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`)

const numberOf = (text: string): bigint | undefined =>
  /^[A-Za-z0-9_-]{1,2048}$/.test(text) && isCanonicalBase64url(text)
    ? bigintOf(decodeBase64url(text))
    : undefined

/** The small primes over which the keys of a faulty generator (CVE-2017-15361, ROCA) give themselves away. */
const rocaPrimes = [11n, 13n, 17n, 19n, 37n, 53n, 61n, 71n, 73n, 79n, 97n, 103n, 107n, 109n, 127n, 151n, 157n]

const isPowerOf = (base: bigint, residue: bigint, prime: bigint): boolean => {
  let power = 1n
  do {
    if (power === residue) return true
    power = (power * base) % prime
  } while (power !== 1n)
  return false
}

/** Their primes are powers of 65537 modulo each small prime, hence so is the product. A sound key hardly ever is. */
const isRoca = (modulus: bigint): boolean =>
  rocaPrimes.every((prime) => isPowerOf(65_537n % prime, modulus % prime, prime))

/** What is wrong with a public key, or `undefined` when it may be used. */
export const rsaFlaw = ({ n, e }: RsaNumbers): string | undefined => {
  const modulus = numberOf(n)
  const exponent = numberOf(e)
  if (modulus === undefined || exponent === undefined) return "has numbers that cannot be read"
  const bits = modulus.toString(2).length
  if (bits < minBits) return `must have at least ${minBits} bits`
  if (bits > maxBits) return `must have at most ${maxBits} bits`
  if (modulus % 2n === 0n) return "has an even modulus"
  if (exponent < minExponent || exponent > maxExponent || exponent % 2n === 0n) {
    return "must have a public exponent such as 65537"
  }
  if (isRoca(modulus)) return "was made by a generator known to be broken (CVE-2017-15361)"
  return undefined
}

const rs256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }

/** A key that passed `rsaFlaw`, ready for RS256 and for nothing else. */
export const importRsaKey = ({ n, e }: RsaNumbers): Effect.Effect<CryptoKey> =>
  Effect.promise(() => crypto.subtle.importKey("jwk", { kty: "RSA", n, e }, rs256, false, ["verify"]))
