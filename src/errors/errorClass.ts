import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

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

/** A field with a default, for a transport that makes the error without knowing the call. */
export const filledIn = <A, I>(schema: Schema.Schema<A, I>, value: NoInfer<A>) =>
  schema.pipe(
    Schema.propertySignature,
    Schema.withConstructorDefault(() => value)
  )

/**
 * What the error of every call says about that call. A transport or a test double may leave these out: the call loop
 * sets them before the error reaches the caller.
 */
export const callFields = {
  /** The name of the operation: `Sessions.get`. */
  operation: filledIn(Schema.String, "ClerkHttp.execute"),
  /** The HTTP method. */
  method: filledIn(Schema.String, "GET"),
  /** The path template, without ids: `/sessions/{id}`. */
  path: filledIn(Schema.String, "/"),
  /** The number of requests the call started. 0 if the input is invalid. */
  attempts: filledIn(Schema.Number, 1),
  /** Whether you can safely make the same call again, and it could succeed then. */
  retryable: filledIn(Schema.Boolean, false),
  /** `true` if the client would have retried, but had spent its retry budget. Absent otherwise. */
  retryBudgetExhausted: Schema.optional(Schema.Boolean)
}

/**
 * The annotation by which an `HttpApi` learns an error's status. Its key is a registered symbol, so the errors need not
 * import the platform's module.
 */
export const httpApiStatus = (status: number) => ({
  [Symbol.for("@effect/platform/HttpApiSchema/AnnotationStatus")]: status
})
