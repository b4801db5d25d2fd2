import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { own, RuleBreak } from "../core/input.js"
import type { ClerkRequest, DeclaredStatus, Kind } from "../core/model.js"
import { scrubText, textsIn } from "../core/redaction/redact.js"
import { IdText } from "../schema/Ids.js"
import type { Declaration, QueryEncoded } from "../services/Operation.js"
import { compileDecoder, refused } from "./compiledDecoder.js"
import { schemaIssues } from "./schemaIssues.js"

/** A request that passed its checks, with what its answer is held against. */
export interface PreparedCall {
  readonly request: ClerkRequest
  /** Reads the state the call was to bring about. */
  readonly confirmation: ClerkRequest | undefined
  /** The id the answer has to carry. */
  readonly responseId: string | undefined
  /** Texts that must not be shown, wherever they come back. */
  readonly secrets: ReadonlyArray<string>
}

/** What an operation is, whatever it answers with. */
export interface OperationFacts {
  readonly name: string
  readonly method: ClerkRequest["method"]
  readonly template: string
  readonly kind: Kind
  readonly declared: ReadonlySet<number>
  /** Whether a success carries a body. */
  readonly answers: boolean
}

/** A declaration made ready for calls: the template is split and the schemas are compiled, once. */
export interface CompiledOperation<A> extends OperationFacts {
  readonly decode: (json: unknown) => Either.Either<A, ParseResult.ParseIssue>
  readonly prepare: (input: unknown) => Either.Either<PreparedCall, RuleBreak>
  /** Whether what the confirmation gave is the state the call was to bring about. */
  readonly confirms: (answer: A) => boolean
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
    return new RuleBreak(scrubText(issue.path[0] ?? part, []), rules[issue.kind](issue.expected))
  }

const checker = <A, I>(part: string, schema: Schema.Schema<A, I>) => {
  const encode = ParseResult.encodeUnknownEither(schema, strictly)
  const refuse = ruleBreakOf(part)
  return (value: unknown): Either.Either<I, RuleBreak> => Either.mapLeft(encode(value), refuse)
}

const nothing = () => Either.right(undefined)

const parameter = /^\{(\w+)\}$/

/** The segments of a template: as they are, or the name of the parameter that stands there. */
interface Segment {
  readonly text: string
  readonly parameter: string | undefined
}

const segmentsOf = (template: string): ReadonlyArray<Segment> =>
  template
    .split("/")
    .filter((text) => text !== "")
    .map((text) => ({ text, parameter: parameter.exec(text)?.[1] }))

type PathValues = { readonly [parameter: string]: string }

const fill = (segments: ReadonlyArray<Segment>, path: PathValues): ReadonlyArray<string> =>
  segments.map(({ text, parameter }) => (parameter === undefined ? text : (path[parameter] ?? text)))

const decodeId = compileDecoder(IdText)

/** Checks the parameters of a path. The schema is asked only to say what is wrong with one. */
const pathChecker = (segments: ReadonlyArray<Segment>) => {
  const names = segments.flatMap(({ parameter }) => parameter ?? [])
  const explain = checker("path", Schema.Struct(Object.fromEntries(names.map((name) => [name, IdText]))))
  return (path: unknown): Either.Either<PathValues, RuleBreak> => {
    if (names.length === 0) return noParameters
    if (path !== undefined && !Predicate.isRecord(path)) return explain(path)
    const given: PathValues = Object(path)
    const isRight =
      Object.keys(given).length === names.length &&
      names.every((name) => Object.hasOwn(given, name) && decodeId?.(given[name]) !== refused)
    return isRight ? Either.right(given) : explain(given)
  }
}

const noParameters = Either.right({})

const inputParts = ["path", "query", "body"] as const

