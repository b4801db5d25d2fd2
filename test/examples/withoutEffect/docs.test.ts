import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { expect, it } from "#test/vitest.js"

const text = (path: string) => readFile(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), "utf8")

it("the page Without Effect shows the program and its test as they run here", async () => {
  const page = await text("docs/without-effect.md")
  expect(page).toContain(`\`\`\`ts\n${await text("test/examples/withoutEffect/devices.ts")}\`\`\`\n`)
  // Not checked with the other snippets, because it imports the program.
  expect(page).toContain(
    `\`\`\`typescript\n${await text("test/examples/withoutEffect/devices.test.ts")}\`\`\`\n`
  )
})
