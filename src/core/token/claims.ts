import { isRecord, own } from "../input.js"
import type { TokenFailure, TokenFields, TokenReason } from "../model.js"
import { scrubText } from "../redaction/redact.js"
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
 * What every token says. Members that may be absent are set one by one: spreading them in took half of the time that it
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

/** What a session token says. */
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
  { instant, span }: Times<Instant, Span>
): TokenFailure<Instant, Span> | undefined => {
  const at = (seconds: number) => instant(millisOf(seconds))
  const here = () => ({ checkedAt: instant(nowMillis), clockSkew: span(skewMillis) })
  if (exp * 1000 <= nowMillis - skewMillis) {
    return invalid("exp", { expiresAt: at(exp), issuedAt: at(iat), ...here() })
  }
  if (nbf !== undefined && nbf * 1000 > nowMillis + skewMillis) {
    return invalid("nbf", { notBefore: at(nbf), ...here() })
  }
  return iat * 1000 > nowMillis + skewMillis ? invalid("iat", { issuedAt: at(iat), ...here() }) : undefined
}

/** Makes values of a token fit for an error. They are bounded, because users type some of them. */
const shown = (values: ReadonlyArray<string>) => values.slice(0, 8).map((value) => scrubText(value, []))

const idText = /^[A-Za-z0-9_-]{1,128}$/

const userFlaw = (sub: unknown): TokenFailure | undefined => {
  if (typeof sub !== "string" || !idText.test(sub)) return invalid("sub")
  // The token of a machine, although its header does not say so.
  return sub.startsWith("mch_") ? invalid("category") : undefined
}

const issuerFlaw = (iss: unknown, expected: string | undefined): TokenFailure | undefined => {
  if (isText(iss) && (expected === undefined || iss === expected)) return undefined
  return invalid("iss", {
    ...(isText(iss) ? { actual: shown([iss]) } : {}),
    ...(expected === undefined ? {} : { expected: [expected] })
  })
}

/** Finds what is wrong with the authorized party. Without a list of parties any value is accepted. */
export const partyFlaw = (
  azp: unknown,
  { acceptsMissingAzp, authorizedParties }: TokenSettings
): TokenFailure | undefined => {
  if (authorizedParties === undefined) return undefined
  const { accepts, list } = authorizedParties
  if (azp === undefined ? acceptsMissingAzp : isText(azp) && accepts(azp)) return undefined
  return invalid("azp", {
    ...(isText(azp) ? { actual: shown([azp]) } : {}),
    ...(list === undefined ? {} : { expected: list })
  })
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
  const actual = readAudience(aud)
  return invalid("aud", { ...(actual === undefined ? {} : { actual: shown(actual) }), expected })
}

/** The claims that both categories of tokens have. */
interface Common {
  readonly userId: string
  readonly issuer: string
  readonly authorizedParty: string | undefined
  readonly audience: ReadonlyArray<string> | undefined
  readonly tokenId: string | undefined
}

const readCommon = (payload: Payload, settings: TokenSettings): Common | TokenFailure => {
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
  return {
    // Both were found to be text above.
    userId: sub as string,
    issuer: iss as string,
    authorizedParty: isText(azp) ? azp : undefined,
    audience: readAudience(aud),
    tokenId: isText(jti) ? jti : undefined
  }
}

/** Sets the claims of both categories that may be absent. */
const addOptional = <Instant>(
  read: PlainClaims<Instant>,
  { audience, authorizedParty, tokenId }: Common,
  { nbf }: TokenTimes,
  instant: (epochMillis: number) => Instant
): void => {
  if (nbf !== undefined) read.notBefore = instant(millisOf(nbf))
  if (authorizedParty !== undefined) read.authorizedParty = authorizedParty
  if (audience !== undefined) read.audience = audience
  if (tokenId !== undefined) read.tokenId = tokenId
}

const readTemplate = <Instant, Span>(
  common: Common,
  times: TokenTimes,
  { instant }: Times<Instant, Span>
): PlainClaims<Instant> => {
  const read: PlainClaims<Instant> = {
    userId: common.userId,
    issuer: common.issuer,
    issuedAt: instant(millisOf(times.iat)),
    expiresAt: instant(millisOf(times.exp)),
    custom: undefined
  }
  addOptional(read, common, times, instant)
  return read
}

/** Returns whether a claim is missing, null or an empty object, which all mean the same. */
const isAbsent = (claim: unknown): boolean =>
  claim === undefined || claim === null || (isRecord(claim) && Object.keys(claim).length === 0)

/** Reads the status. Any other than `active` counts as pending, because the user may have tasks left. */
const readStatus = (sts: unknown, acceptsPending: boolean): "active" | "pending" | TokenFailure => {
  if (isAbsent(sts) || sts === "active") return "active"
  return acceptsPending ? "pending" : invalid("session-pending")
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

const readSession = <Instant, Span>(
  payload: Payload,
  settings: TokenSettings,
  common: Common,
  times: TokenTimes,
  { instant, span }: Times<Instant, Span>
): PlainSessionClaims<Instant, Span> | TokenFailure => {
  const sid = own(payload, "sid")
  if (typeof sid !== "string" || !/^sess_/.test(sid) || !idText.test(sid)) return invalid("sid")
  const status = readStatus(own(payload, "sts"), settings.acceptsPending)
  if (typeof status !== "string") return status
  const version = readVersion(own(payload, "v"))
  const factorAges = readFactorAges(own(payload, "fva"), span)
  const actor = readActor(own(payload, "act"))
  const { features, organization, plan } = readEntitlements(payload, version)
  const read: PlainSessionClaims<Instant, Span> = {
    userId: common.userId,
    sessionId: sid,
    issuer: common.issuer,
    issuedAt: instant(millisOf(times.iat)),
    expiresAt: instant(millisOf(times.exp)),
    status,
    version: version ?? 2,
    features,
    custom: undefined
  }
  addOptional(read, common, times, instant)
  if (factorAges !== undefined) read.factorAges = factorAges
  if (actor !== undefined) read.actor = actor
  if (organization !== undefined) read.organization = organization
  if (plan !== undefined) read.plan = plan
  return read
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
  const untimely = timeFlaw(times, nowMillis, settings.skewMillis, make)
  if (untimely !== undefined) return untimely
  const common = readCommon(payload, settings)
  if ("_tag" in common) return common
  const claims =
    settings.category === "session"
      ? readSession(payload, settings, common, times, make)
      : readTemplate(common, times, make)
  return "_tag" in claims ? claims : { claims, times }
}
