import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type ClerkHttp, Operation } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { decodingText, described, record, structWithKeys } from "#test/schema.js"
import { describe, expect, it } from "#test/vitest.js"
import { isFaultRetryable, isIdempotent, isStatusRetryable } from "../../src/core/call/retry.js"
import { withPollutedPrototype } from "../support/pollution.js"
import { untyped } from "../support/requests.js"

const Thing = Schema.Struct({ id: Schema.String })

const good = { name: "Things.get", method: "GET", path: "/things/{id}", kind: "read", success: Thing }

type Call = (input?: unknown) => Effect.Effect<unknown, unknown, ClerkHttp>

/** `Operation.make` for a caller without types. */
const make = (declaration: unknown): Call => Reflect.apply(Operation.make, undefined, [declaration])

const messageOf = (declaration: unknown): string => {
  try {
    make(declaration)
  } catch (thrown) {
    if (thrown instanceof TypeError) return thrown.message
    throw thrown
  }
  return "accepted"
}

const without = (part: string) => Object.fromEntries(Object.entries(good).filter(([name]) => name !== part))

const path = (text: unknown) => messageOf({ ...good, path: text })

describe("Operation.make accepts", () => {
  it.each([
    "/things",
    "/things/{id}",
    "/things/{thing_id}/parts/{part2}",
    "/oauth_applications/{id}/rotate-secret",
    "/a.b/~c/d-e_f",
    "/{a}/{b}/{c}"
  ])("the path %s", (text) => expect(path(text)).toBe("accepted"))

  it("every method, kind, status and optional part", () => {
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"]) {
      for (const kind of ["read", "idempotent", "once"]) {
        expect(messageOf({ ...good, method, kind, errors: [404, 409, 410, 422] })).toBe("accepted")
      }
    }
    const Body = structWithKeys({ secret: Schema.optional(Schema.String) }, { secret: "the_secret" })
    for (const body of [Body, record(Schema.String)]) {
      expect(
        messageOf({
          ...good,
          method: "POST",
          body,
          query: Schema.Struct({}),
          errors: undefined,
          apiVersion: "2025-03-12",
          responseId: "id",
          confirm: { path: "/things/{id}/state", isDone: () => true },
          secrets: ["the_secret"]
        })
      ).toBe("accepted")
    }
    class Model extends Schema.Class<Model>("Model")({ id: Schema.String }) {}
    for (const success of [Model, Schema.Void, Schema.Unknown, Schema.Array(Thing)]) {
      expect(messageOf({ ...good, success })).toBe("accepted")
    }
    expect(messageOf(Object.assign(Object.create(null), good))).toBe("accepted")
  })
})

