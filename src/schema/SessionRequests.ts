/**
 * What the session operations send: the parameters as a caller gives them, and their form on the wire.
 *
 * The descriptions below are the rules a refused parameter is told: "limit must be {description}".
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { type HeaderLists, readHeaders } from "../internal/requestHeaders.js"
import { type ClientId, IdText, type OrganizationId, type UserId } from "./Ids.js"
import { type KnownSessionStatus, knownSessionStatuses } from "./Session.js"

/**
 * A credential given to an operation. A plain string is accepted for convenience; `Redacted` keeps it out of
 * logs on the caller's side too.
 *
 * @since 0.1.0
 * @category models
 */
export type SecretInput = Redacted.Redacted<string> | string

interface ListFilters {
  /** Only sessions in this status. */
  readonly status?: KnownSessionStatus | undefined
  /** Page size, 1 to 500; Clerk's default is 10. */
  readonly limit?: number | undefined
  /** How many sessions to skip, from 0. */
  readonly offset?: number | undefined
}

/**
 * Which sessions to list: those of a user, of a client, or of both.
 *
 * @since 0.1.0
 * @category models
 */
export type ListParams = ListFilters &
  (
    | { readonly userId: UserId | string; readonly clientId?: ClientId | string | undefined }
    | { readonly userId?: UserId | string | undefined; readonly clientId: ClientId | string }
  )

/**
 * Whose session to create.
 *
 * @since 0.1.0
 * @category models
 */
export interface CreateParams {
  readonly userId: UserId | string
  /** The organization to make active in the new session. */
  readonly activeOrganizationId?: OrganizationId | string | undefined
}

/**
 * The options of a new token.
 *
 * @since 0.1.0
 * @category models
 */
