import type { KnownSessionStatus } from "../model.js"

/**
 * A request to the emulator.
 *
 * @since 4.0.0
 * @category models
 */
export interface EmulatorRequest {
  /** The HTTP method. */
  readonly method: string
  /** The absolute URL with any host, or only the path: `/v1/sessions?user_id=user_1`. */
  readonly url: string
  /** The headers, with names in any case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The body as text or bytes. Empty for a request without a body. */
  readonly body: string | Uint8Array
}

/**
 * A response of the emulator.
 *
 * @since 4.0.0
 * @category models
 */
export interface EmulatorResponse {
  /** The HTTP status. */
  readonly status: number
  /** The headers, with names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** The values of the `Set-Cookie` headers. Default: none. */
  readonly cookies?: ReadonlyArray<string> | undefined
  /** The body: JSON text, or the HTML of a page. */
  readonly body: string
}

/**
 * The status of a session, with Clerk's names.
 *
 * @since 4.0.0
 * @category models
 */
export type EmulatedStatus = KnownSessionStatus

/**
 * The device and the place of a session (`latest_activity`). The response omits absent fields.
 *
 * @since 4.0.0
 * @category models
 */
export interface EmulatedActivity {
  /** The id of the record: `activity_…`. */
  readonly id: string
  /** Whether the device is a phone or a tablet. */
  readonly isMobile: boolean
  /** The kind of device: `desktop`, `iPhone`. */
  readonly deviceType?: string | undefined
  /** The name of the browser: `Firefox`. */
  readonly browserName?: string | undefined
  /** The version of the browser: `128.0.0.0`. */
  readonly browserVersion?: string | undefined
  /** The IP address of the device. */
  readonly ipAddress?: string | undefined
  /** The city. */
  readonly city?: string | undefined
  /** The country. */
  readonly country?: string | undefined
}

/**
 * A session in the emulator.
 *
 * @since 4.0.0
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
  /** The actor who impersonates the user, or `null`. */
  readonly actor: Readonly<Record<string, unknown>> | null
  /** The active organization, or `null`. */
  readonly lastActiveOrganizationId: string | null
  /** When the session was last used, in milliseconds since 1970. */
  readonly lastActiveAt: number
  /** The device and the place, or `null`. */
  readonly latestActivity: EmulatedActivity | null
  /** The tasks of a pending session, or `null`. */
  readonly tasks: ReadonlyArray<{ readonly key: string }> | null
  /** When the session expires, in milliseconds since 1970. */
  readonly expireAt: number
  /** When the session ends if it stays unused, in milliseconds since 1970. */
  readonly abandonAt: number
  /** When the session was created, in milliseconds since 1970. */
  readonly createdAt: number
  /** When the session last changed, in milliseconds since 1970. */
  readonly updatedAt: number
}

/**
 * The fields of a session that a test can change.
 *
 * @since 4.0.0
 * @category models
 */
export interface EmulatedSessionPatch
  extends Partial<Omit<EmulatedSession, "id" | "userId" | "clientId" | "createdAt" | "updatedAt">> {}

/**
 * A user. Tokens of version 2 state the features and the plan with the scope `u`.
 *
 * @since 4.0.0
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
 * A member of an organization.
 *
 * @since 4.0.0
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
 * An organization. Tokens of version 2 state the features and the plan with the scope `o`.
 *
 * @since 4.0.0
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
 * The state of a browser after a sign-in. It is the input of a refresh when `sessionToken` has expired.
 *
 * @since 4.0.0
 * @category models
 */
export interface SignedIn {
  /** The session. */
  readonly session: EmulatedSession
  /** The session token, which is the value of the cookie `__session`. */
  readonly sessionToken: string
  /** The refresh token, which is the value of the cookie `__refresh`. */
  readonly refreshToken: string
  /** The web origin of the sign-in, which is the `azp` of the token. */
  readonly origin: string
}

/**
 * The published keys, as `GET /v1/jwks` returns them.
 *
 * @since 4.0.0
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
 * A JWT template.
 *
 * @since 4.0.0
 * @category models
 */
export interface EmulatedTemplate {
  /** The name of the template. */
  readonly name: string
  /** The claims that the template adds. */
  readonly claims: Readonly<Record<string, unknown>>
  /** The lifetime of its tokens, in seconds. */
  readonly lifetimeSeconds: number
}

/**
 * A request that the emulator received, with the status of its response.
 *
 * @since 4.0.0
 * @category models
 */
