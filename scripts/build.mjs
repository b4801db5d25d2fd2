// Builds the published files of both Effect majors, or of one, into `packages/effect3` and `packages/effect4`.
//
//     npm run build
//     npm run build -- effect3
//
// The sources are copied without the files of the other major. In the copy, `#major/name.js` becomes a relative path, and
// the version that of the package. The compiler runs on the copy, so the source maps describe the published sources. The
// copies of docstrings and documents show the programs, commands and versions of one major. Their links lead to files of
// the package, or to the repository at the tag of the release.
import { spawnSync } from "node:child_process"
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync
} from "node:fs"
import { dirname, join, posix, relative, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { isElsewhere, mapLinks } from "./support/links.mjs"
import { llmsText, summaryOf } from "./support/llms.mjs"
import { textFor } from "./support/majorText.mjs"
import { addressOf, readMetadata, writeAddresses } from "./support/metadata.mjs"

const root = fileURLToPath(new URL("../", import.meta.url))
process.chdir(root)

/**
 * The folder of the files that import what only one major has. Beside the other major such an import fails. Every runtime
 * and bundler names the file that it is in, so its path says what to do.
 */
const guards = {
  effect3: "effect-clerk-3-needs-effect-3--for-effect-4-install-effect-clerk@4",
  effect4: "effect-clerk-4-needs-effect-4--for-effect-3-install-effect-clerk@3"
}

const majors = Object.keys(guards)

/** The folder for an import of an optional peer, which can be missing beside the right Effect too. */
const guardFor = (major, specifier) => {
  const manifest = JSON.parse(readFileSync(join(root, "packages", major, "package.json"), "utf8"))
  const [, name] = /^((?:@[^/]+\/)?[^/]+)/.exec(specifier)
  if (manifest.peerDependenciesMeta?.[name]?.optional !== true) return guards[major]
  const [, oldest] = /^>=([\d.]+)/.exec(manifest.peerDependencies[name])
  return guards[major].replace("--", `-and-${name.replace("/", "+")}-from-${oldest}--`)
}

const filesIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))

/** Whether a major has a module, such as `effect/Schema`. */
const isIn = (major, specifier) => {
  const [, name, path] = /^((?:@[^/]+\/)?[^/]+)\/(.+)$/.exec(specifier)
  const dist = join(root, "majors", major, "node_modules", name, "dist")
  return ["", "esm"].some((folder) => existsSync(join(dist, folder, `${path}.js`)))
}

/** Moves the imports that only this major has to files of their own, in the folder that says what to do. */
const guard = (major, folder) => {
  const others = majors.filter((each) => each !== major)
  for (const file of filesIn(folder)) {
    const text = readFileSync(file, "utf8")
    const rewritten = text.replaceAll(
      /^((?:import|export|\}) (?!type )[^\n]*from )"(@?effect\/[^"]+)"/gm,
      (line, start, specifier) => {
        if (others.some((other) => isIn(other, specifier))) return line
        const name = specifier.replaceAll("/", "-").replace("@", "")
        const guarded = guardFor(major, specifier)
        mkdirSync(join(folder, guarded), { recursive: true })
        writeFileSync(join(folder, guarded, `${name}.ts`), `export * from "${specifier}"\n`)
        return `${start}"./${guarded}/${name}.js"`
      }
    )
    if (rewritten !== text) writeFileSync(file, rewritten)
  }
}

