import { Effect } from "effect"
import type { SignInOptions } from "effect-clerk/testing"
import { describe, expect, it } from "#test/vitest.js"
import {
  app,
  bearer,
  clerkWithKeys,
  cookie,
  newUser,
  outcome,
  stages,
  standard
} from "../support/protectedServers.js"

describe.each(stages)("over $name", ({ serve }) => {
  const open = Effect.gen(function* () {
    const { clerk, finds, keys } = yield* clerkWithKeys()
    const send = yield* serve(keys)
    const signIn = (role: string, permissions: ReadonlyArray<string>, options: SignInOptions = {}) =>
      Effect.gen(function* () {
        const { id } = yield* clerk.createUser()
        const members = [{ userId: id, role, permissions }]
        const organization = yield* clerk.createOrganization({ features: ["teams"], members })
        const { session, sessionToken } = yield* clerk.signIn(id, {
          organizationId: organization.id,
          ...options
        })
        return { id, sessionId: session.id, token: sessionToken }
      })
    return { clerk, finds, keys, send, signIn }
  })

  it.live("a user with the permission is accepted, and one without it gets 403 with the missing kind", () =>
    Effect.gen(function* () {
      const { clerk, send, signIn } = yield* open
      const may = yield* signIn("org:member", ["org:teams:delete"])
      for (const headers of [bearer(may.token), cookie(may.token)]) {
        expect(outcome(yield* send("GET /teams", headers))).toBe(`200 ${may.id}`)
      }
      const others = [
        yield* newUser(clerk),
        yield* signIn("org:admin", []),
        yield* signIn("org:admin", ["org:teams:read"])
      ]
      for (const { token } of others) {
        const response = yield* send("GET /teams", bearer(token))
        expect(response.status).toBe(403)
        expect(JSON.parse(response.body)).toEqual({ _tag: "ClerkAccessDenied", missing: ["permission"] })
        expect(response.headers["www-authenticate"]).toBeUndefined()
        expect(response.headers["cache-control"]).toBe("no-store")
      }
    })
  )

  it.live("several requirements have to be met together", () =>
    Effect.gen(function* () {
      const { send, signIn } = yield* open
      const admin = yield* signIn("org:admin", [])
      const stale = yield* signIn("org:admin", [], { claims: { fva: [11, 11] } })
      const fresh = yield* signIn("org:member", [], { claims: { fva: [0, 0] } })
      const never = yield* signIn("org:member", [], { claims: { fva: [11, 11] } })
      const cases = [
        [admin, { status: 200, missing: undefined }],
        [stale, { status: 403, missing: ["reverification"] }],
        [fresh, { status: 403, missing: ["role"] }],
        [never, { status: 403, missing: ["role", "reverification"] }]
      ] as const
      for (const [{ token }, { missing, status }] of cases) {
        const response = yield* send("GET /vault", bearer(token))
        expect(response.status).toBe(status)
        if (missing !== undefined) expect(JSON.parse(response.body)["missing"]).toEqual(missing)
      }
    })
  )

  it.live("an invalid token is a 401 there too, never a 403", () =>
    Effect.gen(function* () {
      const { clerk, send, signIn } = yield* open
      const { sessionId } = yield* signIn("org:admin", ["org:teams:delete"])
      const expired = yield* clerk.mintSessionToken(sessionId, { origin: app, age: "5 minutes" })
      expect(outcome(yield* send("GET /teams", bearer(expired)))).toBe("401 exp")
      expect(outcome(yield* send("GET /vault"))).toBe("401 missing")
    })
  )

  it.live("a pending session meets no requirement, even where it is accepted", () =>
    Effect.gen(function* () {
      const { keys, signIn } = yield* open
      const send = yield* serve(keys, { ...standard, allowPending: true })
      const { id, token } = yield* signIn("org:admin", ["org:teams:delete"], { status: "pending" })
      expect(outcome(yield* send("GET /me", bearer(token)))).toBe(`200 ${id}`)
      for (const path of ["/teams", "/vault"]) {
        const response = yield* send(`GET ${path}`, bearer(token))
        expect(response.status).toBe(403)
        expect(JSON.parse(response.body)["missing"]).toContain("active")
      }
    })
  )

  it.live("where signing in is optional, only a valid token identifies a user", () =>
    Effect.gen(function* () {
      const { clerk, send } = yield* open
      const { id, sessionId, token } = yield* newUser(clerk)
      const expired = yield* clerk.mintSessionToken(sessionId, { origin: app, age: "5 minutes" })
      const foreign = yield* clerk.mintSessionToken(sessionId, { origin: "https://evil.test" })
      const other = yield* newUser((yield* clerkWithKeys()).clerk)
      for (const headers of [bearer(token), cookie(token)]) {
        expect(outcome(yield* send("GET /visitor", headers))).toBe(`200 ${id}`)
      }
      const nobody = [
        {},
        ...["x", expired, foreign, other.token].flatMap((token) => [bearer(token), cookie(token)]),
        { ...bearer("x"), ...cookie(token) }
      ]
      for (const headers of nobody) {
        const response = yield* send("GET /visitor", headers)
        expect(outcome(response)).toBe("200 nobody")
        expect(response.headers["www-authenticate"]).toBeUndefined()
      }
    })
  )
})
