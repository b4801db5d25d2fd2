import * as Option from "effect/Option"
import type * as ParseResult from "effect/ParseResult"
import * as SchemaAST from "effect/SchemaAST"
import type { SchemaIssue } from "../core/model.js"

const maxIssues = 16
const maxExpected = 160

const descriptionOf = (ast: SchemaAST.AST): string | undefined =>
  Option.getOrUndefined(SchemaAST.getDescriptionAnnotation(ast))

const expectationOf = (ast: SchemaAST.AST): string => {
  const named = descriptionOf(ast) ?? Option.getOrUndefined(SchemaAST.getIdentifierAnnotation(ast))
  if (named !== undefined) return named
  // Written out, these would fill pages.
  if (SchemaAST.isTypeLiteral(ast)) return "an object"
  if (SchemaAST.isTupleType(ast)) return "an array"
  if (SchemaAST.isTransformation(ast)) return expectationOf(ast.from)
  if (SchemaAST.isUnion(ast)) return ast.types.filter(isSaid).map(expectationOf).join(" or ")
  return String(ast).slice(0, maxExpected)
}

/** Leaves out that a field is optional, which does not help a caller whose value is wrong. */
const isSaid = (ast: SchemaAST.AST): boolean => !SchemaAST.isUndefinedKeyword(ast)

const keysOf = (pointer: ParseResult.Pointer): ReadonlyArray<string> =>
  (Array.isArray(pointer.path) ? pointer.path : [pointer.path]).map(String)

const depth = (issue: ParseResult.ParseIssue): number => {
  switch (issue._tag) {
    case "Pointer":
      return 1 + depth(issue.issue)
    case "Composite":
      return issuesIn(issue).reduce((deepest, each) => Math.max(deepest, depth(each)), 0)
    case "Refinement":
    case "Transformation":
      return depth(issue.issue)
    default:
      return 0
  }
}

const issuesIn = (issue: ParseResult.Composite): ReadonlyArray<ParseResult.ParseIssue> =>
  "_tag" in issue.issues ? [issue.issues] : issue.issues

/** Chooses the member of a union that the value comes closest to, for its issues. Chooses none if all are far. */
const closest = (issues: ReadonlyArray<ParseResult.ParseIssue>): ReadonlyArray<ParseResult.ParseIssue> => {
  const said = issues.filter((issue) => issue._tag !== "Type" || isSaid(issue.ast))
  if (said.length === 1) return said
  const deepest = Math.max(...said.map(depth))
  return deepest === 0 ? [] : said.filter((issue) => depth(issue) === deepest).slice(0, 1)
}

/** A key that an object may not have: of a struct it is unknown, of a record it breaks the rule for keys. */
const unexpected = (path: ReadonlyArray<string>, around: SchemaAST.TypeLiteral): SchemaIssue => {
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

// `said` is the outermost description at this path: "a whole number of milliseconds" says more than "number".
const walk = (
  issue: ParseResult.ParseIssue,
  path: ReadonlyArray<string>,
  said?: string,
  around?: SchemaAST.AST
): ReadonlyArray<SchemaIssue> => {
  switch (issue._tag) {
    case "Pointer":
      if (issue.issue._tag === "Unexpected" && around !== undefined && SchemaAST.isTypeLiteral(around)) {
        return [unexpected([...path, ...keysOf(issue)], around)]
      }
      return walk(issue.issue, [...path, ...keysOf(issue)])
    case "Composite": {
      const parts = SchemaAST.isUnion(issue.ast) ? closest(issuesIn(issue)) : issuesIn(issue)
      const here = said ?? descriptionOf(issue.ast)
      return parts.length === 0
        ? [{ path, kind: "invalid", expected: here ?? expectationOf(issue.ast) }]
        : parts.flatMap((part) => walk(part, path, here, issue.ast))
    }
    case "Refinement":
    case "Transformation": {
      const here = said ?? descriptionOf(issue.ast)
      if (issue.kind !== "Predicate" && issue.kind !== "Transformation") return walk(issue.issue, path, here)
      // A rule about several fields may point at the one to correct.
      const at = issue.issue._tag === "Pointer" ? [...path, ...keysOf(issue.issue)] : path
      return [{ path: at, kind: "invalid", expected: here ?? expectationOf(issue.ast) }]
    }
    case "Missing": {
      const { type } = issue.ast
      return [{ path, kind: "missing", expected: type === undefined ? "a value" : expectationOf(type) }]
    }
    case "Unexpected":
      return [{ path, kind: "unknown", expected: "no such field" }]
    case "Type":
    case "Forbidden":
      return [{ path, kind: "invalid", expected: said ?? expectationOf(issue.ast) }]
  }
}

/**
 * Lists the issues of a failed decoding or encoding. The library's own formatters print the offending value;
 * this one only ever reads the schema, so that no secret can pass.
 */
export const schemaIssues = (root: ParseResult.ParseIssue): ReadonlyArray<SchemaIssue> =>
  walk(root, []).slice(0, maxIssues)
