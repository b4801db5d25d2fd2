import { readFileSync } from "node:fs"
import { expect, it } from "@effect/vitest"
import { version } from "../../src/core/version.js"

it("the client sends the version of the package", () => {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"))
  expect(manifest).toMatchObject({ name: "effect-clerk", version })
})
