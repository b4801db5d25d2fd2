// The addresses of the project, from `packages/metadata.json`: of its repository, its site and its issues. Until they are
// set, they contain the placeholder OWNER. Paths are relative to the working directory.
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const file = join("packages", "metadata.json")

export const readMetadata = () => JSON.parse(readFileSync(file, "utf8"))

/**
 * A manifest with the addresses. `repository` has no `directory`: the folder of a package has the manifest only, so a
 * reader who follows the link from npm would find nothing.
 */
export const withAddresses = (manifest, { bugs, homepage, repository }) => {
  const { name, version, description, license, ...others } = manifest
  return {
    ...{ name, version, description, license, homepage },
    repository: { type: "git", url: `git+${repository}.git` },
    bugs: { url: bugs },
    ...Object.fromEntries(
      Object.entries(others).filter(([key]) => !["homepage", "repository", "bugs"].includes(key))
    )
  }
}

/** Writes the addresses into the manifest of a package, if it has others. */
export const writeAddresses = (major) => {
  const path = join("packages", major, "package.json")
  const before = readFileSync(path, "utf8")
  const after = `${JSON.stringify(withAddresses(JSON.parse(before), readMetadata()), null, 2)}\n`
  if (after !== before) writeFileSync(path, after)
}

/** The files of the repository that may contain an address. */
const filesWithAddresses = () =>
  execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { encoding: "utf8" })
    .split("\0")
    .filter((path) => /\.(?:json|md|mjs|ts|ya?ml|css|svg|html)$/.test(path))
    .filter((path) => !/(?:^|\/)package-lock\.json$|^(?:scripts|test)\//.test(path) && existsSync(path))

const placeholder = /\bOWNER(?:\/|\.github\.io)/

/** Each line with a placeholder, as `file:line: text`. */
export const placeholders = () =>
  filesWithAddresses().flatMap((path) =>
    readFileSync(path, "utf8")
      .split("\n")
      .flatMap((line, index) => (placeholder.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : []))
  )

const nameOf = (repository) => repository.replace("https://github.com/", "")

const hostOf = (homepage) => homepage.replace(/^https:\/\//, "").replace(/\/$/, "")

/** Replaces the addresses in every file of the repository, and returns the changed files. */
export const replaceAddresses = (next) => {
  const before = readMetadata()
  const replacements = [
    [before.bugs, next.bugs],
    [before.repository, next.repository],
    [hostOf(before.homepage), hostOf(next.homepage)],
    // Badges name the repository behind another host.
    [nameOf(before.repository), nameOf(next.repository)]
  ]
  const changed = filesWithAddresses().filter((path) => {
    const text = readFileSync(path, "utf8")
    // In one pass, so that a new address is not replaced once more.
    const pattern = replacements.map(([from]) => from.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")
    const after = text.replaceAll(
      new RegExp(`(?:${pattern})(?![\\w-])`, "g"),
      (found) => replacements.find(([from]) => from === found)?.[1] ?? found
    )
    if (after !== text) writeFileSync(path, after)
    return after !== text
  })
  writeFileSync(file, `${JSON.stringify(next, null, 2)}\n`)
  return changed
}

/** The address of a file of the repository in a release. Images need the address of their bytes. */
export const addressOf = (repository, tag, path, kind) =>
  kind === "image"
    ? `${repository.replace("https://github.com/", "https://raw.githubusercontent.com/")}/${tag}/${path}`
    : `${repository}/${kind === "folder" ? "tree" : "blob"}/${tag}/${path}`
