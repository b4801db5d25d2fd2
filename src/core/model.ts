/*
 * Types and lists that several folders share. The public modules re-export them.
 */

/**
 * A request as a plain value. The client adds the origin, the secret key and the headers.
 *
 * @since 4.0.0
 * @category models
 */
export interface ClerkRequest {
  /** The name of the operation: `Sessions.get`. */
  readonly operation: string
  /** The HTTP method. */
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  /** The segments of the path below `/v1`, not encoded: `["sessions", id, "revoke"]`. */
  readonly path: ReadonlyArray<string>
  /** The query parameters, not encoded. The client omits a parameter that is `undefined`. */
  readonly query?: { readonly [name: string]: string | number | boolean | undefined } | undefined
  /** The body, as a JSON value. Absent for an empty body. */
  readonly body?: unknown
  /** The `Clerk-API-Version` of the request. Default: that of the client. */
  readonly apiVersion?: string | undefined
}

/**
 * A response as a plain value, with any status.
 *
 * @since 4.0.0
 * @category models
 */
export interface ClerkResponse {
  /** The HTTP status. */
  readonly status: number
  /** The headers, with names in lower case. */
  readonly headers: { readonly [name: string]: string }
  /** The body as text, after decompression. */
  readonly body: string
}

/**
 * What happens if Clerk executes an operation twice, which decides when the client retries it:
 * - `read`: nothing changes.
 * - `idempotent`: the state is the same, or something unused is left behind.
 * - `once`: it must not happen. The client retries only if the request certainly did not reach Clerk, or if Clerk
 *   rejected it unread (429).
 *
 * @since 4.0.0
 * @category models
 */
export type Kind = "read" | "idempotent" | "once"

/**
 * A session status that Clerk documents. The user is signed in while it is `active` or `pending` (with tasks to
 * complete). With any other status the session is over.
 *
 * @since 4.0.0
 * @category models
 */
export type KnownSessionStatus = (typeof knownSessionStatuses)[number]

/**
 * The session statuses that Clerk documents, in alphabetical order.
 *
 * @since 4.0.0
 * @category models
 */
export const knownSessionStatuses = [
  "abandoned",
  "active",
  "ended",
  "expired",
  "pending",
  "removed",
  "replaced",
  "revoked"
] as const

/** The statuses that an operation may declare. */
export const declaredStatuses = [404, 409, 410, 422] as const

export type DeclaredStatus = (typeof declaredStatuses)[number]

export const transportReasons = [
  "dns",
  "refused",
  "unreachable",
  "connect-timeout",
  "proxy",
  "proxy-rejected",
  "reset",
  "closed",
  "incomplete-body",
  "response-timeout",
  "tls",
  "protocol",
  "invalid-request",
  "secret-key",
  "secret-key-rejected",
  "admission",
  "unknown"
] as const

export type TransportReason = (typeof transportReasons)[number]

export type Sent = "no" | "maybe"

export const priorities = ["interactive", "bulk"] as const

/**
 * The priority of a call for a rate limiter. `interactive` calls, which a user waits for, come first. `bulk` calls take
 * the capacity that is left.
 *
 * @since 4.0.0
 * @category models
 */
export type Priority = (typeof priorities)[number]

export const decodeReasons = [
  "empty",
  "json",
  "utf8",
  "content-type",
  "encoding",
  "oversize",
  "schema",
  "id-mismatch"
] as const

export type DecodeReason = (typeof decodeReasons)[number]

export const tokenReasons = [
  "format",
  "header",
  "alg",
  "typ",
  "category",
  "unknown-key",
  "signature",
  "exp",
  "nbf",
  "iat",
  "sub",
  "sid",
  "iss",
  "azp",
  "aud",
  "session-pending",
  "claims",
  "revoked",
  "missing",
  "cross-origin",
  "client-uat-missing",
  "client-uat-newer"
] as const

export type TokenReason = (typeof tokenReasons)[number]