/** Finds the member of an input that an operation does not take: a part that is dropped in silence is a trap. */
const inputChecker =
  (takes: ReadonlyArray<string>) =>
  (input: unknown): RuleBreak | undefined => {
    if (input === undefined || input === null) return undefined
    if (!Predicate.isRecord(input)) return new RuleBreak("input", "must be an object")
    const strange = Object.keys(input).find(
      (key) => !takes.includes(key) && (input[key] !== undefined || !inputParts.some((part) => part === key))
    )
    return strange === undefined
      ? undefined
      : new RuleBreak(
          scrubText(strange, []),
          `is not a part of this operation's input, which takes ${takes.join(", ") || "nothing"}`
        )
  }

/** Leaves out what is `undefined`; of an object in which nothing is left, nothing is sent. */
const compact = (encoded: unknown): unknown => {
  if (!Predicate.isRecord(encoded)) return encoded
  const given = Object.entries(encoded).filter(([, value]) => value !== undefined)
  return given.length === 0 ? undefined : Object.fromEntries(given)
}

const pick = (body: unknown, names: ReadonlyArray<string>): ReadonlyArray<unknown> =>
  typeof body === "object" && body !== null ? names.map((name) => Reflect.get(body, name)) : []

const decoderWith = <A, I>(schema: Schema.Schema<A, I>) => {
  const compiled = compileDecoder(schema)
  const interpret = ParseResult.decodeUnknownEither(schema, { errors: "all", exact: true })
  return (json: unknown): Either.Either<A, ParseResult.ParseIssue> => {
    const decoded = compiled === undefined ? refused : compiled(json)
    // The compiled decoder gives what the schema gives, or `refused`: that is what its property tests are about.
    return decoded === refused ? interpret(json) : Either.right(decoded as A)
  }
}

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
  const { name, method, path: template, kind, apiVersion, responseId, confirm, secrets = [] } = declaration
  const segments = segmentsOf(template)
  const checkInput = inputChecker(
    inputParts.filter((part) =>
      part === "path"
        ? segments.some(({ parameter }) => parameter !== undefined)
        : declaration[part] !== undefined
    )
  )
  const confirmation = confirm === undefined ? undefined : segmentsOf(confirm.path)
  const checkPath = pathChecker(segments)
  const checkQuery = declaration.query === undefined ? nothing : checker("query", declaration.query)
  const checkBody = declaration.body === undefined ? nothing : checker("body", declaration.body)
  return {
    name,
    method,
    template,
    kind,
    declared: new Set<number>(declaration.errors),
    answers: !SchemaAST.isVoidKeyword(declaration.success.ast),
    decode: decoderWith(declaration.success),
    confirms: (answer) => confirm?.isDone(answer) ?? false,
    prepare: (input) => {
      // The types say what `input` holds; callers without types are why each part is checked from `unknown`.
      const broken = checkInput(input)
      if (broken !== undefined) return Either.left(broken)
      const given: { readonly [Part in (typeof inputParts)[number]]?: unknown } = Object(input)
      const path = checkPath(own(given, "path"))
      if (Either.isLeft(path)) return Either.left(path.left)
      const query = checkQuery(own(given, "query"))
      if (Either.isLeft(query)) return Either.left(query.left)
      const checked = checkBody(own(given, "body"))
      if (Either.isLeft(checked)) return Either.left(checked.left)
      // What is left of an encoded query is an encoded query.
      const search = compact(query.right) as QueryEncoded | undefined
      const body = compact(checked.right)
      return Either.right({
        request: {
          operation: name,
          method,
          path: fill(segments, path.right),
          ...(search === undefined ? undefined : { query: search }),
          ...(body === undefined ? undefined : { body }),
          ...(apiVersion === undefined ? undefined : { apiVersion })
        },
        confirmation:
          confirmation === undefined
            ? undefined
            : { operation: name, method: "GET", path: fill(confirmation, path.right) },
        responseId: responseId === undefined ? undefined : path.right[responseId],
        secrets: secrets.length === 0 ? secrets : textsIn(pick(body, secrets))
      })
    }
  }
}
