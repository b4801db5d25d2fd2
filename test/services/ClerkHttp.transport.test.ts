import * as Effect from "effect/Effect"
import { type ClerkHttpOptions, RequestPolicy, Sessions } from "effect-clerk"
import { describe, expect, it } from "#test/vitest.js"
import { type Answer, closedPort, json, loopback, raw } from "../support/loopback.js"
import { transports } from "../support/transports.js"
import * as wire from "../support/wire.js"

const head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
const body = JSON.stringify(wire.session)

/** Starts a response and resets the connection when these bytes are sent. */
const resetAfter =
  (start: string): Answer =>
  ({ socket }) => {
    socket?.write(start, () => setTimeout(() => socket.resetAndDestroy(), 20))
  }

describe.each(transports)("over $transport", ({ transport, layer }) => {
  const failure = (answer: Answer, options: Partial<ClerkHttpOptions> = {}) =>
    Effect.gen(function* () {
      const server = yield* loopback(answer)
      const error = yield* Effect.flip(
        Effect.provide(Sessions.get("sess_1"), layer({ ...options, apiUrl: server.url }))
      )
      expect(server.received).toHaveLength(1)
      return error
    })

  const lost = {
    _tag: "ClerkTransportError",
    operation: "Sessions.get",
    method: "GET",
    path: "/sessions/{id}",
    attempts: 1
  } as const

  it.live("a response is decoded with any framing", () =>
    Effect.gen(function* () {
      const framed: ReadonlyArray<Answer> = [
        json(wire.session),
        raw(`${head}content-length: ${body.length}\r\n\r\n${body}`),
        raw(`${head}transfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`),
        raw(`${head}connection: close\r\n\r\n${body}`),
        raw(
          `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${head}content-length: ${body.length}\r\n\r\n${body}`
        )
      ]
      for (const answer of framed) {
        const server = yield* loopback(answer)
        const { id } = yield* Effect.provide(Sessions.get("sess_1"), layer({ apiUrl: server.url }))
        expect(id).toBe("sess_1")
        expect(server.received.map(({ method, url }) => `${method} ${url}`)).toEqual([
          "GET /v1/sessions/sess_1"
        ])
      }
    })
  )

  it.live("a refused connection is known to have sent nothing", () =>
    Effect.gen(function* () {
      const apiUrl = yield* closedPort
      const error = yield* Effect.flip(Effect.provide(Sessions.get("sess_1"), layer({ apiUrl })))
      expect(error).toMatchObject({ ...lost, reason: "refused", sent: "no", retryable: true })
      expect(error.message).toBe(
        "Sessions.get: no response from Clerk (refused): the connection was refused; check apiUrl, firewalls and proxies. The request was not sent."
      )
    })
  )

  it.live("a reset before the response leaves open whether Clerk has acted", () =>
    Effect.gen(function* () {
      const error = yield* failure(({ socket }) => socket?.resetAndDestroy())
      expect(error).toMatchObject({ ...lost, reason: "reset", sent: "maybe", retryable: true })
      expect(error.message).toBe(
        "Sessions.get: no response from Clerk (reset): the connection was reset. Clerk may have received and processed the request."
      )
    })
  )

  it.live("a close before the response leaves open whether Clerk has acted", () =>
    Effect.gen(function* () {
      const error = yield* failure(({ socket }) => socket?.end())
      // Node's own client reports a reset.
      const reason = transport === "node:http" ? "reset" : "closed"
      expect(error).toMatchObject({ ...lost, reason, sent: "maybe", retryable: true })
    })
  )

  // Node's own client does not distinguish a close from a reset here either.
  const truncated = transport === "node:http" ? "reset" : "incomplete-body"
  const broken: ReadonlyArray<readonly [string, string, Answer]> = [
    ["closed short of its length", truncated, raw(`${head}content-length: 1000\r\n\r\n{"object":`)],
    [
      "closed before its last chunk",
      truncated,
      raw(`${head}transfer-encoding: chunked\r\n\r\n5\r\n{"obj\r\n`)
    ],
    ["reset short of its length", "reset", resetAfter(`${head}content-length: 1000\r\n\r\n{"object":`)],
    ["reset between chunks", "reset", resetAfter(`${head}transfer-encoding: chunked\r\n\r\n5\r\n{"obj\r\n`)],
    [
      "complete JSON, but closed short of its length",
      truncated,
      raw(`${head}content-length: ${body.length + 1}\r\n\r\n${body}`)
    ]
  ]

  it.live.each(broken)(
    "a response that is %s is incomplete, and never a decoding error",
    ([, reason, answer]) =>
      Effect.gen(function* () {
        expect(yield* failure(answer)).toMatchObject({ ...lost, reason, sent: "maybe", retryable: true })
      })
  )

  it.live("a response cut at any byte is never a value", () =>
    Effect.gen(function* () {
      const answer = `${head}content-length: ${body.length}\r\n\r\n${body}`
      let cut = 0
      const server = yield* loopback((response, request) => raw(answer.slice(0, cut))(response, request))
      for (; cut < answer.length; cut += 23) {
        const error = yield* Effect.flip(
          Effect.provide(Sessions.get("sess_1"), layer({ apiUrl: server.url }))
        )
        expect(error, `cut at ${cut}`).toMatchObject({ ...lost, sent: "maybe" })
      }
      cut = answer.length
      const { id } = yield* Effect.provide(Sessions.get("sess_1"), layer({ apiUrl: server.url }))
      expect(id).toBe("sess_1")
    })
  )

  const ungrammatical: ReadonlyArray<readonly [string, Answer]> = [
    ["two lengths", raw(`${head}content-length: 5\r\ncontent-length: 6\r\n\r\n{"obj`)],
    ["a length and chunks", raw(`${head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n{"obj`)],
    ["headers without end", raw(`${head}x: ${"x".repeat(70_000)}\r\n\r\n`)]
  ]

  it.live.each(ungrammatical)("a response with %s is a protocol error, and not retried", ([, answer]) =>
    Effect.gen(function* () {
      expect(yield* failure(answer)).toMatchObject({
        ...lost,
        reason: "protocol",
        sent: "maybe",
        retryable: false
      })
    })
  )

  it.live("a response longer than announced is cut there, and its rest is not the next response", () =>
    Effect.gen(function* () {
      const server = yield* loopback((response, request) => {
        if (server.received.length > 1) json(wire.sessionWith({ status: "ended" }))(response, request)
        else response.socket?.write(`${head}content-length: 10\r\n\r\n${body}`)
      })
      const { error, session } = yield* Effect.all({
        error: Effect.flip(Sessions.get("sess_1")),
        session: Sessions.get("sess_1")
      }).pipe(Effect.provide(layer({ apiUrl: server.url })))
      expect(error).toMatchObject({ _tag: "ClerkDecodeError", reason: "json", retryable: false })
      expect(session.status).toBe("ended")
    })
  )

  it.live("a status out of range or without a body is reported unchanged", () =>
    Effect.gen(function* () {
      for (const status of [204, 304, 600, 999]) {
        const answer = raw(`HTTP/1.1 ${status} X\r\n${status < 500 ? "" : "content-length: 2\r\n"}\r\n{}`)
        expect(yield* failure(answer)).toMatchObject({ _tag: "ClerkUnexpectedStatus", status, errors: [] })
      }
    })
  )

  it.live("a read is retried after its response was lost, and a create is not", () =>
    Effect.gen(function* () {
      const server = yield* loopback((response, request) => {
        if (server.received.length < 3) response.socket?.end()
        else json(wire.session)(response, request)
      })
      const client = layer({ apiUrl: server.url, policy: RequestPolicy.standard })
      expect((yield* Effect.provide(Sessions.get("sess_1"), client)).id).toBe("sess_1")
      expect(server.received.map(({ method }) => method)).toEqual(["GET", "GET", "GET"])

      const silent = yield* loopback(({ socket }) => socket?.end())
      const error = yield* Sessions.create({ userId: "user_1" }).pipe(
        Effect.provide(layer({ apiUrl: silent.url, policy: RequestPolicy.standard })),
        Effect.flip
      )
      expect(error).toMatchObject({
        _tag: "ClerkTransportError",
        operation: "Sessions.create",
        sent: "maybe",
        attempts: 1,
        retryable: false
      })
      expect(silent.received.map(({ body }) => body)).toEqual([`{"user_id":"user_1"}`])
    })
  )

  describe("a response that a parser rejects", () => {
    const alsoUngrammatical: ReadonlyArray<readonly [string, Answer]> = [
      ["a banner of another protocol", raw("220 smtp.example.com ESMTP\r\n")],
      ["HTML without a head", raw("<html></html>")],
      ["a NUL in a header", raw(`${head}x: a\0b\r\ncontent-length: 2\r\n\r\n{}`)],
      // Node's own client does not report why it gave up on a body.
      ...(transport === "node:http"
        ? []
        : [
            [
              "a chunk without size",
              raw(`${head}transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`)
            ] as const
          ])
    ]

    it.live.each(alsoUngrammatical)("with %s is a protocol error", ([, answer]) =>
      Effect.gen(function* () {
        expect(yield* failure(answer)).toMatchObject({ ...lost, reason: "protocol", retryable: false })
      })
    )
  })
})
