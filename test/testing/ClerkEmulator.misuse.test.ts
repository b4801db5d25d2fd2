import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { ClerkEmulator, type ClerkEmulatorService } from "effect-clerk/testing"
import { describe, expect, it } from "#test/vitest.js"
import { defectOf } from "../support/exits.js"
import { ask } from "./ClerkEmulator.support.js"

/** An input of another type than the declared one, as from JavaScript. */
// Sound in a test that is about invalid input.
const wrong = (input: unknown) => input as never

const death = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.map(Effect.exit(effect), (exit) => String(defectOf(exit)))

const duration =
  'must be a duration of at most 36,500 days, such as "2 days" or "90 seconds", or a number of milliseconds'
const operations =
  "operation must be one of Sessions.list, Sessions.create, Sessions.get, Sessions.refresh, Sessions.revoke, Sessions.verify, Sessions.createToken, Sessions.createTokenFromTemplate, Users.setPasswordCompromised, SigningKeys.jwks, Clients.getHandshakePayload, FrontendApi.handshake, FrontendApi.signInPage, FrontendApi.signIn, FrontendApi.signOut"

const cyclic: Record<string, unknown> = {}
cyclic["self"] = cyclic

const deep: unknown = JSON.parse(`${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`)

describe("a method of the emulator", () => {
  const cases: ReadonlyArray<
    readonly [string, (clerk: ClerkEmulatorService) => Effect.Effect<unknown, unknown>, string]
  > = [
    [
      "a status",
      (clerk) => clerk.respondNext({ status: 9999 }),
      "respondNext: status must be a whole number from 200 to 599"
    ],
    [
      "no status",
      (clerk) => clerk.respondNext(wrong({})),
      "respondNext: status is missing: a whole number from 200 to 599"
    ],
    [
      "a field",
      (clerk) => clerk.respondNext(wrong({ status: 200, stauts: 1 })),
      "respondNext: stauts is not a field; the fields are status, headers, operation, delay, body"
    ],
    [
      "a header name",
      (clerk) => clerk.respondNext({ status: 200, headers: { "a b": "" } }),
      "respondNext: headers.a b must be a header name"
    ],
    [
      "a header value",
      (clerk) => clerk.respondNext({ status: 200, headers: { a: "x\r\ny: z" } }),
      "respondNext: headers.a must be a header value of printable ASCII"
    ],
    [
      "a body",
      (clerk) => clerk.respondNext({ status: 204, body: "x" }),
      "respondNext: body must be empty for the status 204, 205 or 304"
    ],
    [
      "a body that is not text",
      (clerk) => clerk.respondNext(wrong({ status: 200, body: {} })),
      "respondNext: body must be"
    ],
    [
      "an operation",
      (clerk) => clerk.respondNext({ status: 200, operation: wrong("Sessions.gett") }),
      `respondNext: ${operations}`
    ],
    [
      "a delay",
      (clerk) => clerk.failNext({ fault: "response-lost", delay: Number.NaN }),
      `failNext: delay ${duration}`
    ],
    [
      "a fault",
      (clerk) => clerk.failNext({ fault: wrong("rest") }),
      'failNext: fault must be "reset" or "response-lost" or "no-response"'
    ],
    ["a latency", (clerk) => clerk.setLatency("-1 day"), `setLatency: duration ${duration}`],
    [
      "an endless latency",
      (clerk) => clerk.setLatency(Number.POSITIVE_INFINITY),
      `setLatency: duration ${duration}`
    ],
    [
      "a negative latency in nanoseconds",
      (clerk) => clerk.setLatency(-1n),
      `setLatency: duration ${duration}`
    ],
    [
      "the operation of a latency",
      (clerk) => clerk.setLatency(1, wrong("Sessions.gett")),
      `setLatency: ${operations}`
    ],
    [
      "a user",
      (clerk) => clerk.createUser(wrong({ id: 7 })),
      "createUser: id must be a text that is not empty"
    ],
    [
      "a user's field",
      (clerk) => clerk.createUser(wrong({ name: "x" })),
      "createUser: name is not a field; the fields are id, features, plan"
    ],
    ["null for options", (clerk) => clerk.createUser(wrong(null)), "createUser: the input must be an object"],
    [
      "a member",
      (clerk) => clerk.createOrganization({ members: [wrong({ user: "user_1" })] }),
      "createOrganization: members.0.user is not a field"
    ],
    [
      "a permission without its feature",
      (clerk) =>
        clerk.createOrganization({ members: [{ userId: "user_1", permissions: ["org:teams:read"] }] }),
      "createOrganization: members.0.permissions.0 needs the feature teams in features"
    ],
    [
      "the active organization of a session",
      (clerk) => clerk.updateSession("sess_1", { lastActiveOrganizationId: "org_1" }),
      "user user_1 is not a member of an organization org_1"
    ],
    ["a template", (clerk) => clerk.createTemplate(wrong({})), "createTemplate: name is missing"],
    [
      "cyclic claims",
      (clerk) => clerk.createTemplate({ name: "t", claims: cyclic }),
      "createTemplate: claims must be an object that is JSON"
    ],
    [
      "claims with a bigint",
      (clerk) => clerk.mintToken({ claims: { a: 1n } }),
      "mintToken: claims must be an object that is JSON"
    ],
    [
      "deep claims",
      (clerk) => clerk.mintToken({ claims: wrong(deep) }),
      "mintToken: claims must be an object that is JSON"
    ],
    ["a signature", (clerk) => clerk.mintToken({ sign: wrong("curent-key") }), "mintToken: sign must be"],
    ["an age", (clerk) => clerk.signIn("user_1", { age: "-1 day" }), `signIn: age ${duration}`],
    [
      "a field of a sign-in",
      (clerk) => clerk.signIn("user_1", wrong({ session: "x" })),
      "signIn: session is not a field"
    ],
    [
      "a session's status",
      (clerk) => clerk.updateSession("sess_1", { status: wrong("actve") }),
      "updateSession: status must be"
    ],
    [
      "a session's id",
      (clerk) => clerk.updateSession("sess_1", wrong({ id: "sess_2" })),
      "updateSession: id is not a field"
    ],
    [
      "a time",
      (clerk) => clerk.updateSession("sess_1", { expireAt: Number.NaN }),
      "updateSession: expireAt must be a time in whole milliseconds since 1970"
    ],
    [
      "a rotation",
      (clerk) => clerk.rotateKey(wrong({ removeprevious: true })),
      "rotateKey: removeprevious is not a field; the fields are removePrevious"
    ],
    ["a request", (clerk) => clerk.exchange(wrong({ method: "GET" })), "exchange: url is missing"],
    [
      "an expectation's operation",
      (clerk) => clerk.expectRequests(["Sessions.gett"]),
      "expectRequests: expected.0.operation must be the name of an operation: Sessions.list"
    ],
    [
      "an operation that the emulator does not serve",
      (clerk) => clerk.expectRequests(["Users.get"]),
      "expectRequests: expected.0.operation must be one of Sessions.list"
    ],
    [
      "an expectation's field",
      (clerk) => clerk.expectRequests([wrong({ operation: "Sessions.get", boddy: 1 })]),
      "expectRequests: expected.0.boddy is not a field; the fields are operation, method, path, query, body, apiVersion"
    ]
  ]
  it.effect.each(cases)(
    "dies with its name and its rule for invalid input, and changes nothing: %s",
    ([, run, message]) =>
      Effect.gen(function* () {
        const clerk = yield* ClerkEmulator.make({
          seed: { users: [{ id: "user_1" }], sessions: [{ id: "sess_1", userId: "user_1" }] }
        })
        const before = yield* clerk.state
        expect(yield* death(run(clerk))).toContain(`Error: ClerkEmulator: ${message}`)
        expect(yield* clerk.state).toEqual(before)
        expect((yield* ask(clerk, "GET /v1/jwks")).status).toBe(200)
      })
  )

  it.effect("accepts all values that its types allow", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make({ seed: undefined, issuer: undefined, tokenLifetime: "1 hour" })
      yield* clerk.createUser({ id: "user_1", plan: undefined, features: undefined })
      yield* clerk.respondNext({
        status: 204,
        headers: { "Retry-After": "1" },
        body: undefined,
        operation: undefined
      })
      expect(
        (yield* clerk.exchange({ method: "GET", url: "/v1/jwks", headers: {}, body: "" })).headers
      ).toEqual({
        "retry-after": "1"
      })
      const { session } = yield* clerk.signIn("user_1", {
        activity: { city: undefined, isMobile: true },
        claims: { sub: undefined },
        age: [1, 500]
      })
      expect(session.latestActivity).toMatchObject({ isMobile: true, browserName: "Chrome" })
      expect(session.latestActivity?.city).toBeUndefined()
      yield* clerk.updateSession(session.id, { expireAt: -1, lastActiveOrganizationId: null })
      expect((yield* clerk.sessions)[0]?.status).toBe("expired")
    })
  )
})

