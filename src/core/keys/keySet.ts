import { isRecord, ownProperties } from "../input.js"
import { decodeBase64url, isCanonicalBase64url, isKeyId } from "../token/compact.js"
import { importRsaKey, type RsaNumbers } from "../token/signature.js"

/** Both backends verify with keys of any size, so the limits have to be set here. */
const minBits = 2048
const maxBits = 8192

const minExponent = 65_537
const maxExponent = 2 ** 32

const bytesOf = (text: string): Uint8Array | undefined =>
  /^[A-Za-z0-9_-]{1,2048}$/.test(text) && isCanonicalBase64url(text) ? decodeBase64url(text) : undefined

/** Returns the number of bits of a number, without the zeros in front of it. */
const bitsOf = (bytes: Uint8Array): number => {
  const first = bytes.findIndex((byte) => byte !== 0)
  return first < 0 ? 0 : (bytes.length - first) * 8 + 24 - Math.clz32(bytes[first] ?? 0)
}

const isEven = (bytes: Uint8Array): boolean => (bytes.at(-1) ?? 0) % 2 === 0

/** Finds what is wrong with a public key. Returns `undefined` for a key that may be used. */
export const rsaFlaw = ({ n, e }: RsaNumbers): string | undefined => {
  const modulus = bytesOf(n)
  const exponent = bytesOf(e)
  if (modulus === undefined || exponent === undefined) return "has numbers that cannot be read"
  const bits = bitsOf(modulus)
  if (bits < minBits) return `must have at least ${minBits} bits`
  if (bits > maxBits) return `must have at most ${maxBits} bits`
  if (isEven(modulus)) return "has an even modulus"
  // Exact as far as the largest exponent, and larger beyond it.
  const value = exponent.reduce((sum, byte) => sum * 256 + byte, 0)
  return value < minExponent || value > maxExponent || isEven(exponent)
    ? "must have a public exponent such as 65537"
    : undefined
}

/** Far more than an instance has in use. The length of a set is bounded before it is parsed. */
const maxKeys = 50

const privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]

/** A key as the server sent it, without what it inherits. */
type Jwk = Readonly<Record<string, unknown>>

interface UsableKey extends RsaNumbers {
  readonly kid: string
}

const readKey = (jwk: Jwk): UsableKey | undefined => {
  const { alg, e, key_ops: operations, kid, kty, n, use } = jwk
  const fits =
    kty === "RSA" &&
    (use === undefined || use === "sig") &&
    (alg === undefined || alg === "RS256") &&
    (operations === undefined || (Array.isArray(operations) && operations.includes("verify"))) &&
    !privateMembers.some((member) => Object.hasOwn(jwk, member))
  if (!fits || !isKeyId(kid) || typeof n !== "string" || typeof e !== "string") return undefined
  return rsaFlaw({ n, e }) === undefined ? { kid, n, e } : undefined
}

/** The instance's keys by their ids. */
export type KeySet = ReadonlyMap<string, CryptoKey>

/** Why no key of a set can be used. */
export type KeySetFlaw = "invalid" | "empty"

/**
 * Imports the first 50 keys of a set that may verify a session token, and ignores the others. Rejects a set with two keys
 * of one id, because a token could mean either of them.
 */
export const importKeySet = async (jwks: ReadonlyArray<unknown>): Promise<KeySet | KeySetFlaw> => {
  const given: ReadonlyArray<Jwk> = jwks.filter(isRecord).map(ownProperties)
  const ids = given.map(({ kid }) => kid).filter((kid) => typeof kid === "string")
  if (new Set(ids).size < ids.length) return "invalid"
  const usable = given
    .map(readKey)
    .filter((key) => key !== undefined)
    .slice(0, maxKeys)
  if (usable.length === 0) return "empty"
  return new Map(await Promise.all(usable.map(async (key) => [key.kid, await importRsaKey(key)] as const)))
}
