/** npm installs the newest version of a package without one, which for most packages of Effect is for Effect 4. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, it } from "#test/vitest.js"

const root = fileURLToPath(new URL("../..", import.meta.url))
const read = (path: string) => readFileSync(join(root, path), "utf8")

const documents = [
  "README.md",
  ...readdirSync(join(root, "docs"), { recursive: true }).map((name) => `docs/${name}`)
].filter((name) => name.endsWith(".md"))

/** The packages whose newest version is for Effect 4, as the development dependencies say. */
const ofEffect4 = [
  "effect",
  ...Object.keys(JSON.parse(read("majors/effect4/package.json")).devDependencies)
].filter((name) => /^(effect|vitest|@effect\/.*)$/.test(name))

/** The text that only users of Effect 3 follow: a block, a line of a block, or a row of a table. */
const forEffect3 = (text: string) => [
  ...[...text.matchAll(/^```sh effect3\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block),
  ...text.split("\n").filter((line) => /# Effect 3\s*$/.test(line) || /^\| Effect 3 \|/.test(line))
]

const installed = (text: string) =>
  [...text.matchAll(/npm install ([^`\n|#]*)/g)].flatMap(([, names = ""]) => names.trim().split(/\s+/))

it("the commands for Effect 3 give a version to each package whose newest version is for Effect 4", () => {
  const names = documents.flatMap((document) =>
    forEffect3(read(document)).flatMap((text) => installed(text).map((name) => [document, name] as const))
  )
  expect(names.length).toBeGreaterThan(20)
  expect(names.filter(([, name]) => ofEffect4.includes(name))).toEqual([])
})
