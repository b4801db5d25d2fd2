import { verifyToken } from "@clerk/backend"
import { type ClerkAPIResponseError, isClerkAPIResponseError } from "@clerk/backend/errors"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { type ClerkHttp, Sessions, SessionTokens } from "effect-clerk"
import { describe, expect, it } from "#test/vitest.js"
import type { AnyError } from "../../support/operations.js"
import { attempt } from "../../support/requests.js"
import type { Success } from "../../support/types.js"
import { expectSame, type Field, someone, stage, type Theirs } from "./support.js"

type Someone = Success<typeof someone>

const first = (error: AnyError) => ("errors" in error ? error.errors[0] : undefined)

const errorFields: ReadonlyArray<Field<AnyError, ClerkAPIResponseError>> = [
  ["status", (ours) => "status" in ours && ours.status, (theirs) => theirs.status],
  ["code", (ours) => first(ours)?.code, (theirs) => theirs.errors[0]?.code],
  ["message", (ours) => first(ours)?.message, (theirs) => theirs.errors[0]?.message],
  ["longMessage", (ours) => first(ours)?.longMessage, (theirs) => theirs.errors[0]?.longMessage],
  ["count", (ours) => ("errors" in ours ? ours.errors.length : 0), (theirs) => theirs.errors.length],
  [
    "meta.param_name",
    (ours) => first(ours)?.meta?.["param_name"],
    (theirs) => theirs.errors[0]?.meta?.paramName
  ],
  ["traceId", (ours) => "traceId" in ours && ours.traceId, (theirs) => theirs.clerkTraceId],
  [
    "retryAfter",
    (ours) => ("retryAfter" in ours && ours.retryAfter ? Duration.toSeconds(ours.retryAfter) : undefined),
    (theirs) => theirs.retryAfter
  ]
]

const rejected = (promise: () => Promise<unknown>) =>
  Effect.map(Effect.flip(attempt(promise)), (error) => {
    if (!isClerkAPIResponseError(error))
      throw new Error("their client failed in another way", { cause: error })
    return error
  })

interface Refused {
  readonly does: string
  readonly ours: (one: Someone) => Effect.Effect<unknown, AnyError, ClerkHttp>
  readonly theirs: (clerk: Theirs, one: Someone) => Promise<unknown>
  readonly is: readonly [tag: string, status: number, code: string]
}

const notFound = ["ClerkNotFound", 404, "resource_not_found"] as const

const refusals: ReadonlyArray<Refused> = [
  {
    does: "getSession ↔ get, of an unknown session",
    ours: () => Sessions.get("sess_none"),
    theirs: (clerk) => clerk.getSession("sess_none"),
    is: notFound
  },
  {
    does: "createSession ↔ create, for an unknown user",
    ours: () => Sessions.create({ userId: "user_none" }),
    theirs: (clerk) => clerk.createSession({ userId: "user_none" }),
    is: notFound
  },
  {
    does: "revokeSession ↔ revoke, of an unknown session",
    ours: () => Sessions.revoke("sess_none"),
    theirs: (clerk) => clerk.revokeSession("sess_none"),
    is: notFound
  },
  {
    does: "getToken ↔ createToken, for an unknown session",
    ours: () => Sessions.createToken("sess_none"),
    theirs: (clerk) => clerk.getToken("sess_none"),
    is: notFound
  },
  {
    does: "getToken ↔ createTokenFromTemplate, of an unknown template",
    ours: ({ session }) => Sessions.createTokenFromTemplate(session.id, "none"),
    theirs: (clerk, { session }) => clerk.getToken(session.id, "none"),
    is: notFound
  },
  {
    does: "getSessionList ↔ list, by an invalid status",
    ours: ({ user }) => Sessions.list({ userId: user.id, status: "pending" }),
    theirs: (clerk, { user }) => clerk.getSessionList({ userId: user.id, status: "pending" }),
    is: ["ClerkUnprocessableEntity", 422, "form_param_value_invalid"]
  },
  {
    does: "refreshSession ↔ refresh, from another origin",
    ours: ({ refreshToken, session, sessionToken }) =>
      Sessions.refresh(session.id, {
        expiredToken: sessionToken,
        refreshToken,
        requestOrigin: "https://other.example"
      }),
    theirs: (clerk, { refreshToken, session, sessionToken }) =>
      clerk.refreshSession(session.id, {
        expired_token: sessionToken,
        refresh_token: refreshToken,
        request_origin: "https://other.example"
      }),
    is: ["ClerkUnauthorized", 401, "refresh_request_origin_azp_mismatch"]
  },
  {
    does: "verifySession ↔ verify, with the token of another session",
    ours: ({ session }) => Sessions.verify(session.id, { token: "YQ.YQ.YQ" }),
    theirs: (_, { session, theirsOfOld }) => theirsOfOld.verifySession(session.id, "YQ.YQ.YQ"),
    is: ["ClerkBadRequest", 400, "invalid_session_token"]
  }
]

