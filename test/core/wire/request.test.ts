import { describe, expect, it } from "#test/vitest.js"
import type { ClerkRequest } from "../../../src/core/model.js"
import { makeRedactor } from "../../../src/core/redaction/redact.js"
import { type Api, wireRequests, withoutSecrets } from "../../../src/core/wire/request.js"
import { untyped } from "../../support/requests.js"

const secretKey = "sk_test_CanaryKey7Qm2xVb9Tz4Lw8"

const api: Api = {
  baseUrl: "https://api.example.com/v1",
  origin: "https://api.example.com",
  maxResponseBytes: 1_000,
  caller: { secretKey, apiVersion: "2026-05-12" }
}

const requestWith = (fields: Partial<ClerkRequest>): ClerkRequest => ({
  operation: "Sessions.get",
  method: "GET",
  path: ["sessions", "sess_1"],
  ...fields
})

const invalid = { _tag: "ClerkTransportError", fields: { reason: "invalid-request", sent: "no" } }

describe("wireRequests", () => {
  it("builds a request without a body", () => {
    expect(
      wireRequests(api)(requestWith({ query: { limit: 5, paginated: true, status: undefined } }))
    ).toEqual({
      method: "GET",
      url: "https://api.example.com/v1/sessions/sess_1?limit=5&paginated=true",
      headers: {
        accept: "application/json",
        "user-agent": expect.stringMatching(/^effect-clerk\//),
        authorization: `Bearer ${secretKey}`,
        "clerk-api-version": "2026-05-12"
      },
      body: undefined
    })
  })

  it("builds a request with a body and its own API version", () => {
    const request = requestWith({ method: "POST", body: { user_id: "user_1" }, apiVersion: "2025-03-12" })
    expect(wireRequests(api)(request)).toMatchObject({
      headers: { "content-type": "application/json", "clerk-api-version": "2025-03-12" },
      body: '{"user_id":"user_1"}'
    })
  })

  it("adds no secret to a request to an open API", () => {
    const { caller: _, ...open } = api
    expect(wireRequests(open)(requestWith({ apiVersion: "2025-03-12" }))).toMatchObject({
      headers: { accept: "application/json", "user-agent": expect.any(String) }
    })
    expect(JSON.stringify(wireRequests(open)(requestWith({})))).not.toMatch(/authorization|clerk-api-version/)
  })

  it("encodes the segments of a path", () => {
    expect(wireRequests(api)(requestWith({ path: ["a b", "c/d?e#f", "é"] }))).toMatchObject({
      url: "https://api.example.com/v1/a%20b/c%2Fd%3Fe%23f/%C3%A9"
    })
  })

  it.each([[[]], [[""]], [["."]], [["sessions", ".."]], [["sessions", "", "x"]], [["\ud800"]]])(
    "fails with invalid-request for the path %j",
    (path) => {
      expect(wireRequests(api)(requestWith({ path }))).toEqual(invalid)
    }
  )

  it("fails with invalid-request for a body that is not JSON, and does not quote it", () => {
    const cyclic: { self?: unknown } = {}
    cyclic.self = cyclic
    expect(wireRequests(api)(requestWith({ body: cyclic }))).toEqual(invalid)
    expect(wireRequests(api)(requestWith({ body: 1n }))).toEqual(invalid)
  })

  it("ignores inherited members of a request", () => {
    const request: ClerkRequest = Object.assign(
      Object.create({ body: { polluted: true }, query: { polluted: true }, apiVersion: "1999-01-01" }),
      requestWith({})
    )
    expect(wireRequests(api)(request)).toEqual(wireRequests(api)(requestWith({})))
  })

  it("fails with invalid-request for a request without a path", () => {
    expect(wireRequests(api)(untyped({ method: "GET" }))).toEqual(invalid)
  })
})

describe("withoutSecrets", () => {
  const redactor = makeRedactor([secretKey])
  const responseWith = (status: number, body: string) => ({
    status,
    headers: { "x-echo": `Bearer ${secretKey}` },
    body
  })

  it.each([200, 201, 202, 204])("returns a response with status %i unchanged", (status) => {
    const response = responseWith(status, secretKey)
    expect(withoutSecrets(response, redactor)).toBe(response)
  })

  it("removes the secret from the headers and the body of an error response", () => {
    expect(withoutSecrets(responseWith(502, `key ${secretKey} is wrong`), redactor)).toEqual({
      status: 502,
      headers: { "x-echo": "Bearer ***" },
      body: "key *** is wrong"
    })
  })

  it("keeps a JSON body valid", () => {
    const body = JSON.stringify({ errors: [{ code: "a", message: `quoted "${secretKey}" twice` }] })
    const clean = withoutSecrets(responseWith(401, body), redactor).body
    expect(JSON.parse(clean)).toEqual({ errors: [{ code: "a", message: 'quoted "***" twice' }] })
  })

  it("empties a body of more than 32,768 characters", () => {
    expect(withoutSecrets(responseWith(500, "x".repeat(32_769)), redactor).body).toBe("")
    expect(withoutSecrets(responseWith(500, "x".repeat(32_768)), redactor).body).toHaveLength(32_768)
  })
})
