import type { TokenFailure, VerificationKey } from "../model.js"
import {
  invalid,
  type Payload,
  type PlainClaims,
  partyFlaw,
  type ReadClaims,
  readClaims,
  type Times,
  timeFlaw
} from "./claims.js"
import { type CompactToken, decodeBase64url, readCompact, readPart } from "./compact.js"
import type { TokenSettings } from "./settings.js"

/*
 * The checks of a token in their order, which is part of the contract: form, key, signature, claims. No key is looked up
 * for a malformed token. No claim is read before the signature, so that no error tells a forger what a token says.
 */

/** A token that passed all checks but that of the caller's own schema, which reads the payload. */
export interface Verified<Instant> {
  readonly claims: PlainClaims<Instant>
  readonly payload: Payload
}

interface Remembered<Instant> extends ReadClaims<Instant>, Verified<Instant> {
  readonly freshUntilNanos: bigint | undefined
}

/**
 * Freezes claims that all callers with the token share. Objects with a prototype of their own are left: Effect's times
 * and durations, which nobody changes from outside, cache in themselves what they compute.
 */
const freeze = (value: unknown): void => {
  if (typeof value !== "object" || value === null) return
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return
  for (const each of Object.values(value)) freeze(each)
  Object.freeze(value)
}

const ascii = new TextEncoder()

/** Checks a signature. The algorithm is that of the key, not the one that the token's header names. */
export const isSignedBy = ({ key }: VerificationKey, { signature, signed }: CompactToken): Promise<boolean> =>
  crypto.subtle.verify("RSASSA-PKCS1-v1_5", key, decodeBase64url(signature), ascii.encode(signed))

/** The checks of tokens by the same settings, and a memory of valid tokens. */
export interface TokenVerifier<Instant, Span> {
  /** Checks a remembered token at this moment. Returns `undefined` for a token that has to be verified. */
  readonly recall: (
    token: unknown,
    nowMillis: number,
    nowNanos: bigint
  ) => Verified<Instant> | TokenFailure<Instant, Span> | undefined
  /** Checks the form of a token. The result names its key. */
  readonly read: (token: unknown) => CompactToken | TokenFailure
  /** Checks the claims of a token that its key has signed, and remembers the token. */
  readonly accept: (
    token: CompactToken,
    key: VerificationKey,
    nowMillis: number
  ) => Verified<Instant> | TokenFailure<Instant, Span>
}

export const makeTokenVerifier = <Instant, Span>(
  settings: TokenSettings,
  times: Times<Instant, Span>
): TokenVerifier<Instant, Span> => {
  const { cacheCapacity, category, custom, skewMillis } = settings
  const seen = new Map<string, Remembered<Instant>>()

  const remember = (
    token: string,
    read: ReadClaims<Instant>,
    payload: Payload,
    { freshUntilNanos }: VerificationKey
  ): void => {
    if (seen.size >= cacheCapacity && !seen.has(token)) {
      const oldest = seen.keys().next()
      if (oldest.done !== true) seen.delete(oldest.value)
    }
    freeze(read.claims)
    if (custom !== undefined) freeze(payload)
    seen.set(token, { ...read, payload: custom === undefined ? {} : payload, freshUntilNanos })
  }

  return {
    recall: (token, nowMillis, nowNanos) => {
      if (typeof token !== "string") return undefined
      const found = seen.get(token)
      if (found === undefined) return undefined
      if (found.freshUntilNanos !== undefined && found.freshUntilNanos <= nowNanos) {
        seen.delete(token)
        return undefined
      }
      const untimely = timeFlaw(found.times, nowMillis, skewMillis, times)
      // A predicate for the parties may decide otherwise by now.
      const flaw = untimely ?? partyFlaw(found.claims.authorizedParty, settings)
      if (flaw === undefined) return found
      seen.delete(token)
      return flaw
    },
    read: (token) => {
      const compact = readCompact(token, category)
      return typeof compact === "string" ? invalid(compact) : compact
    },
    accept: (compact, key, nowMillis) => {
      const payload = readPart(compact.payload)
      if (payload === undefined) return invalid("format")
      const read = readClaims(payload, settings, times, nowMillis)
      if ("_tag" in read) return read
      if (cacheCapacity > 0) remember(`${compact.signed}.${compact.signature}`, read, payload, key)
      return { claims: read.claims, payload }
    }
  }
}
