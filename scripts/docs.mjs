// Builds the documentation into `site`: the guides, the API reference from the docstrings, and both in one
// file for language models. Fails on any mistake.
import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { checkLinks } from "./docs-links.mjs"

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

/** A page's title, and the first sentence below it. */
const summaryOf = (path) => {
  const text = readFileSync(path, "utf8")
  const title = /^# (.+)$/m.exec(text)?.[1]
  const paragraph = text
    .split(/\n\s*\n/)
    .map((block) => block.trim())
    .find((block) => /^(?!```)[^#|!<>-]/.test(block))
  const sentence = /^.*?[.:](?=\s|$)/s.exec(paragraph ?? "")?.[0]
  if (title === undefined || sentence === undefined)
    throw new Error(`${path} has no title or no first sentence`)
  const plain = sentence.replaceAll("\n", " ").replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
  return { path, title, text, summary: plain.replace(/:$/, ".") }
}

// The Markdown is beside the pages, in the folders that its links expect.
const pages = ["README.md", ...projectDocuments].map(summaryOf)
for (const { path } of pages) {
  mkdirSync(join(out, "markdown", dirname(path)), { recursive: true })
  cpSync(path, join(out, "markdown", path))
}

const isGuide = ({ path }) => path.startsWith("docs/")
const listed = (some) =>
  some.map(({ path, summary, title }) => `- [${title}](markdown/${path}): ${summary}`).join("\n")

writeFileSync(
  join(out, "llms.txt"),
  [
    `# ${name}`,
    `> ${description}.`,
    "## Guides",
    listed(pages.filter((page) => isGuide(page) || page.path === "README.md")),
    "## Optional",
    listed(pages.filter((page) => !isGuide(page) && page.path !== "README.md")),
    ""
  ].join("\n\n")
)
writeFileSync(
  join(out, "llms-full.txt"),
  pages
    .filter((page) => isGuide(page) || page.path === "README.md")
    .map(({ path, text }) => `<!-- ${path} -->\n\n${text.trim()}\n`)
    .join("\n")
)

const { broken, count } = checkLinks(out)
for (const line of broken) console.error(line)
console.log(`${pages.length} pages in ${basename(out)}, ${count} links followed, ${broken.length} broken`)
if (broken.length > 0) process.exit(1)
