import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type { Requirement } from "../../errors/ClerkAccessDenied.js"
import type { Requirements } from "../../services/Authorization.js"
import { ownProperties } from "../input.js"
import { scrubText } from "../redaction/redact.js"

/**
 * The requirements behind a denial. They are for the server's log. An error crosses the wire by its fields, so they are
 * kept beside the error rather than in it.
 */
const requirementsOf = new WeakMap<object, Requirements>()

/** Remembers the requirements that a denial is about. */
export const rememberRequirements = <E extends object>(denial: E, requirements: Requirements): E => {
  requirementsOf.set(denial, requirements)
  return denial
}

/** A value that the server's code required; callers without types are why it may be anything. */
const shown = (value: unknown): string =>
  typeof value === "string" ? ` ${scrubText(value.slice(0, 128), [])}` : ""

const shownReverification = (value: unknown): string => {
  if (typeof value !== "object" || value === null) return shown(value)
  const { level, within }: { readonly level?: unknown; readonly within?: unknown } = ownProperties(value)
  const age = Option.match(Duration.decodeUnknown(within), {
    onNone: () => "",
    onSome: (duration) => ` within ${Duration.format(duration)}`
  })
  return `${shown(level)}${age}`
}

/** Says what a session lacks: `permission org:teams:delete`. */
export const describeMissing = (denial: object, missing: Requirement): string => {
  if (missing === "active") return "an active session (it is pending: the user has tasks to complete)"
  const required: { readonly [K in Requirement]?: unknown } = ownProperties(requirementsOf.get(denial) ?? {})
  const value =
    missing === "reverification" ? shownReverification(required.reverification) : shown(required[missing])
  return value === "" ? `the required ${missing}` : `${missing}${value}`
}
