import { writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { assert } from "vitest"
import { story } from "./support/story.js"

const picture = fileURLToPath(new URL("../../docs/images/devices.png", import.meta.url))

/** `UPDATE_PICTURE=1 npm run test:browser -- picture` makes the README's picture again. */
story("the picture in the README can be made again", async ({ visitorAs }) => {
  const page = await visitorAs("Chrome on Mac", { viewport: { width: 1000, height: 600 } })
  const image = await page.screenshot({ fullPage: true })
  assert.isBelow(image.length, 100_000)
  if (process.env["UPDATE_PICTURE"] !== undefined) await writeFile(picture, image)
})
