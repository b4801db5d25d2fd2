import ts from "typescript"
import { assert, describe, it } from "#test/vitest.js"
import { editorFor } from "../support/compiler.js"

const head = `
import { Redacted, Schema } from "effect"
import { Authorization, ClerkHttp, Operation, RequestPolicy, Sessions, SessionTokens } from "effect-clerk"
import { Authenticator, ClerkAuth, ClerkAuthOptional, ClerkAuthRequiring, ClerkRouter } from "effect-clerk/http-api"
const secretKey = Redacted.make("sk_test_x")
class Admins extends ClerkAuthRequiring<Admins>()("Admins", { role: "org:admin" }) {}
`

/** A type of three tokens and an origin is too long to be read in a message. */
const refresh = (fields: string) =>
  `Sessions.refresh("s", { expiredToken: "a", refreshToken: "b", ${fields} })`

const noOverload = "No overload matches this call."

/** The first overload names the missing property. The others follow in the same way. */
const missingParties = (call: string) => [
  noOverload,
  `  Overload 1 of 3, '${call}', gave the following error.`,
  "    Argument of type '{}' is not assignable to parameter of type 'CookieAuthOptions'.",
  "      Property 'authorizedParties' is missing in type '{}' but required in type 'CookieAuthOptions'."
]

const missingOwner = (result: string) => [
  noOverload,
  `  Overload 1 of 3, '(params: ListByUser): ${result}', gave the following error.`,
  "    Argument of type '{}' is not assignable to parameter of type 'ListByUser'.",
  "      Property 'userId' is missing in type '{}' but required in type 'ListByUser'.",
  `  Overload 2 of 3, '(params: ListByClient): ${result}', gave the following error.`,
  "    Argument of type '{}' is not assignable to parameter of type 'ListByClient'.",
  "      Property 'clientId' is missing in type '{}' but required in type 'ListByClient'.",
  `  Overload 3 of 3, '(params: ListParams): ${result}', gave the following error.`,
  "    Argument of type '{}' is not assignable to parameter of type 'ListParams'."
]

const misspelt = (name: string, type: string, meant: string) =>
  `Object literal may only specify known properties, but '${name}' does not exist in type '${type}'. Did you mean to write '${meant}'?`