describe("Operation.make throws, naming the mistake, for", () => {
  const title = 'Operation.make("Things.get"):'
  const braces = 'path must have each parameter in a segment of its own, as in "/users/{id}"'
  const characters =
    "path must consist of letters, digits and - . _ ~ between its slashes (a query is declared as query)"
  const name = 'Operation.make: name must be 1 to 128 characters on one line, as in "Users.ban"'
  const kind = `${title} kind must be one of "read", "idempotent", "once"`
  const method = `${title} method must be one of "GET", "POST", "PUT", "PATCH", "DELETE"`
  const errors = `${title} errors must be an array of 404, 409, 410, 422`
  const parts =
    "the parts are name, method, path, kind, success, errors, query, body, apiVersion, responseId, confirm, secrets"

  const cases: ReadonlyArray<readonly [message: string, declaration: unknown]> = [
    ["Operation.make: the declaration must be an object; it is undefined", undefined],
    ["Operation.make: the declaration must be an object; it is null", null],
    ['Operation.make: the declaration must be an object; it is "Things.get"', "Things.get"],
    ["Operation.make: the declaration must be an object; it is []", []],

    [`${name}; it is undefined`, without("name")],
    [`${name}; it is ""`, { ...good, name: "" }],
    [`${name}; it is "  "`, { ...good, name: "  " }],
    [`${name}; it is "a\\nb"`, { ...good, name: "a\nb" }],
    [`${name}; it is 5`, { ...good, name: 5 }],

    [`${kind}; it is undefined`, { ...without("kind"), method: "POST" }],
    [`${kind}; it is "Once"`, { ...good, method: "POST", kind: "Once" }],
    [`${kind}; it is "write"`, { ...good, kind: "write" }],
    [`${kind}; it is null`, { ...good, kind: null }],
    [`${kind}; it is ["read"]`, { ...good, kind: ["read"] }],
    [`${kind}; it is "constructor"`, { ...good, kind: "constructor" }],

    [`${method}; it is undefined`, without("method")],
    [`${method}; it is "get"`, { ...good, method: "get" }],
    [`${method}; it is "HEAD"`, { ...good, method: "HEAD" }],

    [`${title} path must start with "/"; it is undefined`, without("path")],
    [`${title} path must start with "/"; it is "things"`, { ...good, path: "things" }],
    [`${title} path must start with "/"; it is ""`, { ...good, path: "" }],
    [
      `${title} path must start with "/"; it is "https://api.clerk.com/things"`,
      { ...good, path: "https://api.clerk.com/things" }
    ],
    [
      `${title} path must not start with /v1, which the client adds; it is "/v1/things"`,
      { ...good, path: "/v1/things" }
    ],
    ...["/", "//", "/things/", "/things//{id}"].map(
      (each) =>
        [
          `${title} path must have no empty segment, and no / at its end; it is "${each}"`,
          { ...good, path: each }
        ] as const
    ),
    ...["/../x", "/./x", "/things/..", "/."].map(
      (each) =>
        [`${title} path must have no segment . or ..; it is "${each}"`, { ...good, path: each }] as const
    ),
    ...[
      "/{}",
      "/{id",
      "/id}",
      "/x{id}",
      "/{id}.json",
      "/{{id}}",
      "/{id}{name}",
      "/{a b}",
      "/{a-b}",
      "/{__proto__}",
      "/}{"
    ].map((each) => [`${title} ${braces}; it is "${each}"`, { ...good, path: each }] as const),
    [
      `${title} path must have the parameter id only once; it is "/{id}/{id}"`,
      { ...good, path: "/{id}/{id}" }
    ],
    [
      `${title} path must have the parameter id only once; it is "/a/{id}/b/{other}/{id}"`,
      { ...good, path: "/a/{id}/b/{other}/{id}" }
    ],
    ...["/a?b=c", "/a#b", "/a b", "/ä", "/a%20b", "/a:b", "/a@b", "/a;b", "/a\\\\b", "/%2e%2e/x"].map(
      (each) =>
        [`${title} ${characters}; it is "${each}"`, { ...good, path: each.replace("\\\\", "\\") }] as const
    ),

    [`${title} success must be a Schema of effect; it is undefined`, without("success")],
    [
      `${title} success must be a Schema of effect; it is a value of type object`,
      { ...good, success: { id: "string" } }
    ],
    [
      `${title} success must be a Schema of effect; it is a value of type function`,
      { ...good, success: String }
    ],
    [`${title} query must be a Schema of effect; it is a value of type object`, { ...good, query: {} }],
    [`${title} body must be a Schema of effect; it is null`, { ...good, method: "POST", body: null }],
    [
      `${title} body must be left out: a GET request has none; it is a value of type function`,
      { ...good, body: Thing }
    ],

    [`${errors}; it is ["404"]`, { ...good, errors: ["404"] }],
    [`${errors}; it is [999]`, { ...good, errors: [999] }],
    [`${errors}; it is [404, 500]`, { ...good, errors: [404, 500] }],
    [`${errors}; it is 404`, { ...good, errors: 404 }],
    [`${errors}; it is a value of type object`, { ...good, errors: new Set([404]) }],
    [`${errors}; it is null`, { ...good, errors: null }],

    [
      `${title} apiVersion must be a date such as 2026-05-12; it is "latest"`,
      { ...good, apiVersion: "latest" }
    ],
    [
      `${title} responseId must be a parameter of the path ("id"); it is "name"`,
      { ...good, responseId: "name" }
    ],
    [
      `${title} responseId must be a parameter of the path (it has none); it is "id"`,
      { ...good, path: "/things", responseId: "id" }
    ],
    [`${title} confirm must be an object; it is "/things"`, { ...good, confirm: "/things" }],
    [
      `${title} confirm.path must start with "/"; it is undefined`,
      { ...good, confirm: { isDone: () => true } }
    ],
    [
      `${title} confirm.isDone must be a function; it is true`,
      { ...good, confirm: { path: "/things", isDone: true } }
    ],
    [
      `${title} confirm.path must have no parameter that path has not; it is "/{other}"`,
      { ...good, confirm: { path: "/{other}", isDone: () => true } }
    ],
    [
      `${title} confirm must have nothing but path and isDone; it is ["hold"]`,
      { ...good, confirm: { path: "/things", isDone: () => true, hold: 1 } }
    ],
    [
      `${title} secrets must be an array of fields of the encoded body or query (it has none); it is ["token"]`,
      { ...good, secrets: ["token"] }
    ],
    [
      `${title} secrets must be an array of fields of the encoded body or query ("id"); it is ["Id"]`,
      { ...good, method: "POST", body: Thing, secrets: ["Id"] }
    ],
    [
      `${title} secrets must be an array of fields of the encoded body or query ("nonce"); it is ["Nonce"]`,
      { ...good, query: Schema.Struct({ nonce: Schema.String }), secrets: ["Nonce"] }
    ],
    ...[
      ["erors", "; did you mean errors?"],
      ["retries", ""],
      ["Kind", "; did you mean kind?"],
      ["__proto__", ""]
    ].map(
      ([part, hint]) =>
        [
          `${title} ${part} is not a part of a declaration; ${parts}${hint}`,
          JSON.parse(`{"name":"Things.get","${part}":1}`)
        ] as const
    ),
    [
      `${title} *** is not a part of a declaration; ${parts}`,
      { name: "Things.get", sk_live_in_the_wrong_place: 1 }
    ]
  ]

  it.each(cases)("%s", (message, declaration) => expect(messageOf(declaration)).toBe(message))

  it("parts that are only inherited, which the operation would ignore", () => {
    const inherited = "must be set on the object itself, not inherited"
    expect(messageOf(Object.create(good))).toBe(`${name}; it is undefined`)
    class Inherited {
      readonly name = "Things.get"
      readonly method = "POST"
      readonly path = "/things"
      readonly success = Thing
      get kind() {
        return "idempotent"
      }
    }
    expect(messageOf(new Inherited())).toBe(`${title} kind ${inherited}`)
    // Without `secrets` an error of the operation would show a credential.
    const secret = { ...good, method: "POST", body: Thing }
    expect(messageOf(Object.assign(Object.create({ secrets: ["id"] }), secret))).toBe(
      `${title} secrets ${inherited}`
    )
  })

  it.effect("a kind that every object inherits", () =>
    Effect.sync(() => messageOf({ ...without("kind"), method: "POST" })).pipe(
      withPollutedPrototype({ kind: "idempotent" }),
      Effect.map((message) => expect(message).toBe(`${kind}; it is undefined`))
    )
  )

  it("no later change of the declaration, because the operation keeps a copy", () => {
    const declaration = { ...good, path: "/things" }
    const call = make(declaration)
    declaration.path = "/../x"
    return Effect.runPromise(
      Effect.gen(function* () {
        yield* call({})
        yield* ClerkTest.expectRequests([{ operation: untyped("Things.get"), path: "/things" }])
      }).pipe(Effect.provide(ClerkTest.layer(ClerkTest.json(200, { id: "1" }))))
    )
  })

  it("no later change of a list, because the operation keeps the errors and the secrets", () => {
    const errors = [404]
    const secrets = ["id"]
    const call = make({
      ...good,
      path: "/things",
      method: "POST",
      kind: "once",
      body: Thing,
      errors,
      secrets
    })
    errors.pop()
    secrets.pop()
    const id = "credential-of-a-user"
    return Effect.runPromise(
      Effect.gen(function* () {
        const error = yield* Effect.flip(call({ body: { id } }))
        expect(error).toMatchObject({ _tag: "ClerkNotFound", errors: [{ message: "no such thing: ***" }] })
      }).pipe(
        Effect.provide(
          ClerkTest.layer(ClerkTest.json(404, { errors: [{ message: `no such thing: ${id}` }] }))
        )
      )
    )
  })
})