export const keysUnavailableReasons = [
  "unreachable",
  "rejected",
  "failing",
  "invalid",
  "empty",
  "revocations"
] as const

export type KeysUnavailableReason = (typeof keysUnavailableReasons)[number]

export const requirementKinds = ["role", "permission", "feature", "plan", "reverification", "active"] as const

export type RequirementKind = (typeof requirementKinds)[number]

/** Where a value differs from its schema, and what the schema expects there. Never holds the value. */
export interface Issue {
  readonly path: string
  readonly expected: string
}

/** As `Issue`, with its kind. */
export interface SchemaIssue extends Omit<Issue, "path"> {
  readonly path: ReadonlyArray<string>
  readonly kind: "invalid" | "missing" | "unknown"
  /** The known fields, if the one at `path` is unknown. */
  readonly known?: ReadonlyArray<string>
}

/** A value that a schema has decoded or encoded, or the issues that it has. */
export type Decoded<A> =
  | { readonly _tag: "Success"; readonly value: A }
  | { readonly _tag: "Failure"; readonly issues: () => ReadonlyArray<SchemaIssue> }

/** The facts of a call in each of its errors. */
export interface CallFacts {
  readonly operation: string
  readonly method: string
  readonly path: string
  readonly attempts: number
}

/** A failure as data. `runtime` makes the error class `_tag` of it. */
export interface Failure<Tag extends string, Fields> {
  readonly _tag: Tag
  readonly fields: Fields
}

/** No complete response came. */
export interface TransportFault {
  readonly reason: TransportReason
  readonly sent: Sent
  /** The status with which a proxy rejected the connection, if that is the cause and the status is known. */
  readonly proxyStatus?: number
  /** What is known of the failure of the caller's own code, if that is the cause. */
  readonly detail?: string
}

/** The body of a response cannot be read. */
export interface BodyFault {
  readonly reason: DecodeReason
  readonly status?: number
  readonly contentType?: string | undefined
  readonly maxResponseBytes?: number
  /** These are known if the client has read the body. */
  readonly issues?: ReadonlyArray<Issue>
  readonly expectedId?: string | undefined
  readonly receivedId?: string | undefined
  readonly traceId?: string | undefined
}

/** Why a transport has no response. */
export type WireFailure =
  | Failure<"ClerkTransportError", TransportFault>
  | Failure<"ClerkDecodeError", BodyFault>

/** What is wrong with a token, with times of the types that the caller's `Times` make. */
export interface TokenFields<Instant, Span> {
  readonly reason: TokenReason
  readonly expiresAt?: Instant
  readonly notBefore?: Instant
  readonly issuedAt?: Instant
  readonly checkedAt?: Instant
  readonly clockSkew?: Span
  readonly actual?: ReadonlyArray<string>
  readonly expected?: ReadonlyArray<string>
  readonly issues?: ReadonlyArray<Issue>
}

/** Why a token is invalid. */
export type TokenFailure<Instant = never, Span = never> = Failure<
  "ClerkTokenError",
  TokenFields<Instant, Span>
>

/** Why the keys of an instance, or its revocations, are unavailable. */
export interface KeysFields {
  readonly reason: KeysUnavailableReason
  /** The `_tag` of the error of the failed call. */
  readonly failure?: string
  readonly retryAfterMillis?: number
  readonly retryable: boolean
}

export type KeysFailure = Failure<"ClerkKeysUnavailable", KeysFields>

/**
 * A public key that verifies tokens, and how long it is fresh.
 *
 * @since 4.0.0
 * @category models
 */
export interface VerificationKey {
  /**
   * An RSA public key for `RSASSA-PKCS1-v1_5` with SHA-256, of at least 2048 bits. Node, Bun and Deno verify
   * synchronously with the keys of the `SigningKeys` layers. WebCrypto verifies with any other key.
   */
  readonly key: CryptoKey
  /** When the key stops being fresh, in nanoseconds of the monotonic clock. Absent for a key that stays fresh. */
  readonly freshUntilNanos?: bigint | undefined
}
