import axe from "axe-core"
import { Effect } from "effect"
import { ClerkEmulator } from "effect-clerk/testing"
import type { Page } from "playwright-core"
import { assert, describe } from "vitest"
import { userId } from "../../examples/devices/demo.js"
import { refusal, refuseAfterList } from "./support/notices.js"
import { scenario } from "./support/scenario.js"

/** What axe finds: rule and element. Its best practices are among the rules. */
const violations = async (page: Page): Promise<ReadonlyArray<string>> => {
  await page.evaluate(axe.source)
  const results = await page.evaluate<axe.AxeResults>("axe.run()")
  assert.isAbove(results.passes.length, 10)
  return [...results.violations, ...results.incomplete].flatMap(({ id, nodes }) =>
    nodes.map(({ html }) => `${id}: ${html}`)
  )
}

const overflow = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

describe("accessibility", () => {
  for (const colorScheme of ["light", "dark"] as const) {
    scenario(`axe reports nothing in the ${colorScheme} scheme`, async ({ atClerk, visitor }) => {
      const page = await visitor({ colorScheme })
      const look = async (where: string) => assert.deepStrictEqual(await violations(page), [], where)
      await look("sign-in")

      await page.getByRole("button", { name: "Chrome on Mac" }).click()
      await page.getByRole("listitem").first().waitFor()
      await look("devices")

      await page.getByRole("button", { name: "Sign out Chrome on Android" }).click()
      await page.getByRole("status").waitFor()
      await look("devices, one signed out")

      await atClerk(refuseAfterList(refusal(409, "conflict")))
      await page.getByRole("button", { name: "Sign out Safari on iPhone" }).click()
      await page.getByRole("alert").waitFor()
      await look("devices, one refused")

      await page.goto(new URL("/nowhere", page.url()).href)
      await page.getByRole("alert").waitFor()
      await look("no such page")
    })
  }

  scenario("states its language, and states in its title what happened", async ({ visitorAs }) => {
    const page = await visitorAs("Chrome on Mac")
    assert.strictEqual(await page.locator("html").getAttribute("lang"), "en")
    assert.strictEqual(await page.getByRole("heading", { level: 1 }).count(), 1)
    assert.strictEqual(await page.title(), "Your devices")
    await page.getByRole("button", { name: "Sign out Chrome on Android" }).click()
    await page.getByRole("status").waitFor()
    assert.strictEqual(await page.title(), "That device has been signed out. – Your devices")
  })

  scenario("each button has a name of its own", async ({ visitorAs }) => {
    const page = await visitorAs("Chrome on Mac")
    const names = await page.getByRole("button").allTextContents()
    assert.strictEqual(names.length, 6)
    assert.strictEqual(new Set(names).size, 6)
  })

  for (const width of [320, 360]) {
    scenario(`fits a screen ${width} pixels wide with any length of name`, async ({ atClerk, visitorAs }) => {
      await atClerk(
        Effect.gen(function* () {
          const clerk = yield* ClerkEmulator
          const endless = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch".repeat(3)
          yield* clerk.signIn(userId, { activity: { browserName: endless, city: endless } })
        })
      )
      const page = await visitorAs("Chrome on Mac", { viewport: { width, height: 640 } })
      assert.strictEqual(await page.getByRole("listitem").count(), 6)
      assert.strictEqual(await overflow(page), 0)
    })
  }
})
