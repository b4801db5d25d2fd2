import { isRecord, own } from "../input.js"
import type { TokenFailure, TokenFields, TokenReason } from "../model.js"
import { visibleText } from "../redaction/redact.js"
import { entitlements1, entitlements2, isText, noEntitlements, type Organization } from "./entitlements.js"
import type { TokenSettings } from "./settings.js"

/** The claims of a token as JSON has them. */
export type Payload = Readonly<Record<string, unknown>>

/** Makes the times that claims and failures hold. */
export interface Times<Instant, Span> {
  readonly instant: (epochMillis: number) => Instant
  readonly span: (millis: number) => Span
}

/**
 * The claims of every token. Members that may be absent are set one by one: spreading them in took half of the time that it
 * took to read a token.
 */
export interface PlainClaims<Instant> {
  readonly userId: string
  readonly issuer: string
  readonly issuedAt: Instant
  notBefore?: Instant
  readonly expiresAt: Instant
  authorizedParty?: string
  audience?: ReadonlyArray<string>
  tokenId?: string
  readonly custom: undefined
}

/** The claims of a session token. */
export interface PlainSessionClaims<Instant, Span> extends PlainClaims<Instant> {
  readonly sessionId: string
  readonly status: "active" | "pending"
  factorAges?: FactorAges<Span>
  actor?: Actor
  organization?: Organization
  readonly features: ReadonlyArray<string>
  plan?: string
  readonly version: 1 | 2
}

interface FactorAges<Span> {
  first?: Span
  second?: Span
}

interface Actor {
  readonly sub: string
  readonly [claim: string]: unknown
}

/** Makes the failure of a token. */
export const invalid = <Instant = never, Span = never>(
  reason: TokenReason,
  details: Omit<TokenFields<Instant, Span>, "reason"> = {}
): TokenFailure<Instant, Span> => ({ _tag: "ClerkTokenError", fields: { reason, ...details } })

/** The last epoch second that dates of JavaScript reach. */
const lastSecond = 8_640_000_000_000

const isSecond = (value: unknown, first: number): value is number =>
  typeof value === "number" && value >= first && value <= lastSecond

const millisOf = (seconds: number): number => Math.trunc(seconds * 1000)

/** The times of a token, in epoch seconds. */
export interface TokenTimes {
  readonly exp: number
  readonly nbf: number | undefined
  readonly iat: number
}

const readTimes = (payload: Payload): TokenTimes | TokenFailure => {
  const exp = own(payload, "exp")
  const nbf = own(payload, "nbf")
  const iat = own(payload, "iat")
  if (!isSecond(exp, 0)) return invalid("exp")
  // Clerk dates it ten seconds back, which is negative in a test whose clock begins at zero.
  if (nbf !== undefined && !isSecond(nbf, -lastSecond)) return invalid("nbf")
  if (!isSecond(iat, 0)) return invalid("iat")
  return { exp, nbf, iat }
}

/** Finds what is wrong with the times of a token at this moment. Checked each time that the token is used. */
export const timeFlaw = <Instant, Span>(
  { exp, iat, nbf }: TokenTimes,
  nowMillis: number,
  skewMillis: number,
  make: Times<Instant, Span>
): TokenFailure<Instant, Span> | undefined => {
  if (exp * 1000 <= nowMillis - skewMillis) {
    const times = { expiresAt: make.instant(millisOf(exp)), issuedAt: make.instant(millisOf(iat)) }
    return untimely("exp", times, nowMillis, skewMillis, make)
  }
  if (nbf !== undefined && nbf * 1000 > nowMillis + skewMillis) {
    return untimely("nbf", { notBefore: make.instant(millisOf(nbf)) }, nowMillis, skewMillis, make)
  }
  return iat * 1000 > nowMillis + skewMillis
    ? untimely("iat", { issuedAt: make.instant(millisOf(iat)) }, nowMillis, skewMillis, make)
    : undefined
}

const untimely = <Instant, Span>(
  reason: TokenReason,
  times: Omit<TokenFields<Instant, Span>, "reason">,
  nowMillis: number,
  skewMillis: number,
  { instant, span }: Times<Instant, Span>
) => invalid(reason, { ...times, checkedAt: instant(nowMillis), clockSkew: span(skewMillis) })

