/**
 * The error for a missing or invalid setting.
 *
 * @since 4.0.0
 */
import * as Schema from "effect/Schema"
import { withJson } from "./errorClass.js"

/**
 * A setting is missing or invalid. `setting` names it, and `rule` says what it must be. The error does not contain the
 * value.
 *
 * @since 4.0.0
 * @category errors
 */
export class ClerkConfigError extends withJson(
  Schema.TaggedError<ClerkConfigError>()("ClerkConfigError", {
    /** The name of the option: `secretKey`, `apiUrl`, `policy.maxAttempts`. */
    setting: Schema.String,
    /**
     * The environment variable of the setting: `CLERK_SECRET_KEY`. Absent if your program passed the setting as an
     * option.
     */
    variable: Schema.optional(Schema.String),
    /** The rule that the setting breaks, as the rest of a sentence: `must be a URL`. */
    rule: Schema.String
  })
) {
  override get message(): string {
    const name = this.variable === undefined ? this.setting : `${this.variable} (${this.setting})`
    return `${name} ${this.rule}`
  }
}
