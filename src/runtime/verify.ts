import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { decodeBase64url } from "../core/token/base64url.js"
import { partyFlaw, type ReadClaims, readClaims, readCustom, timeFlaw } from "../core/token/claims.js"
import { type CompactToken, readCompact, readPart } from "../core/token/compact.js"
import type { TokenSettings } from "../core/token/settings.js"
import { type ClerkKeysUnavailable, ClerkTokenError } from "../errors/TokenErrors.js"
import type { TokenClaims } from "../schema/SessionClaims.js"
import type { SigningKeysService, VerificationKey } from "../services/SigningKeys.js"
import { countVerification, inVerificationSpan, isTraced } from "./telemetry.js"

type Verify = (token: unknown) => Effect.Effect<TokenClaims<unknown>, ClerkTokenError | ClerkKeysUnavailable>

const refuse = (reason: ClerkTokenError["reason"]) => Effect.fail(new ClerkTokenError({ reason }, true))

const ascii = new TextEncoder()

/** RS256 and nothing else: the algorithm is that of the imported key, whatever the token's header says. */
const ifSigned = <A, E>(
  { signature, signed }: CompactToken,
  { key }: VerificationKey,
  then: Effect.Effect<A, E>
): Effect.Effect<A, E | ClerkTokenError> =>
  Effect.async((resume) => {
    crypto.subtle.verify("RSASSA-PKCS1-v1_5", key, decodeBase64url(signature), ascii.encode(signed)).then(
      (isGood) => resume(isGood ? then : refuse("signature")),
      // What WebCrypto cannot even try is not signed.
      () => resume(refuse("signature"))
    )
  })

type Payload = Readonly<Record<string, unknown>>

interface Remembered extends ReadClaims {
  /** What the caller's own claims are read from. */
  readonly payload: Payload
  readonly freshUntilNanos: bigint | undefined
}

/**
 * Freezes what everybody who shows a token again gets to see. Objects with a prototype of their own are left: Effect's
 * times and durations, which nothing changes from outside, write down in themselves what they have worked out.
 */
const freeze = (value: unknown): void => {
  if (typeof value !== "object" || value === null) return
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return
  for (const each of Object.values(value)) freeze(each)
  Object.freeze(value)
}

/**
 * Verifies with the keys given. The order is part of the contract: nothing is asked for on behalf of a malformed
 * token, and no claim is looked at before the signature, so that nobody learns from a refusal what a token says.
 */
export const makeVerify = (settings: TokenSettings, keys: SigningKeysService): Verify => {
  const { cacheCapacity, custom } = settings
  const seen = cacheCapacity === 0 ? undefined : new Map<string, Remembered>()

  const remember = (
    token: string,
    read: ReadClaims,
    payload: Payload,
    { freshUntilNanos }: VerificationKey
  ) => {
    if (seen === undefined) return
    if (seen.size >= cacheCapacity && !seen.has(token)) {
      const oldest = seen.keys().next()
      if (oldest.done !== true) seen.delete(oldest.value)
    }
    freeze(read.claims)
    if (custom !== undefined) freeze(payload)
    seen.set(token, {
      claims: read.claims,
      times: read.times,
      payload: custom === undefined ? {} : payload,
      freshUntilNanos
    })
  }

  /** The caller's own claims are read every time, since nobody else can say whether what they become may be shared. */
  const withCustom = (claims: ReadClaims["claims"], payload: Payload): ReturnType<Verify> =>
    custom === undefined
      ? Effect.succeed(claims)
      : Effect.map(readCustom(payload, custom), (custom) => ({ ...claims, custom }))

  const verifyWith = (token: string, compact: CompactToken, key: VerificationKey | undefined) =>
    key === undefined
      ? refuse("unknown-key")
      : ifSigned(
          compact,
          key,
          Clock.clockWith((clock) => {
            const payload = readPart(compact.payload)
            if (payload === undefined) return refuse("format")
            const read = readClaims(payload, settings, clock.unsafeCurrentTimeMillis())
            if (read instanceof ClerkTokenError) return Effect.fail(read)
            remember(token, read, payload, key)
            return withCustom(read.claims, payload)
          })
        )

  const fromCache = (token: string, found: Remembered) =>
    Clock.clockWith((clock) => {
      const { freshUntilNanos } = found
      if (freshUntilNanos !== undefined && freshUntilNanos <= clock.unsafeCurrentTimeNanos()) {
        seen?.delete(token)
        return anew(token)
      }
      const untimely = timeFlaw(found.times, clock.unsafeCurrentTimeMillis(), settings.skewMillis)
      // A predicate may decide otherwise by now.
      const flaw = untimely ?? partyFlaw(found.claims.authorizedParty, settings)
      if (flaw === undefined) return withCustom(found.claims, found.payload)
      seen?.delete(token)
      return Effect.fail(flaw)
    })

  const anew = (token: unknown): ReturnType<Verify> => {
    const compact = readCompact(token, settings.category)
    if (typeof compact === "string") return refuse(compact)
    // `readCompact` takes nothing but strings apart.
    return Effect.flatMap(keys.find(compact.kid), (key) => verifyWith(token as string, compact, key))
  }

  const verify = (given: unknown): ReturnType<Verify> => {
    const token: unknown = Redacted.isRedacted(given) ? Redacted.value(given) : given
    const found = typeof token === "string" ? seen?.get(token) : undefined
    // What was found is under a string.
    return found === undefined ? anew(token) : fromCache(token as string, found)
  }

  return (given) =>
    Effect.withFiberRuntime((fiber) => {
      const counted = Effect.matchEffect(verify(given), {
        onFailure: (error) => {
          countVerification(error._tag === "ClerkTokenError" ? error.reason : error._tag)
          return Effect.fail(error)
        },
        onSuccess: (claims) => {
          countVerification("ok")
          return Effect.succeed(claims)
        }
      })
      return isTraced(fiber) ? inVerificationSpan(counted) : counted
    })
}
