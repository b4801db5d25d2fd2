/**
 * The parameters of the session operations, and the schemas that encode them.
 *
 * The descriptions of the schemas are the rules in errors: "limit must be {description}".
 *
 * @since 4.0.0
 */

import * as Duration from "effect/Duration"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import {
  annotated,
  custom,
  type DataCodec,
  filtered,
  filteredStruct,
  literals,
  record,
  redactedFromSelf,
  renamedStruct,
  transform,
  union,
  wholeNumber
} from "#major/schemas.js"
import { type DurationInput, readDuration } from "#major/time.js"
import { type HeaderLists, readHeaders } from "../core/wire/headers.js"
import { type ClientId, IdText, type OrganizationId, type UserId } from "./Ids.js"
import { type KnownSessionStatus, knownSessionStatuses } from "./Session.js"

/**
 * A credential that you pass to an operation. A plain string is accepted, but `Redacted` keeps it out of your own logs.
 *
 * @since 4.0.0
 * @category models
 */
export type SecretInput = Redacted.Redacted<string> | string

interface ListFilters {
  /** Lists only sessions with this status. Default: any status. */
  readonly status?: KnownSessionStatus | undefined
  /**
   * The number of sessions on a page, 1 to 500. Default: 10 in `Sessions.list` (Clerk's default), 500 in
   * `Sessions.stream`.
   */
  readonly limit?: number | undefined
  /** The number of sessions to skip. Default 0. */
  readonly offset?: number | undefined
}

/**
 * Selects the sessions of a user, or only those on one client if you set `clientId`.
 *
 * @since 4.0.0
 * @category models
 */
export interface ListByUser extends ListFilters {
  /** Lists the sessions of this user: `user_…`. */
  readonly userId: UserId | string
  /** Lists only the sessions on this client (one browser or device): `client_…`. Default: any client. */
  readonly clientId?: ClientId | string | undefined
}

/**
 * Selects the sessions on a client (one browser or device), or only those of one user if you set `userId`.
 *
 * @since 4.0.0
 * @category models
 */
export interface ListByClient extends ListFilters {
  /** Lists only the sessions of this user: `user_…`. Default: any user. */
  readonly userId?: UserId | string | undefined
  /** Lists the sessions on this client: `client_…`. */
  readonly clientId: ClientId | string
}

/**
 * Selects the sessions to list. Requires `userId`, `clientId`, or both.
 *
 * @since 4.0.0
 * @category models
 */
export type ListParams = ListByUser | ListByClient

/**
 * The user and the organization of a new session.
 *
 * @since 4.0.0
 * @category models
 */
export interface CreateParams {
  /** The user of the new session: `user_…`. */
  readonly userId: UserId | string
  /** The organization that is active in the new session: `org_…`. Default: none. */
  readonly activeOrganizationId?: OrganizationId | string | undefined
}

/**
 * The options of a new token.
 *
 * @since 4.0.0
 * @category models
 */
export interface CreateTokenOptions {
  /**
   * The lifetime of the token, such as `"5 minutes"`: whole seconds, from 30 to 315,360,000 (ten years). A number
   * counts milliseconds. Default: the lifetime that the instance or the template sets.
   */
  readonly expiresIn?: DurationInput | undefined
}

/**
 * The options of `Sessions.verify`.
 *
 * @since 4.0.0
 * @category models
 */
export interface VerifyOptions {
  /** The session token from the cookie `__session`. Default: none, so Clerk checks only the session. */
  readonly token?: SecretInput | undefined
}

/**
 * Headers in the form of any server: the `Headers` of a web `Request`, a `Map`, pairs of name and value, or a record.
 * Node's `IncomingHttpHeaders` and Effect's `Headers` are such records.
 *
 * A value can be an array, which keeps its order. The client omits values that are `undefined`.
 *
 * @since 4.0.0
 * @category models
 */
export type RequestHeadersInput =
  | Iterable<readonly [name: string, value: string | ReadonlyArray<string> | undefined]>
  | { readonly [name: string]: string | ReadonlyArray<string> | undefined }

/**
 * What a browser sent, in exchange for which Clerk issues a new session token.
 *
 * @since 4.0.0
 * @category models
 */
