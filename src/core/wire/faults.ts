import { ClerkDecodeError, ClerkTransportError } from "../../errors/CallErrors.js"
import type { Sent, TransportReason } from "../model.js"
import { faultOfText, isConnectText, isDecompressionText } from "./errorPatterns.js"
import { proxyFault } from "./proxyFault.js"

/** What is known of a request that got no answer. */
export interface TransportFault {
  readonly reason: TransportReason
  readonly sent: Sent
  /** The status a proxy rejected the connection with, if that is what happened and it is known. */
  readonly proxyStatus?: number
}

const fault = (reason: TransportReason, sent: Sent): TransportFault => ({ reason, sent })

/**
 * The reasons of the operating system's error codes. The code alone does not say how far a request got: the same
 * `EHOSTUNREACH` comes from a `connect` and from a `read` after Clerk has received the request. The system call does.
 */
const socketReasons: ReadonlyMap<string, TransportReason> = new Map([
  ["ECONNREFUSED", "refused"],
  ["EHOSTUNREACH", "unreachable"],
  ["ENETUNREACH", "unreachable"],
  ["EHOSTDOWN", "unreachable"],
  ["ENETDOWN", "unreachable"],
  ["EADDRNOTAVAIL", "unreachable"],
  ["ECONNRESET", "reset"],
  ["EPIPE", "reset"],
  ["ECONNABORTED", "reset"],
  ["ENETRESET", "reset"],
  ["ENOTCONN", "reset"],
  ["ETIMEDOUT", "response-timeout"]
])

/** Codes of Node, undici and Bun that say by themselves how far a request got. */
const faults: ReadonlyMap<string, TransportFault> = new Map([
  ["ENOTFOUND", fault("dns", "no")],
  // Node's resolver, where a lookup of the user's own passes its codes on without the system call.
  ["ENODATA", fault("dns", "no")],
  ["ESERVFAIL", fault("dns", "no")],
  ["EREFUSED", fault("dns", "no")],
  ["EBADRESP", fault("dns", "no")],
  ["EBADNAME", fault("dns", "no")],
  ["ERR_INVALID_IP_ADDRESS", fault("dns", "no")],
  ["ERR_INVALID_ADDRESS_FAMILY", fault("dns", "no")],
  ["UND_ERR_CONNECT_TIMEOUT", fault("connect-timeout", "no")],
  ["ERR_SOCKET_CONNECTION_TIMEOUT", fault("connect-timeout", "no")],
  ["ERR_SOCKET_CLOSED_BEFORE_CONNECTION", fault("closed", "no")],
  ["UND_ERR_SOCKET", fault("closed", "maybe")],
  ["UND_ERR_HEADERS_TIMEOUT", fault("response-timeout", "maybe")],
  ["UND_ERR_BODY_TIMEOUT", fault("response-timeout", "maybe")],
  ["UND_ERR_HEADERS_OVERFLOW", fault("protocol", "maybe")],
  ["UND_ERR_RES_CONTENT_LENGTH_MISMATCH", fault("protocol", "maybe")],
  ["UND_ERR_RES_EXCEEDED_MAX_SIZE", fault("protocol", "maybe")],
  ["UND_ERR_INVALID_ARG", fault("invalid-request", "no")],
  ["ERR_INVALID_CHAR", fault("invalid-request", "no")],
  ["ERR_INVALID_URL", fault("invalid-request", "no")],
  ["ERR_SOCKET_BAD_PORT", fault("invalid-request", "no")],
  // A dispatcher that takes no request any more, or not this one. Another attempt would meet the same.
  ["UND_ERR_CLOSED", fault("unknown", "no")],
  ["UND_ERR_MAX_ORIGINS_REACHED", fault("unknown", "no")],
  ["UND_ERR_BPL_MISSING_UPSTREAM", fault("unknown", "no")],
  // TLS can fail after the handshake, and so after a request. A certificate is checked before.
  ["EPROTO", fault("tls", "maybe")],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", fault("tls", "no")],
  ["SELF_SIGNED_CERT_IN_CHAIN", fault("tls", "no")],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", fault("tls", "no")],
  ["INVALID_CA", fault("tls", "no")],
  ["INVALID_PURPOSE", fault("tls", "no")],
  ["PATH_LENGTH_EXCEEDED", fault("tls", "no")],
  ["HOSTNAME_MISMATCH", fault("tls", "no")],
  ["ERR_TLS_SESSION_ATTACK", fault("tls", "maybe")],
  ["ERR_TLS_RENEGOTIATE", fault("tls", "maybe")],
  ["ERR_TLS_RENEGOTIATION_DISABLED", fault("tls", "maybe")],
  // Bun before 1.4: a connection that could not be made, for whatever cause, and one that was not even tried.
  ["ConnectionRefused", fault("refused", "no")],
  ["FailedToOpenSocket", fault("unreachable", "no")],
  // Bun before 1.2, of a connection that was closed or reset.
  ["ConnectionClosed", fault("closed", "maybe")],
  ["InvalidContentLength", fault("protocol", "maybe")],
  ["InvalidHTTPResponse", fault("protocol", "maybe")],
  ["Malformed_HTTP_Response", fault("protocol", "maybe")],
  ["UnrequestedUpgrade", fault("protocol", "maybe")],
  // HTTP/2, where Node does not say of which request; ERR_HTTP2_STREAM_ERROR is told by its text.
  ["ERR_HTTP2_SESSION_ERROR", fault("closed", "maybe")],
  ["ERR_HTTP2_GOAWAY_SESSION", fault("closed", "maybe")],
  ["ERR_HTTP2_INVALID_SESSION", fault("closed", "maybe")],
  ["ERR_HTTP2_STREAM_CANCEL", fault("closed", "maybe")],
  ["ERR_HTTP2_ERROR", fault("protocol", "maybe")]
])

