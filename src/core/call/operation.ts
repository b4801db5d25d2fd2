import { isRecord, ownProperties, RuleBreak } from "../input.js"
import type { ClerkRequest, Issue, Kind } from "../model.js"
import { textsIn, visibleText } from "../redaction/redact.js"

/** A request that passed its checks, with what its response is compared with. */
export interface PreparedCall {
  readonly request: ClerkRequest
  /** Reads the state that the call is to bring about. */
  readonly confirmation: ClerkRequest | undefined
  /** The id that the response must have. */
  readonly expectedId: string | undefined
  /** Texts that no error may show. */
  readonly secrets: ReadonlyArray<string>
}

/** The facts of an operation that do not depend on the type of its response. */
export interface OperationFacts {
  readonly name: string
  readonly method: ClerkRequest["method"]
  readonly template: string
  readonly kind: Kind
  readonly declared: ReadonlySet<number>
  /** Whether a success has a body. */
  readonly hasBody: boolean
}

/** Where a value differs from its schema. */
export interface SchemaIssue extends Omit<Issue, "path"> {
  readonly path: ReadonlyArray<string>
  readonly kind: "invalid" | "missing" | "unknown"
}

/** A decoded body, or the issues that it has. */
export type Decoded<A> =
  | { readonly _tag: "Success"; readonly value: A }
  | { readonly _tag: "Failure"; readonly issues: () => ReadonlyArray<SchemaIssue> }

/** An operation that is ready for calls. */
export interface Operation<A> extends OperationFacts {
  readonly decode: (json: unknown) => Decoded<A>
  readonly prepare: (input: unknown) => PreparedCall | RuleBreak
  /** Whether a response to the confirmation is the state that the call is to bring about. */
  readonly isDone: (value: A) => boolean
}

/** Encodes a part of the input. */
export type Encode = (value: unknown) => { readonly encoded: unknown } | RuleBreak

/** The parts of a declaration, with schemas replaced by functions. */
export interface OperationParts<A> {
  readonly name: string
  readonly method: ClerkRequest["method"]
  readonly path: string
  readonly kind: Kind
  readonly errors: ReadonlyArray<number>
  readonly apiVersion: string | undefined
  readonly responseId: string | undefined
  readonly confirm: { readonly path: string; readonly isDone: (value: A) => boolean } | undefined
  readonly secrets: ReadonlyArray<string>
  readonly query: Encode | undefined
  readonly body: Encode | undefined
  readonly hasBody: boolean
  readonly decode: Operation<A>["decode"]
}

/** Whether a text may stand for an id, or a template's name, in a path. */
export const isIdText = (text: unknown): text is string =>
  typeof text === "string" && /^[A-Za-z0-9_-]{1,128}$/.test(text)

export const idRule = "1 to 128 letters, digits, underscores or hyphens"

/** A segment of a template: a text, or a parameter. */
interface Segment {
  readonly text: string
  readonly parameter: string | undefined
}

const segmentsOf = (template: string): ReadonlyArray<Segment> =>
  template
    .split("/")
    .filter((text) => text !== "")
    .map((text) => ({ text, parameter: /^\{(\w+)\}$/.exec(text)?.[1] }))

const parametersOf = (segments: ReadonlyArray<Segment>): ReadonlyArray<string> =>
  segments.flatMap(({ parameter }) => parameter ?? [])

type PathValues = { readonly [parameter: string]: string }

const fill = (segments: ReadonlyArray<Segment>, path: PathValues): ReadonlyArray<string> =>
  segments.map(({ text, parameter }) => (parameter === undefined ? text : (path[parameter] ?? text)))

/** A name of the caller's can be a text that the caller was sent, so it is cleaned like any text from outside. */
const flaw = (field: string, rule: string) => new RuleBreak(visibleText(field), rule)

export const notAParameter = "is not a parameter of this operation"

