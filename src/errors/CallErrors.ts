/**
 * A call failed on this side of the wire: the input was refused, no answer came, or the answer could not be read.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { withJson } from "../internal/errorClass.js"

/** A field with a default, for whoever makes the error without knowing the call. */
const filledIn = <A, I>(schema: Schema.Schema<A, I>, value: NoInfer<A>) =>
  schema.pipe(
    Schema.propertySignature,
    Schema.withConstructorDefault(() => value)
  )

/**
 * What the error of every call says about that call. A transport or a test double may leave these out: the
 * pipeline fills them in before the error reaches the caller.
 *
 * @internal
 */
export const callFields = {
  /** The operation's name, as in `Sessions.get`. */
  operation: filledIn(Schema.String, "ClerkHttp.execute"),
  /** The HTTP method. */
  method: filledIn(Schema.String, "GET"),
  /** The path template, never filled in: `/sessions/{id}`. */
  path: filledIn(Schema.String, "/"),
  /** How many requests were started. */
  attempts: filledIn(Schema.Number, 1),
  /** Whether the same call may safely be made again and could succeed. */
  retryable: filledIn(Schema.Boolean, false),
  /** Present when a retry was due but the client had spent its retry budget. */
  retryBudgetExhausted: Schema.optional(Schema.Boolean)
}

/**
 * The input of a call was rejected before any request: `field` breaks `rule`. The rejected value is not shown, except a
 * number of milliseconds that was probably meant as seconds.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkInvalidRequest extends withJson(
  Schema.TaggedError<ClerkInvalidRequest>()("ClerkInvalidRequest", {
    ...callFields,
    /** The parameter, as the caller wrote it. */
    field: Schema.String,
    /** What the parameter has to satisfy: reads on from the field's name. */
    rule: Schema.String
  })
) {
  override get message(): string {
    return `${this.operation}: ${this.field} ${this.rule}`
  }
}

/**
 * Why no answer came:
 * - `dns`, `connect-timeout`: no connection was made;
 * - `refused`, `unreachable`: no connection was made, or the network has rejected the packets of one. `unreachable` is
 *   also a connection that this machine could not open: no file descriptor, no port, no permission;
 * - `proxy`: your proxy is unavailable: it responded to CONNECT with 502, 503, 504 or another transient status, or closed
 *   the connection;
 * - `proxy-rejected`: your proxy rejected the request: it wants credentials (407), forbids the host (403), or its
 *   certificate is for another host;
 * - `reset`, `closed`, `truncated`, `response-timeout`: the connection broke or fell silent;
 * - `tls`: the certificate or the handshake was refused, or the encryption failed later;
 * - `protocol`: the peer does not speak HTTP as it should;
 * - `invalid-request`: the request could not be built or left as something other than was asked;
 * - `unknown`: the platform gave no cause this library knows.
 *
 * @since 0.1.0
 * @category models
 */
export type TransportReason = typeof TransportReason.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const TransportReason = Schema.Literal(
  "dns",
  "refused",
  "unreachable",
  "connect-timeout",
  "proxy",
  "proxy-rejected",
  "reset",
  "closed",
  "truncated",
  "response-timeout",
  "tls",
  "protocol",
  "invalid-request",
  "unknown"
)

/**
 * `no`: the request certainly never reached Clerk. `maybe`: Clerk may have acted on it. The system call that failed
 * decides, not the error code. Of a call with several attempts it says `no` only if that holds for each of them.
 *
 * @since 0.1.0
 * @category models
 */
export type Sent = typeof Sent.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const Sent = Schema.Literal("no", "maybe")

/**
 * No whole answer came back.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkTransportError extends withJson(
  Schema.TaggedError<ClerkTransportError>()("ClerkTransportError", {
    ...callFields,
    reason: TransportReason,
    sent: Sent,
    /** The HTTP status your proxy rejected the connection with. Present with `proxy` and `proxy-rejected`, when known. */
    proxyStatus: Schema.optional(Schema.Number)
  })
) {
  override get message(): string {
    const sent = this.sent === "no" ? "the request was not sent" : "the request may have been received"
    const status =
      this.proxyStatus === undefined ? "" : `the proxy responded with status ${this.proxyStatus}, `
    return `${this.operation}: no answer from Clerk (${this.reason}), ${status}${sent}`
  }
}

/**
 * A time limit ran out: that of one attempt, or that of the whole call with its retries.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkTimeout extends withJson(
  Schema.TaggedError<ClerkTimeout>()("ClerkTimeout", {
    ...callFields,
    phase: Schema.Literal("attempt", "total"),
    sent: Sent,
    /** The `_tag` of the failure before this one, when there was one. */
    lastFailure: Schema.optional(Schema.String)
  })
) {
  override get message(): string {
    const limit = this.phase === "attempt" ? "no answer within the time limit of one attempt" : "out of time"
    const attempts = `${this.attempts} ${this.attempts === 1 ? "attempt" : "attempts"}`
    const before = this.lastFailure === undefined ? "" : `, the one before failed with ${this.lastFailure}`
    return `${this.operation}: ${limit} after ${attempts}${before}`
  }
}

/**
 * What was expected of an answer and where; never what was found.
 *
 * @since 0.1.0
 * @category models
 */
export interface DecodeIssue {
  /** Where in the answer, in Clerk's own names: `data.0.user_id`; empty for the whole answer. */
  readonly path: string
  readonly expected: string
}

/**
 * Why an answer could not be read:
 * - `empty`, `json`, `utf8`, `content-type`, `encoding`, `oversize`: the body is not a JSON document of bearable size;
 *   `encoding` means that it is compressed, and is not JSON when decompressed;
 * - `schema`: it is, but not of the documented shape (`issues` says where);
 * - `id-mismatch`: it describes another resource than the one asked for.
 *
 * @since 0.1.0
 * @category models
 */
export type DecodeReason = typeof DecodeReason.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const DecodeReason = Schema.Literal(
  "empty",
  "json",
  "utf8",
  "content-type",
  "encoding",
  "oversize",
  "schema",
  "id-mismatch"
)

const decodeMessages: Readonly<Record<DecodeReason, string>> = {
  empty: "the answer has no body",
  json: "the answer is not JSON",
  utf8: "the answer is not UTF-8",
  "content-type": "the answer is not declared as JSON",
  encoding: "the answer has a content encoding that cannot be read",
  oversize: "the answer is larger than maxResponseBytes",
  schema: "the answer does not have the documented shape",
  "id-mismatch": "the answer describes another resource than the one asked for"
}

/**
 * An answer came but could not be read. It is never retried, since Clerk has acted.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkDecodeError extends withJson(
  Schema.TaggedError<ClerkDecodeError>()("ClerkDecodeError", {
    ...callFields,
    reason: DecodeReason,
    issues: filledIn(Schema.Array(Schema.Struct({ path: Schema.String, expected: Schema.String })), []),
    /** Clerk's id of the request, when the answer carried one. */
    traceId: Schema.optional(Schema.String)
  })
) {
  override get message(): string {
    const shown = this.issues.slice(0, 3).map((issue) => `${issue.path || "the body"}: ${issue.expected}`)
    const more = this.issues.length > shown.length ? ` (and ${this.issues.length - shown.length} more)` : ""
    const where = shown.length === 0 ? "" : `: ${shown.join("; ")}${more}`
    return `${this.operation}: ${decodeMessages[this.reason]}${where}`
  }
}
