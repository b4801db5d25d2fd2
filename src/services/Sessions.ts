/**
 * Clerk's sessions: who is signed in, where, and for how long.
 *
 * Every function returns an effect that needs `ClerkHttp`. Ids may be plain or branded strings. The type of a function
 * lists its errors. `Operation.CommonError` are the errors of every call.
 *
 * @example
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { Sessions } from "effect-clerk"
 *
 * // Signs a user out of every device. Collects the sessions of all pages before it revokes the first one.
 * export const signOutEverywhere = (userId: string) =>
 *   Effect.gen(function* () {
 *     const open = yield* Sessions.stream({ userId }).pipe(
 *       Stream.filter(({ status }) => status === "active" || status === "pending"),
 *       Stream.runCollect
 *     )
 *     yield* Effect.forEach(
 *       open,
 *       ({ id }) => Sessions.revoke(id).pipe(Effect.catchTag("ClerkNotFound", () => Effect.void)),
 *       { concurrency: 5, discard: true }
 *     )
 *   })
 * ```
 *
 * @see https://clerk.com/docs/reference/backend-api/tag/Sessions
 * @since 0.1.0
 */

import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { serviceBy } from "#major/context.js"
import type { Codec } from "#major/schemas.js"
import { paginate } from "#major/stream.js"
import { dateTimeFromDate } from "#major/time.js"
import { ownProperties } from "../core/input.js"
import { makeSessionPageReader, makeSessionReader } from "../core/session/reader.js"
import { readHeaders } from "../core/wire/headers.js"
import { clerkHttpKey } from "../runtime/client.js"
import { declared, type Reader } from "../runtime/operation.js"
import { presentRevocations, recordRevoked, revocations } from "../runtime/revocations.js"
import type { SessionId } from "../schema/Ids.js"
import { Session } from "../schema/Session.js"
import { SessionPage } from "../schema/SessionPage.js"
import {
  CreateBody,
  type CreateParams,
  CreateTokenBody,
  type CreateTokenOptions,
  type ListByClient,
  type ListByUser,
  type ListParams,
  ListQuery,
  RefreshBody,
  type RefreshParams,
  RefreshQuery,
  type RequestHeadersInput,
  VerifyBody,
  type VerifyOptions
} from "../schema/SessionRequests.js"
import { SessionCookies, SessionToken } from "../schema/SessionToken.js"
import type { ClerkHttp, ClerkHttpService } from "./ClerkHttp.js"
import type * as Operation from "./Operation.js"

/**
 * The errors of `Sessions.list` and `Sessions.stream`.
 *
 * @since 0.1.0
 * @category errors
 */
export type ListError = Operation.ErrorOf<422>

/**
 * The errors of `Sessions.create`.
 *
 * @since 0.1.0
 * @category errors
 */
export type CreateError = Operation.ErrorOf<404 | 409 | 422>

/**
 * The errors of `Sessions.get`.
 *
 * @since 0.1.0
 * @category errors
 */
export type GetError = Operation.ErrorOf<404>

/**
 * The errors of `Sessions.refresh`.
 *
 * @since 0.1.0
 * @category errors
 */
export type RefreshError = Operation.ErrorOf<422>

/**
 * The errors of `Sessions.revoke`.
 *
 * @since 0.1.0
 * @category errors
 */
export type RevokeError = Operation.ErrorOf<404 | 409>

/**
 * The errors of `Sessions.verify`.
 *
 * @since 0.1.0
 * @category errors
 */
export type VerifyError = Operation.ErrorOf<404 | 410>

/**
 * The errors of `Sessions.createToken` and `Sessions.createTokenFromTemplate`.
 *
 * @since 0.1.0
 * @category errors
 */
export type CreateTokenError = Operation.ErrorOf<404 | 422>

// Both readers return what the schemas return, as their property tests show. The brands of ids assert nothing.
const readSession = /*#__PURE__*/ makeSessionReader(dateTimeFromDate) as Reader<Session>
const readPage = /*#__PURE__*/ makeSessionPageReader(dateTimeFromDate) as Reader<SessionPage>

