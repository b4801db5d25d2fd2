import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { withConstructorDefault } from "#major/schemas.js"

export { httpApiStatus } from "#major/httpApiStatus.js"

/*
 * What the error classes share. This file is private: a file of this folder that users import has a capital.
 */

const encoded = (value: unknown): unknown => {
  if (Duration.isDuration(value)) return Duration.toMillis(value)
  return DateTime.isDateTime(value) ? DateTime.formatIso(value) : value
}

/**
 * Gives a `Schema.TaggedError` class its JSON form, the encoded form plus `message`, and the message that all of its
 * kind have, if there is one.
 *
 * The JSON is built field by field rather than by `Schema.encode`, because an error that was made without validation
 * must still print.
 */
export const withJson = <C extends { readonly prototype: Error }>(
  Base: C,
  message?: (error: C["prototype"]) => string
): C => {
  Object.defineProperty(Base.prototype, "toJSON", {
    configurable: true,
    writable: true,
    value(this: Error) {
      const json: Record<string, unknown> = {}
      for (const [key, value] of Object.entries(this)) {
        if (value !== undefined) json[key] = encoded(value)
      }
      json["message"] = this.message
      return json
    }
  })
  // Effect 4 prints the JSON form of an error, without its stack.
  Object.defineProperty(Base.prototype, Symbol.for("nodejs.util.inspect.custom"), {
    configurable: true,
    writable: true,
    value: undefined
  })
  if (message !== undefined) {
    Object.defineProperty(Base.prototype, "message", {
      configurable: true,
      get(this: C["prototype"]) {
        return message(this)
      }
    })
  }
  return Base
}

/** The wait in a message, in seconds. The milliseconds are rounded first, because their encoded form is a float. */
export const retryAfterText = (wait: Duration.Duration | undefined): string =>
  wait === undefined ? "" : ` (retry after ${Math.ceil(Math.round(Duration.toMillis(wait)) / 1000)} s)`

/**
 * What the error of every call says about that call. A transport or a test double may leave these out: the call loop
 * sets them before the error reaches the caller.
 */
export const callFields = {
  /** The name of the operation: `Sessions.get`. */
  operation: withConstructorDefault(Schema.String, "ClerkHttp.execute"),
  /** The HTTP method: `GET`. Empty if the operation makes no request, such as `SessionTokens.verify`, or is unknown. */
  method: withConstructorDefault(Schema.String, ""),
  /** The template of the path, without ids: `/sessions/{id}`. Empty where `method` is empty. */
  path: withConstructorDefault(Schema.String, ""),
  /** The number of requests that the call made. 0 if the input is invalid. */
  attempts: withConstructorDefault(Schema.Number, 1),
  /** Whether you can retry the call: a retry is safe, and it can succeed. */
  retryable: withConstructorDefault(Schema.Boolean, false),
  /** `true` if the client would have retried, but had used up its retry budget. Otherwise absent. */
  retryBudgetExhausted: Schema.optional(Schema.Boolean)
}
