// Copies every TypeScript snippet of the documentation and of the docstrings into .snippets, for the type checker.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const find = (folder, ending) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true })
        .filter((name) => name.endsWith(ending))
        .map((name) => join(folder, name))
    : []

const fence = /^(?<margin> \* )?```ts\n(?<code>[\s\S]*?)^(?: \* )?```$/gm

rmSync(".snippets", { recursive: true, force: true })
mkdirSync(".snippets")
let count = 0
for (const file of ["README.md", "CONTRIBUTING.md", ...find("docs", ".md"), ...find("src", ".ts")]) {
  for (const { groups } of readFileSync(file, "utf8").matchAll(fence)) {
    const code = groups.margin === undefined ? groups.code : groups.code.replaceAll(/^ \* ?/gm, "")
    count += 1
    writeFileSync(`.snippets/${count}-${file.replaceAll(/[^\w.]/g, "-")}.ts`, `// From ${file}\n${code}`)
  }
}
if (count === 0) throw new Error("there is no snippet to check")
