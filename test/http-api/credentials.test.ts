import { Effect } from "effect"
import { describe, expect, it } from "#test/vitest.js"
import {
  app,
  bearer,
  clerkWithKeys,
  cookie,
  cookieName,
  newUser,
  outcome,
  stages,
  standard
} from "../support/protectedServers.js"

describe.each(stages)("over $name", ({ serve }) => {
  const open = (options = standard) =>
    Effect.gen(function* () {
      const { clerk, finds, keys } = yield* clerkWithKeys()
      return { clerk, finds, send: yield* serve(keys, options) }
    })

  it.live("a bearer token identifies the user", () =>
    Effect.gen(function* () {
      const { clerk, send } = yield* open()
      const { id, token } = yield* newUser(clerk)
      for (const authorization of [`Bearer ${token}`, `bearer ${token}`, `BEARER    ${token}`]) {
        const response = yield* send("GET /me", { authorization })
        expect(outcome(response)).toBe(`200 ${id}`)
        expect(response.headers["www-authenticate"]).toBeUndefined()
        expect(response.headers["cache-control"]).toBeUndefined()
      }
    })
  )

  it.live("an invalid bearer token is rejected, also beside a valid cookie", () =>
    Effect.gen(function* () {
      const { clerk, finds, send } = yield* open()
      const { token } = yield* newUser(clerk)
      const headers = cookie(token)
      const cases: ReadonlyArray<readonly [authorization: string, reason: string]> = [
        ["Bearer", "missing"],
        ["Bearer ", "missing"],
        ["Bearer undefined", "format"],
        [`Bearer ${token} ${token}`, "format"],
        [`Bearer ${token}, Bearer ${token}`, "format"],
        [`Bearer \t${token}`, "format"],
        [`Bearer\t${token}`, "format"],
        [`Bearer "${token}"`, "format"],
        [`Bearer token=${token}`, "format"],
        [`Bearer Bearer ${token}`, "format"],
        [`Bearer ${token}=`, "format"]
      ]
      for (const [authorization, reason] of cases) {
        expect(outcome(yield* send("GET /me", { ...headers, authorization }))).toBe(`401 ${reason}`)
      }
      expect(finds()).toBe(0)
    })
  )

  it.live("two Authorization headers are not tried one after the other", () =>
    Effect.gen(function* () {
      const { clerk, send } = yield* open()
      const { token } = yield* newUser(clerk)
      const response = yield* send("GET /me", { authorization: ["Bearer x", `Bearer ${token}`] })
      expect(outcome(response)).toBe("401 format")
    })
  )

  it.live("a bearer token decides alone, for any user in the cookie", () =>
    Effect.gen(function* () {
      const { clerk, send } = yield* open()
      const one = yield* newUser(clerk)
      const two = yield* newUser(clerk)
      expect(outcome(yield* send("GET /me", { ...bearer(one.token), ...cookie(two.token) }))).toBe(
        `200 ${one.id}`
      )
      expect(outcome(yield* send("GET /me", { ...bearer(one.token), ...cookie("x") }))).toBe(`200 ${one.id}`)
      expect(outcome(yield* send("GET /me", { ...bearer("x"), ...cookie(two.token) }))).toBe("401 format")
    })
  )

  it.live("without a bearer token the session cookie is used, also beside another scheme", () =>
    Effect.gen(function* () {
      const { clerk, send } = yield* open()
      const { id, token } = yield* newUser(clerk)
      for (const authorization of [undefined, "Basic dXNlcjpwYXNz", "Bearerish x", "Digest username=x"]) {
        const headers = authorization === undefined ? cookie(token) : { ...cookie(token), authorization }
        expect(outcome(yield* send("GET /me", headers))).toBe(`200 ${id}`)
      }
      expect(outcome(yield* send("GET /me", { authorization: "Basic dXNlcjpwYXNz" }))).toBe("401 missing")
    })
  )

  it.live("a cookie may be quoted, empty, without a value, or unrelated", () =>
    Effect.gen(function* () {
      const { clerk, send } = yield* open()
      const { id, token } = yield* newUser(clerk)
      const cases: ReadonlyArray<readonly [cookie: string, outcome: string]> = [
        [`__session="${token}"`, `200 ${id}`],
        [`  __session = ${token} ;x=y`, `200 ${id}`],
        [`__session="${token}`, "401 format"],
        ["__session=", "401 missing"],
        ["__session", "401 missing"],
        [`__SESSION=${token}`, "401 missing"],
        [`x__session=${token}`, "401 missing"],
        [`__session_abc=${token}`, "401 missing"],
        [`theme=dark`, "401 missing"],
        [`__proto__=${token}; constructor=${token}`, "401 missing"]
      ]
      for (const [cookie, expected] of cases) {
        expect([
          cookie.replaceAll(token, "<token>"),
          outcome(yield* send("GET /me", { cookie: `${cookie}; __client_uat=1` }))
        ]).toEqual([cookie.replaceAll(token, "<token>"), expected])
      }
    })
  )

  it.live("cookies are not read when they are turned off", () =>
    Effect.gen(function* () {
      const { clerk, finds, send } = yield* open({ cookies: false })
      const { id, token } = yield* newUser(clerk)
      expect(outcome(yield* send("GET /me", cookie(token)))).toBe("401 missing")
      expect(finds()).toBe(0)
      expect(outcome(yield* send("GET /me", bearer(token)))).toBe(`200 ${id}`)
    })
  )
})