/** A mistake, and the lines with which the compiler's message begins. */
const mistakes: ReadonlyArray<readonly [code: string, message: ReadonlyArray<string>]> = [
  ["Sessions.list({})", missingOwner("Op<SessionPage, ListError>")],
  ["Sessions.stream({})", missingOwner("Stream<Session, ListError, ClerkHttp>")],
  ["Sessions.list()", ["Expected 1 arguments, but got 0."]],
  [
    'Sessions.create({ activeOrganizationId: "org_1" })',
    [
      "Argument of type '{ activeOrganizationId: string; }' is not assignable to parameter of type 'CreateParams'.",
      "  Property 'userId' is missing in type '{ activeOrganizationId: string; }' but required in type 'CreateParams'."
    ]
  ],
  [
    "Sessions.create({})",
    [
      "Argument of type '{}' is not assignable to parameter of type 'CreateParams'.",
      "  Property 'userId' is missing in type '{}' but required in type 'CreateParams'."
    ]
  ],
  ['Sessions.create({ userid: "user_1" })', [misspelt("userid", "CreateParams", "userId")]],
  [
    'Sessions.createToken("s", { expiresin: "5 minutes" })',
    [misspelt("expiresin", "CreateTokenOptions", "expiresIn")]
  ],
  [
    "ClerkAuth.layer({})",
    missingParties("(options: CookieAuthOptions): Layer<ClerkAuth, ClerkConfigError, SigningKeys>")
  ],
  [
    "ClerkAuthOptional.layer({})",
    missingParties("(options: CookieAuthOptions): Layer<ClerkAuthOptional, ClerkConfigError, SigningKeys>")
  ],
  [
    "Admins.layer({})",
    missingParties("(options: CookieAuthOptions): Layer<Admins, ClerkConfigError, SigningKeys>")
  ],
  [
    "ClerkRouter.signedIn({})",
    missingParties("(options: CookieAuthOptions): AuthMiddleware<CurrentSession>")
  ],
  [
    "ClerkRouter.optional({})",
    missingParties("(options: CookieAuthOptions): AuthMiddleware<OptionalSession>")
  ],
  [
    'ClerkRouter.requiring({ role: "org:admin" }, {})',
    missingParties("(requirements: Requirements, options: CookieAuthOptions): AuthMiddleware<CurrentSession>")
  ],
  [
    'ClerkRouter.requiring({ rol: "org:admin" }, { cookies: false })',
    [
      noOverload,
      "  Overload 1 of 3, '(requirements: Requirements, options: CookieAuthOptions): AuthMiddleware<CurrentSession>', gave the following error.",
      `    ${misspelt("rol", "Requirements", "role")}`
    ]
  ],
  ...["layerFetch", "layer"].map(
    (name) =>
      [
        `ClerkHttp.${name}({})`,
        [
          "Argument of type '{}' is not assignable to parameter of type 'ClerkHttpOptions'.",
          "  Property 'secretKey' is missing in type '{}' but required in type 'ClerkHttpOptions'."
        ]
      ] as const
  ),
  [
    'ClerkHttp.layerFetch({ secretKey: "sk_test_x" })',
    ["Type 'string' is not assignable to type 'Redacted<string> | ChangingSecretKey'."]
  ],
  ['ClerkHttp.layerFetch({ secretKey, apiURL: "x" })', [misspelt("apiURL", "ClerkHttpOptions", "apiUrl")]],
  ["SessionTokens.verify()", ["Expected 1-2 arguments, but got 0."]],
  [
    'SessionTokens.verify("t", { athorizedParties: ["https://a.example"] })',
    [
      noOverload,
      "  The last overload gave the following error.",
      `    ${misspelt("athorizedParties", "VerifyOptions<undefined, unknown>", "authorizedParties")}`
    ]
  ],
  [
    'SessionTokens.verifier({ athorizedParties: ["https://a.example"] })',
    [
      noOverload,
      "  The last overload gave the following error.",
      `    ${misspelt("athorizedParties", "VerifierOptions<undefined, unknown>", "authorizedParties")}`
    ]
  ],
  [
    "SessionTokens.verifier({ cache: {} })",
    [
      noOverload,
      "  The last overload gave the following error.",
      "    Property 'capacity' is missing in type '{}' but required in type 'CacheOptions'."
    ]
  ],
  [
    'SessionTokens.verify("t", { category: "sesion" })',
    [
      noOverload,
      "  The last overload gave the following error.",
      `    Type '"sesion"' is not assignable to type '"session" | "template" | undefined'. Did you mean '"session"'?`
    ]
  ],
  ['Authorization.has({ permision: "x" })', [misspelt("permision", "Requirements", "permission")]],
  [
    'Operation.make({ name: "a", method: "get", path: "/a", kind: "read", success: Schema.Void })',
    [
      `Type '"get"' is not assignable to type '"GET" | "POST" | "PUT" | "PATCH" | "DELETE"'. Did you mean '"GET"'?`
    ]
  ]
]

