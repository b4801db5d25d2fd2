import * as Effect from "effect/Effect"
import { ClerkConfigError } from "../../errors/ClerkConfigError.js"
import type { Requirements } from "../../services/Authorization.js"
import { optionsFlaw, ownProperties, RuleBreak } from "../input.js"
import { freshnessOf, isLevel } from "./reverification.js"

const names = Object.keys({
  role: true,
  permission: true,
  feature: true,
  plan: true,
  reverification: true
} satisfies Record<keyof Requirements, true>)

/** Finds what makes requirements impossible to read: no object, or a member that is not a requirement. */
export const unreadableRequirement = (requirements: unknown): RuleBreak | undefined =>
  typeof requirements === "object" && requirements !== null
    ? optionsFlaw(requirements, { unknown: "is not a requirement" }, names)
    : new RuleBreak("requirements", 'must be an object, such as { permission: "org:teams:delete" }')

type Given = { readonly [K in keyof Requirements]?: unknown }

const isText = (value: unknown): boolean => typeof value === "string" && value.trim() !== ""

const isReadable = (name: string, value: unknown): boolean => {
  if (name !== "reverification") return isText(value)
  const freshness = freshnessOf(value)
  return freshness !== undefined && isLevel(freshness.level)
}

/** Requirements that nobody can ever meet, which are a mistake where they are written once for all requests. */
const flawOf = (requirements: unknown): RuleBreak | undefined => {
  const unreadable = unreadableRequirement(requirements)
  if (unreadable !== undefined) return unreadable
  const own: Given = ownProperties(Object(requirements))
  const given = Object.entries(own).filter(([, value]) => value !== undefined)
  if (given.length === 0) {
    return new RuleBreak("requirements", `must name at least one of ${names.join(", ")}`)
  }
  const [wrong] = given.find(([name, value]) => !isReadable(name, value)) ?? []
  if (wrong === undefined) return undefined
  return new RuleBreak(
    wrong,
    wrong === "reverification"
      ? "must be strict_mfa, strict, moderate, lax, or a level (first_factor, second_factor or multi_factor) and a duration within"
      : "must be a name that is not empty"
  )
}

/** Checks requirements that are given when a middleware is made. */
export const checkRequirements = (requirements: unknown): Effect.Effect<void, ClerkConfigError> =>
  Effect.suspend(() => {
    const flaw = flawOf(requirements)
    return flaw === undefined
      ? Effect.void
      : Effect.fail(new ClerkConfigError({ setting: flaw.field, rule: flaw.rule }, true))
  })
