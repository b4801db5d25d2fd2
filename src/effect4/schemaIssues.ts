import * as SchemaAST from "effect/SchemaAST"
import type * as Issue from "effect/SchemaIssue"
import type { SchemaIssue } from "../core/model.js"
import { expectedKey } from "./expectedKey.js"

const maxIssues = 16
const maxExpected = 160

const descriptionOf = (ast: SchemaAST.AST): string | undefined => SchemaAST.resolveDescription(ast)

const names: { readonly [Tag in SchemaAST.AST["_tag"]]?: string } = {
  Null: "null",
  Undefined: "undefined",
  String: "a string",
  Number: "a number",
  Boolean: "a boolean",
  // Written out, these would fill pages.
  Objects: "an object",
  Arrays: "an array"
}

const expectationOf = (ast: SchemaAST.AST): string => {
  const named = descriptionOf(ast) ?? SchemaAST.resolveIdentifier(ast)
  if (named !== undefined) return named
  // The encoded side says what is expected.
  const encoded = ast.encoding?.at(-1)?.to
  if (encoded !== undefined) return expectationOf(encoded)
  if (SchemaAST.isUnion(ast)) return ast.types.filter(isSaid).map(expectationOf).join(" or ")
  if (SchemaAST.isLiteral(ast)) return JSON.stringify(ast.literal).slice(0, maxExpected)
  return names[ast._tag] ?? "another value"
}

/** What a schema of `custom` expected here. Other messages may contain the value, so they are not used. */
const expectedBy = ({ annotations }: Issue.InvalidValue): string | undefined => {
  const expected = annotations?.[expectedKey]
  return typeof expected === "string" ? expected : undefined
}

/** Leaves out that a field is optional, which does not help a caller whose value is wrong. */
const isSaid = (ast: SchemaAST.AST): boolean => !SchemaAST.isUndefined(ast)

const depth = (issue: Issue.Issue): number => {
  switch (issue._tag) {
    case "Pointer":
      return 1 + depth(issue.issue)
    case "Composite":
    case "AnyOf":
      return issue.issues.reduce((deepest, each) => Math.max(deepest, depth(each)), 0)
    case "Filter":
    case "Encoding":
      return depth(issue.issue)
    default:
      return 0
  }
}

/** Chooses the member of a union that the value comes closest to, for its issues. Chooses none if all are far. */
const closest = (issues: ReadonlyArray<Issue.Issue>): ReadonlyArray<Issue.Issue> => {
  const said = issues.filter((issue) => issue._tag !== "InvalidType" || isSaid(issue.ast))
  if (said.length === 1) return said
  const deepest = Math.max(0, ...said.map(depth))
  return deepest === 0 ? [] : said.filter((issue) => depth(issue) === deepest).slice(0, 1)
}

/** An unknown key of a struct, or a key of a record that breaks the rule for keys. */
const unexpected = (path: ReadonlyArray<string>, around: SchemaAST.AST): SchemaIssue => {
  if (!SchemaAST.isObjects(around)) return { path, kind: "unknown", expected: "no such field" }
  const rule = around.indexSignatures.map(({ parameter }) => descriptionOf(parameter))[0]
  return rule === undefined
    ? {
        path,
        kind: "unknown",
        expected: "no such field",
        known: around.propertySignatures.map(({ name }) => String(name))
      }
    : { path, kind: "invalid", expected: rule }
}

const fieldOf = (
  around: SchemaAST.AST | undefined,
  path: ReadonlyArray<string>
): SchemaAST.AST | undefined =>
  around !== undefined && SchemaAST.isObjects(around)
    ? around.propertySignatures.find(({ name }) => String(name) === path.at(-1))?.type
    : undefined

// `said` is the outermost description at this path: "a whole number of milliseconds" says more than "number".
const walk = (
  issue: Issue.Issue,
  path: ReadonlyArray<string>,
  said?: string,
  around?: SchemaAST.AST
): ReadonlyArray<SchemaIssue> => {
  switch (issue._tag) {
    case "Pointer": {
      const at = [...path, ...issue.path.map(String)]
      const field = fieldOf(around, at)
      return walk(issue.issue, at, field === undefined ? undefined : descriptionOf(field), around)
    }
    case "Composite": {
      const here = said ?? descriptionOf(issue.ast)
      // The parts of a declaration, such as the value in a `Redacted`, have no path of their own.
      if (SchemaAST.isDeclaration(issue.ast)) {
        return [{ path, kind: "invalid", expected: here ?? expectationOf(issue.ast) }]
      }
      return issue.issues.flatMap((part) => walk(part, path, here, issue.ast))
    }
    case "AnyOf": {
      const here = said ?? descriptionOf(issue.ast)
      const isAlone = issue.ast.types.filter(isSaid).length === 1
      const parts = closest(issue.issues).filter((part) => isAlone || depth(part) > 0)
      return parts.length === 0
        ? [{ path, kind: "invalid", expected: here ?? expectationOf(issue.ast) }]
        : parts.flatMap((part) => walk(part, path, here, issue.ast))
    }
    case "Encoding":
      return walk(issue.issue, path, said ?? descriptionOf(issue.ast), issue.ast)
    case "Filter": {
      const { description, expected } = issue.filter.annotations ?? {}
      const here = said ?? description ?? expected
      // A rule about several fields may point at the one to correct.
      const at = issue.issue._tag === "Pointer" ? [...path, ...issue.issue.path.map(String)] : path
      return [{ path: at, kind: "invalid", expected: here ?? "a valid value" }]
    }
    case "MissingKey": {
      const type = fieldOf(around, path)
      return [{ path, kind: "missing", expected: type === undefined ? "a value" : expectationOf(type) }]
    }
    case "UnexpectedKey":
      return [unexpected(path, issue.ast)]
    case "InvalidType":
      return [{ path, kind: "invalid", expected: said ?? expectationOf(issue.ast) }]
    case "InvalidValue":
      return [{ path, kind: "invalid", expected: expectedBy(issue) ?? said ?? "a valid value" }]
    case "OneOf":
    case "Forbidden":
      return [{ path, kind: "invalid", expected: said ?? "a valid value" }]
  }
}

/** Merges two broken rules at one place that have the same description. */
const isFirst = (issue: SchemaIssue, index: number, issues: ReadonlyArray<SchemaIssue>): boolean =>
  issues.findIndex(
    ({ expected, path }) => expected === issue.expected && path.join("\n") === issue.path.join("\n")
  ) === index

/**
 * Lists the issues of a failed decoding or encoding. The library's own formatters print the offending value;
 * this one only ever reads the schema, so that no secret can pass.
 */
export const schemaIssues = (root: Issue.Issue): ReadonlyArray<SchemaIssue> =>
  walk(root, []).filter(isFirst).slice(0, maxIssues)
