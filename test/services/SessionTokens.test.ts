import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { Authorization, ClerkHttp, Sessions, SessionTokens, SigningKeys } from "effect-clerk"
import { ClerkEmulator, DEFAULT_SECRET_KEY } from "effect-clerk/testing"
import { layerConfigProvider, variables } from "#test/config.js"
import { utc } from "#test/dateTime.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { ours } from "../support/tokenKeys.js"
import { app, claims, issuer, now, ourKeys, pemOf, sessionToken } from "../support/tokens.js"
import { claimsOf, reasonOf, verifyAt } from "../support/verification.js"

const time = (seconds: number) => utc(seconds * 1000)

const common = {
  userId: claims().sub,
  sessionId: claims().sid,
  issuer,
  issuedAt: time(now),
  notBefore: time(now - 10),
  expiresAt: time(now + 60),
  authorizedParty: app,
  tokenId: claims().jti,
  status: "active",
  factorAges: { first: Duration.minutes(3) },
  custom: undefined
}

const version1 = { v: undefined, sts: undefined }

describe("the claims of a session token", () => {
  it.effect("are the same for version 2 and version 1, as far as version 1 has them", () =>
    Effect.gen(function* () {
      const organization = {
        id: "org_1",
        slug: "acme",
        role: "org:admin",
        permissions: ["org:dashboard:manage", "org:dashboard:read", "org:teams:read"]
      }
      const o = { id: "org_1", slg: "acme", rol: "admin", per: "manage,read", fpm: "3,2" }
      const documented = yield* claimsOf(sessionToken({ o, fea: "o:dashboard,o:teams" }))
      const first = yield* claimsOf(
        sessionToken({
          ...version1,
          org_id: "org_1",
          org_slug: "acme",
          org_role: "org:admin",
          org_permissions: organization.permissions,
          orgs: { org_1: "admin" }
        })
      )
      expect(first).toStrictEqual({
        ...common,
        version: 1,
        features: [],
        organization: { ...organization, features: [] }
      })
      expect(documented).toStrictEqual({
        ...first,
        version: 2,
        organization: { ...organization, features: ["dashboard", "teams"] }
      })
    })
  )

  it.effect("distinguish the plans and the features of the user and of the organization", () =>
    Effect.gen(function* () {
      const o = { id: "org_1", rol: "member" }
      const token = sessionToken({ o, fea: "o:teams,u:drafts,uo:api", pla: "u:free,o:pro" })
      const organization = {
        id: "org_1",
        role: "org:member",
        permissions: [],
        features: ["teams", "api"],
        plan: "pro"
      }
      const mine = { ...common, version: 2, features: ["drafts", "api"], plan: "free" }
      expect(yield* claimsOf(token)).toStrictEqual({ ...mine, organization })
    })
  )

  it.effect("are few when the token has few", () =>
    Effect.gen(function* () {
      const token = sessionToken({
        ...version1,
        azp: undefined,
        fva: undefined,
        jti: undefined,
        nbf: undefined
      })
      const { authorizedParty, factorAges, notBefore, tokenId, ...rest } = common
      expect(yield* claimsOf(token)).toStrictEqual({ ...rest, version: 1, features: [] })
    })
  )

  it.effect("contain the version when that is 1", () =>
    Effect.gen(function* () {
      expect((yield* claimsOf(sessionToken({ v: 1 }))).version).toBe(1)
    })
  )

  for (const [name, fva, expected] of [
    ["both factors", [5, 0], { first: Duration.minutes(5), second: Duration.zero }],
    ["one factor", [5, -1], { first: Duration.minutes(5) }],
    ["no factor", [-1, -1], {}]
  ] as const) {
    it.effect(`contain the time since ${name} was verified`, () =>
      Effect.gen(function* () {
        expect((yield* claimsOf(sessionToken({ fva }))).factorAges).toStrictEqual(expected)
      })
    )
  }

  it.effect("contain the actor, with all of its claims", () =>
    Effect.gen(function* () {
      const act = {
        iss: "https://dashboard.clerk.com",
        sid: "sess_2",
        sub: "user_2",
        type: "agent",
        more: { x: 1 }
      }
      for (const version of [{}, version1]) {
        expect((yield* claimsOf(sessionToken({ ...version, act }))).actor).toStrictEqual(act)
        expect(yield* claimsOf(sessionToken(version))).not.toHaveProperty("actor")
      }
    })
  )
})

