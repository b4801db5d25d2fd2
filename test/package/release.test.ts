import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "#test/vitest.js"
import { root } from "../support/compiler.js"

const manifestOf = (major: string): unknown =>
  JSON.parse(readFileSync(join(root, "packages", major, "package.json"), "utf8"))

describe("a release", () => {
  it("of the package for Effect 3 never moves the tag latest, which npm moves by itself", () => {
    expect(manifestOf("effect3")).toMatchObject({ publishConfig: { tag: "effect3" } })
    expect(Object(manifestOf("effect4")).publishConfig).toBeUndefined()
  })

  it("has versions whose first number is the major of Effect", () => {
    expect(manifestOf("effect3")).toMatchObject({ version: expect.stringMatching(/^3\./) })
    expect(manifestOf("effect4")).toMatchObject({ version: expect.stringMatching(/^4\./) })
  })
})
