import { didYouMean, isRecord, own, RuleBreak } from "../input.js"
import type { CallFacts, ClerkRequest, Decoded, Kind } from "../model.js"
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

export const factsOf = (
  { method, name, template }: Pick<OperationFacts, "method" | "name" | "template">,
  attempts: number
): CallFacts => ({ operation: name, method, path: template, attempts })

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

const fill = (segments: ReadonlyArray<Segment>, path: PathValues): ReadonlyArray<string> => {
  const filled: Array<string> = []
  for (const { text, parameter } of segments) {
    filled.push(parameter === undefined ? text : (path[parameter] ?? text))
  }
  return filled
}

/** A name of the caller's can be a text that the caller was sent, so it is cleaned like any text from outside. */
const flaw = (field: string, rule: string) => new RuleBreak(visibleText(field), rule)

/** The rule that an unknown parameter breaks. */
export const notAParameter = (name: string, known: ReadonlyArray<string>): string =>
  `is not a parameter of this operation${didYouMean(name, known)}`

const noValues: PathValues = {}

const checkPath = (path: unknown, names: ReadonlyArray<string>): PathValues | RuleBreak => {
  if (names.length === 0) return noValues
  if (path !== undefined && !isRecord(path)) return flaw("path", "must be an object")
  const given = path ?? noValues
  for (const name of Object.keys(given)) {
    if (!names.includes(name)) return flaw(name, notAParameter(name, names))
  }
  for (const name of names) {
    if (!Object.hasOwn(given, name)) return flaw(name, `must be given: ${idRule}`)
    if (!isIdText(given[name])) return flaw(name, `must be ${idRule}`)
  }
  return given as PathValues // every value was found to be a text
}

const inputParts: ReadonlyArray<string> = ["path", "query", "body"]

interface Input {
  readonly path?: unknown
  readonly query?: unknown
  readonly body?: unknown
}

const noInput: Input = {}

/** Reads the parts of an input. Rejects a member that the operation does not take: a part that is dropped is a trap. */
const readInput = (input: unknown, takes: ReadonlyArray<string>): Input | RuleBreak => {
  if (input === undefined || input === null) return noInput
  if (!isRecord(input)) return flaw("input", "must be an object")
  for (const key of Object.keys(input)) {
    if (takes.includes(key) || (inputParts.includes(key) && input[key] === undefined)) continue
    const rule = `is not a part of this operation's input, which takes ${takes.join(", ") || "nothing"}`
    return flaw(key, `${rule}${didYouMean(key, takes)}`)
  }
  return { path: own(input, "path"), query: own(input, "query"), body: own(input, "body") }
}

/** Leaves out what is `undefined`. An object in which nothing is left is not sent. */
const compact = (encoded: unknown): unknown => {
  if (!isRecord(encoded)) return encoded
  const given = Object.entries(encoded).filter(([, value]) => value !== undefined)
  return given.length === 0 ? undefined : Object.fromEntries(given)
}

const pick = (part: unknown, names: ReadonlyArray<string>): ReadonlyArray<unknown> =>
  typeof part === "object" && part !== null ? names.map((name) => Reflect.get(part, name)) : []

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
      const request: { -readonly [Part in keyof ClerkRequest]: ClerkRequest[Part] } = {
        operation: name,
        method,
        path: fill(segments, path)
      }
      // The schema of a query encodes to a query, and what is left of one is a query.
      if (query !== undefined) request.query = query as NonNullable<ClerkRequest["query"]>
      if (body !== undefined) request.body = body
      if (apiVersion !== undefined) request.apiVersion = apiVersion
      return {
        request,
        confirmation:
          confirmation === undefined
            ? undefined
            : { operation: name, method: "GET", path: fill(confirmation, path) },
        expectedId: responseId === undefined ? undefined : path[responseId],
        secrets:
          secrets.length === 0 ? secrets : textsIn([body, query].flatMap((part) => pick(part, secrets)))
      }
    }
  }
}
