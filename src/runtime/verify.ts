import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as DefaultServices from "effect/DefaultServices"
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

type Rejected = TokenFailure<DateTime.Utc, Duration.Duration>

const accept = (claims: TokenClaims<unknown>): ReturnType<Verify> => {
  countVerification("ok")
  return Effect.succeed(claims)
}

const reject = (error: ClerkTokenError | ClerkKeysUnavailable): ReturnType<Verify> => {
  countVerification(error._tag === "ClerkTokenError" ? error.reason : error._tag)
  return Effect.fail(error)
}

const rejectFor = (failure: Rejected): ReturnType<Verify> => reject(tokenError(failure))

/** Verifies tokens with the keys given. */
export const makeVerify = (settings: TokenSettings<DecodeClaims>, keys: SigningKeysService): Verify => {
  const { cache, category, claims: decode } = settings
  const verifier = makeTokenVerifier(settings, times)

  const conclude = (result: Verified<DateTime.Utc> | Rejected): ReturnType<Verify> => {
    if (result._tag !== "Verified") return rejectFor(result)
    // The brands of the ids assert nothing.
    const claims = result.claims as TokenClaims
    if (decode === undefined) return accept(claims)
    // Decoded at each use, because only the schema's author knows whether its values may be shared.
    return Effect.matchEffect(decodeCustom(result.payload, decode), {
      onFailure: reject,
      onSuccess: (custom) => accept({ ...claims, custom })
    })
  }

  const verifyWith = (
    compact: CompactToken,
    key: VerificationKey | undefined,
    clock: Clock.Clock
  ): ReturnType<Verify> => {
    if (key === undefined) return rejectFor(invalid("unknown-key"))
    const afterSignature = (isSigned: boolean) =>
      isSigned
        ? conclude(verifier.accept(compact, key, clock.unsafeCurrentTimeMillis()))
        : rejectFor(invalid("signature"))
    const isSigned = isSignedBy(key, compact)
    return typeof isSigned === "boolean"
      ? afterSignature(isSigned)
      : Effect.flatMap(
          Effect.promise(() => isSigned),
          afterSignature
        )
  }

  const verify = (given: unknown, clock: Clock.Clock): ReturnType<Verify> => {
    const token: unknown = Redacted.isRedacted(given) ? Redacted.value(given) : given
    const known =
      cache === undefined
        ? undefined
        : verifier.recall(token, clock.unsafeCurrentTimeMillis(), () => clock.unsafeCurrentTimeNanos())
    if (known !== undefined) return conclude(known)
    const compact = readCompact(token, category)
    if (typeof compact === "string") return rejectFor(invalid(compact))
    return Effect.matchEffect(keys.find(compact.kid), {
      onFailure: reject,
      onSuccess: (key) => verifyWith(compact, key, clock)
    })
  }

  return (given) =>
    Effect.withFiberRuntime((fiber) => {
      const clock = Context.get(fiber.getFiberRef(DefaultServices.currentServices), Clock.Clock)
      return isTraced(fiber)
        ? inVerificationSpan(Effect.suspend(() => verify(given, clock)))
        : verify(given, clock)
    })
}
