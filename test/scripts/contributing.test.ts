import { readdirSync, readFileSync } from "node:fs"
import { basename, join, sep } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { root } from "../support/compiler.js"

const read = (path: string) => readFileSync(join(root, path), "utf8")

const tops = [
  "src",
  "test",
  "scripts",
  "docs",
  "bench",
  "soak",
  "examples",
  "packages",
  "majors",
  ".github",
  ".ci"
]

/** Every file and folder of the repository, as a path from its root. */
const paths = [
  ...readdirSync(root),
  ...tops.flatMap((top) => [
    top,
    ...readdirSync(join(root, top), { recursive: true, encoding: "utf8" })
      .map((name) => `${top}/${name.split(sep).join("/")}`)
      .filter((path) => !/\/(?:node_modules|build)\//.test(path))
  ])
]
const names = new Set(paths.map((path) => basename(path)))
const sources = readdirSync(join(root, "src"))

/** Whether a name stands for a file or folder. It may have `*`, and may leave out `src` or the folder. */
const exists = (name: string): boolean => {
  if (!name.includes("/")) return names.has(name)
  const path = name.replace(/^#(major|test)\/(.*)\.js$/, (_, kind, file) =>
    kind === "major" ? `src/effect4/${file}.ts` : `test/effect4/${file}.ts`
  )
  const full = sources.includes(path.split("/")[0] ?? "") ? `src/${path}` : path
  const pattern = full.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")
  return paths.some((each) => new RegExp(`^${pattern}$`).test(each))
}

const isPath = (word: string) =>
  /^[\w.-]+\.(?:ts|mjs|json|md|yml|txt|svg)$/.test(word) ||
  [...tops, ...sources, "#major", "#test"].some((top) => word.startsWith(`${top}/`))

/** The words in code that look like paths, apart from examples of names. */
const pathsIn = (markdown: string): ReadonlyArray<string> =>
  [...markdown.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, "").matchAll(/`([^`\n]+)`/g)]
    .flatMap(([, code = ""]) =>
      // In a command it is a filter of vitest, which may be the beginning of a path.
      code.includes(" ") ? code.split(" ").map((word) => word.replace(/^test\/.*[^*]$/, "$&*")) : [code]
    )
    .map((word) => word.replace(/\/$/, ""))
    .filter((word) => isPath(word) && !/^(?:#\w+\/name\.js|file\.ts)$/.test(word))

const pages = ["CONTRIBUTING.md", "docs/architecture.md"]

describe("the pages for contributors", () => {
  it.each(pages)("name existing files and folders: %s", (page) => {
    const found = pathsIn(read(page))
    expect(found.length).toBeGreaterThan(20)
    expect(found.filter((path) => !exists(path))).toEqual([])
  })

  it("notice a file that was moved", () => {
    expect(pathsIn("`src/core/call/pipeline.ts` `core/wire/*.ts` `vitest run test/core`")).toEqual([
      "src/core/call/pipeline.ts",
      "core/wire/*.ts",
      "test/core*"
    ])
    expect(exists("src/core/call/pipeline.ts")).toBe(false)
    expect(exists("core/wire/*.ts")).toBe(true)
    expect(exists("#major/pipeline.js")).toBe(false)
  })

  it("name existing files in the picture of the architecture", () => {
    const found = [...read("docs/images/architecture.svg").matchAll(/>([\w/-]+\.ts)</g)].map(
      ([, path = ""]) => path
    )
    expect(found.length).toBeGreaterThan(10)
    expect(found.filter((path) => !exists(path))).toEqual([])
  })

  it("name existing files of the boundary between the Effect majors", () => {
    const [, table = ""] = read("docs/architecture.md").split("| boundary file | difference |\n|---|---|\n")
    const rows = table.split("\n\n")[0]?.split("\n") ?? []
    const found = rows.flatMap((row) =>
      [...(row.split("|")[1] ?? "").matchAll(/`(\w+)`/g)].map(([, name]) => name)
    )
    expect(found.length).toBeGreaterThan(15)
    expect(
      found.filter((name) => !exists(`src/effect3/${name}.ts`) || !exists(`src/effect4/${name}.ts`))
    ).toEqual([])
  })

  it.each(pages)("name existing scripts of npm: %s", (page) => {
    const { scripts } = JSON.parse(read("package.json"))
    const found = [...read(page).matchAll(/npm run ([\w:-]+)/g)].map(([, name = ""]) => name)
    expect(found.filter((name) => !Object.hasOwn(scripts, name))).toEqual([])
  })
})

describe("the page about versions", () => {
  const page = read("docs/versioning.md")

  it("lists every metric as stable", () => {
    const metrics = [...read("src/runtime/telemetry.ts").matchAll(/"(clerk_\w+)"/g)].map(
      ([, name = ""]) => name
    )
    expect(metrics.length).toBeGreaterThan(5)
    expect(metrics.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
  })

  it.each(["effect3", "effect4"])("has the lower bounds of the manifest of %s", (major) => {
    const { engines, peerDependencies } = JSON.parse(read(`packages/${major}/package.json`))
    const bounds = [engines.node, peerDependencies.effect].map((range: string) =>
      range.replace(/^>=(\S+).*$/, "$1")
    )
    for (const bound of bounds) expect(page).toContain(`${bound} or later`)
  })
})