describe("the retry table", () => {
  it("never retries an operation of unknown kind", () => {
    for (const unknown of ["Once", "", "toString", undefined, null, 5]) {
      const kind: Operation.Kind = untyped(unknown)
      expect(isIdempotent(kind)).toBe(false)
      for (const status of [408, 429, 500, 502, 503, 504, 520]) {
        expect(isStatusRetryable(kind, status)).toBe(false)
      }
      for (const sent of ["no", "maybe"] as const) {
        for (const reason of ["refused", "reset", "dns"] as const) {
          expect(isFaultRetryable(kind, reason, sent)).toBe(false)
        }
      }
    }
  })
})

describe("a schema that waits", () => {
  const waiting = Schema.Struct({
    id: decodingText((text) => Effect.delay(Effect.succeed(text), "1 millis"))
  })

  it.effect("is a decoding error of a response, without the value", () =>
    Effect.gen(function* () {
      const get = make({ ...good, path: "/things", success: waiting })
      const respond = ClerkTest.layer(() => ClerkTest.json(200, { id: "canary" }))
      const error = yield* Effect.flip(Effect.provide(get({}), respond))
      expect(error).toMatchObject({ _tag: "ClerkDecodeError", reason: "schema" })
      expect(`${error} ${JSON.stringify(error)}`).not.toContain("canary")
    })
  )
})

