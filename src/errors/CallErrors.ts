/**
 * The errors of a call without an error response from Clerk: the input is invalid, no response came, or the client
 * cannot read the response.
 *
 * @since 4.0.0
 */

import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { literals, withConstructorDefault } from "#major/schemas.js"
import { decodeReasons, transportReasons } from "../core/model.js"
import { callFields, withJson } from "./errorClass.js"

/**
 * An input of a call or an option is invalid, so the client sent nothing. `field` names the input, and `rule` says what
 * it must be.
 *
 * The error does not contain the value, except a number of milliseconds that was probably meant as seconds.
 *
 * @since 4.0.0
 * @category errors
 */
export class ClerkInvalidRequest extends withJson(
  Schema.TaggedError<ClerkInvalidRequest>()("ClerkInvalidRequest", {
    ...callFields,
    /** The name of the invalid parameter: `limit`. */
    field: Schema.String,
    /** The rule that the parameter breaks, as the rest of a sentence: `must be a whole number from 1 to 500`. */
    rule: Schema.String
  })
) {
  override get message(): string {
    return `${this.operation}: ${this.field} ${this.rule}`
  }
}

/**
 * Why no complete response came.
 *
 * The client could not connect:
 * - `dns`: the host name could not be resolved.
 * - `connect-timeout`: the connection attempt timed out.
 * - `refused`: the connection was refused.
 * - `unreachable`: there is no route to the host, or this machine could not open a connection (no file descriptor, port
 *   or permission).
 * - `proxy`: your proxy responded to CONNECT with a transient status such as 502, 503 or 504, or closed the connection.
 * - `proxy-rejected`: your proxy requires credentials (407), forbids the host (403), or has a certificate for another
 *   host.
 * - `tls`: the certificate or the handshake failed, or the encryption failed later.
 *
 * The connection broke, or no data came in time. `refused` and `unreachable` can also occur here, if the network
 * rejected packets of an open connection.
 * - `reset`: the connection was reset.
 * - `closed`: the connection was closed before a response.
 * - `incomplete-body`: the connection was closed before the end of the body.
 * - `response-timeout`: no data came within the time limit of the transport.
 * - `protocol`: the peer sent an invalid HTTP response.
 *
 * The client did not send the request:
 * - `invalid-request`: the request could not be built, or its URL would not point to `apiUrl`.
 * - `secret-key`: the effect in `secretKey` failed.
 * - `secret-key-rejected`: as `secret-key`, but a retry cannot help. The store rejected the read with a status such as
 *   403, or the value is not a secret key.
 * - `admission`: the store of the rate limiter (`FleetLimit`) is unavailable.
 *
 * `unknown` means that the platform gave no cause that this library knows.
 *
 * @since 4.0.0
 * @category models
 */
export type TransportReason = typeof TransportReason.Type

/**
 * The schema of {@link TransportReason}.
 *
 * @since 4.0.0
 * @category schemas
 */
export const TransportReason = literals(transportReasons)

/**
 * Whether Clerk may have received a request. `no`: it certainly did not. `maybe`: Clerk may have acted on it.
 *
 * The client derives it from the system call that failed, not from the error code. For a call with several attempts,
 * `no` applies to all of them.
 *
 * @since 4.0.0
 * @category models
 */
export type Sent = typeof Sent.Type

/**
 * The schema of {@link Sent}.
 *
 * @since 4.0.0
 * @category schemas
 */
export const Sent = literals(["no", "maybe"])

const transportMessages: Readonly<Record<TransportReason, string>> = {
  dns: "the host name could not be resolved; check apiUrl and the resolver",
  refused: "the connection was refused; check apiUrl, firewalls and proxies",
  unreachable:
    "no route to the host, or no permission or free file descriptor for the connection; check the network, firewalls, proxies and limits",
  "connect-timeout": "the connection attempt timed out; check the network, firewalls and proxies",
  proxy: "your proxy is unavailable; check the proxy",
  "proxy-rejected":
    "your proxy rejected the connection; check its credentials, its rules and its certificate",
  reset: "the connection was reset",
  closed: "the connection was closed before a response",
  "incomplete-body": "the connection was closed before the end of the response body",
  "response-timeout": "the response did not arrive within the time limit of the transport",
  tls: "the TLS connection failed; check certificates, the clock and intercepting proxies",
  protocol: "the peer sent an invalid HTTP response; check that apiUrl points to Clerk",
  "invalid-request": "the request could not be built",
  "secret-key": "the effect in secretKey failed, so there is no secret key; check its store",
  "secret-key-rejected":
    "the effect in secretKey returned no secret key; check its permissions and the value in its store",
  admission: "the store of the rate limiter is unavailable; check Redis, or set whenStoreDown",
  unknown: "the transport failed and gave no known cause"
}

