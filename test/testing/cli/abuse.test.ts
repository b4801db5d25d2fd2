import * as Effect from "effect/Effect"
import { describe, expect, it } from "#test/vitest.js"
import { errorOf, program } from "./abuse.support.js"

const key = { authorization: "Bearer sk_test_emulator", "content-type": "application/json" }

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth)

const seed = { users: [{ id: "user_1" }], sessions: [{ id: "sess_1", userId: "user_1" }] }

describe("the emulator's program with an invalid body", () => {
  const bodies: ReadonlyArray<readonly [string, string | Uint8Array<ArrayBuffer>, string]> = [
    ["JSON nested 5,000 levels deep", nested(5_000), "400 the body is nested deeper than 100 levels"],
    [
      "an object nested 200,000 levels deep",
      '{"a":'.repeat(200_000),
      "400 the body is nested deeper than 100 levels"
    ],
    ["text that is not JSON", "{status:503}", "400 the body is not JSON"],
    ["bytes that are not UTF-8", new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]), "400 the body is not valid UTF-8"],
    ["an array", "[]", "400 the body must be an object"],
    ["a number", "7", "400 the body must be an object"],
    ["null", "null", "400 the body must be an object"]
  ]
  it.live.each(bodies)("reports it on both of its APIs, and in the log: %s", ([name, body, error]) =>
    Effect.gen(function* () {
      const { command, lines, send } = yield* program({ seed })
      expect(errorOf(yield* command("respond-next", body))).toBe(error)
      expect(lines).toEqual([
        `${error.slice(0, 3)} POST /__emulator/respond-next: {"error":"${error.slice(4)}"}`
      ])
      const clerk = yield* send("/v1/sessions", { method: "POST", headers: key, body })
      // Clerk's own clients send `null` for an empty body.
      expect([name, clerk.status]).toEqual([name, name === "null" ? 422 : 400])
      const state = yield* send("/__emulator/state")
      expect([state.status, JSON.parse(state.text).requests.length]).toEqual([200, 1])
    })
  )

  it.live("responds with 413 to 100 MB, on both of its APIs", () =>
    Effect.gen(function* () {
      const { command, send } = yield* program()
      const body = new Uint8Array(100_000_000).fill(0x20)
      expect(errorOf(yield* command("seed", body))).toBe("413 the body is larger than 1,048,576 bytes")
      expect((yield* send("/v1/sessions", { method: "POST", headers: key, body })).status).toBe(413)
    })
  )

  it.live("keeps no more than 1 MiB of it, and the end of the chunk", () =>
    Effect.gen(function* () {
      const lengths: Array<number> = []
      const { send } = yield* program({
        respond: ({ body = "" }) => {
          lengths.push(body.length)
          return Effect.succeed({ status: 200, headers: {}, body: "" })
        }
      })
      yield* send("/v1/sessions", { method: "POST", body: new Uint8Array(10_000_000) })
      expect(lengths).toHaveLength(1)
      expect(lengths[0]).toBeGreaterThan(1024 * 1024)
      // Node reads 64 KiB at once.
      expect(lengths[0]).toBeLessThanOrEqual(1024 * 1024 + 64 * 1024)
    })
  )

  it.live("accepts a body of exactly 1 MiB, with or without a byte order mark", () =>
    Effect.gen(function* () {
      const { command } = yield* program()
      const json = '{"users":[{"id":"user_1"}]}'
      expect((yield* command("seed", json.padEnd(1024 * 1024))).status).toBe(200)
      expect((yield* command("sign-in", new TextEncoder().encode('\uFEFF{"userId":"user_1"}'))).status).toBe(
        200
      )
    })
  )

  it.live("counts no bracket inside a string as nesting", () =>
    Effect.gen(function* () {
      const { command, send } = yield* program()
      const body = { text: `"\\${nested(500)}\\\\"{{` }
      expect((yield* command("respond-next", { status: 200, body })).status).toBe(200)
      expect(JSON.parse((yield* send("/v1/jwks")).text)).toEqual(body)
    })
  )

  it.live("keeps objects with names of prototypes unchanged", () =>
    Effect.gen(function* () {
      const { command, send } = yield* program()
      const seed =
        '{"users":[{"id":"__proto__"},{"id":"constructor"}],"sessions":[{"id":"toString","userId":"__proto__"}]}'
      expect((yield* command("seed", seed)).status).toBe(200)
      expect(JSON.parse((yield* send("/v1/sessions/toString", { headers: key })).text).user_id).toBe(
        "__proto__"
      )
      expect(errorOf(yield* send("/v1/sessions/hasOwnProperty", { headers: key }))).toMatch(/^404/)
      expect(errorOf(yield* command("seed", '{"__proto__":{"users":[]}}'))).toBe(
        "400 __proto__ is not a field; the fields are users, organizations, templates, sessions"
      )
      expect(errorOf(yield* command("respond-next", '{"status":200,"constructor":1}'))).toMatch(
        /^400 constructor is not a field/
      )
      expect(
        (yield* send("/v1/sessions", { method: "POST", headers: key, body: '{"__proto__":{"user_id":"x"}}' }))
          .status
      ).toBe(422)
      const claims = '{"sessionId":"toString","claims":{"__proto__":{"a":1}}}'
      const { token } = JSON.parse((yield* command("mint-token", claims)).text)
      expect(atob(token.split(".")[1])).toContain('"__proto__":{"a":1}')
    })
  )
})

