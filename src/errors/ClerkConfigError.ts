/**
 * A setting is missing or invalid.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { withJson } from "./errorClass.js"

/**
 * A setting is missing or invalid: `setting` breaks `rule`. The error does not hold the value.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkConfigError extends withJson(
  Schema.TaggedError<ClerkConfigError>()("ClerkConfigError", {
    /** The name of the option: `secretKey`, `apiUrl`, `policy.maxAttempts`. */
    setting: Schema.String,
    /** The environment variable that holds the setting. Absent if the setting is an option. */
    variable: Schema.optional(Schema.String),
    /** The rule that the setting breaks. Reads on from the name: `must be a URL`. */
    rule: Schema.String
  })
) {
  override get message(): string {
    const name = this.variable === undefined ? this.setting : `${this.variable} (${this.setting})`
    return `${name} ${this.rule}`
  }
}
