import { createServer } from "node:http"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import {
  type ClerkConfigError,
  ClerkHttp,
  type PublicKeysOptions,
  RequestPolicy,
  SessionTokens,
  SigningKeys
} from "effect-clerk"
import { Authenticator } from "effect-clerk/http-api"
import { ClerkEmulator } from "effect-clerk/testing"
import { variables, withConfigProvider } from "#test/config.js"
import { fork } from "#test/fiber.js"
import { FetchHttpClient } from "#test/http.js"
import { HttpServer, HttpServerRequest } from "#test/httpServer.js"
import { unwrap } from "#test/layers.js"
import { NodeHttpServer } from "#test/node.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { formsOf } from "../support/channels.js"
import { find, jwk, look, lookForAll } from "../support/keySets.js"
import { json, type Loopback, loopback, raw } from "../support/loopback.js"
import { jsonResponse, recordingFetch } from "../support/recordingFetch.js"
import { untyped } from "../support/requests.js"

const keyFor = (host: string, prefix = "pk_test_") => prefix + Buffer.from(`${host}$`).toString("base64")

const publishableKey = keyFor("clerk.example.com")

type Keys = Layer.Layer<SigningKeys, ClerkConfigError>

/** Both transports, with the fetch that is provided below them. */
const ways: ReadonlyArray<readonly [string, (options: PublicKeysOptions) => Keys]> = [
  ["layerPublic", (options) => SigningKeys.layerPublic(options)],
  ["layerPublicHttp", (options) => Layer.provide(SigningKeys.layerPublicHttp(options), FetchHttpClient.layer)]
]

const secret = "sk_live_CanaryKey7Qm2xVb9Tz4Lw8"

/** All sources around a program that could contain a secret key. */
const withSecrets = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  self.pipe(
    RequestPolicy.use({ maxAttempts: 1 }),
    Effect.provide(ClerkHttp.layerFetch({ secretKey: Redacted.make(secret) })),
    withConfigProvider(variables({ CLERK_SECRET_KEY: secret }))
  )