describe("an option of an emulator", () => {
  const cases: ReadonlyArray<readonly [unknown, string]> = [
    [
      { sedd: {} },
      "sedd is not a field; the fields are secretKey, issuer, tokenLifetime, sessionLifetime, refreshWindow, verifyGone, production, origins, rateLimit, webhookSecret, seed"
    ],
    [{ secretKey: "sk_test_mine" }, "secretKey must be a Redacted text of printable ASCII without spaces"],
    [
      { secretKey: Redacted.make("a b") },
      "secretKey must be a Redacted text of printable ASCII without spaces"
    ],
    [{ secretKey: Redacted.make("") }, "secretKey must be a Redacted text of printable ASCII without spaces"],
    [
      { issuer: "clerk.example.com" },
      "issuer must be an http or https URL such as https://clerk.example.com"
    ],
    [
      { issuer: "https://a@b.example" },
      "issuer must be an http or https URL such as https://clerk.example.com"
    ],
    [{ tokenLifetime: "soon" }, `tokenLifetime ${duration}`],
    [{ sessionLifetime: -1 }, `sessionLifetime ${duration}`],
    [{ refreshWindow: "Infinity" }, `refreshWindow ${duration}`],
    [{ production: "yes" }, "production must be a boolean"],
    ...["whsec_", "whsec_a", "whsec_abc%", "secret", "whsec_abcde"].map(
      (secret): readonly [unknown, string] => [
        { webhookSecret: Redacted.make(secret) },
        "webhookSecret must be a Redacted text of whsec_ and base64"
      ]
    ),
    [{ rateLimit: { limit: 0, window: 10 } }, "rateLimit.limit must be a whole number from 1 to 1,000,000"],
    [
      { rateLimit: { limit: 10, window: "2 hours" } },
      "rateLimit.window must be a duration from 1 millisecond to 1 hour"
    ],
    [
      { rateLimit: { limit: 10, window: "10 seconds", burst: 5 } },
      "rateLimit.burst is not a field; the fields are limit, window"
    ],
    [null, "the input must be an object"],
    ["seed", "the input must be an object"]
  ]
  it.effect.each(cases)("that is misspelt or wrong is a defect that names it: %j", ([options, message]) =>
    Effect.gen(function* () {
      const made = yield* death(ClerkEmulator.make(wrong(options)))
      expect(made).toBe(`Error: ClerkEmulator: make: ${message}`)
      expect(made).not.toContain("sk_test_mine")
      const built = yield* death(Effect.provide(ClerkEmulator, ClerkEmulator.layer(wrong(options))))
      expect(built).toBe(made)
    })
  )
})