export interface ReceivedRequest {
  /** The operation: `Sessions.get`, `FrontendApi.handshake`. `undefined` if no route matches the request. */
  readonly operation: string | undefined
  /** The HTTP method. */
  readonly method: string
  /** The decoded segments below `/v1`. */
  readonly path: ReadonlyArray<string>
  /** The decoded query parameters. The credentials of a browser are `***`. */
  readonly query: Readonly<Record<string, string>>
  /**
   * The body as JSON, or as text if it is not JSON. `undefined` for an empty body. A body of more than 65,536
   * characters is replaced by its length.
   */
  readonly body: unknown
  /** The `Clerk-API-Version` header, or `undefined`. */
  readonly apiVersion: string | undefined
  /** When the request arrived, in milliseconds of `Clock` since 1970. */
  readonly at: number
  /** The status of the response. `undefined` before the response, and if the connection broke. */
  readonly status: number | undefined
}

/**
 * The rate limit of an emulator, and its counts since the start or the last `reset`. Requests for keys, requests to the
 * Frontend API and requests without the secret key do not count.
 *
 * @since 4.0.0
 * @category models
 */
export interface EmulatorRateLimit {
  /** The number of requests that one window allows. */
  readonly limit: number
  /** The length of the window, in milliseconds. */
  readonly window: number
  /** The number of requests, including those that the limit rejected. */
  readonly requests: number
  /** The number of requests that got a 429 because of the limit. */
  readonly rejected: number
  /** The highest number of requests in any window, including those that the limit rejected. */
  readonly mostInWindow: number
}

/**
 * All data of an emulator at one moment.
 *
 * @since 4.0.0
 * @category models
 */
export interface EmulatorState {
  /** All users, oldest first. */
  readonly users: ReadonlyArray<EmulatedUser>
  /** All organizations, oldest first. */
  readonly organizations: ReadonlyArray<EmulatedOrganization>
  /** All JWT templates, oldest first. */
  readonly templates: ReadonlyArray<EmulatedTemplate>
  /** All sessions, newest first. */
  readonly sessions: ReadonlyArray<EmulatedSession>
  /** The ids (`kid`) of the published keys. The first one signs. */
  readonly keys: ReadonlyArray<string>
  /** The newest requests, oldest first: at most 1,000, and at most 2 MiB of JSON. */
  readonly requests: ReadonlyArray<ReceivedRequest>
  /** The number of older requests that the log has dropped. */
  readonly droppedRequests: number
  /** The rate limit and its counts. `undefined` without the option `rateLimit`. */
  readonly rateLimit: EmulatorRateLimit | undefined
}

/**
 * A webhook of the emulator, signed as Svix signs Clerk's webhooks.
 *
 * @since 4.0.0
 * @category models
 */
export interface EmulatedWebhook {
  /** The headers. Each attempt to send the webhook has the same id, and its own time and signature. */
  readonly headers: {
    readonly "content-type": "application/json"
    /** The id of the webhook: `msg_…`. */
    readonly "svix-id": string
    /** The time of the attempt, in seconds since 1970. */
    readonly "svix-timestamp": string
    /** The HMAC-SHA256 of id, time and body: `v1,` and base64. */
    readonly "svix-signature": string
  }
  /** The event as JSON: `{"data":{…},"object":"event","type":"session.revoked",…}`. */
  readonly body: string
}

/**
 * How a token is signed:
 * - `current-key`: with the current key.
 * - `wrong-key`: with another RSA key, under the `kid` of the current key.
 * - `none`: without a signature, as the `alg` in the header says.
 * - `hs256-with-public-key`: with HMAC, whose secret is the text of the public key.
 * - `truncated`: with the current key, but the end of the signature is missing.
 * - `tampered`: with the current key, before other claims (by default another `sub`) replace the signed ones.
 *
 * @since 4.0.0
 * @category models
 */
export type TokenSignature =
  | "current-key"
  | "wrong-key"
  | "none"
  | "hs256-with-public-key"
  | "truncated"
  | "tampered"

/**
 * How a connection fails:
 * - `reset`: it breaks before Clerk executes the request.
 * - `response-lost`: Clerk executes the request, and the connection breaks before the response.
 * - `no-response`: it stays open, and no response ever comes.
 *
 * @since 4.0.0
 * @category models
 */
export type ConnectionFault = "reset" | "response-lost" | "no-response"