/**
 * No complete response came from Clerk. `reason` says why, and `sent` whether Clerk may have received the request.
 *
 * @since 4.0.0
 * @category errors
 */
export class ClerkTransportError extends withJson(
  Schema.TaggedError<ClerkTransportError>()("ClerkTransportError", {
    ...callFields,
    /** Why no complete response came. */
    reason: TransportReason,
    /** Whether Clerk may have received the request. */
    sent: Sent,
    /**
     * The HTTP status with which your proxy rejected the connection. Present with `proxy` and `proxy-rejected`, if
     * known.
     */
    proxyStatus: Schema.optional(Schema.Number),
    /**
     * With `secret-key` and `secret-key-rejected`: the name, code and status of the failure
     * (`AccessDeniedException 400`), or the rule that the key breaks. Absent if the failure has none of them. Never its
     * message.
     */
    detail: Schema.optional(Schema.String)
  })
) {
  override get message(): string {
    const sent =
      this.sent === "no" ? "The request was not sent." : "Clerk may have received and processed the request."
    const status =
      this.proxyStatus === undefined ? "" : `; the proxy responded with status ${this.proxyStatus}`
    const detail = this.detail === undefined ? "" : ` (${this.detail})`
    return `${this.operation}: no response from Clerk (${this.reason}): ${transportMessages[this.reason]}${status}${detail}. ${sent}`
  }
}

/** Rounded, because the encoded form is a float. */
const wholeMillis = (duration: Duration.Duration): string =>
  Duration.format(Duration.millis(Math.round(Duration.toMillis(duration))))

/**
 * A time limit ran out before the call was complete. `phase` says which.
 *
 * @since 4.0.0
 * @category errors
 */
export class ClerkTimeout extends withJson(
  Schema.TaggedError<ClerkTimeout>()("ClerkTimeout", {
    ...callFields,
    /**
     * The limit that ran out: `attempt` is the `timeout` of one attempt, and `deadline` the limit of the whole call
     * with its retries. With `admission`, the deadline ran out while the call waited for a rate limiter.
     */
    phase: literals(["attempt", "deadline", "admission"]),
    /** Whether Clerk may have received the request. */
    sent: Sent,
    /** The length of the limit, if known. Milliseconds in the encoded form. */
    limit: Schema.optional(Schema.DurationFromMillis),
    /** The `_tag` of the failure of the previous attempt. Absent on the first attempt. */
    lastFailure: Schema.optional(Schema.String)
  })
) {
  override get message(): string {
    const limit = this.limit === undefined ? "in time" : `within ${wholeMillis(this.limit)}`
    const made = `${this.attempts} ${this.attempts === 1 ? "attempt" : "attempts"} made`
    const what = {
      attempt: `attempt ${this.attempts} got no response ${limit} (timeout of one attempt)`,
      deadline: `not complete ${limit} (deadline), ${made}`,
      admission: `not admitted by the rate limiter ${limit} (admission), ${made}`
    }[this.phase]
    const before =
      this.lastFailure === undefined ? "" : `. The attempt before failed with ${this.lastFailure}`
    return `${this.operation}: ${what}${before}`
  }
}

/**
 * A place where a response differs from its schema, without the received value.
 *
 * @since 4.0.0
 * @category models
 */
export interface DecodeIssue {
  /** The path in the response, with Clerk's names: `data.0.user_id`. Empty for the whole response. */
  readonly path: string
  /** What the schema expects there: `a string`. */
  readonly expected: string
}