// Each operation has a pure annotation, so that a bundle holds only the operations it uses.
const listOperation = /*#__PURE__*/ declared(
  {
    name: "Sessions.list",
    method: "GET",
    path: "/sessions",
    kind: "read",
    query: ListQuery,
    success: SessionPage,
    errors: [422]
  },
  readPage
)

// The first two signatures make the compiler name the property that is missing: of a union it names none.
/**
 * Lists the sessions of a user, a client, or both, newest first, one page at a time. A page has at most `limit`
 * sessions, by default 10; `stream` returns the sessions of all pages. Clerk deletes sessions that ended long ago.
 *
 * @since 0.1.0
 * @category operations
 */
export function list(params: ListByUser): Operation.Op<SessionPage, ListError>
/**
 * Lists the sessions on a client, newest first, one page at a time, by default of 10 sessions.
 *
 * @since 0.1.0
 * @category operations
 */
export function list(params: ListByClient): Operation.Op<SessionPage, ListError>
/**
 * Lists the sessions of a user, a client, or both, newest first, one page at a time, by default of 10 sessions.
 *
 * @since 0.1.0
 * @category operations
 */
export function list(params: ListParams): Operation.Op<SessionPage, ListError>
export function list(params: ListParams): Operation.Op<SessionPage, ListError> {
  // In this order, so that another value of a caller without types is rejected.
  return listOperation({ query: { paginated: true, ...params } })
}

const createOperation = /*#__PURE__*/ declared(
  {
    name: "Sessions.create",
    method: "POST",
    path: "/sessions",
    kind: "once",
    body: CreateBody,
    success: Session,
    errors: [404, 409, 422]
  },
  readSession
)

/**
 * Creates an active session for a user, for tests. Production instances reject it. The client never retries a request
 * that Clerk may have received, because each request makes another session.
 *
 * @since 0.1.0
 * @category operations
 */
export const create = (params: CreateParams): Operation.Op<Session, CreateError> =>
  createOperation({ body: params })

const getOperation = /*#__PURE__*/ declared(
  {
    name: "Sessions.get",
    method: "GET",
    path: "/sessions/{id}",
    kind: "read",
    success: Session,
    errors: [404],
    responseId: "id"
  },
  readSession
)

/**
 * Returns a session with its present status. It shows whether a session was revoked while its token is still valid.
 *
 * @since 0.1.0
 * @category operations
 */
export const get = (id: SessionId | string): Operation.Op<Session, GetError> => getOperation({ path: { id } })

const refreshOperation = <A extends SessionToken | SessionCookies, I>(success: Codec<A, I>) =>
  declared({
    name: "Sessions.refresh",
    method: "POST",
    path: "/sessions/{id}/refresh",
    kind: "once",
    query: RefreshQuery,
    body: RefreshBody,
    success,
    errors: [422],
    secrets: ["expired_token", "refresh_token", "request_headers"]
  })

const refreshToToken = /*#__PURE__*/ refreshOperation(SessionToken)

const refreshToCookies = /*#__PURE__*/ refreshOperation(SessionCookies)

/**
 * Issues the `Set-Cookie` values that carry a new session token, from an expired session token and the browser's
 * refresh token. `ClerkUnauthorized` means that Clerk rejected the tokens: send the browser through the handshake.
 *
 * Clerk accepts an expired token once, so the client never retries a request that Clerk may have received.
 *
 * @since 0.1.0
 * @category operations
 */
export function refresh(
  id: SessionId | string,
  params: RefreshParams & { readonly format: "cookie" }
): Operation.Op<SessionCookies, RefreshError>
/**
 * Issues a new session token from an expired session token and the browser's refresh token. With
 * `format: "cookie"`, issues the `Set-Cookie` values that carry it. `ClerkUnauthorized` means that Clerk rejected the
 * tokens: send the browser through the handshake.
 *
 * Clerk accepts an expired token once, so the client never retries a request that Clerk may have received.
 *
 * @since 0.1.0
 * @category operations
 */
