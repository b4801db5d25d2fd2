import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { ClerkHttp, Operation, Sessions } from "effect-clerk"
import { record } from "#test/schema.js"
import { describe, expect, it } from "#test/vitest.js"
import {
  calls,
  canaries,
  cookiesAnswer,
  failureOf,
  overFetch,
  quoting,
  refresh,
  refreshToCookies,
  tagOf,
  tokenAnswer,
  verify
} from "../support/canaries.js"
import { channelsOf, errorChannels } from "../support/channels.js"
import type { AnyError } from "../support/operations.js"
import { type FetchCall, jsonResponse } from "../support/recordingFetch.js"
import { session } from "../support/wire.js"

/** Decodes a record, so that the issues of a decoding failure name its keys. */
const readMetadata = Operation.make({
  name: "Metadata.read",
  method: "GET",
  path: "/metadata",
  kind: "read",
  success: record(Schema.Number)
})

describe("an error response that quotes the request shows no secret", () => {
  const statuses = [
    204, 302, 304, 400, 401, 402, 403, 404, 408, 409, 410, 413, 418, 422, 429, 500, 502, 503, 599
  ]
  for (const status of statuses) {
    it.effect(`with status ${status}`, () =>
      Effect.gen(function* () {
        for (const call of calls) {
          const error = yield* failureOf(call.pipe(overFetch(quoting(status))))
          expect(error).toMatchObject({ status })
        }
      })
    )
  }

  it.effect("and keeps the text around the secrets", () =>
    Effect.gen(function* () {
      const error = yield* failureOf(refresh.pipe(overFetch(quoting(422))))
      expect(error.message).toMatch(/422 \*\*\*: could not accept \*\*\* \(and \d+ more\)$/)
    })
  )

  for (const [name, traceId] of [
    ["the secret key", canaries.secretKey],
    ["the refresh token", canaries.refreshToken]
  ] as const) {
    it.effect(`in the id of the request: ${name}, in the body`, () =>
      failureOf(refresh.pipe(overFetch(() => jsonResponse({ errors: [], clerk_trace_id: traceId }, 401))))
    )
    it.effect(`in the id of the request: ${name}, in a header`, () =>
      failureOf(refresh.pipe(overFetch(() => jsonResponse({ errors: [] }, 401, { "cf-ray": traceId }))))
    )
    it.effect(`in the id of the request: ${name}, in a response that cannot be decoded`, () =>
      failureOf(refresh.pipe(overFetch(() => jsonResponse({ clerk_trace_id: traceId }))))
    )
  }

  it.effect("in the id of the request: the secret key, spelled with JSON's escapes", () =>
    failureOf(
      refresh.pipe(
        overFetch(
          () =>
            new Response(`{"errors":[],"clerk_trace_id":"\\u0073${canaries.secretKey.slice(1)}"}`, {
              status: 401
            })
        )
      )
    )
  )

  it.effect("when it quotes a cookie header that has another secret in it", () =>
    Effect.gen(function* () {
      const cookie = `__session=${canaries.expiredToken}; device=${canaries.cookie}`
      yield* failureOf(
        Sessions.refresh("sess_1", {
          expiredToken: canaries.expiredToken,
          refreshToken: canaries.refreshToken,
          requestOrigin: "https://app.example.com",
          requestHeaders: { cookie }
        }).pipe(overFetch(() => jsonResponse({ errors: [{ message: `bad header ${cookie}` }] }, 422)))
      )
    })
  )

  it.effect("when it quotes the body, in which the quotes of a cookie are escaped", () =>
    Effect.gen(function* () {
      yield* failureOf(
        Sessions.refresh("sess_1", {
          expiredToken: canaries.expiredToken,
          refreshToken: canaries.refreshToken,
          requestOrigin: "https://app.example.com",
          requestHeaders: { cookie: `theme="dark"; device="${canaries.cookie}"` }
        }).pipe(
          overFetch(({ body }) =>
            jsonResponse({ errors: [{ message: body.slice(body.indexOf("theme")) }] }, 422)
          )
        )
      )
    })
  )

  it.effect("when it quotes one cookie of the header", () =>
    failureOf(
      refresh.pipe(
        overFetch(() => jsonResponse({ errors: [{ message: `unknown device ${canaries.cookie}` }] }, 422))
      )
    )
  )

  it.effect("when a long secret is repeated up to where the text is cut", () =>
    Effect.gen(function* () {
      const refreshToken = canaries.refreshToken + "x".repeat(472)
      const quoted = `${refreshToken}${refreshToken}${refreshToken}`
      const error = yield* failureOf(
        Sessions.refresh("sess_1", {
          expiredToken: canaries.expiredToken,
          refreshToken,
          requestOrigin: "https://app.example.com"
        }).pipe(overFetch(() => jsonResponse({ errors: [{ message: quoted }] }, 422)))
      )
      expect(error.message).toContain("422: ***")
    })
  )

  it.effect("as a page of HTML", () =>
    Effect.gen(function* () {
      const page = (call: FetchCall) =>
        new Response(`<html>${JSON.stringify(call)}${call.headers["authorization"]}</html>`, {
          status: 502,
          headers: { "content-type": "text/html" }
        })
      expect(yield* failureOf(refresh.pipe(overFetch(page)))).toMatchObject({ status: 502, errors: [] })
    })
  )
})

