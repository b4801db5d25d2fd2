import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, Sessions } from "effect-clerk"
import { FetchHttpClient, HttpClient } from "#test/http.js"
import { describe, expect, it } from "#test/vitest.js"
import { version } from "../../src/core/version.js"
import { json, loopback, type Received } from "../support/loopback.js"
import {
  type AnyError,
  everyRefreshField,
  everyRefreshParameter,
  operations,
  refreshParams
} from "../support/operations.js"
import * as wire from "../support/wire.js"

const secretKey = "sk_test_wire"

const layer = (apiUrl: string, apiVersion?: string) =>
  ClerkHttp.layerFetch({
    secretKey: Redacted.make(secretKey),
    apiUrl,
    ...(apiVersion === undefined ? undefined : { apiVersion })
  })

/** The headers that fetch adds by itself, on every runtime or on some. */
const runtimeHeaders = new Set([
  "accept-encoding",
  "accept-language",
  "connection",
  "content-length",
  "host",
  "sec-fetch-mode"
])

const ownHeaders = ({ headers }: Received) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !runtimeHeaders.has(name)))

const commonHeaders = {
  accept: "application/json",
  authorization: `Bearer ${secretKey}`,
  "clerk-api-version": "2026-05-12",
  "user-agent": `effect-clerk/${version}`
}

interface WireCase {
  readonly does: string
  readonly run: Effect.Effect<unknown, AnyError, ClerkHttp>
  readonly answer: unknown
  readonly line: string
  readonly body?: unknown
  readonly version?: string
}

const cases: ReadonlyArray<WireCase> = [
  {
    does: "list by user",
    run: Sessions.list({ userId: "user_1" }),
    answer: wire.page,
    line: "GET /v1/sessions?user_id=user_1&paginated=true"
  },
  {
    does: "list by client",
    run: Sessions.list({ clientId: "client_1" }),
    answer: wire.page,
    line: "GET /v1/sessions?client_id=client_1&paginated=true"
  },
  {
    does: "list with every filter and a page",
    run: Sessions.list({
      userId: "user_1",
      clientId: "client_1",
      status: "active",
      limit: 500,
      offset: 1000
    }),
    answer: wire.page,
    line: "GET /v1/sessions?user_id=user_1&client_id=client_1&status=active&limit=500&offset=1000&paginated=true"
  },
  {
    does: "list with an offset of 0, which is sent like every other offset",
    run: Sessions.list({ userId: "user_1", limit: 1, offset: 0 }),
    answer: wire.page,
    line: "GET /v1/sessions?user_id=user_1&limit=1&offset=0&paginated=true"
  },
  {
    does: "list with undefined filters, which are not sent",
    run: Sessions.list({ userId: "user_1", clientId: undefined, status: undefined, limit: undefined }),
    answer: wire.page,
    line: "GET /v1/sessions?user_id=user_1&paginated=true"
  },
  {
    does: "create",
    run: Sessions.create({ userId: "user_1" }),
    answer: wire.session,
    line: "POST /v1/sessions",
    body: { user_id: "user_1" }
  },
  {
    does: "create in an organization",
    run: Sessions.create({ userId: "user_1", activeOrganizationId: "org_1" }),
    answer: wire.session,
    line: "POST /v1/sessions",
    body: { user_id: "user_1", active_organization_id: "org_1" }
  },
  {
    does: "get",
    run: Sessions.get("sess_1"),
    answer: wire.session,
    line: "GET /v1/sessions/sess_1"
  },
  {
    does: "refresh to a token, by default",
    run: Sessions.refresh("sess_1", refreshParams),
    answer: wire.token,
    line: "POST /v1/sessions/sess_1/refresh",
    body: {
      expired_token: refreshParams.expiredToken,
      refresh_token: refreshParams.refreshToken,
      request_origin: refreshParams.requestOrigin
    }
  },
  {
    does: "refresh to a token, with every parameter",
    run: Sessions.refresh("sess_1", { ...everyRefreshParameter, format: "token", suffixedCookies: true }),
    answer: wire.token,
    line: "POST /v1/sessions/sess_1/refresh?suffixed_cookies=true",
    body: { ...everyRefreshField, format: "token" }
  },
  {
    does: "refresh to cookies without suffix, with secrets that are Redacted",
    run: Sessions.refresh("sess_1", {
      ...everyRefreshParameter,
      expiredToken: Redacted.make(refreshParams.expiredToken),
      refreshToken: Redacted.make(refreshParams.refreshToken),
      format: "cookie",
      suffixedCookies: false
    }),
    answer: wire.cookies,
    line: "POST /v1/sessions/sess_1/refresh?suffixed_cookies=false",
    body: { ...everyRefreshField, format: "cookie" }
  },
  {
    does: "revoke",
    run: Sessions.revoke("sess_1"),
    answer: wire.session,
    line: "POST /v1/sessions/sess_1/revoke"
  },
  {
    does: "verify without a token",
    run: Sessions.verify("sess_1"),
    answer: wire.session,
    line: "POST /v1/sessions/sess_1/verify",
    version: "2025-03-12"
  },
  {
    does: "verify with a token",
    run: Sessions.verify("sess_1", { token: Redacted.make(wire.token.jwt) }),
    answer: wire.session,
    line: "POST /v1/sessions/sess_1/verify",
    body: { token: wire.token.jwt },
    version: "2025-03-12"
  },
  {
    does: "createToken",
    run: Sessions.createToken("sess_1"),
    answer: wire.token,
    line: "POST /v1/sessions/sess_1/tokens"
  },
  {
    does: "createToken that expires in a minute",
    run: Sessions.createToken("sess_1", { expiresIn: "1 minute" }),
    answer: wire.token,
    line: "POST /v1/sessions/sess_1/tokens",
    body: { expires_in_seconds: 60 }
  },
  {
    does: "createTokenFromTemplate",
    run: Sessions.createTokenFromTemplate("sess_1", "supabase-2_A"),
    answer: wire.token,
    line: "POST /v1/sessions/sess_1/tokens/supabase-2_A"
  },
  {
    does: "createTokenFromTemplate that expires in ten years",
    run: Sessions.createTokenFromTemplate("sess_1", "supabase", { expiresIn: "3650 days" }),
    answer: wire.token,
    line: "POST /v1/sessions/sess_1/tokens/supabase",
    body: { expires_in_seconds: 315_360_000 }
  }
]

