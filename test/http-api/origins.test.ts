import { Effect } from "effect"
import { describe, expect, it } from "#test/vitest.js"
import { app, bearer, clerkWithKeys, cookie, newUser, outcome, stages } from "../support/protectedServers.js"

const evil = "https://evil.test"

describe.each(stages)("over $name", ({ serve }) => {
  const open = Effect.gen(function* () {
    const { clerk, keys } = yield* clerkWithKeys()
    const send = yield* serve(keys, { authorizedParties: [app, "http://localhost:3000"] })
    return { clerk, send, ...(yield* newUser(clerk)) }
  })

  it.live("a change by cookie from an origin that is not a party is rejected", () =>
    Effect.gen(function* () {
      const { send, token } = yield* open
      const foreign = [
        evil,
        "null",
        `${app}.evil.test`,
        `${app}:443`,
        `${app}/`,
        app.toUpperCase(),
        "http://app.emulator.test",
        "https://emulator.test",
        "http://api.test",
        `${app} ${evil}`
      ]
      for (const origin of foreign) {
        const response = yield* send("POST /me", { ...cookie(token), origin })
        expect([origin, outcome(response)]).toEqual([origin, "401 cross-origin"])
        expect(response.headers["www-authenticate"]).toBe('Bearer realm="clerk"')
        expect(response.headers["cache-control"]).toBe("no-store")
      }
      const twice = yield* send("POST /me", { ...cookie(token), origin: [app, evil] })
      expect(outcome(twice)).toBe("401 cross-origin")
    })
  )

  it.live("a change by cookie from a party, or from no browser, is accepted", () =>
    Effect.gen(function* () {
      const { id, send, token } = yield* open
      for (const origin of [app, "http://localhost:3000"]) {
        expect(outcome(yield* send("POST /me", { ...cookie(token), origin }))).toBe(`200 ${id}`)
      }
      expect(outcome(yield* send("POST /me", cookie(token)))).toBe(`200 ${id}`)
    })
  )

  it.live(
    "a change by cookie from the server's own page is accepted, where the browser hides the origin",
    () =>
      Effect.gen(function* () {
        const { id, send, token } = yield* open
        const own = new URL(app).host
        const by = (origin: string, site: string, host = own) =>
          send("POST /me", { ...cookie(token), origin, "sec-fetch-site": site, host })
        // A browser sends this for a form of a page with Referrer-Policy: no-referrer.
        expect(outcome(yield* by("null", "same-origin"))).toBe(`200 ${id}`)
        for (const site of [
          "cross-site",
          "same-site",
          "none",
          "",
          "Same-Origin",
          "same-origin, cross-site"
        ]) {
          expect([site, outcome(yield* by("null", site))]).toEqual([site, "401 cross-origin"])
        }
        // Another application on the same server, whose pages can hide their origin too.
        for (const host of ["evil.test", `${own}.evil.test`, `evil.${own}`, `user@${own}`, `${own}/`, ""]) {
          expect([host, outcome(yield* by("null", "same-origin", host))]).toEqual([host, "401 cross-origin"])
        }
        // A page of another origin never sends this, so a proxy has changed one of the headers.
        expect(outcome(yield* by(evil, "same-origin"))).toBe("401 cross-origin")
        expect(outcome(yield* by("", "same-origin"))).toBe("401 cross-origin")
      })
  )

  it.live("a bearer token is accepted from any origin, since no browser adds it by itself", () =>
    Effect.gen(function* () {
      const { id, send, token } = yield* open
      for (const origin of [evil, "null"]) {
        const headers = { ...bearer(token), ...cookie(token), origin }
        expect(outcome(yield* send("POST /me", headers))).toBe(`200 ${id}`)
      }
    })
  )

  it.live("a read by cookie is accepted from any origin, since CORS protects the response", () =>
    Effect.gen(function* () {
      const { id, send, token } = yield* open
      expect(outcome(yield* send("GET /me", { ...cookie(token), origin: evil }))).toBe(`200 ${id}`)
    })
  )

  it.live("a WebSocket by cookie is rejected from a foreign origin", () =>
    Effect.gen(function* () {
      const { id, send, token } = yield* open
      const handshake = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" }
      const by = (origin: string) => send("GET /me", { ...handshake, ...cookie(token), origin })
      expect(outcome(yield* by(evil))).toBe("401 cross-origin")
      // This endpoint opens no WebSocket, and responds as to any other GET.
      expect(outcome(yield* by(app))).toBe(`200 ${id}`)
    })
  )

  it.live("where signing in is optional, a change from a foreign origin has no user", () =>
    Effect.gen(function* () {
      const { id, send, token } = yield* open
      expect(outcome(yield* send("POST /visitor", { ...cookie(token), origin: evil }))).toBe("200 nobody")
      expect(outcome(yield* send("POST /visitor", { ...cookie(token), origin: app }))).toBe(`200 ${id}`)
    })
  )

  it.live("a predicate decides on the token's party and on the origin of a change by cookie", () =>
    Effect.gen(function* () {
      const { clerk, keys } = yield* clerkWithKeys()
      const pattern = /^https:\/\/app-[a-z0-9-]+-team\.vercel\.app$/
      const send = yield* serve(keys, { authorizedParties: (azp) => pattern.test(azp) })
      const { id } = yield* clerk.createUser()
      const preview = "https://app-git-main-team.vercel.app"
      const tokenOf = (origin: string) =>
        Effect.map(clerk.signIn(id, { origin }), ({ sessionToken }) => sessionToken)
      const token = yield* tokenOf(preview)
      for (const origin of [preview, "https://app-x-team.vercel.app"]) {
        expect(outcome(yield* send("POST /me", { ...cookie(token), origin }))).toBe(`200 ${id}`)
      }
      expect(outcome(yield* send("GET /me", bearer(token)))).toBe(`200 ${id}`)
      for (const origin of [
        evil,
        app,
        "null",
        "https://app-x-team.vercel.app.evil.test",
        "https://evil-team.vercel.app"
      ]) {
        expect(outcome(yield* send("POST /me", { ...cookie(token), origin }))).toBe("401 cross-origin")
        expect(outcome(yield* send("POST /visitor", { ...cookie(token), origin }))).toBe("200 nobody")
      }
      const foreign = yield* tokenOf("https://app-x-team.vercel.app.evil.test")
      for (const headers of [cookie(foreign), bearer(foreign)]) {
        expect(outcome(yield* send("GET /me", headers))).toBe("401 azp")
      }
    })
  )

  it.live("a predicate that throws rejects every cookie", () =>
    Effect.gen(function* () {
      const { clerk, keys } = yield* clerkWithKeys()
      const send = yield* serve(keys, {
        authorizedParties: () => {
          throw new Error("the list of deployments is not loaded")
        }
      })
      const { token } = yield* newUser(clerk)
      expect(outcome(yield* send("POST /me", { ...cookie(token), origin: app }))).toBe("401 cross-origin")
      expect(outcome(yield* send("GET /me", cookie(token)))).toBe("401 azp")
      expect(outcome(yield* send("GET /me", bearer(token)))).toBe("401 azp")
    })
  )

  it.live("without a token, the origin does not matter", () =>
    Effect.gen(function* () {
      const { send } = yield* open
      expect(outcome(yield* send("POST /me", { origin: evil }))).toBe("401 missing")
    })
  )
})
