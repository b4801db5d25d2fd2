import type { RuleBreak } from "../core/input.js"
import type { WireFailure } from "../core/model.js"
import { ClerkDecodeError, ClerkTransportError } from "../errors/CallErrors.js"
import { ClerkConfigError } from "../errors/ClerkConfigError.js"

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

/** The failure in an error of a transport, or `undefined` for any other value. */
export const wireFailure = (error: unknown): WireFailure | undefined => {
  if (error instanceof ClerkTransportError) {
    const { proxyStatus, reason, sent } = error
    return {
      _tag: "ClerkTransportError",
      fields: { reason, sent, ...(proxyStatus === undefined ? undefined : { proxyStatus }) }
    }
  }
  if (error instanceof ClerkDecodeError) {
    const { contentType, maxResponseBytes, reason, status } = error
    return {
      _tag: "ClerkDecodeError",
      fields: {
        reason,
        contentType,
        ...(status === undefined ? undefined : { status }),
        ...(maxResponseBytes === undefined ? undefined : { maxResponseBytes })
      }
    }
  }
  return undefined
}
