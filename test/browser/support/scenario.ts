import { type BrowserContextOptions, chromium, type Page } from "playwright-core"
import { afterAll, assert, beforeAll, inject, it } from "vitest"
import { type Application, startApplication } from "./application.js"

const launch = () =>
  chromium.launch({
    executablePath: inject("chromium"),
    args: [
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost"
    ]
  })

let browser: Awaited<ReturnType<typeof launch>>

beforeAll(async () => {
  browser = await launch()
})

afterAll(() => browser.close())

export interface Stage extends Application {
  /** A visitor with a separate browser, who opens the application. */
  readonly visitor: (options?: BrowserContextOptions) => Promise<Page>
  /** The same visitor, signed in as one of the demo's browsers. */
  readonly visitorAs: (device: string, options?: BrowserContextOptions) => Promise<Page>
  /** Returns the errors that the browsers reported so far, and no longer fails the scenario for them. */
  readonly takeComplaints: () => ReadonlyArray<string>
}

/** A page in a separate browser, for tests that do not use the application in this process. */
export const newPage = (): Promise<Page> => browser.newPage()

export const signInAs = async (page: Page, device: string): Promise<void> => {
  await page.getByRole("button", { name: device }).click()
  await page.getByRole("heading", { name: "Your devices" }).waitFor()
}

/** Chromium reports every document with a status of 400 or more; a page that shows an error has one. */
const aRefusal = /^Failed to load resource: the server responded with a status of [45]\d\d/

const watch = (page: Page, origin: string, complaints: Array<string>) => {
  page.on("console", (message) => {
    if (message.type() === "error" && !aRefusal.test(message.text())) complaints.push(message.text())
  })
  page.on("pageerror", (error) => complaints.push(error.message))
  page.on("dialog", (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`)
    return dialog.dismiss()
  })
  page.on("request", (request) => {
    const isPart = request.resourceType() !== "document" && !request.url().startsWith("data:")
    if (isPart && !request.url().startsWith(origin)) complaints.push(`a request to ${request.url()}`)
  })
}

/** Runs a scenario in real browsers. It also fails when a page reports an error or loads a file of another origin. */
export const scenario = (title: string, tell: (stage: Stage) => Promise<void>): void =>
  it(title, async () => {
    const application = await startApplication()
    const complaints: Array<string> = []
    const visitor = async (options?: BrowserContextOptions) => {
      const page = await (await browser.newContext(options)).newPage()
      page.setDefaultTimeout(5_000)
      watch(page, application.origin, complaints)
      await page.goto(application.origin)
      return page
    }
    const visitorAs = async (device: string, options?: BrowserContextOptions) => {
      const page = await visitor(options)
      await signInAs(page, device)
      return page
    }
    try {
      await tell({ ...application, visitor, visitorAs, takeComplaints: () => complaints.splice(0) })
      assert.deepStrictEqual(complaints, [])
    } finally {
      for (const context of browser.contexts()) await context.close()
      await application.close()
    }
  })
