/**
 * Lists, reads, revokes and refreshes Clerk's sessions, and issues their tokens.
 *
 * Each function returns an effect that needs `ClerkHttp`. Ids can be plain or branded strings. An id has 1 to 128
 * letters, digits, `_` or `-`: with any other id the call fails with `ClerkInvalidRequest` before it sends a request.
 *
 * A call can fail with the errors in `Operation.CommonError`, and with those that its own error type adds.
 *
 * @example
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { Sessions } from "effect-clerk"
 *
 * // Signs a user out of every device.
 * export const signOutEverywhere = (userId: string) =>
 *   Effect.gen(function* () {
 *     // All pages first: a revoke in between could move a session past the next page.
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
 * @since 4.0.0
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
 * The errors of {@link list} and {@link stream}. `ClerkUnprocessableEntity` (422) means that Clerk rejected a filter.
 *
 * @since 4.0.0
 * @category errors
 */
export type ListError = Operation.ErrorOf<422>

/**
 * The errors of {@link create}.
 *
 * @since 4.0.0
 * @category errors
 */
export type CreateError = Operation.ErrorOf<404 | 409 | 422>

/**
 * The errors of {@link get}. `ClerkNotFound` (404) means that the session does not exist.
 *
 * @since 4.0.0
 * @category errors
 */
export type GetError = Operation.ErrorOf<404>

/**
 * The errors of {@link refresh}. `ClerkUnauthorized` (401) means that Clerk rejected the browser's tokens.
 *
 * @since 4.0.0
 * @category errors
 */
export type RefreshError = Operation.ErrorOf<422>

/**
 * The errors of {@link revoke}. `ClerkNotFound` (404) means that the session does not exist.
 *
 * @since 4.0.0
 * @category errors
 */
export type RevokeError = Operation.ErrorOf<404 | 409>

/**
 * The errors of {@link verify}.
 *
 * @since 4.0.0
 * @category errors
 */
export type VerifyError = Operation.ErrorOf<404 | 410>

/**
 * The errors of {@link createToken} and {@link createTokenFromTemplate}. `ClerkNotFound` (404) means that the session
 * or the template does not exist.
 *
 * @since 4.0.0
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
 * Returns one page of a user's sessions, newest first. The default page size is 10, and the maximum is 500.
 *
 * Use {@link stream} for the sessions of all pages. Clerk deletes sessions that ended long ago.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Sessions } from "effect-clerk"
 *
 * export const newest = (userId: string) =>
 *   Effect.map(Sessions.list({ userId, status: "active", limit: 1 }), ({ data }) => data[0])
 * ```
 *
 * @since 4.0.0
 * @category operations
 */
export function list(params: ListByUser): Operation.Op<SessionPage, ListError>
/**
 * Returns one page of the sessions on a client (one browser or device), newest first. The default page size is 10, and
 * the maximum is 500.
 *
 * @since 4.0.0
 * @category operations
 */
export function list(params: ListByClient): Operation.Op<SessionPage, ListError>
/**
 * Returns one page of the sessions of a user, a client, or both, newest first. The default page size is 10, and the
 * maximum is 500.
 *
 * @since 4.0.0
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
 * Creates an active session for a user without a browser. Use it in tests: Clerk rejects it for production instances.
 *
 * Each request makes another session, so the client retries only a request that Clerk certainly did not process.
 *
 * @since 4.0.0
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
 * Returns a session with its current status. Fails with `ClerkNotFound` if it does not exist.
 *
 * Use it to detect a sign-out at once, because a token issued before stays valid until it expires.
 *
 * @since 4.0.0
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
 * Returns the `Set-Cookie` values of a new session token, in exchange for the browser's expired session token and its
 * refresh token. Fails with `ClerkUnauthorized` if Clerk rejects these tokens: then send the browser through the
 * handshake.
 *
 * Clerk accepts an expired token once, so the client retries only a request that Clerk certainly did not process.
 *
 * @since 4.0.0
 * @category operations
 */
