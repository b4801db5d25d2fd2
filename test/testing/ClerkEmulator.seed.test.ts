import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { ClerkHttp, Sessions, SessionTokens, SigningKeys } from "effect-clerk"
import { ClerkEmulator, DEFAULT_SECRET_KEY, EmulatorSeed } from "effect-clerk/testing"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"

const now = Date.UTC(2026, 2, 1)
const day = 86_400_000

const acme = {
  users: [{ id: "user_ada", features: ["avatars"], plan: "plus" }, { id: "user_bob" }],
  organizations: [
    {
      id: "org_acme",
      slug: "acme",
      features: ["teams"],
      plan: "pro",
      members: [{ userId: "user_ada", role: "org:admin", permissions: ["org:teams:delete"] }]
    }
  ],
  templates: [{ name: "hasura", claims: { role: "editor" }, lifetime: "5 minutes" }],
  sessions: [
    {
      id: "sess_laptop",
      userId: "user_ada",
      clientId: "client_laptop",
      organizationId: "org_acme",
      createdAgo: "2 days",
      lastActiveAgo: "3 minutes"
    },
    {
      id: "sess_phone",
      userId: "user_ada",
      status: "revoked",
      activity: { isMobile: true, deviceType: "phone", browserName: "Safari", city: "Lima", country: "PE" }
    },
    { id: "sess_old", userId: "user_ada", createdAgo: "8 days" },
    { id: "sess_short", userId: "user_bob", expiresIn: 60_000 }
  ]
} satisfies EmulatorSeed

const stage = (seed?: EmulatorSeed) =>
  ClerkHttp.layer({ secretKey: DEFAULT_SECRET_KEY }).pipe(
    Layer.provide(ClerkEmulator.layerHttpClient),
    Layer.provideMerge(ClerkEmulator.layer({ seed })),
    Layer.provide(Layer.effectDiscard(TestClock.setTime(now)))
  )

describe("a seed", () => {
  it.effect("is loaded at the start, with the devices, places and ages of sessions", () =>
    Effect.gen(function* () {
      const { data } = yield* Sessions.list({ userId: "user_ada" })
      expect(data.map(({ id, status }) => `${id} ${status}`)).toEqual([
        "sess_phone revoked",
        "sess_laptop active",
        "sess_old expired"
      ])
      const laptop = yield* Sessions.get("sess_laptop")
      expect(laptop).toMatchObject({
        clientId: "client_laptop",
        lastActiveOrganizationId: "org_acme",
        latestActivity: { browserName: "Chrome", city: "Athens", isMobile: false }
      })
      expect([laptop.createdAt, laptop.lastActiveAt, laptop.expireAt].map(DateTime.toEpochMillis)).toEqual([
        now - 2 * day,
        now - 180_000,
        now + 5 * day
      ])
      expect((yield* Sessions.get("sess_phone")).latestActivity).toMatchObject({
        isMobile: true,
        deviceType: "phone",
        browserName: "Safari",
        city: "Lima"
      })
      yield* TestClock.adjust("1 minute")
      expect((yield* Sessions.get("sess_short")).status).toBe("expired")
    }).pipe(Effect.provide(stage(acme)))
  )

  it.effect("decides the claims of the tokens", () =>
    Effect.gen(function* () {
      const { jwt } = yield* Sessions.createToken("sess_laptop")
      const claims = yield* SessionTokens.verify(jwt)
      expect(claims).toMatchObject({
        userId: "user_ada",
        features: ["avatars"],
        plan: "plus",
        organization: { slug: "acme", role: "org:admin", permissions: ["org:teams:delete"], plan: "pro" }
      })
      const template = yield* Sessions.createTokenFromTemplate("sess_laptop", "hasura")
      const custom = yield* SessionTokens.verify(template.jwt, {
        category: "template",
        claims: Schema.Struct({ role: Schema.String })
      })
      expect(custom.custom).toEqual({ role: "editor" })
      const [issued, expires] = [custom.issuedAt, custom.expiresAt].map(DateTime.toEpochMillis)
      expect(Number(expires) - Number(issued)).toBe(300_000)
    }).pipe(Effect.provide(SigningKeys.layerJwks), Effect.provide(stage(acme)))
  )

  it.effect("allows refreshes of its sessions, as browsers that signed in", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const expiredToken = yield* clerk.mintSessionToken("sess_laptop", {
        origin: "https://app.example.com",
        age: "2 minutes"
      })
      const refreshToken = (yield* clerk.refreshToken("sess_laptop")) ?? ""
      const { jwt } = yield* Sessions.refresh("sess_laptop", {
        expiredToken,
        refreshToken,
        requestOrigin: "https://app.example.com"
      })
      expect((yield* SessionTokens.verify(jwt)).sessionId).toBe("sess_laptop")
    }).pipe(Effect.provide(SigningKeys.layerJwks), Effect.provide(stage(acme)))
  )

  it.effect("is restored after a reset, and later records are removed", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const before = yield* clerk.state
      yield* clerk.createUser({ id: "user_new" })
      yield* clerk.createTemplate({ name: "another" })
      yield* Sessions.revoke("sess_laptop")
      yield* clerk.respondNext({ status: 500 })
      yield* clerk.setLatency("1 hour")
      yield* clerk.reset
      const after = yield* clerk.state
      expect(after.requests).toEqual([])
      expect(after.users).toEqual(before.users)
      expect(after.templates).toEqual(before.templates)
      expect(after.keys).toEqual(before.keys)
      expect(after.sessions.map(({ id, status }) => [id, status])).toEqual(
        before.sessions.map(({ id, status }) => [id, status])
      )
      expect((yield* Sessions.get("sess_laptop")).status).toBe("active")
    }).pipe(Effect.provide(stage(acme)))
  )

  it.effect("can be added later too, beside existing records", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const { id } = yield* clerk.createUser()
      const { id: organization } = yield* clerk.createOrganization({ members: [{ userId: id }] })
      const data: unknown = JSON.parse(
        JSON.stringify({ sessions: [{ id: "sess_1", userId: id, organizationId: organization }] })
      )
      yield* clerk.seed(data)
      expect((yield* Sessions.get("sess_1")).userId).toBe(id)
    }).pipe(Effect.provide(stage()))
  )

  it("may be empty, and is a schema of plain data", () => {
    expect(Schema.decodeUnknownSync(EmulatorSeed)({})).toEqual({})
    expect(Schema.decodeUnknownSync(EmulatorSeed)(acme)).toEqual(acme)
  })
})