const idText = /^[A-Za-z0-9_-]{1,128}$/

const userFlaw = (sub: unknown): TokenFailure | undefined => {
  if (typeof sub !== "string" || !idText.test(sub)) return invalid("sub")
  // The token of a machine, although its header does not say so.
  return sub.startsWith("mch_") ? invalid("category") : undefined
}

/** Makes the failure of a claim that is not the expected one. */
const mismatch = (
  reason: TokenReason,
  actual: ReadonlyArray<string> | undefined,
  expected: ReadonlyArray<string> | undefined
): TokenFailure =>
  invalid(reason, {
    // Bounded and scrubbed, because users type some of these values.
    ...(actual && { actual: actual.slice(0, 8).map((value) => visibleText(value)) }),
    ...(expected && { expected })
  })

const issuerFlaw = (iss: unknown, expected: string | undefined): TokenFailure | undefined =>
  isText(iss) && (expected === undefined || iss === expected)
    ? undefined
    : mismatch("iss", isText(iss) ? [iss] : undefined, expected === undefined ? undefined : [expected])

/** Finds what is wrong with the authorized party. Without a list of parties any value is accepted. */
export const partyFlaw = (
  azp: unknown,
  { authorizedParties, missingAzp }: TokenSettings
): TokenFailure | undefined => {
  if (authorizedParties === undefined) return undefined
  const { accepts, list } = authorizedParties
  return (azp === undefined ? missingAzp === "allow" : isText(azp) && accepts(azp))
    ? undefined
    : mismatch("azp", isText(azp) ? [azp] : undefined, list)
}

/** Reads the audiences. Returns `undefined` when the claim is neither text nor a list. */
const readAudience = (aud: unknown): ReadonlyArray<string> | undefined =>
  Array.isArray(aud) ? aud.filter(isText) : isText(aud) ? [aud] : undefined

/** Finds what is wrong with the audience. A list that holds anything but names is rejected as a whole. */
const audienceFlaw = (
  aud: unknown,
  expected: ReadonlyArray<string> | undefined
): TokenFailure | undefined => {
  if (expected === undefined) return undefined
  const given: ReadonlyArray<unknown> = Array.isArray(aud) ? aud : [aud]
  if (given.every(isText) && given.some((each) => expected.includes(each))) return undefined
  return mismatch("aud", readAudience(aud), expected)
}

/** Reads the claims that both categories of tokens have. */
const readCommon = <Instant, Span>(
  payload: Payload,
  settings: TokenSettings,
  { exp, iat, nbf }: TokenTimes,
  { instant }: Times<Instant, Span>
): PlainClaims<Instant> | TokenFailure => {
  const sub = own(payload, "sub")
  const iss = own(payload, "iss")
  const azp = own(payload, "azp")
  const jti = own(payload, "jti")
  const aud = own(payload, "aud")
  const flaw =
    userFlaw(sub) ??
    issuerFlaw(iss, settings.issuer) ??
    partyFlaw(azp, settings) ??
    audienceFlaw(aud, settings.audience)
  if (flaw !== undefined) return flaw
  const claims: PlainClaims<Instant> = {
    // Both were found to be text above.
    userId: sub as string,
    issuer: iss as string,
    issuedAt: instant(millisOf(iat)),
    expiresAt: instant(millisOf(exp)),
    custom: undefined
  }
  const audience = readAudience(aud)
  if (nbf !== undefined) claims.notBefore = instant(millisOf(nbf))
  if (isText(azp)) claims.authorizedParty = azp
  if (audience !== undefined) claims.audience = audience
  if (isText(jti)) claims.tokenId = jti
  return claims
}

/** Returns whether a claim is missing, null or an empty object, which all mean the same. */
const isAbsent = (claim: unknown): boolean =>
  claim === undefined || claim === null || (isRecord(claim) && Object.keys(claim).length === 0)

