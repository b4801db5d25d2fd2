import * as Effect from "effect/Effect"
import { createLocalJWKSet, decodeProtectedHeader, importSPKI, type JWTPayload, jwtVerify } from "jose"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { ClerkEmulator, type ClerkEmulatorService } from "../../src/testing/ClerkEmulator.js"
import { type Ask, ask, outcome, signedIn } from "./ClerkEmulator.support.js"

const now = 1_750_000_000_999
const seconds = 1_750_000_000

const claimsOf = (clerk: ClerkEmulatorService, token: string): Effect.Effect<JWTPayload> =>
  Effect.promise(async () => {
    const keys = createLocalJWKSet({ keys: [...clerk.jwks.keys] })
    const { payload } = await jwtVerify(token, keys, { currentDate: new Date(now), issuer: clerk.issuer })
    return payload
  })

const mint = (clerk: ClerkEmulatorService, sessionId: string, request: Ask = {}) =>
  Effect.flatMap(ask(clerk, `POST /v1/sessions/${sessionId}/tokens`, request), ({ json, status }) => {
    expect([status, json.object, Object.keys(json)]).toEqual([200, "token", ["object", "jwt"]])
    return claimsOf(clerk, json.jwt)
  })

/** A user who is active in an organization with other features and plans than the user's. */
const member = Effect.gen(function* () {
  yield* TestClock.setTime(now)
  const clerk = yield* ClerkEmulator.make()
  const user = yield* clerk.createUser({ plan: "plus", features: ["avatars", "teams"] })
  const organization = yield* clerk.createOrganization({
    slug: "acme",
    plan: "pro",
    features: ["dashboard", "teams", "billing"],
    members: [
      {
        userId: user.id,
        role: "org:admin",
        permissions: ["org:dashboard:manage", "org:dashboard:read", "org:teams:read"]
      }
    ]
  })
  const { session } = yield* clerk.signIn(user.id, { organizationId: organization.id })
  return { clerk, user, organization, session }
})

describe("the keys", () => {
  it.effect("are returned as a JSON Web Key Set", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      const { json, status } = yield* ask(clerk, "GET /v1/jwks")
      expect(status).toBe(200)
      expect(json).toStrictEqual({
        keys: [
          {
            use: "sig",
            kty: "RSA",
            kid: clerk.instanceId,
            alg: "RS256",
            n: expect.stringMatching(/^[\w-]{342}$/),
            e: "AQAB"
          }
        ]
      })
      expect(json).toEqual(clerk.jwks)
      expect(clerk.instanceId).toMatch(/^ins_[0-9A-Za-z]{27}$/)
    })
  )

  it.effect("verify a token as PEM too, and are shared by the emulators of a process", () =>
    Effect.gen(function* () {
      const { clerk, sessionToken } = yield* signedIn()
      const another = yield* ClerkEmulator.make()
      expect(another.publicKeyPem).toBe(clerk.publicKeyPem)
      expect(another.instanceId).not.toBe(clerk.instanceId)
      const verified = yield* Effect.promise(async () =>
        jwtVerify(sessionToken, await importSPKI(clerk.publicKeyPem, "RS256"), { currentDate: new Date(0) })
      )
      expect(verified.protectedHeader).toStrictEqual({
        alg: "RS256",
        cat: "cl_B7d4PD111AAA",
        kid: clerk.instanceId,
        typ: "JWT"
      })
    })
  )

  it.effect("belong to a publishable key that names the issuer's host", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make({ issuer: "https://clerk.example.com" })
      expect(clerk.publishableKey).toBe(`pk_test_${btoa("clerk.example.com$")}`)
      const production = yield* ClerkEmulator.make({ production: true })
      expect(production.publishableKey).toBe(`pk_live_${btoa("clerk.emulator.test$")}`)
    })
  )
})

