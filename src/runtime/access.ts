import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { own } from "../core/input.js"
import * as Access from "../core/server/access.js"
import { ClerkAccessDenied } from "../errors/ClerkAccessDenied.js"
import type { ClerkConfigError } from "../errors/ClerkConfigError.js"
import type { SessionClaims } from "../schema/SessionClaims.js"
import { configError } from "./errors.js"

const durations: Access.Durations = {
  millis: (duration) =>
    Option.getOrUndefined(Option.map(Duration.decodeUnknown(duration), Duration.toMillis)),
  format: Duration.format
}

type Claims = SessionClaims<unknown>

/** A token states the ages at the time of its issue. The time since then is added. */
const factorMillis = (claims: Claims, now: number): Access.FactorMillis => {
  const issuedAt = own(claims, "issuedAt")
  const elapsed = DateTime.isDateTime(issuedAt)
    ? Math.max(0, now - DateTime.toEpochMillis(issuedAt))
    : Number.NaN
  const millisOf = (age: unknown) => {
    if (age === undefined) return undefined
    return Duration.isDuration(age) ? Duration.toMillis(age) + elapsed : Number.NaN
  }
  const ages = own(claims, "factorAges")
  return { first: millisOf(own(ages, "first")), second: millisOf(own(ages, "second")) }
}

/** Returns whether the user verified the factors recently enough. */
export const isReverified = (claims: Claims, required: unknown): Effect.Effect<boolean> =>
  Effect.map(Clock.currentTimeMillis, (now) =>
    Access.isReverified(claims, factorMillis(claims, now), required, durations)
  )

/** Returns why the session is denied access, or `undefined` if it meets all requirements. */
export const findDenial = (claims: Claims, requirements: unknown): Effect.Effect<Access.Denial | undefined> =>
  Effect.map(Clock.currentTimeMillis, (now) =>
    Access.findDenial(claims, factorMillis(claims, now), requirements, durations)
  )

/**
 * The error of a denial. Its message names the requirements, and is for the log of the server. Like the message of any
 * `Error`, it is a property that is not enumerable. The encoded form, which crosses the wire, does not hold it.
 */
export const accessDenied = ({ fields }: Access.Denial, requirements: unknown): ClerkAccessDenied =>
  Object.defineProperty(new ClerkAccessDenied(fields, true), "message", {
    value: Access.denialMessage(fields, Access.requirementTexts(Object(requirements), durations)),
    configurable: true,
    writable: true
  })

/** Checks requirements that are given when a middleware is made. */
export const checkRequirements = (requirements: unknown): Effect.Effect<void, ClerkConfigError> =>
  Effect.suspend(() => {
    const flaw = Access.requirementsFlaw(requirements, durations)
    return flaw === undefined ? Effect.void : Effect.fail(configError(flaw))
  })
