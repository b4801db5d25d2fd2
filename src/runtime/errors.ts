import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import type { RuleBreak } from "../core/input.js"
import type { KeysFailure, TokenFailure, WireFailure } from "../core/model.js"
import { ClerkDecodeError, ClerkTransportError } from "../errors/CallErrors.js"
import { ClerkConfigError } from "../errors/ClerkConfigError.js"
import { ClerkKeysUnavailable, ClerkTokenError } from "../errors/TokenErrors.js"

/*
 * Makes the error classes of failures that `core` returns as data. Constructors run without validation, because a failed
 * validation prints the value.
 */

/** The error of an option, or of the environment variable that holds it. */
export const configError = ({ field, rule }: RuleBreak, variable?: string): ClerkConfigError =>
  new ClerkConfigError(
    variable === undefined ? { setting: field, rule } : { setting: field, variable, rule },
    true
  )

/** The error of a transport. */
export const wireError = (failure: WireFailure): ClerkTransportError | ClerkDecodeError =>
  failure._tag === "ClerkTransportError"
    ? new ClerkTransportError(failure.fields, true)
    : new ClerkDecodeError(failure.fields, true)

/** The error of a token. */
export const tokenError = ({ fields }: TokenFailure<DateTime.Utc, Duration.Duration>): ClerkTokenError =>
  new ClerkTokenError(fields, true)

/** The error of keys that are unavailable. */
export const keysUnavailable = ({ fields }: KeysFailure): ClerkKeysUnavailable => {
  const { retryAfterMillis, ...rest } = fields
  const retryAfter = retryAfterMillis === undefined ? {} : { retryAfter: Duration.millis(retryAfterMillis) }
  return new ClerkKeysUnavailable({ ...rest, ...retryAfter }, true)
}