describe("a session token", () => {
  it.effect("over the Backend API has version 2 claims and no azp", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now)
      const { clerk, session, user } = yield* signedIn()
      expect(yield* mint(clerk, session.id)).toStrictEqual({
        exp: seconds + 60,
        fva: [0, -1],
        iat: seconds,
        iss: "https://clerk.emulator.test",
        jti: expect.stringMatching(/^[0-9a-f]{40}$/),
        nbf: seconds - 10,
        sid: session.id,
        sts: "active",
        sub: user.id,
        v: 2
      })
    })
  )

  it.effect("contains the active organization and the user's permissions, by position of the feature", () =>
    Effect.gen(function* () {
      const { clerk, organization, session } = yield* member
      const claims = yield* mint(clerk, session.id)
      expect(claims).toMatchObject({
        v: 2,
        pla: "u:plus,o:pro",
        fea: "o:dashboard,uo:teams,o:billing,u:avatars",
        o: { id: organization.id, slg: "acme", rol: "admin", per: "manage,read", fpm: "3,2,0,0" }
      })
      expect(claims).not.toHaveProperty("org_id")
    })
  )

  it.effect("has version 1 claims up to API version 2025-03-12", () =>
    Effect.gen(function* () {
      const { clerk, organization, session } = yield* member
      const claims = yield* mint(clerk, session.id, { version: "2025-03-12" })
      expect(claims).toMatchObject({
        sid: session.id,
        org_id: organization.id,
        org_slug: "acme",
        org_role: "org:admin",
        org_permissions: ["org:dashboard:manage", "org:dashboard:read", "org:teams:read"]
      })
      for (const name of ["v", "o", "pla", "fea"]) expect(claims).not.toHaveProperty(name)
      expect(yield* mint(clerk, session.id, { version: "2025-04-10" })).toHaveProperty("v", 2)
    })
  )

  it.effect("of a front end has the origin as azp, the actor and the pending status", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now)
      const clerk = yield* ClerkEmulator.make()
      const user = yield* clerk.createUser()
      const actor = { sub: "user_admin", iss: "https://dashboard.clerk.com" }
      const { origin, session, sessionToken } = yield* clerk.signIn(user.id, {
        actor,
        status: "pending",
        origin: "https://shop.example"
      })
      expect(origin).toBe("https://shop.example")
      expect(yield* claimsOf(clerk, sessionToken)).toMatchObject({
        azp: "https://shop.example",
        act: actor,
        sts: "pending",
        sid: session.id
      })
    })
  )

  it.effect("contains the minutes since the first factor, or -1 without one", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now - 150_000)
      const { clerk, session, user } = yield* signedIn()
      yield* TestClock.setTime(now)
      expect(yield* mint(clerk, session.id)).toHaveProperty("fva", [2, -1])
      const { json } = yield* ask(clerk, "POST /v1/sessions", { body: { user_id: user.id } })
      expect(yield* mint(clerk, json.id)).toHaveProperty("fva", [-1, -1])
    })
  )

  it.effect("is valid as long as the request or the emulator states", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now)
      const { clerk, session } = yield* signedIn({ tokenLifetime: "5 minutes" })
      const lifetime = (request?: Ask) =>
        Effect.map(mint(clerk, session.id, request), ({ exp = 0, iat = 0 }) => exp - iat)
      expect(yield* lifetime()).toBe(300)
      expect(yield* lifetime({ body: {} })).toBe(300)
      expect(yield* lifetime({ body: { expires_in_seconds: null } })).toBe(300)
      expect(yield* lifetime({ body: { expires_in_seconds: 30 } })).toBe(30)
      expect(yield* lifetime({ body: { expires_in_seconds: 315_360_000 } })).toBe(315_360_000)
    })
  )

  it.effect("differs each time", () =>
    Effect.gen(function* () {
      const { clerk, session } = yield* signedIn()
      const [first, second] = yield* Effect.replicateEffect(clerk.mintSessionToken(session.id), 2)
      expect(first).not.toBe(second)
    })
  )

  it.effect("is rejected for a lifetime out of bounds, and for a session that is unknown or has ended", () =>
    Effect.gen(function* () {
      const { clerk, session } = yield* signedIn()
      const tokens = (body: unknown, id = session.id) =>
        outcome(clerk, `POST /v1/sessions/${id}/tokens`, { body })
      const lifetime = (expires_in_seconds: unknown) => tokens({ expires_in_seconds })
      expect(yield* lifetime(29)).toBe("422 form_param_value_invalid expires_in_seconds")
      expect(yield* lifetime(315_360_001)).toBe("422 form_param_value_too_large expires_in_seconds")
      expect(yield* lifetime(60.5)).toBe("422 form_param_type_invalid expires_in_seconds")
      expect(yield* lifetime("60")).toBe("422 form_param_type_invalid expires_in_seconds")
      expect(yield* tokens({ expiresInSeconds: 60 })).toBe("422 form_param_unknown expiresInSeconds")
      expect(yield* tokens({}, "sess_1")).toBe("404 resource_not_found")
      yield* ask(clerk, `POST /v1/sessions/${session.id}/revoke`)
      expect(yield* tokens({})).toBe("404 resource_not_found")
    })
  )

  it.effect("can be minted by a test with other claims, another header, and an age", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now)
      const { clerk, session } = yield* signedIn()
      const token = yield* clerk.mintSessionToken(session.id, {
        version: 1,
        age: "20 seconds",
        expiresIn: "30 seconds",
        claims: { iss: clerk.issuer, role: "editor", sid: undefined },
        header: { typ: undefined, kid: clerk.instanceId }
      })
      const claims = yield* claimsOf(clerk, token)
      expect(claims).toMatchObject({ iat: seconds - 20, exp: seconds + 10, role: "editor" })
      expect(claims).not.toHaveProperty("sid")
      expect(claims).not.toHaveProperty("v")
      expect(decodeProtectedHeader(token)).not.toHaveProperty("typ")
    })
  )
})

