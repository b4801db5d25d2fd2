import { Effect } from "effect"
import { ClerkEmulator } from "effect-clerk/testing"
import type { Page } from "playwright-core"
import { assert, describe } from "vitest"
import type { Application } from "./support/application.js"
import { scenario } from "./support/scenario.js"

/** Replaces the session token of a browser by one that has expired, as after a laptop was closed. */
const sleep = async (page: Page, { atClerk, origin }: Application): Promise<void> => {
  const { expired, suffix } = await atClerk(
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const session = (yield* clerk.sessions).find(({ clientId }) => clientId === "client_mac")
      const expired = yield* clerk.mintSessionToken(session?.id ?? "", { origin, age: "2 minutes" })
      return { expired, suffix: clerk.cookieSuffix }
    })
  )
  const cookie = (name: string, value: string) => ({ name, value, url: origin })
  await page
    .context()
    .addCookies([
      cookie("__session", expired),
      cookie(`__session_${suffix}`, expired),
      cookie("__client_uat", "1"),
      cookie(`__client_uat_${suffix}`, "1")
    ])
}

const requests = (operation: string) =>
  Effect.flatMap(ClerkEmulator, ({ requests }) =>
    Effect.map(requests, (all) => all.filter((request) => request.operation === operation).length)
  )

/** The addresses that a page goes through to load again. */
const reload = async (page: Page): Promise<ReadonlyArray<string>> => {
  const addresses: Array<string> = []
  const listen = (request: { isNavigationRequest: () => boolean; url: () => string }) => {
    if (request.isNavigationRequest()) addresses.push(request.url())
  }
  page.on("request", listen)
  await page.reload()
  page.off("request", listen)
  return addresses
}

const isSignedIn = (page: Page) => page.getByText("This device").isVisible()

describe("a signed-in browser", () => {
  scenario("stays signed in over expiry and reload, with one refresh", async (stage) => {
    const page = await stage.visitorAs("Chrome on Mac")
    await sleep(page, stage)
    assert.deepStrictEqual(await reload(page), [`${stage.origin}/`])
    assert.isTrue(await isSignedIn(page))
    assert.deepStrictEqual(await reload(page), [`${stage.origin}/`])
    assert.isTrue(await isSignedIn(page))
    assert.strictEqual(await stage.atClerk(requests("Sessions.refresh")), 1)
  })

  scenario("stays signed in without a refresh token, with one redirect to Clerk and back", async (stage) => {
    const page = await stage.visitorAs("Chrome on Mac")
    await sleep(page, stage)
    const suffix = await stage.atClerk(Effect.map(ClerkEmulator, ({ cookieSuffix }) => cookieSuffix))
    await page.context().clearCookies({ name: `__refresh_${suffix}` })
    const addresses = (await reload(page)).map((address) => new URL(address))
    assert.deepStrictEqual(
      addresses.map(({ hostname, pathname }) => `${hostname} ${pathname}`),
      ["127.0.0.1 /", "localhost /v1/client/handshake", "127.0.0.1 /", "127.0.0.1 /"]
    )
    assert.isTrue(await isSignedIn(page))
    assert.strictEqual(page.url(), `${stage.origin}/`)
    assert.deepStrictEqual(await reload(page), [`${stage.origin}/`])
  })

  scenario("is signed out in all tabs after it signs out in one", async (stage) => {
    const page = await stage.visitorAs("Chrome on Mac")
    const other = await page.context().newPage()
    await other.goto(stage.origin)
    assert.isTrue(await isSignedIn(other))
    await page.getByRole("button", { name: "Sign out Chrome on Mac" }).click()
    await page.getByRole("heading", { name: "Sign in" }).waitFor()
    await other.reload()
    assert.strictEqual(other.url(), `${stage.origin}/sign-in`)
  })

  scenario("is signed out when Clerk ended its session and its token has expired", async (stage) => {
    const page = await stage.visitorAs("Chrome on Mac")
    await sleep(page, stage)
    await stage.atClerk(
      Effect.gen(function* () {
        const clerk = yield* ClerkEmulator
        for (const { id } of yield* clerk.sessions) yield* clerk.updateSession(id, { status: "revoked" })
      })
    )
    await page.reload()
    assert.strictEqual(page.url(), `${stage.origin}/sign-in`)
  })
})
