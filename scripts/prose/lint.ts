/** Lints the English of one file with textlint. */
import { TextlintKernel, type TextlintPluginCreator } from "@textlint/kernel"
import { parse } from "@textlint/markdown-to-ast"
import terminology from "textlint-rule-terminology"
import { config } from "./config.js"
import { exceptions } from "./exceptions.js"
import { type Extract, extract } from "./extract.js"
import { sentences } from "./sentences.js"
import { terms } from "./words.js"

export interface Finding {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly message: string
}

const kernel = new TextlintKernel()

const document = (text: string): Extract => ({ markdown: text, offsetOf: (index) => index })

/** A textlint plugin that lints `markdown` in place of the file, so that code follows the same rules as documents. */
const pluginOf = (ext: string, markdown: string): TextlintPluginCreator => ({
  Processor: class {
    availableExtensions() {
      return [ext]
    }
    processor() {
      return {
        preProcess: () => ({ text: markdown, ast: parse(markdown) }),
        postProcess: (messages: Parameters<Post>[0], filePath = "") => ({ messages, filePath })
      }
    }
  }
})

type Post = ReturnType<InstanceType<TextlintPluginCreator["Processor"]>["processor"]>["postProcess"]

const termsIn = (markdown: string) => terms.filter(([pattern]) => new RegExp(pattern, "im").test(markdown))

const placeAt = (text: string, offset: number) => {
  const before = text.slice(0, offset).split("\n")
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}

/** The findings in the `text` of a file. Its path, relative to the root, decides how it is read. */
export const lintText = async (file: string, text: string): Promise<ReadonlyArray<Finding>> => {
  const isDocument = file.endsWith(".md")
  const { markdown, offsetOf } = isDocument ? document(text) : extract(file, text)
  const ext = file.slice(file.lastIndexOf("."))
  const maxWords = isDocument ? config.maxWords.documents : config.maxWords.code
  const { messages } = await kernel.lintText(text, {
    ext,
    filePath: file,
    plugins: [{ pluginId: "prose", plugin: pluginOf(ext, markdown) }],
    rules: [
      // The rule searches for each term in each run of text, so only the terms that the file has are given.
      { ruleId: "words", rule: terminology, options: { defaultTerms: false, terms: termsIn(markdown) } },
      { ruleId: "sentences", rule: sentences, options: { maxWords } }
    ],
    filterRules: [{ ruleId: "exceptions", rule: exceptions }]
  })
  return messages.map(({ message, range }) => ({
    file,
    message: message.replaceAll(/\s+/g, " "),
    ...placeAt(text, offsetOf(range[0]))
  }))
}
