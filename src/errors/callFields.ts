import * as Schema from "effect/Schema"

/** A field with a default, for a transport that makes the error without knowing the call. */
export const filledIn = <A, I>(schema: Schema.Schema<A, I>, value: NoInfer<A>) =>
  schema.pipe(
    Schema.propertySignature,
    Schema.withConstructorDefault(() => value)
  )

/**
 * What the error of every call says about that call. A transport or a test double may leave these out: the
 * pipeline sets them before the error reaches the caller.
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