describe("a valid token with an unusual claim", () => {
  const honest: ReadonlyArray<readonly [name: string, changes: { readonly [claim: string]: unknown }]> = [
    ["a comma after its features", { fea: "o:a," }],
    [
      "surplus masks",
      { fea: "o:billing,o:chat", o: { id: "org_1", rol: "admin", per: "read,manage", fpm: "3,," } }
    ],
    ["no factor ages, no status and no actor", { fva: null, sts: null, act: {} }],
    ["a null audience and a null party", { aud: null, azp: null }],
    ["an empty audience and an empty party", { aud: ["a", ""], azp: "" }],
    ["a newer version", { v: 3 }],
    ["a plan without an owner", { pla: "free" }],
    ["an organization that is text", { o: "org_1" }],
    ["an organization without a role", { o: { id: "org_1" } }]
  ]
  for (const [name, changes] of honest) {
    it.effect(`with ${name} is accepted`, () =>
      Effect.gen(function* () {
        expect((yield* claimsOf(sessionToken(changes))).userId).toBe(claims().sub)
      })
    )
  }

  it.effect("grants the permissions of the valid masks", () =>
    Effect.gen(function* () {
      const o = { id: "org_1", rol: "admin", per: "read,manage", fpm: "3,," }
      const read = yield* claimsOf(sessionToken({ fea: "o:billing,o:chat", o }))
      expect(read.organization).toStrictEqual({
        id: "org_1",
        role: "org:admin",
        permissions: ["org:billing:read", "org:billing:manage"],
        features: ["billing", "chat"]
      })
    })
  )

  it.effect("without a valid role has no role, and keeps its permissions", () =>
    Effect.gen(function* () {
      const o = { id: "org_1", rol: ["admin"], per: "read", fpm: "1" }
      const read = yield* claimsOf(sessionToken({ fea: "o:billing", o }))
      expect(read.organization).not.toHaveProperty("role")
      for (const role of ["org:admin", "admin", "", "org:", "undefined"]) {
        expect(yield* Authorization.has(read, { role })).toBe(false)
      }
      expect(yield* Authorization.has(read, { permission: "org:billing:read" })).toBe(true)
    })
  )
})

describe("tokens are verified", () => {
  const token = sessionToken()
  const env = (values: { readonly [name: string]: string }) => layerConfigProvider(variables(values))

  it.effect("whether they are text or redacted", () =>
    Effect.gen(function* () {
      expect(yield* claimsOf(Redacted.make(token))).toStrictEqual(yield* claimsOf(token))
      expect(yield* reasonOf(Redacted.make(Redacted.make(token)))).toBe("format")
      expect(yield* reasonOf(Redacted.make(1))).toBe("format")
    })
  )

  it.effect("with a key from a PEM, and with one from the environment, without a secret key", () =>
    Effect.gen(function* () {
      const pem = pemOf(ours)
      const fromEnvironment = Layer.provide(SigningKeys.layerConfig, env({ CLERK_JWT_KEY: pem }))
      for (const keys of [
        SigningKeys.layerPem(pem),
        SigningKeys.layerPem(Redacted.make(pem)),
        fromEnvironment
      ]) {
        expect((yield* Effect.provide(verifyAt(token), keys)).userId).toBe(claims().sub)
      }
    })
  )

  it.effect("many times concurrently by one verifier", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now * 1000)
      const verify = yield* SessionTokens.verifier({ authorizedParties: [app], issuer })
      const read = yield* Effect.all(
        Array.from({ length: 64 }, () => verify(token)),
        { concurrency: "unbounded" }
      )
      expect(new Set(read.map(({ userId }) => userId))).toEqual(new Set([claims().sub]))
    }).pipe(Effect.provide(ourKeys))
  )
})

describe("with the in-memory Clerk", () => {
  const Clerk = ClerkHttp.layer({ secretKey: DEFAULT_SECRET_KEY }).pipe(
    Layer.provide(ClerkEmulator.layerHttpClient),
    Layer.provideMerge(ClerkEmulator.layer())
  )
  const world = Layer.provideMerge(SigningKeys.layerJwks, Clerk)

  it.effect(
    "a token that was created by the Backend API has no party, and is accepted where that is allowed",
    () =>
      Effect.gen(function* () {
        const clerk = yield* ClerkEmulator
        const { session } = yield* clerk.signIn((yield* clerk.createUser()).id)
        const { jwt } = yield* Sessions.createToken(session.id)
        const parties = { authorizedParties: [app] }
        expect(yield* Effect.flip(SessionTokens.verify(jwt, parties))).toMatchObject({
          reason: "azp",
          expected: [app]
        })
        const read = yield* SessionTokens.verify(jwt, { ...parties, missingAzp: "allow" })
        expect(read.sessionId).toBe(session.id)
        expect(read.authorizedParty).toBeUndefined()
      }).pipe(Effect.provide(world))
  )

  it.effect("a token is still valid after its session was revoked, until it expires", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const { session, sessionToken } = yield* clerk.signIn((yield* clerk.createUser()).id)
      yield* Sessions.revoke(session.id)
      expect((yield* SessionTokens.verify(sessionToken)).sessionId).toBe(session.id)
      expect((yield* Sessions.get(session.id)).status).toBe("revoked")
      yield* TestClock.adjust("65 seconds")
      expect(yield* Effect.flip(SessionTokens.verify(sessionToken))).toMatchObject({
        reason: "exp",
        isExpired: true
      })
    }).pipe(Effect.provide(world))
  )

  it.effect("permissions of the seed are in the claims", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const permissions = ["org:dashboard:read", "org:teams:manage"]
      const user = yield* clerk.createUser({ features: ["drafts"] })
      const { id } = yield* clerk.createOrganization({
        features: ["dashboard", "teams"],
        members: [{ userId: user.id, role: "org:admin", permissions }]
      })
      const { sessionToken } = yield* clerk.signIn(user.id, { organizationId: id })
      const read = yield* SessionTokens.verify(sessionToken, { issuer: clerk.issuer })
      expect([...(read.organization?.permissions ?? [])].sort()).toEqual(permissions)
      expect(yield* Authorization.has(read, { permission: "org:teams:manage" })).toBe(true)
      expect(yield* Authorization.has(read, { permission: "org:teams:read" })).toBe(false)
    }).pipe(Effect.provide(world))
  )
})
