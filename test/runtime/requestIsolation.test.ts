import { afterEach, describe, expect, it, vi } from "vitest"
import { isolatesRequests } from "../../src/runtime/requestIsolation.js"

afterEach(() => {
  vi.unstubAllGlobals()
})

describe("a runtime that isolates requests is recognized by its user agent", () => {
  const agents: ReadonlyArray<readonly [string, unknown, boolean]> = [
    ["Cloudflare Workers", { userAgent: "Cloudflare-Workers" }, true],
    ["Node", { userAgent: "Node.js/22" }, false],
    ["a browser", { userAgent: "Mozilla/5.0" }, false],
    ["a runtime whose navigator has no user agent", {}, false],
    ["a runtime whose navigator is null", null, false],
    ["a runtime without a navigator", undefined, false]
  ]

  it.each(agents)("%s", (_, navigator, isIsolated) => {
    vi.stubGlobal("navigator", navigator)
    expect(isolatesRequests()).toBe(isIsolated)
  })

  it("a runtime whose navigator throws is not", () => {
    vi.stubGlobal("navigator", {
      get userAgent(): string {
        throw new Error("not allowed")
      }
    })
    expect(isolatesRequests()).toBe(false)
  })
})
