import { inspect } from "node:util"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, ClerkInvalidRequest, Sessions } from "effect-clerk"
import { describe, expect, it } from "#test/vitest.js"
import { hostileIds } from "../support/hostileIds.js"
import { loopback } from "../support/loopback.js"
import { refreshParams } from "../support/operations.js"
import { accepted, type Call, idRule, listWith, refreshWith, untyped } from "../support/requests.js"

const jwt = refreshParams.expiredToken

const tokenWith = (options: object): Call => Sessions.createToken("sess_1", untyped(options))

/** All printed forms of the error, without the stack frames, because those contain numbers. */
const printed = (error: ClerkInvalidRequest): string =>
  [error.message, String(error), JSON.stringify(error), inspect(error, { depth: 20, showHidden: true })]
    .join("\n")
    .replaceAll(/^ {4}at .*$/gm, "")

/** A value that is a word of the rule, or too short, cannot be searched for. */
const isTelling = (text: string): boolean => text.trim().length > 3

/** Makes the call against a real socket and returns the error, after asserting that the socket received nothing. */
const refusal = (call: Call, value?: unknown) =>
  Effect.gen(function* () {
    const { url, connections } = yield* loopback((response) => response.writeHead(500).end())
    const error = yield* call.pipe(
      Effect.provide(
        ClerkHttp.layerFetch({
          secretKey: Redacted.make("sk_test_input"),
          apiUrl: url,
          policy: { maxAttempts: 1 }
        })
      ),
      Effect.flip
    )
    if (!(error instanceof ClerkInvalidRequest)) return yield* Effect.die(error)
    expect(connections()).toBe(0)
    expect([error.attempts, error.retryable]).toEqual([0, false])
    expect(error.message).toBe(`${error.operation}: ${error.field} ${error.rule}`)
    const text = typeof value === "string" ? value : ""
    if (isTelling(text)) expect(printed(error).includes(text)).toBe(false)
    expect(printed(error).length).toBeLessThan(4_000)
    return error
  }).pipe(Effect.scoped)

/** The details for the caller: operation, field and rule. */
const told = (call: Call, value?: unknown) =>
  Effect.map(refusal(call, value), ({ field, operation, rule }) => `${operation} | ${field} | ${rule}`)

const positions: ReadonlyArray<readonly [name: string, call: (id: string) => Call, isOptional?: true]> = [
  ["Sessions.get | id", (id) => Sessions.get(id)],
  ["Sessions.revoke | id", (id) => Sessions.revoke(id)],
  ["Sessions.verify | id", (id) => Sessions.verify(id, { token: jwt })],
  ["Sessions.createToken | id", (id) => Sessions.createToken(id)],
  ["Sessions.createTokenFromTemplate | id", (id) => Sessions.createTokenFromTemplate(id, "template")],
  ["Sessions.createTokenFromTemplate | name", (name) => Sessions.createTokenFromTemplate("sess_1", name)],
  ["Sessions.refresh | id", (id) => Sessions.refresh(id, refreshParams)],
  ["Sessions.create | userId", (userId) => Sessions.create({ userId })],
  [
    "Sessions.create | activeOrganizationId",
    (activeOrganizationId) => Sessions.create({ userId: "user_1", activeOrganizationId }),
    true
  ],
  ["Sessions.list | userId", (userId) => Sessions.list({ userId, clientId: "client_1" }), true],
  ["Sessions.list | clientId", (clientId) => Sessions.list({ userId: "user_1", clientId }), true]
]

