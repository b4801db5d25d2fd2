import { describe, expect, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
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

describe("a token that names nobody is refused:", () => {
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
    ["sid that is a user", { sid: "user_1" }],
    ["sid that has the prefix elsewhere", { sid: "x_sess_1" }],
    ["sid with the prefix in capitals", { sid: "SESS_1" }]
  ])
  refuses("category", [["sub that is a machine, whatever the header says", { sub: "mch_1" }]])
})

describe("the issuer", () => {
  const configured = { issuer }
  refuses(
    "iss",
    noTexts.map(([name, iss]) => [`is refused when it is ${name}`, { iss }] as const)
  )
  refuses("iss", [
    ...noTexts.map(
      ([name, iss]) => [`is refused when it is ${name} and one is asked for`, { iss }, configured] as const
    ),
    ["of another instance is refused", { iss: "https://other.example.com" }, configured],
    ["with a slash after it is refused", { iss: `${issuer}/` }, configured],
    ["over http is refused", { iss: issuer.replace("https", "http") }, configured],
    ["in capitals is refused", { iss: issuer.toUpperCase() }, configured],
    ["as the user of another host is refused", { iss: `${issuer}@evil.example` }, configured],
    ["as the beginning of another host is refused", { iss: `${issuer}.evil.example` }, configured],
    ["with its port is refused", { iss: `${issuer}:443` }, configured],
    ["in a list is refused", { iss: [issuer] }, configured]
  ])
  accepts([
    ["is accepted when it is the one", {}, configured],
    ["is accepted whoever it is when none is asked for", { iss: "https://other.example.com" }]
  ])
  it.effect("that was asked for is in the refusal, beside the other one", () =>
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
    ...noTexts.map(([name, azp]) => [`is refused when it is ${name}`, { azp }, options] as const),
    ["is refused when it is an unknown one", { azp: "https://evil.example" }, options],
    ["is refused when it is the beginning of one", { azp: app.slice(0, -1) }, options],
    ["is refused when one is its beginning", { azp: `${app}.evil.example` }, options],
    ["is refused in capitals", { azp: app.toUpperCase() }, options],
    ["is refused with the port that is understood", { azp: `${app}:443` }, options],
    ["is refused with a slash after it", { azp: `${app}/` }, options],
    ["is refused over http", { azp: app.replace("https", "http") }, options],
    ["is refused when it is the word null", { azp: "null" }, options],
    ["is refused in a list", { azp: [app] }, options],
    ["is refused as a list of all", { azp: options.authorizedParties }, options],
    ["is refused as all of them joined", { azp: options.authorizedParties.join(",") }, options],
    [
      "is refused when it is empty, where it may be missing",
      { azp: "" },
      { ...options, missingAzp: "allow" }
    ],
    [
      "is refused when it is null, where it may be missing",
      { azp: null },
      { ...options, missingAzp: "allow" }
    ],
    [
      "is refused when it is an unknown one, where it may be missing",
      { azp: "https://e.example" },
      { ...options, missingAzp: "allow" }
    ],
    [
      "is refused when it is missing and that is said once more",
      { azp: undefined },
      { ...options, missingAzp: "reject" }
    ],
    ["is refused when it is no text, even if nobody asks", { azp: 1 }],
    ["is refused when it is empty, even if nobody asks", { azp: "" }]
  ])
  accepts([
    ["is accepted when it is the first of several", { azp: "https://admin.example.com" }, options],
    ["is accepted when it is the last of several", {}, options],
    [
      "is accepted when it is missing, where that is allowed",
      { azp: undefined },
      { ...options, missingAzp: "allow" }
    ],
    ["is accepted when it is missing and nobody asks", { azp: undefined }],
    ["is accepted whoever it is when nobody asks", { azp: "https://evil.example" }]
  ])
})

