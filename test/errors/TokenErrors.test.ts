import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import {
  ClerkAccessDenied,
  ClerkKeysUnavailable,
  ClerkNotFound,
  ClerkRateLimited,
  ClerkTokenError,
  ClerkUnauthorized,
  Session
} from "effect-clerk"
import { utc } from "#test/dateTime.js"
import { componentOf, get, HttpApi, HttpApiGroup, OpenApi } from "#test/httpApi.js"
import { type AnyCodec, annotated } from "#test/schema.js"
import { describe, expect, it } from "#test/vitest.js"
import { httpApiStatus } from "../../src/errors/errorClass.js"

const time = (iso: string): DateTime.Utc => utc(iso)

const expired = new ClerkTokenError({
  reason: "exp",
  expiresAt: time("2026-03-01T12:01:00Z"),
  issuedAt: time("2026-03-01T12:00:00Z"),
  checkedAt: time("2026-03-01T14:01:05.250+02:00"),
  clockSkew: Duration.seconds(5)
})

const token = (fields: ConstructorParameters<typeof ClerkTokenError>[0]) =>
  new ClerkTokenError(fields).message
const keys = (fields: ConstructorParameters<typeof ClerkKeysUnavailable>[0]) =>
  new ClerkKeysUnavailable(fields).message
const paths = ["a", "b", "c", "d"].map((path) => ({ path, expected: "a string" }))

describe("the message of", () => {
  for (const [name, message, expected] of [
    [
      "an expired token",
      expired.message,
      "Token rejected (exp): it expired at 2026-03-01T12:01:00.000Z, and the clock here reads 2026-03-01T12:01:05.250Z"
    ],
    [
      "an expiry that is no time",
      token({ reason: "exp" }),
      "Token rejected (exp): its expiry (exp) is missing or not a valid time"
    ],
    [
      "a token that is not valid yet",
      token({ reason: "nbf", notBefore: time("2026-03-01T12:00:00Z") }),
      "Token rejected (nbf): it is valid from 2026-03-01T12:00:00.000Z"
    ],
    [
      "a token from the future",
      token({ reason: "iat", issuedAt: time("2026-03-01T12:00:00Z") }),
      "Token rejected (iat): it was issued at 2026-03-01T12:00:00.000Z"
    ],
    [
      "a forged token",
      token({ reason: "signature" }),
      "Token rejected (signature): its signature does not match the key; check that token and key are of one instance"
    ],
    [
      "another party's token",
      token({
        reason: "azp",
        actual: ["https://c.example"],
        expected: ["https://a.example", "https://b.example"]
      }),
      "Token rejected (azp): its authorized party (azp) is missing or not accepted by authorizedParties (expected https://a.example or https://b.example; received https://c.example)"
    ],
    [
      "a token whose claims are wrong in many places",
      token({ reason: "claims", issues: paths }),
      "Token rejected (claims): its claims do not match the schema (a: expected a string; b: expected a string; c: expected a string)"
    ],
    [
      "a token whose claims are wrong as a whole",
      token({ reason: "claims", issues: [{ path: "", expected: "a team" }] }),
      "Token rejected (claims): its claims do not match the schema (the claims: expected a team)"
    ],
    [
      "a request without a token",
      token({ reason: "missing" }),
      "No session token in the request (missing): send a bearer token in the Authorization header, or the session cookie where the server reads cookies"
    ],
    [
      "keys that are temporarily unavailable",
      keys({
        reason: "failing",
        failure: "ClerkServerError",
        retryAfter: Duration.seconds(30),
        retryable: true
      }),
      "Signing keys unavailable (failing): Clerk responded with 429 or 5xx (ClerkServerError) (retry after 30 s)"
    ],
    [
      "keys that are permanently unavailable",
      keys({ reason: "rejected", retryable: false }),
      "Signing keys unavailable (rejected): Clerk rejected the request; check the secret key"
    ],
    [
      "a denial",
      new ClerkAccessDenied({ missing: ["active", "role"] }).message,
      "Access denied: the session lacks an active session (it is pending: the user has tasks to complete), the required role"
    ],
    [
      "a denial for want of a requirement",
      new ClerkAccessDenied({ missing: [] }).message,
      "Access denied: no known requirement was given. Require a role, permission, feature, plan or reverification"
    ]
  ] as const) {
    it(`${name} is clear`, () => expect(message).toBe(expected))
  }
})

describe("an expired token", () => {
  it("differs from one with an invalid expiry, since a new token helps", () => {
    expect(expired.isExpired).toBe(true)
    expect(new ClerkTokenError({ reason: "exp" }).isExpired).toBe(false)
    expect(new ClerkTokenError({ reason: "nbf", expiresAt: time("2026-03-01T12:00:00Z") }).isExpired).toBe(
      false
    )
  })

  it("has its times in JSON in the form they are encoded in", () => {
    expect(JSON.parse(JSON.stringify(expired))).toStrictEqual({
      _tag: "ClerkTokenError",
      reason: "exp",
      expiresAt: "2026-03-01T12:01:00.000Z",
      issuedAt: "2026-03-01T12:00:00.000Z",
      checkedAt: "2026-03-01T12:01:05.250Z",
      clockSkew: 5_000,
      message: expired.message
    })
  })
})

const statuses = [
  [ClerkTokenError, 401],
  [ClerkKeysUnavailable, 503],
  [ClerkAccessDenied, 403]
] as const

describe("in an HttpApi", () => {
  const documentOf = (errors: ReadonlyArray<AnyCodec>) =>
    OpenApi.fromApi(
      HttpApi.make("api").add(
        HttpApiGroup.make("sessions").add(get("mine", "/sessions/mine", Session, errors))
      )
    )
  const { components, paths } = documentOf([
    ClerkTokenError,
    ClerkKeysUnavailable,
    ClerkAccessDenied,
    ClerkNotFound,
    ClerkRateLimited
  ])
  const statusesOf = (error: AnyCodec) =>
    Object.keys(documentOf([error]).paths["/sessions/mine"]?.get?.responses ?? {})
      .filter((status) => status !== "200" && status !== "400")
      .map(Number)

  for (const [Class, status] of statuses) {
    it(`${Class.name} goes out as ${status}`, () => {
      expect(statusesOf(Class)).toEqual([status])
      expect(paths["/sessions/mine"]?.get?.responses[status]?.content?.["application/json"]?.schema).toEqual({
        $ref: `#/components/schemas/${componentOf(Class.name)}`
      })
    })
  }

  it("the status is under the annotation key of the platform", () => {
    expect(Reflect.ownKeys(httpApiStatus(418))).toHaveLength(1)
    expect(statusesOf(annotated(Schema.String, httpApiStatus(418)))).toEqual([418])
  })

  it("the response of Clerk to the server is not sent to its caller", () => {
    for (const Class of [ClerkUnauthorized, ClerkNotFound, ClerkRateLimited]) {
      expect(statusesOf(Class)).toEqual([500])
    }
  })

  it("each error is a component of an OpenAPI document under its own name", () => {
    const names = Object.keys(components.schemas)
    for (const [Class] of statuses)
      expect(names.filter((name) => name.startsWith(Class.name))).toEqual([componentOf(Class.name)])
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9]+$/)
  })
})
