import { exportJWK, exportSPKI } from "jose/key/export"
import type { EmulatorJwks } from "./model.js"

export interface KeyPair {
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  readonly n: string
  readonly e: string
  readonly pem: string
}

export interface SigningKey extends KeyPair {
  readonly kid: string
}

/** The current key and the two before it. */
const maxPublished = 3

/** Rotations reuse the key pairs under new ids, so that the number of generated pairs is limited. */
const maxPairs = 8

/** The keys of an instance, the current one first. A rotation replaces the whole list. */
export interface KeyRing {
  published: readonly [SigningKey, ...ReadonlyArray<SigningKey>]
  rotations: number
}

const generate = async (): Promise<KeyPair> => {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(
    {
      name: "RSASSA-PKCS1-v1_5",
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: "SHA-256"
    },
    true,
    ["sign", "verify"]
  )
  const { n = "", e = "" } = await exportJWK(publicKey)
  return { privateKey, publicKey, n, e, pem: await exportSPKI(publicKey) }
}

/**
 * Generating an RSA key takes a tenth of a second or more, so all emulators of a process share the pairs. They are on
 * the global object because a test runner can load this module several times.
 */
const keyPair = (name: string): Promise<KeyPair> => {
  // Sound because only this function writes the property.
  const pairs = globalThis as { [pairsKey]?: Map<string, Promise<KeyPair>> }
  const known = pairs[pairsKey] ?? new Map<string, Promise<KeyPair>>()
  pairs[pairsKey] = known
  const pair = known.get(name) ?? generate()
  known.set(name, pair)
  return pair
}

const pairsKey = Symbol.for("effect-clerk/testing/ClerkEmulator/keyPairs")

/** The key pair of forged tokens, which no emulator publishes. */
export const forgerPair = (): Promise<KeyPair> => keyPair("forger")

export const makeKeyRing = async (kid: string): Promise<KeyRing> => ({
  published: [{ ...(await keyPair("key/0")), kid }],
  rotations: 0
})

/** Makes `kid` the current key. */
export const rotateKeys = async (ring: KeyRing, kid: string, removePrevious: boolean): Promise<void> => {
  ring.rotations += 1
  const key = { ...(await keyPair(`key/${ring.rotations % maxPairs}`)), kid }
  ring.published = removePrevious ? [key] : [key, ...ring.published.slice(0, maxPublished - 1)]
}

export const jwksOf = ({ published }: KeyRing): EmulatorJwks => ({
  keys: published.map(({ e, kid, n }) => ({ use: "sig", kty: "RSA", kid, alg: "RS256", n, e }))
})
