import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript"

/*
 * The texts in the sources, for the test of the page about messages.
 */

const sources = fileURLToPath(new URL("../../src/", import.meta.url))

/** A text in the code. `…` stands for each value that the code puts into it. */
export interface Literal {
  readonly file: string
  readonly text: string
}

/** Returns the text of a literal, or `undefined` for another node. */
const textOf = (node: ts.Node): string | undefined => {
  if (ts.isStringLiteralLike(node)) return node.text
  if (!ts.isTemplateExpression(node) && !ts.isTemplateLiteralTypeNode(node)) return undefined
  return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join("…")
}

const literalsIn = (file: string): ReadonlyArray<Literal> => {
  const path = join(sources, file)
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true)
  const found: Array<Literal> = []
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return
    const text = textOf(node)
    if (text !== undefined) found.push({ file, text })
    node.forEachChild(visit)
  }
  visit(source)
  return found
}

/** Lists every text in the code. */
export const literals: ReadonlyArray<Literal> = readdirSync(sources, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .sort()
  .flatMap(literalsIn)

/** Splits a text into what is between the values, without the punctuation at the ends. */
export const fixedParts = (text: string): ReadonlyArray<string> =>
  text.split("…").flatMap((part) => part.replace(/^[\s.,:;()[\]]+|[\s.,:;()[\]]+$/g, "") || [])

/** Whether a text is of several words in lower case, as a message is, and not a name, a pattern or a header. */
export const isSentence = (text: string): boolean =>
  /[a-z]{2,}[^a-z]*\s[^a-z]*[a-z]{2,}/i.test(text.replaceAll("…", "")) &&
  fixedParts(text).some((part) => /[A-Za-z]{2,}/.test(part)) &&
  !/[\\^]|\(\?:|<\/|\r\n/.test(text)
