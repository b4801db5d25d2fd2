import * as Effect from "effect/Effect"
import { describe, expect, it } from "#test/vitest.js"
import { type Case, simplest } from "./support/cases.js"
import { clients } from "./support/clients.js"
import { instances } from "./support/request.js"
import { explain } from "./support/run.js"

/*
 * The table that Clerk tests its own servers with: without satellites, proxies, and the activation of organizations.
 */

interface Row {
  readonly title: string
  readonly request: Partial<Case>
  readonly status: "signed-in" | "signed-out" | "handshake"
  readonly reason?: string
  /** Where the redirect leads: the clean-up of the address, or the return from the handshake. */
  readonly returnTo?: string
  readonly cookies?: ReadonlyArray<RegExp>
  /** The differences that explain another outcome of the official client. */
  readonly differs?: ReadonlyArray<string>
}

const expired = "session-token-expired-refresh-non-eligible-no-refresh-cookie"
const development = { keys: "development", devBrowser: "plain" } as const
const both = [
  { name: "development", request: development },
  { name: "production", request: {} }
] as const

const rows: ReadonlyArray<Row> = [
  ...both.flatMap(({ name, request }): ReadonlyArray<Row> => {
    const { origin } = instances[name]
    const cookie = (session: Case["session"]) => ({ ...request, session, uat: "older" }) as const
    const bearer = (authorization: Case["authorization"]) =>
      ({ ...request, authorization, uat: "older" }) as const
    return [
      {
        title: `a valid session cookie in ${name}`,
        request: { ...cookie("valid"), uat: "equal" },
        status: "signed-in"
      },
      { title: `a valid bearer token in ${name}`, request: bearer("valid"), status: "signed-in" },
      {
        title: `an expired session cookie in ${name}`,
        request: cookie("expired"),
        status: "handshake",
        reason: expired,
        returnTo: `${origin}/`
      },
      {
        title: `an expired bearer token in ${name}`,
        request: bearer("expired"),
        status: "handshake",
        reason: expired,
        returnTo: `${origin}/`
      },
      {
        title: `a session cookie that is not valid yet in ${name}`,
        request: cookie("early"),
        status: "handshake",
        reason: "session-token-nbf",
        returnTo: `${origin}/`
      },
      {
        title: `a bearer token that is not valid yet in ${name}`,
        request: bearer("early"),
        status: "handshake",
        reason: "session-token-nbf",
        returnTo: `${origin}/`
      },
      {
        title: `a client_uat without a session in ${name}`,
        request: { ...request, uat: "older" },
        status: "handshake",
        reason: "client-uat-but-no-session-token",
        returnTo: `${origin}/`
      },
      {
        title: `a client_uat of zero without a session in ${name}`,
        request: { ...request, uat: "zero" },
        status: "signed-out",
        reason: "session-token-and-uat-missing"
      },
      {
        title: `no cookie of a session in ${name}`,
        request,
        status: "signed-out",
        reason: "session-token-and-uat-missing"
      },
      {
        title: `a page with a path and a query in ${name}`,
        request: { ...cookie("expired"), path: "/a/b%20c?x=1&y=%20z+w" },
        status: "handshake",
        reason: expired,
        returnTo: `${origin}/a/b%20c?x=1&y=+z+w`
      },
      {
        title: `the fourth redirect in a row in ${name}`,
        request: { ...cookie("expired"), counter: "3" },
        status: "signed-out",
        reason: expired
      }
    ]
  }),
  {
    title: "no dev browser in development",
    request: { keys: "development" },
    status: "handshake",
    reason: "dev-browser-missing",
    returnTo: "http://localhost:3000/"
  },
  {
    title: "a new dev browser in the query in development",
    request: { ...development, devBrowserQuery: "present" },
    status: "handshake",
    reason: "dev-browser-sync",
    returnTo: "http://localhost:3000/"
  },
  {
    title: "the result of a handshake in development",
    request: { ...development, handshake: "valid", handshakePlace: "query" },
    status: "signed-in",
    returnTo: "http://localhost:3000/",
    cookies: [/^__session=eyJ/, /^__client_uat=/]
  },
  {
    title: "the result of a handshake with a new dev browser in development",
    request: { ...development, handshake: "suffixed", handshakePlace: "query" },
    status: "signed-in",
    returnTo: "http://localhost:3000/",
    cookies: [/^__session=/, /^__client_uat=/, /^__session_/, /^__client_uat_/, /^__clerk_db_jwt=dvb_new/]
  },
  {
    title: "a handshake while the clock is behind in development",
    request: { ...development, handshake: "session-early", handshakePlace: "query" },
    status: "signed-out",
    reason: "session-token-and-uat-missing",
    returnTo: "http://localhost:3000/",
    differs: ["development-skew", "clean-up-without-parameters"]
  },
  {
    title: "a handshake while the clock is ahead in development",
    request: { ...development, handshake: "session-expired", handshakePlace: "query" },
    status: "signed-out",
    reason: "session-token-and-uat-missing",
    returnTo: "http://localhost:3000/",
    differs: ["development-skew", "clean-up-without-parameters"]
  },
  {
    title: "a handshake signed with another key in development",
    request: { ...development, handshake: "forged", handshakePlace: "query" },
    status: "signed-out",
    reason: "session-token-and-uat-missing",
    returnTo: "http://localhost:3000/",
    differs: ["development-invalid-handshake", "clean-up-without-parameters"]
  },
  {
    title: "the result of a handshake in production",
    request: { handshake: "valid" },
    status: "signed-in",
    cookies: [/^__session=eyJ/, /^__client_uat=/]
  },
  {
    title: "the result of a handshake with cookies of other names in production",
    request: { handshake: "foreign-names" },
    status: "signed-in",
    cookies: [/^__session=eyJ/, /^__client_uat=/],
    differs: ["handshake-cookie-names"]
  },
  {
    title: "a handshake while the clock is behind in production",
    request: { handshake: "session-early" },
    status: "signed-out",
    reason: "session-token-and-uat-missing"
  },
  {
    title: "a stale handshake beside an expired session in production",
    request: { handshake: "session-expired", session: "expired", uat: "older" },
    status: "handshake",
    reason: expired,
    returnTo: "https://app.example.com/"
  },
  {
    title: "a handshake signed with another key in production",
    request: { handshake: "forged" },
    status: "signed-out",
    reason: "session-token-and-uat-missing"
  }
]

