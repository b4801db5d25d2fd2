import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { ClerkTokenError } from "../../errors/TokenErrors.js"
import { schemaIssues } from "../../runtime/schemaIssues.js"
import type { SessionId, UserId } from "../../schema/Ids.js"
import type { ActorClaims, FactorAges, SessionClaims, TokenClaims } from "../../schema/SessionClaims.js"
import { own } from "../input.js"
import type { TokenReason } from "../model.js"
import { scrubText } from "../redaction/redact.js"
import { type Draft, entitlements1, entitlements2, isText, noEntitlements } from "./entitlements.js"
import type { TokenSettings } from "./settings.js"

type Claims = Readonly<Record<string, unknown>>

const refused = (
  reason: TokenReason,
  why: Omit<ConstructorParameters<typeof ClerkTokenError>[0], "reason"> = {}
): ClerkTokenError => new ClerkTokenError({ reason, ...why }, true)

/** The epoch seconds that a `DateTime` can hold end here. */
const lastTime = 8_640_000_000_000

const isTime = (value: unknown, first: number): value is number =>
  typeof value === "number" && value >= first && value <= lastTime

const dateTime = (seconds: number): DateTime.Utc => DateTime.unsafeMake(Math.trunc(seconds * 1000))

/** The times of a token, in epoch seconds. */
export interface TokenTimes {
  readonly exp: number
  readonly nbf: number | undefined
  readonly iat: number
}

const readTimes = (claims: Claims): TokenTimes | ClerkTokenError => {
  const exp = own(claims, "exp")
  const nbf = own(claims, "nbf")
  const iat = own(claims, "iat")
  if (!isTime(exp, 0)) return refused("exp")
  // Clerk dates it ten seconds back, which in a test that begins at zero is before all time.
  if (nbf !== undefined && !isTime(nbf, -lastTime)) return refused("nbf")
  if (!isTime(iat, 0)) return refused("iat")
  return { exp, nbf, iat }
}

/** What is wrong with a token at this moment; asked again each time it is shown. */
export const timeFlaw = (
  times: TokenTimes,
  nowMillis: number,
  skewMillis: number
): ClerkTokenError | undefined => {
  const { exp, iat, nbf } = times
  const at = () => ({ checkedAt: DateTime.unsafeMake(nowMillis), clockSkew: Duration.millis(skewMillis) })
  if (exp * 1000 <= nowMillis - skewMillis) {
    return refused("exp", { expiresAt: dateTime(exp), issuedAt: dateTime(iat), ...at() })
  }
  if (nbf !== undefined && nbf * 1000 > nowMillis + skewMillis) {
    return refused("nbf", { notBefore: dateTime(nbf), ...at() })
  }
  if (iat * 1000 > nowMillis + skewMillis) return refused("iat", { issuedAt: dateTime(iat), ...at() })
  return undefined
}

/** For an error: what a token says, cut short, since some claims are filled from what users type. */
const shown = (values: ReadonlyArray<string>) => values.slice(0, 8).map((value) => scrubText(value, []))

const idText = /^[A-Za-z0-9_-]{1,128}$/

const userFlaw = (sub: unknown): ClerkTokenError | undefined => {
  if (typeof sub !== "string" || !idText.test(sub)) return refused("sub")
  // A machine's token, whatever its header says.
  return sub.startsWith("mch_") ? refused("category") : undefined
}

const issuerFlaw = (iss: unknown, expected: string | undefined): ClerkTokenError | undefined => {
  if (isText(iss) && (expected === undefined || iss === expected)) return undefined
  return refused("iss", {
    ...(isText(iss) ? { actual: shown([iss]) } : {}),
    ...(expected === undefined ? {} : { expected: [expected] })
  })
}

