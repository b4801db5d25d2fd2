import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { clockOf, millisOf, nanosOf, type RunningFiber, withFiber } from "#major/fiber.js"
import { effectDecoder } from "#major/parser.js"
import type { Codec } from "#major/schemas.js"
import { isTraced } from "#major/telemetry.js"
import { dateTimeFromMillis } from "#major/time.js"
import type { SchemaIssue, TokenFailure, VerificationKey } from "../core/model.js"
import { visibleText } from "../core/redaction/redact.js"
import { invalid, type Payload, type Times } from "../core/token/claims.js"
import { type CompactToken, readCompact, readPart } from "../core/token/compact.js"
import type { OptionDecoders, TokenSettings } from "../core/token/settings.js"
import { isSignedBy } from "../core/token/signature.js"
import { makeTokenVerifier, type Verified } from "../core/token/verifier.js"
import type { ClerkKeysUnavailable, ClerkTokenError } from "../errors/TokenErrors.js"
import type { SessionClaims, TokenClaims } from "../schema/SessionClaims.js"
import { keysUnavailable, tokenError } from "./errors.js"
import type { SigningKeysService } from "./keyCache.js"
import { toMillis } from "./policy.js"
import { type RevocationsService, revocations } from "./revocations.js"
import { countVerification, inVerificationSpan } from "./telemetry.js"

type DecodeClaims = (claims: unknown) => Effect.Effect<unknown, ReadonlyArray<SchemaIssue>>

/** Reads the options that have types of Effect. */
export const optionDecoders: OptionDecoders<DecodeClaims> = {
  millis: toMillis,
  decoder: (schema) =>
    Schema.isSchema(schema)
      ? // Its requirements are `never` by the type of the option. Without types, Effect reports a missing service.
        effectDecoder(schema as Codec<unknown>, { all: true, rejectUnknown: false })
      : undefined
}

const times: Times<DateTime.Utc, Duration.Duration> = { instant: dateTimeFromMillis, span: Duration.millis }

type Verify = (token: unknown) => Effect.Effect<TokenClaims<unknown>, ClerkTokenError | ClerkKeysUnavailable>

/** Decodes the caller's own claims. The names of claims, like their values, may be what users type. */
const decodeCustom = (payload: unknown, decode: DecodeClaims): Effect.Effect<unknown, ClerkTokenError> =>
  Effect.mapError(decode(payload), (issues) =>
    tokenError(
      invalid("claims", {
        issues: issues.map(({ expected, path }) => ({ path: visibleText(path.join(".")), expected }))
      })
    )
  )

type Rejected = TokenFailure<DateTime.Utc, Duration.Duration>

const reject = (error: ClerkTokenError | ClerkKeysUnavailable, fiber: RunningFiber): ReturnType<Verify> => {
  countVerification(error._tag === "ClerkTokenError" ? error.reason : error._tag, fiber)
  return Effect.fail(error)
}

const rejectFor = (failure: Rejected, fiber: RunningFiber): ReturnType<Verify> =>
  reject(tokenError(failure), fiber)

/** Rejects what a request carries before a token is verified. A request without a token is not counted. */
export const rejected = (failure: TokenFailure): Effect.Effect<never, ClerkTokenError> =>
  failure.fields.reason === "missing"
    ? Effect.fail(tokenError(failure))
    : withFiber((fiber) => {
        const error = tokenError(failure)
        countVerification(error.reason, fiber)
        return Effect.fail(error)
      })

/** Not a rejection of the token, because an outage of the store must not sign everybody out. */
const unavailable = {
  _tag: "ClerkKeysUnavailable",
  fields: { reason: "revocations", retryable: true }
} as const

/**
 * Makes the function that verifies tokens with the keys given, and with the revocations of the context if the settings
 * say so. The public signatures have that requirement.
 */
export const makeVerify = (
  settings: TokenSettings<DecodeClaims>,
  keys: SigningKeysService
): Effect.Effect<Verify> =>
  settings.revocations
    ? Effect.map(revocations, (service) => verifyWithAll(settings, keys, service))
    : Effect.succeed(verifyWithAll(settings, keys, undefined))

