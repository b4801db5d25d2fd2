import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Operation, Sessions } from "effect-clerk"
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
import { type FetchCall, jsonResponse } from "../support/recordingFetch.js"
import { session } from "../support/wire.js"

describe("a refusal that quotes the request shows no secret", () => {
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

  it.effect("and keeps what was said around the secrets", () =>
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
    it.effect(`in the id of the request: ${name}, in an answer that cannot be read`, () =>
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

describe("an answer that cannot be read shows no secret", () => {
  const token = canaries.answerToken
  const cookie = canaries.answerCookie
  const raw = (body: string | Uint8Array<ArrayBuffer>, headers: Readonly<Record<string, string>> = {}) =>
    new Response(body, { headers: { "content-type": "application/json", ...headers } })
  const latin1 = (text: string) => new Uint8Array([...Buffer.from(text, "latin1"), 0xff])
  const cases: ReadonlyArray<readonly [name: string, reason: string, answer: () => Response]> = [
    ["a token where its kind is due", "schema", () => jsonResponse({ object: token, jwt: token })],
    ["a token inside another", "schema", () => jsonResponse({ object: "token", jwt: { jwt: token } })],
    ["a list of tokens", "schema", () => jsonResponse({ object: "token", jwt: [token] })],
    ["a token under another name", "schema", () => jsonResponse({ object: "token", [token]: token })],
    ["a token that is the whole answer", "schema", () => jsonResponse(token)],
    ["tokens in an array", "schema", () => jsonResponse([tokenAnswer, { [cookie]: cookiesAnswer }])],
    ["half an answer", "json", () => raw(JSON.stringify(tokenAnswer).slice(0, -2))],
    ["a bare token", "json", () => raw(token)],
    ["an answer that is not UTF-8", "utf8", () => raw(latin1(token))],
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

  it.effect("cookies where other things are due", () =>
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

  it.effect("a session with the token in every field it can stand in", () =>
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

  it.effect("an answer that is too large", () =>
    Effect.gen(function* () {
      const error = yield* failureOf(
        refresh.pipe(overFetch(() => jsonResponse(tokenAnswer), { maxResponseBytes: 20 }))
      )
      expect(error).toMatchObject({ reason: "oversize" })
    })
  )

  it.effect("a record, in somebody's own operation, whose key is a token", () =>
    Effect.gen(function* () {
      const read = Operation.make({
        name: "Metadata.read",
        method: "GET",
        path: "/metadata",
        kind: "read",
        success: Schema.Record({ key: Schema.String, value: Schema.Number })
      })
      const error = yield* failureOf(read({}).pipe(overFetch(() => jsonResponse({ [token]: token }))))
      expect(error).toMatchObject({ reason: "schema" })
    })
  )
})