describe("a command with an invalid value", () => {
  const name =
    "must be a header name of letters, digits and !#$%&'*+-.^_`|~ other than content-length, transfer-encoding and trailer"
  const duration =
    'must be a duration of at most 36,500 days, such as "2 days" or "90 seconds", or a number of milliseconds'
  const status = "status must be a whole number from 200 to 599"
  const json = "must be an object that is JSON and nested at most 100 levels deep"
  const operations =
    "operation must be one of Sessions.list, Sessions.create, Sessions.get, Sessions.refresh, Sessions.revoke, Sessions.verify, Sessions.createToken, Sessions.createTokenFromTemplate, Users.setPasswordCompromised, SigningKeys.jwks, Clients.getHandshakePayload, FrontendApi.handshake, FrontendApi.signInPage, FrontendApi.signIn, FrontendApi.signOut"
  const cases: ReadonlyArray<readonly [string, unknown, string]> = [
    ["respond-next", { status: 9999 }, status],
    ["respond-next", { status: 99 }, status],
    ["respond-next", { status: 100 }, status],
    ["respond-next", { status: 101 }, status],
    ["respond-next", { status: 600 }, status],
    ["respond-next", { status: 200.5 }, status],
    ["respond-next", { status: "200" }, status],
    ["respond-next", { status: null }, status],
    ["respond-next", {}, `status is missing: a whole number from 200 to 599`],
    ["respond-next", { status: 200, headers: { "a b": "1" } }, `headers.a b ${name}`],
    ["respond-next", { status: 200, headers: { "": "1" } }, `headers. ${name}`],
    ["respond-next", { status: 200, headers: { "a\r\nb": "1" } }, `headers.a b ${name}`],
    ["respond-next", { status: 200, headers: { "x-😀": "1" } }, `headers.x-?? ${name}`],
    ["respond-next", { status: 200, headers: { "Content-Length": "1" } }, `headers.Content-Length ${name}`],
    [
      "respond-next",
      { status: 200, headers: { "transfer-encoding": "x" } },
      `headers.transfer-encoding ${name}`
    ],
    ["respond-next", '{"status":200,"headers":{"__proto__":"x"}}', `headers.__proto__ ${name}`],
    [
      "respond-next",
      { status: 200, headers: { a: "1\r\nb: 2" } },
      "headers.a must be a header value of printable ASCII characters"
    ],
    [
      "respond-next",
      { status: 200, headers: { a: "1\n" } },
      "headers.a must be a header value of printable ASCII characters"
    ],
    [
      "respond-next",
      { status: 200, headers: { a: "😀" } },
      "headers.a must be a header value of printable ASCII characters"
    ],
    [
      "respond-next",
      { status: 200, headers: { a: 1 } },
      "headers.a must be a header value of printable ASCII characters"
    ],
    ["respond-next", { status: 200, headers: [] }, "headers must be an object of header names and values"],
    ["respond-next", { status: 204, body: "x" }, "body must be empty for the status 204, 205 or 304"],
    ["respond-next", { status: 304, body: {} }, "body must be empty for the status 204, 205 or 304"],
    ["respond-next", { status: 200, operation: "Sessions.gett" }, operations],
    ["respond-next", { status: 200, operation: "Users.get" }, operations],
    ["respond-next", { status: 200, operation: "toString" }, operations],
    ["respond-next", { status: 200, delay: "-1 day" }, `delay ${duration}`],
    [
      "respond-next",
      { stauts: 200, status: 200 },
      "stauts is not a field; the fields are status, headers, operation, delay, body"
    ],
    ["fail-next", { fault: "rest" }, 'fault must be "reset" or "response-lost" or "no-response"'],
    ["fail-next", { fault: "response-lost", operation: "sessions.get" }, operations],
    ["latency", { duration: "2 second", operation: "Sessions.list " }, operations],
    ["latency", { duration: -1 }, `duration ${duration}`],
    ["latency", { duration: "1 fortnight" }, `duration ${duration}`],
    ["advance", { by: "-1 day" }, `by ${duration}`],
    ["advance", { by: -1 }, `by ${duration}`],
    ["advance", { by: 1e308 }, `by ${duration}`],
    ["advance", '{"by":1e999}', `by ${duration}`],
    ["advance", { by: "Infinity" }, `by ${duration}`],
    ["advance", { by: "1e3 days" }, `by ${duration}`],
    ["advance", { by: [1, 0] }, `by ${duration}`],
    ["advance", { by: null }, `by ${duration}`],
    ["advance", { by: "NaN days" }, `by ${duration}`],
    ["sign-in", { userId: 7 }, "userId must be 1 to 128 letters, digits, underscores or hyphens"],
    [
      "sign-in",
      { userId: "user_1", actor: [] },
      "actor must be an object that is JSON, nested at most 100 levels deep and at most 64 KiB long"
    ],
    [
      "sign-in",
      { userId: "user_1", actor: { sub: "x".repeat(70_000) } },
      "actor must be an object that is JSON, nested at most 100 levels deep and at most 64 KiB long"
    ],
    ["sign-in", { userId: "user_1", age: "-5 minutes" }, `age ${duration}`],
    [
      "sign-in",
      { userId: "user_1", activity: { browser: "x" } },
      "activity.browser is not a field; the fields are id, isMobile, deviceType, browserName, browserVersion, ipAddress, city, country"
    ],
    [
      "update-session",
      { sessionId: "sess_1", expireAt: 1e300 },
      "expireAt must be a time in whole milliseconds since 1970"
    ],
    [
      "update-session",
      { sessionId: "sess_1", expireAt: "now" },
      "expireAt must be a time in whole milliseconds since 1970"
    ],
    [
      "mint-token",
      { sign: "curent-key" },
      'sign must be "current-key" or "wrong-key" or "none" or "hs256-with-public-key" or "truncated" or "tampered"'
    ],
    ["mint-token", { claims: [] }, `claims ${json}`],
    ["mint-token", { version: 3 }, "version must be 1 or 2"],
    ["rotate-key", { removePrevious: "yes" }, "removePrevious must be a boolean"],
    ["rotate-key", { removeprevious: true }, "removeprevious is not a field; the fields are removePrevious"],
    ["reset", { all: true }, "the body must be an empty object"],
    ["reset", [], "the body must be an empty object"],
    [
      "seed",
      { users: [{ id: "user_2", plans: 1 }] },
      "users.0.plans is not a field; the fields are id, features, plan"
    ]
  ]
  it.live.each(cases)("is rejected when it is set, and changes nothing: %s %j", ([command, body, error]) =>
    Effect.gen(function* () {
      const { clerk, command: run, send } = yield* program({ seed })
      const before = yield* clerk.state
      expect(errorOf(yield* run(command, body))).toBe(`400 ${error}`)
      expect(yield* clerk.state).toEqual(before)
      expect((yield* send("/v1/jwks", { headers: key })).status).toBe(200)
    })
  )

  it.live("does not move the clock beyond the year 9999, in any number of steps", () =>
    Effect.gen(function* () {
      const { command } = yield* program({ seed })
      const statuses = new Set<number>()
      for (let step = 0; step < 90; step++)
        statuses.add((yield* command("advance", { by: "36500 days" })).status)
      expect([...statuses]).toEqual([200, 400])
      expect((yield* command("sign-in", { userId: "user_1" })).status).toBe(200)
    })
  )
})

