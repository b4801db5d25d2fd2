import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { Authorization } from "effect-clerk"
import { utc } from "#test/dateTime.js"
import { describe, expect, it } from "#test/vitest.js"
import { accepts, type Changes, refuses } from "../support/tokenCases.js"
import {
  app,
  claims,
  header,
  issuer,
  now,
  sessionToken,
  templateClaims,
  templateToken,
  tokenOf
} from "../support/tokens.js"
import { claimsOf, reasonOf, refusalOf } from "../support/verification.js"

const noTexts: ReadonlyArray<readonly [name: string, value: unknown]> = [
  ["missing", undefined],
  ["empty", ""],
  ["null", null],
  ["a number", 1],
  ["a list", ["user_1"]],
  ["an object", { id: "user_1" }]
]

describe("a token without a user or session is rejected:", () => {
  const bad: typeof noTexts = [
    ...noTexts,
    ["a path", "../user_1"],
    ["text with a line end", "user_1\n"],
    ["longer than any id", `user_${"1".repeat(124)}`]
  ]
  refuses(
    "sub",
    bad.map(([name, sub]) => [`sub that is ${name}`, { sub }] as const)
  )
  refuses(
    "sid",
    bad.map(([name, sid]) => [`sid that is ${name}`, { sid }] as const)
  )
  refuses("sid", [
    ["sid that is a path of a session", { sid: "sess_1/../sess_2" }],
    ["sid that is a session with a line end", { sid: "sess_1\n" }],
    ["sid that is longer than any session", { sid: `sess_${"1".repeat(124)}` }],
    ["sid that is a user", { sid: "user_1" }],
    ["sid that has the prefix elsewhere", { sid: "x_sess_1" }],
    ["sid with the prefix in capitals", { sid: "SESS_1" }]
  ])
  refuses("category", [["sub that is a machine, with any category in the header", { sub: "mch_1" }]])
})

describe("the issuer", () => {
  const configured = { issuer }
  refuses(
    "iss",
    noTexts.map(([name, iss]) => [`is rejected when it is ${name}`, { iss }] as const)
  )
  refuses("iss", [
    ...noTexts.map(
      ([name, iss]) => [`is rejected when it is ${name} and one is configured`, { iss }, configured] as const
    ),
    ["of another instance is rejected", { iss: "https://other.example.com" }, configured],
    ["with a slash after it is rejected", { iss: `${issuer}/` }, configured],
    ["over http is rejected", { iss: issuer.replace("https", "http") }, configured],
    ["in capitals is rejected", { iss: issuer.toUpperCase() }, configured],
    ["as the user of another host is rejected", { iss: `${issuer}@evil.example` }, configured],
    ["as the prefix of another host is rejected", { iss: `${issuer}.evil.example` }, configured],
    ["with its port is rejected", { iss: `${issuer}:443` }, configured],
    ["in a list is rejected", { iss: [issuer] }, configured]
  ])
  accepts([
    ["is accepted when it is the configured one", {}, configured],
    ["is accepted with any value when none is configured", { iss: "https://other.example.com" }]
  ])
  it.effect("that is configured is in the error, beside the received one", () =>
    Effect.gen(function* () {
      const error = yield* refusalOf(
        sessionToken({ iss: "https://evil.example\r\nforged log line" }),
        configured
      )
      expect(error).toMatchObject({ expected: [issuer], actual: ["https://evil.example forged log line"] })
    })
  )
})

