import { broken, flag, optional, RuleBreak, readOptions } from "../input.js"
import { readBaseUrl } from "../wire/baseUrl.js"
import type { Category } from "./compact.js"

/**
 * The origins whose tokens are accepted, as browsers write them: a list with at least one, or a predicate.
 *
 * Use a predicate for origins that you cannot list, such as those of preview deployments. Every origin that it accepts
 * can act as your application, so match the whole origin and anchor the pattern at both ends. Without `^` and `$`,
 * `https://app-x-team.vercel.app.evil.example` matches too.
 *
 * The predicate is called only with origins, once or twice per request. If it throws or returns anything but `true`,
 * the token is rejected. An error names the expected origins of a list, but not those of a predicate.
 *
 * @example
 * ```ts
 * import { SessionTokens } from "effect-clerk"
 *
 * const preview = /^https:\/\/app-[a-z0-9-]+-team\.vercel\.app$/
 *
 * export const verifier = SessionTokens.verifier({
 *   authorizedParties: (azp) => azp === "https://app.example.com" || preview.test(azp)
 * })
 * ```
 *
 * @since 4.0.0
 * @category models
 */
export type AuthorizedParties = ReadonlyArray<string> | ((azp: string) => boolean)

/** Decides which origins' tokens are accepted. */
export interface Parties {
  readonly accepts: (origin: string) => boolean
  /** The accepted origins for an error. Absent where a predicate decides. */
  readonly list: ReadonlyArray<string> | undefined
}

/** The options of a verifier after all checks. */
export interface TokenSettings<Decode = unknown> {
  readonly category: Category
  readonly authorizedParties: Parties | undefined
  readonly missingAzp: "reject" | "allow" | undefined
  readonly audience: ReadonlyArray<string> | undefined
  readonly issuer: string | undefined
  /** In milliseconds. */
  readonly clockSkew: number
  readonly allowPending: boolean
  /** Decodes the caller's own claims. */
  readonly claims: Decode | undefined
  /** Whether a token of a revoked session or a held user is rejected. */
  readonly revocations: boolean
  readonly cache?: { readonly capacity: number } | undefined
}

/** Reads the options that have types of Effect. */
export interface OptionDecoders<Decode> {
  /** Returns the milliseconds of a duration, or `undefined` for any other value. */
  readonly millis: (duration: unknown) => number | undefined
  /** Returns the decoder of a schema, or `undefined` for any other value. */
  readonly decoder: (schema: unknown) => Decode | undefined
}

/**
 * A host name has at most 253 characters. Anybody can send an `Origin` header of many kilobytes, and some patterns of a
 * predicate take a second for it.
 */
const maxOrigin = 300

/**
 * Returns whether a text is an origin as browsers write it, and as Clerk puts it in `azp`. No token has any other text
 * there, and a list that never matches signs everybody out.
 */
export const isOrigin = (text: unknown): text is string => {
  if (typeof text !== "string" || text.length > maxOrigin) return false
  if (/^https?:/.test(text)) return URL.canParse(text) && new URL(text).origin === text && !/[*,]/.test(text)
  // The URL standard knows no origins of extensions and apps, but browsers write them.
  return /^[a-z][a-z0-9+.-]*:\/\/[a-z0-9._-]+(:\d{1,5})?$/.test(text)
}

/**
 * Calls the predicate with origins only, so that a loose pattern meets no other text. A predicate that throws, or returns
 * anything but `true` (such as a promise), does not accept the party.
 */
const acceptedBy =
  (predicate: (origin: string) => unknown) =>
  (origin: string): boolean => {
    try {
      return isOrigin(origin) && predicate(origin) === true
    } catch {
      return false
    }
  }

/** Copies a list, so that a party added to it later is not accepted. */
export const makeParties = (parties: AuthorizedParties): Parties => {
  if (typeof parties === "function") return { accepts: acceptedBy(parties), list: undefined }
  const list = [...parties]
  return { accepts: (origin) => list.includes(origin), list }
}

const isParties = (parties: unknown): parties is AuthorizedParties =>
  typeof parties === "function" ||
  // Spread, so that `every` does not skip the holes of an array.
  (Array.isArray(parties) && parties.length > 0 && [...parties].every(isOrigin))