export interface CreateTokenOptions {
  /**
   * The lifetime of the token: whole seconds, from `"30 seconds"` to `"315360000 seconds"` (ten years). A bare number
   * counts milliseconds, as everywhere in Effect. Default: the instance or the template decides.
   */
  readonly expiresIn?: Duration.DurationInput | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface VerifyOptions {
  /** The session token the browser sent in its `__session` cookie. */
  readonly token?: SecretInput | undefined
}

/**
 * Headers in any of the forms servers have them: the `Headers` of a web `Request`, a `Map`, pairs of name and value, or
 * a record such as Node's `IncomingHttpHeaders` and the `Headers` of `@effect/platform`. A value may be an array; one
 * that is `undefined` is left out. Values keep their order.
 *
 * @since 0.1.0
 * @category models
 */
export type RequestHeadersInput =
  | Iterable<readonly [name: string, value: string | ReadonlyArray<string> | undefined]>
  | { readonly [name: string]: string | ReadonlyArray<string> | undefined }

/**
 * What the browser sent, from which Clerk issues a new session token.
 *
 * @since 0.1.0
 * @category models
 */
export interface RefreshParams {
  /** The expired session token, from the `__session` cookie. It is consumed: a second use is refused. */
  readonly expiredToken: SecretInput
  /** The refresh token, from the `__refresh` cookie. */
  readonly refreshToken: SecretInput
  /** The origin of the browser's request, as in `https://app.example.com`. */
  readonly requestOrigin: string
  /**
   * The headers of the browser's request, which Clerk uses to recognise the device: at most 64 KiB in all. Pass the
   * headers of your server's request as they are.
   */
  readonly requestHeaders?: RequestHeadersInput | undefined
  /** The address the browser's request came from, IPv4 or IPv6. */
  readonly requestOriginatingIp?: string | undefined
  /** What to answer with: `token` (the default) or `cookie`, the `Set-Cookie` values for the browser. */
  readonly format?: "token" | "cookie" | undefined
  /** Whether the cookies carry the suffix of the instance in their names. */
  readonly suffixedCookies?: boolean | undefined
}

const text = (pattern: RegExp, description: string) =>
  Schema.String.pipe(Schema.filter((s) => pattern.test(s))).annotations({ description })

const optionalAt = <A, I, K extends string>(wireName: K, schema: Schema.Schema<A, I>) =>
  Schema.optional(schema).pipe(Schema.fromKey(wireName))

const at = <A, I, K extends string>(wireName: K, schema: Schema.Schema<A, I>) =>
  Schema.propertySignature(schema).pipe(Schema.fromKey(wireName))

const wholeNumber = (min: number, max: number, description: string) =>
  Schema.Int.pipe(Schema.between(min, max)).annotations({ description })

const isGiven = (query: object, name: string): boolean =>
  Object.hasOwn(query, name) && Reflect.get(query, name) !== undefined

/**
 * @since 0.1.0
 * @category schemas
 */
export const ListQuery = Schema.Struct({
  userId: optionalAt("user_id", IdText),
  clientId: optionalAt("client_id", IdText),
  status: Schema.optional(
    Schema.Literal(...knownSessionStatuses).annotations({
      description: `one of ${knownSessionStatuses.join(", ")}`
    })
  ),
  limit: Schema.optional(wholeNumber(1, 500, "a whole number from 1 to 500")),
  offset: Schema.optional(wholeNumber(0, Number.MAX_SAFE_INTEGER, "a whole number from 0")),
  paginated: Schema.Literal(true)
}).pipe(
  Schema.filter(
    (query) => isGiven(query, "userId") || isGiven(query, "clientId") || { path: ["userId"], message: "" },
    { description: "given when clientId is not" }
  )
)

/**
 * @since 0.1.0
 * @category schemas
 */
export const CreateBody = Schema.Struct({
  userId: at("user_id", IdText),
  activeOrganizationId: optionalAt("active_organization_id", IdText)
})

const plainOf = (input: SecretInput): string => (Redacted.isRedacted(input) ? Redacted.value(input) : input)

// Refused on the caller's side of the transformation, so that the error names the field as the caller does.
const secretInput = (pattern: RegExp, description: string): Schema.Schema<SecretInput, string> =>
  Schema.transform(
    Schema.String,
    Schema.Union(Schema.RedactedFromSelf(Schema.String), Schema.String).pipe(
      Schema.filter((input) => pattern.test(plainOf(input)), { description })
    ),
    { strict: true, decode: (plain) => plain, encode: plainOf }
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
  "headers: a Headers object, a Map, pairs of name and value, or a record of names to values; without line ends or NUL, at most 64 KiB in all"

const listHeaders = () => (input: unknown, _: unknown, ast: SchemaAST.AST) =>
  Either.fromNullable(readHeaders(input), () => new ParseResult.Type(ast, input))

// Rejected on the caller's side, as secrets are. Lists are among the forms that can be read, so reading twice is harmless.
const RequestHeaders: Schema.Schema<RequestHeadersInput, HeaderLists> = Schema.transform(
  Schema.Record({ key: Schema.String, value: Schema.Array(Schema.String) }),
  Schema.declare<RequestHeadersInput, HeaderLists, []>(
    [],
    { decode: listHeaders, encode: listHeaders },
    { description: headersRule }
  ),
  { strict: true, decode: identity, encode: identity }
)

/**
 * @since 0.1.0
 * @category schemas
 */
export const RefreshQuery = Schema.Struct({
  suffixedCookies: optionalAt("suffixed_cookies", Schema.Boolean.annotations({ description: "a boolean" }))
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const RefreshBody = Schema.Struct({
  expiredToken: at("expired_token", Jwt),
  refreshToken: at("refresh_token", OpaqueToken),
  requestOrigin: at(
    "request_origin",
    text(
      /^[A-Za-z][A-Za-z0-9+.-]{0,31}:\/\/[A-Za-z0-9._~%:[\]-]{1,300}$/,
      "an origin: scheme, host and port, and nothing after them"
    )
  ),
  requestHeaders: optionalAt("request_headers", RequestHeaders),
  format: Schema.optional(Schema.Literal("token", "cookie").annotations({ description: "token or cookie" })),
  requestOriginatingIp: optionalAt(
    "request_originating_ip",
    Schema.String.pipe(Schema.filter(isAddress)).annotations({ description: "an IPv4 or IPv6 address" })
  )
})

/**
 * @since 0.1.0
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

const checkExpiry =
  () =>
  (
    input: unknown,
    _: unknown,
    ast: SchemaAST.AST
  ): Either.Either<Duration.DurationInput, ParseResult.ParseIssue> =>
    Option.exists(Duration.decodeUnknown(input), isExpiry)
      ? Either.right(input as Duration.DurationInput) // nothing else decodes to a duration
      : Either.left(
          new ParseResult.Type(
            SchemaAST.annotations(ast, {
              // A number of milliseconds is no secret, so the error may show it.
              [SchemaAST.DescriptionAnnotationId]: isMeantAsSeconds(input)
                ? `${expiryRule}, but it is ${input} ms; did you mean ${input} seconds?`
                : `${expiryRule} (a bare number counts milliseconds)`
            }),
            input
          )
        )

const Expiry: Schema.Schema<Duration.DurationInput> = Schema.declare([], {
  decode: checkExpiry,
  encode: checkExpiry
})

const ExpirySeconds: Schema.Schema<Duration.DurationInput, number> = Schema.transform(Schema.Int, Expiry, {
  strict: true,
  decode: Duration.seconds,
  encode: Duration.toSeconds
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const CreateTokenBody = Schema.Struct({ expiresIn: optionalAt("expires_in_seconds", ExpirySeconds) })
