import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type { AuthorizedParties, CacheOptions, VerifierOptions } from "../../services/SessionTokens.js"
import { optionsFlaw, ownProperties, RuleBreak } from "../input.js"
import { isLoopback } from "../wire/baseUrl.js"

/** Decides whose tokens are accepted. */
export interface Parties {
  readonly accepts: (origin: string) => boolean
  /** What an error may name; a predicate has no list. */
  readonly list: ReadonlyArray<string> | undefined
}

/** What tokens are held against, after every check of the options. */
export interface TokenSettings {
  readonly category: "session" | "template"
  readonly authorizedParties: Parties | undefined
  readonly acceptsMissingAzp: boolean
  readonly audience: ReadonlyArray<string> | undefined
  readonly issuer: string | undefined
  readonly skewMillis: number
  readonly acceptsPending: boolean
  /** Reads the caller's own claims, at once unless their schema takes time. */
  readonly custom: ((claims: unknown) => Effect.Effect<unknown, ParseResult.ParseIssue>) | undefined
  /** How many tokens that were found good are remembered. */
  readonly cacheCapacity: number
}

const broken = (field: string, rule: string) => Either.left(new RuleBreak(field, rule))

/**
 * A host name has at most 253 characters. Anybody can send an `Origin` header of many kilobytes, and some patterns of a
 * predicate take a second for it.
 */
const maxOrigin = 300

/**
 * Whether a text is an origin as browsers write it, and hence as Clerk puts it in `azp`. Anything else could never be
 * equal to one, and a list that never matches signs everybody out.
 */
export const isOrigin = (text: unknown): text is string => {
  if (typeof text !== "string" || text.length > maxOrigin) return false
  if (/^https?:/.test(text)) return URL.canParse(text) && new URL(text).origin === text && !/[*,]/.test(text)
  // Of extensions and apps: the URL standard knows no origin of theirs, the browsers write one nevertheless.
  return /^[a-z][a-z0-9+.-]*:\/\/[a-z0-9._-]+(:\d{1,5})?$/.test(text)
}

/**
 * Asks the predicate about origins only, so that a loose pattern meets no other text. A predicate that throws, or returns
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
  // Spread, so that the holes of an array are not passed over.
  (Array.isArray(parties) && parties.length > 0 && [...parties].every(isOrigin))

const checkParties = (parties: unknown): Either.Either<Parties | undefined, RuleBreak> => {
  if (parties === undefined) return Either.right(undefined)
  return isParties(parties)
    ? Either.right(makeParties(parties))
    : broken(
        "authorizedParties",
        "must be a list of one or more origins as browsers write them, such as https://app.example.com, or a function from an origin to a boolean"
      )
}

const checkMissingAzp = (own: OwnOptions): Either.Either<boolean, RuleBreak> => {
  if (own.missingAzp === undefined) return Either.right(own.authorizedParties === undefined)
  if (own.missingAzp !== "reject" && own.missingAzp !== "allow") {
    return broken("missingAzp", 'must be "reject" or "allow"')
  }
  return own.authorizedParties === undefined
    ? broken("missingAzp", "means something only together with authorizedParties")
    : Either.right(own.missingAzp === "allow")
}

const checkAudience = (audience: unknown): Either.Either<ReadonlyArray<string> | undefined, RuleBreak> => {
  if (audience === undefined) return Either.right(undefined)
  const list: ReadonlyArray<unknown> = Array.isArray(audience) ? [...audience] : [audience]
  return list.length > 0 && list.every((each): each is string => typeof each === "string" && each !== "")
    ? Either.right(list)
    : broken("audience", "must be one or more non-empty strings")
}

const checkIssuer = (issuer: unknown): Either.Either<string | undefined, RuleBreak> => {
  if (issuer === undefined) return Either.right(undefined)
  return isAddress(issuer)
    ? Either.right(issuer)
    : broken(
        "issuer",
        "must be the https address of the instance's Frontend API, without a slash at the end (http is for loopback addresses only)"
      )
}

const isAddress = (issuer: unknown): issuer is string => {
  const isPlain =
    typeof issuer === "string" &&
    /^https?:\/\/(?:[a-z0-9.-]+|\[::1\])(:\d{1,5})?(\/[\w.~-]+)*$/.test(issuer) &&
    URL.canParse(issuer)
  if (!isPlain) return false
  const { hostname, href, protocol } = new URL(issuer)
  // Another spelling than the URL standard's is never equal to what a token says.
  return href.replace(/\/$/, "") === issuer && (protocol === "https:" || isLoopback(hostname))
}

const maxSkewMillis = 300_000

/** Whether a duration is written as less than nothing, or as no number: it decodes to zero, which nobody meant. */
const isBelowZero = (written: unknown): boolean => {
  switch (typeof written) {
    case "number":
      return !(written >= 0)
    case "bigint":
      return written < 0n
    case "string":
      return written.startsWith("-")
    default:
      return Array.isArray(written) && written.some(isBelowZero)
  }
}

