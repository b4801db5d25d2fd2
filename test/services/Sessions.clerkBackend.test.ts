import { createClerkClient } from "@clerk/backend"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, Sessions } from "effect-clerk"
import { describe, expect, it } from "#test/vitest.js"
import { json, loopback, type Received } from "../support/loopback.js"
import { type AnyError, everyRefreshField, everyRefreshParameter } from "../support/operations.js"
import * as wire from "../support/wire.js"

const secretKey = "sk_test_wire"

describe("this library sends the same request as @clerk/backend for", () => {
  const clerkOf = (apiUrl: string) => createClerkClient({ secretKey, apiUrl }).sessions
  type Clerk = ReturnType<typeof clerkOf>

  interface Comparison {
    readonly does: string
    readonly ours: Effect.Effect<unknown, AnyError, ClerkHttp>
    readonly theirs: (clerk: Clerk) => Promise<unknown>
    readonly answer: unknown
  }

  const comparisons: ReadonlyArray<Comparison> = [
    {
      does: "get",
      ours: Sessions.get("sess_1"),
      theirs: (clerk) => clerk.getSession("sess_1"),
      answer: wire.session
    },
    {
      does: "list",
      ours: Sessions.list({
        userId: "user_1",
        clientId: "client_1",
        status: "active",
        limit: 20,
        offset: 40
      }),
      theirs: (clerk) =>
        clerk.getSessionList({
          userId: "user_1",
          clientId: "client_1",
          status: "active",
          limit: 20,
          offset: 40
        }),
      answer: wire.page
    },
    {
      does: "create",
      ours: Sessions.create({ userId: "user_1" }),
      theirs: (clerk) => clerk.createSession({ userId: "user_1" }),
      answer: wire.session
    },
    {
      does: "revoke",
      ours: Sessions.revoke("sess_1"),
      theirs: (clerk) => clerk.revokeSession("sess_1"),
      answer: wire.session
    },
    {
      does: "verify",
      ours: Sessions.verify("sess_1", { token: wire.token.jwt }),
      theirs: (clerk) => clerk.verifySession("sess_1", wire.token.jwt),
      answer: wire.session
    },
    {
      does: "getToken",
      ours: Sessions.createToken("sess_1"),
      theirs: (clerk) => clerk.getToken("sess_1"),
      answer: wire.token
    },
    {
      does: "getToken that expires",
      ours: Sessions.createToken("sess_1", { expiresIn: "2 minutes" }),
      theirs: (clerk) => clerk.getToken("sess_1", undefined, 120),
      answer: wire.token
    },
    {
      does: "getToken from a template",
      ours: Sessions.createTokenFromTemplate("sess_1", "supabase", { expiresIn: "2 minutes" }),
      theirs: (clerk) => clerk.getToken("sess_1", "supabase", 120),
      answer: wire.token
    },
    {
      does: "refreshSession to a token",
      ours: Sessions.refresh("sess_1", {
        ...everyRefreshParameter,
        format: "token",
        suffixedCookies: true
      }),
      theirs: (clerk) =>
        clerk.refreshSession("sess_1", { ...everyRefreshField, format: "token", suffixed_cookies: true }),
      answer: wire.token
    },
    {
      does: "refreshSession to cookies",
      ours: Sessions.refresh("sess_1", { ...everyRefreshParameter, format: "cookie" }),
      theirs: (clerk) => clerk.refreshSession("sess_1", { ...everyRefreshField, format: "cookie" }),
      answer: wire.cookies
    }
  ]

  const essence = (request: Received | undefined) => {
    const url = new URL(request?.url ?? "", "http://localhost")
    return {
      method: request?.method,
      path: url.pathname,
      query: [...url.searchParams].map(([name, value]) => `${name}=${value}`).sort(),
      body: request?.body === "" ? undefined : JSON.parse(request?.body ?? "null"),
      authorization: request?.headers["authorization"]
    }
  }

  it.live.each(comparisons)("$does", ({ ours, theirs, answer }) =>
    Effect.gen(function* () {
      const server = yield* loopback(json(answer))
      yield* Effect.provide(
        ours,
        ClerkHttp.layerFetch({ secretKey: Redacted.make(secretKey), apiUrl: server.url })
      )
      yield* Effect.promise(() => theirs(clerkOf(server.url)))
      const [first, second] = server.received
      expect(server.received).toHaveLength(2)
      expect(essence(first)).toEqual(essence(second))
    })
  )
})
