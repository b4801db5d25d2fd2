import type * as Duration from "effect/Duration"
import type * as Redacted from "effect/Redacted"

/**
 * A request as the emulated Clerk receives it.
 *
 * `url` is absolute (any host) or a path such as `/v1/sessions?user_id=user_1`; `body` is the text sent, empty
 * when there is none. Header names may have any case.
 *
 * @since 0.1.0
 * @category models
 */
export interface EmulatorRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
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
 * An answer prepared by a test; without `headers` it has none, without `body` it is empty.
 *
 * @since 0.1.0
 * @category inputs
 */
export interface PreparedResponse {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | undefined
}

/**
 * The states of a session, by Clerk's names.
 *
 * @since 0.1.0
 * @category models
 */
export type EmulatedStatus =
  | "abandoned"
  | "active"
  | "ended"
  | "expired"
  | "pending"
  | "removed"
  | "replaced"
  | "revoked"

/**
 * The device behind a session, `latest_activity` on the wire; what is absent is left out there too.
 *
 * @since 0.1.0
 * @category models
 */
export interface EmulatedActivity {
  readonly id: string
  readonly isMobile: boolean
  readonly deviceType?: string | undefined
  readonly browserName?: string | undefined
  readonly browserVersion?: string | undefined
  readonly ipAddress?: string | undefined
  readonly city?: string | undefined
  readonly country?: string | undefined
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
 * Input of `createUser`; an absent `id` is made.
 *
 * @since 0.1.0
 * @category inputs
 */
export interface CreateUserOptions {
  readonly id?: string | undefined
  readonly features?: ReadonlyArray<string> | undefined
  readonly plan?: string | undefined
}

/**
 * Input of `createOrganization`; an absent `id` is made, an absent `slug` is made of it, an absent role is `org:member`.
 *
 * @since 0.1.0
 * @category inputs
 */
export interface CreateOrganizationOptions {
  readonly id?: string | undefined
  readonly slug?: string | undefined
  readonly features?: ReadonlyArray<string> | undefined
  readonly plan?: string | undefined
  readonly members?:
    | ReadonlyArray<{
        readonly userId: string
        readonly role?: string | undefined
        readonly permissions?: ReadonlyArray<string> | undefined
      }>
    | undefined
}

/**
 * Input of `createTemplate`: `claims` are added to the seven that every template token has; `lifetime` defaults to 60 s.
 *
 * @since 0.1.0
 * @category inputs
 */
export interface CreateTemplateOptions {
  readonly name: string
  readonly claims?: Readonly<Record<string, unknown>> | undefined
  readonly lifetime?: Duration.DurationInput | undefined
}

/**
 * Input of `mintSessionToken`, for tokens that no request of the Backend API would give.
 *
 * - `origin`: becomes `azp`; absent, the token has none.
 * - `expiresIn`: defaults to the emulator's token lifetime.
 * - `age`: the token was made that long ago, so an `age` beyond its lifetime gives an expired token without waiting.
 * - `version`: the session token version, default 2.
 * - `claims`, `header`: laid over the usual ones; `undefined` removes one.
 *
 * @since 0.1.0
 * @category inputs
 */
export interface MintOptions {
  readonly origin?: string | undefined
  readonly expiresIn?: Duration.DurationInput | undefined
  readonly age?: Duration.DurationInput | undefined
  readonly version?: 1 | 2 | undefined
  readonly claims?: Readonly<Record<string, unknown>> | undefined
  readonly header?: Readonly<Record<string, unknown>> | undefined
}

/**
 * Input of `signIn`: an absent client is made, and `origin` (default `DEFAULT_ORIGIN`) becomes the token's `azp`.
 *
 * @since 0.1.0
 * @category inputs
 */
export interface SignInOptions extends MintOptions {
  readonly clientId?: string | undefined
  readonly organizationId?: string | undefined
  readonly status?: "active" | "pending" | undefined
  readonly tasks?: ReadonlyArray<{ readonly key: string }> | undefined
  readonly actor?: Readonly<Record<string, unknown>> | undefined
  readonly activity?: Partial<EmulatedActivity> | undefined
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
 * How an emulator behaves; everything has a default.
 *
 * - `secretKey`: the key requests must carry, default `DEFAULT_SECRET_KEY`.
 * - `issuer`: the Frontend API's address, `iss` of every token, default `DEFAULT_ISSUER`.
 * - `tokenLifetime`: of session tokens, default 60 s.
 * - `sessionLifetime`: until `expire_at`, default 7 days; `abandon_at` is 30 days later.
 * - `refreshWindow`: how long after its `iat` a token can still be refreshed, default 1 day (Clerk's is not public).
 * - `verifyGone`: `verify` answers 410 `operation_deprecated`.
 * - `production`: `create` answers 400 `request_invalid_for_environment`.
 *
 * @since 0.1.0
 * @category inputs
 */
export interface ClerkEmulatorOptions {
  readonly secretKey?: Redacted.Redacted<string> | undefined
  readonly issuer?: string | undefined
  readonly tokenLifetime?: Duration.DurationInput | undefined
  readonly sessionLifetime?: Duration.DurationInput | undefined
  readonly refreshWindow?: Duration.DurationInput | undefined
  readonly verifyGone?: boolean | undefined
  readonly production?: boolean | undefined
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
