import type * as Effect from "effect/Effect"
import { decoder, encoder } from "#major/parser.js"
import { type Codec, isVoid } from "#major/schemas.js"
import { type Encode, makeOperation, notAParameter, type Operation } from "../core/call/operation.js"
import { RuleBreak } from "../core/input.js"
import type { Decoded, SchemaIssue } from "../core/model.js"
import { visibleText } from "../core/redaction/redact.js"
import { call } from "./call.js"
import type { Declaration, DeclaredStatus, ErrorOf, Input, QueryEncoded } from "./declaration.js"

/** Rejects unknown properties, because a filter that is silently dropped lists too much. */
const strictly = { all: false, rejectUnknown: true }

const rules = {
  invalid: ({ expected }: SchemaIssue) => `must be ${expected}`,
  missing: ({ expected }: SchemaIssue) => `must be given: ${expected}`,
  unknown: ({ known = [], path }: SchemaIssue) => notAParameter(path[0] ?? "", path.length === 1 ? known : [])
}

const noIssue: SchemaIssue = { path: [], kind: "invalid", expected: "valid" }

const encodePart = <A, I>(part: string, schema: Codec<A, I> | undefined): Encode | undefined => {
  if (schema === undefined) return undefined
  const encode = encoder(schema, strictly)
  return (value) => {
    const result = encode(value)
    if (result._tag === "Success") return { encoded: result.value }
    const [issue = noIssue] = result.issues()
    // The name of a field can be a text that the caller was sent, so it is cleaned like any text from outside.
    return new RuleBreak(visibleText(issue.path[0] ?? part), rules[issue.kind](issue))
  }
}

/** Decodes what it can without a schema. The schema decodes the rest, and finds the issues. */
export type Reader<A> = (json: unknown) => A | undefined

const decoderWith = <A, I>(schema: Codec<A, I>, read: Reader<A> | undefined) => {
  const decode = decoder(schema, { all: true, rejectUnknown: false })
  if (read === undefined) return decode
  return (json: unknown): Decoded<A> => {
    const value = read(json)
    return value === undefined ? decode(json) : { _tag: "Success", value }
  }
}

/** Splits the template and compiles the schemas of a declaration. */
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
  declaration: Declaration<Path, A, AI, Status, Query, QueryI, Body, BodyI>,
  read?: Reader<A>
): Operation<A> => {
  const { apiVersion, body, confirm, errors, kind, method, name, path, query, responseId, secrets, success } =
    declaration
  return makeOperation({
    name,
    method,
    path,
    kind,
    errors: errors ?? [],
    apiVersion,
    responseId,
    confirm,
    secrets: secrets ?? [],
    query: encodePart("query", query),
    body: encodePart("body", body),
    hasBody: !isVoid(success),
    decode: decoderWith(success, read)
  })
}

/**
 * Makes an operation from a declaration that needs no check at run time, as the compiler and the tests have seen it. The
 * check would be a tenth of the size of a program that makes one call.
 *
 * The effect needs `ClerkHttp`, which it looks up when it runs: see `Operation.Op`.
 */
export const declared = <
  const Path extends `/${string}`,
  A,
  AI,
  const Status extends DeclaredStatus = never,
  Query = never,
  QueryI extends QueryEncoded = never,
  Body = never,
  BodyI = never
>(
  declaration: Declaration<Path, A, AI, Status, Query, QueryI, Body, BodyI>,
  read?: Reader<A>
): ((input: Input<Path, Query, Body>) => Effect.Effect<A, ErrorOf<Status>>) => {
  // Compiled at its first call, so that importing many operations costs nothing.
  let operation: Operation<A> | undefined
  return (input) => {
    operation ??= compile(declaration, read)
    // A status that is not declared is ClerkUnexpectedStatus, so no other error than the declared ones occurs.
    return call(operation, input) as Effect.Effect<A, ErrorOf<Status>>
  }
}
