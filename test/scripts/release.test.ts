import { execFileSync, spawnSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, describe, expect, it } from "@effect/vitest"
import {
  changelogSection,
  contentFlaws,
  nextVersion,
  publishArguments,
  targetsOf,
  versionFlaws,
  workflowFlaws
} from "../../scripts/support/release.mjs"
import { root } from "../support/compiler.js"

const folders: Array<string> = []

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

const introduction = "# Changelog\n\nAll notable changes are listed here.\n"
const changeset = (level: string, text: string) => `---\n"effect-clerk": ${level}\n---\n\n${text}\n`

const addresses = {
  repository: "https://github.com/acme/effect-clerk",
  homepage: "https://acme.dev/",
  bugs: "https://github.com/acme/effect-clerk/issues"
}

interface Project {
  readonly versions: { readonly effect3: string; readonly effect4: string }
  readonly files: Readonly<Record<string, string>>
}

/** A repository with the parts that a release reads, all committed. */
const projectWith = ({ files, versions }: Project) => {
  const folder = mkdtempSync(join(tmpdir(), "release-"))
  folders.push(folder)
  const manifest = (major: "effect3" | "effect4") => ({
    name: "effect-clerk",
    version: versions[major],
    license: "MIT",
    exports: { ".": "./dist/index.js" }
  })
  const all = {
    ".changeset/config.json": readFileSync(join(root, ".changeset/config.json"), "utf8"),
    ".github/workflows/release.yml": readFileSync(join(root, ".github/workflows/release.yml"), "utf8"),
    ".gitignore": "node_modules\npackages/*/*\n!packages/*/package.json\n",
    "packages/package.json": readFileSync(join(root, "packages/package.json"), "utf8"),
    "packages/metadata.json": JSON.stringify(addresses),
    "packages/effect3/package.json": JSON.stringify(manifest("effect3")),
    "packages/effect4/package.json": JSON.stringify(manifest("effect4")),
    ...files
  }
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  symlinkSync("../.changeset", join(folder, "packages/.changeset"))
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
  cpSync(join(root, "scripts"), join(folder, "scripts"), { recursive: true })
  const git = (...args: ReadonlyArray<string>) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.com", ...args], { cwd: folder })
  git("init", "-q", "-b", "main")
  git("add", ".")
  git("commit", "-q", "-m", "start")
  return {
    read: (path: string) => readFileSync(join(folder, path), "utf8"),
    write: (path: string, text: string) => writeFileSync(join(folder, path), text),
    versionOf: (major: string) =>
      JSON.parse(readFileSync(join(folder, "packages", major, "package.json"), "utf8")).version,
    run: (script: string, args: ReadonlyArray<string> = [], env: Readonly<Record<string, string>> = {}) => {
      const { ACTIONS_ID_TOKEN_REQUEST_URL: _, GITHUB_OUTPUT: __, ...outer } = process.env
      const command = [join(folder, "scripts", script), ...args]
      return spawnSync(process.execPath, command, {
        cwd: folder,
        encoding: "utf8",
        env: { ...outer, ...env }
      })
    }
  }
}

const candidates = { effect3: "3.0.0-rc.0", effect4: "4.0.0-rc.0" }
const first = { effect3: "3.0.0", effect4: "4.0.0" }
const heading = "## 4.0.0 for Effect 4, 3.0.0 for Effect 3"

describe("npm run release:version", () => {
  it("makes the first versions from release candidates, and the next ones from those", () => {
    const { read, run, versionOf, write } = projectWith({
      versions: candidates,
      files: {
        "CHANGELOG.md": `${introduction}\n## Unreleased\n\n### Sessions\n\n- \`list\`\n`,
        ".changeset/first.md": changeset("minor", "The first release.")
      }
    })
    const made = run("release-version.mjs")
    expect(made.status, made.stderr).toBe(0)
    expect([versionOf("effect4"), versionOf("effect3")]).toEqual(["4.0.0", "3.0.0"])
    expect(read("CHANGELOG.md").replace(/- \w{7}: /, "- ")).toBe(
      `${introduction}\n${heading}\n\n### Changes\n\n- The first release.\n\n### Sessions\n\n- \`list\`\n`
    )

    write(".changeset/fix.md", changeset("patch", "A fix."))
    expect(run("release-version.mjs").status).toBe(0)
    expect([versionOf("effect4"), versionOf("effect3")]).toEqual(["4.0.1", "3.0.1"])
    expect(
      read("CHANGELOG.md").startsWith(
        `${introduction}\n## 4.0.1 for Effect 4, 3.0.1 for Effect 3\n\n### Fixes\n\n- A fix.\n\n${heading}\n`
      )
    ).toBe(true)
  }, 60_000)
})

