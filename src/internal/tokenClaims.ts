import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { ClerkTokenError, type TokenReason } from "../errors/TokenErrors.js"
import type { SessionId, UserId } from "../schema/Ids.js"
import type { ActorClaims, FactorAges, SessionClaims, TokenClaims } from "../schema/SessionClaims.js"
import {
  type ClaimFlaw,
  type Draft,
  type Entitlements,
  entitlements1,
  entitlements2,
  isFlaw,
  isText
} from "./organizationClaims.js"
import { own } from "./ownMembers.js"
import { schemaIssues } from "./schemaIssues.js"
import { scrubText } from "./scrub.js"
import type { TokenSettings } from "./tokenSettings.js"

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

const partyFlaw = (azp: unknown, settings: TokenSettings): ClerkTokenError | undefined => {
  const { acceptsMissingAzp, authorizedParties } = settings
  if (azp === undefined) return acceptsMissingAzp ? undefined : refused("azp", partiesOf(authorizedParties))
  if (!isText(azp)) return refused("azp", partiesOf(authorizedParties))
  return authorizedParties === undefined || authorizedParties.includes(azp)
    ? undefined
    : refused("azp", { actual: shown([azp]), ...partiesOf(authorizedParties) })
}

const partiesOf = (expected: ReadonlyArray<string> | undefined) =>
  expected === undefined ? {} : { expected }

const readAudience = (aud: unknown): ReadonlyArray<string> | undefined | ClerkTokenError => {
  if (aud === undefined) return undefined
  const list: ReadonlyArray<unknown> = Array.isArray(aud) ? aud : [aud]
  return list.every(isText) ? list : refused("aud")
}

const audienceFlaw = (
  aud: ReadonlyArray<string> | undefined,
  expected: ReadonlyArray<string> | undefined
): ClerkTokenError | undefined =>
  expected === undefined || aud?.some((each) => expected.includes(each)) === true
    ? undefined
    : refused("aud", { ...(aud === undefined ? {} : { actual: shown(aud) }), expected })

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
  const aud = readAudience(own(claims, "aud"))
  const flaw =
    userFlaw(sub) ??
    issuerFlaw(iss, settings.issuer) ??
    partyFlaw(azp, settings) ??
    (aud instanceof ClerkTokenError ? aud : audienceFlaw(aud, settings.audience))
  if (flaw !== undefined) return flaw
  return {
    // Each was found to be this above.
    userId: sub as UserId,
    issuer: iss as string,
    authorizedParty: azp as string | undefined,
    audience: aud as ReadonlyArray<string> | undefined,
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

const malformed = ({ expected, path }: ClaimFlaw): ClerkTokenError =>
  refused("claims", { issues: [{ path, expected }] })

const readStatus = (sts: unknown, acceptsPending: boolean): SessionClaims["status"] | ClerkTokenError => {
  if (sts === undefined || sts === "active") return "active"
  if (sts !== "pending") return malformed({ path: "sts", expected: '"active" or "pending"' })
  return acceptsPending ? "pending" : refused("sts")
}

const readFactorAges = (fva: unknown): FactorAges | undefined | ClerkTokenError => {
  if (fva === undefined) return undefined
  const isPair =
    Array.isArray(fva) && fva.length === 2 && fva.every((age) => Number.isSafeInteger(age) && age >= -1)
  if (!isPair) return malformed({ path: "fva", expected: "two ages in minutes" })
  const ages: Draft<FactorAges> = {}
  if (fva[0] >= 0) ages.first = Duration.minutes(fva[0])
  if (fva[1] >= 0) ages.second = Duration.minutes(fva[1])
  return ages
}

const readActor = (act: unknown): ActorClaims | undefined | ClerkTokenError => {
  if (act === undefined || act === null) return undefined
  const sub = Predicate.isRecord(act) ? own(act, "sub") : undefined
  return Predicate.isRecord(act) && isText(sub)
    ? { ...act, sub }
    : malformed({ path: "act", expected: "an actor with a sub" })
}

const readVersion = (v: unknown): 1 | 2 | undefined =>
  v === undefined ? 1 : v === 1 || v === 2 ? v : undefined

const readSession = (
  claims: Claims,
  settings: TokenSettings,
  common: Common,
  times: TokenTimes
): SessionClaims | ClerkTokenError => {
  const sid = own(claims, "sid")
  if (typeof sid !== "string" || !/^sess_/.test(sid) || !idText.test(sid)) return refused("sid")
  const version = readVersion(own(claims, "v"))
  if (version === undefined) return refused("version")
  const status = readStatus(own(claims, "sts"), settings.acceptsPending)
  if (status instanceof ClerkTokenError) return status
  const factorAges = readFactorAges(own(claims, "fva"))
  if (factorAges instanceof ClerkTokenError) return factorAges
  const actor = readActor(own(claims, "act"))
  if (actor instanceof ClerkTokenError) return actor
  const entitled: Entitlements | ClaimFlaw = version === 1 ? entitlements1(claims) : entitlements2(claims)
  if (isFlaw(entitled)) return malformed(entitled)
  const { features, organization, plan } = entitled
  const read: Draft<SessionClaims> = {
    userId: common.userId,
    sessionId: sid as SessionId, // a string, seen above
    issuer: common.issuer,
    issuedAt: dateTime(times.iat),
    expiresAt: dateTime(times.exp),
    status,
    version,
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