const stage = (major, sources) => {
  const others = majors.filter((each) => each !== major).map((each) => join(root, "src", each))
  cpSync(join(root, "src"), sources, { recursive: true, filter: (path) => !others.includes(path) })
  guard(major, join(sources, major))
  for (const file of filesIn(sources)) {
    const text = readFileSync(file, "utf8")
    const folder = relative(dirname(file), join(sources, major)).split(sep).join("/")
    const prefix = folder === "" ? "." : folder.startsWith(".") ? folder : `./${folder}`
    const rewritten = textFor(major, text, file).replaceAll(/(["'])#major\//g, `$1${prefix}/`)
    if (rewritten !== text) writeFileSync(file, rewritten)
  }

  const version = versionOf(major)
  const file = join(sources, "core", "version.ts")
  const text = readFileSync(file, "utf8")
  const replaced = text.replace(/^export const version = "0\.0\.0"$/m, `export const version = "${version}"`)
  if (replaced === text) throw new Error("src/core/version.ts has no version to replace")
  writeFileSync(file, replaced)
}

/** The published files that name a place of this repository, which they do not have, or a major in a program. */
const misplaced = (major, folder) => {
  const signs = [
    "#major",
    "majors/",
    root,
    "file://",
    "```ts effect",
    ...(major === "effect3" ? ["@since 4."] : [])
  ]
  return filesIn(folder).flatMap((file) => {
    const text = readFileSync(file, "utf8")
    return signs
      .filter((sign) => text.includes(sign))
      .map((sign) => `${relative(root, file)} contains ${sign}`)
  })
}

const versionOf = (major) =>
  JSON.parse(readFileSync(join(root, "packages", major, "package.json"), "utf8")).version

/** The tag of the commit from which both packages are released. */
const tag = () => `v${versionOf("effect4")}`

/**
 * A document of a package whose links work there. npm shows the README outside the package, so all of its links are
 * absolute. The other documents link to each other by relative paths.
 */
const withLinks = (folder, path, text) => {
  const { repository } = readMetadata()
  return mapLinks(text, (link) => {
    if (isElsewhere(link) || link.startsWith("#")) return link
    const [named, anchor] = link.split("#", 2)
    const target = posix.normalize(posix.join(posix.dirname(path), named))
    if (path !== "README.md" && existsSync(join(folder, target))) return link
    const file = join(root, target)
    if (!existsSync(file)) throw new Error(`${path}: ${link}: there is no such file`)
    const kind = statSync(file).isDirectory()
      ? "folder"
      : /\.(?:gif|jpe?g|png|svg|webp)$/.test(target)
        ? "image"
        : "file"
    return `${addressOf(repository, tag(), target, kind)}${anchor === undefined ? "" : `#${anchor}`}`
  })
}

/** npm leaves links out of a package without a word, so these are copies. */
const fill = (major, build) => {
  const folder = join(root, "packages", major)
  for (const name of readdirSync(folder)) {
    if (name !== "package.json") rmSync(join(folder, name), { recursive: true })
  }
  for (const name of ["README.md", "CHANGELOG.md", "LICENSE", "docs"]) {
    const images = join(root, "docs", "images")
    cpSync(join(root, name), join(folder, name), { recursive: true, filter: (path) => path !== images })
  }
  const documents = filesIn(folder).filter((name) => name.endsWith(".md"))
  for (const file of documents) {
    const path = relative(folder, file).split(sep).join("/")
    writeFileSync(file, withLinks(folder, path, textFor(major, readFileSync(file, "utf8"), file)))
  }
  const { projectDocuments } = JSON.parse(readFileSync(join(root, "typedoc.json"), "utf8"))
  const { description, name } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  const guides = ["README.md", ...projectDocuments.filter((path) => path.startsWith("docs/"))].map((path) =>
    summaryOf(path, readFileSync(join(folder, path), "utf8"))
  )
  const effect = `This package is for Effect ${major.at(-1)}`
  writeFileSync(
    join(folder, "llms.txt"),
    llmsText({ name, description: `${description}. ${effect}`, guides, linkOf: (path) => path })
  )
  for (const name of ["dist", "src"]) cpSync(join(build, name), join(folder, name), { recursive: true })
}

const build = (major) => {
  const folder = join(root, "majors", major, "build")
  for (const name of ["src", "dist"]) rmSync(join(folder, name), { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  stage(major, join(folder, "src"))
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc")
  const config = join(root, "majors", major, "tsconfig.build.json")
  const { status } = spawnSync(process.execPath, [compiler, "-p", config], { stdio: "inherit" })
  if (status !== 0) return [`the sources do not compile with the packages of ${major}`]
  const problems = ["dist", "src"].flatMap((name) => misplaced(major, join(folder, name)))
  if (problems.length === 0) fill(major, folder)
  return problems
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((each) => !majors.includes(each))
if (unknown.length > 0) throw new Error(`unknown majors: ${unknown.join(", ")}`)
for (const major of wanted.length === 0 ? majors : wanted) {
  writeAddresses(major)
  const problems = build(major)
  for (const problem of problems) console.error(`${major}: ${problem}`)
  if (problems.length > 0) process.exitCode = 1
}