describe("the party a token was issued to", () => {
  const options = { authorizedParties: ["https://admin.example.com", app] }
  refuses("azp", [
    ...noTexts.map(([name, azp]) => [`is rejected when it is ${name}`, { azp }, options] as const),
    ["is rejected when it is an unknown one", { azp: "https://evil.example" }, options],
    ["is rejected when it is the beginning of one", { azp: app.slice(0, -1) }, options],
    ["is rejected when one is its beginning", { azp: `${app}.evil.example` }, options],
    ["is rejected in capitals", { azp: app.toUpperCase() }, options],
    ["is rejected with the default port", { azp: `${app}:443` }, options],
    ["is rejected with a slash after it", { azp: `${app}/` }, options],
    ["is rejected over http", { azp: app.replace("https", "http") }, options],
    ["is rejected when it is the word null", { azp: "null" }, options],
    ["is rejected in a list", { azp: [app] }, options],
    ["is rejected as a list of all", { azp: options.authorizedParties }, options],
    ["is rejected as all of them joined", { azp: options.authorizedParties.join(",") }, options],
    [
      "is rejected when it is empty, even if it may be missing",
      { azp: "" },
      { ...options, missingAzp: "allow" }
    ],
    [
      "is rejected when it is null, even if it may be missing",
      { azp: null },
      { ...options, missingAzp: "allow" }
    ],
    [
      "is rejected when it is an unknown one, even if it may be missing",
      { azp: "https://e.example" },
      { ...options, missingAzp: "allow" }
    ],
    [
      "is rejected when it is missing and missingAzp says reject",
      { azp: undefined },
      { ...options, missingAzp: "reject" }
    ],
    [
      "is rejected when it is not text, even if it may be missing",
      { azp: 1 },
      { ...options, missingAzp: "allow" }
    ]
  ])
  accepts([
    ["is accepted when it is the first of several", { azp: "https://admin.example.com" }, options],
    ["is accepted when it is the last of several", {}, options],
    [
      "is accepted when it is missing, if that is allowed",
      { azp: undefined },
      { ...options, missingAzp: "allow" }
    ],
    ["is accepted when it is missing without authorized parties", { azp: undefined }],
    ["is accepted with any value without authorized parties", { azp: "https://evil.example" }]
  ])
  for (const azp of ["", null, 1, 1.5, true, false, [], [app], {}, { origin: app }]) {
    it.effect(`is absent when it is ${JSON.stringify(azp)} and no parties are authorized`, () =>
      Effect.gen(function* () {
        for (const read of [
          yield* claimsOf(sessionToken({ azp })),
          yield* claimsOf(templateToken({ azp }), { category: "template" })
        ]) {
          expect(read.userId).toBe(claims().sub)
          expect(read).not.toHaveProperty("authorizedParty")
        }
      })
    )
  }
})

describe("a predicate for the authorized parties", () => {
  const pattern = /^https:\/\/app-[a-z0-9-]+-team\.vercel\.app$/
  const preview = "https://app-git-main-team.vercel.app"
  const options = { authorizedParties: (azp: string) => pattern.test(azp) }
  const allowing = { ...options, missingAzp: "allow" }
  const anyone = { authorizedParties: () => true }
  accepts([
    ["accepts a party for which it returns true", { azp: preview }, options],
    ["accepts a missing party where that is allowed", { azp: undefined }, allowing],
    ["accepts the origin of an app", { azp: "capacitor://localhost" }, anyone],
    ["accepts an origin with a port", { azp: "http://localhost:3000" }, anyone]
  ])
  refuses("azp", [
    [
      "rejects a party for which it returns false",
      { azp: "https://app-x-team.vercel.app.evil.example" },
      options
    ],
    ["rejects another application of the host", { azp: "https://evil-team.vercel.app" }, options],
    ["rejects a missing party", { azp: undefined }, options],
    ["rejects every party where it returns false", { azp: app }, { authorizedParties: () => false }],
    ["rejects where it returns text", { azp: app }, { authorizedParties: () => "yes" }],
    ["rejects where it returns a number", { azp: app }, { authorizedParties: () => 1 }],
    ["rejects where it returns nothing", { azp: app }, { authorizedParties: () => undefined }],
    ["rejects where it returns an object", { azp: app }, { authorizedParties: () => ({}) }],
    ["rejects where it returns a promise", { azp: app }, { authorizedParties: async () => true }],
    [
      "rejects where it throws",
      { azp: app },
      {
        authorizedParties: () => {
          throw new Error("the list of deployments is not loaded")
        }
      }
    ]
  ])
  const noOrigins: ReadonlyArray<unknown> = [
    "",
    null,
    1,
    true,
    [app],
    {},
    "null",
    "*",
    `${app}/`,
    `${app}/path`,
    `${app}\n`,
    ` ${app}`,
    app.toUpperCase(),
    `${app}:443`,
    `${app}, https://evil.example`,
    "app.example.com"
  ]
  for (const azp of noOrigins) {
    it.effect(`is not called with ${JSON.stringify(azp)}, which is not an origin`, () =>
      Effect.gen(function* () {
        const asked: Array<unknown> = []
        const authorizedParties = (...given: ReadonlyArray<unknown>) => {
          asked.push(...given)
          return true
        }
        for (const missingAzp of ["allow", "reject"]) {
          expect(yield* reasonOf(sessionToken({ azp }), { authorizedParties, missingAzp })).toBe("azp")
        }
        expect(asked).toEqual([])
      })
    )
  }

  it.effect("is called with the party alone, and for a template's token too", () =>
    Effect.gen(function* () {
      const asked: Array<ReadonlyArray<unknown>> = []
      const authorizedParties = (...given: ReadonlyArray<unknown>) => {
        asked.push(given)
        return true
      }
      yield* claimsOf(sessionToken(), { authorizedParties })
      yield* claimsOf(templateToken({ azp: preview }), { authorizedParties, category: "template" })
      expect(asked).toEqual([[app], [preview]])
    })
  )

  it.effect("adds no expected parties to the error", () =>
    Effect.gen(function* () {
      const error = yield* refusalOf(sessionToken({ azp: "https://evil.example" }), options)
      expect(error).toMatchObject({ reason: "azp", actual: ["https://evil.example"] })
      expect(error.expected).toBeUndefined()
      expect(error.message).toBe(
        "Token rejected (azp): its authorized party (azp) is missing or not accepted by authorizedParties (received https://evil.example)"
      )
    })
  )
})

