import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Operation, Sessions } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { describe, expect, it } from "#test/vitest.js"
import { defectOf } from "../support/exits.js"

/** An input of another type than the declared one, as from JavaScript. */
// Sound in a test that is about invalid input.
const wrong = (input: unknown) => input as never

const active = ClerkTest.json(200, ClerkTest.session())

const names =
  // prose-ignore sentence: the list of names is long by design
  "the name of an operation: Sessions.list, Sessions.create, Sessions.get, Sessions.refresh, Sessions.revoke, Sessions.verify, Sessions.createToken, Sessions.createTokenFromTemplate, Users.setPasswordCompromised, SigningKeys.jwks, Clients.getHandshakePayload, or a name of your own that begins with neither Sessions. nor SigningKeys."

describe("a function of the test kit", () => {
  const cases: ReadonlyArray<readonly [string, () => unknown, string]> = [
    [
      "a route",
      () => ClerkTest.routes({ "Sessions.gett": active }),
      `routes: Sessions.gett must be ${names}`
    ],
    [
      "a route of the keys",
      () => ClerkTest.routes({ "SigningKeys.jwk": active }),
      `routes: SigningKeys.jwk must be ${names}`
    ],
    [
      "a route in small letters",
      () => ClerkTest.routes({ "sessions.get": active }),
      `routes: sessions.get must be ${names}`
    ],
    [
      "the response of a route",
      () => ClerkTest.routes({ "Sessions.get": wrong(404) }),
      "routes: Sessions.get must be a response, an effect, a function of the request, or a script"
    ],
    [
      "a route's response",
      () => ClerkTest.routes({ "Sessions.get": wrong({ status: 200, body: "{}" }) }),
      "routes: Sessions.get.headers is missing: an object of header names and values"
    ],
    [
      "routes",
      () => ClerkTest.routes(wrong([active])),
      "routes: the input must be an object of operations and responses"
    ],
    ["a sequence", () => ClerkTest.sequence(wrong(active)), "sequence: the responses must be an array"],
    [
      "a response in a sequence",
      () => ClerkTest.sequence([active, wrong("503")]),
      "sequence: responses.1 must be a response, an effect, a function of the request"
    ],
    [
      "a script in a sequence",
      () => ClerkTest.sequence([wrong(ClerkTest.sequence([active]))]),
      "sequence: responses.0 must be a response or a function, not a script"
    ],
    [
      "an option of a sequence",
      () => ClerkTest.sequence([active], wrong({ fallbak: active })),
      "sequence: fallbak is not a field; the fields are fallback"
    ],
    [
      "the end of a sequence",
      () => ClerkTest.sequence([active], { fallback: wrong({}) }),
      "sequence: fallback.status is missing: a whole number from 100 to 999; fallback.headers is missing"
    ],
    ["a fault", () => ClerkTest.fault(wrong("rest")), 'fault: reason must be "dns" or "refused"'],
    [
      "the sent field of a fault",
      () => ClerkTest.fault("reset", wrong("yes")),
      'fault: sent must be "no" or "maybe"'
    ],
    ["a status", () => ClerkTest.json(20, {}), "json: status must be a whole number from 100 to 999"],
    [
      "a status that is a text",
      () => ClerkTest.json(wrong("200"), {}),
      "json: status must be a whole number from 100 to 999"
    ],
    [
      "a header's name",
      () => ClerkTest.json(200, {}, { "a b": "1" }),
      "json: headers.a b must be a header name"
    ],
    [
      "a header's value",
      () => ClerkTest.text(200, "", { a: "1\r\nb: 2" }),
      "text: headers.a must be a header value of printable ASCII characters"
    ],
    ["a text", () => ClerkTest.text(200, wrong({})), "text: body must be a string"],
    [
      "an option of an error response",
      () => ClerkTest.errorResponse(429, "x", wrong({ header: {} })),
      "errorResponse: header is not a field; the fields are message, longMessage, traceId, meta, headers"
    ],
    [
      "a session's field",
      () => ClerkTest.session(wrong({ userId: "user_1" })),
      "session: userId is not a field; the fields are object, id, user_id"
    ],
    [
      "a delay",
      () => ClerkTest.delayed("-1 second", active),
      "delayed: duration must be a duration of at most 36,500 days"
    ],
    [
      "a delayed response",
      () => ClerkTest.delayed("1 second", wrong(200)),
      "delayed: the response must be a response"
    ]
  ]
  it.each(cases)("throws at once, and names the invalid input: %s", (_, make, message) => {
    expect(make).toThrow(`ClerkTest: ${message}`)
  })

  it("writes the names of headers in lower case, as the client reads them", () => {
    expect(ClerkTest.errorResponse(429, "x", { headers: { "Retry-After": "2" } }).headers).toEqual({
      "content-type": "application/json",
      "retry-after": "2"
    })
  })

  it("turns undefined into an empty body", () => {
    expect(ClerkTest.json(204, undefined).body).toBe("")
  })
})

