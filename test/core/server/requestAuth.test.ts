import { describe, expect, it } from "#test/vitest.js"
import {
  decide,
  type Fetched,
  type PageRequest,
  type PageSettings,
  type RefreshCall,
  type Step,
  type Verified
} from "../../../src/core/server/requestAuth.js"
import { makeParties } from "../../../src/core/token/settings.js"
import { category, encode } from "../../support/tokens.js"

const app = "https://app.example.com"
const issuer = "https://clerk.example.com"
/** Epoch seconds. */
const now = 1_768_478_400

const production: PageSettings = {
  suffix: "abc",
  issuer,
  isDevelopment: false,
  requireClientUat: true,
  origins: [app],
  frontendApi: issuer,
  apiVersion: "2026-05-12",
  authorizedParties: makeParties([app]),
  clockSkew: 5_000,
  refresh: true
}
const development: PageSettings = { ...production, isDevelopment: true }

/** A token that says who its user is. Its signature is not checked here. */
const token = (name: string, claims: object = {}) =>
  `${encode({ alg: "RS256", typ: "JWT", kid: "ins_ours", cat: category.session })}.${encode({
    iss: issuer,
    sub: name,
    sid: `sess_${name}`,
    iat: now - 10,
    exp: now + 50,
    ...claims
  })}.c2ln`

const ada = token("ada")
const old = token("old", { iat: now - 100, exp: now - 40 })
const cookies = (values: Readonly<Record<string, string>>) =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join("; ")

interface Given {
  readonly method?: string
  readonly target?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly cookies?: Readonly<Record<string, string>>
  readonly settings?: PageSettings
  /** The results of the verifications, by the name in the token. Others are valid. */
  readonly tokens?: Readonly<
    Record<string, Pick<Verified<string> & { _tag: "Invalid" }, "reason" | "isUntimely">>
  >
  readonly refresh?: Fetched
  readonly nonce?: Fetched
  readonly payload?: Readonly<Record<string, unknown>>
}

const page = { "sec-fetch-dest": "document" }
const call = { "sec-fetch-dest": "empty" }
const expired = { old: { reason: "exp", isUntimely: true } } as const

const nameOf = (token: string) =>
  String(JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString() || "{}").sub)

const play = (given: Given) => {
  const { headers = page, method = "GET", settings = production, target = "/", tokens = {} } = given
  const cookie = given.cookies === undefined ? {} : { cookie: cookies(given.cookies) }
  const host = given.headers?.["host"] ?? "app.example.com"
  const request: PageRequest = { method, target, host, headers: { ...headers, ...cookie } }
  const asked: Array<string> = []
  const refreshes: Array<RefreshCall> = []
  let step: Step<string> = decide<string>(request, settings, now * 1000)
  while (step._tag !== "Done") {
    asked.push(step._tag)
    switch (step._tag) {
      case "Verify": {
        const [first = ""] = step.tokens
        const invalid = tokens[nameOf(first)]
        step = step.next(
          invalid === undefined
            ? { _tag: "Valid", token: first, session: nameOf(first) }
            : { _tag: "Invalid", ...invalid }
        )
        break
      }
      case "Refresh":
        refreshes.push(step.call)
        step = step.next(given.refresh ?? { _tag: "Failed", code: "fetch-error" })
        break
      case "ExchangeNonce":
        step = step.next(given.nonce ?? { _tag: "Failed", code: "fetch-error" })
        break
      case "CheckSignature":
        step = step.next(given.payload)
        break
    }
  }
  const { decision } = step
  const outcome =
    decision._tag === "SignedIn" ? `signed in as ${decision.session}` : `${decision._tag}: ${decision.reason}`
  return { decision, outcome, asked, refreshes }
}

const handshake = (...directives: ReadonlyArray<string>) => ({ handshake: directives })
const signedInDirectives = [`__session=${ada}; Path=/`, `__client_uat=${now - 20}; Path=/`]

type Row = readonly [name: string, given: Given, outcome: string]

