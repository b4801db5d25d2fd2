import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { bodyFault, classifyFault } from "../../src/internal/transportFault.js"

const failure = (fields: object, message = "failed"): Error => Object.assign(new Error(message), fields)

const wrapped = (cause: unknown, depth: number): unknown =>
  depth === 0 ? cause : new Error("fetch failed", { cause: wrapped(cause, depth - 1) })

const verdict = (value: unknown): string => {
  const { reason, sent } = classifyFault(value)
  return `${reason}, sent: ${sent}`
}

describe("a failure with the code", () => {
  for (const [codes, expected] of [
    [["ENOTFOUND", "EAI_AGAIN"], "dns, sent: no"],
    [["ECONNREFUSED"], "refused, sent: no"],
    [["EHOSTUNREACH", "ENETUNREACH", "EADDRNOTAVAIL"], "unreachable, sent: no"],
    [["UND_ERR_CONNECT_TIMEOUT"], "connect-timeout, sent: no"],
    [["ECONNRESET", "EPIPE", "ECONNABORTED"], "reset, sent: maybe"],
    [["UND_ERR_SOCKET"], "closed, sent: maybe"],
    [["ETIMEDOUT", "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"], "response-timeout, sent: maybe"],
    [
      ["HPE_INVALID_CONSTANT", "HPE_UNEXPECTED_CONTENT_LENGTH", "UND_ERR_HEADERS_OVERFLOW"],
      "protocol, sent: maybe"
    ],
    [
      ["InvalidContentLength", "InvalidHTTPResponse", "Malformed_HTTP_Response", "UnrequestedUpgrade"],
      "protocol, sent: maybe"
    ],
    [["ConnectionRefused"], "refused, sent: no"],
    [["UND_ERR_INVALID_ARG", "ERR_INVALID_CHAR", "ERR_INVALID_URL"], "invalid-request, sent: no"],
    [["CERT_HAS_EXPIRED", "DEPTH_ZERO_SELF_SIGNED_CERT", "ERR_TLS_CERT_ALTNAME_INVALID"], "tls, sent: no"],
    // In the handshake or after it, which nobody tells.
    [["EPROTO", "ERR_SSL_WRONG_VERSION_NUMBER", "ERR_SSL_BAD_RECORD_TYPE"], "tls, sent: maybe"],
    [
      [
        "ERR_HTTP2_SESSION_ERROR",
        "ERR_HTTP2_GOAWAY_SESSION",
        "ERR_HTTP2_INVALID_SESSION",
        "ERR_HTTP2_STREAM_CANCEL"
      ],
      "closed, sent: maybe"
    ],
    [["ERR_HTTP2_ERROR"], "protocol, sent: maybe"]
  ] as const) {
    it(`${codes.join(", ")} is ${expected}`, () => {
      for (const code of codes) {
        expect(verdict(failure({ code }))).toBe(expected)
        expect(verdict(wrapped(failure({ code }), 5))).toBe(expected)
        expect(verdict({ code })).toBe(expected)
      }
    })
  }

  it("of a connection that broke while it was made, sent nothing", () => {
    for (const code of ["ECONNRESET", "ETIMEDOUT", "EPIPE"]) {
      expect(verdict(failure({ code, syscall: "connect" }))).toMatch(/sent: no$/)
      expect(verdict(failure({ code, syscall: "read" }))).toMatch(/sent: maybe$/)
    }
  })

  it("nobody knows, is of unknown reason and may have been sent", () => {
    for (const code of [
      "EWHATEVER",
      "",
      "econnreset",
      "constructor",
      "__proto__",
      104,
      null,
      { toString: () => "EPIPE" }
    ]) {
      expect(verdict(failure({ code }))).toBe("unknown, sent: maybe")
    }
  })
})