describe("Clerk's own table of handshakes", () => {
  for (const { cookies = [], differs = [], reason, request, returnTo, status, title } of rows) {
    it.live(`holds for ${title}`, () =>
      Effect.gen(function* () {
        const { ours, theirs } = yield* clients
        const given: Case = { ...simplest, ...request }
        const outcome = yield* ours()(given)
        expect({ status: outcome.status, reason: outcome.reason }).toEqual({ status, reason })

        const { issuer } = instances[given.keys]
        const location = outcome.location === undefined ? undefined : new URL(outcome.location)
        if (status === "handshake") {
          expect(`${location?.origin}${location?.pathname}`).toBe(`${issuer}/v1/client/handshake`)
          expect(location?.searchParams.get("redirect_url")).toBe(returnTo)
          expect(location?.searchParams.get("__clerk_hs_reason")).toBe(reason)
          expect(location?.searchParams.get("suffixed_cookies")).toBe("false")
          expect(location?.searchParams.has("__clerk_api_version")).toBe(true)
        } else expect(location?.href).toBe(returnTo)
        expect(outcome.counter).toBe(status === "handshake" ? "1" : undefined)
        expect(outcome.cookies).toEqual(cookies.map((each) => expect.stringMatching(each)))

        const explained = yield* explain(given, theirs, ours())
        expect("request" in explained ? explained : explained.map(({ name }) => name)).toEqual(differs)
      })
    )
  }
})