describe("an id", () => {
  for (const [name, value] of hostileIds) {
    it.effect(`${name} is rejected in each place of an id`, () =>
      Effect.gen(function* () {
        const refusing = positions.filter(
          ([, , isOptional]) => value !== undefined || isOptional === undefined
        )
        const rules = yield* Effect.forEach(refusing, ([, call]) => told(call(untyped(value)), value))
        expect(rules).toEqual(refusing.map(([position]) => `${position} | ${idRule}`))
      })
    )
  }

  it.effect("of ten million characters is rejected at once", () =>
    Effect.gen(function* () {
      const long = `sess_${"a".repeat(10_000_000)}`
      const started = performance.now()
      for (const [position, call] of positions) {
        expect((yield* refusal(call(long), long)).message).toBe(`${position.replace(" |", ":")} ${idRule}`)
      }
      expect((performance.now() - started) / positions.length).toBeLessThan(1_000)
    })
  )

  it.effect("with an unusual prefix, of one letter, or of 128 is sent unchanged", () =>
    Effect.gen(function* () {
      for (const id of ["user_1", "x", "-_", "A".repeat(128)]) {
        expect((yield* accepted(Sessions.get(id)))?.path).toEqual(["sessions", id])
        expect((yield* accepted(Sessions.createTokenFromTemplate(id, id)))?.path).toEqual([
          "sessions",
          id,
          "tokens",
          id
        ])
      }
    })
  )

  it.effect("that is valid reaches the socket", () =>
    Effect.gen(function* () {
      const { url, connections } = yield* loopback((response) => response.writeHead(500).end())
      yield* Sessions.get("sess_1").pipe(
        Effect.provide(
          ClerkHttp.layerFetch({
            secretKey: Redacted.make("sk_test_input"),
            apiUrl: url,
            policy: { maxAttempts: 1 }
          })
        ),
        Effect.flip
      )
      expect(connections()).toBe(1)
    }).pipe(Effect.scoped)
  )
})

const expiryRange = "a duration of whole seconds from 30 seconds to 315360000 seconds"
const expiry = `${expiryRange} (a bare number counts milliseconds)`

const cases = (
  operation: string,
  field: string,
  rule: string,
  call: (value: unknown) => Call,
  values: ReadonlyArray<unknown>
) =>
  it.effect(`${operation} rejects an invalid ${field}`, () =>
    Effect.gen(function* () {
      const rules = yield* Effect.forEach(values, (value) => told(call(value), value))
      expect(rules).toEqual(values.map(() => `${operation} | ${field} | must be ${rule}`))
    })
  )