describe("an unusual request", () => {
  const paths: ReadonlyArray<readonly [string, number]> = [
    ["/v1/sessions/%zz", 400],
    ["/v1/sessions/%ff", 400],
    ["/v1/sessions/%", 400],
    ["/v1/sessions?user_id=%zz", 400],
    ["/v1/sessions?user_id=%ff%fe", 400],
    ["//v1/jwks", 404],
    ["/v1//jwks", 404],
    ["//evil.example/v1/jwks", 404],
    ["/v1/sessions/", 404],
    ["/v1/sessions/__proto__", 404],
    [`/v1/sessions/${"x".repeat(8_000)}`, 404],
    ["/__emulator/nowhere", 404],
    ["/__emulator/state/more", 404],
    ["/__emulator/%73tate", 404],
    ["/__emulator/constructor", 404],
    ["/__emulators/state", 404],
    ["/_emulator/state", 404],
    ["/__emulater/state", 404],
    ["//__emulator/state", 404],
    ["/__emulator/state?user=1", 400],
    ["/__emulator?x", 400]
  ]
  it.live("gets its own status, on any path", () =>
    Effect.gen(function* () {
      const { raw } = yield* program()
      for (const [path, status] of paths) {
        const reply = yield* raw(
          `GET ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer sk_test_emulator\r\nconnection: close\r\n\r\n`
        )
        expect([path, reply.slice(0, 12)]).toEqual([path, `HTTP/1.1 ${status}`])
      }
    })
  )

  it.live("gets a status, not a closed connection, and a line in the log when it is not HTTP", () =>
    Effect.gen(function* () {
      const { lines, raw, send } = yield* program()
      const requests: ReadonlyArray<readonly [string, string]> = [
        ["BREW /v1/jwks HTTP/1.1\r\nhost: localhost\r\n\r\n", "400"],
        ["nonsense\r\n\r\n", "400"],
        ["GET /v1/jwks HTTP/1.1\r\nhost: localhost\r\na b: c\r\n\r\n", "400"],
        [`GET /${"x".repeat(100_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`, "431"],
        ["CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n", "405"]
      ]
      for (const [bytes, status] of requests) {
        const reply = yield* raw(bytes)
        expect([bytes.slice(0, 20), reply.slice(9, 12)]).toEqual([bytes.slice(0, 20), status])
        expect(JSON.parse(reply.split("\r\n\r\n")[1] ?? "")).toHaveProperty("error")
      }
      expect(lines.map((line) => line.slice(0, 3))).toEqual(requests.map(([, status]) => status))
      expect((yield* send("/health")).status).toBe(200)
    })
  )

  it.live("gets Clerk's 405 for another method, with no body for HEAD", () =>
    Effect.gen(function* () {
      const { send } = yield* program()
      for (const method of ["PUT", "PATCH", "DELETE", "PROPFIND", "OPTIONS"]) {
        expect([method, (yield* send("/v1/jwks", { method, headers: key })).status]).toEqual([method, 405])
      }
      const head = yield* send("/v1/jwks", { method: "HEAD", headers: key })
      expect([head.status, head.text]).toEqual([405, ""])
      const state = yield* send("/__emulator/state", { method: "HEAD" })
      expect([state.status, state.text]).toEqual([200, ""])
    })
  )

  it.live("that meets a defect gets 500 in both forms, and the log one line without a stack", () =>
    Effect.gen(function* () {
      const { lines, send } = yield* program({
        respond: ({ url }) =>
          url === "/header"
            ? Effect.succeed({ status: 200, headers: { "a b": "1" }, body: "" })
            : Effect.die(new Error("a\nbroken\nemulator"))
      })
      for (const path of ["/any", "/header"]) {
        const reply = yield* send(path)
        expect(reply.status).toBe(500)
        expect(JSON.parse(reply.text)).toMatchObject({
          error: "the emulator failed: see its log",
          errors: [{ code: "internal_clerk_error" }]
        })
      }
      expect(lines).toHaveLength(2)
      expect(lines.join()).not.toContain("at ")
    })
  )
})

