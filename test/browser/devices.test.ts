import { Effect } from "effect"
import { ClerkEmulator } from "effect-clerk/testing"
import type { Page } from "playwright-core"
import { assert, describe } from "vitest"
import { scenario, signInAs } from "./support/scenario.js"

const devicesOf = (page: Page) => page.getByRole("listitem").getByRole("heading").allTextContents()

const statuses = Effect.flatMap(ClerkEmulator, ({ sessions }) =>
  Effect.map(sessions, (all) => all.map(({ status }) => status))
)

describe("your devices", () => {
  scenario(
    "shows where the user is signed in, the current device first and labelled",
    async ({ visitorAs }) => {
      const page = await visitorAs("Chrome on Mac")
      assert.deepStrictEqual(await devicesOf(page), [
        "Chrome on Mac This device",
        "Edge on Windows Sign-in incomplete",
        "Safari on iPhone",
        "Firefox on Windows",
        "Chrome on Android"
      ])
      const current = page.locator("[aria-current=true]")
      assert.strictEqual(await current.count(), 1)
      assert.include(await current.innerText(), "Chrome on Mac")
      assert.include(await current.innerText(), "Last active now")

      const iPhone = page.getByRole("listitem").filter({ hasText: "iPhone" })
      assert.include(await iPhone.innerText(), "Thessaloniki, GR")
      assert.include(await iPhone.innerText(), "3 hours ago")
      const time = await iPhone.locator("time").getAttribute("datetime")
      assert.closeTo(Date.now() - Date.parse(time ?? ""), 3 * 3_600_000, 60_000)
    }
  )

  scenario("leads a visitor who is not signed in to the sign-in", async ({ origin, visitor }) => {
    const page = await visitor()
    assert.strictEqual(page.url(), `${origin}/sign-in`)
    assert.strictEqual(await page.getByRole("heading").innerText(), "Sign in")
  })

  scenario(
    "signs out one other device, which shows a notice and can sign in again",
    async ({ visitorAs }) => {
      const mac = await visitorAs("Chrome on Mac")
      const iPhone = await visitorAs("Safari on iPhone")

      await mac.getByRole("button", { name: "Sign out Safari on iPhone, Thessaloniki, GR" }).click()
      assert.strictEqual(await mac.getByRole("status").innerText(), "That device has been signed out.")
      assert.notInclude(await devicesOf(mac), "Safari on iPhone")

      const answer = await iPhone.reload()
      assert.strictEqual(answer?.status(), 401)
      assert.include(await iPhone.getByRole("alert").innerText(), "no longer signed in on this device")
      assert.strictEqual(await iPhone.getByRole("button").count(), 0)
      await iPhone.getByRole("link", { name: "Sign in again" }).click()
      await signInAs(iPhone, "Safari on iPhone")
      assert.include(await devicesOf(iPhone), "Safari on iPhone This device")
      await mac.reload()
      assert.include(await devicesOf(mac), "Safari on iPhone")
    }
  )

  scenario(
    "does nothing for a device that was signed out in the meantime",
    async ({ atClerk, visitorAs }) => {
      const mac = await visitorAs("Chrome on Mac")
      const iPhone = await visitorAs("Safari on iPhone")
      await mac.getByRole("button", { name: "Sign out Safari on iPhone" }).click()
      await mac.getByRole("status").waitFor()

      await iPhone.getByRole("button", { name: "Sign out all other devices" }).click()
      assert.include(await iPhone.getByRole("alert").innerText(), "no longer signed in on this device")
      assert.deepStrictEqual(
        (await atClerk(statuses)).filter((status) => status === "revoked"),
        ["revoked"]
      )
    }
  )

  scenario(
    "signs out all other devices, including one with unfinished tasks",
    async ({ atClerk, visitorAs }) => {
      const page = await visitorAs("Firefox on Windows")
      await page.getByRole("button", { name: "Sign out all other devices" }).click()
      assert.strictEqual(
        await page.getByRole("status").innerText(),
        "All your other devices have been signed out."
      )
      assert.deepStrictEqual(await devicesOf(page), ["Firefox on Windows This device"])
      assert.strictEqual(await page.getByRole("button", { name: "all other" }).count(), 0)
      assert.sameMembers(await atClerk(statuses), ["active", "revoked", "revoked", "revoked", "revoked"])
    }
  )

  scenario("signs out the current device and removes all of its data", async ({ origin, visitorAs }) => {
    const page = await visitorAs("Chrome on Mac")
    await page.getByRole("button", { name: "Sign out Chrome on Mac" }).click()
    assert.strictEqual(new URL(page.url()).pathname, "/sign-in")
    assert.strictEqual(await page.getByRole("status").innerText(), "You have signed out on this device.")
    const left = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`)
    assert.deepStrictEqual(
      left.filter((cookie) => /^__(session|refresh)/.test(cookie)),
      []
    )
    assert.include(left, "__client_uat=0")

    await page.goBack()
    assert.strictEqual(page.url(), `${origin}/sign-in`)
  })

  scenario("works with the keyboard alone", async ({ visitor }) => {
    const page = await visitor()
    const press = async (...keys: ReadonlyArray<string>) => {
      for (const key of keys) await page.keyboard.press(key)
    }
    await press("Tab", "Enter")
    await page.getByRole("heading", { name: "Your devices" }).waitFor()

    await press("Tab", "Tab", "Tab")
    const focused = page.locator(":focus")
    assert.strictEqual(await focused.textContent(), "Sign out Safari on iPhone, Thessaloniki, GR")
    const outline = await focused.evaluate((element) => getComputedStyle(element).outline)
    assert.match(outline, /solid 3px/)
    await press("Enter")
    await page.getByRole("status").waitFor()
    assert.notInclude(await devicesOf(page), "Safari on iPhone")
  })

  scenario("works without scripts", async ({ visitorAs }) => {
    const page = await visitorAs("Chrome on Mac", { javaScriptEnabled: false })
    await page.getByRole("button", { name: "Sign out Chrome on Android" }).click()
    await page.getByRole("status").waitFor()
    assert.notInclude(await devicesOf(page), "Chrome on Android")
  })
})
