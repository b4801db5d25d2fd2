/**
 * A user is signed in, but is not allowed to do this.
 *
 * @since 0.1.0
 */

import * as Schema from "effect/Schema"
import { literals } from "#major/schemas.js"
import { requirementKinds } from "../core/model.js"
import { denialMessage } from "../core/server/access.js"
import { httpApiStatus, withJson } from "./errorClass.js"

/**
 * The kinds of requirements. `active` is required together with every other kind.
 *
 * @since 0.1.0
 * @category models
 */
export type Requirement = typeof Requirement.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const Requirement = literals(requirementKinds)

/**
 * The session does not meet a requirement. `missing` lists the kinds of requirements that it does not meet:
 * - `reverification`: the user has to verify a factor again;
 * - `active`: the session is pending, so the user has tasks to complete;
 * - `role`, `permission`, `feature`, `plan`: the user does not have the required one.
 *
 * `missing` is empty if no requirement was given, or if one has an unknown name, which `rule` then states.
 *
 * The message names the required role, permission, feature or plan, for the log of the server. The encoded form of the
 * error, which is what an `HttpApi` sends, holds `missing` and `rule` only.
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
      /** The kinds of requirements that the session does not meet. */
      missing: Schema.Array(Requirement),
      /** The mistake in the program, if a requirement has an unknown name: the name and the nearest known one. */
      rule: Schema.optional(Schema.String)
    },
    httpApiStatus(403)
  )
) {
  override get message(): string {
    return denialMessage(this)
  }
}