/** Reads the status. Any other than `active` counts as pending, because the user may have tasks left. */
const readStatus = (sts: unknown, allowPending: boolean): "active" | "pending" | TokenFailure => {
  if (isAbsent(sts) || sts === "active") return "active"
  return allowPending ? "pending" : invalid("session-pending")
}

const isAge = (age: unknown): age is number =>
  typeof age === "number" && (age === -1 || age >= 0) && age <= Number.MAX_SAFE_INTEGER

/** Reads the ages of the factors. A part of a minute counts as a whole one, which makes a factor older. */
const readFactorAges = <Span>(fva: unknown, span: (millis: number) => Span): FactorAges<Span> | undefined => {
  if (!Array.isArray(fva) || fva.length !== 2 || !fva.every(isAge)) return undefined
  const [first, second] = fva.map(Math.ceil)
  const ages: FactorAges<Span> = {}
  if (first !== undefined && first >= 0) ages.first = span(first * 60_000)
  if (second !== undefined && second >= 0) ages.second = span(second * 60_000)
  return ages
}

/** The id of an actor whose id cannot be read. Ids that Clerk issues have a prefix, so none of them equals it. */
const unknownActor = "unknown"

/** Reads the actor. A claim that cannot be read is still an impersonation, and must not look like the user's own session. */
const readActor = (act: unknown): Actor | undefined => {
  if (isAbsent(act)) return undefined
  if (!isRecord(act)) return { sub: unknownActor }
  const sub = own(act, "sub")
  return { ...act, sub: isText(sub) ? sub : unknownActor }
}

/** Reads the version. Claims of an unknown version are read as those of the newest one, but grant nothing. */
const readVersion = (v: unknown): 1 | 2 | undefined =>
  v === undefined || v === null || v === 1 ? 1 : v === 2 ? 2 : undefined

const readEntitlements = (payload: Payload, version: 1 | 2 | undefined) =>
  version === undefined ? noEntitlements() : version === 1 ? entitlements1(payload) : entitlements2(payload)

/** Adds to the common claims those of a session. */
const readSession = <Instant, Span>(
  payload: Payload,
  allowPending: boolean,
  common: PlainClaims<Instant>,
  span: (millis: number) => Span
): PlainSessionClaims<Instant, Span> | TokenFailure => {
  const sessionId = own(payload, "sid")
  if (typeof sessionId !== "string" || !/^sess_/.test(sessionId) || !idText.test(sessionId)) {
    return invalid("sid")
  }
  const status = readStatus(own(payload, "sts"), allowPending)
  if (typeof status !== "string") return status
  const version = readVersion(own(payload, "v"))
  const factorAges = readFactorAges(own(payload, "fva"), span)
  const actor = readActor(own(payload, "act"))
  const { features, organization, plan } = readEntitlements(payload, version)
  const claims: PlainSessionClaims<Instant, Span> = Object.assign(common, {
    sessionId,
    status,
    version: version ?? 2,
    features
  })
  if (factorAges !== undefined) claims.factorAges = factorAges
  if (actor !== undefined) claims.actor = actor
  if (organization !== undefined) claims.organization = organization
  if (plan !== undefined) claims.plan = plan
  return claims
}

/** The claims of a token whose signature is valid, and its times, which are checked at each use. */
export interface ReadClaims<Instant> {
  /** Those of a session in the category `session`. */
  readonly claims: PlainClaims<Instant>
  readonly times: TokenTimes
}

/** Reads and checks Clerk's own claims of a token whose signature is valid. */
export const readClaims = <Instant, Span>(
  payload: Payload,
  settings: TokenSettings,
  make: Times<Instant, Span>,
  nowMillis: number
): ReadClaims<Instant> | TokenFailure<Instant, Span> => {
  const times = readTimes(payload)
  if ("_tag" in times) return times
  if (times.exp <= times.iat) return invalid("exp")
  const flaw = timeFlaw(times, nowMillis, settings.clockSkew, make)
  if (flaw !== undefined) return flaw
  const common = readCommon(payload, settings, times, make)
  if ("_tag" in common) return common
  const claims =
    settings.category === "session" ? readSession(payload, settings.allowPending, common, make.span) : common
  return "_tag" in claims ? claims : { claims, times }
}
