import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { IdText } from "../schema/Ids.js"
import type { ClerkRequest } from "../services/ClerkHttp.js"
import type { Declaration, DeclaredStatus, Kind, QueryEncoded } from "../services/Operation.js"
import type { RuleBreak } from "./ruleBreak.js"
import { schemaIssues } from "./schemaIssues.js"
import { scrubText, textsIn } from "./scrub.js"

/** A request that passed its checks, with what its answer is held against. */
export interface PreparedCall {
  readonly request: ClerkRequest
  /** The id the answer has to carry. */
  readonly answerId: string | undefined
  /** Texts that must not be shown, wherever they come back. */
  readonly secrets: ReadonlyArray<string>
}

/** A declaration made ready for calls: the template is split and the schemas are compiled, once. */
export interface CompiledOperation<A> {
  readonly name: string
  readonly method: ClerkRequest["method"]
  readonly template: string
  readonly kind: Kind
  readonly declared: ReadonlySet<number>
  /** Whether a success carries a body. */
  readonly answers: boolean
  readonly decode: (json: unknown) => Either.Either<A, ParseResult.ParseIssue>
  readonly prepare: (input: unknown) => Either.Either<PreparedCall, RuleBreak>
}

/** Only own properties count, and one that is not declared is refused: a filter that is dropped is a trap. */
const strictly = { errors: "first", exact: true, onExcessProperty: "error" } as const

const rules = {
  invalid: (expected: string) => `must be ${expected}`,
  missing: (expected: string) => `must be given: ${expected}`,
  unknown: () => "is not a parameter of this operation"
}

const ruleBreakOf =
  (part: string) =>
  (failure: ParseResult.ParseIssue): RuleBreak => {
    const issue = schemaIssues(failure)[0] ?? { path: [], kind: "invalid", expected: "valid" }
    // A field's name can be a key the caller was sent, so it is cleaned like any text from outside.
    return { field: scrubText(issue.path[0] ?? part, []), rule: rules[issue.kind](issue.expected) }
  }

const checker = <A, I>(part: string, schema: Schema.Schema<A, I>) => {
  const encode = ParseResult.encodeUnknownEither(schema, strictly)
  const refuse = ruleBreakOf(part)
  return (value: unknown): Either.Either<I, RuleBreak> => Either.mapLeft(encode(value), refuse)
}

const nothing = () => Either.right(undefined)

const parameter = /^\{(\w+)\}$/

/** Leaves out what is `undefined`; of an object in which nothing is left, nothing is sent. */
const compact = (encoded: unknown): unknown => {
  if (typeof encoded !== "object" || encoded === null || Array.isArray(encoded)) return encoded
  const given = Object.entries(encoded).filter(([, value]) => value !== undefined)
  return given.length === 0 ? undefined : Object.fromEntries(given)
}

const pick = (body: unknown, names: ReadonlyArray<string>): ReadonlyArray<unknown> =>
  typeof body === "object" && body !== null ? names.map((name) => Reflect.get(body, name)) : []

export const compile = <
  Path extends string,
  A,
  AI,
  Status extends DeclaredStatus,
  Query,
  QueryI extends QueryEncoded,
  Body,
  BodyI
>(
  declaration: Declaration<Path, A, AI, Status, Query, QueryI, Body, BodyI>
): CompiledOperation<A> => {
  const { name, method, path: template, kind, apiVersion, answersFor, secrets = [] } = declaration
  const segments = template.split("/").filter((segment) => segment !== "")
  const parameters = segments.flatMap((segment) => parameter.exec(segment)?.[1] ?? [])
  const checkPath = checker("path", Schema.Struct(Object.fromEntries(parameters.map((key) => [key, IdText]))))
  const checkQuery = declaration.query === undefined ? nothing : checker("query", declaration.query)
  const checkBody = declaration.body === undefined ? nothing : checker("body", declaration.body)
  return {
    name,
    method,
    template,
    kind,
    declared: new Set<number>(declaration.errors),
    answers: !SchemaAST.isVoidKeyword(declaration.success.ast),
    decode: ParseResult.decodeUnknownEither(declaration.success, { errors: "all", exact: true }),
    prepare: (input) =>
      Either.gen(function* () {
        // The types say what `input` holds; callers without types are why each part is checked from `unknown`.
        const given: { readonly path?: unknown; readonly query?: unknown; readonly body?: unknown } =
          Object(input)
        const path: { readonly [key: string]: string } = yield* checkPath(given.path ?? {})
        // What is left of an encoded query is an encoded query.
        const query = compact(yield* checkQuery(given.query)) as QueryEncoded | undefined
        const body = compact(yield* checkBody(given.body))
        const request: ClerkRequest = {
          operation: name,
          method,
          path: segments.map((segment) => path[parameter.exec(segment)?.[1] ?? ""] ?? segment),
          ...(query === undefined ? undefined : { query }),
          ...(body === undefined ? undefined : { body }),
          ...(apiVersion === undefined ? undefined : { apiVersion })
        }
        return {
          request,
          answerId: answersFor === undefined ? undefined : path[answersFor],
          secrets: textsIn(pick(body, secrets))
        }
      })
  }
}
