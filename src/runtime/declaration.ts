import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { optionsFlaw, ownProperties } from "../core/input.js"
import type { ClerkRequest, DeclaredStatus, Kind } from "../core/model.js"

const parts = [
  "name",
  "method",
  "path",
  "kind",
  "success",
  "errors",
  "query",
  "body",
  "apiVersion",
  "responseId",
  "confirm",
  "secrets"
] as const

const methods: ReadonlyArray<ClerkRequest["method"]> = ["GET", "POST", "PUT", "PATCH", "DELETE"]
const kinds: ReadonlyArray<Kind> = ["read", "idempotent", "once"]
const statuses: ReadonlyArray<DeclaredStatus> = [404, 409, 410, 422]

const listed = (values: ReadonlyArray<string | number>): string =>
  values.map((value) => JSON.stringify(value)).join(", ")

const shown = (value: unknown): string => {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 100))
  if (Array.isArray(value)) return `[${value.slice(0, 8).map(shown).join(", ")}]`
  return (typeof value === "object" && value !== null) || typeof value === "function"
    ? `a value of type ${typeof value}`
    : String(value)
}

const includes = (values: ReadonlyArray<unknown>, value: unknown): boolean => values.includes(value)

/** Says what is wrong with a segment of a path, or adds the parameter that stands there to `parameters`. */
const segmentFlaw = (segment: string, parameters: Array<string>): string | undefined => {
  if (segment === "") return "must have no empty segment, and no / at its end"
  if (segment === "." || segment === "..") return "must have no segment . or .."
  if (/[{}]/.test(segment)) {
    const name = /^\{(\w+)\}$/.exec(segment)?.[1]
    if (name === undefined || name === "__proto__") {
      return 'must have each parameter in a segment of its own, as in "/users/{id}"'
    }
    if (parameters.includes(name)) return `must have the parameter ${name} only once`
    parameters.push(name)
    return undefined
  }
  return /^[\w.~-]+$/.test(segment)
    ? undefined
    : "must consist of letters, digits and - . _ ~ between its slashes (a query is declared as query)"
}

/**
 * Checks a declaration as a whole, for callers without types and for what types cannot say. Throws a `TypeError` that
 * names the part, what it must be and what it is. Gives back a copy of the own members, which later changes to the
 * declaration do not reach.
 */
export const checkDeclaration = <D extends object>(declaration: D): D => {
  let title = "Operation.make"
  const reject = (part: string, rule: string, given: unknown): never => {
    throw new TypeError(`${title}: ${part} ${rule}; it is ${shown(given)}`)
  }
  if (typeof declaration !== "object" || declaration === null || Array.isArray(declaration)) {
    return reject("the declaration", "must be an object", declaration)
  }
  const copy = ownProperties(declaration)
  const own: { readonly [Part in (typeof parts)[number]]?: unknown } = copy
  if (typeof own.name !== "string" || !/^(?=.*\S)[^\p{Cc}]{1,128}$/u.test(own.name)) {
    return reject("name", 'must be 1 to 128 characters on one line, as in "Users.ban"', own.name)
  }
  title = `Operation.make(${JSON.stringify(own.name)})`
  const flaw = optionsFlaw(
    declaration,
    { unknown: `is not a part of a declaration; the parts are ${parts.join(", ")}` },
    parts
  )
  if (flaw !== undefined) throw new TypeError(`${title}: ${flaw.field} ${flaw.rule}`)

  const oneOf = (part: "method" | "kind", values: ReadonlyArray<string>) => {
    if (!includes(values, own[part])) reject(part, `must be one of ${listed(values)}`, own[part])
  }
  const schema = (part: "success" | "query" | "body") => {
    if (!Schema.isSchema(own[part])) reject(part, "must be a Schema of effect", own[part])
  }
  const parametersOf = (part: string, path: unknown): ReadonlyArray<string> => {
    if (typeof path !== "string" || !path.startsWith("/")) return reject(part, 'must start with "/"', path)
    if (/^\/v1(\/|$)/.test(path)) return reject(part, "must not start with /v1, which the client adds", path)
    const parameters: Array<string> = []
    for (const segment of path.slice(1).split("/")) {
      const flaw = segmentFlaw(segment, parameters)
      if (flaw !== undefined) reject(part, flaw, path)
    }
    return parameters
  }

  oneOf("method", methods)
  oneOf("kind", kinds)
  const parameters = parametersOf("path", own.path)
  schema("success")
  if (own.query !== undefined) schema("query")
  if (own.body !== undefined) {
    schema("body")
    if (own.method === "GET") reject("body", "must be left out: a GET request has none", own.body)
  }
  const { responseId, apiVersion, confirm, errors, secrets } = own
  if (errors !== undefined) {
    if (!Array.isArray(errors) || !errors.every((each) => includes(statuses, each)))
      return reject("errors", `must be an array of ${listed(statuses)}`, errors)
    Object.assign(copy, { errors: [...errors] })
  }
  if (
    apiVersion !== undefined &&
    !(typeof apiVersion === "string" && /^\d{4}-\d{2}-\d{2}$/.test(apiVersion))
  ) {
    reject("apiVersion", "must be a date such as 2026-05-12", apiVersion)
  }
  if (responseId !== undefined && !includes(parameters, responseId)) {
    reject(
      "responseId",
      `must be a parameter of the path (${listed(parameters) || "it has none"})`,
      responseId
    )
  }
  if (confirm !== undefined) {
    if (typeof confirm !== "object" || confirm === null)
      return reject("confirm", "must be an object", confirm)
    const { path, isDone, ...others }: { readonly path?: unknown; readonly isDone?: unknown } =
      ownProperties(confirm)
    const [other] = Object.keys(others)
    if (other !== undefined) reject("confirm", "must have nothing but path and isDone", [other])
    const unknown = parametersOf("confirm.path", path).find((name) => !parameters.includes(name))
    if (unknown !== undefined) reject("confirm.path", "must have no parameter that path has not", path)
    if (typeof isDone !== "function") reject("confirm.isDone", "must be a function", isDone)
    Object.assign(copy, { confirm: { path, isDone } })
  }
  if (secrets !== undefined) {
    const fields = encodedFields(own.body)
    // A misspelt name would leave a credential unmasked.
    const isField = (name: unknown): boolean =>
      typeof name === "string" && (fields === undefined || fields.includes(name))
    if (!Array.isArray(secrets) || !secrets.every(isField)) {
      return reject(
        "secrets",
        `must be an array of fields of the encoded body (${listed(fields ?? []) || "it has none"})`,
        secrets
      )
    }
    Object.assign(copy, { secrets: [...secrets] })
  }
  return copy
}

/** The names of the fields that an encoded body has; `undefined` when it may have any. */
const encodedFields = (body: unknown): ReadonlyArray<string> | undefined => {
  if (!Schema.isSchema(body)) return []
  const ast = SchemaAST.encodedAST(body.ast)
  return SchemaAST.isTypeLiteral(ast) && ast.indexSignatures.length === 0
    ? ast.propertySignatures.map(({ name }) => String(name))
    : undefined
}
