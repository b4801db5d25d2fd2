import { describe, expect, it } from "@effect/vitest"
import { sinceOf, textFor } from "../../scripts/support/majorText.mjs"

const lines = (...all: ReadonlyArray<string>) => `${all.join("\n")}\n`

const install = lines(
  "```sh",
  "npm install effect-clerk effect      # Effect 4",
  "npm install effect-clerk@3 effect@3 \\",
  "  @effect/platform                   # Effect 3",
  "npm test # both",
  "```"
)

describe("the text for one Effect major", () => {
  it("has the commands of that major, without the comment that names it", () => {
    expect(textFor("effect4", install, "a.md")).toBe(
      lines("```sh", "npm install effect-clerk effect", "npm test # both", "```")
    )
    expect(textFor("effect3", install, "a.md")).toBe(
      lines("```sh", "npm install effect-clerk@3 effect@3 \\", "  @effect/platform", "npm test # both", "```")
    )
  })

  it("cannot be made if a block has no command for that major", () => {
    const text = lines("```sh", "npm install effect # Effect 4", "```")
    expect(textFor("effect4", text, "a.md")).toBe(lines("```sh", "npm install effect", "```"))
    expect(() => textFor("effect3", text, "a.md")).toThrow("a.md: no command of this block is for Effect 3")
  })

  it("keeps such comments in other code", () => {
    const text = lines("```ts", "const a = 1 # Effect 4", "```", "", "npm install # Effect 4")
    expect(textFor("effect3", text, "a.md")).toBe(text)
  })

  const pair = (language: string) =>
    lines(
      ...["Effect 4:", "", `\`\`\`${language} effect4`, "four", "```", ""],
      ...["Effect 3:", "", `\`\`\`${language} effect3`, "three", "```"]
    )

  it.each(["ts", "sh", "json"])("has the one block of a pair of %s blocks", (language) => {
    expect(textFor("effect4", pair(language), "a.md")).toBe(lines(`\`\`\`${language}`, "four", "```"))
    expect(textFor("effect3", pair(language), "a.md")).toBe(lines(`\`\`\`${language}`, "three", "```"))
  })

  it("cannot be made if a block has no counterpart", () => {
    const text = lines("Effect 4:", "", "```ts effect4", "four", "```")
    expect(() => textFor("effect4", text, "a.md")).toThrow("a.md: ```ts effect4 is not in a pair")
  })

  it("names the version of the package for that major in @since", () => {
    const text = lines("/**", " * @since 4.2.0", " */", "// since 4.2.0")
    expect(sinceOf("effect4", text)).toBe(text)
    expect(sinceOf("effect3", text)).toBe(lines("/**", " * @since 3.2.0", " */", "// since 4.2.0"))
    expect(textFor("effect3", text, "a.ts")).toBe(sinceOf("effect3", text))
  })

  it("has a badge with the version of the package for that major", () => {
    const badge =
      "[![npm](https://img.shields.io/npm/v/effect-clerk)](https://www.npmjs.com/package/effect-clerk)"
    expect(textFor("effect4", badge, "a.md")).toBe(badge)
    expect(textFor("effect3", badge, "a.md")).toBe(badge.replace("v/effect-clerk", "v/effect-clerk/effect3"))
  })
})