describe("npm run release", () => {
  const released = (text = "") => ({
    versions: first,
    files: { "CHANGELOG.md": `${introduction}\n${heading}\n\n- The first release.\n`, "README.md": text }
  })
  const badge = "[ci](https://github.com/OWNER/effect-clerk/actions)\n"
  const workflow = { ACTIONS_ID_TOKEN_REQUEST_URL: "http://127.0.0.1/" }

  it("stops at placeholders, and prints the file and the line of each", () => {
    const { status, stderr } = projectWith(released(badge)).run("release.mjs", [], workflow)
    expect(status).toBe(1)
    expect(stderr).toContain(
      "Not released:\n- the addresses of the project are placeholders: run node scripts/metadata.mjs"
    )
    expect(stderr).toContain("README.md:1: [ci](https://github.com/OWNER/effect-clerk/actions)")
    expect(stderr.match(/^- /gm)).toHaveLength(1)
  })

  it("reports placeholders in a dry run, which succeeds", () => {
    const { status, stdout } = projectWith(released(badge)).run("release.mjs", ["--dry-run", "--no-build"])
    expect(stdout).toContain("README.md:1: [ci](https://github.com/OWNER/effect-clerk/actions)")
    expect(stdout).toContain("Nothing was published.")
    expect(status).toBe(0)
  }, 60_000)

  it("lists everything that stops it", () => {
    const { run, write } = projectWith({
      versions: candidates,
      files: { "CHANGELOG.md": introduction, ".changeset/first.md": changeset("minor", "The first release.") }
    })
    write("CHANGELOG.md", `${introduction}\n`)
    const { status, stderr } = run("release.mjs")
    expect(status).toBe(1)
    for (const reason of [
      "- packages/effect4 has version 4.0.0-rc.0, a prerelease",
      "- changesets are left",
      `- CHANGELOG.md has no section "${heading}"`,
      "- it has changes that are not committed",
      "- this process has no identity of a workflow"
    ]) {
      expect(stderr).toContain(reason)
    }
  })

  it("shows the versions, the tags and the contents in a dry run", () => {
    const { run } = projectWith({
      versions: candidates,
      files: { "CHANGELOG.md": introduction, ".changeset/first.md": changeset("minor", "The first release.") }
    })
    const { status, stdout } = run("release.mjs", ["--dry-run", "--no-build"])
    expect(status).toBe(0)
    expect(stdout).toContain("Effect 4: effect-clerk@4.0.0 (now 4.0.0-rc.0), dist-tag latest")
    expect(stdout).toContain("Effect 3: effect-clerk@3.0.0 (now 3.0.0-rc.0), dist-tag effect3")
    expect(stdout).toContain("npm publish ./packages/effect4 --access public --tag latest --provenance")
    expect(stdout).toContain("the tarball for effect4 lacks dist/index.js")
    expect(stdout).toContain("ok    placeholders")
  }, 60_000)
})

describe("the parts of a release", () => {
  it.each([
    ["4.0.0-rc.0", ["minor"], "4.0.0"],
    ["4.0.0-rc.0", [], "4.0.0"],
    ["4.0.0", [], "4.0.0"],
    ["4.1.3", ["patch"], "4.1.4"],
    ["4.1.3", ["patch", "minor"], "4.2.0"]
  ])("have, from %s and changesets of the levels %j, the version %s", (version, levels, expected) => {
    expect(nextVersion(version, levels)).toBe(expected)
  })

  it("have versions that differ only in the major of Effect", () => {
    expect(versionFlaws(first, [])).toEqual([])
    expect(versionFlaws({ effect3: "3.0.1", effect4: "4.0.0" }, [])).toEqual([
      "the versions 4.0.0 and 3.0.1 differ in more than the first number"
    ])
    expect(versionFlaws({ effect3: "3.0.0", effect4: "5.0.0" }, [])).toEqual([
      "packages/effect4 has version 5.0.0, expected 4.x.y: the first number is Effect's major"
    ])
  })

  it("have the tag latest for Effect 4 and effect3 for Effect 3, and provenance", () => {
    const tagOf = (args: ReadonlyArray<string>) => args[args.indexOf("--tag") + 1]
    expect(tagOf(publishArguments("effect4"))).toBe("latest")
    expect(tagOf(publishArguments("effect3"))).toBe("effect3")
    for (const major of ["effect3", "effect4"]) expect(publishArguments(major)).toContain("--provenance")
  })

  it("have the files that a manifest names, and no others", () => {
    const targets = targetsOf({
      exports: { ".": { types: "./dist/a.d.ts", default: "./dist/a.js" }, "./core/*": null }
    })
    expect(targets).toEqual(["dist/a.d.ts", "dist/a.js"])
    const flaws = contentFlaws("effect4", ["dist/a.js", "test/a.test.ts", "src/effect3/time.ts"], targets)
    expect(flaws).toContain("the tarball for effect4 lacks dist/a.d.ts")
    expect(flaws).toContain("the tarball for effect4 lacks llms.txt")
    expect(flaws).toContain("the tarball for effect4 has test/a.test.ts, which does not belong there")
    expect(flaws).toContain("the tarball for effect4 has src/effect3/time.ts, which does not belong there")
    expect(flaws).not.toContain("the tarball for effect4 lacks dist/a.js")
  })

  it("have the section of the changelog up to the next heading", () => {
    expect(
      changelogSection(`${introduction}\n${heading}\n\n### A\n\n- b\n\n## 3.9.0\n\n- c\n`, heading)
    ).toBe("### A\n\n- b")
    expect(changelogSection(introduction, heading)).toBe("")
  })

  const workflow = readFileSync(join(root, ".github/workflows/release.yml"), "utf8")

  it("come from a workflow that may request provenance and stores no token", () => {
    expect(workflowFlaws(workflow)).toEqual([])
  })

  it("need the permission in the job that publishes, and in no other way", () => {
    expect(workflowFlaws(workflow.replace(/^ +id-token: write\n/m, ""))).toEqual([
      'the job publish of release.yml needs the permission "id-token: write" for provenance'
    ])
    expect(workflowFlaws(workflow.replaceAll("run: npm run release\n", "run: npm publish\n"))).toEqual([
      'release.yml runs "npm run release" in 0 jobs, expected 1'
    ])
    expect(workflowFlaws(`${workflow}\n# NODE_AUTH_TOKEN\n`)).toEqual([
      "release.yml uses a token of npm, expected none"
    ])
  })
})
