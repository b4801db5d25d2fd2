import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type { FactorAges } from "../../schema/SessionClaims.js"
import type { ReverificationLevel } from "../../services/Authorization.js"
import { isMadeOf, own, ownProperties } from "../input.js"

/** A level, which may be none when it comes from a caller, and how old a factor must not be. */
interface Freshness {
  readonly level: unknown
  readonly millis: number
}

const within = (minutes: number, level: ReverificationLevel): Freshness => ({
  level,
  millis: minutes * 60_000
})

const presets: Readonly<Record<string, Freshness>> = {
  strict_mfa: within(10, "multi_factor"),
  strict: within(10, "second_factor"),
  moderate: within(60, "second_factor"),
  lax: within(1440, "second_factor")
}

const levels: ReadonlyArray<unknown> = [
  "first_factor",
  "second_factor",
  "multi_factor"
] satisfies ReadonlyArray<ReverificationLevel>

export const isLevel = (level: unknown): boolean => levels.includes(level)

/** What is asked for, or `undefined` when that cannot be told. */
export const freshnessOf = (asked: unknown): Freshness | undefined => {
  if (typeof asked === "string") return Object.hasOwn(presets, asked) ? presets[asked] : undefined
  if (!isMadeOf(asked, ["level", "within"])) return undefined
  const { level, within }: { readonly level?: unknown; readonly within?: unknown } = ownProperties(asked)
  return Option.match(Duration.decodeUnknown(within), {
    onNone: () => undefined,
    onSome: (limit) => ({ level, millis: Duration.toMillis(limit) })
  })
}

/** As Clerk's own SDKs read the ages, but counted on from the issue of the token. */
export const isFresh = (
  ages: FactorAges,
  { level, millis }: Freshness,
  sinceIssueMillis: number
): boolean => {
  const isRecent = (age: unknown) =>
    Duration.isDuration(age) && Duration.toMillis(age) + sinceIssueMillis < millis
  const first = own(ages, "first")
  const second = own(ages, "second")
  switch (level) {
    case "first_factor":
      return isRecent(first)
    case "second_factor":
      return isRecent(second === undefined ? first : second)
    case "multi_factor":
      return isRecent(first) && (second === undefined || isRecent(second))
    default:
      return false
  }
}