describe("the request of each operation", () => {
  it("is tested for all of them", () => {
    const lines = new Set(cases.map(({ line }) => line.replace(/\?.*/, "").replace(/supabase.*/, "supabase")))
    const expected = operations.map(({ method, path }) => `${method} /v1/${path.join("/")}`)
    expect([...lines].sort()).toEqual([...expected].sort())
  })

  it.live.each(cases.map((each) => [each.does, each] as const))(
    "%s",
    ([, { run, answer, line, body, version }]) =>
      Effect.gen(function* () {
        const server = yield* loopback(json(answer))
        yield* Effect.provide(run, layer(server.url))
        expect(server.received).toHaveLength(1)
        const [request] = server.received
        if (request === undefined) return
        expect(`${request.method} ${request.url}`).toBe(line)
        expect(ownHeaders(request)).toEqual({
          ...commonHeaders,
          ...(version === undefined ? undefined : { "clerk-api-version": version }),
          ...(body === undefined ? undefined : { "content-type": "application/json" })
        })
        const names = request.rawHeaders
          .filter((_, index) => index % 2 === 0)
          .map((name) => name.toLowerCase())
        expect(names.length, "no header is sent twice").toBe(new Set(names).size)
        if (body === undefined) {
          expect(request.body).toBe("")
          expect(request.headers["content-length"]).toBe(request.method === "POST" ? "0" : undefined)
        } else {
          expect(JSON.parse(request.body)).toEqual(body)
          expect(request.headers["content-length"]).toBe(String(Buffer.byteLength(request.body)))
        }
      })
  )
})

describe("the API version", () => {
  const versionsSent = (apiVersion: string) =>
    Effect.gen(function* () {
      const server = yield* loopback((response, request) => {
        const line = `${request.method} ${request.url.replace(/\?.*/, "")}`
        const asked = operations.find(({ method, path }) => `${method} /v1/${path.join("/")}` === line)
        json(asked?.answer)(response, request)
      })
      for (const { run } of operations) yield* Effect.provide(run, layer(server.url, apiVersion))
      return server.received.map(({ headers }) => headers["clerk-api-version"])
    })

  it.live("is the client's, except for verify, which only an old version has", () =>
    Effect.gen(function* () {
      expect(yield* versionsSent("2025-04-10")).toEqual(
        operations.map(({ name }) => (name === "Sessions.verify" ? "2025-03-12" : "2025-04-10"))
      )
      expect(yield* versionsSent("2024-10-01")).toEqual(
        operations.map(({ name }) => (name === "Sessions.verify" ? "2025-03-12" : "2024-10-01"))
      )
    })
  )
})

describe("tracing", () => {
  const traceHeaders = (request: Received | undefined) =>
    Object.keys(request?.headers ?? {}).filter((name) => /^(traceparent|tracestate|b3|x-b3-)/.test(name))

  it.live("sends no trace headers to Clerk, although the platform's client would", () =>
    Effect.gen(function* () {
      const server = yield* loopback(json(wire.session))
      yield* HttpClient.get(server.url).pipe(
        Effect.scoped,
        Effect.provide(FetchHttpClient.layer),
        Effect.withSpan("plain")
      )
      yield* Sessions.get("sess_1").pipe(Effect.provide(layer(server.url)), Effect.withSpan("ours"))
      yield* Sessions.createToken("sess_1").pipe(
        Effect.ignore,
        Effect.provide(layer(server.url)),
        Effect.withSpan("ours, with a body-less post")
      )
      expect(server.received.map(traceHeaders)).toEqual([["b3", "traceparent"], [], []])
    })
  )
})