export interface RefreshParams {
  /** The expired session token, from the cookie `__session`. Clerk accepts it once. */
  readonly expiredToken: SecretInput
  /** The refresh token, from the cookie `__refresh`. */
  readonly refreshToken: SecretInput
  /** The origin of the browser's page: `https://app.example.com`. Clerk compares it with the `azp` of the token. */
  readonly requestOrigin: string
  /**
   * The headers of the browser's request, at most 64 KiB in all. Pass those of your server's request unchanged: Clerk
   * recognizes the device by them. Default: none.
   */
  readonly requestHeaders?: RequestHeadersInput | undefined
  /** The IPv4 or IPv6 address of the browser. Default: none. */
  readonly requestOriginatingIp?: string | undefined
  /** The form of the result: `"token"` for a `SessionToken`, `"cookie"` for `SessionCookies`. Default `"token"`. */
  readonly format?: "token" | "cookie" | undefined
  /** Whether the names of the cookies end in the suffix of the instance. Default: Clerk decides. */
  readonly suffixedCookies?: boolean | undefined
}

const text = (pattern: RegExp, description: string) =>
  filtered(Schema.String, (value) => pattern.test(value), description)

const isGiven = (query: object, name: string): boolean =>
  Object.hasOwn(query, name) && Reflect.get(query, name) !== undefined

/**
 * Encodes the query of `Sessions.list`.
 *
 * @since 4.0.0
 * @category schemas
 */
export const ListQuery = filteredStruct(
  renamedStruct<
    ListFilters & {
      readonly userId?: string | undefined
      readonly clientId?: string | undefined
      readonly paginated: true
    },
    {
      readonly user_id?: string | undefined
      readonly client_id?: string | undefined
      readonly status?: KnownSessionStatus | undefined
      readonly limit?: number | undefined
      readonly offset?: number | undefined
      readonly paginated: true
    }
  >(
    {
      userId: Schema.optional(IdText),
      clientId: Schema.optional(IdText),
      status: Schema.optional(
        annotated(literals(knownSessionStatuses), {
          description: `one of ${knownSessionStatuses.join(", ")}`
        })
      ),
      limit: Schema.optional(wholeNumber(1, 500, "a whole number from 1 to 500")),
      offset: Schema.optional(wholeNumber(0, Number.MAX_SAFE_INTEGER, "a whole number from 0")),
      paginated: Schema.Literal(true)
    },
    { userId: "user_id", clientId: "client_id" }
  ),
  (query) => (isGiven(query, "userId") || isGiven(query, "clientId") ? undefined : "userId"),
  "given when clientId is not"
)

/**
 * Encodes the body of `Sessions.create`.
 *
 * @since 4.0.0
 * @category schemas
 */
export const CreateBody = renamedStruct<
  CreateParams,
  { readonly user_id: string; readonly active_organization_id?: string | undefined }
>(
  { userId: IdText, activeOrganizationId: Schema.optional(IdText) },
  { userId: "user_id", activeOrganizationId: "active_organization_id" }
)

const plainOf = (input: SecretInput): string => (Redacted.isRedacted(input) ? Redacted.value(input) : input)

// Rejected on the caller's side of the transformation, so that the error names the field as the caller does.
const secretInput = (pattern: RegExp, description: string): DataCodec<SecretInput, string> =>
  transform(
    Schema.String,
    filtered(
      union(redactedFromSelf(Schema.String), Schema.String),
      (input) => pattern.test(plainOf(input)),
      description
    ),
    { decode: identity<SecretInput>, encode: plainOf }
  )

const Jwt = secretInput(
  /^(?=.{1,16384}$)[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/,
  "a JSON Web Token: three base64url parts joined by dots, at most 16 KiB"
)

const OpaqueToken = secretInput(/^[\x21-\x7e]{1,16384}$/, "1 to 16384 printable ASCII characters")

const isAddress = (s: string): boolean => {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(s)) return s.split(".").every((part) => Number(part) <= 255)
  // The URL parser knows the IPv6 grammar; a zone index (`%eth0`) is of no use to Clerk.
  return /^[0-9A-Fa-f:.]{2,45}$/.test(s) && s.includes(":") && URL.canParse(`http://[${s}]`)
}

