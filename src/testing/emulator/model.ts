import type { KnownSessionStatus, SessionActivity } from "../../schema/Session.js"

/**
 * A request as the emulated Clerk receives it.
 *
 * `url` is absolute (any host) or a path such as `/v1/sessions?user_id=user_1`; `body` is the text sent, empty
 * when there is none, or its bytes in UTF-8. Header names may have any case.
 *
 * @since 0.1.0
 * @category models
 */
export interface EmulatorRequest {
  /** The HTTP method. */
  readonly method: string
  /** The absolute URL of any host, or the path: `/v1/sessions?user_id=user_1`. */
  readonly url: string
  /** The headers, with names in any case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The body as text or bytes, empty if there is none. */
  readonly body: string | Uint8Array
}

/**
 * What the emulated Clerk answers: the header names are lower case, `body` is JSON text.
 *
 * @since 0.1.0
 * @category models
 */
export interface EmulatorResponse {
  /** The HTTP status. */
  readonly status: number
  /** The headers, with names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** The body as JSON text. */
  readonly body: string
}

/**
 * The states of a session, by Clerk's names.
 *
 * @since 0.1.0
 * @category models
 */
export type EmulatedStatus = KnownSessionStatus

/**
 * The device behind a session, `latest_activity` on the wire; what is absent is left out there too.
 *
 * @since 0.1.0
 * @category models
 */
export interface EmulatedActivity extends Omit<SessionActivity, "object"> {
  readonly id: string
  readonly isMobile: boolean
}

/**
 * A session as the emulator holds it; the times are epoch milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface EmulatedSession {
  /** The id: `sess_…`. */
  readonly id: string
  /** The user of the session. */
  readonly userId: string
  /** The client (one browser or device) of the session. */
  readonly clientId: string
  /** The status. */
  readonly status: EmulatedStatus
  /** Who acts in the user's name, or `null`. */
  readonly actor: Readonly<Record<string, unknown>> | null
  /** The active organization, or `null`. */
  readonly lastActiveOrganizationId: string | null
  /** When the session was used last, in milliseconds since 1970. */
  readonly lastActiveAt: number
  /** The device and the place, or `null`. */
  readonly latestActivity: EmulatedActivity | null
  /** The tasks of a pending session, or `null`. */
  readonly tasks: ReadonlyArray<{ readonly key: string }> | null
  /** When the session expires, in milliseconds since 1970. */
  readonly expireAt: number
  /** When the session ends if it is not used, in milliseconds since 1970. */
  readonly abandonAt: number
  /** When the session was created, in milliseconds since 1970. */
  readonly createdAt: number
  /** When the session changed last, in milliseconds since 1970. */
  readonly updatedAt: number
}

/**
 * What a test may change of a session that exists.
 *
 * @since 0.1.0
 * @category models
 */
export interface EmulatedSessionPatch
  extends Partial<Omit<EmulatedSession, "id" | "userId" | "clientId" | "createdAt" | "updatedAt">> {}

/**
 * A user; `features` and `plan` are what they bought for themselves (`u:` in `fea` and `pla` of a v2 token).
 *
 * @since 0.1.0
 * @category models
 */
export interface EmulatedUser {
  /** The id: `user_…`. */
  readonly id: string
  /** The features of the user's own plan. */
  readonly features: ReadonlyArray<string>
  /** The user's own plan, or `undefined`. */
  readonly plan: string | undefined
}

/**
 * A member of an organization: `role` as `org:admin`, `permissions` as `org:<feature>:<permission>`.
 *
 * @since 0.1.0
 * @category models
 */
export interface EmulatedMembership {
  /** The user who is a member. */
  readonly userId: string
  /** The role: `org:admin`. */
  readonly role: string
  /** The custom permissions: `org:<feature>:<permission>`. */
  readonly permissions: ReadonlyArray<string>
}

/**
 * An organization; `features` and `plan` are what it bought (`o:` in `fea` and `pla` of a v2 token).
 *
 * @since 0.1.0
 * @category models
 */
export interface EmulatedOrganization {
  /** The id: `org_…`. */
  readonly id: string
  /** The slug. */
  readonly slug: string
  /** The features of the organization's plan. */
  readonly features: ReadonlyArray<string>
  /** The organization's plan, or `undefined`. */
  readonly plan: string | undefined
  /** The members. */
  readonly members: ReadonlyArray<EmulatedMembership>
}

/**
 * What a browser holds after signing in; with `sessionToken` once expired, the input of a refresh.
 *
 * @since 0.1.0
 * @category models
 */
export interface SignedIn {
  /** The session. */
  readonly session: EmulatedSession
  /** The session token, value of the `__session` cookie. */
  readonly sessionToken: string
  /** The refresh token, value of the `__refresh` cookie. */
  readonly refreshToken: string
  /** The web origin of the sign-in, `azp` of the token. */
  readonly origin: string
}

/**
 * The public half of the signing key, as `GET /v1/jwks` answers it.
 *
 * @since 0.1.0
 * @category models
 */
export interface EmulatorJwks {
  /** The public keys, the signing key first. */
  readonly keys: ReadonlyArray<{
    readonly use: "sig"
    readonly kty: "RSA"
    readonly kid: string
    readonly alg: "RS256"
    readonly n: string
    readonly e: string
  }>
}

/**
 * A JWT template: `claims` are added to those every template token has.
 *
 * @since 0.1.0
 * @category models
 */
export interface EmulatedTemplate {
  /** The name of the template. */
  readonly name: string
  /** The claims the template adds. */
  readonly claims: Readonly<Record<string, unknown>>
  /** The lifetime of its tokens, in seconds. */
  readonly lifetimeSeconds: number
}

/**
 * A request the emulator received: what was sent, and the status of the answer.
 *
 * @since 0.1.0
 * @category models
 */
export interface ReceivedRequest {
  /** As in `Sessions.get`; `undefined` where no route takes the request. */
  readonly operation: string | undefined
  /** The HTTP method. */
  readonly method: string
  /** The segments below `/v1`, decoded. */
  readonly path: ReadonlyArray<string>
  /** The query parameters, decoded. */
  readonly query: Readonly<Record<string, string>>
  /**
   * The JSON that was sent, or the text if it is none; `undefined` for an empty body. A body above 65,536 characters is
   * replaced by its length.
   */
  readonly body: unknown
  /** The `Clerk-API-Version` header, or `undefined`. */
  readonly apiVersion: string | undefined
  /** When it came, in epoch milliseconds of `Clock`. */
  readonly at: number
  /** `undefined` as long as there is no answer, and for ever if the connection broke. */
  readonly status: number | undefined
}

/**
 * Everything an emulator holds, at one moment.
 *
 * @since 0.1.0
 * @category models
 */
export interface EmulatorState {
  /** All users, oldest first. */
  readonly users: ReadonlyArray<EmulatedUser>
  /** All organizations, oldest first. */
  readonly organizations: ReadonlyArray<EmulatedOrganization>
  /** All JWT templates, oldest first. */
  readonly templates: ReadonlyArray<EmulatedTemplate>
  /** Newest first. */
  readonly sessions: ReadonlyArray<EmulatedSession>
  /** The `kid`s of the published keys; tokens are signed with the first. */
  readonly keys: ReadonlyArray<string>
  /** The newest requests: at most 1,000, and at most 2 MiB of JSON in all. */
  readonly requests: ReadonlyArray<ReceivedRequest>
  /** How many older requests the log no longer holds. */
  readonly droppedRequests: number
}