describe("a response that quotes a secret in another form shows none of it", () => {
  const base64 = (text: string) => Buffer.from(text).toString("base64")
  const forms: ReadonlyArray<readonly [name: string, form: (secret: string) => string]> = [
    ["in base64", base64],
    ["in base64url", (secret) => Buffer.from(secret).toString("base64url")],
    ["as a Basic header", (secret) => `Basic ${base64(`${secret}:`)}`],
    ["as the password of a Basic header", (secret) => `Basic ${base64(`user:${secret}`)}`],
    ["in hex", (secret) => Buffer.from(secret).toString("hex")],
    [
      "percent-encoded",
      (secret) =>
        `%${Buffer.from(secret)
          .toString("hex")
          .replace(/..(?!$)/g, "$&%")}`
    ],
    ["in capitals", (secret) => secret.toUpperCase()],
    ["in small letters", (secret) => secret.toLowerCase()],
    ["split by a space", (secret) => `${secret.slice(0, 9)} ${secret.slice(9)}`],
    ["split by a line end", (secret) => `${secret.slice(0, 11)}\n${secret.slice(11)}`],
    ["as its last 16 characters", (secret) => secret.slice(-16)],
    ["as 12 of its characters", (secret) => secret.slice(10, 22)]
  ]
  const masked = /^(?:Basic )?\*\*\*$/
  const { answerCookie: _cookie, answerToken: _token, ...sent } = canaries
  /** Neither the form nor, white space apart, any piece of the secret that has 12 characters. */
  const shows = (text: string, secret: string, quoted: string): boolean => {
    const packed = text.replaceAll(/\s|\\n/g, "").toLowerCase()
    const pieces = Array.from({ length: secret.length - 11 }, (_, at) =>
      secret.slice(at, at + 12).toLowerCase()
    )
    return [quoted.replaceAll(/\s/g, "").toLowerCase(), ...pieces].some((piece) => packed.includes(piece))
  }

  for (const [name, form] of forms) {
    it.effect(`${name}, with an error status, in any of its texts`, () =>
      Effect.gen(function* () {
        for (const secret of Object.values(sent)) {
          const quoted = form(secret)
          const item = {
            code: quoted,
            message: `not accepted: ${quoted}!`,
            long_message: `the gateway did not accept ${quoted} today`,
            meta: { [quoted]: quoted, list: [{ [quoted]: quoted }] }
          }
          const answer = () =>
            jsonResponse({ errors: [{ code: "clerk_key_invalid" }, item], clerk_trace_id: quoted }, 401, {
              "x-quoted": quoted.replaceAll(/\s/g, " "),
              "cf-ray": quoted.replaceAll(/\s/g, " ")
            })
          const failing: Effect.Effect<unknown, AnyError, ClerkHttp> =
            secret === canaries.verifyToken ? verify : refresh
          const error = yield* Effect.flip(failing.pipe(overFetch(answer)))
          const shown = errorChannels(error).filter(([, text]) => shows(text, secret, quoted))
          expect(shown.map(([channel]) => channel)).toEqual([])
          const codes = "errors" in error ? error.errors.map(({ code }) => code) : []
          expect(codes).toEqual(["clerk_key_invalid", expect.stringMatching(masked)])
        }
      })
    )

    it.effect(`${name}, with a success that cannot be read, in its id or its keys`, () =>
      Effect.gen(function* () {
        const quoted = form(canaries.secretKey)
        const header = quoted.replaceAll(/[^\w-]/g, "")
        const answer = () =>
          jsonResponse({ [quoted]: "x", clerk_trace_id: header }, 200, { "clerk-trace-id": header })
        const { channels } = yield* channelsOf(readMetadata({}).pipe(overFetch(answer)))
        expect(
          channels.filter(([, text]) => shows(text, canaries.secretKey, header)).map(([at]) => at)
        ).toEqual([])
      })
    )

    it.effect(`${name}, in the span of a success`, () =>
      Effect.gen(function* () {
        const header = form(canaries.secretKey).replaceAll(/[^\w-]/g, "")
        const { channels, exit } = yield* channelsOf(
          Sessions.get("sess_1").pipe(
            overFetch(() => jsonResponse({ ...session, id: "sess_1" }, 200, { "clerk-trace-id": header }))
          )
        )
        expect(Exit.isSuccess(exit)).toBe(true)
        expect(
          channels.filter(([, text]) => shows(text, canaries.secretKey, header)).map(([at]) => at)
        ).toEqual([])
      })
    )

    it.effect(`${name}, in the response of execute`, () =>
      Effect.gen(function* () {
        const quoted = form(canaries.secretKey)
        const answer = () =>
          jsonResponse({ errors: [{ code: "conflict", message: quoted }] }, 409, {
            location: `/${quoted.replaceAll(/\s/g, " ")}`
          })
        const { body, headers } = yield* Effect.flatMap(ClerkHttp, ({ execute }) =>
          execute({ operation: "Test.get", method: "GET", path: ["x"] })
        ).pipe(overFetch(answer))
        expect(shows(body + JSON.stringify(headers), canaries.secretKey, quoted)).toBe(false)
        expect(JSON.parse(body)).toMatchObject({
          errors: [{ code: "conflict", message: expect.stringMatching(masked) }]
        })
      })
    )
  }

  it.effect("in a page that is far too long, of which nothing is kept", () =>
    Effect.gen(function* () {
      const page = `${base64(canaries.secretKey)} ${"<p>".repeat(2_600_000)}`
      const started = performance.now()
      const error = yield* failureOf(refresh.pipe(overFetch(() => new Response(page, { status: 502 }))))
      expect(error).toMatchObject({ status: 502, errors: [] })
      expect(performance.now() - started).toBeLessThan(3_000)
    })
  )

  it.effect("while a response without a secret stays unchanged", () =>
    Effect.gen(function* () {
      const sent = '{ "errors": [ {"code":"resource_not_found", "message":"No session \\u0026 no user"} ] }'
      const response = yield* Effect.flatMap(ClerkHttp, ({ execute }) =>
        execute({ operation: "Test.get", method: "GET", path: ["x"] })
      ).pipe(
        overFetch(() => new Response(sent, { status: 404, headers: { "cf-ray": "8f14e45fceea167a-FRA" } }))
      )
      expect(response).toMatchObject({ body: sent, headers: { "cf-ray": "8f14e45fceea167a-FRA" } })
    })
  )
})