export function refresh(
  id: SessionId | string,
  params: RefreshParams & { readonly format: "cookie" }
): Operation.Op<SessionCookies, RefreshError>
/**
 * Returns a new session token, in exchange for the browser's expired session token and its refresh token. Fails with
 * `ClerkUnauthorized` if Clerk rejects these tokens: then send the browser through the handshake.
 *
 * Clerk accepts an expired token once, so the client retries only a request that Clerk certainly did not process. With
 * `format: "cookie"` the result is `SessionCookies`.
 *
 * @since 4.0.0
 * @category operations
 */
export function refresh(
  id: SessionId | string,
  params: RefreshParams & { readonly format?: "token" | undefined }
): Operation.Op<SessionToken, RefreshError>
/**
 * Returns a new session token, or its `Set-Cookie` values if `format` is `"cookie"`. Fails with `ClerkUnauthorized` if
 * Clerk rejects the browser's tokens: then send the browser through the handshake.
 *
 * Clerk accepts an expired token once, so the client retries only a request that Clerk certainly did not process.
 *
 * @since 4.0.0
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
 * Ends a session and returns it with its new status. A second revocation changes nothing. Fails with `ClerkNotFound` if
 * the session does not exist.
 *
 * Tokens issued before stay valid until they expire, by default 60 seconds after their issue. If the context has the
 * service `Revocations`, the call also records the session there, and verifiers with `revocations: true` reject its
 * tokens at once. When the store of that service is down, the call still succeeds and logs a warning. This process
 * rejects the tokens and resends the entry until the store has it.
 *
 * @since 4.0.0
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
 * Verifies a session, and its token if you pass one, with a request to Clerk.
 *
 * @deprecated Clerk removed this endpoint after API version 2025-03-12, which this call always uses. To verify a token,
 * use `SessionTokens.verify(token)`. To read the status of a session, use `Sessions.get(id)`.
 * @since 4.0.0
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
 * Issues a session token. `expiresIn` sets its lifetime. The default is the lifetime that the instance sets, usually 60
 * seconds.
 *
 * The token has no `azp`, because no browser requested it. A verifier with `authorizedParties` rejects it, unless
 * `missingAzp` is `"allow"`.
 *
 * @since 4.0.0
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
 * Issues a token with the claims of the JWT template `name`, for a call to another service. `expiresIn` sets its
 * lifetime. The default is the lifetime that the template sets.
 *
 * The token names no session (`sid`), so it stays valid until it expires, even after you revoke the session.
 *
 * @since 4.0.0
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
 * Streams all sessions of a user, newest first. It fetches a page when you consume it, and emits each session once.
 *
 * `limit` is the number of sessions on a page, 1 to 500 (default 500). `offset` is the number of sessions to skip
 * (default 0).
 *
 * Collect the stream before you revoke sessions (`Stream.runCollect`). Clerk pages by position, so a session that stops
 * matching `status` moves the others forward, past the next page.
 *
 * @example
 * ```ts
 * import { Stream } from "effect"
 * import { Sessions } from "effect-clerk"
 *
 * export const browsers = (userId: string) =>
 *   Sessions.stream({ userId, status: "active" }).pipe(
 *     Stream.map(({ latestActivity }) => latestActivity?.browserName ?? "unknown"),
 *     Stream.runCollect
 *   )
 * ```
 *
 * @since 4.0.0
 * @category operations
 */
export function stream(params: ListByUser): Stream.Stream<Session, ListError, ClerkHttp>
/**
 * Streams all sessions on a client (one browser or device), newest first. It fetches a page of 500 sessions when you
 * consume it; `limit` sets another page size.
 *
 * @since 4.0.0
 * @category operations
 */
