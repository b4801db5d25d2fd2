import { runInNewContext } from "node:vm"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { Operation, Sessions } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { HttpHeaders as PlatformHeaders } from "#test/http.js"
import { union } from "#test/schema.js"
import { describe, expect, it } from "#test/vitest.js"
import { refreshParams } from "../support/operations.js"
import { withPollutedPrototype } from "../support/pollution.js"
import { accepted, type Call, listWith, refreshWith, untyped } from "../support/requests.js"

const jwt = refreshParams.expiredToken

describe("valid input", () => {
  it.effect("is sent: the ends of every range", () =>
    Effect.gen(function* () {
      for (const [params, query] of [
        [
          { limit: 1, offset: 0 },
          { limit: 1, offset: 0 }
        ],
        [
          { limit: 500, offset: Number.MAX_SAFE_INTEGER },
          { limit: 500, offset: Number.MAX_SAFE_INTEGER }
        ],
        [{ status: "pending" }, { status: "pending" }],
        [{ clientId: undefined, status: undefined }, {}]
      ] as const) {
        const request = yield* accepted(listWith(params))
        expect(request?.query).toEqual({ user_id: "user_1", paginated: true, ...query })
      }
      for (const [expiresIn, seconds] of [
        ["30 seconds", 30],
        [30_000, 30],
        [Duration.minutes(1), 60],
        [[90, 0], 90],
        [60_000_000_000n, 60],
        ["315360000 seconds", 315_360_000]
      ] as const) {
        const request = yield* accepted(Sessions.createToken("sess_1", { expiresIn }))
        expect(request?.body).toEqual({ expires_in_seconds: seconds })
      }
    })
  )

  it.effect("is sent: addresses of both kinds, headers of one line or several, origins with a port", () =>
    Effect.gen(function* () {
      const ips = [
        "0.0.0.0",
        "203.0.113.7",
        "255.255.255.255",
        "::",
        "::1",
        "2001:db8::7",
        "::ffff:203.0.113.7"
      ]
      for (const requestOriginatingIp of ips) {
        const request = yield* accepted(refreshWith({ requestOriginatingIp }))
        expect(request?.body).toMatchObject({ request_originating_ip: requestOriginatingIp })
      }
      for (const requestOrigin of ["http://localhost:3000", "https://[::1]:8443", "chrome-extension://abc"]) {
        const request = yield* accepted(refreshWith({ requestOrigin }))
        expect(request?.body).toMatchObject({ request_origin: requestOrigin })
      }
      const requestHeaders = {
        "User-Agent": "Mozilla/5.0",
        "x-forwarded-for": ["10.0.0.1", "10.0.0.2"],
        empty: ""
      }
      const request = yield* accepted(refreshWith({ requestHeaders, suffixedCookies: false }))
      expect(request?.query).toEqual({ suffixed_cookies: false })
      expect(request?.body).toMatchObject({
        request_headers: {
          "User-Agent": ["Mozilla/5.0"],
          "x-forwarded-for": ["10.0.0.1", "10.0.0.2"],
          empty: [""]
        }
      })
    })
  )

  const sentWith = (requestHeaders: unknown) =>
    Effect.map(accepted(refreshWith({ requestHeaders })), (request) =>
      Reflect.get(Object(request?.body), "request_headers")
    )

  const lists = {
    cookie: ["a=1; b=2"],
    "user-agent": ["Firefox"],
    "x-forwarded-for": ["10.0.0.1", "10.0.0.2"]
  }
  const pairs = [
    ["cookie", "a=1; b=2"],
    ["user-agent", "Firefox"],
    ["x-forwarded-for", "10.0.0.1"],
    ["x-forwarded-for", "10.0.0.2"]
  ] as const

  it.effect.each([
    ["pairs", pairs],
    ["an iterator of pairs", pairs.values()],
    [
      "a generator of pairs",
      (function* () {
        yield* pairs
      })()
    ],
    ["pairs with arrays", Object.entries(lists)],
    ["a Map", new Map<string, unknown>([...Object.entries(lists), ["absent", undefined]])],
    ["a record", lists],
    [
      "a record as Node's http server has it",
      {
        cookie: "a=1; b=2",
        "user-agent": "Firefox",
        "x-forwarded-for": ["10.0.0.1", "10.0.0.2"],
        accept: undefined
      }
    ],
    [
      "a record as Node's http2 server has it",
      Object.assign(Object.create(null), {
        ":method": "GET",
        ":path": "/",
        ...lists,
        [Symbol("sensitive")]: []
      })
    ],
    ["a record without a prototype", Object.assign(Object.create(null), lists)],
    ["a record of another realm", runInNewContext(`(${JSON.stringify(lists)})`)],
    [
      "names in two spellings",
      [pairs[0], ["user-agent", "Firefox"], pairs[2], ["X-Forwarded-For", "10.0.0.2"]]
    ]
  ] as const)("sends request headers that are %s", ([, requestHeaders]) =>
    Effect.gen(function* () {
      expect(yield* sentWith(requestHeaders)).toStrictEqual(lists)
    })
  )

  it.effect("sends the headers of a web request, of @effect/platform, and none", () =>
    Effect.gen(function* () {
      const request = new Request("https://app.example.com", {
        headers: { Cookie: "a=1", "X-Forwarded-For": "10.0.0.1, 10.0.0.2" }
      })
      const sent = { cookie: ["a=1"], "x-forwarded-for": ["10.0.0.1, 10.0.0.2"] }
      expect(yield* sentWith(request.headers)).toStrictEqual(sent)
      expect(yield* sentWith(request.headers.entries())).toStrictEqual(sent)
      const ofPlatform = PlatformHeaders.fromInput({ Cookie: "a=1", "X-Forwarded-For": "10.0.0.1, 10.0.0.2" })
      expect(yield* sentWith(ofPlatform)).toStrictEqual(sent)
      const cookies = new Headers([
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"]
      ])
      expect(yield* sentWith(cookies)).toStrictEqual({ "set-cookie": ["a=1", "b=2"] })
      for (const none of [{}, [], new Headers(), new Map(), { accept: undefined }, { accept: [] }]) {
        expect(yield* sentWith(none)).toStrictEqual({})
      }
      expect(yield* sentWith(undefined)).toBeUndefined()
    })
  )

  it.effect("sends the headers of an iterator again when the effect runs again", () =>
    Effect.gen(function* () {
      const requestHeaders = new Headers({ cookie: "a=1" }).entries()
      const call = Effect.ignore(Sessions.refresh("sess_1", { ...refreshParams, requestHeaders }))
      yield* Effect.repeat(call, { times: 1 })
      const bodies = (yield* ClerkTest.requests).map(({ body }) => body)
      expect(bodies).toHaveLength(2)
      expect(bodies[0]).toMatchObject({ request_headers: { cookie: ["a=1"] } })
      expect(bodies[1]).toStrictEqual(bodies[0])
    }).pipe(Effect.provide(ClerkTest.layer(() => ClerkTest.json(401, {}))))
  )

  it.effect("is the same on the wire whether a secret is given redacted or as it is", () =>
    Effect.gen(function* () {
      const { expiredToken, refreshToken, requestOrigin } = refreshParams
      const plain = yield* accepted(Sessions.refresh("sess_1", refreshParams))
      const hidden = yield* accepted(
        Sessions.refresh("sess_1", {
          requestOrigin,
          expiredToken: Redacted.make(expiredToken),
          refreshToken: Redacted.make(refreshToken)
        })
      )
      expect(plain?.body).toStrictEqual({
        expired_token: expiredToken,
        refresh_token: refreshToken,
        request_origin: requestOrigin
      })
      expect(hidden).toStrictEqual(plain)
      const verified = yield* accepted(Sessions.verify("sess_1", { token: Redacted.make(jwt) }))
      expect(verified?.body).toStrictEqual({ token: jwt })
      expect(verified).toStrictEqual(yield* accepted(Sessions.verify("sess_1", { token: jwt })))
    })
  )
})

