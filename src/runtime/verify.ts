import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { TokenFailure, VerificationKey } from "../core/model.js"
import { visibleText } from "../core/redaction/redact.js"
import { invalid, type Times } from "../core/token/claims.js"
import { type CompactToken, readCompact } from "../core/token/compact.js"
import type { OptionDecoders, TokenSettings } from "../core/token/settings.js"
import { isSignedBy } from "../core/token/signature.js"
import { makeTokenVerifier, type Verified } from "../core/token/verifier.js"
import type { ClerkKeysUnavailable, ClerkTokenError } from "../errors/TokenErrors.js"
import type { TokenClaims } from "../schema/SessionClaims.js"
import { tokenError } from "./errors.js"
import type { SigningKeysService } from "./keyCache.js"
import { toMillis } from "./policy.js"
import { schemaIssues } from "./schemaIssues.js"
import { countVerification, inVerificationSpan, isTraced } from "./telemetry.js"

type DecodeClaims = (claims: unknown) => Effect.Effect<unknown, ParseResult.ParseIssue>

/** Reads the options that have types of Effect. */
export const optionDecoders: OptionDecoders<DecodeClaims> = {
  millis: toMillis,
  decoder: (schema) =>
    Schema.isSchema(schema)
      ? // Its requirements are `never` by the type of the option. Without types, Effect reports a missing service.
        ParseResult.decodeUnknown(schema as Schema.Schema<unknown>, { errors: "all", exact: true })
      : undefined
}

const times: Times<DateTime.Utc, Duration.Duration> = { instant: DateTime.unsafeMake, span: Duration.millis }

type Verify = (token: unknown) => Effect.Effect<TokenClaims<unknown>, ClerkTokenError | ClerkKeysUnavailable>

const reject = (failure: TokenFailure<DateTime.Utc, Duration.Duration>) => Effect.fail(tokenError(failure))

/** Decodes the caller's own claims. The names of claims, like their values, may be what users type. */
const decodeCustom = (payload: unknown, decode: DecodeClaims): Effect.Effect<unknown, ClerkTokenError> =>
  Effect.mapError(decode(payload), (failure) => {
    const issues = schemaIssues(failure)
    return tokenError(
      invalid("claims", {
        issues: issues.map(({ expected, path }) => ({ path: visibleText(path.join(".")), expected }))
      })
    )
  })

/** Verifies tokens with the keys given. */
export const makeVerify = (settings: TokenSettings<DecodeClaims>, keys: SigningKeysService): Verify => {
  const { cache, category, claims: decode } = settings
  const verifier = makeTokenVerifier(settings, times)

  const conclude = (
    result: Verified<DateTime.Utc> | TokenFailure<DateTime.Utc, Duration.Duration>
  ): ReturnType<Verify> => {
    if (result._tag !== "Verified") return reject(result)
    // The brands of the ids assert nothing.
    const claims = result.claims as TokenClaims
    // Decoded at each use, because only the schema's author knows whether its values may be shared.
    return decode === undefined
      ? Effect.succeed(claims)
      : Effect.map(decodeCustom(result.payload, decode), (custom) => ({ ...claims, custom }))
  }

  const accept = (compact: CompactToken, key: VerificationKey): ReturnType<Verify> =>
    Clock.clockWith((clock) => conclude(verifier.accept(compact, key, clock.unsafeCurrentTimeMillis())))

  const verifyFully = (token: unknown): ReturnType<Verify> => {
    const compact = readCompact(token, category)
    if (typeof compact === "string") return reject(invalid(compact))
    return Effect.flatMap(keys.find(compact.kid), (key) => {
      if (key === undefined) return reject(invalid("unknown-key"))
      const isSigned = isSignedBy(key, compact)
      if (isSigned === true) return accept(compact, key)
      if (isSigned === false) return reject(invalid("signature"))
      return Effect.flatMap(
        Effect.promise(() => isSigned),
        (isSigned) => (isSigned ? accept(compact, key) : reject(invalid("signature")))
      )
    })
  }

  const verify = (given: unknown): ReturnType<Verify> => {
    const token: unknown = Redacted.isRedacted(given) ? Redacted.value(given) : given
    if (cache === undefined) return verifyFully(token)
    return Clock.clockWith((clock) => {
      const known = verifier.recall(token, clock.unsafeCurrentTimeMillis(), () =>
        clock.unsafeCurrentTimeNanos()
      )
      return known === undefined ? verifyFully(token) : conclude(known)
    })
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