describe.each(stages)("with a publishable key, over $name", ({ serve }) => {
  const open = Effect.gen(function* () {
    const { clerk, keys } = yield* clerkWithKeys()
    const suffixed = cookieName(clerk)
    const send = yield* serve(keys, { ...standard, publishableKey: clerk.publishableKey })
    return { clerk, keys, send, suffixed }
  })

  it.live("the cookie of the instance is used, and the plain one is used without it", () =>
    Effect.gen(function* () {
      const { clerk, send, suffixed } = yield* open
      // The second of the two is never older, so that its cookie counts.
      const two = yield* newUser(clerk)
      const one = yield* newUser(clerk)
      const uats = `__client_uat=1; ${suffixed.replace("session", "client_uat")}=1`
      const by = (cookie: string) => Effect.map(send("GET /me", { cookie: `${cookie}; ${uats}` }), outcome)
      expect(yield* by(`__session=${two.token}; ${suffixed}=${one.token}`)).toBe(`200 ${one.id}`)
      expect(outcome(yield* send("GET /me", cookie(one.token, suffixed)))).toBe(`200 ${one.id}`)
      expect(outcome(yield* send("GET /me", cookie(two.token)))).toBe(`200 ${two.id}`)
      // The browser has a newer session without the suffix. An empty or invalid cookie has no session.
      expect(yield* by(`${suffixed}=; __session=${two.token}`)).toBe(`200 ${two.id}`)
      expect(yield* by(`__session=${two.token}; ${suffixed}=x`)).toBe(`200 ${two.id}`)
      expect(yield* by(`${suffixed}=x`)).toBe("401 format")
    })
  )

  it.live("the cookie of another instance on the same host is not accepted", () =>
    Effect.gen(function* () {
      const { clerk, send } = yield* open
      const other = yield* clerkWithKeys({ issuer: "https://clerk.other.test" })
      const { token } = yield* newUser(other.clerk)
      expect(outcome(yield* send("GET /me", cookie(token, cookieName(other.clerk))))).toBe("401 missing")
      // The token names another issuer, so it counts as no token of this instance.
      expect(outcome(yield* send("GET /me", cookie(token)))).toBe("401 missing")
      expect(outcome(yield* send("GET /me", bearer(token)))).toBe("401 unknown-key")
      // It is signed with a known key, but it names another issuer.
      const { session } = yield* clerk.signIn((yield* clerk.createUser()).id)
      const claims = { iss: other.clerk.issuer }
      const foreign = yield* clerk.mintSessionToken(session.id, {
        claims,
        origin: app
      })
      for (const name of ["__session", cookieName(clerk)]) {
        expect(outcome(yield* send("GET /me", cookie(foreign, name)))).toBe("401 missing")
      }
      // It names this issuer, but it is signed with the key of another instance.
      const forged = yield* other.clerk.mintSessionToken((yield* newUser(other.clerk)).sessionId, {
        claims: { iss: clerk.issuer },
        origin: app
      })
      expect(outcome(yield* send("GET /me", cookie(forged)))).toBe("401 unknown-key")
      expect(outcome(yield* send("GET /me", bearer(foreign)))).toBe("401 iss")
    })
  )
})