export function refresh(
  id: SessionId | string,
  params: RefreshParams & { readonly format?: "token" | undefined }
): Operation.Op<SessionToken, RefreshError>
/**
 * Issues a new session token, or the `Set-Cookie` values that carry it if `format` is `"cookie"`. `ClerkUnauthorized`
 * means that Clerk rejected the tokens: send the browser through the handshake.
 *
 * Clerk accepts an expired token once, so the client never retries a request that Clerk may have received.
 *
 * @since 0.1.0
 * @category operations
 */
export function refresh(
  id: SessionId | string,
  params: RefreshParams
): Operation.Op<SessionToken | SessionCookies, RefreshError>
export function refresh(id: SessionId | string, params: RefreshParams) {
  const { suffixedCookies, format, requestHeaders, ...rest } = ownProperties(params)
  // Read at once: an iterator such as `headers.entries()` gives its entries once, and the effect may run again.
  const headers = requestHeaders === undefined ? undefined : (readHeaders(requestHeaders) ?? unreadable)
  const input = {
    path: { id },
    query: { suffixedCookies },
    body: { ...rest, requestHeaders: headers, format }
  }
  return format === "cookie" ? refreshToCookies(input) : refreshToToken(input)
}

/** Stands for headers that cannot be read: the check of the input rejects a header without a name. */
const unreadable: RequestHeadersInput = [["", undefined]]

const revokeOperation = /*#__PURE__*/ declared(
  {
    name: "Sessions.revoke",
    method: "POST",
    path: "/sessions/{id}/revoke",
    kind: "idempotent",
    success: Session,
    errors: [404, 409],
    responseId: "id",
    confirm: { path: "/sessions/{id}", isDone: ({ status }) => /^(revoked|ended|removed)$/.test(status) }
  },
  readSession
)

/**
 * Ends a session and returns it with its new status. A token that was issued before stays valid until it expires,
 * usually within a minute.
 *
 * With the service `Revocations` in the context, the call also records the session there, and verifiers with
 * `revocations: true` reject its tokens at once. If the store of that service is down, the call still succeeds and logs a
 * warning. Then this process rejects the tokens, and resends the entry until the store has it.
 *
 * @since 0.1.0
 * @category operations
 */
export const revoke = (id: SessionId | string): Operation.Op<Session, RevokeError> =>
  Effect.tap(revokeOperation({ path: { id } }), (session) =>
    Effect.flatMap(presentRevocations, (service) =>
      service === undefined ? Effect.void : recordRevoked(service, session.id)
    )
  )

const verifyOperation = /*#__PURE__*/ declared(
  {
    name: "Sessions.verify",
    method: "POST",
    path: "/sessions/{id}/verify",
    kind: "idempotent",
    body: VerifyBody,
    success: Session,
    errors: [404, 410],
    // The last version with this endpoint.
    apiVersion: "2025-03-12",
    responseId: "id",
    secrets: ["token"]
  },
  readSession
)

/**
 * Verifies a session, and the token given with it, at Clerk.
 *
 * @deprecated Clerk withdraws this endpoint after API version 2025-03-12, which this call always uses. To verify a token,
 * use `SessionTokens.verify(token)`. To read the status of a session, use `Sessions.get(id)`.
 * @since 0.1.0
 * @category operations
 */
export const verify = (
  id: SessionId | string,
  options: VerifyOptions = {}
): Operation.Op<Session, VerifyError> => verifyOperation({ path: { id }, body: options })

const createTokenOperation = /*#__PURE__*/ declared({
  name: "Sessions.createToken",
  method: "POST",
  path: "/sessions/{id}/tokens",
  kind: "idempotent",
  body: CreateTokenBody,
  success: SessionToken,
  errors: [404, 422]
})

/**
 * Issues a session token. The token has no `azp`, because no browser requested it.
 *
 * @since 0.1.0
 * @category operations
 */
export const createToken = (
  id: SessionId | string,
  options: CreateTokenOptions = {}
): Operation.Op<SessionToken, CreateTokenError> => createTokenOperation({ path: { id }, body: options })

const createTokenFromTemplateOperation = /*#__PURE__*/ declared({
  name: "Sessions.createTokenFromTemplate",
  method: "POST",
  path: "/sessions/{id}/tokens/{name}",
  kind: "idempotent",
  body: CreateTokenBody,
  success: SessionToken,
  errors: [404, 422]
})