/**
 * Why the client cannot read a response:
 * - `empty`, `json`, `utf8`, `content-type`: the body is not a JSON document.
 * - `encoding`: the content encoding is unsupported or broken, or the decompressed body is not JSON.
 * - `oversize`: the body is larger than `maxResponseBytes`.
 * - `schema`: the body does not match the schema. `issues` says where.
 * - `id-mismatch`: the response describes another resource. See `expectedId` and `receivedId`.
 *
 * @since 4.0.0
 * @category models
 */
export type DecodeReason = typeof DecodeReason.Type

/**
 * The schema of {@link DecodeReason}.
 *
 * @since 4.0.0
 * @category schemas
 */
export const DecodeReason = literals(decodeReasons)

const decodeMessages: Readonly<Record<DecodeReason, string>> = {
  empty: "the response has no body",
  json: "the response body is not valid JSON",
  utf8: "the response body is not valid UTF-8",
  "content-type": "the response is not declared as JSON",
  encoding: "the content encoding of the response is unsupported or broken",
  oversize: "the response body is too large",
  schema: "the response does not match the schema of the operation",
  "id-mismatch": "the response describes another resource"
}

/** What a proxy or a captive portal gives in Clerk's place. */
const isForeign: ReadonlySet<DecodeReason> = new Set<DecodeReason>(["empty", "json", "utf8", "content-type"])

/**
 * The client cannot read the response. It does not retry, because Clerk has processed the request.
 *
 * @since 4.0.0
 * @category errors
 */
export class ClerkDecodeError extends withJson(
  Schema.TaggedError<ClerkDecodeError>()("ClerkDecodeError", {
    ...callFields,
    /** Why the client cannot read the response. */
    reason: DecodeReason,
    /** With `schema`: where the response differs from the schema. Otherwise empty. */
    issues: withConstructorDefault(
      Schema.Array(Schema.Struct({ path: Schema.String, expected: Schema.String })),
      []
    ),
    /** The HTTP status of the response, if known. */
    status: Schema.optional(Schema.Number),
    /** The media type of the response, without parameters: `text/html`. Absent if it is missing or invalid. */
    contentType: Schema.optional(Schema.String),
    /** With `oversize`: the limit in bytes, if known. */
    maxResponseBytes: Schema.optional(Schema.Number),
    /** With `id-mismatch`: the id in the call. */
    expectedId: Schema.optional(Schema.String),
    /** With `id-mismatch`: the id in the response. Absent if it is missing or is not an id. */
    receivedId: Schema.optional(Schema.String),
    /** Clerk's id of the request, to quote to Clerk's support. Absent if the response has none. */
    traceId: Schema.optional(Schema.String)
  })
) {
  override get message(): string {
    return `${this.operation}: ${decodeMessages[this.reason]}${detailsOf(this)}`
  }
}

const detailsOf = (error: ClerkDecodeError): string => {
  const { contentType, expectedId, issues, maxResponseBytes, reason, receivedId, status } = error
  switch (reason) {
    case "schema": {
      const shown = issues
        .slice(0, 3)
        .map(({ expected, path }) => `${path || "the body"}: expected ${expected}`)
      const more = issues.length > shown.length ? ` (and ${issues.length - shown.length} more)` : ""
      return shown.length === 0 ? "" : `: ${shown.join("; ")}${more}`
    }
    case "id-mismatch":
      return expectedId === undefined
        ? ""
        : `: expected id ${expectedId}, received ${receivedId === undefined ? "no valid id" : `id ${receivedId}`}`
    case "oversize":
      return maxResponseBytes === undefined ? "" : `: more than maxResponseBytes (${maxResponseBytes} bytes)`
    default: {
      const received = [
        ...(status === undefined ? [] : [`status ${status}`]),
        ...(status === undefined && contentType === undefined
          ? []
          : [`content type ${contentType ?? "missing or invalid"}`])
      ]
      const hint = isForeign.has(reason)
        ? ". Expected application/json from Clerk: check apiUrl, and proxies on the way"
        : ""
      return `${received.length === 0 ? "" : `: received ${received.join(", ")}`}${hint}`
    }
  }
}
