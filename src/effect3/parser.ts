import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import type { Decoded, SchemaIssue } from "../core/model.js"
import { schemaIssues } from "./schemaIssues.js"
import type { Codec } from "./schemas.js"

export interface ParserOptions {
  /** Whether to find all issues, and not only the first one. */
  readonly all: boolean
  /** Whether an unknown field is an issue. Otherwise it is dropped. */
  readonly rejectUnknown: boolean
}

/** Only own properties count. */
const optionsOf = ({ all, rejectUnknown }: ParserOptions) =>
  ({
    errors: all ? "all" : "first",
    onExcessProperty: rejectUnknown ? "error" : "ignore",
    exact: true
  }) as const

const decodedOf = <A>(result: Either.Either<A, ParseResult.ParseIssue>): Decoded<A> =>
  Either.match(result, {
    onRight: (value) => ({ _tag: "Success", value }),
    onLeft: (issue) => ({ _tag: "Failure", issues: () => schemaIssues(issue) })
  })

/** Makes the function that decodes by a schema. Only own properties of the input count. */
export const decoder = <A, I>(
  schema: Codec<A, I>,
  options: ParserOptions
): ((input: unknown) => Decoded<A>) => {
  const decode = ParseResult.decodeUnknownEither(schema, optionsOf(options))
  return (input) => decodedOf(decode(input))
}

/** Makes the function that encodes by a schema. Only own properties of the input count. */
export const encoder = <A, I>(
  schema: Codec<A, I>,
  options: ParserOptions
): ((input: unknown) => Decoded<I>) => {
  const encode = ParseResult.encodeUnknownEither(schema, optionsOf(options))
  return (input) => decodedOf(encode(input))
}

/** As `decoder`, for a schema that may decode asynchronously. */
export const effectDecoder = <A, I>(
  schema: Codec<A, I>,
  options: ParserOptions
): ((input: unknown) => Effect.Effect<A, ReadonlyArray<SchemaIssue>>) => {
  const decode = ParseResult.decodeUnknown(schema, optionsOf(options))
  return (input) => Effect.mapError(decode(input), schemaIssues)
}