describe("the audience", () => {
  const options = { audience: "api" }
  refuses("aud", [
    ["is refused when it is missing", {}, options],
    ["is refused when it is another", { aud: "web" }, options],
    ["is refused when it is longer", { aud: "api2" }, options],
    ["is refused when it is shorter", { aud: "ap" }, options],
    ["is refused when none of several is the one", { aud: ["web", "app"] }, options],
    ["is refused when it is no list but text that contains it", { aud: "web,api" }, options],
    ["is refused when it is an empty list", { aud: [] }, options],
    ["is refused in a list within the list", { aud: [["api"]] }, options],
    ["is refused when the list has a number too", { aud: ["api", 1] }, options],
    ["is refused when it is a number", { aud: 1 }, options],
    ["is refused when it is null", { aud: null }, options],
    ["is refused when it is an object", { aud: { api: true } }, options],
    ["is refused when it is none of two that are asked for", { aud: "web" }, { audience: ["api", "app"] }],
    ["is refused when it is no text, even if nobody asks", { aud: 1 }]
  ])
  accepts([
    ["is accepted when it is the one", { aud: "api" }, options],
    ["is accepted when one of several is the one", { aud: ["web", "api"] }, options],
    ["is accepted when it is one of two that are asked for", { aud: "app" }, { audience: ["api", "app"] }],
    ["is accepted whatever it is when nobody asks", { aud: "web" }]
  ])
})

describe("a session with tasks left", () => {
  refuses("sts", [
    ["is refused", { sts: "pending" }],
    ["is refused when that is said once more", { sts: "pending" }, { allowPending: false }]
  ])
  it.effect("is told as pending where it is allowed", () =>
    Effect.gen(function* () {
      expect((yield* claimsOf(sessionToken({ sts: "pending" }), { allowPending: true })).status).toBe(
        "pending"
      )
      expect((yield* claimsOf(sessionToken(), { allowPending: true })).status).toBe("active")
    })
  )
  refuses(
    "claims",
    ["ACTIVE", "", "revoked", true, null, ["active"], { active: true }].map(
      (sts) => [`is not understood as ${JSON.stringify(sts)}`, { sts }, { allowPending: true }] as const
    )
  )
})

describe("a version that is not known is refused:", () => {
  refuses(
    "version",
    [0, 3, 2.5, -2, "2", "1", null, true, [2], {}].map((v) => [JSON.stringify(v), { v }] as const)
  )
})

describe("claims of which there is more than one", () => {
  for (const [name, text] of [
    ["first the good one", '{"exp":9999999999,"exp":1,'],
    ["first the bad one", '{"exp":1,"exp":9999999999,']
  ] as const) {
    it.effect(`are not chosen from: ${name}`, () =>
      Effect.gen(function* () {
        const rest = JSON.stringify(claims({ exp: undefined })).slice(1)
        expect(yield* reasonOf(tokenOf(header(), `${text}${rest}`))).toBe("format")
      })
    )
  }
})

describe("a token of a template", () => {
  const template = { category: "template" }
  it.effect("says who it is for, and names no session", () =>
    Effect.gen(function* () {
      const read = yield* claimsOf(templateToken({ aud: ["api"] }), template)
      expect(read).toStrictEqual({
        userId: templateClaims().sub,
        issuer,
        issuedAt: DateTime.unsafeMake(now * 1000),
        notBefore: DateTime.unsafeMake((now - 10) * 1000),
        expiresAt: DateTime.unsafeMake((now + 3600) * 1000),
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
    ["is refused where a session is meant", templateToken(), undefined, "category"],
    [
      "is refused where a session is meant, even with a sid",
      templateToken({ sid: "sess_1" }),
      undefined,
      "category"
    ],
    ["is no session without a category either", templateToken({}, { cat: undefined }), undefined, "sid"],
    ["has to say that it is one", templateToken({}, { cat: undefined }), template, "category"],
    ["cannot say nothing", templateToken({}, { cat: "cl_I7d4PD111III" }), template, "category"],
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
