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
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string | Uint8Array
}

/**
 * What the emulated Clerk answers: the header names are lower case, `body` is JSON text.
 *
 * @since 0.1.0
 * @category models
 */
export interface EmulatorResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
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
  readonly id: string
  readonly userId: string
  readonly clientId: string
  readonly status: EmulatedStatus
  readonly actor: Readonly<Record<string, unknown>> | null
  readonly lastActiveOrganizationId: string | null
  readonly lastActiveAt: number
  readonly latestActivity: EmulatedActivity | null
  readonly tasks: ReadonlyArray<{ readonly key: string }> | null
  readonly expireAt: number
  readonly abandonAt: number
  readonly createdAt: number
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
  readonly id: string
  readonly features: ReadonlyArray<string>
  readonly plan: string | undefined
}

/**
 * A member of an organization: `role` as `org:admin`, `permissions` as `org:<feature>:<permission>`.
 *
 * @since 0.1.0
 * @category models
 */
export interface EmulatedMembership {
  readonly userId: string
  readonly role: string
  readonly permissions: ReadonlyArray<string>
}

/**
 * An organization; `features` and `plan` are what it bought (`o:` in `fea` and `pla` of a v2 token).
 *
 * @since 0.1.0
 * @category models
 */
export interface EmulatedOrganization {
  readonly id: string
  readonly slug: string
  readonly features: ReadonlyArray<string>
  readonly plan: string | undefined
  readonly members: ReadonlyArray<EmulatedMembership>
}

/**
 * What a browser holds after signing in; with `sessionToken` once expired, the input of a refresh.
 *
 * @since 0.1.0
 * @category models
 */
export interface SignedIn {
  readonly session: EmulatedSession
  readonly sessionToken: string
  readonly refreshToken: string
  readonly origin: string
}

/**
 * The public half of the signing key, as `GET /v1/jwks` answers it.
 *
 * @since 0.1.0
 * @category models
 */
export interface EmulatorJwks {
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
  readonly name: string
  readonly claims: Readonly<Record<string, unknown>>
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
  readonly method: string
  /** The segments below `/v1`, decoded. */
  readonly path: ReadonlyArray<string>
  readonly query: Readonly<Record<string, string>>
  /**
   * The JSON that was sent, or the text if it is none; `undefined` for an empty body. A body above 65,536 characters is
   * replaced by its length.
   */
  readonly body: unknown
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
  readonly users: ReadonlyArray<EmulatedUser>
  readonly organizations: ReadonlyArray<EmulatedOrganization>
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