describe.each(ways)("%s", (_, keysOf) => {
  it.effect(
    "sends one plain GET to the Frontend API, without the secret key or other data of the caller",
    () => {
      const { calls, layer } = recordingFetch(() => jsonResponse({ keys: [jwk("ins_1")] }))
      return Effect.gen(function* () {
        expect([yield* look("ins_1"), yield* look("ins_2")]).toEqual(["found", "unknown"])
        expect(calls).toEqual([
          {
            url: "https://clerk.example.com/.well-known/jwks.json",
            method: "GET",
            headers: {
              accept: "application/json",
              "user-agent": expect.stringMatching(/^effect-clerk\//)
            },
            body: "",
            redirect: "manual"
          }
        ])
        const sent = JSON.stringify(calls)
        expect(formsOf(secret).filter((form) => sent.includes(form))).toEqual([])
      }).pipe(Effect.provide(keysOf({ publishableKey })), withSecrets, Effect.provide(layer))
    }
  )

  const issuers = [
    ["https://clerk.example.com", "https://clerk.example.com"],
    ["https://clerk.example.com/", "https://clerk.example.com"],
    ["https://app.example.com/__clerk", "https://app.example.com/__clerk"],
    ["https://clerk.example.com:8443", "https://clerk.example.com:8443"],
    ["http://localhost:4810", "http://localhost:4810"],
    ["http://clerk.localhost:4810", "http://clerk.localhost:4810"],
    ["http://127.1.2.3:4810", "http://127.1.2.3:4810"],
    ["http://[::1]:4810", "http://[::1]:4810"]
  ] as const

  it.effect.each(issuers)("fetches the keys of the issuer %s", ([issuer, base]) => {
    const { calls, layer } = recordingFetch(() => jsonResponse({ keys: [jwk("ins_1")] }))
    return Effect.gen(function* () {
      expect(yield* look("ins_1")).toBe("found")
      expect(calls.map(({ url }) => url)).toEqual([`${base}/.well-known/jwks.json`])
    }).pipe(Effect.provide(keysOf({ issuer, publishableKey: undefined })), Effect.provide(layer))
  })

  const publishableKeys = [
    ["pk_test_", "brief-lemur-9.clerk.accounts.dev", "https://brief-lemur-9.clerk.accounts.dev"],
    ["pk_live_", "clerk.example.com", "https://clerk.example.com"],
    ["pk_test_", "127.0.0.1:4810", "http://127.0.0.1:4810"],
    ["pk_test_", "localhost:4810", "http://localhost:4810"]
  ] as const

  it.effect.each(publishableKeys)(
    "fetches the keys of a publishable key: %s of %s",
    ([prefix, host, base]) => {
      const { calls, layer } = recordingFetch(() => jsonResponse({ keys: [jwk("ins_1")] }))
      return Effect.gen(function* () {
        expect(yield* look("ins_1")).toBe("found")
        expect(calls.map(({ url }) => url)).toEqual([`${base}/.well-known/jwks.json`])
      }).pipe(Effect.provide(keysOf({ publishableKey: keyFor(host, prefix) })), Effect.provide(layer))
    }
  )

  const wrong: ReadonlyArray<readonly [string, unknown, string, RegExp]> = [
    ["nothing", undefined, "options", /^must be an object$/],
    ["null", null, "options", /^must be an object$/],
    ["a publishable key alone", publishableKey, "options", /^must be an object$/],
    ["no option", {}, "publishableKey", /^is missing: /],
    [
      "options that are undefined",
      { publishableKey: undefined, issuer: undefined },
      "publishableKey",
      /^is missing: /
    ],
    [
      "both options",
      { publishableKey, issuer: "https://clerk.example.com" },
      "issuer",
      /^must not be given together/
    ],
    [
      "a misspelt option",
      { publishablekey: publishableKey },
      "publishablekey",
      /did you mean publishableKey\?$/
    ],
    [
      "an option of another layer",
      { publishableKey, secretKey: secret },
      "secretKey",
      /^is not an option of public keys/
    ],
    ["an inherited option", Object.create({ publishableKey }), "publishableKey", /inherit/],
    [
      "an empty publishable key",
      { publishableKey: "" },
      "publishableKey",
      /^must be the key that starts with pk_test_/
    ],
    [
      "a secret key",
      { publishableKey: secret },
      "publishableKey",
      /^must be the key that starts with pk_test_/
    ],
    [
      "a publishable key that is null",
      { publishableKey: null },
      "publishableKey",
      /^must be the key that starts/
    ],
    [
      "a publishable key of another host form",
      { publishableKey: keyFor("intranet") },
      "publishableKey",
      /^must be the key/
    ],
    ["an empty issuer", { issuer: "" }, "issuer", /^must be an absolute https URL$/],
    ["a host alone", { issuer: "clerk.example.com" }, "issuer", /^must be an absolute https URL$/],
    [
      "http on another host",
      { issuer: "http://clerk.example.com" },
      "issuer",
      /^must be https, except on a loopback address$/
    ],
    [
      "http on a host with localhost before it",
      { issuer: "http://localhost.example.com" },
      "issuer",
      /^must be https/
    ],
    ["http on a private address", { issuer: "http://192.168.1.1" }, "issuer", /^must be https/],
    ["another scheme", { issuer: "file:///etc/passwd" }, "issuer", /^must be an absolute https URL$/],
    [
      "credentials",
      { issuer: `https://user:${secret}@clerk.example.com` },
      "issuer",
      /^must not carry credentials$/
    ],
    ["a query", { issuer: "https://clerk.example.com?a=1" }, "issuer", /^must not carry a query/],
    ["dot segments", { issuer: "https://clerk.example.com/a/../b" }, "issuer", /^must have a plain path/],
    [
      "an issuer that is a URL object",
      { issuer: new URL("https://clerk.example.com") },
      "issuer",
      /^must be an absolute/
    ]
  ]

  it.effect.each(wrong)(
    "fails with ClerkConfigError, before any fetch, for %s",
    ([, options, setting, rule]) => {
      const { calls, layer } = recordingFetch(() => jsonResponse({ keys: [] }))
      return Effect.gen(function* () {
        const error = yield* Effect.flip(
          Effect.scoped(Layer.build(keysOf(untyped<PublicKeysOptions>(options))))
        )
        expect(error).toMatchObject({ _tag: "ClerkConfigError", setting })
        expect(error.rule).toMatch(rule)
        expect(JSON.stringify(error)).not.toContain(secret)
        expect(calls).toEqual([])
      }).pipe(Effect.provide(layer))
    }
  )

  it.effect("finds a new key after a rotation, thirty seconds after the last fetch", () => {
    const sets = [[jwk("ins_1")], [jwk("ins_2"), jwk("ins_1")]]
    const { calls, layer } = recordingFetch(() => jsonResponse({ keys: sets.shift() }))
    return Effect.gen(function* () {
      expect(yield* lookForAll(["ins_1", "ins_2"])).toEqual(["found", "unknown"])
      yield* TestClock.adjust("29 seconds")
      expect(yield* look("ins_2")).toBe("unknown")
      yield* TestClock.adjust("1 second")
      expect(yield* lookForAll(["ins_2", "ins_1"])).toEqual(["found", "found"])
      expect(calls).toHaveLength(2)
    }).pipe(Effect.provide(keysOf({ publishableKey })), Effect.provide(layer))
  })

  it.effect(
    "keeps its keys for an hour while the Frontend API is unavailable, and then fails with the reason",
    () => {
      const { layer } = recordingFetch(({ headers }) => {
        if (isDown) throw new TypeError(JSON.stringify(headers))
        return jsonResponse({ keys: [jwk("ins_1")] })
      })
      let isDown = false
      return Effect.gen(function* () {
        expect(yield* look("ins_1")).toBe("found")
        isDown = true
        yield* TestClock.adjust("59 minutes")
        expect(yield* look("ins_1")).toBe("found")
        yield* TestClock.adjust("1 minute")
        expect(yield* Effect.flip(find("ins_1"))).toMatchObject({
          _tag: "ClerkKeysUnavailable",
          reason: "unreachable",
          failure: "ClerkTransportError",
          retryable: true,
          retryAfter: Duration.seconds(2)
        })
      }).pipe(Effect.provide(keysOf({ publishableKey })), Effect.provide(layer))
    }
  )

  const large = JSON.stringify({ keys: [jwk("ins_1")], padding: "x".repeat(64 * 1024) })
  const html = { "content-type": "text/html" }
  const answers: ReadonlyArray<readonly [string, () => Response, string, string?]> = [
    ["a web page", () => new Response("<p>", { headers: html }), "invalid", "ClerkDecodeError"],
    [
      "a set of more than 64 KB",
      () => new Response(large, { headers: { "content-type": "application/json" } }),
      "invalid",
      "ClerkDecodeError"
    ],
    [
      "text that is not JSON",
      () => new Response("{", { headers: { "content-type": "application/json" } }),
      "invalid",
      "ClerkDecodeError"
    ],
    [
      "a redirect",
      () => new Response(null, { status: 302, headers: { location: "https://evil.example" } }),
      "invalid",
      "ClerkUnexpectedStatus"
    ],
    [
      "401, which does not depend on a secret key",
      () => jsonResponse({}, 401),
      "invalid",
      "ClerkUnauthorized"
    ],
    ["403", () => jsonResponse({}, 403), "invalid", "ClerkForbidden"],
    ["404", () => jsonResponse({}, 404), "invalid", "ClerkUnexpectedStatus"],
    [
      "a long page with 501",
      () => new Response("<p>".repeat(50_000), { status: 501, headers: html }),
      "failing",
      "ClerkServerError"
    ],
    ["two keys of one id", () => jsonResponse({ keys: [jwk("ins_1"), jwk("ins_1")] }), "invalid"],
    ["a set without keys", () => jsonResponse({ keys: [] }), "empty"]
  ]

  it.effect("stops reading a response after 64 KB", () => {
    const read = { chunks: 0 }
    const endless = new ReadableStream({
      pull: (controller) => {
        read.chunks++
        if (read.chunks > 1_000) controller.close()
        else controller.enqueue(new Uint8Array(1_024).fill(0x20))
      }
    })
    const { layer } = recordingFetch(
      () => new Response(endless, { headers: { "content-type": "application/json" } })
    )
    return Effect.gen(function* () {
      expect(yield* look("ins_1")).toBe("invalid")
      expect(read.chunks).toBeLessThan(100)
    }).pipe(Effect.provide(keysOf({ publishableKey })), Effect.provide(layer))
  })

  it.effect.each(answers)(
    "fails with ClerkKeysUnavailable, and is retried after a second, for %s",
    ([, answer, reason, failure]) => {
      const replies = [answer, () => jsonResponse({ keys: [jwk("ins_1")] })]
      const { layer } = recordingFetch(() => (replies.shift() ?? answer)())
      return Effect.gen(function* () {
        const error = yield* Effect.flip(find("ins_1"))
        expect(error).toMatchObject({ reason, retryable: true, retryAfter: Duration.seconds(1) })
        expect(error.failure).toBe(failure)
        yield* TestClock.adjust("1 second")
        expect(yield* look("ins_1")).toBe("found")
      }).pipe(Effect.provide(keysOf({ publishableKey })), Effect.provide(layer))
    }
  )

  it.effect("retries a 503 within one fetch, as the fetch over a client does", () => {
    const { calls, layer } = recordingFetch(() => jsonResponse({}, 503))
    return Effect.gen(function* () {
      const fiber = yield* fork(look("ins_1"))
      yield* TestClock.adjust("5 seconds")
      expect(yield* Fiber.join(fiber)).toBe("failing")
      expect(calls).toHaveLength(3)
    }).pipe(Effect.provide(keysOf({ publishableKey })), Effect.provide(layer))
  })

  it.effect("fetches once for a thousand concurrent callers", () => {
    const { calls, layer } = recordingFetch(
      () => new Promise((resolve) => setTimeout(() => resolve(jsonResponse({ keys: [jwk("ins_1")] })), 50))
    )
    return Effect.gen(function* () {
      const outcomes = yield* Effect.replicateEffect(look("ins_1"), 1_000, { concurrency: "unbounded" })
      expect(new Set(outcomes)).toEqual(new Set(["found"]))
      expect(calls).toHaveLength(1)
    }).pipe(Effect.provide(keysOf({ publishableKey })), Effect.provide(layer))
  })

  it.effect("has one cache for each build, also for the same publishable key", () => {
    const { calls, layer } = recordingFetch(() => jsonResponse({ keys: [jwk("ins_1")] }))
    const keys = keysOf({ publishableKey })
    const once = Effect.provide(Effect.andThen(look("ins_1"), look("ins_1")), keys)
    return Effect.gen(function* () {
      expect([yield* once, yield* once]).toEqual(["found", "found"])
      expect(calls).toHaveLength(2)
    }).pipe(Effect.provide(layer))
  })
})

describe("public keys on a socket", () => {
  const keyOfServer = ({ url }: Loopback) => keyFor(new URL(url).host)

  it.live.each(ways)("by %s carry no credentials and no cookies", ([, keysOf]) =>
    Effect.gen(function* () {
      const clerk = yield* loopback(json({ keys: [jwk("ins_1")] }, 200, { "set-cookie": "a=1; Path=/" }))
      const keys = keysOf({ publishableKey: keyOfServer(clerk) })
      for (let round = 0; round < 2; round++) {
        expect(yield* Effect.provide(look("ins_1"), keys).pipe(withSecrets)).toBe("found")
      }
      expect(clerk.received.map(({ body, method, url }) => [method, url, body])).toEqual([
        ["GET", "/.well-known/jwks.json", ""],
        ["GET", "/.well-known/jwks.json", ""]
      ])
      const names = clerk.received.flatMap(({ headers }) => Object.keys(headers))
      for (const name of [
        "authorization",
        "proxy-authorization",
        "cookie",
        "clerk-api-version",
        "traceparent"
      ]) {
        expect(names).not.toContain(name)
      }
    })
  )

  it.live.each(ways)("by %s do not follow a redirect", ([, keysOf]) =>
    Effect.gen(function* () {
      const evil = yield* loopback(json({ keys: [jwk("ins_1")] }))
      const clerk = yield* loopback(json({}, 307, { location: `${evil.url}/.well-known/jwks.json` }))
      const keys = keysOf({ issuer: clerk.url })
      expect(yield* Effect.provide(look("ins_1"), keys)).toBe("invalid")
      expect([clerk.received.length, evil.connections()]).toEqual([1, 0])
    })
  )

  it.live.each(ways)("by %s are read up to 64 KB, and the connection is closed", ([, keysOf]) =>
    Effect.gen(function* () {
      const clerk = yield* loopback((response) => {
        response.writeHead(200, { "content-type": "application/json" })
        const chunk = " ".repeat(16 * 1024)
        const timer = setInterval(() => response.write(chunk), 1)
        response.on("close", () => clearInterval(timer))
      })
      expect(yield* Effect.provide(look("ins_1"), keysOf({ issuer: clerk.url }))).toBe("invalid")
      yield* Effect.timeout(clerk.cutOff, "1 second")
    })
  )

  it.live.each(ways)("by %s are unavailable while the server closes each connection", ([, keysOf]) =>
    Effect.gen(function* () {
      const clerk = yield* loopback(raw())
      expect(yield* Effect.provide(look("ins_1"), keysOf({ issuer: clerk.url }))).toBe("unreachable")
    })
  )
})

/** A user signs in, and the token is verified with the keys, also after a rotation. */
const signInAndVerify = Effect.gen(function* () {
  const clerk = yield* ClerkEmulator
  const user = yield* clerk.createUser()
  const { sessionToken } = yield* clerk.signIn(user.id)
  const claims = yield* SessionTokens.verify(sessionToken, { issuer: clerk.issuer })
  expect(claims.userId).toBe(user.id)
  yield* clerk.expectRequests([{ operation: "SigningKeys.jwks", path: [".well-known", "jwks.json"] }])
})

describe("the public keys of the emulated Clerk", () => {
  it.effect("verify its tokens in process", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const keys = SigningKeys.layerPublicHttp({ publishableKey: clerk.publishableKey })
      yield* Effect.provide(signInAndVerify, Layer.provide(keys, ClerkEmulator.layerHttpClient))
    }).pipe(Effect.provide(ClerkEmulator.layer()))
  )

  it.effect("follow, like the issuer, from the publishable key of an emulator on this machine", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const { publishableKey } = clerk
      const user = yield* clerk.createUser()
      const { origin, sessionToken } = yield* clerk.signIn(user.id)
      const authenticate = yield* Authenticator.make({ authorizedParties: [origin], publishableKey })
      const request = new Request(origin, { headers: { authorization: `Bearer ${sessionToken}` } })
      const claims = yield* Effect.provideService(
        authenticate,
        HttpServerRequest.HttpServerRequest,
        HttpServerRequest.fromWeb(request)
      )
      expect(claims).toMatchObject({ userId: user.id, issuer: "http://localhost:4810" })
    }).pipe(
      Effect.provide(
        unwrap(
          Effect.map(ClerkEmulator, ({ publishableKey }) => SigningKeys.layerPublicHttp({ publishableKey }))
        ).pipe(
          Layer.provide(ClerkEmulator.layerHttpClient),
          Layer.provideMerge(ClerkEmulator.layer({ issuer: "http://localhost:4810" }))
        )
      )
    )
  )

  it.live("verify its tokens over a socket", () =>
    Effect.gen(function* () {
      const issuer = yield* HttpServer.addressFormattedWith(Effect.succeed)
      yield* Effect.provide(signInAndVerify, SigningKeys.layerPublic({ issuer }))
    }).pipe(
      Effect.provide(
        ClerkEmulator.layerServer.pipe(
          Layer.provideMerge(ClerkEmulator.layer()),
          Layer.provideMerge(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" }))
        )
      )
    )
  )
})