describe("a failure that is known by its text alone", () => {
  const address = "http://127.0.0.1:4000/v1/sessions/sess_1"
  const connecting = (why: string) =>
    `error sending request for url (${address}): client error (Connect): ${why}`
  const sending = (why: string) =>
    `error sending request from 127.0.0.1:5 for ${address} (127.0.0.1:4000): client error (SendRequest): ${why}`

  for (const [text, expected] of [
    [
      connecting("dns error: failed to lookup address information: Name or service not known"),
      "dns, sent: no"
    ],
    [connecting("tcp connect error: Connection refused (os error 111)"), "refused, sent: no"],
    [connecting("tcp connect error: No route to host (os error 113)"), "unreachable, sent: no"],
    [connecting("tcp connect error: Network is unreachable (os error 101)"), "unreachable, sent: no"],
    [connecting("received corrupt message of type InvalidContentType"), "tls, sent: no"],
    [connecting("invalid peer certificate: UnknownIssuer"), "tls, sent: no"],
    [
      connecting("invalid peer certificate: certificate expired: verification time 1 (UNIX)"),
      "tls, sent: no"
    ],
    [connecting("something else"), "unknown, sent: no"],
    [sending("connection closed before message completed"), "closed, sent: maybe"],
    [sending("connection error: Connection reset by peer (os error 104)"), "reset, sent: maybe"],
    [sending("invalid content-length parsed"), "protocol, sent: maybe"],
    [sending("invalid HTTP version parsed"), "protocol, sent: maybe"],
    [sending("something else"), "unknown, sent: maybe"],
    [connecting("tls handshake eof"), "closed, sent: no"],
    [connecting("Connection reset by peer (os error 104)"), "reset, sent: no"],
    [sending("http2 error: stream error received: stream no longer needed"), "reset, sent: maybe"],
    [sending("connection error: stream closed because of a broken pipe"), "closed, sent: maybe"],
    [sending("connection error: connection reset"), "reset, sent: maybe"],
    [
      sending("connection error: peer closed connection without sending TLS close_notify: https://docs.rs/x"),
      "closed, sent: maybe"
    ],
    [sending("connection error: received corrupt message of type InvalidContentType"), "tls, sent: maybe"],
    ["Connection reset by peer (os error 104)", "reset, sent: maybe"],
    ["connection reset", "reset, sent: maybe"],
    ["stream closed because of a broken pipe", "closed, sent: maybe"],
    [
      "peer closed connection without sending TLS close_notify: https://docs.rs/rustls",
      "closed, sent: maybe"
    ],
    ["received fatal alert: InternalError", "tls, sent: maybe"],
    ["cannot decrypt peer's message", "tls, sent: maybe"],
    ["stream error received: refused stream before processing any application logic", "reset, sent: no"],
    ["stream error received: not a result of an error", "reset, sent: maybe"],
    ["stream error received: unexpected internal error encountered", "reset, sent: maybe"],
    ["stream error received: stream no longer needed", "reset, sent: maybe"],
    ["stream error received: detected excessive load generating behavior", "reset, sent: maybe"],
    ["stream error received: unspecific protocol error detected", "protocol, sent: maybe"],
    ["stream error received: endpoint requires HTTP/1.1", "protocol, sent: maybe"],
    ["stream error received: unknown reason", "protocol, sent: maybe"],
    [
      "stream error detected: refused stream before processing any application logic",
      "protocol, sent: maybe"
    ],
    ["connection error received: not a result of an error", "closed, sent: no"],
    ['connection error received: not a result of an error (b"max_age")', "closed, sent: no"],
    ["connection error received: unexpected internal error encountered", "closed, sent: maybe"],
    ['connection error received: detected excessive load generating behavior (b"x")', "closed, sent: maybe"],
    [
      "connection error received: refused stream before processing any application logic",
      "protocol, sent: maybe"
    ],
    ["connection error detected: frame with invalid size", "protocol, sent: maybe"],
    ["Stream closed with error code NGHTTP2_REFUSED_STREAM", "reset, sent: no"],
    ["Stream closed with error code NGHTTP2_INTERNAL_ERROR", "reset, sent: maybe"],
    ["Stream closed with error code NGHTTP2_ENHANCE_YOUR_CALM", "reset, sent: maybe"],
    ["Stream closed with error code NGHTTP2_HTTP_1_1_REQUIRED", "protocol, sent: maybe"],
    ["HTTP/2: stream closed before the response was complete", "reset, sent: maybe"],
    ["HTTP/2: stream half-closed (remote)", "reset, sent: maybe"],
    ['HTTP/2: "GOAWAY" frame received with code 0', "closed, sent: maybe"],
    ["error reading a body from connection", "truncated, sent: maybe"],
    ["Network connection lost.", "closed, sent: maybe"]
  ] as const) {
    it(`"${text}" is ${expected}`, () => {
      expect(verdict(new TypeError(text))).toBe(expected)
      expect(verdict(new TypeError("fetch failed", { cause: new Error(text) }))).toBe(expected)
    })
  }

  it("is unknown where the text only holds such words", () => {
    for (const text of [
      "Connection refused",
      "x error sending request for url (x): client error (Connect): dns error: x",
      `error sending request for url (${address}): client error (Other): dns error: x`,
      "the server said: Network connection lost.",
      "the server said: stream error received: refused stream before processing any application logic",
      "Stream closed",
      'HTTP/2: "GOAWAY" frame received with code 1',
      "connection reset by the server",
      "a connection reset",
      "internal error; reference = abc",
      7
    ]) {
      expect(verdict({ message: text })).toBe("unknown, sent: maybe")
    }
  })

  it("is known by its code rather than by its text", () => {
    expect(verdict(failure({ code: "EPIPE" }, connecting("tcp connect error: Connection refused")))).toBe(
      "reset, sent: maybe"
    )
  })
})

