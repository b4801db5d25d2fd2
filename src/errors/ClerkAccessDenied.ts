/**
 * Somebody is signed in, but may not do this.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { withJson } from "../internal/errorClass.js"
import { httpApiStatus } from "../internal/httpApiStatus.js"

/**
 * What was asked of a session.
 *
 * @since 0.1.0
 * @category models
 */
export type Requirement = typeof Requirement.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const Requirement = Schema.Literal("role", "permission", "feature", "plan", "reverification", "active")

/**
 * The session does not meet a requirement. `missing` names the kinds that are not met: `reverification` means that
 * the user has to prove again who they are, `active` that the session is pending, the others that they may not.
 * What exactly was asked for stays on the server. It is empty when nothing was required, or something unknown, which
 * `rule` then names: nobody is let in by mistake.
 *
 * Its status in an `HttpApi` is 403.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkAccessDenied extends withJson(
  Schema.TaggedError<ClerkAccessDenied>()(
    "ClerkAccessDenied",
    {
      missing: Schema.Array(Requirement),
      /** What is wrong with the requirements, where one of them is unknown: a mistake in the program. */
      rule: Schema.optional(Schema.String)
    },
    httpApiStatus(403)
  )
) {
  override get message(): string {
    if (this.rule !== undefined) return `the requirements are invalid: ${this.rule}`
    if (this.missing.length === 0) return "nothing was required of the session that can be checked"
    return `the session does not meet what is required: ${this.missing.join(", ")}`
  }
}
