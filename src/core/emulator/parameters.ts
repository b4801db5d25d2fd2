import { isRecord, ownProperties, RuleBreak } from "../input.js"
import * as Errors from "./errorResponses.js"
import { byteLengthOf, limits, readJson, textOf } from "./limits.js"

/** The named parameters of a request, from its query or its body. */
export type Parameters = Readonly<Record<string, unknown>>

/** Reads a JSON body. */
export const readBody = (
  contentType: string | undefined,
  body: string | Uint8Array
): Parameters | Errors.ErrorResponse => {
  if (body.length === 0) return {}
  if (body.length > limits.bodyBytes || byteLengthOf(body) > limits.bodyBytes) {
    return Errors.bodyTooLarge(limits.bodyBytes)
  }
  if (contentType?.split(";")[0]?.trim().toLowerCase() !== "application/json") return Errors.contentType
  const text = textOf(body)
  if (text === undefined) return Errors.bodyText("is not valid UTF-8")
  const json = readJson(text)
  if (json instanceof RuleBreak) return Errors.bodyText(json.rule)
  // Clerk's Go client sends the text `null` for an empty body.
  if (json === null) return {}
  return isRecord(json) ? json : Errors.bodyText("is not a JSON object")
}

/** Reads one parameter, which is `undefined` if it is absent or null. */
export type Reader = (value: unknown, name: string) => unknown

type Read<Readers> = {
  readonly [Name in keyof Readers]: Readers[Name] extends (value: unknown, name: string) => infer A
    ? Exclude<A, Errors.ErrorResponse>
    : never
}

/** Reads parameters, each by its reader. Returns the error of the first one that is unknown or invalid. */
export const readParameters = <const Readers extends { readonly [name: string]: Reader }>(
  given: Parameters,
  readers: Readers
): Read<Readers> | Errors.ErrorResponse => {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(readers, name))
  if (unknown !== undefined) return Errors.unknown(unknown)
  const copy = ownProperties(given)
  const parameters: Record<string, unknown> = Object.create(null)
  for (const [name, read] of Object.entries(readers)) {
    const value = read(copy[name] ?? undefined, name)
    if (value instanceof Errors.ErrorResponse) return value
    parameters[name] = value
  }
  return parameters as Read<Readers> // each member is what its reader returned, and no ErrorResponse
}

const reader =
  <A>(is: (value: unknown) => value is A, expected: string) =>
  (value: unknown, name: string): A | undefined | Errors.ErrorResponse =>
    value === undefined || is(value) ? value : Errors.type(name, expected)

export const record = reader(isRecord, "object")

export const flag = reader((value) => typeof value === "boolean", "boolean")

const anyText = reader((value) => typeof value === "string", "string")

/** An empty text counts as an absent one. */
export const text = (value: unknown, name: string): string | undefined | Errors.ErrorResponse =>
  anyText(value, name) || undefined

export const required = (value: unknown, name: string): string | Errors.ErrorResponse =>
  text(value, name) ?? Errors.missing(name)

export const oneOf =
  (allowed: ReadonlyArray<string>) =>
  (value: unknown, name: string): string | undefined | Errors.ErrorResponse => {
    const read = anyText(value, name)
    return typeof read === "string" && !allowed.includes(read) ? Errors.value(name, allowed.join(", ")) : read
  }

const wholeNumber =
  (isWhole: (value: unknown) => boolean) =>
  (minimum: number, maximum: number) =>
  (value: unknown, name: string): number | undefined | Errors.ErrorResponse => {
    if (value === undefined) return undefined
    if (!isWhole(value)) return Errors.type(name, "integer")
    const number = Number(value)
    if (number < minimum) return Errors.value(name, `at least ${minimum}`)
    return number > maximum ? Errors.tooLarge(name, maximum) : number
  }

export const integer = wholeNumber(Number.isInteger)

/** A whole number as the text of a query. */
export const integerText = wholeNumber((value) => typeof value === "string" && /^-?\d{1,15}$/.test(value))

/** A flag as the text of a query. */
export const flagText = (value: unknown, name: string): boolean | Errors.ErrorResponse => {
  if (value === undefined || value === "false") return false
  return value === "true" ? true : Errors.type(name, typeof value === "string" ? "boolean" : "string")
}