describe("a token from a template", () => {
  it.effect("has the template's claims beside the seven of Clerk, which it cannot replace", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now)
      const { clerk, session, user } = yield* signedIn()
      yield* clerk.createTemplate({
        name: "hasura",
        claims: { aud: "hasura", roles: ["user"], sub: "user_forged" },
        lifetime: "10 minutes"
      })
      const token = (body?: unknown) =>
        Effect.map(
          ask(clerk, `POST /v1/sessions/${session.id}/tokens/hasura`, { body }),
          ({ json }) => json.jwt
        )
      const first = yield* token()
      expect(yield* claimsOf(clerk, first)).toStrictEqual({
        aud: "hasura",
        roles: ["user"],
        exp: seconds + 600,
        iat: seconds,
        iss: clerk.issuer,
        jti: expect.any(String),
        nbf: seconds - 10,
        sub: user.id
      })
      expect(decodeProtectedHeader(first)).toMatchObject({ cat: "cl_B7d4PD222AAA", kid: clerk.instanceId })
      expect(yield* claimsOf(clerk, yield* token({ expires_in_seconds: 45 }))).toHaveProperty(
        "exp",
        seconds + 45
      )
    })
  )

  it.effect("is rejected for an unknown template, which the message names", () =>
    Effect.gen(function* () {
      const { clerk, session } = yield* signedIn()
      const { json, status } = yield* ask(clerk, `POST /v1/sessions/${session.id}/tokens/my%5Ftemplate`)
      expect(status).toBe(404)
      expect(json.errors[0]).toMatchObject({
        code: "resource_not_found",
        message: "JWT template not found",
        long_message: "No JWT template exists with name: my_template"
      })
      expect(
        yield* outcome(clerk, `POST /v1/sessions/${session.id}/tokens/x`, { body: { expires_in_seconds: 1 } })
      ).toBe("422 form_param_value_invalid expires_in_seconds")
    })
  )
})

describe("verifying a session", () => {
  const version = "2025-03-12"

  it.effect("returns the session of a valid token, or without a token", () =>
    Effect.gen(function* () {
      const { clerk, session, sessionToken } = yield* signedIn()
      const line = `POST /v1/sessions/${session.id}/verify`
      const answer = yield* ask(clerk, line, { body: { token: sessionToken }, version })
      expect([answer.status, answer.json.id, answer.json.status]).toEqual([200, session.id, "active"])
      expect((yield* ask(clerk, line, { version: "2024-10-01" })).json.id).toBe(session.id)
    })
  )

  it.effect(
    "is rejected for a token that is malformed, expired, not yet valid, of another session or unsigned",
    () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(now)
        const { clerk, session, sessionToken, user } = yield* signedIn()
        const verify = (token: string) =>
          outcome(clerk, `POST /v1/sessions/${session.id}/verify`, { body: { token }, version })
        const [header = "", , signature = ""] = sessionToken.split(".")
        const another = yield* signedIn()
        const bad = {
          garbled: "not.a.token",
          tampered: [header, btoa(JSON.stringify({ sid: session.id, exp: seconds + 60 })), signature].join(
            "."
          ),
          unsigned: `${btoa('{"alg":"none","typ":"JWT"}')}.${btoa(JSON.stringify({ sid: session.id }))}.`,
          expired: yield* clerk.mintSessionToken(session.id, { age: "60 seconds" }),
          "without an end": yield* clerk.mintSessionToken(session.id, { claims: { exp: undefined } }),
          "expired this very second": yield* clerk.mintSessionToken(session.id, {
            claims: { exp: now / 1000 }
          }),
          "too young": yield* clerk.mintSessionToken(session.id, { claims: { nbf: seconds + 5 } }),
          "of another session": (yield* clerk.signIn(user.id)).sessionToken,
          "of another instance": yield* another.clerk.mintSessionToken(another.session.id, {
            claims: { sid: session.id }
          })
        }
        for (const [name, token] of Object.entries(bad)) {
          expect(yield* verify(token), name).toBe("400 invalid_session_token")
        }
        expect(yield* verify(yield* clerk.mintSessionToken(session.id, { age: "59 seconds" }))).toBe("200")
      })
  )

  it.effect("is rejected for a session that is unknown or has ended, and for unknown parameters", () =>
    Effect.gen(function* () {
      const { clerk, session, sessionToken } = yield* signedIn()
      const verify = (id: string, body: unknown) =>
        outcome(clerk, `POST /v1/sessions/${id}/verify`, { body, version })
      expect(yield* verify("sess_1", { token: sessionToken })).toBe("404 resource_not_found")
      expect(yield* verify(session.id, { jwt: sessionToken })).toBe("422 form_param_unknown jwt")
      yield* clerk.updateSession(session.id, { status: "ended" })
      expect(yield* verify(session.id, { token: sessionToken })).toBe("400 invalid_session_token")
    })
  )

  it.effect("is an unknown route from API version 2025-04-10 on", () =>
    Effect.gen(function* () {
      const { clerk, session } = yield* signedIn()
      const verify = (version: string) =>
        outcome(clerk, `POST /v1/sessions/${session.id}/verify`, { version })
      expect(yield* verify("2025-04-10")).toBe("404 resource_not_found")
      expect(yield* verify("2026-05-12")).toBe("404 resource_not_found")
    })
  )

  it.effect("can be removed completely", () =>
    Effect.gen(function* () {
      const { clerk, session } = yield* signedIn({ verifyGone: true })
      expect(yield* outcome(clerk, `POST /v1/sessions/${session.id}/verify`, { version })).toBe(
        "410 operation_deprecated"
      )
    })
  )
})
