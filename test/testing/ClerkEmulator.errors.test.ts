import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as fc from "fast-check"
import { describe, expect, it } from "#test/vitest.js"
import { ClerkEmulator } from "../../src/testing/ClerkEmulator.js"
import { ask, outcome, signedIn } from "./ClerkEmulator.support.js"

describe("the secret key", () => {
  it.effect("is checked first", () =>
    Effect.gen(function* () {
      const { clerk, session } = yield* signedIn()
      const revoke = (authorization: string | undefined) =>
        outcome(clerk, `POST /v1/sessions/${session.id}/revoke`, { headers: { authorization } })
      expect(yield* revoke(undefined)).toBe("401 authorization_header_format_invalid")
      expect(yield* revoke("")).toBe("401 authorization_header_format_invalid")
      expect(yield* revoke("Bearer ")).toBe("401 authorization_header_format_invalid")
      expect(yield* revoke("Basic sk_test_emulator")).toBe("401 authorization_header_format_invalid")
      expect(yield* revoke("Bearer sk_test_emulator twice")).toBe("401 authorization_header_format_invalid")
      expect(yield* revoke("Bearer sk_test_other")).toBe("401 clerk_key_invalid")
      expect((yield* clerk.sessions)[0]?.status).toBe("active")
      expect(
        yield* outcome(clerk, "GET /nowhere", { headers: { authorization: undefined }, version: "1" })
      ).toBe("401 authorization_header_format_invalid")
      expect(yield* outcome(clerk, "GET /v1/jwks", { headers: { authorization: "Bearer x" } })).toBe(
        "401 clerk_key_invalid"
      )
    })
  )

  it.effect("is the one the emulator was made with, in a header of any case", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make({ secretKey: Redacted.make("sk_test_mine") })
      expect(yield* outcome(clerk, "GET /v1/jwks")).toBe("401 clerk_key_invalid")
      const { status } = yield* clerk.handle({
        method: "GET",
        url: "https://api.clerk.com/v1/jwks",
        headers: { Authorization: "Bearer sk_test_mine" },
        body: ""
      })
      expect(status).toBe(200)
    })
  )
})

describe("the API version", () => {
  it.effect("may be absent, which means the oldest one, and must not be unknown", () =>
    Effect.gen(function* () {
      const { clerk, session } = yield* signedIn()
      const get = (version: string | undefined) =>
        ask(clerk, `GET /v1/sessions/${session.id}`, { headers: { "clerk-api-version": version } })
      expect((yield* get(undefined)).json).not.toHaveProperty("tasks")
      for (const version of [
        "2021-02-05",
        "2024-10-01",
        "2025-03-12",
        "2025-04-10",
        "2025-11-10",
        "2026-05-12"
      ]) {
        expect((yield* get(version)).status, version).toBe(200)
      }
      for (const version of ["", "2026-05-13", "latest"]) {
        const { json, status } = yield* get(version)
        expect([status, json.errors[0]?.code], version).toEqual([400, "api_version_invalid"])
      }
    })
  )
})

describe("the route", () => {
  it.effect("is rejected when it is unknown", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      for (const path of [
        "/sessions/sess_1",
        "/v1",
        "/v1/sesions",
        "/v1/sessions/",
        "/v1/sessions//revoke",
        "/v1/sessions/a/b/c/d",
        "/v2/jwks"
      ]) {
        const { json, status } = yield* ask(clerk, `GET ${path}`)
        expect([status, json.errors[0]?.code, json.errors[0]?.long_message], path).toEqual([
          404,
          "resource_not_found",
          "Resource not found"
        ])
      }
    })
  )

  it.effect("of Clerk that the emulator does not serve gets 501 with the name of the endpoint", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      for (const line of [
        "GET /v1/users",
        "GET /v1/users/user_1",
        "PATCH /v1/users/user_1/metadata",
        "GET /v1/organizations",
        "POST /v1/clients/verify",
        "POST /v1/invitations"
      ]) {
        const { json, status } = yield* ask(clerk, line)
        expect([status, json.errors[0]], line).toEqual([
          501,
          {
            code: "emulator_endpoint_not_served",
            message: "The emulator does not serve this endpoint",
            long_message: `The emulator does not serve ${line}. GET / lists the endpoints that it serves.`,
            meta: {}
          }
        ])
      }
      const { json } = yield* ask(clerk, "GET /v1/users/sk_test_emulator")
      expect(json.errors[0]?.long_message).toContain("GET /v1/users/***.")
    })
  )

  it.effect("of the Frontend API that the emulator does not serve gets 501 without a key", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      for (const path of [
        "/v1/client",
        "/v1/client/sign_ins",
        "/v1/environment",
        "/v1/me",
        "/npm/clerk.js"
      ]) {
        const { body, headers, status } = yield* clerk.handle({
          method: "GET",
          url: `${path}?_method=PATCH`,
          headers: {},
          body: ""
        })
        expect([path, status, headers["access-control-allow-origin"]]).toEqual([path, 501, "*"])
        expect(body).toContain(`The emulator does not serve GET ${path}. `)
      }
      // The Backend API still checks the key first.
      const { status } = yield* clerk.handle({ method: "GET", url: "/v1/users", headers: {}, body: "" })
      expect(status).toBe(401)
    })
  )

  it.effect("is in the list of GET / if the emulator serves it", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      const { json } = yield* ask(clerk, "GET /")
      expect(json).toMatchObject({
        endpoints: expect.arrayContaining([
          "GET /v1/jwks",
          "GET /.well-known/jwks.json",
          "POST /v1/sessions/{session_id}/revoke",
          "GET /v1/client/handshake"
        ])
      })
    })
  )

  it.effect("is rejected for another method", () =>
    Effect.gen(function* () {
      const { clerk, session } = yield* signedIn()
      for (const line of [
        "DELETE /v1/sessions",
        "POST /v1/jwks",
        `PATCH /v1/sessions/${session.id}`,
        `GET /v1/sessions/${session.id}/revoke`,
        "PUT /v1/sessions/x/tokens/y"
      ]) {
        expect(yield* outcome(clerk, line), line).toBe("405 method_not_allowed")
      }
    })
  )
})

