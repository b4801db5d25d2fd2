import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { Settings } from "../../services/RequestPolicy.js"
import { inField, optionsFlaw, ownProperties, RuleBreak } from "../input.js"

/** A policy as the pipeline reads it; `Infinity` where nothing bounds. */
export interface PolicyLimits {
  readonly maxAttempts: number
  readonly timeoutMillis: number
  readonly deadlineMillis: number
  readonly onRetry: Settings["onRetry"]
}

export const unlimited: PolicyLimits = {
  maxAttempts: 1,
  timeoutMillis: Number.POSITIVE_INFINITY,
  deadlineMillis: Number.POSITIVE_INFINITY,
  onRetry: undefined
}

/** Timers hold 31 bits of milliseconds; beyond that they fire at once or never. */
const maxTimerMillis = 2 ** 31 - 1

/** Milliseconds of a time limit. */
export const readLimit = (
  field: "timeout" | "deadline",
  input: unknown
): Either.Either<number, RuleBreak> => {
  const millis = Option.match(Duration.decodeUnknown(input), {
    onNone: () => Number.NaN,
    onSome: Duration.toMillis
  })
  return millis > 0 && millis <= maxTimerMillis
    ? Either.right(millis)
    : Either.left(
        new RuleBreak(
          `policy.${field}`,
          "must be a duration above zero and below 25 days; leave it out to set no limit"
        )
      )
}

/** `deadline: 30` beside `timeout: "10 seconds"` is 30 milliseconds, and hardly meant so. */
const meantAsSeconds = (deadline: unknown): string =>
  typeof deadline === "number" && deadline < 1_000
    ? `, which is ${deadline} ms; did you mean ${deadline} seconds?`
    : ""

const settingNames: ReadonlyArray<keyof Settings> = ["maxAttempts", "timeout", "deadline", "onRetry"]

/** Checks settings and converts those that are given. */
export const readSettings = (settings: unknown): Either.Either<Partial<PolicyLimits>, RuleBreak> =>
  Either.gen(function* () {
    if (typeof settings !== "object" || settings === null) {
      return yield* Either.left(
        new RuleBreak("policy", "must be an object with maxAttempts, timeout, deadline or onRetry")
      )
    }
    const flaw = optionsFlaw(settings, { unknown: "is not a setting of a policy" }, settingNames)
    if (flaw !== undefined) return yield* Either.left(inField("policy", flaw))
    // Own properties only, so that a polluted prototype changes nothing.
    const own: { readonly [K in keyof Settings]?: unknown } = ownProperties(settings)
    const given: { -readonly [K in keyof PolicyLimits]?: PolicyLimits[K] } = {}
    if (own.maxAttempts !== undefined) {
      if (!Number.isInteger(own.maxAttempts) || Number(own.maxAttempts) < 1 || Number(own.maxAttempts) > 10) {
        return yield* Either.left(new RuleBreak("policy.maxAttempts", "must be a whole number from 1 to 10"))
      }
      given.maxAttempts = Number(own.maxAttempts)
    }
    if (own.timeout !== undefined) given.timeoutMillis = yield* readLimit("timeout", own.timeout)
    if (own.deadline !== undefined) given.deadlineMillis = yield* readLimit("deadline", own.deadline)
    if ((given.timeoutMillis ?? 0) > (given.deadlineMillis ?? Number.POSITIVE_INFINITY)) {
      return yield* Either.left(
        new RuleBreak(
          "policy.timeout",
          `must not be longer than the deadline${meantAsSeconds(own.deadline) || ` (${Duration.format(given.deadlineMillis ?? 0)})`}`
        )
      )
    }
    if (own.onRetry !== undefined) {
      if (typeof own.onRetry !== "function") {
        return yield* Either.left(new RuleBreak("policy.onRetry", "must be a function"))
      }
      given.onRetry = own.onRetry as Settings["onRetry"] // a function; what it takes and gives is its author's word
    }
    return given
  })

const ofClients = new WeakMap<Settings, Either.Either<PolicyLimits, RuleBreak>>()

/** The limits of a client's policy, worked out once for each settings object. */
export const clientLimits = (policy: Settings | undefined): Either.Either<PolicyLimits, RuleBreak> => {
  if (policy === undefined) return Either.right(unlimited)
  const known = ofClients.get(policy)
  if (known !== undefined) return known
  const limits = Either.map(readSettings(policy), (given) => ({ ...unlimited, ...given }))
  if (typeof policy === "object" && policy !== null) ofClients.set(policy, limits)
  return limits
}