describe("the audience", () => {
  const options = { audience: "api" }
  refuses("aud", [
    ["is rejected when it is missing", {}, options],
    ["is rejected when it is another", { aud: "web" }, options],
    ["is rejected when it is longer", { aud: "api2" }, options],
    ["is rejected when it is shorter", { aud: "ap" }, options],
    ["is rejected when none of several is expected", { aud: ["web", "app"] }, options],
    ["is rejected when it is a text that contains it", { aud: "web,api" }, options],
    ["is rejected when it is an empty list", { aud: [] }, options],
    ["is rejected in a list within the list", { aud: [["api"]] }, options],
    ["is rejected when the list has a number too", { aud: ["api", 1] }, options],
    ["is rejected when it is a number", { aud: 1 }, options],
    ["is rejected when it is null", { aud: null }, options],
    ["is rejected when it is an object", { aud: { api: true } }, options],
    ["is rejected when it is not one of two expected ones", { aud: "web" }, { audience: ["api", "app"] }],
    ["is rejected when it is empty", { aud: "" }, options],
    ["is rejected when the list has an empty text too", { aud: ["api", ""] }, options],
    ["is rejected when the list has a null too", { aud: [null, "api"] }, options]
  ])
  accepts([
    ["is accepted when it is the expected one", { aud: "api" }, options],
    ["is accepted when one of several is expected", { aud: ["web", "api"] }, options],
    ["is accepted when it is one of two expected ones", { aud: "app" }, { audience: ["api", "app"] }],
    ["is accepted with any value when none is expected", { aud: "web" }]
  ])
  const odd: ReadonlyArray<readonly [aud: unknown, read: ReadonlyArray<string> | undefined]> = [
    ...[null, "", 1, 0.5, true, false, {}, { api: true }].map((aud) => [aud, undefined] as const),
    [[], []],
    [[""], []],
    [["a", ""], ["a"]],
    [["a", 1, null, ["b"], {}], ["a"]]
  ]
  for (const [aud, read] of odd) {
    it.effect(
      `is read as ${JSON.stringify(read)} when it is ${JSON.stringify(aud)} and none is expected`,
      () =>
        Effect.gen(function* () {
          expect((yield* claimsOf(sessionToken({ aud }))).audience).toEqual(read)
          expect((yield* claimsOf(templateToken({ aud }), { category: "template" })).audience).toEqual(read)
        })
    )
  }
})

describe("a session with tasks left", () => {
  refuses("session-pending", [
    ["is refused", { sts: "pending" }],
    ["is rejected when allowPending is false", { sts: "pending" }, { allowPending: false }]
  ])
  it.effect("is reported as pending where it is allowed", () =>
    Effect.gen(function* () {
      expect((yield* claimsOf(sessionToken({ sts: "pending" }), { allowPending: true })).status).toBe(
        "pending"
      )
      expect((yield* claimsOf(sessionToken(), { allowPending: true })).status).toBe("active")
    })
  )
  for (const sts of [
    "ACTIVE",
    " active",
    "",
    "revoked",
    "0",
    true,
    false,
    0,
    1,
    ["active"],
    [],
    { active: true }
  ]) {
    const token = sessionToken({ sts })
    it.effect(`is assumed where the status is ${JSON.stringify(sts)}, which is treated as pending`, () =>
      Effect.gen(function* () {
        expect(yield* reasonOf(token)).toBe("session-pending")
        const read = yield* claimsOf(token, { allowPending: true })
        expect(read.status).toBe("pending")
        expect(yield* Authorization.has(read, { role: "org:admin" })).toBe(false)
      })
    )
  }
  for (const sts of [undefined, null, {}]) {
    it.effect(`is not one whose status is ${JSON.stringify(sts)}, which is ignored`, () =>
      Effect.gen(function* () {
        expect((yield* claimsOf(sessionToken({ sts }))).status).toBe("active")
      })
    )
  }
})