export function stream(params: ListByClient): Stream.Stream<Session, ListError, ClerkHttp>
/**
 * Streams all sessions of a user, a client, or both, newest first. It fetches a page of 500 sessions when you consume
 * it; `limit` sets another page size.
 *
 * @since 4.0.0
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
 * The operations of `Sessions` with a client filled in, so that none of them requires `ClerkHttp`. {@link client}
 * returns it.
 *
 * @since 4.0.0
 * @category models
 */
export interface SessionsClient {
  readonly list: {
    /** Returns one page of a user's sessions, by default 10. See {@link list}. */
    (params: ListByUser): Effect.Effect<SessionPage, ListError>
    /** Returns one page of the sessions on a client, by default 10. See {@link list}. */
    (params: ListByClient): Effect.Effect<SessionPage, ListError>
    /** Returns one page of the sessions of a user, a client, or both, by default 10. See {@link list}. */
    (params: ListParams): Effect.Effect<SessionPage, ListError>
  }
  /** Creates an active session for a user, in tests. See {@link create}. */
  readonly create: (params: CreateParams) => Effect.Effect<Session, CreateError>
  /** Returns a session with its current status. See {@link get}. */
  readonly get: (id: SessionId | string) => Effect.Effect<Session, GetError>
  readonly refresh: {
    /** Returns the `Set-Cookie` values of a new session token. See {@link refresh}. */
    (
      id: SessionId | string,
      params: RefreshParams & { readonly format: "cookie" }
    ): Effect.Effect<SessionCookies, RefreshError>
    /** Returns a new session token, in exchange for an expired one. See {@link refresh}. */
    (
      id: SessionId | string,
      params: RefreshParams & { readonly format?: "token" | undefined }
    ): Effect.Effect<SessionToken, RefreshError>
    /** Returns a new session token, or its `Set-Cookie` values. See {@link refresh}. */
    (
      id: SessionId | string,
      params: RefreshParams
    ): Effect.Effect<SessionToken | SessionCookies, RefreshError>
  }
  /**
   * Ends a session and returns it with its new status. Records it in the `Revocations` that were in the context when
   * you made the client, or else in those where the method runs. See {@link revoke}.
   */
  readonly revoke: (id: SessionId | string) => Effect.Effect<Session, RevokeError>
  /**
   * Verifies a session, and its token if you pass one, with a request to Clerk. See {@link verify}.
   *
   * @deprecated Clerk removed this endpoint. To verify a token, use `SessionTokens.verify(token)`. To read the status
   * of a session, use `get(id)`.
   */
  readonly verify: (id: SessionId | string, options?: VerifyOptions) => Effect.Effect<Session, VerifyError>
  /** Issues a session token. See {@link createToken}. */
  readonly createToken: (
    id: SessionId | string,
    options?: CreateTokenOptions
  ) => Effect.Effect<SessionToken, CreateTokenError>
  /** Issues a token with the claims of a JWT template. See {@link createTokenFromTemplate}. */
  readonly createTokenFromTemplate: (
    id: SessionId | string,
    name: string,
    options?: CreateTokenOptions
  ) => Effect.Effect<SessionToken, CreateTokenError>
  readonly stream: {
    /** Streams all sessions of a user, newest first. See {@link stream}. */
    (params: ListByUser): Stream.Stream<Session, ListError>
    /** Streams all sessions on a client, newest first. See {@link stream}. */
    (params: ListByClient): Stream.Stream<Session, ListError>
    /** Streams all sessions of a user, a client, or both, newest first. See {@link stream}. */
    (params: ListParams): Stream.Stream<Session, ListError>
  }
}

// By its key: the class would bring every layer, and the platform's `HttpClient`, into this entry.
const clerkHttp = /*#__PURE__*/ serviceBy<ClerkHttp, ClerkHttpService>(clerkHttpKey)

/**
 * Returns all operations with the `ClerkHttp` of the context filled in. Use it in a service that you build once: its
 * methods then require nothing, and use this client wherever they run.
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
 * @since 4.0.0
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
