import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type { CacheOptions, VerifierOptions } from "../services/SessionTokens.js"
import { ownProperties } from "./ownProperties.js"
import { type RuleBreak, unknownKey } from "./ruleBreak.js"

/** What tokens are held against, after every check of the options. */
export interface TokenSettings {
  readonly category: "session" | "template"
  readonly authorizedParties: ReadonlyArray<string> | undefined
  readonly acceptsMissingAzp: boolean
  readonly audience: ReadonlyArray<string> | undefined
  readonly issuer: string | undefined
  readonly skewMillis: number
  readonly acceptsPending: boolean
  /** Reads the caller's own claims. */
  readonly custom: ((claims: unknown) => Either.Either<unknown, ParseResult.ParseIssue>) | undefined
  /** How many tokens that were found good are remembered. */
  readonly cacheCapacity: number
}

const broken = (field: string, rule: string) => Either.left<RuleBreak>({ field, rule })

const defaultPorts: Readonly<Record<string, string>> = { http: "80", https: "443" }

/**
 * Whether a text is an origin as browsers write it, and hence as Clerk puts it in `azp`. Anything else could never be
 * equal to one, and a list that never matches signs everybody out.
 */
export const isOrigin = (text: unknown): text is string => {
  const parts =
    typeof text === "string"
      ? /^([a-z][a-z0-9+.-]*):\/\/([^/?#@\s\\*,:]+|\[[0-9a-f:]+\])(?::(\d{1,5}))?$/.exec(text)
      : null
  const [, scheme = "", host = "", port] = parts ?? []
  // Browsers write host names in lower case, and leave out the scheme's own port.
  return (
    parts !== null && host === host.toLowerCase() && (port === undefined || port !== defaultPorts[scheme])
  )
}

const checkParties = (parties: unknown): Either.Either<ReadonlyArray<string> | undefined, RuleBreak> => {
  if (parties === undefined) return Either.right(undefined)
  const isList = Array.isArray(parties) && parties.length > 0 && parties.every(isOrigin)
  return isList
    ? Either.right([...parties])
    : broken(
        "authorizedParties",
        "must be a list of one or more origins as browsers write them, such as https://app.example.com"
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
  const list: ReadonlyArray<unknown> = Array.isArray(audience) ? audience : [audience]
  const isList = list.length > 0 && list.every((each) => typeof each === "string" && each !== "")
  // The line above makes strings of them.
  return isList
    ? Either.right([...list] as ReadonlyArray<string>)
    : broken("audience", "must be one or more non-empty strings")
}

const checkIssuer = (issuer: unknown): Either.Either<string | undefined, RuleBreak> => {
  if (issuer === undefined) return Either.right(undefined)
  const isAddress =
    typeof issuer === "string" &&
    /^https:\/\/[a-z0-9.-]+(:\d{1,5})?(\/[\w.~-]+)*$/.test(issuer) &&
    URL.canParse(issuer) &&
    !issuer.split("/").some((segment) => segment === "." || segment === "..")
  return isAddress
    ? Either.right(issuer)
    : broken("issuer", "must be the https address of the instance's Frontend API, without a slash at the end")
}

const maxSkewMillis = 300_000

const checkSkew = (skew: unknown): Either.Either<number, RuleBreak> => {
  const millis = Option.match(Duration.decodeUnknown(skew), {
    onNone: () => Number.NaN,
    onSome: Duration.toMillis
  })
  // A negative number decodes to zero, which is not what whoever wrote it meant.
  const isNegative = typeof skew === "number" && skew < 0
  return millis >= 0 && millis <= maxSkewMillis && !isNegative
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
        ParseResult.decodeUnknownEither(claims as Schema.Schema<unknown>, { errors: "all", exact: true })
      )
    : broken("claims", "must be a schema")
}

const maxCapacity = 1_000_000

const checkCache = (cache: unknown): Either.Either<number, RuleBreak> => {
  if (cache === undefined) return Either.right(0)
  if (typeof cache !== "object" || cache === null) return broken("cache", "must be an object with a capacity")
  const strange = unknownKey(cache, ["capacity"] satisfies ReadonlyArray<keyof CacheOptions>)
  if (strange !== undefined) return broken(`cache.${strange}`, "is not an option of the cache")
  const { capacity }: { readonly capacity?: unknown } = ownProperties(cache)
  return typeof capacity === "number" &&
    Number.isInteger(capacity) &&
    capacity >= 1 &&
    capacity <= maxCapacity
    ? Either.right(capacity)
    : broken("cache.capacity", "must be a whole number of tokens, at least 1")
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

const defaultSkew: Duration.DurationInput = "5 seconds"

/** Checks the options; of an object only what it has itself. */
export const checkTokenOptions = (
  options: unknown,
  names: ReadonlyArray<string>
): Either.Either<TokenSettings, RuleBreak> =>
  Either.gen(function* () {
    if (typeof options !== "object" || options === null) return yield* broken("options", "must be an object")
    const strange = unknownKey(options, names)
    if (strange !== undefined) return yield* broken(strange, "is not an option of token verification")
    const own: OwnOptions = ownProperties(options)
    const category = yield* checkCategory(own.category ?? "session")
    const acceptsPending = yield* checkFlag("allowPending", own.allowPending)
    return {
      category,
      authorizedParties: yield* checkParties(own.authorizedParties),
      acceptsMissingAzp: yield* checkMissingAzp(own),
      audience: yield* checkAudience(own.audience),
      issuer: yield* checkIssuer(own.issuer),
      skewMillis: yield* checkSkew(own.clockSkew ?? defaultSkew),
      acceptsPending,
      custom: yield* checkClaims(own.claims),
      cacheCapacity: yield* checkCache(own.cache)
    }
  })
