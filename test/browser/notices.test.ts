import { Effect } from "effect"
import { ClerkEmulator, type PreparedResponse } from "effect-clerk/testing"
import type { Page } from "playwright-core"
import { assert, describe } from "vitest"
import { refusal, refuse, refuseAfterList } from "./support/notices.js"
import { scenario } from "./support/scenario.js"

const clickThrough = async (page: Page, name: string) => {
  const navigation = page.waitForEvent("response", (response) => response.request().isNavigationRequest())
  await page.getByRole("button", { name }).click()
  const response = await navigation
  await page.waitForLoadState()
  return response
}

const outage = refusal(503, "service_unavailable")

const noWordsOfClerks = async (page: Page) =>
  assert.notMatch(await page.content(), /words of Clerk|0f6a9a1f|service_unavailable|sk_test/)

describe("an error response of Clerk", () => {
  scenario(
    "is shown when the devices cannot be listed, with a link to retry",
    async ({ atClerk, visitorAs }) => {
      const page = await visitorAs("Chrome on Mac")
      await atClerk(refuse(outage, outage))
      const answer = await page.reload()
      assert.strictEqual(answer?.status(), 503)
      assert.include(await page.getByRole("alert").innerText(), "sign-in service is unavailable")
      assert.match(await page.title(), /^The sign-in service is unavailable/)
      await noWordsOfClerks(page)

      await page.getByRole("link", { name: "Back to your devices" }).click()
      assert.strictEqual(await page.getByRole("listitem").count(), 5)
    }
  )

  scenario("is not shown when the second attempt succeeds", async ({ atClerk, visitorAs }) => {
    const page = await visitorAs("Chrome on Mac")
    await atClerk(refuse(outage))
    assert.strictEqual((await page.reload())?.status(), 200)
    assert.strictEqual(await page.getByRole("alert").count(), 0)
  })

  const cases: ReadonlyArray<{
    readonly case: string
    readonly refusals: ReadonlyArray<PreparedResponse>
    readonly status: number
    readonly says: string
  }> = [
    {
      case: "the device is gone",
      refusals: [refusal(404, "resource_not_found")],
      status: 404,
      says: "no longer signed in"
    },
    {
      case: "the device cannot be signed out",
      refusals: [refusal(409, "conflict")],
      status: 409,
      says: "cannot be signed out"
    },
    {
      case: "there are too many requests",
      refusals: [refusal(429, "too_many_requests", { "retry-after": "20" })],
      status: 503,
      says: "in 20 seconds"
    },
    { case: "Clerk is unavailable", refusals: [outage, outage], status: 503, says: "is unavailable" },
    {
      case: "Clerk does not take the secret key",
      refusals: [refusal(401, "clerk_key_invalid")],
      status: 500,
      says: "wrong on our side"
    }
  ]

  for (const { case: title, refusals, says, status } of cases) {
    scenario(`is shown above the devices when ${title}`, async ({ atClerk, visitorAs }) => {
      const page = await visitorAs("Chrome on Mac")
      await atClerk(refuseAfterList(...refusals))
      const answer = await clickThrough(page, "Sign out Safari on iPhone")
      assert.strictEqual(answer.status(), status)
      assert.include(await page.getByRole("alert").innerText(), says)
      assert.strictEqual(
        answer.headers()["retry-after"],
        status === 503 && says.includes("20") ? "20" : undefined
      )
      assert.strictEqual(await page.getByRole("listitem").count(), 5)
      await noWordsOfClerks(page)

      await clickThrough(page, "Sign out Safari on iPhone")
      assert.strictEqual(await page.getByRole("status").innerText(), "That device has been signed out.")
    })
  }

  scenario("for one device does not prevent the sign-out of the others", async ({ atClerk, visitorAs }) => {
    const page = await visitorAs("Chrome on Mac")
    await atClerk(refuseAfterList(refusal(409, "conflict")))
    const answer = await clickThrough(page, "Sign out all other devices")
    assert.strictEqual(answer.status(), 409)
    assert.include(await page.getByRole("alert").innerText(), "cannot be signed out")
    assert.strictEqual(await page.getByRole("listitem").count(), 2)
    const live = await atClerk(
      Effect.flatMap(ClerkEmulator, ({ sessions }) =>
        Effect.map(sessions, (all) => all.filter(({ status }) => status !== "revoked").length)
      )
    )
    assert.strictEqual(live, 2)
  })

  scenario(
    "for a device that no longer exists is not shown when all others are signed out",
    async (stage) => {
      const page = await stage.visitorAs("Chrome on Mac")
      await stage.atClerk(refuseAfterList(refusal(404, "resource_not_found")))
      const answer = await clickThrough(page, "Sign out all other devices")
      assert.strictEqual(answer.status(), 303)
      assert.strictEqual(
        await page.getByRole("status").innerText(),
        "All your other devices have been signed out."
      )
    }
  )
})