const patterns: ReadonlyArray<readonly [RegExp, TransportFault]> = [
  [/^EAI_/, fault("dns", "no")],
  [/^HPE_/, fault("protocol", "maybe")],
  [/^(?:CERT|CRL)_|^UNABLE_TO_(?:GET|DECRYPT|DECODE)_|^ERROR_IN_(?:CERT|CRL)_/, fault("tls", "no")],
  [/^ERR_TLS_/, fault("tls", "no")],
  [/^ERR_SSL_/, fault("tls", "maybe")]
]

/** What a code says by itself. */
const faultOfCode = (code: string): TransportFault | undefined =>
  faults.get(code) ?? patterns.find(([pattern]) => pattern.test(code))?.[1]

/** Looking up a name: `getaddrinfo`, `queryA`, `queryAaaa`, … */
const lookupCall = /^(?:getaddrinfo|getnameinfo|query)/

/** Making a connection. `bind` chooses its local address. */
const connectCalls: ReadonlySet<string> = new Set(["connect", "bind", "socket"])

/** What Linux also says of a connection whose route is replaced by one that rejects or drops packets. */
const isRouteFailure = (call: string, code: string): boolean =>
  /^(?:read|write|shutdown|recv|send|epoll)/.test(call) && /^(?:EACCES|EPERM|EINVAL)$/.test(code)

/** Decides by the system call that failed: before there is a connection, no request can have left. */
const faultOfCall = (call: string, code: string): TransportFault => {
  if (lookupCall.test(call)) return fault("dns", "no")
  const reason = socketReasons.get(code) ?? faultOfCode(code)?.reason
  if (connectCalls.has(call)) {
    // The other codes are of this machine: a route, a firewall, file descriptors, ports, memory.
    return fault(reason === "response-timeout" ? "connect-timeout" : (reason ?? "unreachable"), "no")
  }
  return fault(reason ?? (isRouteFailure(call, code) ? "unreachable" : "unknown"), "maybe")
}

const maxDepth = 10

/** More errors than any name has addresses. */
const maxErrors = 1_000

const read = (value: object, key: string): unknown => {
  try {
    return Reflect.get(value, key)
  } catch {
    return undefined
  }
}

const readText = (value: object, key: string): string => {
  const text = read(value, key)
  return typeof text === "string" ? text : ""
}

/** The errors of an `AggregateError`. */
const readErrors = (value: object): ReadonlyArray<unknown> => {
  const errors = read(value, "errors")
  try {
    return Array.isArray(errors) ? errors.slice(0, maxErrors + 1) : []
  } catch {
    return []
  }
}

/** What a part of a failure says, and the code it says it by. */
interface Finding extends TransportFault {
  readonly code: string
}