/**
 * Issues a token with the claims of one of the instance's JWT templates. Revoking the session does not end the token.
 *
 * @since 0.1.0
 * @category operations
 */
export const createTokenFromTemplate = (
  id: SessionId | string,
  name: string,
  options: CreateTokenOptions = {}
): Operation.Op<SessionToken, CreateTokenError> =>
  createTokenFromTemplateOperation({ path: { id, name }, body: options })

const maxPageSize = 500

/**
 * Streams the sessions of a user, a client, or both, newest first. Fetches each page when it is needed.
 * `limit` is the number of sessions on a page, 1 to 500 (default 500). `offset` is the number of sessions to skip
 * (default 0).
 *
 * Clerk pages by position. A session created between two pages moves the others back, so the stream drops ids it
 * has emitted. A session that stops matching `status` moves the others forward, past the next page. To revoke
 * sessions, collect the stream first (`Stream.runCollect`), then revoke.
 *
 * @since 0.1.0
 * @category operations
 */
export function stream(params: ListByUser): Stream.Stream<Session, ListError, ClerkHttp>
/**
 * Streams the sessions on a client, newest first. Fetches each page when it is needed, by default 500 sessions at a
 * time.
 *
 * @since 0.1.0
 * @category operations
 */
export function stream(params: ListByClient): Stream.Stream<Session, ListError, ClerkHttp>
/**
 * Streams the sessions of a user, a client, or both, newest first. Fetches each page when it is needed, by default
 * 500 sessions at a time.
 *
 * @since 0.1.0
 * @category operations
 */
export function stream(params: ListParams): Stream.Stream<Session, ListError, ClerkHttp>
export function stream(params: ListParams): Stream.Stream<Session, ListError, ClerkHttp> {
  return Stream.suspend(() => {
    const seen = new Set<string>()
    const { limit = maxPageSize, offset: start = 0, ...filters } = ownProperties(params)
    return paginate(start, (offset) =>
      Effect.map(list({ ...filters, limit, offset }), ({ data, totalCount }) => {
        const fresh = data.filter(({ id }) => !seen.has(id))
        for (const { id } of fresh) seen.add(id)
        const next = offset + data.length
        const isLast =
          data.length === 0 || (totalCount === undefined ? data.length < limit : next >= totalCount)
        return [fresh, isLast ? Option.none() : Option.some(next)]
      })
    )
  })
}