describe("the errors of @clerk/backend and this library for the same error response", () => {
  it.live.each(refusals.map((each) => [each.does, each] as const))("%s", ([, { is, ours, theirs }]) =>
    Effect.gen(function* () {
      const one = yield* someone
      const their = yield* rejected(() => theirs(one.theirs, one))
      const our = yield* Effect.flip(ours(one))
      // Each request has its own trace id.
      expectSame(errorFields, our, their, ["traceId"])
      expect([our._tag, their.status, their.errors[0]?.code]).toEqual(is)
      expect(their.clerkTraceId).toMatch(/^[0-9a-f]{32}$/)
      expect("traceId" in our && our.traceId).toMatch(/^[0-9a-f]{32}$/)
    }).pipe(Effect.provide(stage))
  )

  it.live("with Retry-After, a trace id and an invalid parameter in the same response", () =>
    Effect.gen(function* () {
      const { clerk, session, theirs } = yield* someone
      const answer = {
        status: 429,
        headers: { "content-type": "application/json", "retry-after": "7" },
        body: JSON.stringify({
          errors: [
            {
              code: "too_many_requests",
              message: "Too many",
              long_message: "Wait",
              meta: { param_name: "x" }
            },
            { code: "another", message: "Another" }
          ],
          clerk_trace_id: "trace_1"
        })
      }
      yield* clerk.respondNext(answer)
      yield* clerk.respondNext(answer)
      const their = yield* rejected(() => theirs.getSession(session.id))
      const our = yield* Effect.flip(Sessions.get(session.id))
      expectSame(errorFields, our, their)
      expect(their).toMatchObject({ retryAfter: 7, clerkTraceId: "trace_1" })
      expect(their.errors).toHaveLength(2)
    }).pipe(Effect.provide(stage))
  )

  it.live("a page in place of a JSON response: both have the status, theirs has nothing else", () =>
    Effect.gen(function* () {
      const { clerk, session, theirs } = yield* someone
      const answer = {
        status: 502,
        headers: { "content-type": "text/html" },
        body: "<html>Bad gateway</html>"
      }
      yield* clerk.respondNext(answer)
      yield* clerk.respondNext(answer)
      const error = yield* Effect.flip(attempt(() => theirs.getSession(session.id)))
      const our = yield* Effect.flip(Sessions.get(session.id))
      expect(our).toMatchObject({ _tag: "ClerkServerError", status: 502, errors: [] })
      expect(error).toMatchObject({ status: 502 })
    }).pipe(Effect.provide(stage))
  )
})

describe("the errors of verifyToken and SessionTokens.verify for the same token", () => {
  const tokens = [
    ["exp", "token-expired", { age: "2 minutes" }],
    ["nbf", "token-not-active-yet", { claims: { nbf: 4e9 } }],
    ["azp", "token-invalid-authorized-parties", { origin: "https://other.example" }],
    ["signature", "token-invalid-signature", { sign: "wrong-key" }],
    ["unknown-key", "jwk-kid-mismatch", { header: { kid: "ins_other" } }]
  ] as const
  it.live.each(tokens)("%s ↔ %s", ([ours, theirs, options]) =>
    Effect.gen(function* () {
      const { apiUrl, clerk, origin, session } = yield* someone
      const token = yield* clerk.mintToken({ sessionId: session.id, origin, ...options })
      const authorizedParties = [origin]
      const secretKey = "sk_test_emulator"
      const their = yield* Effect.flip(
        attempt(() => verifyToken(token, { secretKey, apiUrl, authorizedParties, skipJwksCache: true }))
      )
      const our = yield* Effect.flip(SessionTokens.verify(token, { authorizedParties }))
      expect(our).toMatchObject({ _tag: "ClerkTokenError", reason: ours })
      expect(their).toMatchObject({ reason: theirs })
    }).pipe(Effect.provide(stage))
  )
})