/** Without authorized parties nobody asked about the claim, so any value is accepted. */
export const partyFlaw = (
  azp: unknown,
  { acceptsMissingAzp, authorizedParties }: TokenSettings
): ClerkTokenError | undefined => {
  if (authorizedParties === undefined) return undefined
  const { accepts, list } = authorizedParties
  if (azp === undefined ? acceptsMissingAzp : isText(azp) && accepts(azp)) return undefined
  return refused("azp", {
    ...(isText(azp) ? { actual: shown([azp]) } : {}),
    ...(list === undefined ? {} : { expected: list })
  })
}

/** The audiences that can be read, or `undefined` when the claim is neither text nor a list. */
const readAudience = (aud: unknown): ReadonlyArray<string> | undefined =>
  Array.isArray(aud) ? aud.filter(isText) : isText(aud) ? [aud] : undefined

/** Strict once an audience is expected: a list with anything but names in it is not accepted for one of them. */
const audienceFlaw = (
  aud: unknown,
  expected: ReadonlyArray<string> | undefined
): ClerkTokenError | undefined => {
  if (expected === undefined) return undefined
  const given: ReadonlyArray<unknown> = Array.isArray(aud) ? aud : [aud]
  if (given.every(isText) && given.some((each) => expected.includes(each))) return undefined
  const actual = readAudience(aud)
  return refused("aud", { ...(actual === undefined ? {} : { actual: shown(actual) }), expected })
}

/** What both categories of tokens say, with all that may be missing. */
interface Common {
  readonly userId: UserId
  readonly issuer: string
  readonly authorizedParty: string | undefined
  readonly audience: ReadonlyArray<string> | undefined
  readonly tokenId: string | undefined
}

const readCommon = (claims: Claims, settings: TokenSettings): Common | ClerkTokenError => {
  const sub = own(claims, "sub")
  const iss = own(claims, "iss")
  const azp = own(claims, "azp")
  const jti = own(claims, "jti")
  const aud = own(claims, "aud")
  const flaw =
    userFlaw(sub) ??
    issuerFlaw(iss, settings.issuer) ??
    partyFlaw(azp, settings) ??
    audienceFlaw(aud, settings.audience)
  if (flaw !== undefined) return flaw
  return {
    // Both were found to be text above.
    userId: sub as UserId,
    issuer: iss as string,
    authorizedParty: isText(azp) ? azp : undefined,
    audience: readAudience(aud),
    tokenId: isText(jti) ? jti : undefined
  }
}

/** Writes down what is not missing. */
const addOptional = (read: Draft<TokenClaims>, common: Common, { nbf }: TokenTimes): void => {
  const { audience, authorizedParty, tokenId } = common
  if (nbf !== undefined) read.notBefore = dateTime(nbf)
  if (authorizedParty !== undefined) read.authorizedParty = authorizedParty
  if (audience !== undefined) read.audience = audience
  if (tokenId !== undefined) read.tokenId = tokenId
}

const readTemplate = (common: Common, times: TokenTimes): TokenClaims => {
  const read: Draft<TokenClaims> = {
    userId: common.userId,
    issuer: common.issuer,
    issuedAt: dateTime(times.iat),
    expiresAt: dateTime(times.exp),
    custom: undefined
  }
  addOptional(read, common, times)
  return read
}

/** Null and an empty object say as little as a claim that is left out. */
const isAbsent = (claim: unknown): boolean =>
  claim === undefined || claim === null || (Predicate.isRecord(claim) && Object.keys(claim).length === 0)

/** Anything but `active` is treated as pending, because the session's user may have tasks left. */
const readStatus = (sts: unknown, acceptsPending: boolean): SessionClaims["status"] | ClerkTokenError => {
  if (isAbsent(sts) || sts === "active") return "active"
  return acceptsPending ? "pending" : refused("session-pending")
}

const isAge = (age: unknown): age is number =>
  typeof age === "number" && (age === -1 || age >= 0) && age <= Number.MAX_SAFE_INTEGER

