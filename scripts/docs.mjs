// Builds the documentation into `site`: the guides, the API reference from the docstrings, and both in one
// file for language models. Fails on any mistake.
import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { checkLinks } from "./docs-links.mjs"
import { llmsText, summaryOf } from "./support/llms.mjs"

const { out, projectDocuments } = JSON.parse(readFileSync("typedoc.json", "utf8"))
const { description, name } = JSON.parse(readFileSync(join("packages", "effect4", "package.json"), "utf8"))

rmSync(out, { recursive: true, force: true })
// The API of Effect 4 is beside the guides. That of Effect 3 is in a folder of its own.
for (const [major, options] of [
  ["effect4", "typedoc.json"],
  ["effect3", "typedoc.effect3.json"]
]) {
  console.log(`== ${major}`)
  const command = [join("node_modules", "typedoc", "bin", "typedoc"), "--options", options]
  const { status } = spawnSync(process.execPath, command, {
    stdio: "inherit",
    env: { ...process.env, EFFECT_MAJOR: major }
  })
  if (status !== 0) process.exit(1)
}

// The Markdown is beside the pages, in the folders that its links expect.
const pages = ["README.md", ...projectDocuments].map((path) => summaryOf(path))
for (const { path } of pages) {
  mkdirSync(join(out, "markdown", dirname(path)), { recursive: true })
  cpSync(path, join(out, "markdown", path))
}

const isGuide = ({ path }) => path.startsWith("docs/") || path === "README.md"

writeFileSync(
  join(out, "llms.txt"),
  llmsText({
    ...{ name, description },
    guides: pages.filter(isGuide),
    optional: pages.filter((page) => !isGuide(page)),
    linkOf: (path) => `markdown/${path}`
  })
)
writeFileSync(
  join(out, "llms-full.txt"),
  pages
    .filter(isGuide)
    .map(({ path, text }) => `<!-- ${path} -->\n\n${text.trim()}\n`)
    .join("\n")
)

const { broken, count } = checkLinks(out)
for (const line of broken) console.error(line)
console.log(`${pages.length} pages in ${basename(out)}, ${count} links followed, ${broken.length} broken`)
if (broken.length > 0) process.exit(1)