const rows: ReadonlyArray<Row> = [
  // The cookies and client_uat
  ["nothing", {}, "SignedOut: session-token-and-uat-missing"],
  ["a session and its uat", { cookies: { __session: ada, __client_uat: `${now - 20}` } }, "signed in as ada"],
  [
    "a session without uat, on a page",
    { cookies: { __session: ada } },
    "Handshake: session-token-but-no-client-uat"
  ],
  [
    "a session without uat, in an API",
    { headers: call, cookies: { __session: ada } },
    "SignedOut: session-token-but-no-client-uat"
  ],
  [
    "a session without uat where none is required",
    { cookies: { __session: ada }, settings: { ...production, requireClientUat: false } },
    "signed in as ada"
  ],
  [
    "a session and uat 0",
    { cookies: { __session: ada, __client_uat: "0" } },
    "Handshake: session-token-but-no-client-uat"
  ],
  ["uat 0 alone", { cookies: { __client_uat: "0" } }, "SignedOut: session-token-and-uat-missing"],
  ["a uat alone", { cookies: { __client_uat: "1" } }, "Handshake: client-uat-but-no-session-token"],
  [
    "a session older than its uat",
    { cookies: { __session: ada, __client_uat: `${now}` } },
    "Handshake: session-token-iat-before-client-uat"
  ],
  [
    "a session as old as its uat",
    { cookies: { __session: ada, __client_uat: `${now - 10}` } },
    "signed in as ada"
  ],
  [
    "the session of another instance",
    { cookies: { __session: token("eve", { iss: "https://clerk.other.example" }), __client_uat: "1" } },
    "SignedOut: session-token-and-uat-missing"
  ],
  [
    "a forged session",
    {
      cookies: { __session: ada, __client_uat: "1" },
      tokens: { ada: { reason: "signature", isUntimely: false } }
    },
    "SignedOut: token-invalid-signature"
  ],
  [
    "a session that is not valid yet",
    { cookies: { __session: ada, __client_uat: "1" }, tokens: { ada: { reason: "nbf", isUntimely: true } } },
    "Handshake: session-token-nbf"
  ],
  [
    "a session from the future",
    { cookies: { __session: ada, __client_uat: "1" }, tokens: { ada: { reason: "iat", isUntimely: true } } },
    "Handshake: session-token-iat-in-the-future"
  ],
  [
    "a malformed time",
    { cookies: { __session: ada, __client_uat: "1" }, tokens: { ada: { reason: "exp", isUntimely: false } } },
    "SignedOut: token-verification-failed"
  ],
  [
    "a cookie of an unsafe request from another origin",
    {
      method: "POST",
      headers: { origin: "https://evil.test" },
      cookies: { __session: ada, __client_uat: "1" }
    },
    "SignedOut: token-invalid-authorized-parties"
  ],
  [
    "a cookie of an unsafe request from a page of the server that hides its origin",
    {
      method: "POST",
      headers: { origin: "null", "sec-fetch-site": "same-origin", host: "app.example.com" },
      cookies: { __session: ada, __client_uat: "1" }
    },
    "signed in as ada"
  ],
  [
    "the same from a page of another application on the server",
    {
      method: "POST",
      headers: { origin: "null", "sec-fetch-site": "same-origin", host: "tenant.example.com" },
      cookies: { __session: ada, __client_uat: "1" }
    },
    "SignedOut: token-invalid-authorized-parties"
  ],
  // The bearer token
  ["a bearer token", { headers: { ...call, authorization: `Bearer ${ada}` } }, "signed in as ada"],
  [
    "a bearer token beside cookies of another user",
    {
      headers: { ...call, authorization: `Bearer ${ada}` },
      cookies: { __session: token("bob"), __client_uat: "1" }
    },
    "signed in as ada"
  ],
  [
    "an expired bearer token beside a refresh cookie, in an API",
    {
      headers: { ...call, authorization: `Bearer ${old}` },
      cookies: { __refresh_abc: "rt" },
      tokens: expired
    },
    "SignedOut: session-token-expired-refresh-non-eligible-no-refresh-cookie"
  ],
  [
    "an expired bearer token of a page",
    { headers: { ...page, authorization: `Bearer ${old}` }, tokens: expired },
    "Handshake: session-token-expired-refresh-non-eligible-no-refresh-cookie"
  ],
  // The refresh
  [
    "an expired session without a refresh cookie",
    { cookies: { __session: old, __client_uat: "1" }, tokens: expired },
    "Handshake: session-token-expired-refresh-non-eligible-no-refresh-cookie"
  ],
  [
    "an expired session with the refresh cookie of another suffix",
    { cookies: { __session: old, __client_uat: "1", __refresh_xyz: "rt" }, tokens: expired },
    "Handshake: session-token-expired-refresh-non-eligible-no-refresh-cookie"
  ],
  [
    "an expired session that is refreshed",
    {
      cookies: { __session: old, __client_uat: "1", __refresh_abc: "rt" },
      tokens: expired,
      refresh: { _tag: "Cookies", cookies: signedInDirectives }
    },
    "signed in as ada"
  ],
  [
    "an expired session that is refreshed in an API",
    {
      headers: call,
      cookies: { __session: old, __client_uat: "1", __refresh_abc: "rt" },
      tokens: expired,
      refresh: { _tag: "Cookies", cookies: signedInDirectives }
    },
    "signed in as ada"
  ],
  [
    "an expired session of a POST",
    { method: "POST", cookies: { __session: old, __client_uat: "1", __refresh_abc: "rt" }, tokens: expired },
    "SignedOut: session-token-expired-refresh-non-eligible-non-get"
  ],
  [
    "an expired session of a WebSocket",
    {
      headers: { upgrade: "websocket", origin: app },
      cookies: { __session: old, __client_uat: "1", __refresh_abc: "rt" },
      tokens: expired
    },
    "SignedOut: session-token-expired-refresh-non-eligible-no-refresh-cookie"
  ],
  [
    "a refresh that Clerk rejects",
    {
      cookies: { __session: old, __client_uat: "1", __refresh_abc: "rt" },
      tokens: expired,
      refresh: { _tag: "Failed", code: "session_not_found" }
    },
    "Handshake: session-token-expired-refresh-session_not_found"
  ],
  [
    "a refresh with a code that is no code",
    {
      headers: call,
      cookies: { __session: old, __client_uat: "1", __refresh_abc: "rt" },
      tokens: expired,
      refresh: { _tag: "Failed", code: "<script>" }
    },
    "SignedOut: session-token-expired-refresh-unexpected-bapi-error"
  ],
  [
    "a refresh without cookies",
    {
      cookies: { __session: old, __client_uat: "1", __refresh_abc: "rt" },
      tokens: expired,
      refresh: { _tag: "Cookies", cookies: [] }
    },
    "Handshake: session-token-expired-refresh-unexpected-sdk-error"
  ],
  [
    "a refresh whose new token is invalid",
    {
      cookies: { __session: old, __client_uat: "1", __refresh_abc: "rt" },
      tokens: { ...expired, ada: { reason: "azp", isUntimely: false } },
      refresh: { _tag: "Cookies", cookies: signedInDirectives }
    },
    "Handshake: session-token-expired-refresh-invalid-session-token"
  ],
  [
    "an expired session where refresh is off",
    {
      cookies: { __session: old, __client_uat: "1", __refresh_abc: "rt" },
      tokens: expired,
      settings: { ...production, refresh: false }
    },
    "Handshake: session-token-expired-refresh-missing-api-client"
  ],
  // The return from a handshake
  [
    "a handshake in a cookie right after the redirect",
    {
      cookies: { __clerk_handshake: "h", __clerk_redirect_count: "1" },
      payload: handshake(...signedInDirectives)
    },
    "signed in as ada"
  ],
  [
    "a handshake that signs out",
    {
      cookies: { __clerk_handshake: "h", __clerk_redirect_count: "1" },
      payload: handshake("__session=; Path=/; Max-Age=0", "__client_uat=0; Path=/")
    },
    "SignedOut: session-token-missing"
  ],
  [
    "a handshake without expiry that follows no redirect",
    { cookies: { __clerk_handshake: "h" }, payload: handshake(...signedInDirectives) },
    "SignedOut: session-token-and-uat-missing"
  ],
  [
    "a handshake with an expiry, without the counter",
    { cookies: { __clerk_handshake: "h" }, payload: { ...handshake(...signedInDirectives), exp: now + 10 } },
    "signed in as ada"
  ],
  [
    "an expired handshake",
    {
      cookies: { __clerk_handshake: "h", __clerk_redirect_count: "1" },
      payload: { ...handshake(...signedInDirectives), exp: now - 10 }
    },
    "SignedOut: session-token-and-uat-missing"
  ],
  [
    "a handshake from the future",
    {
      cookies: { __clerk_handshake: "h", __clerk_redirect_count: "1" },
      payload: { ...handshake(...signedInDirectives), iat: now + 10 }
    },
    "SignedOut: session-token-and-uat-missing"
  ],
  [
    "a handshake of another issuer",
    {
      cookies: { __clerk_handshake: "h", __clerk_redirect_count: "1" },
      payload: { ...handshake(...signedInDirectives), iss: "https://clerk.other.example" }
    },
    "SignedOut: session-token-and-uat-missing"
  ],
  [
    "a forged handshake",
    { cookies: { __clerk_handshake: "h", __clerk_redirect_count: "1", __client_uat: "1" } },
    "Handshake: client-uat-but-no-session-token"
  ],
  [
    "a handshake in the query in production",
    {
      target: "/?__clerk_handshake=h",
      cookies: { __clerk_redirect_count: "1" },
      payload: handshake(...signedInDirectives)
    },
    "SignedOut: session-token-and-uat-missing"
  ],
  [
    "a handshake in an API",
    {
      headers: call,
      cookies: { __clerk_handshake: "h", __clerk_redirect_count: "1" },
      payload: handshake(...signedInDirectives)
    },
    "SignedOut: session-token-and-uat-missing"
  ],
  [
    "a handshake of a POST",
    {
      method: "POST",
      cookies: { __clerk_handshake: "h", __clerk_redirect_count: "1" },
      payload: handshake(...signedInDirectives)
    },
    "SignedOut: session-token-and-uat-missing"
  ],
  [
    "a handshake whose session is of another party",
    {
      cookies: { __clerk_handshake: "h", __clerk_redirect_count: "1", __client_uat: "1" },
      payload: handshake(...signedInDirectives),
      tokens: { ada: { reason: "azp", isUntimely: false } }
    },
    "Handshake: client-uat-but-no-session-token"
  ],
  [
    "a revoked session, on a page",
    {
      cookies: { __session: ada, __client_uat: `${now - 20}` },
      tokens: { ada: { reason: "revoked", isUntimely: false } }
    },
    "SignedOut: session-token-revoked"
  ],
  [
    "a refresh whose session is revoked",
    {
      cookies: { __session: old, __client_uat: "1", __refresh_abc: "r" },
      tokens: { ...expired, ada: { reason: "revoked", isUntimely: false } },
      refresh: { _tag: "Cookies", cookies: signedInDirectives }
    },
    "SignedOut: session-token-revoked"
  ],
  [
    "a handshake whose session is revoked",
    {
      cookies: { __clerk_handshake: "h", __clerk_redirect_count: "1", __client_uat: "1" },
      payload: handshake(...signedInDirectives),
      tokens: { ada: { reason: "revoked", isUntimely: false } }
    },
    "SignedOut: session-token-revoked"
  ],
  [
    "a nonce",
    {
      cookies: { __clerk_handshake_nonce: "n1", __clerk_redirect_count: "1" },
      nonce: { _tag: "Cookies", cookies: signedInDirectives }
    },
    "signed in as ada"
  ],
  [
    "a nonce that Clerk does not know, beside a valid session",
    {
      cookies: {
        __clerk_handshake_nonce: "n1",
        __clerk_redirect_count: "1",
        __session: ada,
        __client_uat: "1"
      }
    },
    "signed in as ada"
  ],
  [
    "a nonce without a redirect before",
    {
      cookies: { __clerk_handshake_nonce: "n1" },
      nonce: { _tag: "Cookies", cookies: signedInDirectives }
    },
    "SignedOut: session-token-and-uat-missing"
  ],
  [
    "a nonce with a path",
    {
      cookies: { __clerk_handshake_nonce: "../users", __clerk_redirect_count: "1" },
      nonce: { _tag: "Cookies", cookies: signedInDirectives }
    },
    "SignedOut: session-token-and-uat-missing"
  ],
  // Loops
  ...[
    ["1", "Handshake"],
    ["2", "Handshake"],
    ["3", "SignedOut"],
    ["4", "SignedOut"],
    ["9", "SignedOut"],
    ["-1", "SignedOut"],
    ["x", "SignedOut"],
    ["1e9", "SignedOut"]
  ].map(
    ([count = "", tag]): Row => [
      `redirect ${count}`,
      { cookies: { __client_uat: "1", __clerk_redirect_count: count } },
      `${tag}: client-uat-but-no-session-token`
    ]
  ),
  // What is a document
  ...(
    [
      [{ "sec-fetch-dest": "document" }, true],
      [{ "sec-fetch-dest": "iframe" }, true],
      [{ "sec-fetch-dest": "empty", accept: "text/html" }, false],
      [{ "sec-fetch-dest": "image" }, false],
      [{ accept: "text/html,application/xhtml+xml" }, true],
      [{ accept: "*/*" }, false],
      [{ accept: "application/json, text/html" }, false],
      [{}, false],
      [{ ...page, upgrade: "websocket", origin: app }, false]
    ] as const
  ).map(
    ([headers, isDocument]): Row => [
      `the headers ${JSON.stringify(headers)}`,
      { headers, cookies: { __client_uat: "1" } },
      `${isDocument ? "Handshake" : "SignedOut"}: client-uat-but-no-session-token`
    ]
  ),
  [
    "a HEAD of a document",
    { method: "HEAD", cookies: { __client_uat: "1" } },
    "SignedOut: client-uat-but-no-session-token"
  ],
  // Development
  ["development without a dev browser", { settings: development }, "Handshake: dev-browser-missing"],
  [
    "development in an API without a dev browser",
    { settings: development, headers: call, cookies: { __session: ada, __client_uat: "1" } },
    "SignedOut: dev-browser-missing"
  ],
  [
    "development with a dev browser",
    { settings: development, cookies: { __session: ada, __client_uat: "1", __clerk_db_jwt: "d" } },
    "signed in as ada"
  ],
  [
    "development with a dev browser in the query",
    {
      settings: development,
      target: "/?__clerk_db_jwt=d",
      cookies: { __session: ada, __client_uat: "1", __clerk_db_jwt: "d" }
    },
    "Handshake: dev-browser-sync"
  ],
  [
    "a dev browser in the query in production",
    { target: "/?__clerk_db_jwt=d", cookies: { __session: ada, __client_uat: "1" } },
    "signed in as ada"
  ],
  [
    "a handshake in the query in development",
    {
      settings: development,
      target: "/?__clerk_handshake=h",
      cookies: { __clerk_redirect_count: "1" },
      payload: handshake(...signedInDirectives)
    },
    "signed in as ada"
  ]
]

