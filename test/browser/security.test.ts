import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect } from "effect"
import { ClerkEmulator } from "effect-clerk/testing"
import { assert, describe, onTestFinished } from "vitest"
import { userId } from "../../examples/devices/demo.js"
import { scenario } from "./support/scenario.js"

/** A page of another site, on another port of this machine. */
const otherSite = async (body: string): Promise<number> => {
  const server = createServer((_, response) => {
    response.setHeader("content-type", "text/html")
    response.end(`<!doctype html><title>Elsewhere</title><link rel="icon" href="data:,">${body}`)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  // `listen` with a port gives an address of this shape.
  return (server.address() as AddressInfo).port
}

const isActive = (id: string) =>
  Effect.flatMap(ClerkEmulator, ({ sessions }) =>
    Effect.map(sessions, (all) => all.some((session) => session.id === id && session.status === "active"))
  )

const liveCount = Effect.flatMap(ClerkEmulator, ({ sessions }) =>
  Effect.map(sessions, (all) => all.filter(({ status }) => status !== "revoked").length)
)

describe("the security of the example", () => {
  scenario("the session of another user is not found", async ({ atClerk, visitorAs }) => {
    const theirs = await atClerk(
      Effect.gen(function* () {
        const clerk = yield* ClerkEmulator
        const somebody = yield* clerk.createUser()
        const { session } = yield* clerk.signIn(somebody.id)
        return session.id
      })
    )
    const page = await visitorAs("Chrome on Mac")
    const form = page.locator("form").first()
    await form.evaluate((form, id) => form.setAttribute("action", `/devices/${id}/revoke`), theirs)
    await form.getByRole("button").click()
    assert.strictEqual(await page.getByRole("alert").innerText(), "That device is no longer signed in.")
    assert.isTrue(await atClerk(isActive(theirs)))
  })

  for (const host of ["127.0.0.1", "localhost"]) {
    scenario(`a form of another site is rejected (${host})`, async ({ atClerk, origin, visitorAs }) => {
      const page = await visitorAs("Chrome on Mac")
      const port = await otherSite(
        `<form method="post" action="${origin}/devices/revoke-others"><button>Win a prize</button></form>`
      )
      await page.goto(`http://${host}:${port}/`)
      await page.getByRole("button").click()
      await page.getByRole("heading").waitFor()
      if (host === "127.0.0.1") {
        assert.include(await page.getByRole("alert").innerText(), "came from another website")
      } else {
        // To another site the browser sends no cookie.
        assert.strictEqual(page.url(), `${origin}/sign-in`)
      }
      assert.strictEqual(await atClerk(liveCount), 5)
      await page.goto(origin)
      assert.strictEqual(await page.getByRole("listitem").count(), 5)
    })
  }

  scenario("the token is unavailable to scripts and to other sites", async ({ atClerk, visitorAs }) => {
    const page = await visitorAs("Chrome on Mac")
    const cookies = await page.context().cookies()
    const suffix = await atClerk(Effect.map(ClerkEmulator, ({ cookieSuffix }) => cookieSuffix))
    assert.deepStrictEqual(
      cookies
        .map(({ domain, httpOnly, name, path, sameSite }) => ({ domain, httpOnly, name, path, sameSite }))
        .sort((a, b) => a.name.localeCompare(b.name)),
      [
        ...["__clerk_db_jwt", "__client_uat", "__session"].flatMap((name) => [name, `${name}_${suffix}`]),
        `__refresh_${suffix}`,
        "__client"
      ]
        .map((name) => ({
          domain: name === "__client" ? "localhost" : "127.0.0.1",
          httpOnly: true,
          name,
          path: "/",
          sameSite: "Lax" as const
        }))
        .sort((a, b) => a.name.localeCompare(b.name))
    )
    assert.strictEqual(await page.evaluate(() => document.cookie), "")
    assert.notInclude(await page.content(), "eyJ")
  })

  scenario("the name of a device is text, also when it contains HTML", async ({ atClerk, visitorAs }) => {
    const hostile = `<script>alert(1)</script>`
    const quoting = `"><img src=x onerror=alert(2)> & 'friends'`
    await atClerk(
      Effect.gen(function* () {
        const clerk = yield* ClerkEmulator
        yield* clerk.signIn(userId, {
          activity: { browserName: hostile, deviceType: quoting, city: hostile, country: quoting }
        })
      })
    )
    const page = await visitorAs("Chrome on Mac")
    const item = page.getByRole("listitem").filter({ hasText: "friends" })
    assert.strictEqual(await item.getByRole("heading").textContent(), `${hostile} on ${quoting}`)
    assert.strictEqual(
      await item.getByRole("button").textContent(),
      `Sign out ${hostile} on ${quoting}, ${hostile}, ${quoting}`
    )
    assert.strictEqual(await page.locator("script, img").count(), 0)
    await item.getByRole("button").click()
    await page.getByRole("status").waitFor()
    assert.strictEqual(await item.count(), 0)
  })

  scenario("a link cannot add text to the page", async ({ origin, visitorAs }) => {
    const page = await visitorAs("Chrome on Mac")
    const answer = await page.goto(`${origin}/?done=Call+0800+123`)
    assert.strictEqual(answer?.status(), 404)
    assert.notInclude(await page.content(), "0800")
  })

  scenario("an injected script does not run", async ({ takeComplaints, visitorAs }) => {
    const page = await visitorAs("Chrome on Mac")
    await page.evaluate(() => {
      const script = document.createElement("script")
      script.textContent = "document.title = 'taken over'"
      document.body.append(script)
    })
    assert.strictEqual(await page.title(), "Your devices")
    assert.match(takeComplaints().join(), /inline script violates .*default-src 'none'/)
  })

  scenario("no other page can frame the page", async ({ origin, takeComplaints, visitorAs }) => {
    const page = await visitorAs("Chrome on Mac")
    const port = await otherSite(`<iframe src="${origin}/" title="framed"></iframe>`)
    await page.goto(`http://127.0.0.1:${port}/`)
    const framed = page.frames().find((frame) => frame !== page.mainFrame())
    assert.strictEqual(await framed?.getByText("Your devices").count(), 0)
    assert.match(takeComplaints().join(), /frame-ancestors 'none'/)
  })
})
