import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"

const encoded = (value: unknown): unknown => {
  if (Duration.isDuration(value)) return Duration.toMillis(value)
  return DateTime.isDateTime(value) ? DateTime.formatIso(value) : value
}

/**
 * Gives a `Schema.TaggedError` class its JSON form: the encoded form plus `message`.
 *
 * Built field by field rather than by `Schema.encode`, because an error that was made without validation must
 * still print.
 */
export const withJson = <C extends { readonly prototype: Error }>(Base: C): C => {
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
  return Base
}