describe("the decision on a request", () => {
  it.each(rows)("with %s", (_, given, outcome) => {
    expect(play(given).outcome).toBe(outcome)
  })
})

describe("a handshake", () => {
  const locationOf = (given: Given) => {
    const { decision } = play(given)
    return new URL(decision._tag === "Handshake" ? decision.location : "about:blank")
  }

  it("tells the Frontend API where to return, and why", () => {
    const location = locationOf({
      target: "/a/b?x=1&y=%20z&__clerk_db_jwt=d&__clerk_handshake=h",
      cookies: { __session: old, __client_uat: "1" },
      tokens: expired
    })
    expect(location.origin + location.pathname).toBe(`${issuer}/v1/client/handshake`)
    expect([...location.searchParams]).toEqual([
      ["redirect_url", `${app}/a/b?x=1&y=+z`],
      ["__clerk_api_version", "2026-05-12"],
      ["suffixed_cookies", "false"],
      ["__clerk_hs_reason", "session-token-expired-refresh-non-eligible-no-refresh-cookie"],
      ["format", "nonce"],
      ["__session", old]
    ])
  })

  it("names the dev browser of a development instance", () => {
    const given = { settings: development, target: "/?__clerk_db_jwt=d" }
    expect(locationOf(given).searchParams.get("__clerk_db_jwt")).toBe("d")
    const cookie = { settings: development, cookies: { __client_uat: "1", __clerk_db_jwt: "c" } }
    expect(locationOf(cookie).searchParams.get("__clerk_db_jwt")).toBe("c")
  })

  it.each([
    "//evil.test/x",
    "/\\evil.test",
    "/@evil.test",
    "https://evil.test/",
    "/x?redirect=https://evil.test"
  ])("returns to the configured origin from the path %s", (target) => {
    const back = new URL(
      locationOf({ target, cookies: { __client_uat: "1" } }).searchParams.get("redirect_url") ?? ""
    )
    expect(back.origin).toBe(app)
  })

  it("chooses one of several origins by the host of the request", () => {
    const settings = { ...production, origins: ["https://first.example.com", app] }
    const back = (host: string) => {
      const request = { method: "GET", target: "/", host, headers: { ...page, cookie: "__client_uat=1" } }
      const step = decide(request, settings, now * 1000)
      const location =
        step._tag === "Done" && step.decision._tag === "Handshake" ? step.decision.location : ""
      return new URL(location).searchParams.get("redirect_url")
    }
    expect(back("app.example.com")).toBe(`${app}/`)
    expect(back("first.example.com")).toBe("https://first.example.com/")
    expect(back("evil.test")).toBe("https://first.example.com/")
    expect(back("app.example.com.evil.test")).toBe("https://first.example.com/")
  })

  it("counts the redirects in a cookie that lasts 30 seconds", () => {
    const { decision } = play({ cookies: { __client_uat: "1", __clerk_redirect_count: "1" } })
    expect(decision.setCookies).toEqual([
      "__clerk_redirect_count=2; Path=/; Max-Age=30; HttpOnly; SameSite=Lax; Secure"
    ])
  })

  it("ends the count on the return, so that the payload counts no second time", () => {
    const { decision } = play({
      cookies: { __clerk_handshake: "h", __clerk_redirect_count: "1" },
      payload: handshake(...signedInDirectives)
    })
    expect(decision.setCookies).toEqual([
      ...signedInDirectives,
      "__clerk_redirect_count=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"
    ])
  })

  it("sets only cookies of this instance, on this origin, without line breaks", () => {
    const good = [
      `__session=${ada}; Path=/`,
      `__session_abc=${ada}; Domain=example.com; Path=/`,
      "__client_uat=1; domain=.example.com",
      "__client_uat_abc=1; Domain=app.example.com",
      "__refresh_abc=rt; HttpOnly",
      "__clerk_handshake=; Max-Age=0"
    ]
    const bad = [
      "admin=1; Path=/",
      "__session_xyz=x",
      "__refresh=rt",
      "__refresh_xyz=rt",
      "__clerk_db_jwt=d",
      "__client_uat=1; Domain=com",
      "__client_uat=1; Domain=evil.test",
      "__client_uat=1; Domain=example.com; Domain=evil.test",
      "__client_uat=1; Domain=ple.com",
      "__client_uat=1; Path=/\r\nSet-Cookie: admin=1",
      "__client_uat=1\n",
      "__client_uat=\u0000",
      "__client_uat=é",
      "__client_uat",
      "=1",
      "",
      1,
      null
    ]
    const { decision } = play({
      cookies: { __clerk_handshake: "h", __clerk_redirect_count: "1" },
      payload: { handshake: [...bad, ...good] }
    })
    expect(decision.setCookies.slice(0, -1)).toEqual(good)
  })

  it("in development sends the browser to the address without Clerk's parameters", () => {
    const { decision } = play({
      settings: development,
      target: "/a?x=1&__clerk_handshake=h&__clerk_help=1&__clerk_db_jwt=d",
      cookies: { __clerk_redirect_count: "1" },
      payload: handshake(...signedInDirectives)
    })
    expect(decision).toMatchObject({ _tag: "SignedIn", cleanUp: `${app}/a?x=1` })
    expect(play({ settings: development, cookies: { __clerk_db_jwt: "d" } }).decision).toMatchObject({
      cleanUp: undefined
    })
  })
})

describe("a refresh", () => {
  it("sends the expired token, the refresh token, and two headers of the browser", () => {
    const { asked, refreshes } = play({
      headers: {
        ...page,
        "user-agent": "Firefox",
        "accept-language": "de",
        "x-secret": "s",
        accept: "text/html",
        "x-forwarded-host": "evil.test"
      },
      cookies: { __session_abc: old, __client_uat_abc: "1", __refresh_abc: "rt" },
      tokens: expired,
      refresh: { _tag: "Cookies", cookies: signedInDirectives }
    })
    expect(asked).toEqual(["Verify", "Refresh", "Verify"])
    expect(refreshes).toEqual([
      {
        sessionId: "sess_old",
        expiredToken: old,
        refreshToken: "rt",
        origin: app,
        usesSuffix: true,
        headers: { "user-agent": "Firefox", "accept-language": "de" }
      }
    ])
  })

  it("is not made for a session that is older than the last sign-out", () => {
    const { asked } = play({
      cookies: { __session: old, __client_uat: `${now - 50}`, __refresh_abc: "rt" },
      tokens: expired
    })
    expect(asked).toEqual([])
  })
})
