/**
 * Allows what a comment names, in the paragraph, table, list item or string that follows it:
 *
 *     <!-- prose-ignore mark: the name of an HTML element -->
 *     // prose-ignore sentence: quotes the RFC
 *
 * `sentence` allows a long sentence. An exception without a reason has no effect.
 */
import type { TextlintFilterRuleReporter } from "@textlint/kernel"

const exception = /^<!--\s*prose-ignore (?<name>[^:]+): \S.*-->$/s

export const exceptions: TextlintFilterRuleReporter = ({ getSource, shouldIgnore }) => ({
  Html: (node) => {
    const name = exception.exec(getSource(node))?.groups?.name?.trim().toLowerCase()
    if (name === undefined) return
    const next = node.parent?.children.find(({ range }) => range[0] >= node.range[1])
    if (next === undefined) return
    const [start, end] = next.range
    if (name === "sentence") return shouldIgnore([start, end], { ruleId: "sentences" })
    const text = getSource(next).toLowerCase()
    for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
      shouldIgnore([start + at, start + at + name.length], { ruleId: "words" })
    }
  }
})