describe("a parameter", () => {
  cases("Sessions.list", "limit", "a whole number from 1 to 500", (limit) => listWith({ limit }), [
    0,
    -1,
    501,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    "10",
    1e21,
    null
  ])
  cases("Sessions.list", "offset", "a whole number from 0", (offset) => listWith({ offset }), [
    -1,
    1.5,
    Number.NaN,
    2 ** 53,
    "0",
    null
  ])
  cases(
    "Sessions.list",
    "status",
    "one of abandoned, active, ended, expired, pending, removed, replaced, revoked",
    (status) => listWith({ status }),
    ["", "Active", "active,ended", "signed_in", null, 1, "x".repeat(10_000_000)]
  )
  for (const [operation, call] of [
    ["Sessions.createToken", tokenWith],
    [
      "Sessions.createTokenFromTemplate",
      (options: object): Call => Sessions.createTokenFromTemplate("sess_1", "name", untyped(options))
    ]
  ] as const) {
    cases(operation, "expiresIn", expiry, (expiresIn) => call({ expiresIn }), [
      "29 seconds",
      Duration.seconds(315_360_001),
      Duration.seconds(30.5),
      30_001,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Duration.infinity,
      "60",
      0,
      29,
      30.5,
      30_500,
      "300 millis",
      Duration.millis(300),
      300n,
      -60_000,
      "-60 seconds",
      "one minute",
      null,
      {},
      [60]
    ])
  }
  it.effect("suggests seconds for a small number", () =>
    Effect.gen(function* () {
      for (const call of [
        tokenWith,
        (options: object): Call => Sessions.createTokenFromTemplate("sess_1", "name", untyped(options))
      ]) {
        for (const expiresIn of [30, 60, 300, 3_600, 7_200, 29_999]) {
          const { field, rule } = yield* refusal(call({ expiresIn }))
          expect(field).toBe("expiresIn")
          expect(rule).toBe(
            `must be ${expiryRange}, but it is ${expiresIn} ms; did you mean ${expiresIn} seconds?`
          )
        }
      }
    })
  )
  const token = "a JSON Web Token: three base64url parts joined by dots, at most 16 KiB"
  const notTokens = [
    "",
    "not-a-token",
    "two.parts",
    "one.two.three.four",
    `Bearer ${jwt}`,
    `${jwt}\n`,
    `${jwt}=`,
    "..",
    `${"a".repeat(16_384)}.b.c`,
    "a".repeat(10_000_000),
    Redacted.make("not-a-token"),
    Redacted.make(12345),
    12345,
    null
  ]
  cases("Sessions.refresh", "expiredToken", token, (value) => refreshWith({ expiredToken: value }), notTokens)
  cases(
    "Sessions.verify",
    "token",
    token,
    (value) => Sessions.verify("sess_1", untyped({ token: value })),
    notTokens
  )
  cases(
    "Sessions.refresh",
    "refreshToken",
    "1 to 16384 printable ASCII characters",
    (refreshToken) => refreshWith({ refreshToken }),
    ["", "with space", "with\r\nline", "x".repeat(16_385), "tökén", 12345, null, Redacted.make("")]
  )
  cases(
    "Sessions.refresh",
    "requestOrigin",
    "an origin: scheme, host and port, and nothing after them",
    (requestOrigin) => refreshWith({ requestOrigin }),
    [
      "",
      "null",
      "app.example.com",
      "https://app.example.com/",
      "https://app.example.com/path",
      "https://app.example.com?query",
      "https://app.example.com#fragment",
      "https://user:pass@app.example.com",
      "https://app.example.com\r\nX-Injected: yes",
      "https://app.example.com\n",
      `https://${"a".repeat(10_000_000)}`,
      null
    ]
  )
  cases(
    "Sessions.refresh",
    "requestOriginatingIp",
    "an IPv4 or IPv6 address",
    (requestOriginatingIp) => refreshWith({ requestOriginatingIp }),
    [
      "",
      "localhost",
      "1.2.3",
      "1.2.3.256",
      "1.2.3.4:80",
      "1.2.3.4, 5.6.7.8",
      "::g",
      "1::2::3",
      "[::1]",
      "fe80::1%eth0",
      null
    ]
  )
  cases("Sessions.refresh", "format", "token or cookie", (format) => refreshWith({ format }), [
    "",
    "cookies",
    "Token",
    null
  ])
  cases(
    "Sessions.refresh",
    "suffixedCookies",
    "a boolean",
    (suffixedCookies) => refreshWith({ suffixedCookies }),
    ["true", 1, null]
  )
  const headers =
    "headers: a Headers object, a Map, pairs or a record of names and values. Line ends and NUL are invalid, and the limit is 64 KiB"
  const endless = function* () {
    while (true) yield ["x-header", undefined]
  }
  cases("Sessions.refresh", "requestHeaders", headers, (requestHeaders) => refreshWith({ requestHeaders }), [
    { "user-agent": "one\r\nX-Injected: yes" },
    { "user-agent": ["one", "two\nthree"] },
    { "user-agent": "one\0" },
    { "user\r\nagent": "one" },
    { "user agent": "one" },
    { "": "one" },
    { ":": "one" },
    { ":user agent": "one" },
    { cookie: "x".repeat(64 * 1024) },
    { cookie: ["x".repeat(40_000), "x".repeat(40_000)] },
    ["user-agent: one"],
    "user-agent: one",
    null,
    5,
    true,
    ["ab"],
    [["user-agent"]],
    [["user-agent", "one", "two"]],
    [[5, "one"]],
    [["", "one"]],
    new Map<unknown, unknown>([["user-agent", 5]]),
    new Map<unknown, unknown>([["__proto__", "one"]]),
    new Map([["user agent", "one"]]),
    new Map([["cookie", "x".repeat(64 * 1024)]]),
    new Set(["user-agent"]),
    { [Symbol.iterator]: 5 },
    { "user-agent": { toString: () => "one" } },
    new Request("https://app.example.com", { headers: { "user-agent": "one" } }),
    new Date(),
    () => ({ "user-agent": "one" }),
    Promise.resolve({ "user-agent": "one" }),
    endless(),
    new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("a trap")
        }
      }
    )
  ])

  it.effect("in the headers that would replace their prototype is rejected, and not ignored", () =>
    Effect.gen(function* () {
      const requestHeaders: unknown = JSON.parse('{"__proto__":["one"],"user-agent":"one"}')
      expect(yield* told(refreshWith({ requestHeaders }))).toBe(
        `Sessions.refresh | requestHeaders | must be ${headers}`
      )
    })
  )

  it.effect("in the headers that is not text fails with the rule of all headers", () =>
    Effect.gen(function* () {
      for (const value of [12345, [12345], null, {}]) {
        expect(yield* told(refreshWith({ requestHeaders: { "user-agent": value } }))).toBe(
          `Sessions.refresh | requestHeaders | must be ${headers}`
        )
      }
    })
  )

  const unknownNames: ReadonlyArray<readonly [operation: string, call: (params: object) => Call]> = [
    ["Sessions.list", listWith],
    ["Sessions.create", (params) => Sessions.create(untyped({ userId: "user_1", ...params }))],
    ["Sessions.refresh", refreshWith],
    ["Sessions.createToken", tokenWith],
    [
      "Sessions.createTokenFromTemplate",
      (params) => Sessions.createTokenFromTemplate("sess_1", "name", untyped(params))
    ],
    ["Sessions.verify", (params) => Sessions.verify("sess_1", untyped(params))]
  ]
  for (const [operation, call] of unknownNames) {
    it.effect(`${operation} rejects an unknown name, and one in Clerk's spelling`, () =>
      Effect.gen(function* () {
        const names = ["userid", "user_id", "expired_token", "expires_in_seconds", "toString", "__proto__"]
        const rules = yield* Effect.forEach(names, (name) =>
          told(call(JSON.parse(`{"${name}":"a value to hide"}`)), "a value to hide")
        )
        const meant = new Map<string, string>([
          ...(["Sessions.list", "Sessions.create"].includes(operation)
            ? ([
                ["userid", "userId"],
                ["user_id", "userId"]
              ] as const)
            : []),
          ...(operation === "Sessions.refresh" ? ([["expired_token", "expiredToken"]] as const) : [])
        ])
        expect(rules).toEqual(
          names.map((name) => {
            const hint = meant.has(name) ? `; did you mean ${meant.get(name)}?` : ""
            return `${operation} | ${name} | is not a parameter of this operation${hint}`
          })
        )
      })
    )
  }

  it.effect("that would change the form of a list is rejected", () =>
    Effect.gen(function* () {
      const list = Sessions.list(untyped({ userId: "user_1", paginated: false }))
      expect(yield* told(list)).toBe("Sessions.list | paginated | must be true")
    })
  )

  it.effect("that is missing is named in the error", () =>
    Effect.gen(function* () {
      expect(yield* told(Sessions.list(untyped({ limit: 5 })))).toBe(
        "Sessions.list | userId | must be given when clientId is not"
      )
      expect(yield* told(Sessions.create(untyped({})))).toBe(
        `Sessions.create | userId | must be given: ${idRule.slice(8)}`
      )
      const { expiredToken: _, ...rest } = refreshParams
      expect(yield* told(Sessions.refresh("sess_1", untyped(rest)))).toBe(
        `Sessions.refresh | expiredToken | must be given: ${token}`
      )
    })
  )

  it.effect("object of another type is rejected without a defect", () =>
    Effect.gen(function* () {
      for (const value of [null, undefined, "text", 5]) {
        expect((yield* refusal(Sessions.list(untyped(value)))).operation).toBe("Sessions.list")
        expect((yield* refusal(Sessions.create(untyped(value)))).operation).toBe("Sessions.create")
        expect((yield* refusal(Sessions.refresh("sess_1", untyped(value)))).operation).toBe(
          "Sessions.refresh"
        )
      }
      expect((yield* refusal(Sessions.createToken("sess_1", untyped(null)))).operation).toBe(
        "Sessions.createToken"
      )
      expect((yield* refusal(Sessions.verify("sess_1", untyped(null)))).operation).toBe("Sessions.verify")
    })
  )
})
