import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "#test/vitest.js"
import { commands } from "../../../src/testing/cli/commands.js"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const text = (path: string) => readFile(`${root}/${path}`, "utf8")

describe("the pages on testing", () => {
  it.each(["retries", "expiry", "protectedApi"])(
    "shows the example %s as it runs here, for each Effect major",
    async (name) => {
      const page = await text("docs/testing.md")
      for (const major of ["effect3", "effect4"]) {
        const example = await text(`test/${major}/examples/${name}.test.ts`)
        expect(page).toContain(`\`\`\`ts ${major}\n${example}\`\`\`\n`)
      }
    }
  )

  it("lists every command of the emulator program, with its method", async () => {
    const page = await text("docs/emulator.md")
    const listed = [...page.matchAll(/^\| `(GET|POST) \/__emulator\/([\w-]+)`/gm)]
    expect(listed.map(([, method, name]) => `${method} ${name}`).sort()).toEqual(
      Object.entries(commands)
        .map(([name, { method }]) => `${method} ${name}`)
        .sort()
    )
  })
})