describe("a response that cannot be decoded shows no secret", () => {
  const token = canaries.answerToken
  const cookie = canaries.answerCookie
  const raw = (body: string | Uint8Array<ArrayBuffer>, headers: Readonly<Record<string, string>> = {}) =>
    new Response(body, { headers: { "content-type": "application/json", ...headers } })
  const latin1 = (text: string) => new Uint8Array([...Buffer.from(text, "latin1"), 0xff])
  const cases: ReadonlyArray<readonly [name: string, reason: string, answer: () => Response]> = [
    ["a token in place of the object name", "schema", () => jsonResponse({ object: token, jwt: token })],
    ["a token inside another", "schema", () => jsonResponse({ object: "token", jwt: { jwt: token } })],
    ["a list of tokens", "schema", () => jsonResponse({ object: "token", jwt: [token] })],
    ["a token under another name", "schema", () => jsonResponse({ object: "token", [token]: token })],
    ["a token that is the whole response", "schema", () => jsonResponse(token)],
    ["tokens in an array", "schema", () => jsonResponse([tokenAnswer, { [cookie]: cookiesAnswer }])],
    ["half a response", "json", () => raw(JSON.stringify(tokenAnswer).slice(0, -2))],
    ["a bare token", "json", () => raw(token)],
    ["a response that is not UTF-8", "utf8", () => raw(latin1(token))],
    ["a page", "content-type", () => raw(`<p>${token}</p>`, { "content-type": "text/html" })],
    ["a type that is a token", "content-type", () => raw(token, { "content-type": token })],
    ["an encoding that is a token", "encoding", () => raw(token, { "content-encoding": token })]
  ]
  for (const [name, reason, answer] of cases) {
    it.effect(`${name}`, () =>
      Effect.gen(function* () {
        expect(yield* failureOf(refresh.pipe(overFetch(answer)))).toMatchObject({
          _tag: "ClerkDecodeError",
          reason
        })
      })
    )
  }

  it.effect("cookies in place of other values", () =>
    Effect.gen(function* () {
      for (const answer of [
        { object: "cookies", cookies: cookie },
        { object: "cookies", cookies: [{ __session: cookie }] },
        { object: "cookies", cookies: { [cookie]: cookie } },
        { object: cookie, cookies: [cookie] }
      ]) {
        const error = yield* failureOf(refreshToCookies.pipe(overFetch(() => jsonResponse(answer))))
        expect(error).toMatchObject({ _tag: "ClerkDecodeError", reason: "schema" })
      }
    })
  )

  it.effect("a session with the token in every text field", () =>
    Effect.gen(function* () {
      for (const field of Object.keys(session)) {
        const sent = canaries.verifyToken
        const error = yield* failureOf(
          verify.pipe(overFetch(() => jsonResponse({ ...session, id: "sess_2", [field]: sent })))
        )
        expect(tagOf(error)).toBe("ClerkDecodeError")
      }
    })
  )

  it.effect("a response that is too large", () =>
    Effect.gen(function* () {
      const error = yield* failureOf(
        refresh.pipe(overFetch(() => jsonResponse(tokenAnswer), { maxResponseBytes: 20 }))
      )
      expect(error).toMatchObject({ reason: "oversize" })
    })
  )

  it.effect("a record with a token as a key, in a custom operation", () =>
    Effect.gen(function* () {
      const error = yield* failureOf(readMetadata({}).pipe(overFetch(() => jsonResponse({ [token]: token }))))
      expect(error).toMatchObject({ reason: "schema" })
    })
  )
})
