// Makes the next version from the changesets: `changeset version`, and then the two other places that
// contain the version.
import { spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const { status } = spawnSync(
  process.execPath,
  [join("node_modules", "@changesets", "cli", "bin.js"), "version"],
  {
    stdio: "inherit"
  }
)
if (status !== 0) process.exit(1)

const { version } = JSON.parse(readFileSync("package.json", "utf8"))

const lock = JSON.parse(readFileSync("package-lock.json", "utf8"))
lock.version = version
lock.packages[""].version = version
writeFileSync("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`)

const source = join("src", "core", "version.ts")
const text = readFileSync(source, "utf8")
const next = text.replace(/^(export const version = )".*"$/m, `$1"${version}"`)
if (!next.includes(`"${version}"`)) throw new Error(`${source} has no version to replace`)
writeFileSync(source, next)

// `changeset version` puts the new section below the title. The introduction belongs there, and the manual entries under
// "Unreleased" belongs to the new section.
const changelog = readFileSync("CHANGELOG.md", "utf8")
const parts =
  /^# Changelog\n\n(## [\s\S]*?\n)(All notable changes[^\n]*\n)\n(?:## Unreleased\n\n)?([\s\S]*)$/.exec(
    changelog
  )
if (parts === null) throw new Error("CHANGELOG.md is not laid out as it should be")
const [, section, introduction, rest] = parts
writeFileSync("CHANGELOG.md", `# Changelog\n\n${introduction}\n${section}${rest}`)
