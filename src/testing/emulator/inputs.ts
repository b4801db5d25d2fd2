import type { DurationInput } from "#major/time.js"
import type { ConnectionFault, EmulatedActivity, TokenSignature } from "../../core/emulator/model.js"
import type { EmulatedOperationName } from "../../core/emulator/operationNames.js"

/**
 * The input of `respondNext`.
 *
 * @since 4.0.0
 * @category inputs
 */
export interface PreparedResponse {
  /** The operation whose next request gets the response. Default: any operation. */
  readonly operation?: EmulatedOperationName | undefined
  /**
   * The time until the response, by `Clock`: at most 36,500 days, as for every duration here. A number counts
   * milliseconds. Default: zero.
   */
  readonly delay?: DurationInput | undefined
  /** The HTTP status, 200 to 599. */
  readonly status: number
  /**
   * The response headers. Names are HTTP tokens, and values are printable ASCII. `content-length`, `transfer-encoding`
   * and `trailer` are rejected, because the server derives them from the body. Default: none.
   */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The body as text. It must be empty for the statuses 204, 205 and 304. Default: empty. */
  readonly body?: string | undefined
}

/**
 * The input of `createUser`.
 *
 * @since 4.0.0
 * @category inputs
 */
export interface CreateUserOptions {
  /** The id: `user_…`. Default: a new one. */
  readonly id?: string | undefined
  /** The features of the user's own plan. Default: none. */
  readonly features?: ReadonlyArray<string> | undefined
  /** The user's own plan. Default: none. */
  readonly plan?: string | undefined
}

/**
 * The input of `createOrganization`.
 *
 * @since 4.0.0
 * @category inputs
 */
export interface CreateOrganizationOptions {
  /** The id: `org_…`. Default: a new one. */
  readonly id?: string | undefined
  /** The slug. Default: made from the id. */
  readonly slug?: string | undefined
  /** The features of the organization's plan. Default: none. */
  readonly features?: ReadonlyArray<string> | undefined
  /** The organization's plan. Default: none. */
  readonly plan?: string | undefined
  /** The members, with their role (default `org:member`) and custom permissions. Default: none. */
  readonly members?:
    | ReadonlyArray<{
        readonly userId: string
        readonly role?: string | undefined
        readonly permissions?: ReadonlyArray<string> | undefined
      }>
    | undefined
}

/**
 * The input of `createTemplate`.
 *
 * @since 4.0.0
 * @category inputs
 */
export interface CreateTemplateOptions {
  /** The name of the template. */
  readonly name: string
  /** The claims that the template adds to Clerk's claims, at most 64 KiB of JSON. Default: none. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined
  /** The lifetime of the tokens. Default 60 seconds. */
  readonly lifetime?: DurationInput | undefined
}

/**
 * The input of `mintSessionToken`.
 *
 * @since 4.0.0
 * @category inputs
 */
export interface MintOptions {
  /** The web origin, which becomes the `azp` of the token. Default: no `azp`. */
  readonly origin?: string | undefined
  /** The lifetime of the token. Default: the `tokenLifetime` of the emulator. */
  readonly expiresIn?: DurationInput | undefined
  /** The time since the token was issued. A token older than its lifetime has expired. Default: zero. */
  readonly age?: DurationInput | undefined
  /** The version of the session token. Default 2. */
  readonly version?: 1 | 2 | undefined
  /** The claims to set. `undefined` removes a claim. Default: none. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined
  /** The header parameters to set. `undefined` removes a parameter. Default: none. */
  readonly header?: Readonly<Record<string, unknown>> | undefined
}

/**
 * The input of `mintToken`.
 *
 * @since 4.0.0
 * @category inputs
 */
export interface MintTokenOptions extends MintOptions {
  /**
   * The session whose claims the token has. Default: none, so the token has only the issuer, the times and `claims`.
   */
  readonly sessionId?: string | undefined
  /** The JWT template of the token, which needs a `sessionId`. Default: none. */
  readonly template?: string | undefined
  /** How to sign the token. Default `"current-key"`. */
  readonly sign?: TokenSignature | undefined
  /** The text to sign instead of the claims. It does not have to be JSON. Default: the claims. */
  readonly payload?: string | undefined
}

/**
 * The input of `failNext`.
 *
 * @since 4.0.0
 * @category inputs
 */
export interface FailNextOptions {
  /** How the connection fails. */
  readonly fault: ConnectionFault
  /** The operation whose next request fails. Default: any operation. */
  readonly operation?: EmulatedOperationName | undefined
  /** The time until the connection fails, by `Clock`. Default: zero. */
  readonly delay?: DurationInput | undefined
}

/**
 * The input of `signWebhook`.
 *
 * @since 4.0.0
 * @category inputs
 */
export interface SignWebhookOptions {
  /** The id of the webhook. Default: a new one. */
  readonly id?: string | undefined
  /** The time of the signature, in milliseconds since 1970. Default: now. */
  readonly at?: number | undefined
}

/**
 * The input of `rotateKey`.
 *
 * @since 4.0.0
 * @category inputs
 */
export interface RotateKeyOptions {
  /** Removes the previous keys from the key set at once. Default `false`: the two latest of them stay. */
  readonly removePrevious?: boolean | undefined
}

/**
 * The input of `signIn` and `signInBrowser`. `origin` defaults to `DEFAULT_ORIGIN`.
 *
 * @since 4.0.0
 * @category inputs
 */
export interface SignInOptions extends MintOptions {
  /** The id of the session: `sess_…`. An id that is in use is a defect. Default: a new one. */
  readonly sessionId?: string | undefined
  /** The client of the session. Default: a new one. */
  readonly clientId?: string | undefined
  /** The active organization. Default: none. */
  readonly organizationId?: string | undefined
  /** The status of the session. Default `"active"`. */
  readonly status?: "active" | "pending" | undefined
  /** The tasks of a pending session. Default: none. */
  readonly tasks?: ReadonlyArray<{ readonly key: string }> | undefined
  /** The actor who impersonates the user (claim `act`). Default: none. */
  readonly actor?: Readonly<Record<string, unknown>> | undefined
  /** The device and the place. Default: a desktop in Athens. */
  readonly activity?: Partial<EmulatedActivity> | undefined
}
