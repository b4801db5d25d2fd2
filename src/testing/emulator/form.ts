import type * as Headers from "@effect/platform/Headers"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { byteLengthOf, parseJson, textOf } from "./json.js"
import { limits } from "./limits.js"
import type { EmulatorRequest } from "./model.js"
import * as Refusals from "./refusals.js"

/** The named parameters of a request, from its query or its body. Null counts as absent. */
export type Form = Readonly<Record<string, unknown>>

export const parseBody = (
  headers: Headers.Headers,
  body: EmulatorRequest["body"]
): Either.Either<Form, Refusals.Refusal> => {
  if (body.length === 0) return Either.right({})
  if (body.length > limits.bodyBytes || byteLengthOf(body) > limits.bodyBytes) {
    return Either.left(Refusals.bodyTooLarge(limits.bodyBytes))
  }
  if (headers["content-type"]?.split(";")[0]?.trim().toLowerCase() !== "application/json") {
    return Either.left(Refusals.contentType)
  }
  const text = Option.getOrUndefined(textOf(body))
  if (text === undefined) return Either.left(Refusals.bodyText("is not valid UTF-8"))
  return Either.mapLeft(parseJson(text), Refusals.bodyText).pipe(
    Either.flatMap((json) => {
      // Clerk's Go client sends the text `null` where there is nothing to send.
      if (json === null) return Either.right({})
      return Predicate.isRecord(json)
        ? Either.right(json)
        : Either.left(Refusals.bodyText("is not a JSON object"))
    })
  )
}

export const only = (form: Form, names: ReadonlyArray<string>): Effect.Effect<void, Refusals.Refusal> => {
  const unknown = Object.keys(form).find((name) => !names.includes(name))
  return unknown === undefined ? Effect.void : Effect.fail(Refusals.unknown(unknown))
}

export const optional = <A>(
  form: Form,
  name: string,
  is: (value: unknown) => value is A,
  expected: string
): Effect.Effect<Option.Option<A>, Refusals.Refusal> => {
  const value = form[name]
  if (Predicate.isNullable(value)) return Effect.succeedNone
  return is(value) ? Effect.succeedSome(value) : Effect.fail(Refusals.type(name, expected))
}

export const optionalString = (form: Form, name: string) => optional(form, name, Predicate.isString, "string")

/** A text that says something: an empty one is as good as none. */
export const filled = (form: Form, name: string) =>
  Effect.map(
    optionalString(form, name),
    Option.filter((value) => value !== "")
  )

export const required = (form: Form, name: string): Effect.Effect<string, Refusals.Refusal> =>
  Effect.flatMap(
    filled(form, name),
    Option.match({
      onNone: () => Effect.fail(Refusals.missing(name)),
      onSome: Effect.succeed
    })
  )

export const oneOf = (form: Form, name: string, allowed: ReadonlyArray<string>) =>
  Effect.filterOrFail(
    optionalString(form, name),
    Option.match({ onNone: () => true, onSome: (value) => allowed.includes(value) }),
    () => Refusals.value(name, allowed.join(", "))
  )

const checkRange = (name: string, value: Option.Option<number>, minimum: number, maximum: number) =>
  Option.match(value, {
    onNone: () => Effect.succeedNone,
    onSome: (number) =>
      number < minimum
        ? Effect.fail(Refusals.value(name, `at least ${minimum}`))
        : number > maximum
          ? Effect.fail(Refusals.tooLarge(name, maximum))
          : Effect.succeedSome(number)
  })

const isInteger = (value: unknown): value is number => Number.isInteger(value)

export const integer = (form: Form, name: string, minimum: number, maximum: number) =>
  Effect.flatMap(optional(form, name, isInteger, "integer"), (value) =>
    checkRange(name, value, minimum, maximum)
  )

const isDigits = (value: unknown): value is string => Predicate.isString(value) && /^-?\d{1,15}$/.test(value)

export const integerText = (form: Form, name: string, minimum: number, maximum: number) =>
  Effect.flatMap(optional(form, name, isDigits, "integer"), (value) =>
    checkRange(name, Option.map(value, Number), minimum, maximum)
  )

export const booleanText = (form: Form, name: string): Effect.Effect<boolean, Refusals.Refusal> =>
  Effect.flatMap(
    optionalString(form, name),
    Option.match({
      onNone: () => Effect.succeed(false),
      onSome: (value) =>
        value === "true" || value === "false"
          ? Effect.succeed(value === "true")
          : Effect.fail(Refusals.type(name, "boolean"))
    })
  )
