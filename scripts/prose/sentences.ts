/** Reports a sentence that is too long, and a sentence that chains colons or semicolons. */
import type { TextlintRuleModule } from "@textlint/kernel"

/** A node of the parsed Markdown. */
interface Node {
  readonly type: string
  readonly range: readonly [start: number, end: number]
  readonly children?: ReadonlyArray<Node>
}

const segmenter = new Intl.Segmenter("en", { granularity: "sentence" })

const leavesOf = (node: Node): ReadonlyArray<Node> =>
  node.children === undefined ? [node] : node.children.flatMap(leavesOf)

/** The text of a paragraph at its places in the source: code is one word, and what is not text is space. */
const plainText = (node: Node, source: string) => {
  const [from] = node.range
  let text = ""
  for (const { type, range } of leavesOf(node)) {
    if (type !== "Str" && type !== "Code") continue
    const start = range[0] - from
    const end = range[1] - from
    text = text.padEnd(start) + (type === "Str" ? source.slice(start, end) : "X".repeat(end - start))
  }
  // A line break ends a sentence for the segmenter.
  return text.replaceAll("\n", " ")
}

const countWords = (text: string) => text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length

/** The rule, for sentences of at most `options.maxWords` words. */
export const sentences: TextlintRuleModule<{ readonly maxWords?: number }> = (
  { getSource, locator, report, RuleError },
  options
) => {
  const { maxWords = 25 } = typeof options === "object" ? options : {}
  type ReportedNode = Parameters<typeof report>[0]
  const check = (node: ReportedNode, maxJoints: number) => {
    for (const { segment, index } of segmenter.segment(plainText(node, getSource(node)))) {
      const padding = locator.at(index + segment.length - segment.trimStart().length)
      const words = countWords(segment)
      if (words > maxWords) {
        report(node, new RuleError(`Sentence of ${words} words, use at most ${maxWords}`, { padding }))
      }
      const joints = segment.trim().match(/[:;](?=\s)/g)?.length ?? 0
      if (joints > maxJoints) {
        report(
          node,
          new RuleError(`Sentence with ${joints} colons or semicolons, use at most one`, { padding })
        )
      }
    }
  }
  return {
    Paragraph: (node) => check(node, 1),
    TableCell: (node: ReportedNode) => check(node, 1),
    Header: (node) => check(node, Number.POSITIVE_INFINITY)
  }
}