const verifyWithAll = (
  settings: TokenSettings<DecodeClaims>,
  keys: SigningKeysService,
  revoked: RevocationsService | undefined
): Verify => {
  const { cache, category, claims: decode } = settings
  const verifier = makeTokenVerifier(settings, times)

  const accept = (claims: TokenClaims<unknown>, fiber: RunningFiber): ReturnType<Verify> => {
    if (revoked !== undefined) {
      // Sound: the settings allow the option for session tokens only, whose claims have a session.
      if (revoked.isRevoked(claims as SessionClaims)) return rejectFor(invalid("revoked"), fiber)
      if (revoked.isUnavailable()) return reject(keysUnavailable(unavailable), fiber)
    }
    countVerification("ok", fiber)
    return Effect.succeed(claims)
  }

  const conclude = (result: Verified<DateTime.Utc> | Rejected, fiber: RunningFiber): ReturnType<Verify> => {
    if (result._tag !== "Verified") return rejectFor(result, fiber)
    // The brands of the ids assert nothing.
    const claims = result.claims as TokenClaims
    if (decode === undefined) return accept(claims, fiber)
    // Decoded at each use, because only the schema's author knows whether its values may be shared.
    return Effect.matchEffect(decodeCustom(result.payload, decode), {
      onFailure: (error) => reject(error, fiber),
      onSuccess: (custom) => accept({ ...claims, custom }, fiber)
    })
  }

  const verifyWith = (
    compact: CompactToken,
    key: VerificationKey | undefined,
    fiber: RunningFiber
  ): ReturnType<Verify> => {
    if (key === undefined) return rejectFor(invalid("unknown-key"), fiber)
    const afterSignature = (isSigned: boolean) =>
      isSigned
        ? conclude(verifier.accept(compact, key, millisOf(clockOf(fiber))), fiber)
        : rejectFor(invalid("signature"), fiber)
    const isSigned = isSignedBy(key, compact)
    return typeof isSigned === "boolean"
      ? afterSignature(isSigned)
      : Effect.flatMap(
          Effect.promise(() => isSigned),
          afterSignature
        )
  }

  const verify = (given: unknown, fiber: RunningFiber): ReturnType<Verify> => {
    const token: unknown = Redacted.isRedacted(given) ? Redacted.value(given) : given
    const clock = clockOf(fiber)
    const known =
      cache === undefined ? undefined : verifier.recall(token, millisOf(clock), () => nanosOf(clock))
    if (known !== undefined) return conclude(known, fiber)
    const compact = readCompact(token, category)
    if (typeof compact === "string") return rejectFor(invalid(compact), fiber)
    return Effect.matchEffect(keys.find(compact.kid), {
      onFailure: (error) => reject(error, fiber),
      onSuccess: (key) => verifyWith(compact, key, fiber)
    })
  }

  return (given) =>
    withFiber((fiber) =>
      isTraced(fiber) ? inVerificationSpan(Effect.suspend(() => verify(given, fiber))) : verify(given, fiber)
    )
}

/** A valid token with its claims. */
export interface ValidToken<Claims> {
  readonly token: string
  readonly claims: Claims
}

/**
 * Verifies the tokens of a request in turn until one is valid. A browser can send several cookies of one name, and only
 * one of them may be the instance's own. Fails with the error of the first token.
 */
export const verifyInTurn = <Claims>(
  verify: (token: string) => Effect.Effect<Claims, ClerkTokenError | ClerkKeysUnavailable>,
  [token = "", ...others]: ReadonlyArray<string>
): Effect.Effect<ValidToken<Claims>, ClerkTokenError | ClerkKeysUnavailable> => {
  const first = Effect.map(verify(token), (claims) => ({ token, claims }))
  return others.length === 0
    ? first
    : Effect.catchTag(first, "ClerkTokenError", (error) =>
        Effect.mapError(verifyInTurn(verify, others), (next) =>
          next._tag === "ClerkTokenError" ? error : next
        )
      )
}

/** Returns the payload of a token that is no session token, if the signature is valid. Checks no claim. */
export const signedPayload = (
  keys: SigningKeysService,
  token: string
): Effect.Effect<Payload | undefined, ClerkKeysUnavailable> => {
  const compact = readCompact(token, "session")
  if (typeof compact === "string") return Effect.succeed(undefined)
  return Effect.flatMap(keys.find(compact.kid), (key) =>
    key === undefined
      ? Effect.succeed(undefined)
      : Effect.map(
          Effect.promise(async () => isSignedBy(key, compact)),
          (isSigned) => (isSigned ? readPart(compact.payload) : undefined)
        )
  )
}
