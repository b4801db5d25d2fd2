import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import {
  ClerkAccessDenied,
  ClerkBadRequest,
  ClerkConfigError,
  ClerkConflict,
  ClerkDecodeError,
  ClerkError,
  ClerkForbidden,
  ClerkGone,
  ClerkInvalidRequest,
  ClerkKeysUnavailable,
  ClerkNotFound,
  ClerkRateLimited,
  ClerkServerError,
  ClerkTimeout,
  ClerkTokenError,
  ClerkTransportError,
  ClerkUnauthorized,
  ClerkUnexpectedStatus,
  ClerkUnprocessableEntity,
  ClerkWebhookError
} from "effect-clerk"
import * as FastCheck from "fast-check"
import { arbitraryOf } from "#test/arbitrary.js"
import { isKey } from "#test/context.js"
import { utc } from "#test/dateTime.js"
import { type Codec, identifierOf } from "#test/schema.js"
import { describe, expect, it } from "#test/vitest.js"
import { packageExports } from "../support/modules.js"

const call = {
  operation: "Sessions.get",
  method: "GET",
  path: "/sessions/{id}",
  attempts: 2,
  retryable: true
}

const said = [{ code: "resource_not_found", message: "Session not found", meta: { param_name: "id" } }]

const time = (iso: string): DateTime.Utc => utc(iso)

const statusClasses = [
  [ClerkBadRequest, 400],
  [ClerkUnauthorized, 401],
  [ClerkForbidden, 403],
  [ClerkNotFound, 404],
  [ClerkConflict, 409],
  [ClerkGone, 410],
  [ClerkUnprocessableEntity, 422],
  [ClerkRateLimited, 429],
  [ClerkServerError, 503],
  [ClerkUnexpectedStatus, 302]
] as const

/** For each class, one error with all fields and one with the required fields only. */
const full: ReadonlyArray<ClerkError> = [
  ...statusClasses.map(
    ([Class, status]) =>
      new Class({
        ...call,
        status,
        errors: said,
        traceId: "trace_1",
        retryAfter: Duration.seconds(3),
        retryBudgetExhausted: true
      })
  ),
  new ClerkInvalidRequest({ ...call, field: "id", rule: "must be an id" }),
  new ClerkTransportError({ ...call, reason: "reset", sent: "maybe", retryBudgetExhausted: true }),
  new ClerkTimeout({ ...call, phase: "deadline", sent: "maybe", lastFailure: "ClerkRateLimited" }),
  new ClerkDecodeError({
    ...call,
    reason: "schema",
    issues: [{ path: "user_id", expected: "a string" }],
    traceId: "trace_1"
  }),
  new ClerkConfigError({ setting: "secretKey", variable: "CLERK_SECRET_KEY", rule: "is missing" }),
  new ClerkTokenError({
    reason: "exp",
    expiresAt: time("2026-03-01T12:01:00.250Z"),
    notBefore: time("2026-03-01T11:59:50Z"),
    issuedAt: time("2026-03-01T12:00:00Z"),
    checkedAt: time("2026-03-01T12:02:00Z"),
    clockSkew: Duration.seconds(5),
    actual: ["https://other.example.com"],
    expected: ["https://app.example.com"],
    issues: [{ path: "fva", expected: "two ages in minutes" }]
  }),
  new ClerkKeysUnavailable({
    reason: "failing",
    failure: "ClerkServerError",
    retryAfter: Duration.seconds(30),
    retryable: true
  }),
  new ClerkAccessDenied({ missing: ["active", "role", "reverification"] }),
  new ClerkWebhookError({
    reason: "timestamp",
    header: "svix-timestamp",
    sentAt: time("2026-03-01T12:00:00Z"),
    checkedAt: time("2026-03-01T12:05:01.250Z"),
    issues: [{ path: "user_id", expected: "a string" }]
  })
]

const bare: ReadonlyArray<ClerkError> = [
  ...statusClasses.map(([Class, status]) => new Class({ status, errors: [] })),
  new ClerkInvalidRequest({ field: "id", rule: "must be an id" }),
  new ClerkTransportError({ reason: "dns", sent: "no" }),
  new ClerkTimeout({ phase: "attempt", sent: "maybe" }),
  new ClerkDecodeError({ reason: "empty" }),
  new ClerkConfigError({ setting: "policy.maxAttempts", rule: "must be a whole number" }),
  new ClerkTokenError({ reason: "signature" }),
  new ClerkKeysUnavailable({ reason: "rejected", retryable: false }),
  new ClerkAccessDenied({ missing: [] }),
  new ClerkWebhookError({ reason: "signature" })
]

