import { inspect } from "node:util"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { SessionTokens } from "effect-clerk"
import { describe, expect, it } from "#test/vitest.js"
import { untyped } from "../support/requests.js"
import { app, issuer, ourKeys, sessionToken } from "../support/tokens.js"
import { claimsOf, untouchedKeys } from "../support/verification.js"

/** A text that reveals any output with the value of an option. */
const canary = "canary7qm2xvb9"

const origin = `https://${canary}.example.com`

type Case = readonly [name: string, options: unknown, field: string, rule: string | RegExp]

const shown = (error: Error) => [
  error.message,
  String(error),
  JSON.stringify(error),
  inspect(error, { depth: 9 })
]

/** A call and a verifier reject the options with the same message, without a request for a key or the value. */
const refuses = (cases: ReadonlyArray<Case>, of: "both" | "verifier" = "both") => {
  for (const [name, options, field, rule] of cases) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const config = yield* Effect.flip(SessionTokens.verifier(untyped<object>(options)))
        expect(config).toMatchObject({ _tag: "ClerkConfigError", setting: field })
        expect(config.rule).toMatch(rule)
        expect(shown(config).filter((text) => text.includes(canary))).toEqual([])
        if (of === "verifier") return
        const invalid = yield* Effect.flip(SessionTokens.verify("not a token", untyped<object>(options)))
        expect(invalid).toMatchObject({
          _tag: "ClerkInvalidRequest",
          operation: "SessionTokens.verify",
          field,
          rule: config.rule,
          attempts: 0,
          retryable: false
        })
        expect(shown(invalid).filter((text) => text.includes(canary))).toEqual([])
      }).pipe(Effect.provide(untouchedKeys))
    )
  }
}

describe("invalid options are rejected:", () => {
  refuses(
    [
      ["null", null],
      ["text", canary],
      ["a number", 7],
      ["true", true]
    ].map(([name, options]) => [String(name), options, "options", "must be an object"])
  )
  const unknown = "is not an option of token verification"
  refuses([
    ["a misspelled name", { authorisedParties: [origin] }, "authorisedParties", unknown],
    ["a name in capitals", { Issuer: origin }, "Issuer", unknown],
    ["the name of the skew in Clerk's own SDK", { clockSkewInMs: 5_000 }, "clockSkewInMs", unknown],
    ["the key, which is an option of a layer", { jwtKey: canary }, "jwtKey", unknown],
    ["a list", [origin], "0", unknown],
    ["two arguments in the wrong order", { [`sk_live_${canary}`]: true }, "***", unknown],
    ["a token for a name", { [`eyJ${canary}.eyJ${canary}.x`]: true }, "***", unknown]
  ])
  it.effect("the cache of a verifier, in a single call", () =>
    Effect.gen(function* () {
      const call = SessionTokens.verify("x", untyped<object>({ cache: { capacity: 10 } }))
      expect(yield* Effect.flip(call)).toMatchObject({
        _tag: "ClerkInvalidRequest",
        field: "cache",
        rule: unknown
      })
    }).pipe(Effect.provide(untouchedKeys))
  )
})

describe("authorized parties are rejected when they are:", () => {
  const field = "authorizedParties"
  const rule = "must be a list of one or more origins as browsers write them, such as https://app.example.com"
  const parties: ReadonlyArray<readonly [name: string, value: unknown]> = [
    ["an empty list", []],
    ["an empty text", [""]],
    ["a star", ["*"]],
    ["a pattern", [`https://*.${canary}.com`]],
    ["a text and not a list", origin],
    ["with a path", [`${origin}/app`]],
    ["with a slash at the end", [`${origin}/`]],
    ["in capitals", [`https://${canary.toUpperCase()}.example.com`]],
    ["with the default port", [`${origin}:443`]],
    ["without a scheme", [`${canary}.example.com`]],
    ["the word null", ["null"]],
    ["null", null],
    ["a set", new Set([origin])],
    ["a regular expression", new RegExp(canary)],
    ["a list with a function", [() => true]],
    ["a list with a regular expression", [/./]],
    ["an object with a test method", { test: () => true }],
    ["true", true],
    ["a valid one and an invalid one", [origin, ""]],
    ["a valid one and a number", [origin, 1]],
    ["a list with a hole", Object.assign(new Array(2), { 0: origin })]
  ]
  refuses(parties.map(([name, value]) => [name, { authorizedParties: value }, field, rule]))
})

