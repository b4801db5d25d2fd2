import type * as Duration from "effect/Duration"
import type * as Redacted from "effect/Redacted"
import type { KnownOperationName } from "../operationName.js"
import type { EmulatedActivity } from "./model.js"
import type { EmulatorSeed } from "./seed.js"

/**
 * A response for the next request. Without `headers` it has none, without `body` it is empty.
 *
 * - `status`: a whole number from 200 to 599.
 * - `headers`: names are HTTP tokens, values printable ASCII. `content-length`, `transfer-encoding` and `trailer` are
 *   rejected, because the server derives them from the body.
 * - `body`: must be empty for the status 204, 205 or 304.
 * - `operation`: waits for the next request of that operation; absent, the next request of all.
 * - `delay`: how long the response takes, by `Clock`; at most 36,500 days, as every duration here.
 *
 * @since 0.1.0
 * @category inputs
 */
export interface PreparedResponse {
  readonly operation?: KnownOperationName | undefined
  readonly delay?: Duration.DurationInput | undefined
  readonly status: number
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | undefined
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
 * Input of `createTemplate`: `claims` are added to the seven that every template token has, at most 64 KiB of JSON;
 * `lifetime` defaults to 60 s.
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
 * How a token is signed:
 *
 * - `current-key`: as it should be;
 * - `wrong-key`: by another RSA key, in the name of the current one;
 * - `none`: not at all, with `alg: "none"`;
 * - `hs256-with-public-key`: by HMAC, with the text of the public key for a secret;
 * - `cut`: the end of the signature is missing;
 * - `tampered`: `claims` were laid over it after it was signed (or `sub`, if none are given).
 *
 * @since 0.1.0
 * @category inputs
 */
export type TokenSignature =
  | "current-key"
  | "wrong-key"
  | "none"
  | "hs256-with-public-key"
  | "cut"
  | "tampered"

/**
 * Input of `mintToken`, for any token at all.
 *
 * - `sessionId`: the session whose claims it carries. Absent: it has the issuer, the times, and `claims`.
 * - `template`: it is a token of that template, for `sessionId`.
 * - `sign`: default `current-key`.
 * - `payload`: this text is signed in place of the claims, be it JSON or not.
 *
 * @since 0.1.0
 * @category inputs
 */
export interface MintTokenOptions extends MintOptions {
  readonly sessionId?: string | undefined
  readonly template?: string | undefined
  readonly sign?: TokenSignature | undefined
  readonly payload?: string | undefined
}

/**
 * How a connection fails:
 *
 * - `reset`: it breaks before Clerk has done anything;
 * - `lost`: Clerk does what was asked, and then the connection breaks, so that the answer is lost;
 * - `silence`: it stays open, and no answer ever comes.
 *
 * @since 0.1.0
 * @category inputs
 */
export type ConnectionFault = "reset" | "lost" | "silence"

/**
 * Input of `failNext`: the next request (of the operation, if one is named) meets this fault.
 *
 * @since 0.1.0
 * @category inputs
 */
export interface FailNextOptions {
  readonly fault: ConnectionFault
  readonly operation?: KnownOperationName | undefined
  readonly delay?: Duration.DurationInput | undefined
}

/**
 * Input of `rotateKey`: `withdrawOld` removes the previous keys from the key set at once. Otherwise the two latest of
 * them stay.
 *
 * @since 0.1.0
 * @category inputs
 */
export interface RotateKeyOptions {
  readonly withdrawOld?: boolean | undefined
}

/**
 * Input of `signIn`: an absent session id or client is made, and `origin` (default `DEFAULT_ORIGIN`) becomes the token's
 * `azp`. A session id that is there already dies.
 *
 * @since 0.1.0
 * @category inputs
 */
export interface SignInOptions extends MintOptions {
  readonly sessionId?: string | undefined
  readonly clientId?: string | undefined
  readonly organizationId?: string | undefined
  readonly status?: "active" | "pending" | undefined
  readonly tasks?: ReadonlyArray<{ readonly key: string }> | undefined
  readonly actor?: Readonly<Record<string, unknown>> | undefined
  readonly activity?: Partial<EmulatedActivity> | undefined
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
 * - `seed`: what there is from the beginning, and after `reset`. A bad seed is a defect that says what is wrong where.
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
  readonly seed?: EmulatorSeed | undefined
}
