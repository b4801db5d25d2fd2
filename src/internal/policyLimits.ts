import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { Settings } from "../services/RequestPolicy.js"
import { ownProperties } from "./ownProperties.js"
import type { RuleBreak } from "./ruleBreak.js"
import { unknownKey } from "./ruleBreak.js"

/** A policy's settings as the pipeline reads them; `Infinity` where nothing bounds. */
export interface PolicyLimits {
  readonly attempts: number
  readonly timeoutMillis: number
  readonly deadlineMillis: number
}

const unlimited: PolicyLimits = {
  attempts: 1,
  timeoutMillis: Number.POSITIVE_INFINITY,
  deadlineMillis: Number.POSITIVE_INFINITY
}

/** Timers hold 31 bits of milliseconds; beyond that they fire at once or never. */
const maxTimerMillis = 2 ** 31 - 1

const millis = (field: "timeout" | "deadline", input: unknown): Either.Either<number, RuleBreak> => {
  if (input === undefined) return Either.right(Number.POSITIVE_INFINITY)
  const value = Option.match(Duration.decodeUnknown(input), {
    onNone: () => Number.NaN,
    onSome: Duration.toMillis
  })
  return value > 0 && value <= maxTimerMillis
    ? Either.right(value)
    : Either.left({
        field: `policy.${field}`,
        rule: "must be a duration above zero and below 25 days; leave it out to set no limit"
      })
}

const check = (given: Settings): Either.Either<PolicyLimits, RuleBreak> =>
  Either.gen(function* () {
    const settings = ownProperties(given)
    const strange = unknownKey(given, ["attempts", "timeout", "deadline"])
    if (strange !== undefined) {
      return yield* Either.left({ field: `policy.${strange}`, rule: "is not a setting of a policy" })
    }
    const attempts = settings.attempts ?? 1
    if (!Number.isInteger(attempts) || attempts < 1 || attempts > 10) {
      return yield* Either.left({ field: "policy.attempts", rule: "must be a whole number from 1 to 10" })
    }
    const timeoutMillis = yield* millis("timeout", settings.timeout)
    const deadlineMillis = yield* millis("deadline", settings.deadline)
    if (deadlineMillis < timeoutMillis && timeoutMillis !== Number.POSITIVE_INFINITY) {
      return yield* Either.left({ field: "policy.timeout", rule: "must not be longer than the deadline" })
    }
    return { attempts, timeoutMillis, deadlineMillis }
  })

const checked = new WeakMap<Settings, Either.Either<PolicyLimits, RuleBreak>>()

/** Checks and converts a policy, once for each settings object. */
export const policyLimits = (settings: Settings | undefined): Either.Either<PolicyLimits, RuleBreak> => {
  if (settings === undefined) return Either.right(unlimited)
  if (typeof settings !== "object" || settings === null) {
    return Either.left({ field: "policy", rule: "must be an object of settings" })
  }
  let limits = checked.get(settings)
  if (limits === undefined) {
    limits = check(settings)
    checked.set(settings, limits)
  }
  return limits
}
