import { execFileSync, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, describe, expect, it } from "@effect/vitest"
import { addressOf, withAddresses } from "../../scripts/support/metadata.mjs"
import { root } from "../support/compiler.js"

const folders: Array<string> = []

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

const placeholders = {
  repository: "https://github.com/OWNER/effect-clerk",
  homepage: "https://OWNER.github.io/effect-clerk/",
  bugs: "https://github.com/OWNER/effect-clerk/issues"
}

const manifest = { name: "effect-clerk", version: "4.0.0", description: "d", license: "MIT", type: "module" }

/** A repository with the addresses in several files. */
const repositoryWith = (files: Readonly<Record<string, string>>) => {
  const folder = mkdtempSync(join(tmpdir(), "metadata-"))
  folders.push(folder)
  const all = {
    "packages/metadata.json": JSON.stringify(placeholders),
    "packages/effect3/package.json": JSON.stringify(manifest),
    "packages/effect4/package.json": JSON.stringify(manifest),
    ...files
  }
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  execFileSync("git", ["init", "-q"], { cwd: folder })
  return {
    read: (path: string) => readFileSync(join(folder, path), "utf8"),
    set: (...args: ReadonlyArray<string>) =>
      spawnSync(process.execPath, [join(root, "scripts/metadata.mjs"), ...args], {
        cwd: folder,
        encoding: "utf8"
      })
  }
}

const acme = ["https://github.com/acme/clerk-sessions", "https://docs.acme.dev/clerk"]

describe("node scripts/metadata.mjs", () => {
  it("sets the addresses in the manifests, the documents, the badges and the configuration of GitHub", () => {
    const { read, set } = repositoryWith({
      "README.md":
        "[![ci](https://img.shields.io/github/actions/workflow/status/OWNER/effect-clerk/ci.yml)]" +
        "(https://github.com/OWNER/effect-clerk/actions) [docs](https://OWNER.github.io/effect-clerk/errors.html)\n",
      ".github/ISSUE_TEMPLATE/config.yml": "url: https://github.com/OWNER/effect-clerk/security\n"
    })
    const { status, stdout } = set(...acme)
    expect(status).toBe(0)
    expect(stdout).toContain("changed README.md")
    expect(read("README.md")).toBe(
      "[![ci](https://img.shields.io/github/actions/workflow/status/acme/clerk-sessions/ci.yml)]" +
        "(https://github.com/acme/clerk-sessions/actions) [docs](https://docs.acme.dev/clerk/errors.html)\n"
    )
    expect(read(".github/ISSUE_TEMPLATE/config.yml")).toBe(
      "url: https://github.com/acme/clerk-sessions/security\n"
    )
    const addresses = {
      repository: "https://github.com/acme/clerk-sessions",
      homepage: "https://docs.acme.dev/clerk/",
      bugs: "https://github.com/acme/clerk-sessions/issues"
    }
    expect(JSON.parse(read("packages/metadata.json"))).toEqual(addresses)
    for (const major of ["effect3", "effect4"]) {
      expect(JSON.parse(read(`packages/${major}/package.json`))).toEqual(withAddresses(manifest, addresses))
    }
  })

  it("changes addresses that were set before", () => {
    const { read, set } = repositoryWith({
      "SECURITY.md": "https://github.com/OWNER/effect-clerk/security\n"
    })
    set(...acme)
    expect(set("https://github.com/other/effect-clerk", "https://other.dev/").status).toBe(0)
    expect(read("SECURITY.md")).toBe("https://github.com/other/effect-clerk/security\n")
  })

  it("keeps the addresses of other repositories", () => {
    const { read, set } = repositoryWith({ "README.md": "https://github.com/OWNER/effect-clerk-examples\n" })
    const { status, stderr } = set(...acme)
    expect(read("README.md")).toBe("https://github.com/OWNER/effect-clerk-examples\n")
    expect(stderr).toContain("placeholder README.md:1:")
    expect(status).toBe(1)
  })

  it.each([
    [["git@github.com:acme/effect-clerk.git", "https://acme.dev"], 'the repository is "git@github.com'],
    [
      ["https://github.com/acme/effect-clerk.git", "https://acme.dev"],
      'the repository is "https://github.com'
    ],
    [["https://github.com/acme/effect-clerk", "acme.dev"], 'the homepage is "acme.dev"'],
    [[], "usage: node scripts/metadata.mjs <repository-url> <homepage-url>"]
  ])("rejects %j", (args, message) => {
    const { read, set } = repositoryWith({})
    const { status, stderr } = set(...args)
    expect(status).toBe(2)
    expect(stderr).toContain(message)
    expect(JSON.parse(read("packages/metadata.json"))).toEqual(placeholders)
  })
})

describe("the addresses", () => {
  it("of both published manifests are those of packages/metadata.json", () => {
    const read = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8"))
    const metadata = read("packages/metadata.json")
    for (const major of ["effect3", "effect4"]) {
      const published = read(`packages/${major}/package.json`)
      expect(published).toEqual(withAddresses(published, metadata))
    }
  })

  it("of files name the tag of the release, and the bytes of an image", () => {
    const { repository } = placeholders
    expect(addressOf(repository, "v4.0.0", "docs/a.md", "file")).toBe(`${repository}/blob/v4.0.0/docs/a.md`)
    expect(addressOf(repository, "v4.0.0", "bench", "folder")).toBe(`${repository}/tree/v4.0.0/bench`)
    expect(addressOf(repository, "v4.0.0", "docs/a.svg", "image")).toBe(
      "https://raw.githubusercontent.com/OWNER/effect-clerk/v4.0.0/docs/a.svg"
    )
  })
})