/** What one link of the chain says, or `undefined` when it leaves that to its errors and its cause. */
const findingOfLink = (link: object): Finding | undefined => {
  const code = readText(link, "code")
  const message = readText(link, "message")
  const ofProxy = proxyFault(code, message, read(link, "statusCode"))
  if (ofProxy !== undefined) return { ...ofProxy, code }
  const call = readText(link, "syscall") || (isConnectText(message) ? "connect" : "")
  if (call !== "") return { ...faultOfCall(call, code), code }
  const known = faultOfCode(code)
  if (known !== undefined) return { ...known, code }
  // undici's parser says in its name alone what went wrong: its code is often missing.
  if (read(link, "name") === "HTTPParserError") return { ...fault("protocol", "maybe"), code }
  if (socketReasons.has(code)) return undefined
  if (message === "terminated" && read(link, "cause") === undefined) {
    return { ...fault("incomplete-body", "maybe"), code }
  }
  const said = faultOfText(message)
  return said && { ...said, code }
}

const unknown: Finding = { ...fault("unknown", "maybe"), code: "" }

const isKnown = ({ reason }: TransportFault): boolean => reason !== "unknown"

/** The finding of several attempts: the request was not sent only if none of them sent it. */
const findingOfAll = (all: ReadonlyArray<Finding>): Finding => {
  const risky = all.filter(({ sent }) => sent === "maybe")
  const first = risky.find(isKnown) ?? all.find(isKnown) ?? unknown
  return { ...first, sent: risky.length === 0 ? "no" : "maybe" }
}

/** Looks for a finding down the chain of causes. `seen` holds what is known by now of each link, for cycles. */
const find = (link: unknown, depth: number, seen: Map<object, Finding | undefined>): Finding | undefined => {
  if (typeof link !== "object" || link === null || depth === maxDepth) return undefined
  if (seen.has(link)) return seen.get(link)
  seen.set(link, undefined)
  const finding = findFrom(link, depth + 1, seen)
  seen.set(link, finding)
  return finding
}

const findFrom = (
  link: object,
  depth: number,
  seen: Map<object, Finding | undefined>
): Finding | undefined => {
  const own = findingOfLink(link)
  const errors = readErrors(link)
  if (errors.length > maxErrors) return unknown
  if (errors.length > 0) {
    // The code of an AggregateError is that of its first error, so only its system call counts beside the errors.
    const all = errors.map((error) => find(error, depth, seen) ?? unknown)
    return findingOfAll(own === undefined ? all : [own, ...all])
  }
  if (own !== undefined) return own
  const cause = find(read(link, "cause"), depth, seen)
  // A wrapper may repeat the code of its cause without the system call. Another code is a failure of its own.
  const code = readText(link, "code")
  const reason = socketReasons.get(code)
  if (reason === undefined || cause?.code === code) return cause
  return { ...fault(reason, "maybe"), code }
}

/**
 * Classifies a failure by the system call and the code of the first link in its chain of causes that has them, by all
 * errors of an `AggregateError` (a host with several addresses fails with one), and by its text where a runtime gives
 * nothing else. Keeps only the verdict: the texts of a failure can hold the request's headers.
 */
export const classifyFault = (failure: unknown): TransportFault => {
  const { code: _, ...verdict } = find(failure, 0, new Map()) ?? unknown
  return verdict
}

const decompressionCode =
  /^(?:Z_|ZSTD_|ERR_BROTLI|ERR_PADDING|ERR__ERROR|(?:Zlib|(?:Brotli|Zstd)Decompression)Error$)/

const isDecompressionFault = (failure: unknown, depth = 0): boolean => {
  if (typeof failure !== "object" || failure === null || depth === maxDepth) return false
  const code = read(failure, "code")
  return (
    (typeof code === "string" && decompressionCode.test(code)) ||
    isDecompressionText(read(failure, "message")) ||
    isDecompressionFault(read(failure, "cause"), depth + 1)
  )
}

/** The error of a body that broke off or could not be decompressed. Clerk has acted by then. */
export const bodyFault = (failure: unknown): ClerkTransportError | ClerkDecodeError => {
  if (isDecompressionFault(failure)) return new ClerkDecodeError({ reason: "encoding" }, true)
  const { reason } = classifyFault(failure)
  // The answer had begun, so a connection that closes now has cut it short.
  return new ClerkTransportError(
    { reason: reason === "closed" ? "incomplete-body" : reason, sent: "maybe" },
    true
  )
}