describe("the input of a declared operation", () => {
  const response = ClerkTest.json(200, { id: "1" })

  const rename = make({
    name: "Things.rename",
    method: "POST",
    path: "/things/{id}/parts/{part}",
    kind: "once",
    query: Schema.Struct({ force: Schema.optional(Schema.Boolean) }),
    body: Schema.Struct({ name: described(Schema.String, "a name") }),
    success: Thing
  })
  const list = make({ ...good, path: "/things" })
  const valid = { path: { id: "1", part: "2" }, query: {}, body: { name: "x" } }
  const id = "1 to 128 letters, digits, underscores or hyphens"
  const takes = "is not a part of this operation's input, which takes"

  it.effect.each([
    ["path", `paht ${takes} path, query, body`, rename, { ...valid, path: undefined, paht: valid.path }],
    ["query", `querry ${takes} path, query, body; did you mean query?`, rename, { ...valid, querry: {} }],
    [
      "body beside a body",
      `Body ${takes} path, query, body; did you mean body?`,
      rename,
      { ...valid, Body: {} }
    ],
    ["absent value", `paht ${takes} path, query, body`, rename, { ...valid, paht: undefined }],
    ["part that is not declared", `body ${takes} path`, make(good), { path: { id: "1" }, body: {} }],
    ["query that is not declared", `query ${takes} nothing`, list, { query: { limit: 5 } }],
    ["path without parameters", `path ${takes} nothing`, list, { path: {} }],
    ["id without its part", `id ${takes} path`, make(good), { id: "1" }],
    [
      "parameter",
      "ID is not a parameter of this operation; did you mean id?",
      rename,
      { ...valid, path: { ID: "1", part: "2" } }
    ],
    [
      "parameter too many",
      "other is not a parameter of this operation",
      rename,
      { ...valid, path: { ...valid.path, other: "3" } }
    ],
    [
      "parameter that is a secret",
      "*** is not a parameter of this operation",
      rename,
      { ...valid, path: { ...valid.path, sk_live_in_the_wrong_place: "3" } }
    ],
    [
      "part that is a secret",
      `*** ${takes} path, query, body`,
      rename,
      { ...valid, sk_live_in_the_wrong_place: 1 }
    ],
    ["parameter that is missing", `part must be given: ${id}`, rename, { ...valid, path: { id: "1" } }],
    [
      "parameter that is undefined",
      `part must be ${id}`,
      rename,
      { ...valid, path: { id: "1", part: undefined } }
    ],
    ["path that is missing", `id must be given: ${id}`, make(good), {}],
    ["input that is missing", `id must be given: ${id}`, make(good), undefined],
    ["path that is a text", "path must be an object", make(good), { path: "1" }],
    ["path that is an array", "path must be an object", make(good), { path: ["1"] }],
    ["path that is null", "path must be an object", make(good), { path: null }],
    ["input that is a text", "input must be an object", make(good), "1"],
    ["input that is an array", "input must be an object", make(good), [{ id: "1" }]],
    ["body that is missing", "body must be an object", rename, { path: valid.path, query: {} }],
    [
      "field of the query",
      "forse is not a parameter of this operation; did you mean force?",
      rename,
      { ...valid, query: { forse: true } }
    ],
    [
      "field of the body",
      "nmae is not a parameter of this operation",
      rename,
      { ...valid, body: { name: "x", nmae: 1 } }
    ],
    ["field of the body that is missing", "name must be given: a name", rename, { ...valid, body: {} }]
  ] as const)("with a wrong %s is rejected: %s", ([, message, call, input]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(call(input))
      expect(error).toMatchObject({ _tag: "ClerkInvalidRequest", attempts: 0 })
      const { field, rule }: { readonly field?: unknown; readonly rule?: unknown } = Object(error)
      expect(`${field} ${rule}`).toBe(message)
      expect(yield* ClerkTest.requests).toEqual([])
    }).pipe(Effect.provide(ClerkTest.layer(response)))
  )

  it.effect("with undefined for an undeclared part, or without input, is sent", () =>
    Effect.gen(function* () {
      for (const input of [undefined, {}, { path: undefined, query: undefined, body: undefined }]) {
        yield* list(input)
      }
      yield* rename(valid)
      const sent = yield* ClerkTest.requests
      expect(sent.map(({ path }) => path.join("/"))).toEqual([
        "things",
        "things",
        "things",
        "things/1/parts/2"
      ])
    }).pipe(Effect.provide(ClerkTest.layer(response)))
  )

  it.effect("that every object inherits is not sent", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        Effect.suspend(() => make(good)({})).pipe(withPollutedPrototype({ path: { id: "evil" } }))
      )
      expect(error).toMatchObject({ _tag: "ClerkInvalidRequest", field: "id" })
    }).pipe(Effect.provide(ClerkTest.layer(response)))
  )
})