it.effect(
  "a predicate is an option of a call and of a verifier, and is not called before there is a token",
  () =>
    Effect.gen(function* () {
      const authorizedParties = (): boolean => {
        throw new Error("the predicate was called")
      }
      const options = { authorizedParties, missingAzp: "allow" } as const
      yield* SessionTokens.verifier(options)
      const error = yield* Effect.flip(SessionTokens.verify("not a token", options))
      expect(error).toMatchObject({ _tag: "ClerkTokenError", reason: "format" })
    }).pipe(Effect.provide(untouchedKeys))
)

describe("missingAzp is rejected when it is:", () => {
  refuses([
    [
      "another word",
      { authorizedParties: [origin], missingAzp: "ignore" },
      "missingAzp",
      'must be "reject" or "allow"'
    ],
    ["true", { authorizedParties: [origin], missingAzp: true }, "missingAzp", 'must be "reject" or "allow"'],
    [
      "given without parties",
      { missingAzp: "allow" },
      "missingAzp",
      "has no effect without authorizedParties"
    ],
    [
      "given without parties, as reject",
      { missingAzp: "reject" },
      "missingAzp",
      /has no effect without authorizedParties/
    ]
  ])
})

describe("an audience is rejected when it is:", () => {
  const audiences: ReadonlyArray<readonly [name: string, value: unknown]> = [
    ["empty", ""],
    ["an empty list", []],
    ["a list with an empty text", [canary, ""]],
    ["a list with a number", [canary, 1]],
    ["a list with a hole", Object.assign(new Array(2), { 0: canary })],
    ["a list in a list", [[canary]]],
    ["null", null],
    ["a number", 1],
    ["a pattern", new RegExp(canary)]
  ]
  refuses(
    audiences.map(([name, audience]) => [
      name,
      { audience },
      "audience",
      "must be one or more non-empty strings"
    ])
  )
})

describe("an issuer is rejected when it is:", () => {
  const issuers: ReadonlyArray<readonly [name: string, value: unknown]> = [
    ["empty", ""],
    ["over http", `http://${canary}.com`],
    ["over http, on a host that begins like a loopback one", `http://localhost.${canary}.com`],
    ["over http, on a host that ends like a loopback one", `http://${canary}localhost`],
    ["over http, on a host that begins with a loopback address", `http://127.0.0.1.${canary}.com`],
    ["over http, on a private address", "http://10.0.0.1:4810"],
    ["over http, on every address of the machine", "http://0.0.0.0:4810"],
    ["over http, on a name in a private network", "http://clerk:4810"],
    ["over http, with a loopback host as its user", `http://localhost@${canary}.com`],
    ["over http, on a loopback host with a dot after it", "http://localhost.:4810"],
    ["over http, on a loopback address in another spelling", "http://127.1:4810"],
    ["over http, on a loopback address with leading zeros", "http://127.000.000.001:4810"],
    ["over http, with the default port", "http://localhost:80"],
    ["over http, with a slash at the end", "http://localhost:4810/"],
    ["over another protocol", "ws://localhost:4810"],
    ["an IPv6 address that is not loopback, over http", "http://[::2]:4810"],
    ["without a scheme", `${canary}.com`],
    ["with a slash at the end", `${origin}/`],
    ["with a slash at the end of a path", `${origin}/__clerk/`],
    ["with a query", `${origin}?x`],
    ["with a fragment", `${origin}#x`],
    ["with a user", `https://${canary}@example.com`],
    ["in capitals", origin.toUpperCase()],
    ["with the default port", `${origin}:443`],
    ["with dot segments in its path", `${origin}/a/../b`],
    ["with a space after it", `${origin} `],
    ["with a line end after it", `${origin}\n`],
    ["the key of a page", `pk_live_${canary}`],
    ["a list", [origin]],
    ["a URL", new URL(origin)],
    ["null", null]
  ]
  refuses(issuers.map(([name, value]) => [name, { issuer: value }, "issuer", /^must be the https address/]))
  for (const good of [
    issuer,
    "https://clean-mayfly-62.clerk.accounts.dev",
    `${app}/__clerk`,
    `${app}:8443`,
    "http://localhost:4810",
    "http://localhost",
    "http://clerk.localhost:4810",
    "http://127.0.0.1:4810",
    "http://127.1.2.3:4810",
    "http://[::1]:4810",
    "http://localhost:4810/clerk",
    "https://localhost:4810",
    "https://[::1]:4810"
  ]) {
    it.effect(`${good} is accepted`, () =>
      Effect.gen(function* () {
        expect((yield* claimsOf(sessionToken({ iss: good }), { issuer: good })).issuer).toBe(good)
      })
    )
  }
})

