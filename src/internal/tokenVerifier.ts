import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { type ClerkKeysUnavailable, ClerkTokenError } from "../errors/TokenErrors.js"
import type { TokenClaims } from "../schema/SessionClaims.js"
import type { SigningKeysService, VerificationKey } from "../services/SigningKeys.js"
import { decodeBase64url } from "./base64url.js"
import { type CompactToken, readCompact, readPart } from "./compactToken.js"
import { countVerification, inVerificationSpan, isTraced } from "./telemetry.js"
import { type ReadClaims, readClaims, timeFlaw } from "./tokenClaims.js"
import type { TokenSettings } from "./tokenSettings.js"

type Verify = (token: unknown) => Effect.Effect<TokenClaims<unknown>, ClerkTokenError | ClerkKeysUnavailable>

const refuse = (reason: ClerkTokenError["reason"]) => Effect.fail(new ClerkTokenError({ reason }, true))

const ascii = new TextEncoder()

/** RS256 and nothing else: the algorithm is that of the imported key, whatever the token's header says. */
const isSigned = ({ signature, signed }: CompactToken, { key }: VerificationKey): Effect.Effect<boolean> =>
  Effect.async((resume) => {
    crypto.subtle.verify("RSASSA-PKCS1-v1_5", key, decodeBase64url(signature), ascii.encode(signed)).then(
      (isGood) => resume(Effect.succeed(isGood)),
      // What WebCrypto cannot even try is not signed.
      () => resume(Effect.succeed(false))
    )
  })

interface Remembered extends ReadClaims {
  readonly freshUntilNanos: bigint | undefined
}

/**
 * Verifies with the keys given. The order is part of the contract: nothing is asked for on behalf of a malformed
 * token, and no claim is looked at before the signature, so that nobody learns from a refusal what a token says.
 */
export const makeVerify = (settings: TokenSettings, keys: SigningKeysService): Verify => {
  const seen = settings.cacheCapacity === 0 ? undefined : new Map<string, Remembered>()

  const remember = (token: string, read: ReadClaims, key: VerificationKey, nowNanos: bigint) => {
    if (seen === undefined) return
    const { freshUntilNanos } = key
    if (freshUntilNanos !== undefined && freshUntilNanos <= nowNanos) return
    if (seen.size >= settings.cacheCapacity) {
      const oldest = seen.keys().next()
      if (oldest.done !== true) seen.delete(oldest.value)
    }
    seen.set(token, { ...read, freshUntilNanos })
  }

  const verifyWith = (token: string, compact: CompactToken, key: VerificationKey | undefined) =>
    key === undefined
      ? refuse("kid")
      : Effect.flatMap(isSigned(compact, key), (isGood) =>
          isGood
            ? Clock.clockWith((clock) => {
                const payload = readPart(compact.payload)
                if (payload === undefined) return refuse("format")
                const read = readClaims(payload, settings, clock.unsafeCurrentTimeMillis())
                if (read instanceof ClerkTokenError) return Effect.fail(read)
                remember(token, read, key, clock.unsafeCurrentTimeNanos())
                return Effect.succeed(read.claims)
              })
            : refuse("signature")
        )

  const fromCache = (token: string, found: Remembered) =>
    Clock.clockWith((clock) => {
      const { freshUntilNanos } = found
      if (freshUntilNanos !== undefined && freshUntilNanos <= clock.unsafeCurrentTimeNanos()) {
        seen?.delete(token)
        return anew(token)
      }
      const untimely = timeFlaw(found.times, clock.unsafeCurrentTimeMillis(), settings.skewMillis)
      if (untimely === undefined) return Effect.succeed(found.claims)
      seen?.delete(token)
      return Effect.fail(untimely)
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
