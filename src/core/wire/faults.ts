import type { Failure, Sent, TransportFault, TransportReason, WireFailure } from "../model.js"
import { faultOfProxy, faultOfText, isConnectText, isDecompressionText } from "./errorPatterns.js"

const fault = (reason: TransportReason, sent: Sent): TransportFault => ({ reason, sent })

/**
 * The reasons of the operating system's error codes. Only the system call shows how far a request got. The same
 * `EHOSTUNREACH` comes from a `connect`, and from a `read` after Clerk has received the request.
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

/** Codes of Node, undici and Bun that show by themselves how far a request got. */
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
  // A dispatcher that is closed or rejects this request. Another attempt would fail, too.
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
  // Bun before 1.4: a connection that failed, for any cause, and one that it did not try.
  ["ConnectionRefused", fault("refused", "no")],
  ["FailedToOpenSocket", fault("unreachable", "no")],
  // Bun before 1.2: a connection that was closed or reset.
  ["ConnectionClosed", fault("closed", "maybe")],
  ["InvalidContentLength", fault("protocol", "maybe")],
  ["InvalidHTTPResponse", fault("protocol", "maybe")],
  ["Malformed_HTTP_Response", fault("protocol", "maybe")],
  ["UnrequestedUpgrade", fault("protocol", "maybe")],
  // HTTP/2, where Node does not say of which request. The text tells what ERR_HTTP2_STREAM_ERROR is.
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

/** Classifies a code by itself. */
const faultOfCode = (code: string): TransportFault | undefined =>
  faults.get(code) ?? patterns.find(([pattern]) => pattern.test(code))?.[1]

/** The calls that look up a name: `getaddrinfo`, `queryA`, `queryAaaa`, … */
const lookupCall = /^(?:getaddrinfo|getnameinfo|query)/

/** The calls that make a connection. `bind` chooses its local address. */
const connectCalls: ReadonlySet<string> = new Set(["connect", "bind", "socket"])

/** Codes that Linux also gives when another route, which rejects or drops packets, replaces that of a connection. */
const isRouteFailure = (call: string, code: string): boolean =>
  /^(?:read|write|shutdown|recv|send|epoll)/.test(call) && /^(?:EACCES|EPERM|EINVAL)$/.test(code)

/** Classifies by the system call that failed. Before there is a connection, no request was sent. */
const faultOfCall = (call: string, code: string): TransportFault => {
  if (lookupCall.test(call)) return fault("dns", "no")
  const reason = socketReasons.get(code) ?? faultOfCode(code)?.reason
  if (connectCalls.has(call)) {
    // The other codes are about this machine: a route, a firewall, file descriptors, ports, memory.
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

/** The classification of a part of a failure, and its code. */
interface Finding extends TransportFault {
  readonly code: string
}

/** Classifies one link of the chain. Returns `undefined` when its errors or its cause decide. */
const faultOfLink = (link: object, code: string): TransportFault | undefined => {
  const message = readText(link, "message")
  const ofProxy = faultOfProxy(code, message, read(link, "statusCode"))
  if (ofProxy !== undefined) return ofProxy
  const call = readText(link, "syscall") || (isConnectText(message) ? "connect" : "")
  if (call !== "") return faultOfCall(call, code)
  const ofCode = faultOfCode(code)
  if (ofCode !== undefined) return ofCode
  // The errors of undici's parser often have no code, only a name.
  if (read(link, "name") === "HTTPParserError") return fault("protocol", "maybe")
  if (socketReasons.has(code)) return undefined
  return message === "terminated" && read(link, "cause") === undefined
    ? fault("incomplete-body", "maybe")
    : faultOfText(message)
}

const unknown: Finding = { ...fault("unknown", "maybe"), code: "" }

const isKnown = ({ reason }: TransportFault): boolean => reason !== "unknown"

/** The finding of several attempts: the request was not sent only if none of them sent it. */
const findingOfAll = (all: ReadonlyArray<Finding>): Finding => {
  const risky = all.filter(({ sent }) => sent === "maybe")
  const first = risky.find(isKnown) ?? all.find(isKnown) ?? unknown
  return { ...first, sent: risky.length === 0 ? "no" : "maybe" }
}

/** Searches the chain of causes. `seen` holds the finding of each link so far, because a chain can have cycles. */
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
  const code = readText(link, "code")
  const ofLink = faultOfLink(link, code)
  const own = ofLink && { ...ofLink, code }
  const errors = readErrors(link)
  if (errors.length > maxErrors) return unknown
  if (errors.length > 0) {
    // The code of an AggregateError is that of its first error, so only its system call counts in addition.
    const all = errors.map((error) => find(error, depth, seen) ?? unknown)
    return findingOfAll(own === undefined ? all : [own, ...all])
  }
  if (own !== undefined) return own
  const cause = find(read(link, "cause"), depth, seen)
  // A wrapper may repeat the code of its cause without the system call. Another code is a failure of its own.
  const reason = socketReasons.get(code)
  if (reason === undefined || cause?.code === code) return cause
  return { ...fault(reason, "maybe"), code }
}

/**
 * Classifies a failure by the first link in its chain of causes that has a known system call or code. The text decides
 * where a runtime gives neither. All errors of an `AggregateError` count: a host with several addresses fails with one.
 * Keeps no text of the failure, because it can hold the request's headers.
 */
export const classifyFault = (failure: unknown): TransportFault => {
  const { code: _, ...fault } = find(failure, 0, new Map()) ?? unknown
  return fault
}

const decompressionCode =
  /^(?:Z_|ZSTD_|ERR_BROTLI|ERR_PADDING|ERR__ERROR|(?:Zlib|(?:Brotli|Zstd)Decompression)Error$)/

const isDecompressionFault = (failure: unknown, depth = 0): boolean => {
  if (typeof failure !== "object" || failure === null || depth === maxDepth) return false
  return (
    decompressionCode.test(readText(failure, "code")) ||
    isDecompressionText(readText(failure, "message")) ||
    isDecompressionFault(read(failure, "cause"), depth + 1)
  )
}

/** No complete response came. */
export const transportFailure = (fields: TransportFault): Failure<"ClerkTransportError", TransportFault> => ({
  _tag: "ClerkTransportError",
  fields
})

/** A body broke off or cannot be decompressed. Clerk has processed the request by then. */
export const bodyFailure = (failure: unknown): WireFailure => {
  if (isDecompressionFault(failure)) return { _tag: "ClerkDecodeError", fields: { reason: "encoding" } }
  const { reason } = classifyFault(failure)
  // The response had begun, so a connection that closes now has cut it short.
  return transportFailure({ reason: reason === "closed" ? "incomplete-body" : reason, sent: "maybe" })
}
