/**
 * The client cannot be built as configured.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { withJson } from "../internal/errorClass.js"

/**
 * A setting of the client is missing or breaks a rule. The refused value is never shown.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkConfigError extends withJson(
  Schema.TaggedError<ClerkConfigError>()("ClerkConfigError", {
    /** The option's name: `secretKey`, `apiUrl`, `policy.attempts`, … */
    setting: Schema.String,
    /** The environment variable it was read from, when it was. */
    variable: Schema.optional(Schema.String),
    /** What the setting has to satisfy: reads on from the setting's name. */
    rule: Schema.String
  })
) {
  override get message(): string {
    const name = this.variable === undefined ? this.setting : `${this.variable} (${this.setting})`
    return `${name} ${this.rule}`
  }
}
