/**
 * The error for a signed-in user who is not allowed to do something.
 *
 * @since 4.0.0
 */

import * as Schema from "effect/Schema"
import { literals } from "#major/schemas.js"
import { requirementKinds } from "../core/model.js"
import { denialMessage } from "../core/server/access.js"
import { httpApiStatus, withJson } from "./errorClass.js"

/**
 * The kind of a requirement. `active` is required together with every other kind.
 *
 * @since 4.0.0
 * @category models
 */
export type Requirement = typeof Requirement.Type

/**
 * The schema of {@link Requirement}.
 *
 * @since 4.0.0
 * @category schemas
 */
export const Requirement = literals(requirementKinds)

/**
 * The session does not meet a requirement. An `HttpApi` responds with status 403.
 *
 * `missing` lists the kinds of the requirements that it does not meet:
 * - `reverification`: the user has to verify a factor again.
 * - `active`: the session is pending, because the user has tasks to complete.
 * - `role`, `permission`, `feature`, `plan`: the user does not have the required one.
 *
 * `missing` is empty if no requirement was given, or if one has an unknown name, which `rule` then states.
 *
 * The message names the required role, permission, feature or plan, for the log of your server. The encoded form, which
 * an `HttpApi` sends, contains only `missing` and `rule`.
 *
 * @since 4.0.0
 * @category errors
 */
export class ClerkAccessDenied extends withJson(
  Schema.TaggedError<ClerkAccessDenied>()(
    "ClerkAccessDenied",
    {
      /** The kinds of the requirements that the session does not meet. */
      missing: Schema.Array(Requirement),
      /** The mistake in your program if a requirement has an unknown name: that name and the nearest known one. */
      rule: Schema.optional(Schema.String)
    },
    httpApiStatus(403)
  )
) {
  override get message(): string {
    return denialMessage(this)
  }
}