type ErrorClass = Codec<Error, object> & { readonly name: string }

const isErrorClass = (value: unknown): value is ErrorClass =>
  typeof value === "function" && value.prototype instanceof Error && Schema.isSchema(value)

/**
 * The error classes of the library, in any file. The errors of the test kit are about tests, not about Clerk. The
 * boundaries of the majors re-export errors of Effect.
 */
const errorClasses = Effect.map(packageExports, (exports) => [
  ...new Set(
    exports
      .filter(([where]) => !/^(?:testing|effect\d)\//.test(where))
      .map(([, value]) => value)
      .filter(isErrorClass)
  )
])

/** The class of an error as the schema it also is. */
const schemaOf = (error: object): ErrorClass => {
  if (!isErrorClass(error.constructor)) throw new Error("not an error of this library")
  return error.constructor
}

describe("every error", () => {
  it.effect("has a sample in this file", () =>
    Effect.gen(function* () {
      const names = (yield* errorClasses).map(({ name }) => name).sort()
      expect(names.filter((name) => ![...full].some(({ _tag }) => _tag === name))).toEqual([])
      expect(names.length).toBeGreaterThanOrEqual(18)
    })
  )

  it.effect("has a bare name of its own, which is its tag and its identifier too", () =>
    Effect.gen(function* () {
      const classes = yield* errorClasses
      expect(new Set(classes.map(({ name }) => name)).size).toBe(classes.length)
      for (const Class of classes) {
        expect(Class.name).toMatch(/^Clerk[A-Z][A-Za-z]+$/)
        expect(Reflect.get(Class, "identifier")).toBe(Class.name)
      }
      for (const error of [...full, ...bare]) expect(error._tag).toBe(error.constructor.name)
    })
  )

  it("is its encoded form and its message in JSON", () => {
    for (const error of [...full, ...bare]) {
      const json: unknown = JSON.parse(JSON.stringify(error))
      expect(json).toStrictEqual({
        ...JSON.parse(JSON.stringify(Schema.encodeSync(schemaOf(error))(error))),
        message: error.message
      })
      expect(json).toMatchObject({ _tag: error._tag, message: error.message })
    }
  })

  it.effect("is the same after encoding and decoding, with any fields", () =>
    Effect.gen(function* () {
      for (const Class of yield* errorClasses) {
        const encode = Schema.encodeSync(Class)
        const decode = Schema.decodeSync(Class)
        FastCheck.assert(
          FastCheck.property(arbitraryOf(Class), (error) => {
            const encoded = encode(error)
            const decoded = decode(encoded)
            expect(decoded).toBeInstanceOf(Class)
            expect(decoded.message).toBe(error.message)
            expect(encode(decoded)).toEqual(encoded)
            expect(ClerkError.is(decoded)).toBe(true)
          }),
          { numRuns: 25 }
        )
      }
      for (const error of [...full, ...bare]) {
        const Class = schemaOf(error)
        expect({ ...Schema.decodeSync(Class)(Schema.encodeSync(Class)(error)) }).toStrictEqual({ ...error })
      }
    })
  )

  it.effect("fails the effect that yields it, and is caught by its tag", () =>
    Effect.gen(function* () {
      for (const error of full) {
        const failing: Effect.Effect<never, ClerkError> = Effect.gen(function* () {
          return yield* error
        })
        expect(yield* Effect.exit(failing)).toStrictEqual(Exit.fail(error))
        const caught = yield* Effect.catchTag(failing, error._tag, (each) => Effect.succeed(each.message))
        expect(caught).toBe(error.message)
      }
    })
  )

  it("is an Error with a name, a stack and no cause", () => {
    for (const error of [...full, ...bare]) {
      expect(error).toBeInstanceOf(Error)
      expect(error.name).toBe(error._tag)
      expect(String(error)).toBe(`${error._tag}: ${error.message}`)
      expect(error.stack).toContain(error.message)
      expect(error.cause).toBeUndefined()
    }
  })

  it("can be made without knowledge of the call", () => {
    for (const error of bare) {
      if (!("operation" in error)) continue
      const { attempts, method, operation, path, retryable } = error
      expect({ attempts, method, operation, path, retryable }).toEqual({
        operation: "ClerkHttp.execute",
        method: "",
        path: "",
        attempts: 1,
        retryable: false
      })
    }
    expect(bare.filter((error) => !("operation" in error)).map(({ _tag }) => _tag)).toEqual([
      "ClerkConfigError",
      "ClerkTokenError",
      "ClerkKeysUnavailable",
      "ClerkAccessDenied",
      "ClerkWebhookError"
    ])
  })
})

describe("the message of", () => {
  const status = (fields: object) =>
    new ClerkNotFound({ operation: "Sessions.get", status: 404, errors: [], ...fields }).message
  const decode = (fields: object) =>
    new ClerkDecodeError({ operation: "Sessions.get", reason: "schema", ...fields }).message
  const timeout = (fields: object) =>
    new ClerkTimeout({ operation: "Sessions.get", phase: "attempt", sent: "maybe", ...fields }).message
  const issues = ["a", "b", "c", "d", "e"].map((path) => ({ path, expected: "a string" }))

  for (const [name, message, expected] of [
    ["a status without a list of errors", status({}), "Sessions.get: 404"],
    [
      "a status with Clerk's message",
      status({ errors: said, traceId: "8f" }),
      "Sessions.get: 404 resource_not_found: Session not found (trace 8f)"
    ],
    ["a status with a code only", status({ errors: [{ code: "conflict" }] }), "Sessions.get: 404 conflict"],
    [
      "a status with a long message only",
      status({ errors: [{ longMessage: "No such session." }] }),
      "Sessions.get: 404: No such session."
    ],
    [
      "a status with several errors",
      status({ errors: [...said, {}, {}] }),
      "Sessions.get: 404 resource_not_found: Session not found (and 2 more)"
    ],
    [
      "an invalid parameter",
      new ClerkInvalidRequest({ operation: "Sessions.list", field: "limit", rule: "must be small" }).message,
      "Sessions.list: limit must be small"
    ],
    [
      "a request that was not sent",
      new ClerkTransportError({ operation: "Sessions.get", reason: "dns", sent: "no" }).message,
      "Sessions.get: no response from Clerk (dns): the host name could not be resolved; check apiUrl and the resolver. The request was not sent."
    ],
    [
      "a proxy that rejects the connection",
      new ClerkTransportError({
        operation: "Sessions.get",
        reason: "proxy-rejected",
        sent: "no",
        proxyStatus: 407
      }).message,
      "Sessions.get: no response from Clerk (proxy-rejected): your proxy rejected the connection; check its credentials, its rules and its certificate; the proxy responded with status 407. The request was not sent."
    ],
    [
      "a connection that broke",
      new ClerkTransportError({ operation: "Sessions.get", reason: "reset", sent: "maybe" }).message,
      "Sessions.get: no response from Clerk (reset): the connection was reset. Clerk may have received and processed the request."
    ],
    [
      "an attempt that took too long",
      timeout({ limit: Duration.seconds(10) }),
      "Sessions.get: attempt 1 got no response within 10s (timeout of one attempt)"
    ],
    [
      "a call that took too long",
      timeout({
        phase: "deadline",
        attempts: 3,
        limit: Duration.seconds(30),
        lastFailure: "ClerkRateLimited"
      }),
      "Sessions.get: not complete within 30s (deadline), 3 attempts made. The attempt before failed with ClerkRateLimited"
    ],
    [
      "a call whose limit is not known",
      timeout({ phase: "deadline" }),
      "Sessions.get: not complete in time (deadline), 1 attempt made"
    ],
    [
      "a call that a rate limiter does not admit in time",
      timeout({ phase: "admission", attempts: 0, sent: "no", limit: Duration.seconds(5) }),
      "Sessions.get: not admitted by the rate limiter within 5s (admission), 0 attempts made"
    ],
    [
      "a response without a body",
      decode({ reason: "empty" }),
      "Sessions.get: the response has no body. Expected application/json from Clerk: check apiUrl, and proxies on the way"
    ],
    [
      "a page of a proxy",
      decode({ reason: "content-type", status: 200, contentType: "text/html" }),
      "Sessions.get: the response is not declared as JSON: received status 200, content type text/html. Expected application/json from Clerk: check apiUrl, and proxies on the way"
    ],
    [
      "a response without a content type",
      decode({ reason: "json", status: 201 }),
      "Sessions.get: the response body is not valid JSON: received status 201, content type missing or invalid. Expected application/json from Clerk: check apiUrl, and proxies on the way"
    ],
    [
      "a body that is too large",
      decode({ reason: "oversize", maxResponseBytes: 8_388_608 }),
      "Sessions.get: the response body is too large: more than maxResponseBytes (8388608 bytes)"
    ],
    [
      "a response about another session",
      decode({ reason: "id-mismatch", expectedId: "sess_1", receivedId: "sess_2" }),
      "Sessions.get: the response describes another resource: expected id sess_1, received id sess_2"
    ],
    [
      "a response about nothing that has an id",
      decode({ reason: "id-mismatch", expectedId: "sess_1" }),
      "Sessions.get: the response describes another resource: expected id sess_1, received no valid id"
    ],
    [
      "a redirect",
      new ClerkUnexpectedStatus({ operation: "Sessions.get", status: 302, errors: [] }).message,
      "Sessions.get: 302: a redirect, which the client does not follow; check that apiUrl is https://api.clerk.com"
    ],
    [
      "a response with another structure",
      decode({
        issues: [
          { path: "user_id", expected: "a string" },
          { path: "", expected: "an object" }
        ]
      }),
      "Sessions.get: the response does not match the schema of the operation: user_id: expected a string; the body: expected an object"
    ],
    [
      "a response with many issues",
      decode({ issues }),
      // prose-ignore sentence: the list of issues is long by design
      "Sessions.get: the response does not match the schema of the operation: a: expected a string; b: expected a string; c: expected a string (and 2 more)"
    ],
    [
      "a setting",
      new ClerkConfigError({ setting: "apiUrl", rule: "must be a URL" }).message,
      "apiUrl must be a URL"
    ],
    [
      "a setting from the environment",
      new ClerkConfigError({ setting: "apiUrl", variable: "CLERK_API_URL", rule: "must be a URL" }).message,
      "CLERK_API_URL (apiUrl) must be a URL"
    ]
  ] as const) {
    it(`${name} is clear`, () => expect(message).toBe(expected))
  }
})

describe("ClerkError", () => {
  it("distinguishes its own errors from other values", () => {
    for (const error of [...full, ...bare]) expect(ClerkError.is(error)).toBe(true)
    for (const other of [new Error("x"), { _tag: "ClerkNotFound" }, "ClerkNotFound", null, undefined]) {
      expect(ClerkError.is(other)).toBe(false)
      expect(ClerkError.isRetryable(other)).toBe(false)
      expect(ClerkError.hasCode(other, "conflict")).toBe(false)
    }
  })

  it("is retryable for exactly the errors with the field set", () => {
    const never = ["ClerkConfigError", "ClerkTokenError", "ClerkAccessDenied", "ClerkWebhookError"]
    for (const error of full) expect(ClerkError.isRetryable(error)).toBe(!never.includes(error._tag))
    for (const error of bare) expect(ClerkError.isRetryable(error)).toBe(false)
    expect(ClerkError.isRetryable({ retryable: true })).toBe(false)
  })

  it("finds a code at any place in the list", () => {
    const error = new ClerkConflict({ status: 409, errors: [{}, { code: "resource_locked" }] })
    expect(ClerkError.hasCode(error, "resource_locked")).toBe(true)
    expect(ClerkError.hasCode(error, "conflict")).toBe(false)
    expect(ClerkError.hasCode(new ClerkTimeout({ phase: "deadline", sent: "no" }), "conflict")).toBe(false)
  })
})

describe("the package's names", () => {
  it.effect("are one to a service", () =>
    Effect.gen(function* () {
      const published = (yield* packageExports).filter(([where]) => !/^(?:runtime|effect\d)\//.test(where))
      const tags = [...new Set(published.map(([, value]) => value))].filter(isKey)
      const keys = tags.map(({ key }) => key)
      expect(keys).toContain("effect-clerk/services/ClerkHttp")
      expect(new Set(keys).size).toBe(keys.length)
      for (const key of keys) expect(key).toMatch(/^effect-clerk\/[a-z-]+\/[A-Z][A-Za-z]+$/)
    })
  )

  it.effect("are one to a schema, and fit to name a component in an OpenAPI document", () =>
    Effect.gen(function* () {
      const byName = new Map<string, Set<unknown>>()
      for (const [, value] of yield* packageExports) {
        if (!Schema.isSchema(value)) continue
        const identifier = isErrorClass(value) ? value.name : identifierOf(value)
        if (identifier === undefined || !identifier.startsWith("Clerk")) continue
        byName.set(identifier, (byName.get(identifier) ?? new Set()).add(value))
      }
      const shared = [...byName].filter(([, schemas]) => schemas.size > 1).map(([name]) => name)
      expect(shared).toEqual([])
      expect([...byName.keys()]).toEqual(expect.arrayContaining(["ClerkSession", "ClerkNotFound"]))
      for (const name of byName.keys()) expect(name).toMatch(/^[A-Za-z0-9]+$/)
    })
  )
})
