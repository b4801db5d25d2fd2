import { Effect } from "effect"
import type { Authenticator } from "effect-clerk/http-api"
import type { MintOptions } from "effect-clerk/testing"
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

/** The challenge of a 401 whose session cookie does not agree with `__client_uat`. */
const challengeOf = (reason: string) =>
  `Bearer realm="clerk", error="invalid_token", error_description="the token was rejected (${reason})"`

const issueTime = (token: string): number =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"))["iat"]

const forgeryOf = (token: string) => `${token.split(".").slice(0, 2).join(".")}.${"A".repeat(342)}`

const uatOf = (name: string) => name.replace("__session", "__client_uat")

describe.each(stages)("over $name", ({ serve }) => {
  const open = (options: Partial<Authenticator.CookieAuthOptions> = {}, hasKey = true) =>
    Effect.gen(function* () {
      const { clerk, finds, keys } = yield* clerkWithKeys()
      const { publishableKey } = clerk
      const send = yield* serve(keys, {
        authorizedParties: [app],
        ...(hasKey && { publishableKey }),
        ...options
      })
      const user = yield* newUser(clerk)
      const { sessionId } = user
      const by = (cookie: string, line = "GET /me") => Effect.map(send(line, { cookie }), outcome)
      const mint = (options: MintOptions, id = sessionId) =>
        clerk.mintSessionToken(id, { origin: app, ...options })
      /** Another user, whose token was issued before. */
      const olderUser = Effect.gen(function* () {
        const { id, sessionId } = yield* newUser(clerk)
        return { id, token: yield* mint({ age: "1 minute", expiresIn: "10 minutes" }, sessionId) }
      })
      return { clerk, finds, keys, send, by, mint, olderUser, user, suffixed: cookieName(clerk) }
    })

  it.live("a session cookie counts only beside the time of the last sign-in, which is not newer", () =>
    Effect.gen(function* () {
      const { send, suffixed, user } = yield* open()
      const { id, token } = user
      const issuedAt = issueTime(token)
      const cases: ReadonlyArray<readonly [clientUat: number | string, expected: string]> = [
        [issuedAt - 1, `200 ${id}`],
        [issuedAt, `200 ${id}`],
        [issuedAt + 1, "401 client-uat-newer"],
        [issuedAt + 3600, "401 client-uat-newer"],
        [0, "401 client-uat-missing"],
        ["", "401 client-uat-missing"],
        ["x", "401 client-uat-missing"]
      ]
      for (const [clientUat, expected] of cases) {
        for (const path of ["/me", "/visitor"]) {
          const nobody = path === "/visitor" && !expected.startsWith("200")
          const response = yield* send(`GET ${path}`, cookie(token, "__session", clientUat))
          expect([path, clientUat, outcome(response)]).toEqual([
            path,
            clientUat,
            nobody ? "200 nobody" : expected
          ])
        }
      }
      expect(outcome(yield* send("GET /me", cookie(token, suffixed, issuedAt + 1)))).toBe(
        "401 client-uat-newer"
      )
      expect(outcome(yield* send("GET /me", cookie(token, suffixed, issuedAt)))).toBe(`200 ${id}`)
    })
  )

  it.live("a session cookie alone is signed out, with the reason and a challenge", () =>
    Effect.gen(function* () {
      const { finds, send, user } = yield* open({}, false)
      const { sessionId, token } = user
      const newer = cookie(token, "__session", issueTime(token) + 1)
      for (const [headers, reason] of [
        [{ cookie: `__session=${token}` }, "client-uat-missing"],
        [newer, "client-uat-newer"]
      ] as const) {
        for (const path of ["/me", "/teams", "/vault"]) {
          const response = yield* send(`GET ${path}`, headers)
          expect(response.status).toBe(401)
          expect(JSON.parse(response.body)).toEqual({ _tag: "ClerkTokenError", reason })
          expect(response.headers["www-authenticate"]).toBe(challengeOf(reason))
          expect(response.headers["cache-control"]).toBe("no-store")
          expect(response.headers["content-type"]).toBe("application/json")
          expect(response.body).not.toContain(sessionId)
        }
        const visit = yield* send("GET /visitor", headers)
        expect(outcome(visit)).toBe("200 nobody")
        expect(visit.headers["www-authenticate"]).toBeUndefined()
      }
      // The signature does not matter then.
      expect(finds()).toBe(0)
    })
  )

  it.live("a sign-out in another tab ends the access at once, though the token is still valid", () =>
    Effect.gen(function* () {
      const { by, send, suffixed, user } = yield* open()
      const { id, token } = user
      const both = `__session=${token}; ${suffixed}=${token}`
      expect(yield* by(`${both}; __client_uat=1; ${uatOf(suffixed)}=1`)).toBe(`200 ${id}`)
      const signedOut = `${both}; __client_uat=0; ${uatOf(suffixed)}=0`
      expect(yield* by(signedOut)).toBe("401 client-uat-missing")
      expect(yield* by(signedOut, "GET /visitor")).toBe("200 nobody")
      // No cookie is read beside a bearer token.
      expect(outcome(yield* send("GET /me", { ...bearer(token), cookie: signedOut }))).toBe(`200 ${id}`)
    })
  )

  it.live("behind a gateway that removes the other cookies, the session cookie is enough", () =>
    Effect.gen(function* () {
      const { by, mint, send, suffixed, user } = yield* open({ requireClientUat: false })
      const { id, token } = user
      for (const name of ["__session", suffixed]) {
        expect(yield* by(`${name}=${token}`)).toBe(`200 ${id}`)
        expect(yield* by(`${name}=${token}`, "GET /visitor")).toBe(`200 ${id}`)
        for (const clientUat of [0, issueTime(token) + 1]) {
          expect(outcome(yield* send("GET /me", cookie(token, name, clientUat)))).toBe(`200 ${id}`)
        }
      }
      expect(yield* by(`__session=${yield* mint({ age: "5 minutes" })}`)).toBe("401 exp")
      expect(yield* by("__client_uat=1")).toBe("401 missing")
    })
  )

  it.live("of two cookies with one name, the valid one is used in any order", () =>
    Effect.gen(function* () {
      const { by, finds, mint, suffixed, user } = yield* open()
      const { id, token } = user
      const other = yield* clerkWithKeys({ issuer: "https://clerk.other.test" })
      const invalid = {
        foreign: (yield* newUser(other.clerk)).token,
        expired: yield* mint({ age: "5 minutes" }),
        forged: forgeryOf(token),
        "of another application": yield* mint({ origin: "https://evil.test" }),
        "no token": "x",
        "empty token": ""
      }
      for (const name of ["__session", suffixed]) {
        for (const [kind, wrong] of Object.entries(invalid)) {
          for (const [first, second] of [
            [wrong, token],
            [token, wrong]
          ]) {
            const cookies = `${name}=${first}; ${name}=${second}; ${uatOf(name)}=1`
            expect([kind, yield* by(cookies)]).toEqual([kind, `200 ${id}`])
          }
        }
        // None of them is valid: the error is of the newest.
        const cookies = `${name}=${invalid.expired}; ${name}=${invalid.forged}; ${uatOf(name)}=1`
        expect(yield* by(cookies)).toBe("401 signature")
      }
      // Many cookies cost no more than a few signatures.
      const before = finds()
      const many = Array.from({ length: 12 }, () => `__session=${invalid.forged}`).join("; ")
      expect(yield* by(`${many}; __client_uat=1`)).toBe("401 signature")
      expect(finds() - before).toBe(4)
    })
  )

  it.live("of two valid cookies of different users, the newer one decides", () =>
    Effect.gen(function* () {
      const { by, olderUser, suffixed, user } = yield* open()
      const older = yield* olderUser
      for (const name of ["__session", suffixed]) {
        const uat = `${uatOf(name)}=1`
        expect(yield* by(`${name}=${user.token}; ${name}=${older.token}; ${uat}`)).toBe(`200 ${user.id}`)
        expect(yield* by(`${name}=${older.token}; ${name}=${user.token}; ${uat}`)).toBe(`200 ${user.id}`)
        expect(yield* by(`${name}=${older.token}; ${uat}`)).toBe(`200 ${older.id}`)
        // The older one is not even tried where the browser has signed in since.
        const since = `${uatOf(name)}=${issueTime(user.token)}`
        expect(yield* by(`${name}=${older.token}; ${name}=${forgeryOf(user.token)}; ${since}`)).toBe(
          "401 signature"
        )
      }
    })
  )

  it.live("the cookie with the suffix is used, unless the one without it is newer or the only one", () =>
    Effect.gen(function* () {
      const { by, olderUser, suffixed, user } = yield* open()
      const older = yield* olderUser
      const cookies = (plain: string, own: string, plainUat: number, ownUat: number) =>
        by(`__session=${plain}; __client_uat=${plainUat}; ${suffixed}=${own}; ${uatOf(suffixed)}=${ownUat}`)
      expect(yield* cookies(older.token, user.token, 1, 1)).toBe(`200 ${user.id}`)
      expect(yield* cookies(user.token, older.token, 1, 1)).toBe(`200 ${user.id}`)
      // Only one of the two states a sign-in.
      expect(yield* cookies(older.token, user.token, 1, 0)).toBe(`200 ${older.id}`)
      expect(yield* cookies(user.token, older.token, 0, 1)).toBe(`200 ${older.id}`)
      expect(yield* cookies(user.token, older.token, 0, 0)).toBe("401 client-uat-missing")
      // The session without the suffix is of another application on the same host.
      const other = yield* clerkWithKeys({ issuer: "https://clerk.other.test" })
      const foreign = (yield* newUser(other.clerk)).token
      expect(yield* cookies(foreign, older.token, 1, 1)).toBe(`200 ${older.id}`)
      expect(yield* by(`__session=${foreign}; __client_uat=1`)).toBe("401 missing")
    })
  )

  it.live("without a publishable key only the cookie without a suffix is read", () =>
    Effect.gen(function* () {
      const { by, clerk, keys, suffixed, user } = yield* open({}, false)
      expect(yield* by(`${suffixed}=${user.token}; ${uatOf(suffixed)}=1`)).toBe("401 missing")
      expect(yield* by(`__session=${user.token}; ${uatOf(suffixed)}=1`)).toBe("401 client-uat-missing")
      const send = yield* serve(keys, { ...standard, issuer: clerk.issuer })
      expect(outcome(yield* send("GET /me", cookie(user.token)))).toBe(`200 ${user.id}`)
    })
  )

  it.live("a change from another origin is rejected as such, with any state of the cookies", () =>
    Effect.gen(function* () {
      const { send, user } = yield* open()
      for (const clientUat of [0, 1, issueTime(user.token) + 1]) {
        const headers = { ...cookie(user.token, "__session", clientUat), origin: "https://evil.test" }
        expect(outcome(yield* send("POST /me", headers))).toBe("401 cross-origin")
      }
    })
  )
})
