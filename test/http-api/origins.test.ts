import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { app, bearer, clerkWithKeys, cookie, newUser, outcome, stages } from "../support/protectedServers.js"

const evil = "https://evil.test"

describe.each(stages)("over $name", ({ serve }) => {
  const open = Effect.gen(function* () {
    const { clerk, keys } = yield* clerkWithKeys()
    const send = yield* serve(keys, { authorizedParties: [app, "http://localhost:3000"] })
    return { clerk, send, ...(yield* newUser(clerk)) }
  })

  it.scopedLive("a change by cookie from an origin that is not a party is refused", () =>
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
        const answer = yield* send("POST /me", { ...cookie(token), origin })
        expect([origin, outcome(answer)]).toEqual([origin, "401 origin"])
        expect(answer.headers["www-authenticate"]).toBe('Bearer realm="clerk"')
        expect(answer.headers["cache-control"]).toBe("no-store")
      }
      const twice = yield* send("POST /me", { ...cookie(token), origin: [app, evil] })
      expect(outcome(twice)).toBe("401 origin")
    })
  )

  it.scopedLive("a change by cookie from a party, or from no browser, passes", () =>
    Effect.gen(function* () {
      const { id, send, token } = yield* open
      for (const origin of [app, "http://localhost:3000"]) {
        expect(outcome(yield* send("POST /me", { ...cookie(token), origin }))).toBe(`200 ${id}`)
      }
      expect(outcome(yield* send("POST /me", cookie(token)))).toBe(`200 ${id}`)
    })
  )

  it.scopedLive("a bearer token may come from anywhere, since no browser adds it by itself", () =>
    Effect.gen(function* () {
      const { id, send, token } = yield* open
      for (const origin of [evil, "null"]) {
        const headers = { ...bearer(token), ...cookie(token), origin }
        expect(outcome(yield* send("POST /me", headers))).toBe(`200 ${id}`)
      }
    })
  )

  it.scopedLive(
    "reading by cookie may be asked for from anywhere, since who may see the answer is for CORS",
    () =>
      Effect.gen(function* () {
        const { id, send, token } = yield* open
        expect(outcome(yield* send("GET /me", { ...cookie(token), origin: evil }))).toBe(`200 ${id}`)
      })
  )

  it.scopedLive("a WebSocket by cookie may not be opened from a foreign origin", () =>
    Effect.gen(function* () {
      const { id, send, token } = yield* open
      const handshake = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" }
      const by = (origin: string) => send("GET /me", { ...handshake, ...cookie(token), origin })
      expect(outcome(yield* by(evil))).toBe("401 origin")
      // This endpoint opens none, but answers as to any other GET.
      expect(outcome(yield* by(app))).toBe(`200 ${id}`)
    })
  )

  it.scopedLive("where nobody has to be signed in, a change from a foreign origin is nobody's", () =>
    Effect.gen(function* () {
      const { id, send, token } = yield* open
      expect(outcome(yield* send("POST /visitor", { ...cookie(token), origin: evil }))).toBe("200 nobody")
      expect(outcome(yield* send("POST /visitor", { ...cookie(token), origin: app }))).toBe(`200 ${id}`)
    })
  )

  it.scopedLive("without a token, where it comes from does not matter", () =>
    Effect.gen(function* () {
      const { send } = yield* open
      expect(outcome(yield* send("POST /me", { origin: evil }))).toBe("401 missing")
    })
  )
})
