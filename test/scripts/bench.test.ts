import { readFileSync } from "node:fs"
import { major } from "#test/major.js"
import { assert, describe, it } from "#test/vitest.js"
import { readFigures } from "../../bench/figures.js"
import { rendered } from "../../bench/render.js"

const documents = await rendered(await readFigures(major))

describe("the recorded figures of the benchmarks", () => {
  it("are those in the page, in the plot and in the README", () => {
    for (const [file, content] of documents) {
      assert.strictEqual(readFileSync(file, "utf8"), content, "run npm run bench -- --render")
    }
  })
})