describe("a token of an unknown version", () => {
  const entitled = {
    fea: "o:a,u:b",
    pla: "o:c,u:d",
    o: { id: "org_1", slg: "acme", rol: "admin", per: "x", fpm: "1" },
    org_id: "org_1",
    org_slug: "acme",
    org_role: "org:admin",
    org_permissions: ["org:a:x"]
  }
  for (const v of [0, 3, 4, 2.5, -2, 1e300, "2", "1", "", true, false, [2], [], {}]) {
    it.effect(`identifies its user without any right where the version is ${JSON.stringify(v)}`, () =>
      Effect.gen(function* () {
        const read = yield* claimsOf(sessionToken({ ...entitled, v, act: { sub: "user_2" } }))
        expect(read).toMatchObject({ userId: claims().sub, version: 2, actor: { sub: "user_2" } })
        expect(read).toMatchObject({ status: "active", factorAges: { first: Duration.minutes(3) } })
        expect(read.features).toEqual([])
        expect(read).not.toHaveProperty("organization")
        expect(read).not.toHaveProperty("plan")
        expect(yield* reasonOf(sessionToken({ ...entitled, v, sts: "pending" }))).toBe("session-pending")
      })
    )
  }
  it.effect("does not include a null version, which is read as version 1", () =>
    Effect.gen(function* () {
      const read = yield* claimsOf(sessionToken({ ...entitled, v: null }))
      expect(read.version).toBe(1)
      expect(read.organization?.permissions).toEqual(["org:a:x"])
      expect(read.plan).toBeUndefined()
    })
  )
})

describe("the actor of an impersonation", () => {
  const unread: ReadonlyArray<readonly [act: unknown, read: object]> = [
    ...["user_2", "", "unknown", 1, 0, true, false, [], ["user_2"], [{ sub: "user_2" }]].map(
      (act) => [act, { sub: "unknown" }] as const
    ),
    ...["", null, 1, ["user_2"], { id: "user_2" }, {}, false].map(
      (sub) =>
        [
          { sub, iss: "https://dashboard.clerk.com" },
          { sub: "unknown", iss: "https://dashboard.clerk.com" }
        ] as const
    ),
    [{ iss: "https://dashboard.clerk.com" }, { sub: "unknown", iss: "https://dashboard.clerk.com" }]
  ]
  for (const [act, read] of unread) {
    it.effect(`is unknown, and present, where the claim is ${JSON.stringify(act)}`, () =>
      Effect.gen(function* () {
        for (const v of [1, 2, 3]) {
          expect((yield* claimsOf(sessionToken({ v, act }))).actor).toStrictEqual(read)
        }
      })
    )
  }
  for (const act of [undefined, null, {}]) {
    it.effect(`is absent where the claim is ${JSON.stringify(act)}`, () =>
      Effect.gen(function* () {
        expect(yield* claimsOf(sessionToken({ act }))).not.toHaveProperty("actor")
      })
    )
  }
})