describe("a layer of the test kit", () => {
  const cases: ReadonlyArray<readonly [string, () => ReturnType<typeof ClerkTest.layer>, string]> = [
    [
      "an option",
      () => ClerkTest.layer(active, wrong({ polcy: {} })),
      "layer: polcy is not a field; the fields are policy"
    ],
    [
      "null",
      () => ClerkTest.layer(wrong(null)),
      "layer: the responses must be a response, an effect, a function of the request, or a script"
    ],
    [
      "a table",
      () => ClerkTest.layer(wrong({ "Sessions.get": active })),
      "layer: the responses must not be a table of operations: make a script of it with ClerkTest.routes"
    ],
    [
      "a response with a misspelt field",
      () => ClerkTest.layer(wrong({ ...active, haeders: {} })),
      "layer: the responses.haeders is not a field; the fields are status, headers, body"
    ],
    [
      "a response with a header in capitals",
      () => ClerkTest.layer({ ...active, headers: { "Retry-After": "2" } }),
      "layer: the responses.headers.Retry-After must be a header name in lower case"
    ]
  ]
  it.effect.each(cases)("dies with a defect that names the invalid input: %s", ([, make, message]) =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(Effect.provide(Sessions.get("sess_1"), make()))
      expect(String(defectOf(exit))).toContain(`ClerkTest: ${message}`)
    })
  )

  it.effect("whose function returns no response dies with the name of the operation", () =>
    Effect.gen(function* () {
      for (const given of [undefined, 404, () => active, { "Sessions.get": active }]) {
        const layer = ClerkTest.layer(() => wrong(given))
        const exit = yield* Effect.exit(Effect.provide(Sessions.get("sess_1"), layer))
        expect(String(defectOf(exit))).toContain("ClerkTest: the result of a function for Sessions.get must")
      }
    })
  )
})

describe("an expectation", () => {
  const cases: ReadonlyArray<readonly [unknown, string]> = [
    [["Sessions.gett"], `expected.0.operation must be ${names}`],
    [["Sessions.get", { operation: "SigningKeys.jwk" }], `expected.1.operation must be ${names}`],
    [
      [{ operation: "Sessions.get", params: {} }],
      "expected.0.params is not a field; the fields are operation, method, path, query, body, apiVersion"
    ],
    [
      [{ operation: "Sessions.get", method: "get" }],
      "expected.0.method must be an HTTP method in capital letters"
    ],
    [[{ operation: "Sessions.get", path: 7 }], "expected.0.path must be"],
    [[{ operation: "Sessions.get", query: { a: null } }], "expected.0.query.a must be"],
    [[{}], "expected.0.operation is missing"],
    [[7], "expected.0 must be an object"],
    ["Sessions.get", "expected must be an array of requests or names of operations"],
    [undefined, "expected must be an array of requests or names of operations"]
  ]
  it.effect.each(cases)(
    "that always passes or always fails is a defect that names it: %j",
    ([expected, message]) =>
      Effect.gen(function* () {
        yield* Sessions.get("sess_1")
        const exit = yield* Effect.exit(ClerkTest.expectRequests(wrong(expected)))
        expect(String(defectOf(exit))).toContain(`ClerkTest: expectRequests: ${message}`)
      }).pipe(Effect.provide(ClerkTest.layer(active)))
  )
})

describe("a custom operation", () => {
  const ban = Operation.make({
    name: "Users.ban",
    method: "POST",
    path: "/users/{id}/ban",
    kind: "idempotent",
    success: Schema.Struct({ banned: Schema.Boolean })
  })

  it.effect("has responses and expectations under its own name", () =>
    Effect.gen(function* () {
      expect(yield* ban({ path: { id: "user_1" } })).toEqual({ banned: true })
      yield* Sessions.get("sess_1")
      yield* ClerkTest.expectRequests(["Users.ban", { operation: "Sessions.get" }])
    }).pipe(
      Effect.provide(
        ClerkTest.layer(
          ClerkTest.routes({ "Users.ban": ClerkTest.json(200, { banned: true }), "Sessions.get": active })
        )
      )
    )
  )
})