describe("of a request that may have been processed nobody says that it was not sent, as in", () => {
  for (const text of [
    "stream error received: refused stream before processing any application logic, or not",
    "stream error received: refused stream",
    "connection error received: not a result of an error, or was it",
    'connection error received: unexpected internal error encountered (b"not a result of an error")',
    "stream error sent by user: refused stream before processing any application logic",
    "Stream closed with error code NGHTTP2_REFUSED_STREAM?",
    "Stream closed with error code 7"
  ]) {
    it(text, () => {
      expect(verdict(new Error(text))).toMatch(/sent: maybe$/)
      expect(verdict(new TypeError("fetch failed", { cause: new Error(text) }))).toMatch(/sent: maybe$/)
    })
  }
})

describe("a body that cannot be read", () => {
  it("because it cannot be decompressed has an encoding that cannot be read", () => {
    for (const cause of [
      { code: "Z_DATA_ERROR" },
      { code: "ZSTD_error_prefix_unknown" },
      { code: "ZlibError" },
      { code: "BrotliDecompressionError" },
      { code: "ZstdDecompressionError" },
      new TypeError("Invalid gzip header"),
      new TypeError("CRC computed does not match"),
      new TypeError("unexpected end of file"),
      new TypeError("brotli error"),
      new TypeError("reached unexpected EOF"),
      new TypeError("Gzip decompression failed."),
      new TypeError("Brotli compressed stream ended prematurely.")
    ]) {
      expect(bodyFault(cause)).toMatchObject({ _tag: "ClerkDecodeError", reason: "encoding" })
    }
  })

  it("because its connection is gone was cut short, whatever the runtime", () => {
    for (const cause of [
      failure({ code: "UND_ERR_SOCKET" }),
      new TypeError("error reading a body from connection"),
      new Error("stream closed because of a broken pipe"),
      new Error("Network connection lost.")
    ]) {
      expect(bodyFault(cause)).toMatchObject({
        _tag: "ClerkTransportError",
        reason: "truncated",
        sent: "maybe"
      })
    }
  })
})

describe("a body of a stream that is refused too late", () => {
  it("was cut short all the same: what was answered was processed", () => {
    for (const text of [
      "stream error received: refused stream before processing any application logic",
      "connection error received: not a result of an error",
      "Stream closed with error code NGHTTP2_REFUSED_STREAM"
    ]) {
      expect(bodyFault(new Error(text))).toMatchObject({ _tag: "ClerkTransportError", sent: "maybe" })
    }
  })
})

describe("a failure", () => {
  it("is known by the first code down the chain that says something", () => {
    const inner = failure({ code: "ECONNREFUSED" })
    expect(verdict(failure({ code: "EWHATEVER", cause: inner }))).toBe("refused, sent: no")
    expect(verdict(failure({ code: "EPIPE", cause: inner }))).toBe("reset, sent: maybe")
  })

  it("of a host with several addresses is known by the first of them", () => {
    const errors = [failure({ code: "ECONNREFUSED" }), failure({ code: "ENETUNREACH" })]
    expect(verdict(new AggregateError(errors))).toBe("refused, sent: no")
    expect(verdict(wrapped(new AggregateError(errors), 1))).toBe("refused, sent: no")
    expect(verdict(new AggregateError([]))).toBe("unknown, sent: maybe")
  })

  it("in the middle of a body is a cut answer", () => {
    expect(verdict(new TypeError("terminated"))).toBe("truncated, sent: maybe")
    expect(verdict(new TypeError("terminated", { cause: failure({ code: "UND_ERR_SOCKET" }) }))).toBe(
      "closed, sent: maybe"
    )
  })

  it("is not looked into for ever", () => {
    const circle = new Error("circle")
    circle.cause = circle
    expect(verdict(circle)).toBe("unknown, sent: maybe")
    expect(verdict(wrapped(failure({ code: "EPIPE" }), 9))).toBe("reset, sent: maybe")
    expect(verdict(wrapped(failure({ code: "EPIPE" }), 10))).toBe("unknown, sent: maybe")
  })

  it("whose properties throw is still only a failure", () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error("no")
        }
      }
    )
    expect(verdict(hostile)).toBe("unknown, sent: maybe")
    expect(verdict(new Error("fetch failed", { cause: hostile }))).toBe("unknown, sent: maybe")
  })

  it.prop("of any kind gets a verdict", [FastCheck.anything()], ([value]) => {
    const found = classifyFault(value)
    expect(Object.keys(found).sort()).toEqual(["reason", "sent"])
  })
})
