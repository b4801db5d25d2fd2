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
import { type CompactToken, readPart } from "./compact.js"
import type { TokenSettings } from "./settings.js"

/*
 * The checks of a token in their order, which is part of the contract: form, key, signature, claims. No key is looked up
 * for a malformed token. No claim is read before the signature, so that no error shows a forger what a token contains.
 */

/** A token that passed all checks, except that of the caller's schema, which reads the payload. */
export interface Verified<Instant> {
  readonly _tag: "Verified"
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

/** Makes the checks of tokens with the same settings, and the cache of valid tokens. */
export const makeTokenVerifier = <Instant, Span>(settings: TokenSettings, times: Times<Instant, Span>) => {
  const capacity = settings.cache?.capacity ?? 0
  const keepsPayload = settings.claims !== undefined
  const seen = new Map<string, Remembered<Instant>>()

  const remember = (token: string, verified: Remembered<Instant>): void => {
    if (seen.size >= capacity && !seen.has(token)) {
      const oldest = seen.keys().next()
      if (oldest.done !== true) seen.delete(oldest.value)
    }
    freeze(verified.claims)
    freeze(verified.payload)
    seen.set(token, verified)
  }

  return {
    /** Checks a remembered token at this moment. Returns `undefined` for a token that has to be verified. */
    recall: (
      token: unknown,
      nowMillis: number,
      nowNanos: () => bigint
    ): Verified<Instant> | TokenFailure<Instant, Span> | undefined => {
      if (typeof token !== "string") return undefined
      const found = seen.get(token)
      if (found === undefined) return undefined
      if (found.freshUntilNanos !== undefined && found.freshUntilNanos <= nowNanos()) {
        seen.delete(token)
        return undefined
      }
      const untimely = timeFlaw(found.times, nowMillis, settings.clockSkew, times)
      // A predicate for the parties may decide otherwise by now.
      const flaw = untimely ?? partyFlaw(found.claims.authorizedParty, settings)
      if (flaw === undefined) return found
      seen.delete(token)
      return flaw
    },
    /** Checks the claims of a token that its key has signed, and remembers the token. */
    accept: (
      token: CompactToken,
      { freshUntilNanos }: VerificationKey,
      nowMillis: number
    ): Verified<Instant> | TokenFailure<Instant, Span> => {
      const payload = readPart(token.payload)
      if (payload === undefined) return invalid("format")
      const read = readClaims(payload, settings, times, nowMillis)
      if ("_tag" in read) return read
      const kept = keepsPayload ? payload : {}
      const verified = { _tag: "Verified", ...read, payload: kept, freshUntilNanos } as const
      if (capacity > 0) remember(token.text, verified)
      return verified
    }
  }
}
