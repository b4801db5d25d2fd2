import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { ownProperties } from "../input.js"
import { importRsaKey, type RsaNumbers, rsaFlaw } from "./rsaKey.js"

/** Far more than an instance has in use. The length of a set is bounded before it is parsed. */
const maxKeys = 50

const privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]

/**
 * Whether a text may be a key id. Any other text belongs to no key and causes no fetch. It can be an e-mail address, a
 * time or a thumbprint, but no path: keys may come from a service of the user's that looks files up by it.
 */
export const isKeyId = (kid: unknown): kid is string =>
  typeof kid === "string" && /^(?!\.|.*\.\.)[A-Za-z0-9_.@:+=~-]{1,128}$/.test(kid)

/** A key as it came, without what it inherits. */
type Jwk = Readonly<Record<string, unknown>>

const usable = (jwk: Jwk): (RsaNumbers & { readonly kid: string }) | undefined => {
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

/** Why a set cannot be used as a whole. */
export type KeySetFlaw = "invalid" | "empty"

/**
 * Imports the first 50 keys of a set that may verify a session token, and ignores the others. Rejects a set with two keys
 * of one id, because a token could mean either of them.
 */
export const importKeySet = (jwks: ReadonlyArray<unknown>): Effect.Effect<KeySet, KeySetFlaw> =>
  Effect.gen(function* () {
    const own: ReadonlyArray<Jwk> = jwks.filter(Predicate.isRecord).map(ownProperties)
    const ids = own.map(({ kid }) => kid).filter(Predicate.isString)
    if (new Set(ids).size < ids.length) return yield* Effect.fail("invalid" as const)
    const keys = own.map(usable).filter(Predicate.isNotUndefined).slice(0, maxKeys)
    if (keys.length === 0) return yield* Effect.fail("empty" as const)
    const imported = yield* Effect.forEach(keys, (key) =>
      Effect.map(importRsaKey(key), (imported) => [key.kid, imported] as const)
    )
    return new Map(imported)
  })
