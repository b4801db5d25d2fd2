import {
  ClerkDecodeError,
  ClerkTransportError,
  type Sent,
  type TransportReason
} from "../errors/CallErrors.js"
import { faultOfText, isDecompressionText } from "./faultText.js"
import { proxyFault } from "./proxyFault.js"

/** What is known of a request that got no answer. */
export interface TransportFault {
  readonly reason: TransportReason
  readonly sent: Sent
  /** The status a proxy rejected the connection with, if that is what happened and it is known. */
  readonly proxyStatus?: number
}

const fault = (reason: TransportReason, sent: Sent): TransportFault => ({ reason, sent })

/** Error codes of Node's sockets, of undici and of Bun. A code that is not here is `unknown`, which is never retried. */
const faults: ReadonlyMap<string, TransportFault> = new Map([
  ["ENOTFOUND", fault("dns", "no")],
  ["EAI_AGAIN", fault("dns", "no")],
  ["ECONNREFUSED", fault("refused", "no")],
  ["EHOSTUNREACH", fault("unreachable", "no")],
  ["ENETUNREACH", fault("unreachable", "no")],
  ["EADDRNOTAVAIL", fault("unreachable", "no")],
  ["UND_ERR_CONNECT_TIMEOUT", fault("connect-timeout", "no")],
  ["ECONNRESET", fault("reset", "maybe")],
  ["EPIPE", fault("reset", "maybe")],
  ["ECONNABORTED", fault("reset", "maybe")],
  ["ETIMEDOUT", fault("response-timeout", "maybe")],
  ["UND_ERR_SOCKET", fault("closed", "maybe")],
  ["UND_ERR_HEADERS_TIMEOUT", fault("response-timeout", "maybe")],
  ["UND_ERR_BODY_TIMEOUT", fault("response-timeout", "maybe")],
  ["UND_ERR_HEADERS_OVERFLOW", fault("protocol", "maybe")],
  ["UND_ERR_RES_CONTENT_LENGTH_MISMATCH", fault("protocol", "maybe")],
  ["UND_ERR_RES_EXCEEDED_MAX_SIZE", fault("protocol", "maybe")],
  ["UND_ERR_INVALID_ARG", fault("invalid-request", "no")],
  ["ERR_INVALID_CHAR", fault("invalid-request", "no")],
  ["ERR_INVALID_URL", fault("invalid-request", "no")],
  // What went wrong in TLS itself can have done so after the handshake, and after a request.
  ["EPROTO", fault("tls", "maybe")],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", fault("tls", "no")],
  ["SELF_SIGNED_CERT_IN_CHAIN", fault("tls", "no")],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", fault("tls", "no")],
  ["UNABLE_TO_GET_ISSUER_CERT", fault("tls", "no")],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", fault("tls", "no")],
  ["CERT_HAS_EXPIRED", fault("tls", "no")],
  ["CERT_NOT_YET_VALID", fault("tls", "no")],
  ["CERT_UNTRUSTED", fault("tls", "no")],
  ["CERT_REVOKED", fault("tls", "no")],
  // Bun before 1.4, of every connection that could not be made: no address, nobody there, no TLS.
  ["ConnectionRefused", fault("refused", "no")],
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

const prefixes: ReadonlyArray<readonly [string, TransportFault]> = [
  ["HPE_", fault("protocol", "maybe")],
  ["ERR_TLS_", fault("tls", "no")],
  ["ERR_SSL_", fault("tls", "maybe")]
]

const byCode = (code: string): TransportFault | undefined =>
  faults.get(code) ?? prefixes.find(([prefix]) => code.startsWith(prefix))?.[1]

const maxDepth = 10

const read = (value: object, key: string): unknown => {
  try {
    return Reflect.get(value, key)
  } catch {
    return undefined
  }
}

/**
 * Classifies a failure by the codes along its chain of causes (and among the errors of an `AggregateError`, which is
 * what a host with several addresses fails with), and by its text where a runtime gives nothing else. Nothing of the
 * failure but the verdict is kept: its texts can hold the request's headers.
 */
export const classifyFault = (failure: unknown, depth = 0): TransportFault => {
  if (typeof failure !== "object" || failure === null || depth === maxDepth) return fault("unknown", "maybe")
  const code = read(failure, "code")
  const ofProxy = proxyFault(code, read(failure, "message"), read(failure, "statusCode"))
  if (ofProxy !== undefined) return ofProxy
  const known = typeof code === "string" ? byCode(code) : undefined
  if (known !== undefined) {
    // A connection that breaks or times out while it is being made has carried nothing.
    return read(failure, "syscall") === "connect" ? { ...known, sent: "no" } : known
  }
  // undici's parser says in its name alone what went wrong: its code is often missing.
  if (read(failure, "name") === "HTTPParserError") return fault("protocol", "maybe")
  const among = read(failure, "errors")
  if (Array.isArray(among) && among.length > 0) return classifyFault(among[0], depth + 1)
  if (read(failure, "message") === "terminated" && read(failure, "cause") === undefined) {
    return fault("truncated", "maybe")
  }
  return faultOfText(read(failure, "message")) ?? classifyFault(read(failure, "cause"), depth + 1)
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
  return new ClerkTransportError({ reason: reason === "closed" ? "truncated" : reason, sent: "maybe" }, true)
}
