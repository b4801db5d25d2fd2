// Makes the next versions from the changesets. Both packages have one source and one changelog, so their versions differ
// only in the first number, which is the major of Effect.
//
// Changesets and npm allow one package of a name. So `packages/package.json` lists the one for Effect 4, of which
// `changeset version` makes the version and the section of the changelog. This script adds the other package.
//
// The working directory is the repository to change.
import { spawnSync } from "node:child_process"
import { cpSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { changelogHeading } from "./support/release.mjs"

const manifestOf = (major) => join("packages", major, "package.json")
const read = (major) => JSON.parse(readFileSync(manifestOf(major), "utf8"))

// The build leaves a copy there, of which Git knows nothing.
const copy = join("packages", "effect4", "CHANGELOG.md")
cpSync("CHANGELOG.md", copy)

const command = join("..", "node_modules", "@changesets", "cli", "bin.js")
const { status } = spawnSync(process.execPath, [command, "version"], { cwd: "packages", stdio: "inherit" })
if (status !== 0) process.exit(1)

const { version } = read("effect4")
if (!version.startsWith("4.")) {
  throw new Error(`${version}: the first number is the major of Effect, so a changeset is minor or patch`)
}
const before = read("effect3")
const next = { ...before, version: version.replace("4.", "3.") }
writeFileSync(manifestOf("effect3"), `${JSON.stringify(next, null, 2)}\n`)

// `changeset version` puts the new section below the title. The introduction belongs there, and the manual entries under
// "Unreleased" belong to the new section.
const changelog = readFileSync(copy, "utf8")
const parts =
  /^# Changelog\n\n## \S+\n([\s\S]*?\n)(All notable changes[^\n]*\n)\n(?:## Unreleased\n\n)?([\s\S]*)$/.exec(
    changelog
  )
if (parts === null) {
  throw new Error(
    'CHANGELOG.md needs a title, a line that starts with "All notable changes", and the sections of the versions'
  )
}
const [, section, introduction, rest] = parts
const changes = section.replace("### Minor Changes", "### Changes").replace("### Patch Changes", "### Fixes")
const heading = changelogHeading({ effect3: next.version, effect4: version })
writeFileSync("CHANGELOG.md", `# Changelog\n\n${introduction}\n${heading}\n${changes}${rest}`)
