import { readFile, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { assert } from "vitest"
import { scenario } from "./support/scenario.js"

const picture = fileURLToPath(new URL("../../docs/images/devices.png", import.meta.url))

const width = 1000

/** `UPDATE_PICTURE=1 npm run test:browser -- picture` makes it again. */
scenario("the picture of the application is small and shows its whole width", async ({ visitorAs }) => {
  const page = await visitorAs("Chrome on Mac", { viewport: { width, height: 600 } })
  const taken = await page.screenshot({ fullPage: true })
  if (process.env["UPDATE_PICTURE"] !== undefined) await writeFile(picture, taken)

  const kept = await readFile(picture)
  const widthOf = (png: Buffer) => png.readUInt32BE(16)
  assert.deepStrictEqual([widthOf(kept), widthOf(taken)], [width, width])
  assert.isBelow(kept.length, 100_000)
})