describe("an invalid seed", () => {
  const seedError = (seed: unknown) =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now)
      const clerk = yield* ClerkEmulator.make()
      yield* clerk.createUser({ id: "user_there" })
      const before = yield* clerk.state
      const error = yield* Effect.flip(clerk.seed(seed))
      expect(yield* clerk.state, "nothing is taken over").toEqual(before)
      return error.message
    })

  const users = [{ id: "user_1" }, { id: "user_2" }]
  const organizations = [{ id: "org_1", members: [{ userId: "user_1" }] }]
  const withPermissions = (permissions: ReadonlyArray<string>) => ({
    id: "org_1",
    features: ["teams"],
    members: [{ userId: "user_1", permissions }]
  })
  const cases: ReadonlyArray<readonly [unknown, string]> = [
    [[], "the seed must be an object"],
    [{ user: [] }, "user is not a field; the fields are users, organizations, templates, sessions"],
    [{ users: [{}] }, "users.0.id is missing: 1 to 128 letters, digits, underscores or hyphens"],
    [{ users: [{ id: "a b" }] }, "users.0.id must be 1 to 128 letters, digits, underscores or hyphens"],
    [
      { users: [{ id: "user_1", feature: [] }] },
      "users.0.feature is not a field; the fields are id, features, plan"
    ],
    [{ users: [{ id: "user_1", features: [""] }] }, "users.0.features.0 must be a text that is not empty"],
    [{ users: [...users, { id: "user_2" }] }, "users.2.id is there already"],
    [{ users: [{ id: "user_there" }] }, "users.0.id is there already"],
    [
      { users, organizations: [{ id: "org_1", members: [{ userId: "user_3" }] }] },
      "organizations.0.members.0.userId must be the id of a user"
    ],
    [
      { users, organizations: [withPermissions(["org:teams:read", "org:billing:read"])] },
      "organizations.0.members.0.permissions.1 needs the feature billing in organizations.0.features"
    ],
    ...["teams:read", "org:teams", "org:teams:read:all", "org::read", "org:teams:", "org:teams:a,b"].map(
      (permission) =>
        [
          { users, organizations: [withPermissions([permission])] },
          "organizations.0.members.0.permissions.0 must have the form org:<feature>:<permission>"
        ] as const
    ),
    [{ templates: [{ name: "t" }, { name: "t" }] }, "templates.1.name is there already"],
    [
      { templates: [{ name: "t", lifetime: "soon" }] },
      'templates.0.lifetime must be a duration of at most 36,500 days, such as "2 days" or "90 seconds", or a number of milliseconds'
    ],
    [{ users, sessions: [{ userId: "user_3" }] }, "sessions.0.userId must be the id of a user"],
    [
      { users, organizations, sessions: [{ userId: "user_2", organizationId: "org_1" }] },
      "sessions.0.organizationId must be the id of an organization that the user is a member of"
    ],
    [
      { users, sessions: [{ userId: "user_1", status: "asleep" }] },
      'sessions.0.status must be "abandoned" or "active" or "ended" or "expired" or "pending" or "removed" or "replaced" or "revoked"'
    ],
    [
      { users, sessions: [{ userId: "user_1", createdAgo: -1 }] },
      'sessions.0.createdAgo must be a duration of at most 36,500 days, such as "2 days" or "90 seconds", or a number of milliseconds'
    ],
    [
      { users, sessions: [{ userId: "user_1", createdAgo: "1 day", lastActiveAgo: "2 days" }] },
      "sessions.0.lastActiveAgo must not be longer ago than createdAgo"
    ],
    [
      { users, sessions: [{ userId: "user_1", createdAgo: now + 1 }] },
      "sessions.0.createdAgo must not be before 1970, where TestClock begins: set the time first (TestClock.setTime)"
    ],
    [
      { users: [{}], sessions: [{ userId: 1 }] },
      "users.0.id is missing: 1 to 128 letters, digits, underscores or hyphens; sessions.0.userId must be 1 to 128 letters, digits, underscores or hyphens"
    ]
  ]

  it.effect.each(cases)("is rejected as a whole: %j", ([seed, message]) =>
    Effect.gen(function* () {
      expect(yield* seedError(seed)).toBe(message)
    })
  )

  it.effect("is reported with paths and rules, never with values", () =>
    Effect.gen(function* () {
      const secret = "sk_test_secret"
      expect(yield* seedError({ users: [{ id: secret, plan: 7 }, { id: `${secret} ` }] })).not.toContain(
        secret
      )
      expect(yield* seedError({ users: [{ id: "user_1", [secret]: 1 }] })).toMatch(
        /^users\.0\.\*\*\* is not a field; the fields are /
      )
    })
  )

  it.effect("given to a layer is a defect with the same message", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(
        Effect.provide(ClerkEmulator, ClerkEmulator.layer({ seed: { sessions: [{ userId: "user_1" }] } }))
      )
      expect(Exit.isFailure(exit) && String(exit.cause)).toContain(
        "sessions.0.userId must be the id of a user"
      )
    })
  )
})
