import type * as Effect from "effect/Effect"
import { type ClerkHttp, type Operation, Sessions } from "effect-clerk"
import * as wire from "./wire.js"

export type AnyError = Operation.ErrorOf<Operation.DeclaredStatus>

/** An operation of `Sessions`, with its simplest call and its properties. */
export interface OperationCase {
  readonly name: string
  readonly method: string
  readonly template: string
  readonly path: ReadonlyArray<string>
  readonly kind: Operation.Kind
  /** The statuses that it declares besides those of every operation. */
  readonly documented: ReadonlyArray<number>
  /** The JSON of a successful response. */
  readonly answer: unknown
  readonly run: Effect.Effect<unknown, AnyError, ClerkHttp>
}

export const refreshParams = {
  expiredToken: "eyJhbGciOiJSUzI1NiJ9.eyJzaWQiOiJzZXNzXzEifQ.b2xk",
  refreshToken: "refresh-token-of-the-browser",
  requestOrigin: "https://app.example.com"
} as const

export const everyRefreshParameter = {
  ...refreshParams,
  requestHeaders: { "User-Agent": "Firefox", "x-forwarded-for": ["10.0.0.1", "10.0.0.2"] },
  requestOriginatingIp: "2001:db8::1"
} as const

/** The same on the wire. */
export const everyRefreshField = {
  expired_token: refreshParams.expiredToken,
  refresh_token: refreshParams.refreshToken,
  request_origin: refreshParams.requestOrigin,
  request_headers: { "User-Agent": ["Firefox"], "x-forwarded-for": ["10.0.0.1", "10.0.0.2"] },
  request_originating_ip: "2001:db8::1"
}

export const operations: ReadonlyArray<OperationCase> = [
  {
    name: "Sessions.list",
    method: "GET",
    template: "/sessions",
    path: ["sessions"],
    kind: "read",
    documented: [422],
    answer: wire.page,
    run: Sessions.list({ userId: "user_1" })
  },
  {
    name: "Sessions.create",
    method: "POST",
    template: "/sessions",
    path: ["sessions"],
    kind: "once",
    documented: [404, 409, 422],
    answer: wire.session,
    run: Sessions.create({ userId: "user_1" })
  },
  {
    name: "Sessions.get",
    method: "GET",
    template: "/sessions/{id}",
    path: ["sessions", "sess_1"],
    kind: "read",
    documented: [404],
    answer: wire.session,
    run: Sessions.get("sess_1")
  },
  {
    name: "Sessions.refresh",
    method: "POST",
    template: "/sessions/{id}/refresh",
    path: ["sessions", "sess_1", "refresh"],
    kind: "once",
    documented: [422],
    answer: wire.token,
    run: Sessions.refresh("sess_1", refreshParams)
  },
  {
    name: "Sessions.revoke",
    method: "POST",
    template: "/sessions/{id}/revoke",
    path: ["sessions", "sess_1", "revoke"],
    kind: "idempotent",
    documented: [404, 409],
    answer: wire.sessionWith({ status: "revoked" }),
    run: Sessions.revoke("sess_1")
  },
  {
    name: "Sessions.verify",
    method: "POST",
    template: "/sessions/{id}/verify",
    path: ["sessions", "sess_1", "verify"],
    kind: "idempotent",
    documented: [404, 410],
    answer: wire.session,
    run: Sessions.verify("sess_1", { token: wire.token.jwt })
  },
  {
    name: "Sessions.createToken",
    method: "POST",
    template: "/sessions/{id}/tokens",
    path: ["sessions", "sess_1", "tokens"],
    kind: "idempotent",
    documented: [404, 422],
    answer: wire.token,
    run: Sessions.createToken("sess_1")
  },
  {
    name: "Sessions.createTokenFromTemplate",
    method: "POST",
    template: "/sessions/{id}/tokens/{name}",
    path: ["sessions", "sess_1", "tokens", "supabase"],
    kind: "idempotent",
    documented: [404, 422],
    answer: wire.token,
    run: Sessions.createTokenFromTemplate("sess_1", "supabase")
  }
]
