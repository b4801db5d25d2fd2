// Copies every TypeScript snippet of the documentation and of the docstrings into a folder for each Effect major. The type
// checker reads them, and the test that runs them. Fails on a snippet of one major without its counterpart. Fails on a
// snippet, an example or a sentence that lists sessions without a limit.
//
//   node scripts/snippets.mjs [folder, default .snippets]
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { textFor } from "./support/majorText.mjs"

const [folder = ".snippets"] = process.argv.slice(2)

const find = (folder, ending) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true })
        .filter((name) => name.endsWith(ending))
        .map((name) => join(folder, name))
    : []

const fence = /^(?<margin> *\* )?```ts(?: effect[34])?\n(?<code>[\s\S]*?)^(?: *\* )?```$/gm

/** Keeps the line numbers of the remaining text. */
const blank = (text) => text.replaceAll(/[^\n]/g, " ")

const snippetsIn = (text) =>
  [...text.matchAll(fence)].map(({ 0: whole, groups, index }) => ({
    code: groups.margin === undefined ? groups.code : groups.code.replaceAll(/^ *\* ?/gm, ""),
    line: text.slice(0, index + whole.indexOf("\n")).split("\n").length
  }))

const documents = ["README.md", "CONTRIBUTING.md", ...find("docs", ".md"), ...find("src", ".ts")]
  .filter(existsSync)
  .map((file) => {
    const text = readFileSync(file, "utf8")
    return { file, text, prose: text.replaceAll(fence, blank), snippets: snippetsIn(text) }
  })

const examples = find("examples", ".ts").map((file) => ({ file, code: readFileSync(file, "utf8"), line: 0 }))

/** The arguments of a call whose opening parenthesis is at `open`. */
const argumentsAt = (text, open) => {
  let depth = 0
  for (let at = open; at < text.length; at++) {
    if ("([{".includes(text[at])) depth++
    if (")]}".includes(text[at]) && --depth === 0) return text.slice(open + 1, at)
  }
  return text.slice(open + 1)
}

const hasKey = (argument, name) => new RegExp(`[{,]\\s*${name}\\s*[:,}]`).test(argument)

/** The lines that list sessions without a limit, and so return only the first ten. */
const unbounded = (text, isCode) =>
  [...text.matchAll(/(?<quote>["'`])?\b(?<object>\w+)\s*\.\s*list\b(?<call>\s*\()?/g)]
    .filter(({ 0: whole, groups: { call, object, quote }, index }) => {
      const isSessions = object === "Sessions"
      // In code: used as a function, so that the arguments are unknown. `"Sessions.list"` is a name.
      if (call === undefined) {
        return isCode && isSessions && quote === undefined && !/\btypeof $/.test(text.slice(0, index))
      }
      const argument = argumentsAt(text, index + whole.length - 1)
      // `Sessions.list(params)` in a sentence is the signature.
      if (!/^\s*\{/.test(argument)) return isCode && isSessions
      const listsSessions = isSessions || hasKey(argument, "userId") || hasKey(argument, "clientId")
      return listsSessions && !hasKey(argument, "limit")
    })
    .map(({ index }) => text.slice(0, index).split("\n").length)

const findings = [
  ...documents.flatMap(({ file, prose }) => unbounded(prose, false).map((line) => `${file}:${line}`)),
  ...[
    ...documents.flatMap(({ file, snippets }) => snippets.map((snippet) => ({ file, ...snippet }))),
    ...examples
  ].flatMap(({ file, code, line }) => unbounded(code, true).map((within) => `${file}:${line + within}`))
]
for (const place of findings) {
  console.error(
    `${place}: lists sessions without limit, so Clerk returns 10. Set limit, or use Sessions.stream.`
  )
}
if (findings.length > 0) process.exit(1)

rmSync(folder, { recursive: true, force: true })
for (const major of ["effect3", "effect4"]) {
  mkdirSync(join(folder, major), { recursive: true })
  let count = 0
  for (const { file, text } of documents) {
    const found = snippetsIn(textFor(major, text, file))
    for (const { code } of found) {
      count += 1
      const name = `${count}-${file.replaceAll(/[^\w.]/g, "-")}`
      writeFileSync(join(folder, major, `${name}.ts`), `// From ${file}\n${code}`)
      // A snippet that starts with `// devices.ts` can be imported by the others of its page.
      const [, module] = /^\/\/ ([\w-]+)\.ts\n/.exec(code) ?? []
      if (found.some((other) => other.code.includes(` from "./${module}.js"`))) {
        const shared = join(folder, major, `${module}.ts`)
        if (existsSync(shared)) throw new Error(`${file}: another page has a ${module}.ts that is imported`)
        writeFileSync(shared, `export * from "./${name}.js"\n`)
      }
    }
  }
  if (count === 0) throw new Error("found no snippet to check")
}
