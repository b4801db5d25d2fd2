import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as SchemaAST from "effect/SchemaAST"
import type * as Issue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import type { Decoded, SchemaIssue } from "../core/model.js"
import { ownTree } from "./ownTree.js"
import { schemaIssues } from "./schemaIssues.js"
import type { Codec } from "./schemas.js"

export interface ParserOptions {
  /** Whether to find all issues, and not only the first one. */
  readonly all: boolean
  /** Whether an unknown field is an issue. Otherwise it is dropped. */
  readonly rejectUnknown: boolean
}

const optionsOf = ({ all, rejectUnknown }: ParserOptions) =>
  ({ errors: all ? "all" : "first", onExcessProperty: rejectUnknown ? "error" : "ignore" }) as const

const decodedOf = <A>(result: Result.Result<A, Issue.Issue>): Decoded<A> =>
  Result.match(result, {
    onSuccess: (value) => ({ _tag: "Success", value }),
    onFailure: (issue) => ({ _tag: "Failure", issues: () => schemaIssues(issue) })
  })

/** Makes the function that decodes by a schema. Only own properties of the input count. */
export const decoder = <A, I>(
  schema: Codec<A, I>,
  options: ParserOptions
): ((input: unknown) => Decoded<A>) => {
  const decode = SchemaParser.decodeUnknownResult(schema, optionsOf(options))
  const ast = SchemaAST.toEncoded(schema.ast)
  return (input) => decodedOf(decode(ownTree(ast, input)))
}

/** Makes the function that encodes by a schema. Only own properties of the input count. */
export const encoder = <A, I>(
  schema: Codec<A, I>,
  options: ParserOptions
): ((input: unknown) => Decoded<I>) => {
  const encode = SchemaParser.encodeUnknownResult(schema, optionsOf(options))
  const ast = SchemaAST.toType(schema.ast)
  return (input) => decodedOf(encode(ownTree(ast, input)))
}

/** As `decoder`, for a schema that may decode asynchronously. */
export const effectDecoder = <A, I>(
  schema: Codec<A, I>,
  options: ParserOptions
): ((input: unknown) => Effect.Effect<A, ReadonlyArray<SchemaIssue>>) => {
  const decode = SchemaParser.decodeUnknownEffect(schema, optionsOf(options))
  const ast = SchemaAST.toEncoded(schema.ast)
  return (input) => Effect.mapError(decode(ownTree(ast, input)), schemaIssues)
}