/**
 * All operations, with their client filled in, so that no operation requires `ClerkHttp`. `Sessions.client` returns it.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionsClient {
  readonly list: {
    /** Lists the sessions of a user, one page at a time, by default of 10 sessions. See `Sessions.list`. */
    (params: ListByUser): Effect.Effect<SessionPage, ListError>
    /** Lists the sessions on a client, one page at a time, by default of 10 sessions. See `Sessions.list`. */
    (params: ListByClient): Effect.Effect<SessionPage, ListError>
    /** Lists the sessions of a user, a client, or both, one page at a time. See `Sessions.list`. */
    (params: ListParams): Effect.Effect<SessionPage, ListError>
  }
  /** Creates an active session for a user, for tests. See `Sessions.create`. */
  readonly create: (params: CreateParams) => Effect.Effect<Session, CreateError>
  /** Returns a session with its present status. See `Sessions.get`. */
  readonly get: (id: SessionId | string) => Effect.Effect<Session, GetError>
  readonly refresh: {
    /** Issues the `Set-Cookie` values that carry a new session token. See `Sessions.refresh`. */
    (
      id: SessionId | string,
      params: RefreshParams & { readonly format: "cookie" }
    ): Effect.Effect<SessionCookies, RefreshError>
    /** Issues a new session token from an expired one. See `Sessions.refresh`. */
    (
      id: SessionId | string,
      params: RefreshParams & { readonly format?: "token" | undefined }
    ): Effect.Effect<SessionToken, RefreshError>
    /** Issues a new session token, or the `Set-Cookie` values that carry it. See `Sessions.refresh`. */
    (
      id: SessionId | string,
      params: RefreshParams
    ): Effect.Effect<SessionToken | SessionCookies, RefreshError>
  }
  /**
   * Ends a session and returns it with its new status. Records it in the `Revocations` that were present when the client
   * was made, or else where the method runs. See `Sessions.revoke`.
   */
  readonly revoke: (id: SessionId | string) => Effect.Effect<Session, RevokeError>
  /**
   * Verifies a session, and the token given with it, at Clerk. See `Sessions.verify`.
   *
   * @deprecated Clerk withdraws this endpoint. To verify a token, use `SessionTokens.verify(token)`. To read the status
   * of a session, use `get(id)`.
   */
  readonly verify: (id: SessionId | string, options?: VerifyOptions) => Effect.Effect<Session, VerifyError>
  /** Issues a session token. See `Sessions.createToken`. */
  readonly createToken: (
    id: SessionId | string,
    options?: CreateTokenOptions
  ) => Effect.Effect<SessionToken, CreateTokenError>
  /** Issues a token with the claims of a JWT template. See `Sessions.createTokenFromTemplate`. */
  readonly createTokenFromTemplate: (
    id: SessionId | string,
    name: string,
    options?: CreateTokenOptions
  ) => Effect.Effect<SessionToken, CreateTokenError>
  readonly stream: {
    /** Streams the sessions of a user, newest first. See `Sessions.stream`. */
    (params: ListByUser): Stream.Stream<Session, ListError>
    /** Streams the sessions on a client, newest first. See `Sessions.stream`. */
    (params: ListByClient): Stream.Stream<Session, ListError>
    /** Streams the sessions of a user, a client, or both, newest first. See `Sessions.stream`. */
    (params: ListParams): Stream.Stream<Session, ListError>
  }
}

// By its key: the class would bring every layer, and the platform's `HttpClient`, into this entry.
const clerkHttp = /*#__PURE__*/ serviceBy<ClerkHttp, ClerkHttpService>(clerkHttpKey)

/**
 * Returns all operations with the present `ClerkHttp` filled in, for a service that is built once. Its methods then have
 * no requirements, and keep this client wherever they run.
 *
 * @example
 * Effect 4:
 *
 * ```ts effect4
 * import { Context, Effect, Layer } from "effect"
 * import { Sessions } from "effect-clerk"
 *
 * export class Devices extends Context.Service<Devices>()("Devices", {
 *   make: Effect.gen(function* () {
 *     const sessions = yield* Sessions.client
 *     return { find: (id: string) => sessions.get(id) }
 *   })
 * }) {
 *   static readonly layer = Layer.effect(Devices, Devices.make)
 * }
 * ```
 *
 * Effect 3:
 *
 * ```ts effect3
 * import { Effect } from "effect"
 * import { Sessions } from "effect-clerk"
 *
 * export class Devices extends Effect.Service<Devices>()("Devices", {
 *   effect: Effect.gen(function* () {
 *     const sessions = yield* Sessions.client
 *     return { find: (id: string) => sessions.get(id) }
 *   })
 * }) {}
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const client: Effect.Effect<SessionsClient, never, ClerkHttp> = /*#__PURE__*/ Effect.flatMap(
  clerkHttp,
  (http) =>
    Effect.map(presentRevocations, (present): SessionsClient => {
      const bind =
        <Args extends ReadonlyArray<unknown>, A, E>(operation: (...args: Args) => Operation.Op<A, E>) =>
        (...args: Args): Effect.Effect<A, E> =>
          Effect.provideService(operation(...args), clerkHttp, http)
      return {
        list: bind(list),
        create: bind(create),
        get: bind(get),
        // `bind` sees the last signature only. Its result calls `refresh`, so it returns what each signature says.
        refresh: bind(refresh) as SessionsClient["refresh"],
        revoke: (id) => {
          const revoking = bind(revoke)(id)
          return present === undefined ? revoking : Effect.provideService(revoking, revocations, present)
        },
        verify: bind(verify),
        createToken: bind(createToken),
        createTokenFromTemplate: bind(createTokenFromTemplate),
        stream: (params: ListParams) => Stream.provideService(stream(params), clerkHttp, http)
      }
    })
)
