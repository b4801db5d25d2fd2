import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as SchemaAST from "effect/SchemaAST"
import type * as Issue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import type { Decoded, SchemaIssue } from "../core/model.js"
import { failureOf } from "./cause.js"
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

/** The issue of a schema that decodes asynchronously, as on Effect 3. */
const suspended: SchemaIssue = {
  path: [],
  kind: "invalid",
  expected: "a value that its schema reads without waiting"
}

const decodedOf = <A>(exit: Exit.Exit<A, Issue.Issue>): Decoded<A> => {
  if (Exit.isSuccess(exit)) return { _tag: "Success", value: exit.value }
  const issue = failureOf(exit)
  if (issue !== undefined) return { _tag: "Failure", issues: () => schemaIssues(issue) }
  const defect = Cause.squash(exit.cause)
  if (Cause.isAsyncFiberError(defect)) return { _tag: "Failure", issues: () => [suspended] }
  throw defect
}

/** Makes the function that decodes by a schema. Only own properties of the input count. */
export const decoder = <A, I>(
  schema: Codec<A, I>,
  options: ParserOptions
): ((input: unknown) => Decoded<A>) => {
  const decode = SchemaParser.decodeUnknownExit(schema, optionsOf(options))
  const ast = SchemaAST.toEncoded(schema.ast)
  return (input) => decodedOf(decode(ownTree(ast, input)))
}

/** Makes the function that encodes by a schema. Only own properties of the input count. */
export const encoder = <A, I>(
  schema: Codec<A, I>,
  options: ParserOptions
): ((input: unknown) => Decoded<I>) => {
  const encode = SchemaParser.encodeUnknownExit(schema, optionsOf(options))
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