const readParties = (parties: unknown) =>
  isParties(parties)
    ? makeParties(parties)
    : broken(
        "must be a list of one or more origins as browsers write them, such as https://app.example.com, or a function from an origin to a boolean"
      )

const readMissingAzp = (missingAzp: unknown) =>
  missingAzp === "reject" || missingAzp === "allow" ? missingAzp : broken('must be "reject" or "allow"')

const readAudience = (audience: unknown) => {
  const list: ReadonlyArray<unknown> = Array.isArray(audience) ? [...audience] : [audience]
  return list.length > 0 && list.every((each): each is string => typeof each === "string" && each !== "")
    ? list
    : broken("must be one or more non-empty strings")
}

const readIssuer = (issuer: unknown) => {
  const read = readBaseUrl(issuer, "must be https")
  // Tokens have the URL standard's spelling, so no other one ever equals theirs.
  return read instanceof RuleBreak || read.url !== issuer
    ? broken(
        "must be the https address of the instance's Frontend API, without a slash at the end (http is for loopback addresses only)"
      )
    : read.url
}

/** The longest skew that a verifier accepts. */
export const maxClockSkewMillis = 300_000

/** Returns whether a duration is written as negative or as no number. Effect decodes such a duration to zero. */
const isBelowZero = (written: unknown): boolean => /(?:^|,)-|NaN/.test(String(written))

const skewReader =
  (millisOf: OptionDecoders<unknown>["millis"]) =>
  (skew: unknown = "5 seconds") => {
    const millis = millisOf(skew)
    return millis !== undefined && millis >= 0 && millis <= maxClockSkewMillis && !isBelowZero(skew)
      ? millis
      : broken("must be a duration from zero to five minutes")
  }

const readCategory = (category: unknown = "session") =>
  category === "session" || category === "template" ? category : broken('must be "session" or "template"')

const maxCapacity = 1_000_000

const readCapacity = (capacity: unknown) =>
  typeof capacity === "number" && Number.isInteger(capacity) && capacity >= 1 && capacity <= maxCapacity
    ? capacity
    : broken("must be a whole number of tokens from 1 to 1,000,000")

const cacheKind = {
  unknown: "is not an option of the cache",
  field: "",
  object: "must be an object with a capacity"
}

const readCache = (cache: unknown) => readOptions(cache, cacheKind, { capacity: readCapacity })

/** The readers of the options of one call. */
const verifyReaders = <Decode>({ decoder, millis }: OptionDecoders<Decode>) => ({
  category: readCategory,
  authorizedParties: optional(readParties),
  missingAzp: optional(readMissingAzp),
  audience: optional(readAudience),
  issuer: optional(readIssuer),
  clockSkew: skewReader(millis),
  allowPending: flag,
  claims: optional((schema): Decode | RuleBreak => decoder(schema) ?? broken("must be a schema")),
  revocations: flag
})

/** The readers of the options of a verifier, which alone can have a cache. */
export const verifierReaders = <Decode>(decoders: OptionDecoders<Decode>) => ({
  ...verifyReaders(decoders),
  cache: optional(readCache)
})

/** Checks the combinations of options. */
export const checkSettings = <Decode>(
  settings: TokenSettings<Decode> | RuleBreak
): TokenSettings<Decode> | RuleBreak => {
  if (settings instanceof RuleBreak) return settings
  if (settings.missingAzp !== undefined && settings.authorizedParties === undefined) {
    return new RuleBreak("missingAzp", "has no effect without authorizedParties")
  }
  return settings.revocations && settings.category === "template"
    ? new RuleBreak("revocations", "needs session tokens: a token of a template names no session")
    : settings
}

const optionsKind = { unknown: "is not an option of token verification" }

/** Reads the options of `SessionTokens.verify`. */
export const readVerifyOptions = <Decode>(options: unknown, decoders: OptionDecoders<Decode>) =>
  checkSettings<Decode>(readOptions(options, optionsKind, verifyReaders(decoders)))

/** Reads the options of `SessionTokens.verifier`. */
export const readVerifierOptions = <Decode>(options: unknown, decoders: OptionDecoders<Decode>) =>
  checkSettings<Decode>(readOptions(options, optionsKind, verifierReaders(decoders)))