describe("an inherited parameter", () => {
  const clean = (call: () => Call, inherited: { readonly [key: string]: unknown }) =>
    Effect.gen(function* () {
      const expected = yield* accepted(call())
      const request = yield* accepted(Effect.suspend(call)).pipe(withPollutedPrototype(inherited))
      expect(Object.entries(request ?? {})).toStrictEqual(Object.entries(expected ?? {}))
    })

  it.effect("is not sent with a list, a creation, a token or a verification", () =>
    Effect.gen(function* () {
      yield* clean(() => Sessions.list({ userId: "user_1" }), {
        clientId: "client_evil",
        client_id: "client_evil",
        status: "ended",
        limit: 7,
        offset: 7,
        paginated: false,
        query: { limit: 7 }
      })
      yield* clean(() => Sessions.create({ userId: "user_1" }), {
        activeOrganizationId: "org_evil",
        active_organization_id: "org_evil",
        body: { user_id: "user_evil" }
      })
      yield* clean(() => Sessions.createToken("sess_1"), { expiresIn: 60_000, expires_in_seconds: 60 })
      yield* clean(() => Sessions.verify("sess_1"), {
        token: jwt,
        id: "sess_evil",
        path: { id: "sess_evil" }
      })
    })
  )

  for (const inherited of [
    { requestHeaders: { cookie: "evil" }, request_headers: { cookie: ["evil"] } },
    { requestOriginatingIp: "192.0.2.1", request_originating_ip: "192.0.2.1" },
    { suffixed_cookies: true },
    { suffixedCookies: true }
  ]) {
    it.effect(`is not sent with a refresh: ${Object.keys(inherited).join(", ")}`, () =>
      clean(() => Sessions.refresh("sess_1", refreshParams), inherited)
    )
  }

  it.effect("is not sent with a body of the caller's own schema, within any union", () =>
    clean(
      () =>
        Operation.make({
          name: "Users.update",
          method: "POST",
          path: "/users",
          kind: "idempotent",
          success: Schema.Void,
          body: Schema.Struct({
            owner: union(
              union(Schema.String, Schema.Null),
              Schema.Struct({ id: Schema.String, role: Schema.optional(Schema.String) })
            )
          })
        })({ body: { owner: { id: "user_1" } } }),
      { role: "admin" }
    )
  )

  it.effect("does not change the response of a refresh", () =>
    Effect.gen(function* () {
      const answer = yield* Effect.suspend(() => Sessions.refresh("sess_1", refreshParams)).pipe(
        withPollutedPrototype({ format: "cookie" })
      )
      expect(answer.object).toBe("token")
    }).pipe(Effect.provide(ClerkTest.layer(() => ClerkTest.json(200, { object: "token", jwt }))))
  )

  it.effect("does not stand in for one that is required", () =>
    Effect.gen(function* () {
      const calls: ReadonlyArray<() => Call> = [
        () => Sessions.create(untyped({})),
        () => Sessions.list(untyped({}))
      ]
      for (const call of calls) {
        const error = yield* Effect.flip(Effect.suspend(call)).pipe(
          withPollutedPrototype({ userId: "user_evil", clientId: "client_evil" })
        )
        expect(error).toMatchObject({ _tag: "ClerkInvalidRequest", field: "userId" })
      }
      expect(yield* ClerkTest.requests).toEqual([])
    }).pipe(Effect.provide(ClerkTest.layer(() => ClerkTest.json(401, {}))))
  )
})