describe("a request to an endpoint of Clerk that the emulator does not serve", () => {
  it.live("gets 501, and a line in the log without its query", () =>
    Effect.gen(function* () {
      const { clerk, lines, send } = yield* program()
      expect((yield* send("/v1/users?limit=1", { headers: key })).status).toBe(501)
      expect(lines).toEqual([
        "501 GET /v1/users: the emulator does not serve this endpoint. GET / lists those that it serves."
      ])
      // A response of a test is not such a request.
      yield* clerk.respondNext({ status: 501 })
      expect((yield* send("/v1/users", { headers: key })).status).toBe(501)
      expect(lines).toHaveLength(1)
    })
  )
})

describe("a health check", () => {
  it.live("needs no key, names the program, and is not in the log of requests", () =>
    Effect.gen(function* () {
      const { clerk, send } = yield* program()
      yield* clerk.respondNext({ status: 503 })
      for (const path of ["/", "/health", "/health?full"]) {
        const reply = yield* send(path)
        expect(reply.status).toBe(200)
        expect(JSON.parse(reply.text)).toEqual({
          name: "effect-clerk-emulator",
          version: expect.stringMatching(/^\d+\.\d+\.\d+/),
          links: { api: "/v1", jwks: "/.well-known/jwks.json", health: "/health", control: "/__emulator" },
          endpoints: expect.arrayContaining(["GET /v1/sessions"])
        })
        const head = yield* send(path, { method: "HEAD" })
        expect([head.status, head.text]).toEqual([200, ""])
      }
      expect(yield* clerk.requests).toEqual([])
      expect((yield* send("/v1/jwks")).status).toBe(503)
    })
  )
})

describe("1,000 requests of 63 KB without a key", () => {
  it.live("leave a log of at most 2 MiB, and count the requests it dropped", () =>
    Effect.gen(function* () {
      const { clerk, send } = yield* program()
      // Nested arrays use many times their text in memory.
      const body = `[${"[[]],".repeat(12_600)}[]]`
      yield* Effect.forEach(
        Array.from({ length: 1_000 }),
        () => send("/v1/sessions", { method: "POST", body, headers: { "content-type": "application/json" } }),
        { concurrency: 20, discard: true }
      )
      const state = yield* send("/__emulator/state")
      expect(state.text.length).toBeLessThan(2 * 1024 * 1024 + 10_000)
      const { droppedRequests, requests } = yield* clerk.state
      expect(requests.length).toBeGreaterThan(20)
      expect(droppedRequests + requests.length).toBe(1_000)
    })
  )
})