/** A mistake, and the texts that the message contains. The wording differs with each signature. */
const named: ReadonlyArray<readonly [code: string, names: ReadonlyArray<string>]> = [
  ['Sessions.list({ status: "active" })', ["'userId' is missing", "'clientId' is missing"]],
  ['Sessions.list({ userid: "user_1" })', ["'userid' does not exist", "Did you mean to write 'userId'?"]],
  ['Sessions.list({ userId: "u", stauts: "active" })', ["Did you mean to write 'status'?"]],
  ['Sessions.list({ userId: "u", status: "gone" })', [`Type '"gone"' is not assignable`, '"pending"']],
  ['Sessions.list({ userId: "u", limit: "5" })', ["Type 'string' is not assignable to type 'number'"]],
  [
    'Sessions.refresh("s", {})',
    ["missing the following properties", "expiredToken, refreshToken, requestOrigin"]
  ],
  [refresh(""), ["'requestOrigin' is missing"]],
  [refresh('requestOrigin: "c", format: "cokie"'), [`Type '"cokie"'`, `Did you mean '"cookie"'?`]],
  [refresh('requestOrigin: "c", fromat: "cookie"'), ["Did you mean to write 'format'?"]],
  ['ClerkAuth.layer({ issuer: "https://a" })', ["'authorizedParties' is missing", "'cookies' is missing"]],
  ["ClerkAuth.layer({ cookies: true })", ["'authorizedParties' is missing"]],
  ['ClerkAuth.layer({ athorizedParties: ["https://a"] })', ["Did you mean to write 'authorizedParties'?"]],
  ['ClerkAuth.layer({ cookies: false, issur: "a" })', ["Did you mean to write 'issuer'?"]],
  ["Authenticator.make({})", ["'authorizedParties' is missing"]],
  ["Authenticator.make({ claims: Schema.Struct({}) })", ["'authorizedParties' is missing"]],
  ['Authenticator.make({ athorizedParties: ["https://a"] })', ["Did you mean to write 'authorizedParties'?"]],
  [
    "RequestPolicy.retry({ maxAttemts: 3 })",
    ["'maxAttemts' does not exist", "Did you mean to write 'maxAttempts'?"]
  ],
  ["ClerkHttp.layerFetch({ secretKey, policy: { maxAttempt: 3 } })", ["Did you mean to write 'maxAttempts'?"]]
]

/** The documentation that an editor shows for the name of a called function. */
const hovered: ReadonlyArray<readonly [call: string, says: string]> = [
  ['SessionTokens.verify("t")', "Verifies a session token and returns its claims"],
  ['SessionTokens.verify("t", { claims: Schema.Struct({}) })', "your custom claims"],
  ['SessionTokens.verify("t", { category: "template" })', "A token of a JWT template"],
  ["SessionTokens.verifier()", "Returns a function that verifies session tokens"],
  ["SessionTokens.verifier({ claims: Schema.Struct({}) })", "your custom claims"],
  ['Sessions.list({ userId: "u" })', "The default page size is 10"],
  ['Sessions.list({ clientId: "c" })', "sessions on a client"],
  ['Sessions.stream({ clientId: "c" })', "sessions on a client"],
  [refresh('requestOrigin: "c", format: "cookie"'), "`Set-Cookie` values"],
  [refresh('requestOrigin: "c"'), "Returns a new session token"],
  ['ClerkAuth.layer({ authorizedParties: ["https://a"] })', "Builds the middleware"],
  ["ClerkAuth.layer({ cookies: false })", "Builds the middleware"],
  ["ClerkRouter.signedIn({ cookies: false })", "provides `CurrentSession`"],
  ["Authenticator.make({ cookies: false })", "authenticates the current request"],
  ['Authorization.hasRole("org:admin")', "has this role"]
]

const lines = [...mistakes, ...named, ...hovered].map(([code]) => code)
const first = head.split("\n").length - 1
const text = head + lines.map((code) => `void ${code}\n`).join("")
const editor = editorFor("test/types/inMemory.ts", text)

// Other versions word their messages in other ways. `npm run test:versions` compiles the types on them.
describe.runIf(ts.versionMajorMinor === "5.9")("the compiler's message", { timeout: 120_000 }, () => {
  const messages = editor.messages()
  const messageOf = (code: string) => messages.get(first + lines.indexOf(code))?.join("\n") ?? ""

  it.each(mistakes)("names the mistake in %s", (code, expected) => {
    assert.deepStrictEqual(messageOf(code).split("\n").slice(0, expected.length), [...expected])
  })

  it.each(named)("names what is wrong in %s", (code, names) => {
    for (const name of names) assert.include(messageOf(code), name)
  })

  it.each(hovered)("is absent for %s, which an editor explains", (code, says) => {
    assert.strictEqual(messageOf(code), "")
    assert.include(editor.hover(code, code.indexOf("(") - 1), says)
  })
})
