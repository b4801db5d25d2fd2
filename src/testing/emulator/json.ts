import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"

/** Deeper JSON overflows the stack of code that walks it, `JSON.stringify` among it. */
export const maxDepth = 100

/** Whether JSON text nests arrays and objects deeper than `maxDepth`. Brackets inside strings do not count. */
export const isTooDeep = (text: string): boolean => {
  let depth = 0
  let inString = false
  for (let index = 0; index < text.length; index++) {
    const character = text[index]
    if (inString) {
      if (character === "\\") index++
      else if (character === '"') inString = false
    } else if (character === '"') inString = true
    else if (character === "[" || character === "{") {
      if (++depth > maxDepth) return true
    } else if (character === "]" || character === "}") depth--
  }
  return false
}

/** Reads JSON. What is wrong with the text is told in words that read on from a name for it. */
export const parseJson = (text: string): Either.Either<unknown, string> => {
  if (isTooDeep(text)) return Either.left(`is nested deeper than ${maxDepth} levels`)
  return Either.try({ try: (): unknown => JSON.parse(text), catch: () => "is not JSON" })
}

/** The text of a body; none where its bytes are not UTF-8. A byte order mark is not part of the text. */
export const textOf = (body: string | Uint8Array): Option.Option<string> =>
  typeof body === "string"
    ? Option.some(body)
    : Option.liftThrowable(() => new TextDecoder("utf-8", { fatal: true }).decode(body))()

/** The number of bytes a body has on the wire. */
export const byteLengthOf = (body: string | Uint8Array): number =>
  typeof body === "string" ? new TextEncoder().encode(body).length : body.length

/** An object that JSON can hold: no array, no cycle, no `bigint`, not too deep. */
export const isJsonObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  Predicate.isRecord(value) && Option.exists(jsonTextOf(value), (text) => !isTooDeep(text))

const jsonTextOf = Option.liftThrowable((value: object) => JSON.stringify(value))

/** Whether a JSON object is small enough for the emulator to keep. */
export const isKeepable = (value: unknown): boolean =>
  isJsonObject(value) && JSON.stringify(value).length <= 64 * 1024
