/** Extracts the English of a TypeScript or JavaScript file: comments, test titles and messages. */
import ts from "typescript"

/** A run of the extracted text, and where it starts in the source. */
interface Run {
  readonly text: string
  readonly at: number
}

/** The extracted text as Markdown, with the place of each character in the source. */
export interface Extract {
  readonly markdown: string
  /** The offset in the source of the character at `index` in the Markdown. */
  readonly offsetOf: (index: number) => number
}

const directive = /^\s*(?:[#@]__\w+__|@ts-|biome-ignore|#(?:end)?region|v8 ignore|\/\s*<|!)/

/** The lines of a comment without the signs that make it one. */
const linesOf = (source: string, { pos, end, kind }: ts.CommentRange): ReadonlyArray<Run> => {
  const open = kind === ts.SyntaxKind.SingleLineCommentTrivia || source[pos + 2] !== "*" ? 2 : 3
  const close = kind === ts.SyntaxKind.MultiLineCommentTrivia ? 2 : 0
  let at = pos + open
  return source
    .slice(at, end - close)
    .split("\n")
    .map((line, index) => {
      const margin = (index === 0 ? /^ ?/ : /^\s*\*? ?/).exec(line)?.[0].length ?? 0
      const run = { text: line.slice(margin).trimEnd(), at: at + margin }
      at += line.length + 1
      return run
    })
}

/** Shown to the reader as a sentence of its own; other tags carry names and versions. */
const proseTags = new Set(["param", "returns", "throws", "deprecated", "remarks", "defaultValue", "see"])

/** Markdown for a line of a docstring: each tag starts a paragraph, and a link is code. */
const docstringLine = ({ text, at }: Run): ReadonlyArray<Run> => {
  const tag = /^@(?<name>\w+)(?:\s+\{[^}]*\})?/.exec(text)
  const start = tag?.[0].length ?? 0
  const kept = tag?.groups?.name === undefined || proseTags.has(tag.groups.name) ? text.slice(start) : ""
  const runs: Array<Run> = tag === null ? [] : [{ text: "\n", at }]
  let last = 0
  for (const { 0: link, index } of kept.matchAll(/\{@\w+[^}]*\}/g)) {
    runs.push(
      { text: kept.slice(last, index), at: at + start + last },
      { text: "`link`", at: at + start + index }
    )
    last = index + link.length
  }
  return [...runs, { text: kept.slice(last), at: at + start + last }, { text: "\n", at: at + text.length }]
}

/** Consecutive `//` lines are one comment. */
const joined = (source: string, comments: ReadonlyArray<ts.CommentRange>) => {
  const groups: Array<Array<ts.CommentRange>> = []
  for (const comment of comments) {
    const previous = groups.at(-1)?.at(-1)
    const follows =
      previous !== undefined &&
      previous.kind === ts.SyntaxKind.SingleLineCommentTrivia &&
      comment.kind === previous.kind &&
      /^\n[ \t]*$/.test(source.slice(previous.end, comment.pos))
    if (follows) groups.at(-1)?.push(comment)
    else groups.push([comment])
  }
  return groups
}

/** What an exception becomes in Markdown; `exceptions.ts` reads it. */
const exception = /^\s*prose-ignore\b.*/

const commentRuns = (source: string, group: ReadonlyArray<ts.CommentRange>): ReadonlyArray<Run> =>
  group
    .flatMap((comment) => linesOf(source, comment))
    .flatMap((line): ReadonlyArray<Run> => {
      if (directive.test(line.text)) return []
      if (exception.test(line.text)) return [{ text: `\n<!-- ${line.text} -->\n\n`, at: line.at }]
      return docstringLine(line)
    })

const isText = (node: ts.Node): node is ts.StringLiteralLike | ts.TemplateExpression =>
  ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)

/** The text of a literal as a heading, which may have many colons. What is inserted into a template becomes code. */
const literalRuns = (
  source: string,
  node: ts.StringLiteralLike | ts.TemplateExpression,
  file: ts.SourceFile
): ReadonlyArray<Run> => {
  const raw = (part: ts.Node, open: number, close: number): Run => {
    const at = part.getStart(file) + open
    return {
      text: source
        .slice(at, part.end - close)
        .replaceAll(/\\[nrt]/g, "  ")
        .replaceAll(/\\(["'`\\$])/g, " $1")
        .replaceAll("\n", " "),
      at
    }
  }
  const heading = { text: "# ", at: node.getStart(file) }
  if (ts.isStringLiteralLike(node)) return [heading, raw(node, 1, 1)]
  return [
    heading,
    raw(node.head, 1, 2),
    ...node.templateSpans.flatMap(({ expression, literal }) => [
      { text: "`code`", at: expression.getStart(file) },
      raw(literal, 1, ts.isTemplateTail(literal) ? 1 : 2)
    ])
  ]
}

/** Three words in a row, in lower case but for the first: names, paths and headers are not sentences. */
const sentence = /(?<![\w.-])[A-Za-z][a-z']* [a-z']+,? [a-z']+(?![\w-])/

/** A call with a literal and then a function: `it("…", () => …)` and functions of that form. */
const isTitle = (node: ts.Node) =>
  ts.isCallExpression(node.parent) &&
  node.parent.arguments[0] === node &&
  node.parent.arguments.slice(1).some((it) => ts.isFunctionExpression(it) || ts.isArrowFunction(it))

export const extract = (path: string, source: string): Extract => {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true)
  const comments = new Map<number, ts.CommentRange>()
  const literals: Array<{ readonly at: number; readonly runs: ReadonlyArray<Run> }> = []

  const visit = (node: ts.Node) => {
    if (isText(node)) {
      const runs = literalRuns(source, node, file)
      if (isTitle(node) || sentence.test(runs.map(({ text }) => text).join(""))) {
        literals.push({ at: node.getStart(file), runs })
      }
    }
    const children = node.getChildren(file)
    if (children.length > 0) {
      for (const child of children) if (!ts.isJSDoc(child)) visit(child)
      return
    }
    for (const range of [
      ...(ts.getLeadingCommentRanges(source, node.pos) ?? []),
      ...(ts.getTrailingCommentRanges(source, node.end) ?? [])
    ]) {
      comments.set(range.pos, range)
    }
  }
  visit(file)

  const sorted = [...comments.values()].sort((a, b) => a.pos - b.pos)
  const pieces = [
    ...joined(source, sorted).map((group) => ({ at: group[0]?.pos ?? 0, runs: commentRuns(source, group) })),
    ...literals
  ].sort((a, b) => a.at - b.at)

  const runs = pieces.flatMap(({ runs, at }) => [...runs, { text: "\n\n", at }])
  return {
    markdown: runs.map(({ text }) => text).join(""),
    offsetOf: (index) => {
      let start = 0
      for (const { text, at } of runs) {
        if (index < start + text.length) return at + index - start
        start += text.length
      }
      return source.length
    }
  }
}