describe("the body", () => {
  it.effect("is rejected when it is not a JSON object", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      for (const text of ["{", "[]", '"text"', "7", "user_id=1"]) {
        expect(yield* outcome(clerk, "POST /v1/sessions", { text }), text).toBe("400 request_body_invalid")
      }
    })
  )

  it.effect("is rejected when it is not declared as JSON", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      const { id } = yield* clerk.createUser()
      const create = (contentType: string | undefined) =>
        outcome(clerk, "POST /v1/sessions", {
          body: { user_id: id },
          headers: { "content-type": contentType }
        })
      expect(yield* create("text/plain;charset=UTF-8")).toBe("415 unsupported_content_type")
      expect(yield* create(undefined)).toBe("415 unsupported_content_type")
      expect(yield* create("application/json; charset=utf-8")).toBe("200")
    })
  )

  it.effect("is rejected over a mebibyte, counted in bytes", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      const create = (text: string) => outcome(clerk, "POST /v1/sessions", { text })
      const padded = (filler: string, bytes: number) =>
        `{"user_id":"${filler.repeat((bytes - 14) / new TextEncoder().encode(filler).length)}"}`
      expect(yield* create(padded("a", 1_048_576))).toBe("404 resource_not_found")
      expect(yield* create(padded("a", 1_048_577))).toBe("413 request_body_too_large")
      expect(yield* create(padded("é", 1_048_578))).toBe("413 request_body_too_large")
    })
  )

  it.effect("is ignored when it is null or when the request is a GET", () =>
    Effect.gen(function* () {
      const { clerk, session } = yield* signedIn()
      expect(yield* outcome(clerk, `POST /v1/sessions/${session.id}/tokens`, { text: "null" })).toBe("200")
      expect(yield* outcome(clerk, `GET /v1/sessions/${session.id}`, { text: "{" })).toBe("200")
    })
  )
})

describe("a response", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(
      "",
      "/",
      "%",
      "..",
      "null",
      "{}",
      "http://[",
      "//",
      "sess_1",
      "__proto__",
      "constructor",
      "sk_test_emulator",
      "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"
    )
  )
  const segment = fc.constantFrom("v1", "sessions", "tokens", "refresh", "verify", "revoke", "jwks")
  const field = fc.constantFrom(
    "user_id",
    "token",
    "expires_in_seconds",
    "expired_token",
    "refresh_token",
    "request_origin",
    "format",
    "__proto__"
  )
  const request = fc.record({
    method: fc.oneof(fc.constantFrom("GET", "POST", "post"), text),
    url: fc.oneof(
      text,
      fc.array(fc.oneof(segment, text), { maxLength: 6 }).map((parts) => `/${parts.join("/")}`),
      fc
        .tuple(fc.constantFrom("", "/s", "/s/refresh", "/s/verify", "/s/tokens", "/s/tokens/t"), text)
        .map(([path, query]) => `/v1/sessions${path}?${query}`)
    ),
    headers: fc.record({
      authorization: fc.oneof(
        { weight: 9, arbitrary: fc.constant("Bearer sk_test_emulator") },
        { weight: 1, arbitrary: text }
      ),
      "clerk-api-version": fc.constantFrom("2026-05-12", "2025-03-12", undefined),
      "content-type": fc.constantFrom("application/json", "text/plain", undefined)
    }),
    body: fc.oneof(
      text,
      fc.json(),
      fc.dictionary(field, fc.oneof(text, fc.jsonValue())).map((body) => JSON.stringify(body))
    )
  })

  it("is sent to every request, always with the envelope, and never shows a secret", () =>
    fc.assert(
      fc.asyncProperty(request, (request) =>
        Effect.gen(function* () {
          const clerk = yield* ClerkEmulator.make()
          const { body, headers, status } = yield* clerk.handle(request)
          // The emulator itself responds to a health check, not Clerk.
          if (JSON.parse(body).name === "effect-clerk-emulator") return
          expect([200, 400, 401, 404, 405, 415, 422]).toContain(status)
          expect(headers["clerk-trace-id"]).toMatch(/^[0-9a-f]{32}$/)
          const json = JSON.parse(body)
          if (status !== 200) {
            expect(json.clerk_trace_id).toBe(headers["clerk-trace-id"])
            expect(Object.keys(json.errors[0]).sort()).toEqual(["code", "long_message", "message", "meta"])
          }
          expect(body).not.toContain("sk_test_")
          expect(body).not.toContain("eyJhbGci")
        }).pipe(Effect.runPromise)
      ),
      { numRuns: 1000 }
    ))
})