const checkSkew = (skew: unknown): Either.Either<number, RuleBreak> => {
  const millis = Option.match(Duration.decodeUnknown(skew), {
    onNone: () => Number.NaN,
    onSome: Duration.toMillis
  })
  return millis >= 0 && millis <= maxSkewMillis && !isBelowZero(skew)
    ? Either.right(millis)
    : broken("clockSkew", "must be a duration from zero to five minutes")
}

const checkFlag = (field: string, flag: unknown): Either.Either<boolean, RuleBreak> =>
  flag === undefined || typeof flag === "boolean"
    ? Either.right(flag === true)
    : broken(field, "must be true or false")

const checkCategory = (category: unknown): Either.Either<"session" | "template", RuleBreak> =>
  category === "session" || category === "template"
    ? Either.right(category)
    : broken("category", 'must be "session" or "template"')

const checkClaims = (claims: unknown): Either.Either<TokenSettings["custom"], RuleBreak> => {
  if (claims === undefined) return Either.right(undefined)
  return Schema.isSchema(claims)
    ? // Its requirements are `never` by the type of the option; without types, a missing service is told by Effect.
      Either.right(
        ParseResult.decodeUnknown(claims as Schema.Schema<unknown>, { errors: "all", exact: true })
      )
    : broken("claims", "must be a schema")
}

const maxCapacity = 1_000_000

const checkCache = (cache: unknown): Either.Either<number, RuleBreak> => {
  if (cache === undefined) return Either.right(0)
  if (typeof cache !== "object" || cache === null) return broken("cache", "must be an object with a capacity")
  const names = ["capacity"] satisfies ReadonlyArray<keyof CacheOptions>
  const flaw = optionsFlaw(cache, { unknown: "is not an option of the cache" }, names)
  if (flaw !== undefined) return broken(`cache.${flaw.field}`, flaw.rule)
  const { capacity }: { readonly capacity?: unknown } = ownProperties(cache)
  return typeof capacity === "number" &&
    Number.isInteger(capacity) &&
    capacity >= 1 &&
    capacity <= maxCapacity
    ? Either.right(capacity)
    : broken("cache.capacity", "must be a whole number of tokens from 1 to 1,000,000")
}

type OptionName = keyof VerifierOptions<unknown, unknown>
type OwnOptions = { readonly [K in OptionName]?: unknown }

const verifyNames: ReadonlyArray<OptionName> = [
  "authorizedParties",
  "missingAzp",
  "audience",
  "issuer",
  "clockSkew",
  "allowPending",
  "category",
  "claims"
]

/** The options of a call, and those of a verifier, which alone can have a cache. */
export const optionNames = { verify: verifyNames, verifier: [...verifyNames, "cache"] } as const

/** Checks the options; of an object only what it has itself. */
export const checkTokenOptions = (
  options: unknown,
  names: ReadonlyArray<string>
): Either.Either<TokenSettings, RuleBreak> =>
  Either.gen(function* () {
    if (typeof options !== "object" || options === null) return yield* broken("options", "must be an object")
    const flaw = optionsFlaw(options, { unknown: "is not an option of token verification" }, names)
    if (flaw !== undefined) return yield* broken(flaw.field, flaw.rule)
    const own: OwnOptions = ownProperties(options)
    const { category = "session", clockSkew = "5 seconds" } = own
    return {
      category: yield* checkCategory(category),
      authorizedParties: yield* checkParties(own.authorizedParties),
      acceptsMissingAzp: yield* checkMissingAzp(own),
      audience: yield* checkAudience(own.audience),
      issuer: yield* checkIssuer(own.issuer),
      skewMillis: yield* checkSkew(clockSkew),
      acceptsPending: yield* checkFlag("allowPending", own.allowPending),
      custom: yield* checkClaims(own.claims),
      cacheCapacity: yield* checkCache(own.cache)
    }
  })