/** A claim that cannot be read verifies nothing. A part of a minute counts as a whole one, which makes a factor older. */
const readFactorAges = (fva: unknown): FactorAges | undefined => {
  if (!Array.isArray(fva) || fva.length !== 2 || !fva.every(isAge)) return undefined
  const [first, second] = fva.map(Math.ceil)
  const ages: Draft<FactorAges> = {}
  if (first !== undefined && first >= 0) ages.first = Duration.minutes(first)
  if (second !== undefined && second >= 0) ages.second = Duration.minutes(second)
  return ages
}

/** Stands for an actor whose id cannot be read. Ids that Clerk issues have a prefix, so none of them equals it. */
const unknownActor = "unknown"

/** A claim that cannot be read is still an impersonation: it must not look like the user's own session. */
const readActor = (act: unknown): ActorClaims | undefined => {
  if (isAbsent(act)) return undefined
  if (!Predicate.isRecord(act)) return { sub: unknownActor }
  const sub = own(act, "sub")
  return { ...act, sub: isText(sub) ? sub : unknownActor }
}

/** Claims of a version that is not known are read as those of the newest one, but grant nothing. */
const readVersion = (v: unknown): 1 | 2 | undefined =>
  v === undefined || v === null || v === 1 ? 1 : v === 2 ? 2 : undefined

const readEntitlements = (claims: Claims, version: 1 | 2 | undefined) =>
  version === undefined ? noEntitlements() : version === 1 ? entitlements1(claims) : entitlements2(claims)

const readSession = (
  claims: Claims,
  settings: TokenSettings,
  common: Common,
  times: TokenTimes
): SessionClaims | ClerkTokenError => {
  const sid = own(claims, "sid")
  if (typeof sid !== "string" || !/^sess_/.test(sid) || !idText.test(sid)) return refused("sid")
  const status = readStatus(own(claims, "sts"), settings.acceptsPending)
  if (status instanceof ClerkTokenError) return status
  const version = readVersion(own(claims, "v"))
  const factorAges = readFactorAges(own(claims, "fva"))
  const actor = readActor(own(claims, "act"))
  const { features, organization, plan } = readEntitlements(claims, version)
  const read: Draft<SessionClaims> = {
    userId: common.userId,
    sessionId: sid as SessionId, // a string, seen above
    issuer: common.issuer,
    issuedAt: dateTime(times.iat),
    expiresAt: dateTime(times.exp),
    status,
    version: version ?? 2,
    features,
    custom: undefined
  }
  addOptional(read, common, times)
  if (factorAges !== undefined) read.factorAges = factorAges
  if (actor !== undefined) read.actor = actor
  if (organization !== undefined) read.organization = organization
  if (plan !== undefined) read.plan = plan
  return read
}

/** What the caller's own schema makes of the claims. The names of claims may be what users type, like their values. */
export const readCustom = (
  payload: Claims,
  decode: NonNullable<TokenSettings["custom"]>
): Effect.Effect<unknown, ClerkTokenError> =>
  Effect.mapError(decode(payload), (failure) =>
    refused("claims", {
      issues: schemaIssues(failure).map(({ expected, path }) => ({
        path: scrubText(path.join("."), []),
        expected
      }))
    })
  )

/** What a token whose signature is good says in Clerk's own claims, and its times to be looked at again. */
export interface ReadClaims {
  readonly claims: TokenClaims
  readonly times: TokenTimes
}

/** Reads and checks Clerk's own claims of a token whose signature is good. */
export const readClaims = (
  payload: Claims,
  settings: TokenSettings,
  nowMillis: number
): ReadClaims | ClerkTokenError => {
  const times = readTimes(payload)
  if (times instanceof ClerkTokenError) return times
  if (times.exp <= times.iat) return refused("exp")
  const untimely = timeFlaw(times, nowMillis, settings.skewMillis)
  if (untimely !== undefined) return untimely
  const common = readCommon(payload, settings)
  if (common instanceof ClerkTokenError) return common
  const claims =
    settings.category === "session"
      ? readSession(payload, settings, common, times)
      : readTemplate(common, times)
  return claims instanceof ClerkTokenError ? claims : { claims, times }
}
