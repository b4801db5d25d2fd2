/**
 * Lints the English of comments, docstrings, messages, test titles and documents.
 *
 *     npm run check:prose                      all of "include" in scripts/prose/config.json, but for "notYet"
 *     npm run check:prose -- src/core/token    the given files and folders
 *
 * The rules: `prose/words.txt`, `prose/sentences.ts`, `prose/exceptions.ts`.
 */
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join, normalize, relative } from "node:path"
import { config } from "./prose/config.js"
import { lintText } from "./prose/lint.js"

const root = process.cwd()
const given = process.argv.slice(2).map((path) => relative(root, path))

const filesIn = (path: string): ReadonlyArray<string> =>
  statSync(path).isDirectory()
    ? readdirSync(path, { recursive: true, encoding: "utf8" })
        .map((name) => join(path, name))
        .filter((file) => /\.(?:ts|mjs|md)$/.test(file) && !/(?:^|\/)(?:node_modules|dist)\//.test(file))
    : [normalize(path)]

const isWithin = (file: string, path: string) => file === path || file.startsWith(`${path}/`)

const files = (given.length > 0 ? given : config.include)
  .flatMap(filesIn)
  .filter((file) => given.length > 0 || !config.notYet.some((path) => isWithin(file, path)))

let count = 0
for (const file of files) {
  for (const { line, column, message } of await lintText(file, readFileSync(file, "utf8"))) {
    count += 1
    console.error(`${file}:${line}:${column} ${message}`)
  }
}
if (count > 0) {
  console.error(
    `\n${count} findings in ${files.length} files. The words are in scripts/prose/words.txt. ` +
      "An exception is a comment before the paragraph: prose-ignore <word or sentence>: <reason>."
  )
  process.exitCode = 1
} else {
  console.log(`The English of ${files.length} files follows the rules.`)
}
