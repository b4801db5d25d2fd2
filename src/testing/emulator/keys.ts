import * as Effect from "effect/Effect"
import { globalValue } from "effect/GlobalValue"
import { exportJWK, exportSPKI } from "jose"
import * as Ids from "./ids.js"
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

/** Key pairs come round again under new ids, so that any number of rotations makes only so many. */
const maxPairs = 8

/** The keys of an instance, the current one first. Replaced as a whole when keys are rotated. */
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

/** Making an RSA key takes a tenth of a second or more, so all emulators of a process share theirs. */
const keyPair = (name: string): Effect.Effect<KeyPair> =>
  Effect.promise(() => globalValue(Symbol.for(`effect-clerk/testing/ClerkEmulator/${name}`), generate))

/** The pair of whoever forges tokens: no emulator publishes it. */
export const forger: Effect.Effect<KeyPair> = keyPair("forger")

export const makeRing = (kid: string): Effect.Effect<KeyRing> =>
  Effect.map(keyPair("key/0"), (pair) => ({ published: [{ ...pair, kid }], rotations: 0 }))

export const rotate = (ring: KeyRing, removePrevious: boolean): Effect.Effect<SigningKey> =>
  Effect.gen(function* () {
    ring.rotations += 1
    const key = { ...(yield* keyPair(`key/${ring.rotations % maxPairs}`)), kid: yield* Ids.make("ins") }
    ring.published = removePrevious ? [key] : [key, ...ring.published.slice(0, maxPublished - 1)]
    return key
  })

export const jwks = ({ published }: KeyRing): EmulatorJwks => ({
  keys: published.map(({ e, kid, n }) => ({ use: "sig", kty: "RSA", kid, alg: "RS256", n, e }))
})