const checkPath = (path: unknown, names: ReadonlyArray<string>): PathValues | RuleBreak => {
  if (names.length === 0) return {}
  if (path !== undefined && !isRecord(path)) return flaw("path", "must be an object")
  const given = path ?? {}
  const unknown = Object.keys(given).find((name) => !names.includes(name))
  if (unknown !== undefined) return flaw(unknown, notAParameter)
  const missing = names.find((name) => !Object.hasOwn(given, name))
  if (missing !== undefined) return flaw(missing, `must be given: ${idRule}`)
  const invalid = names.find((name) => !isIdText(given[name]))
  // Every value was found to be a text.
  return invalid === undefined ? (given as PathValues) : flaw(invalid, `must be ${idRule}`)
}

const inputParts = ["path", "query", "body"] as const

type Input = { readonly [Part in (typeof inputParts)[number]]?: unknown }

/** Copies an input. Rejects a member that the operation does not take: a part that is dropped is a trap. */
const readInput = (input: unknown, takes: ReadonlyArray<string>): Input | RuleBreak => {
  if (input === undefined || input === null) return {}
  if (!isRecord(input)) return flaw("input", "must be an object")
  const given = ownProperties(input)
  const strange = Object.keys(given).find(
    (key) => !takes.includes(key) && (given[key] !== undefined || !inputParts.some((part) => part === key))
  )
  return strange === undefined
    ? given
    : flaw(strange, `is not a part of this operation's input, which takes ${takes.join(", ") || "nothing"}`)
}

/** Leaves out what is `undefined`. An object in which nothing is left is not sent. */
const compact = (encoded: unknown): unknown => {
  if (!isRecord(encoded)) return encoded
  const given = Object.entries(encoded).filter(([, value]) => value !== undefined)
  return given.length === 0 ? undefined : Object.fromEntries(given)
}

const pick = (body: unknown, names: ReadonlyArray<string>): ReadonlyArray<unknown> =>
  typeof body === "object" && body !== null ? names.map((name) => Reflect.get(body, name)) : []

const encodePart = (encode: Encode | undefined, value: unknown): unknown => {
  const result = encode?.(value)
  return result === undefined || result instanceof RuleBreak ? result : compact(result.encoded)
}

export const makeOperation = <A>({
  apiVersion,
  body: encodeBody,
  confirm,
  decode,
  errors,
  hasBody,
  kind,
  method,
  name,
  path: template,
  query: encodeQuery,
  responseId,
  secrets
}: OperationParts<A>): Operation<A> => {
  const segments = segmentsOf(template)
  const names = parametersOf(segments)
  const confirmation = confirm === undefined ? undefined : segmentsOf(confirm.path)
  const takes = [
    ...(names.length === 0 ? [] : ["path"]),
    ...(encodeQuery === undefined ? [] : ["query"]),
    ...(encodeBody === undefined ? [] : ["body"])
  ]
  return {
    name,
    method,
    template,
    kind,
    declared: new Set(errors),
    hasBody,
    decode,
    isDone: (value) => confirm?.isDone(value) ?? false,
    prepare: (input) => {
      // The types say what `input` holds. Callers without types are why each part is checked from `unknown`.
      const given = readInput(input, takes)
      if (given instanceof RuleBreak) return given
      const path = checkPath(given.path, names)
      if (path instanceof RuleBreak) return path
      const query = encodePart(encodeQuery, given.query)
      if (query instanceof RuleBreak) return query
      const body = encodePart(encodeBody, given.body)
      if (body instanceof RuleBreak) return body
      return {
        request: {
          operation: name,
          method,
          path: fill(segments, path),
          // The schema of a query encodes to a query, and what is left of one is a query.
          ...(query === undefined ? undefined : { query: query as NonNullable<ClerkRequest["query"]> }),
          ...(body === undefined ? undefined : { body }),
          ...(apiVersion === undefined ? undefined : { apiVersion })
        },
        confirmation:
          confirmation === undefined
            ? undefined
            : { operation: name, method: "GET", path: fill(confirmation, path) },
        expectedId: responseId === undefined ? undefined : path[responseId],
        secrets: secrets.length === 0 ? secrets : textsIn(pick(body, secrets))
      }
    }
  }
}
