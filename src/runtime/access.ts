import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { construct } from "#major/schemas.js"
import { own, RuleBreak } from "../core/input.js"
import * as Access from "../core/server/access.js"
import { ClerkAccessDenied } from "../errors/ClerkAccessDenied.js"
import type { ClerkConfigError } from "../errors/ClerkConfigError.js"
import type { SessionClaims } from "../schema/SessionClaims.js"
import { configError } from "./errors.js"
import { toMillis } from "./policy.js"

type Claims = SessionClaims<unknown>

/** A token states the ages at the time of its issue. The time since then is added. */
const factorMillis = (claims: Claims, now: number): Access.FactorMillis => {
  const issuedAt = own(claims, "issuedAt")
  const elapsed = DateTime.isDateTime(issuedAt)
    ? Math.max(0, now - DateTime.toEpochMillis(issuedAt))
    : Number.NaN
  const ageNow = (age: unknown) => {
    if (age === undefined) return undefined
    return Duration.isDuration(age) ? Duration.toMillis(age) + elapsed : Number.NaN
  }
  const ages = own(claims, "factorAges")
  return { first: ageNow(own(ages, "first")), second: ageNow(own(ages, "second")) }
}

/** Returns whether the user verified the factors recently enough. */
export const isReverified = (claims: Claims, reverification: unknown): Effect.Effect<boolean> =>
  Effect.map(Clock.currentTimeMillis, (now) =>
    Access.isReverified(claims, factorMillis(claims, now), reverification, toMillis)
  )

const check = (claims: Claims, requirements: unknown) =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    const required = Access.readRequirements(requirements, toMillis)
    return { required, denial: Access.findDenial(claims, factorMillis(claims, now), required) }
  })

/** Returns whether the session meets all requirements. */
export const has = (claims: Claims, requirements: unknown): Effect.Effect<boolean> =>
  Effect.map(check(claims, requirements), ({ denial }) => denial === undefined)

/** Returns the claims if the session meets all requirements. */
export const protect = <A extends Claims>(
  claims: A,
  requirements: unknown
): Effect.Effect<A, ClerkAccessDenied> =>
  Effect.flatMap(check(claims, requirements), ({ denial, required }) => {
    if (denial === undefined) return Effect.succeed(claims)
    const error = construct(ClerkAccessDenied, denial)
    // Names the requirements for the server's log. The encoded form, which crosses the wire, holds enumerable fields only.
    const value = Access.denialMessage(denial, required instanceof RuleBreak ? [] : required, (millis) =>
      Duration.format(Duration.millis(millis))
    )
    Object.defineProperty(error, "message", { value, configurable: true, writable: true })
    return Effect.fail(error)
  })

/** Checks requirements that are given when a middleware is made. */
export const checkRequirements = (requirements: unknown): Effect.Effect<void, ClerkConfigError> =>
  Effect.suspend(() => {
    const flaw = Access.requirementsFlaw(requirements, toMillis)
    return flaw === undefined ? Effect.void : Effect.fail(configError(flaw))
  })
