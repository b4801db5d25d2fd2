import * as Effect from "effect/Effect"
import { describe, expect, it } from "#test/vitest.js"
import { clerk, page, payload, production, serverOf, tokenOfUser, visit, visitOf } from "./support/attack.js"

const expired = `__session=${tokenOfUser("user", "expired")}; __client_uat=1000`

const counterOf = (cookies: ReadonlyArray<string>) =>
  cookies.map((each) => /^(__clerk_redirect_count=[^;]*)/.exec(each)?.[1]).find((each) => each !== undefined)

describe("a loop of redirects ends", () => {
  it.live("after three redirects of a browser whose handshakes bring nothing", () =>
    Effect.gen(function* () {
      const authenticate = yield* serverOf()
      const statuses: Array<string> = []
      let counter: string | undefined
      for (let at = 0; at < 6; at++) {
        const { cookies, status } = visitOf(yield* authenticate(page(`${expired}; ${counter ?? ""}`)))
        statuses.push(status)
        counter = counterOf(cookies) ?? counter
      }
      expect(statuses).toEqual(["Handshake", "Handshake", "Handshake", "SignedOut", "SignedOut", "SignedOut"])
    }).pipe(Effect.provide(clerk().layer))
  )

  it.live("when each handshake brings a result that does not count", () =>
    Effect.gen(function* () {
      const authenticate = yield* serverOf()
      const result = `__clerk_handshake=${payload([], { isForged: true })}`
      let counter = ""
      let last = ""
      for (let at = 0; at < 4; at++) {
        const { cookies, status } = visitOf(yield* authenticate(page(`${expired}; ${result}; ${counter}`)))
        counter = counterOf(cookies) ?? counter
        last = status
      }
      expect(last).toBe("SignedOut")
    }).pipe(Effect.provide(clerk().layer))
  )

  it.live("for a session with a pending task, whose cookies are set at once", () =>
    Effect.gen(function* () {
      const pending = `__session=${tokenOfUser("user", "pending")}; Path=/`
      const result = yield* visit(page(`${expired}; __clerk_handshake=${payload([pending])}`))
      expect(result).toMatchObject({ status: "SignedOut", cookies: [pending] })
    }).pipe(Effect.provide(clerk().layer))
  )

  it.live.each([
    "3",
    "4",
    "9",
    "10",
    "03",
    "-1",
    "1e0",
    "0x1",
    "NaN",
    "Infinity",
    "x",
    "1.5",
    "99999999999999999999",
    "%33",
    "1 1"
  ])("for the counter %j", (count) =>
    Effect.gen(function* () {
      expect(yield* visit(page(`${expired}; __clerk_redirect_count=${count}`))).toMatchObject({
        status: "SignedOut",
        cookies: []
      })
    }).pipe(Effect.provide(clerk().layer))
  )

  it.live("although a second counter is lower, whichever comes first", () =>
    Effect.gen(function* () {
      for (const counts of [
        ["0", "3"],
        ["3", "0"],
        ["1", "x"]
      ]) {
        const counters = counts.map((count) => `__clerk_redirect_count=${count}`).join("; ")
        expect((yield* visit(page(`${expired}; ${counters}`))).status).toBe("SignedOut")
      }
    }).pipe(Effect.provide(clerk().layer))
  )

  it.live("before it starts, for a browser that keeps no cookies", () =>
    Effect.gen(function* () {
      expect((yield* visit(page(""))).status).toBe("SignedOut")
      // A result of the handshake that the browser does not keep signs it in for one page only.
      const token = payload([`__session=${tokenOfUser("user")}; Path=/`])
      expect((yield* visit(page("", { path: `/?__clerk_handshake=${token}` }))).status).toBe("SignedOut")
    }).pipe(Effect.provide(clerk().layer))
  )
})

describe("the counter of redirects", () => {
  it.live("is out of reach of scripts, and of other sites", () =>
    Effect.gen(function* () {
      const { cookies } = yield* visit(page(expired), production)
      expect(cookies).toEqual([
        "__clerk_redirect_count=1; Path=/; Max-Age=30; HttpOnly; SameSite=Lax; Secure"
      ])
    }).pipe(Effect.provide(clerk().layer))
  )
})