describe("the ages of the factors", () => {
  const demands = [
    "lax",
    "moderate",
    "strict",
    "strict_mfa",
    { level: "first_factor", within: "365 days" }
  ] as const
  const unread: ReadonlyArray<unknown> = [
    undefined,
    null,
    {},
    { 0: 1, 1: 1, length: 2 },
    [],
    [1],
    [1, 2, 3],
    [0, 0, 0],
    [1, -2],
    [-0.5, 0],
    [-1.5, 0],
    ["1", 0],
    [0, "0"],
    [null, 0],
    [0, null],
    [null, null],
    [[0], [0]],
    [true, false],
    [1e300, 0],
    [0, 2 ** 53],
    "0,0",
    "",
    0,
    1,
    true
  ]
  for (const fva of unread) {
    it.effect(`verify nothing, and the token is accepted, where the claim is ${JSON.stringify(fva)}`, () =>
      Effect.gen(function* () {
        const read = yield* claimsOf(sessionToken({ fva }))
        expect(read.userId).toBe(claims().sub)
        expect(read).not.toHaveProperty("factorAges")
        for (const demand of demands) expect(yield* Authorization.isReverified(read, demand)).toBe(false)
      })
    )
  }
  it.effect("verify nothing where a number in the claim is infinite", () =>
    Effect.gen(function* () {
      for (const age of ["1e400", "-1e400"]) {
        const text = JSON.stringify(claims()).replace('"fva":[3,-1]', `"fva":[3,${age}]`)
        expect(yield* claimsOf(tokenOf(header(), text))).not.toHaveProperty("factorAges")
      }
    })
  )
  it.effect("count a part of a minute as a full one", () =>
    Effect.gen(function* () {
      const read = yield* claimsOf(sessionToken({ fva: [9.000001, 59.5] }))
      expect(read.factorAges).toStrictEqual({ first: Duration.minutes(10), second: Duration.minutes(60) })
      expect(yield* Authorization.isReverified(read, "strict_mfa")).toBe(false)
      expect(yield* Authorization.isReverified(read, "moderate")).toBe(false)
      expect(yield* Authorization.isReverified(read, "lax")).toBe(true)
    })
  )
})

describe("an unusual claim without an effect", () => {
  for (const jti of [null, "", 1, true, [], ["x"], {}]) {
    it.effect(`is left out where the token id is ${JSON.stringify(jti)}`, () =>
      Effect.gen(function* () {
        const read = yield* claimsOf(sessionToken({ jti }))
        expect(read.userId).toBe(claims().sub)
        expect(read).not.toHaveProperty("tokenId")
      })
    )
  }
})

describe("duplicate claims", () => {
  for (const [name, text] of [
    ["first the valid one", '{"exp":9999999999,"exp":1,'],
    ["first the expired one", '{"exp":1,"exp":9999999999,']
  ] as const) {
    it.effect(`are rejected: ${name}`, () =>
      Effect.gen(function* () {
        const rest = JSON.stringify(claims({ exp: undefined })).slice(1)
        expect(yield* reasonOf(tokenOf(header(), `${text}${rest}`))).toBe("format")
      })
    )
  }
})

describe("a token of a template", () => {
  const template = { category: "template" }
  it.effect("names its user, and no session, even with the claims of one", () =>
    Effect.gen(function* () {
      const session = { sid: "sess_1", sts: "active", v: 2, fea: "u:teams", o: { id: "org_1" } }
      const read = yield* claimsOf(templateToken({ aud: ["api"], ...session }), template)
      expect(read).toStrictEqual({
        userId: templateClaims().sub,
        issuer,
        issuedAt: utc(now * 1000),
        notBefore: utc((now - 10) * 1000),
        expiresAt: utc((now + 3600) * 1000),
        authorizedParty: app,
        audience: ["api"],
        tokenId: "6bb61e3b7bce0931da57",
        custom: undefined
      })
    })
  )
  const refused: ReadonlyArray<
    readonly [name: string, token: string, options: Changes | undefined, reason: string]
  > = [
    ["is rejected where a session is expected", templateToken(), undefined, "category"],
    [
      "is rejected where a session is expected, even with a sid",
      templateToken({ sid: "sess_1" }),
      undefined,
      "category"
    ],
    ["is no session without a category either", templateToken({}, { cat: undefined }), undefined, "sid"],
    ["has to have the category of templates", templateToken({}, { cat: undefined }), template, "category"],
    ["cannot have the ignored category", templateToken({}, { cat: "cl_I7d4PD111III" }), template, "category"],
    ["cannot be a session's", sessionToken(), template, "category"],
    ["cannot be a machine's", templateToken({ sub: "mch_1" }), template, "category"],
    ["expires like any other", templateToken({ exp: now - 5, iat: now - 60 }), template, "exp"],
    ["names a user", templateToken({ sub: undefined }), template, "sub"]
  ]
  for (const [name, token, options, reason] of refused) {
    it.effect(name, () =>
      Effect.gen(function* () {
        expect(yield* reasonOf(token, options)).toBe(reason)
      })
    )
  }
})