describe("a skew of the clocks is rejected when it is:", () => {
  const skews: ReadonlyArray<readonly [name: string, value: unknown]> = [
    ["negative", -1],
    ["negative by a fraction", -0.001],
    ["negative in words", "-5 seconds"],
    ["negative as a bigint", -1n],
    ["negative as seconds and nanoseconds", [-1, 0]],
    ["no number", Number.NaN],
    ["not a number of seconds", [Number.NaN, 0]],
    ["infinite", Number.POSITIVE_INFINITY],
    ["infinite as a duration", Duration.infinity],
    ["above five minutes", 300_001],
    ["above five minutes in words", "6 minutes"],
    ["text without a unit", "5"],
    ["text", canary],
    ["null", null],
    ["true", true],
    ["an object", { second: 5 }]
  ]
  refuses(
    skews.map(([name, clockSkew]) => [
      name,
      { clockSkew },
      "clockSkew",
      "must be a duration from zero to five minutes"
    ])
  )
})

describe("the other options are rejected when they are not a:", () => {
  refuses([
    ["flag for pending sessions", { allowPending: "true" }, "allowPending", "must be true or false"],
    ["flag for pending sessions but a number", { allowPending: 1 }, "allowPending", "must be true or false"],
    ["flag for pending sessions but null", { allowPending: null }, "allowPending", "must be true or false"],
    ["category", { category: "machine" }, "category", 'must be "session" or "template"'],
    ["category but null", { category: null }, "category", 'must be "session" or "template"'],
    ["category but Clerk's own value", { category: "cl_B7d4PD222AAA" }, "category", /^must be/],
    ["schema", { claims: { tenant: canary } }, "claims", "must be a schema"],
    ["schema but a function", { claims: () => canary }, "claims", "must be a schema"],
    ["schema but null", { claims: null }, "claims", "must be a schema"]
  ])
  const whole = "must be a whole number of tokens from 1 to 1,000,000"
  refuses(
    [
      ["cache but true", { cache: true }, "cache", "must be an object with a capacity"],
      ["cache but null", { cache: null }, "cache", "must be an object with a capacity"],
      ["cache but a number", { cache: 100 }, "cache", "must be an object with a capacity"],
      ["cache of any size", { cache: {} }, "cache.capacity", whole],
      ["cache but one with capacity zero", { cache: { capacity: 0 } }, "cache.capacity", whole],
      ["cache but one with a negative capacity", { cache: { capacity: -1 } }, "cache.capacity", whole],
      ["cache but one with a fractional capacity", { cache: { capacity: 0.5 } }, "cache.capacity", whole],
      [
        "cache but one without a limit",
        { cache: { capacity: Number.POSITIVE_INFINITY } },
        "cache.capacity",
        whole
      ],
      ["cache but one above the limit", { cache: { capacity: 1_000_001 } }, "cache.capacity", whole],
      ["cache but one with a text as capacity", { cache: { capacity: "100" } }, "cache.capacity", whole],
      [
        "cache but one with a time to live",
        { cache: { capacity: 1, ttl: 60 } },
        "cache.ttl",
        "is not an option of the cache"
      ],
      [
        "cache but one from a class",
        {
          cache: new (class {
            get capacity() {
              return 1
            }
          })()
        },
        "cache.capacity",
        /not inherited/
      ]
    ],
    "verifier"
  )
})

it.effect("a verifier does not change when its options change later", () =>
  Effect.gen(function* () {
    const options = { authorizedParties: [app] }
    const verify = yield* SessionTokens.verifier(options)
    options.authorizedParties.push("https://evil.example")
    const error = yield* Effect.flip(
      verify(sessionToken({ azp: "https://evil.example", exp: 9e9, iat: 0, nbf: 0 }))
    )
    expect(error).toMatchObject({ reason: "azp", expected: [app] })
  }).pipe(Effect.provide(ourKeys))
)
