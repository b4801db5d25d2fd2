import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, describe, expect, it } from "@effect/vitest"
import { checkLinksOf, mapLinks, relativeLinksIn } from "../../scripts/support/links.mjs"

const folders: Array<string> = []

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** The broken links of the first file, beside the others. */
const brokenIn = (files: Readonly<Record<string, string>>): ReadonlyArray<string> => {
  const folder = mkdtempSync(join(tmpdir(), "links-"))
  folders.push(folder)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const [first = ""] = Object.keys(files)
  return checkLinksOf([join(folder, first)]).broken.map((line: string) => line.replace(`${folder}/`, ""))
}

describe("the link checker", () => {
  it("accepts a file, an anchor of its headings, and an address elsewhere", () => {
    const text = "# A\n\n[b](docs/b.md#the-b-c) [a](#a) [x](https://example.com/x) [m](mailto:a@b.c)"
    expect(brokenIn({ "a.md": text, "docs/b.md": "# The `b`, c\n" })).toEqual([])
  })

  it.each([
    ["a link", "[b](b.md)"],
    ["a badge", "[![b](https://example.com/b.svg)](b.md)"],
    ["an image", "![b](b.md)"],
    ["a definition", "[b]\n\n[b]: b.md"],
    ["an attribute", '<img alt="b" src="b.md">']
  ])("reports %s that leads to a missing file", (_, text) => {
    expect(brokenIn({ "a.md": text })).toEqual(["a.md: b.md: there is no such file"])
  })

  it("reports an anchor that no heading has", () => {
    expect(brokenIn({ "a.md": "[b](b.md#c)", "b.md": "# B\n\n```sh\n# c\n```\n" })).toEqual([
      "a.md: b.md#c: there is no such place in it"
    ])
  })

  it("numbers the anchors of equal headings", () => {
    expect(brokenIn({ "a.md": "[1](#b) [2](#b-1)\n\n# B\n\n# B\n" })).toEqual([])
    expect(brokenIn({ "a.md": "[2](#b-1)\n\n# B\n" })).toHaveLength(1)
  })

  it("ignores code", () => {
    expect(
      brokenIn({ "a.md": "`[b](b.md)`\n\n```md\n[b](b.md)\n```\n\n  ```md\n  [b](b.md)\n  ```\n" })
    ).toEqual([])
  })
})

describe("the links of a text", () => {
  it("are replaced outside code", () => {
    const text = "[`a`](a.md) `[b](b.md)` ![c](c.svg) [d](https://d)\n\n[e]: e.md\n"
    expect(mapLinks(text, (target: string) => `to/${target}`)).toBe(
      "[`a`](to/a.md) `[b](b.md)` ![c](to/c.svg) [d](to/https://d)\n\n[e]: to/e.md\n"
    )
  })

  it("are relative without a scheme", () => {
    expect(relativeLinksIn("[a](a.md) [b](#b) [c](https://c)")).toEqual(["a.md", "#b"])
  })
})