const headersRule =
  "headers: a Headers object, a Map, pairs or a record of names and values. Line ends and NUL are invalid, and the limit is 64 KiB"

// Rejected on the caller's side, as secrets are. Lists are among the forms that can be read, so reading twice is harmless.
const RequestHeaders: DataCodec<RequestHeadersInput, HeaderLists> = transform(
  record(Schema.String, Schema.Array(Schema.String)),
  custom<RequestHeadersInput, HeaderLists>((input) => {
    const value = readHeaders(input)
    return value === undefined ? { expected: headersRule } : { value }
  }),
  { decode: identity, encode: identity }
)

/**
 * Encodes the query of `Sessions.refresh`.
 *
 * @since 4.0.0
 * @category schemas
 */
export const RefreshQuery = renamedStruct<
  Pick<RefreshParams, "suffixedCookies">,
  { readonly suffixed_cookies?: boolean | undefined }
>(
  { suffixedCookies: Schema.optional(annotated(Schema.Boolean, { description: "a boolean" })) },
  { suffixedCookies: "suffixed_cookies" }
)

/**
 * Encodes the body of `Sessions.refresh`.
 *
 * @since 4.0.0
 * @category schemas
 */
export const RefreshBody = renamedStruct<
  Omit<RefreshParams, "suffixedCookies">,
  {
    readonly expired_token: string
    readonly refresh_token: string
    readonly request_origin: string
    readonly request_headers?: HeaderLists | undefined
    readonly format?: "token" | "cookie" | undefined
    readonly request_originating_ip?: string | undefined
  }
>(
  {
    expiredToken: Jwt,
    refreshToken: OpaqueToken,
    requestOrigin: text(
      /^[A-Za-z][A-Za-z0-9+.-]{0,31}:\/\/[A-Za-z0-9._~%:[\]-]{1,300}$/,
      "an origin: scheme, host and port, and nothing after them"
    ),
    requestHeaders: Schema.optional(RequestHeaders),
    format: Schema.optional(annotated(literals(["token", "cookie"]), { description: "token or cookie" })),
    requestOriginatingIp: Schema.optional(filtered(Schema.String, isAddress, "an IPv4 or IPv6 address"))
  },
  {
    expiredToken: "expired_token",
    refreshToken: "refresh_token",
    requestOrigin: "request_origin",
    requestHeaders: "request_headers",
    requestOriginatingIp: "request_originating_ip"
  }
)

/**
 * Encodes the body of `Sessions.verify`.
 *
 * @since 4.0.0
 * @category schemas
 */
export const VerifyBody = Schema.Struct({ token: Schema.optional(Jwt) })

const expiryRule = "a duration of whole seconds from 30 seconds to 315360000 seconds"

const isExpiry = (duration: Duration.Duration): boolean => {
  const seconds = Duration.toSeconds(duration)
  return Number.isInteger(seconds) && seconds >= 30 && seconds <= 315_360_000
}

/** A number that would be a valid lifetime in seconds, and is too small to be one in milliseconds. */
const isMeantAsSeconds = (input: unknown): input is number =>
  typeof input === "number" && input < 30_000 && isExpiry(Duration.seconds(input))

const Expiry = custom<DurationInput>((input) =>
  Option.exists(readDuration(input), isExpiry)
    ? { value: input as DurationInput } // nothing else is read as a duration
    : {
        // A number of milliseconds is no secret, so the error may show it.
        expected: isMeantAsSeconds(input)
          ? `${expiryRule}, but it is ${input} ms; did you mean ${input} seconds?`
          : `${expiryRule} (a bare number counts milliseconds)`
      }
)

const ExpirySeconds: DataCodec<DurationInput, number> = transform(Schema.Int, Expiry, {
  decode: Duration.seconds,
  encode: Duration.toSeconds
})

/**
 * Encodes the body of `Sessions.createToken` and of `Sessions.createTokenFromTemplate`.
 *
 * @since 4.0.0
 * @category schemas
 */
export const CreateTokenBody = renamedStruct<
  CreateTokenOptions,
  { readonly expires_in_seconds?: number | undefined }
>({ expiresIn: Schema.optional(ExpirySeconds) }, { expiresIn: "expires_in_seconds" })
