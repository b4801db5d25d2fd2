import * as FastCheck from "fast-check"
import { describe, expect, it } from "#test/vitest.js"
import { bodyFailure, classifyFault } from "../../../src/core/wire/faults.js"
import { plainProp } from "../../support/properties.js"

const failure = (fields: object, message = "failed"): Error => Object.assign(new Error(message), fields)

const wrapped = (cause: unknown, depth: number): unknown =>
  depth === 0 ? cause : new Error("fetch failed", { cause: wrapped(cause, depth - 1) })

const connectingOnDeno = (why: string) =>
  new Error(`error sending request for url (http://127.0.0.1:4000/): client error (Connect): ${why}`)

const verdict = (value: unknown): string => {
  const { reason, sent } = classifyFault(value)
  return `${reason}, sent: ${sent}`
}

describe("a failure with the code", () => {
  for (const [codes, expected] of [
    [
      ["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "EAI_NODATA", "EAI_MEMORY", "ESERVFAIL", "EREFUSED", "ENODATA"],
      "dns, sent: no"
    ],
    // Without the system call these codes do not show whether there was a connection.
    [["ECONNREFUSED"], "refused, sent: maybe"],
    [["EHOSTUNREACH", "ENETUNREACH", "EADDRNOTAVAIL", "EHOSTDOWN", "ENETDOWN"], "unreachable, sent: maybe"],
    [["UND_ERR_CONNECT_TIMEOUT", "ERR_SOCKET_CONNECTION_TIMEOUT"], "connect-timeout, sent: no"],
    [["ERR_SOCKET_CLOSED_BEFORE_CONNECTION"], "closed, sent: no"],
    [["ECONNRESET", "EPIPE", "ECONNABORTED", "ENETRESET", "ENOTCONN"], "reset, sent: maybe"],
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
    [["FailedToOpenSocket"], "unreachable, sent: no"],
    [["ConnectionClosed"], "closed, sent: maybe"],
    [
      ["UND_ERR_INVALID_ARG", "ERR_INVALID_CHAR", "ERR_INVALID_URL", "ERR_SOCKET_BAD_PORT"],
      "invalid-request, sent: no"
    ],
    [["UND_ERR_CLOSED", "UND_ERR_MAX_ORIGINS_REACHED", "UND_ERR_BPL_MISSING_UPSTREAM"], "unknown, sent: no"],
    [
      [
        "CERT_HAS_EXPIRED",
        "CERT_NOT_YET_VALID",
        "CERT_REJECTED",
        "CERT_SIGNATURE_FAILURE",
        "CRL_HAS_EXPIRED",
        "DEPTH_ZERO_SELF_SIGNED_CERT",
        "SELF_SIGNED_CERT_IN_CHAIN",
        "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
        "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
        "ERROR_IN_CERT_NOT_AFTER_FIELD",
        "HOSTNAME_MISMATCH",
        "INVALID_CA",
        "ERR_TLS_CERT_ALTNAME_INVALID",
        "ERR_TLS_HANDSHAKE_TIMEOUT"
      ],
      "tls, sent: no"
    ],
    [["ERR_TLS_SESSION_ATTACK", "ERR_TLS_RENEGOTIATION_DISABLED"], "tls, sent: maybe"],
    // In the handshake or after it, which the code does not show.
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

  it("that is unknown has an unknown reason and may have been sent", () => {
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

const routeCodes = ["EHOSTUNREACH", "ENETUNREACH", "EADDRNOTAVAIL", "EHOSTDOWN", "ENETDOWN"]
const localCodes = ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EADDRINUSE", "EBUSY", "ERR_ACCESS_DENIED"]
const barredCodes = ["EPERM", "EACCES", "EINVAL"]
const resetCodes = ["ECONNRESET", "EPIPE", "ECONNABORTED"]

/** A failure as Node reports it: by the system call and its code, here below `depth` wrappers. */
const called = (syscall: unknown, code: unknown, depth = 0) =>
  wrapped(failure({ code, syscall, errno: -1, address: "10.0.0.1", port: 443 }), depth)

describe("classifyFault, by the system call that failed,", () => {
  const connecting: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
    ["refused", ["ECONNREFUSED"]],
    ["unreachable", [...routeCodes, ...localCodes, ...barredCodes, "ENOENT", "EWHATEVER", ""]],
    ["connect-timeout", ["ETIMEDOUT", "UND_ERR_CONNECT_TIMEOUT"]],
    ["reset", resetCodes],
    ["tls", ["EPROTO", "CERT_HAS_EXPIRED"]]
  ]
  it.each(["connect", "bind", "socket"])("knows that nothing was sent when %s failed", (syscall) => {
    for (const [reason, codes] of connecting) {
      for (const code of codes) {
        for (const depth of [0, 1, 3])
          expect(verdict(called(syscall, code, depth))).toBe(`${reason}, sent: no`)
      }
    }
    expect(verdict(called(syscall, undefined))).toBe("unreachable, sent: no")
    expect(verdict(called(syscall, 111))).toBe("unreachable, sent: no")
  })

  const lookups = ["getaddrinfo", "queryA", "queryAaaa", "queryCname", "querySrv", "queryAny"]
  it.each(lookups)("knows that nothing was sent when the lookup %s failed", (syscall) => {
    const ofResolver = ["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "EAI_NODATA", "ESERVFAIL", "EREFUSED"]
    const others = ["ENODATA", "ETIMEOUT", "ECONNREFUSED", "ECANCELLED", "EFORMERR", "ETIMEDOUT", "EWHATEVER"]
    for (const code of [...ofResolver, ...others, ...localCodes, ...routeCodes]) {
      for (const depth of [0, 1, 3]) expect(verdict(called(syscall, code, depth))).toBe("dns, sent: no")
    }
  })

  const established: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
    ["refused", ["ECONNREFUSED"]],
    ["unreachable", [...routeCodes, ...barredCodes]],
    ["response-timeout", ["ETIMEDOUT"]],
    ["reset", [...resetCodes, "ENOTCONN"]],
    ["tls", ["EPROTO"]],
    ["unknown", ["EWHATEVER", "EIO", "EMFILE", ""]]
  ]
  it.each(["read", "write", "writev", "shutdown", "recvmsg", "sendmsg", "epoll_wait"])(
    "knows that Clerk may have received the request when %s failed",
    (syscall) => {
      for (const [reason, codes] of established) {
        for (const code of codes) {
          for (const depth of [0, 1, 3])
            expect(verdict(called(syscall, code, depth))).toBe(`${reason}, sent: maybe`)
        }
      }
    }
  )

  it("says that nothing was sent for no other system call", () => {
    const names = [
      "open",
      "accept",
      "connected",
      "reconnect",
      "Connect",
      " connect",
      "readconnect",
      "getpeername"
    ]
    for (const syscall of names) {
      for (const code of [
        "ENOTFOUND",
        "EAI_AGAIN",
        "ECONNREFUSED",
        "UND_ERR_CONNECT_TIMEOUT",
        "CERT_REVOKED"
      ])
        expect(verdict(called(syscall, code))).toMatch(/sent: maybe$/)
    }
    expect(verdict(called("open", "EACCES"))).toBe("unknown, sent: maybe")
  })

  it("ignores a system call that is not a text", () => {
    for (const syscall of [undefined, null, 7, "", {}, ["connect"], { toString: () => "connect" }]) {
      expect(verdict(called(syscall, "ECONNREFUSED"))).toBe("refused, sent: maybe")
      expect(verdict(called(syscall, "ENOTFOUND"))).toBe("dns, sent: no")
      expect(verdict(called(syscall, "EMFILE"))).toBe("unknown, sent: maybe")
    }
  })
})

describe("classifyFault, of a failure without a system call,", () => {
  const refused = "Unable to connect. Is the computer able to access the url?"
  const unopened = "Was there a typo in the url or port?"

  it.each([
    ["1.4", "ECONNREFUSED", `ECONNREFUSED: ${refused}`, "refused"],
    ["1.4", "ETIMEDOUT", `ETIMEDOUT: ${refused}`, "connect-timeout"],
    ["1.4", "EHOSTUNREACH", `EHOSTUNREACH: ${unopened}`, "unreachable"],
    ["1.4", "EACCES", `EACCES: ${unopened}`, "unreachable"],
    ["1.4", "EMFILE", `EMFILE: ${unopened}`, "unreachable"],
    ["1.3", "ConnectionRefused", refused, "refused"],
    ["1.3", "FailedToOpenSocket", unopened, "unreachable"]
  ])("recognizes %s of Bun %s while it connects", (_, code, message, reason) => {
    expect(verdict(Object.assign(new TypeError(message), { code, errno: 0 }))).toBe(`${reason}, sent: no`)
  })

  it.each([
    ["1.4", "ECONNRESET", "ECONNRESET: The socket connection was closed unexpectedly.", "reset"],
    ["1.3", "ECONNRESET", "The socket connection was closed unexpectedly.", "reset"],
    ["1.1", "ConnectionClosed", "The socket connection was closed unexpectedly.", "closed"]
  ])("recognizes Bun %s reporting %s of a connection that it had", (_, code, message, reason) => {
    expect(verdict(Object.assign(new TypeError(message), { code, errno: 0 }))).toBe(`${reason}, sent: maybe`)
  })

  it("reads no other text as a failure to connect", () => {
    for (const text of [
      `read failed: ${refused}`,
      `${refused} Yes`,
      `ECONNREFUSED: ${refused} ECONNREFUSED: ${refused}`,
      "connect ECONNREFUSED 127.0.0.1:443",
      "ECONNREFUSED"
    ]) {
      expect(verdict(failure({ code: "ECONNREFUSED" }, text))).toBe("refused, sent: maybe")
    }
  })

  it("knows that Node sent nothing when the server closed the connection within the TLS handshake", () => {
    const text = "Client network socket disconnected before secure TLS connection was established"
    expect(verdict(failure({ code: "ECONNRESET" }, text))).toBe("reset, sent: no")
    expect(verdict(failure({ code: "ECONNRESET" }, "socket hang up"))).toBe("reset, sent: maybe")
  })

  it("takes the system call from the cause if the wrapper repeats the code of the cause", () => {
    for (const code of ["ECONNREFUSED", "ETIMEDOUT", "EHOSTUNREACH", "ECONNRESET"]) {
      expect(verdict(failure({ code, cause: called("connect", code) }))).toMatch(/sent: no$/)
      expect(verdict(failure({ code, cause: called("connect", code, 2) }))).toMatch(/sent: no$/)
      expect(verdict(failure({ code, cause: called("read", code) }))).toMatch(/sent: maybe$/)
    }
    const several = new AggregateError([called("connect", "ENETUNREACH"), called("connect", "ECONNREFUSED")])
    expect(verdict(failure({ code: "ENETUNREACH", cause: several }))).toBe("unreachable, sent: no")
    expect(verdict(failure({ code: "ECONNREFUSED", cause: called("queryA", "ECONNREFUSED") }))).toBe(
      "dns, sent: no"
    )
  })

  it("uses the wrapper if its code differs from the code of the cause", () => {
    expect(verdict(failure({ code: "EPIPE", cause: called("connect", "ECONNREFUSED") }))).toBe(
      "reset, sent: maybe"
    )
    expect(verdict(failure({ code: "EHOSTUNREACH", cause: called("getaddrinfo", "ENOTFOUND") }))).toBe(
      "unreachable, sent: maybe"
    )
    expect(verdict(failure({ code: "ENOTFOUND", cause: called("read", "ECONNRESET") }))).toBe("dns, sent: no")
  })

  it("uses the cause if the code of the wrapper is unknown", () => {
    for (const code of ["EWHATEVER", "EMFILE", "EACCES", "ERR_INTERNAL", 7, null]) {
      expect(verdict(failure({ code, cause: called("connect", "EMFILE") }))).toBe("unreachable, sent: no")
      expect(verdict(failure({ code, cause: called("read", "EHOSTUNREACH") }))).toBe(
        "unreachable, sent: maybe"
      )
    }
  })
})

describe("classifyFault, of an AggregateError,", () => {
  const together = (...errors: ReadonlyArray<unknown>) =>
    Object.assign(new AggregateError(errors), { code: "ECONNREFUSED" })
  const refused = called("connect", "ECONNREFUSED")
  const unreachable = called("connect", "ENETUNREACH")
  const noAddress = called("getaddrinfo", "EAI_AGAIN")

  it.each([
    ["two refused connections", [refused, refused], "refused"],
    ["an unreachable address and a refused connection", [unreachable, refused], "unreachable"],
    ["a timeout and a refused connection", [called("connect", "ETIMEDOUT"), refused], "connect-timeout"],
    ["connections without file descriptors", [called("connect", "EMFILE"), unreachable], "unreachable"],
    ["two lookups", [noAddress, called("queryA", "ESERVFAIL")], "dns"],
    ["errors with causes", [wrapped(refused, 2), wrapped(unreachable, 1)], "refused"],
    ["aggregates", [together(unreachable, refused), together(refused)], "unreachable"],
    ["an unknown failure to connect of Deno", [connectingOnDeno("x"), refused], "refused"]
  ] as const)("says that nothing was sent if it consists of %s", (_, errors, reason) => {
    expect(verdict(together(...errors))).toBe(`${reason}, sent: no`)
    expect(verdict(wrapped(together(...errors), 2))).toBe(`${reason}, sent: no`)
    expect(verdict({ code: "UND_ERR_CONNECT_TIMEOUT", cause: together(...errors) })).toBe(
      "connect-timeout, sent: no"
    )
  })

  it.each([
    ["a read", called("read", "EHOSTUNREACH")],
    ["a write", called("write", "ENETUNREACH")],
    ["an error without a system call", failure({ code: "ECONNREFUSED" })],
    ["an error without a code", new Error("no")],
    ["a text", "ECONNREFUSED"],
    ["nothing", undefined],
    ["an empty aggregate", new AggregateError([])],
    ["an aggregate with a read", together(refused, called("read", "ECONNRESET"))],
    ["a closed socket", failure({ code: "UND_ERR_SOCKET" })]
  ])("says that Clerk may have received the request if one of its errors is %s", (_, error) => {
    for (const errors of [
      [error, refused],
      [refused, error],
      [refused, unreachable, error, noAddress]
    ]) {
      expect(verdict(together(...errors))).toMatch(/^(?!unknown).*, sent: maybe$/)
      expect(verdict(wrapped(together(...errors), 2))).toMatch(/sent: maybe$/)
    }
    expect(verdict(together(error))).toMatch(/sent: maybe$/)
  })

  it("takes the reason from an error after which Clerk may have received the request", () => {
    expect(verdict(together(refused, called("read", "ECONNRESET")))).toBe("reset, sent: maybe")
  })

  it("does not trust its own code", () => {
    expect(verdict(together())).toBe("refused, sent: maybe")
    expect(verdict(together(called("read", "ETIMEDOUT")))).toBe("response-timeout, sent: maybe")
    expect(verdict(Object.assign(together(refused), { syscall: "read" }))).toBe("refused, sent: maybe")
    expect(verdict(Object.assign(together(called("read", "ECONNRESET")), { syscall: "connect" }))).toBe(
      "reset, sent: maybe"
    )
  })

  it("returns a result without an endless read, for any list", () => {
    const itself: { errors: Array<unknown> } = { errors: [] }
    for (let times = 0; times < 100; times++) itself.errors.push(itself)
    expect(verdict(itself)).toBe("unknown, sent: maybe")
    expect(verdict({ errors: [refused, itself] })).toBe("refused, sent: maybe")
    const endless = Object.assign([refused], { length: 2 ** 32 - 1 })
    expect(verdict({ errors: endless })).toBe("unknown, sent: maybe")
    const { proxy, revoke } = Proxy.revocable([], {})
    revoke()
    for (const errors of [proxy, "ab", { 0: refused, length: 1 }, new Set([refused])]) {
      expect(verdict({ errors })).toBe("unknown, sent: maybe")
    }
  })
})

describe("a failure that is classified by its text alone", () => {
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
    [connecting("tcp connect error: Connection timed out (os error 110)"), "connect-timeout, sent: no"],
    [connecting("tcp connect error: Connection reset by peer (os error 104)"), "reset, sent: no"],
    [connecting("tcp connect error: Permission denied (os error 13)"), "unreachable, sent: no"],
    [connecting("tcp connect error: Invalid argument (os error 22)"), "unreachable, sent: no"],
    [connecting("tcp open error: Too many open files (os error 24)"), "unreachable, sent: no"],
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
    [sending("connection error: No route to host (os error 113)"), "unreachable, sent: maybe"],
    ["Connection reset by peer (os error 104)", "reset, sent: maybe"],
    ["Broken pipe (os error 32)", "reset, sent: maybe"],
    ["No route to host (os error 113)", "unreachable, sent: maybe"],
    ["Network is unreachable (os error 101)", "unreachable, sent: maybe"],
    ["Permission denied (os error 13)", "unreachable, sent: maybe"],
    ["Invalid argument (os error 22)", "unreachable, sent: maybe"],
    ["Connection refused (os error 111)", "refused, sent: maybe"],
    ["Connection timed out (os error 110)", "response-timeout, sent: maybe"],
    ["bad port", "invalid-request, sent: no"],
    ["Fetch failed: Requests to port 1 are blocked", "invalid-request, sent: no"],
    ['Requires net access to "127.0.0.1:4500", run again with the --allow-net flag', "unreachable, sent: no"],
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
    ["error reading a body from connection", "incomplete-body, sent: maybe"],
    ["Network connection lost.", "closed, sent: maybe"]
  ] as const) {
    it(`"${text}" is ${expected}`, () => {
      expect(verdict(new TypeError(text))).toBe(expected)
      expect(verdict(new TypeError("fetch failed", { cause: new Error(text) }))).toBe(expected)
    })
  }

  it("is unknown when the text only contains such words", () => {
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

  it("is classified by its code rather than by its text", () => {
    expect(verdict(failure({ code: "EPIPE" }, connecting("tcp connect error: Connection refused")))).toBe(
      "reset, sent: maybe"
    )
  })
})

describe("a request may have been processed unless the text proves the opposite, as in", () => {
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
  it("because it cannot be decompressed is an encoding error", () => {
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
      expect(bodyFailure(cause)).toEqual({ _tag: "ClerkDecodeError", fields: { reason: "encoding" } })
    }
  })

  it("because its connection closed is incomplete, on any runtime", () => {
    for (const cause of [
      failure({ code: "UND_ERR_SOCKET" }),
      new TypeError("error reading a body from connection"),
      new Error("stream closed because of a broken pipe"),
      new Error("Network connection lost.")
    ]) {
      expect(bodyFailure(cause)).toEqual({
        _tag: "ClerkTransportError",
        fields: { reason: "incomplete-body", sent: "maybe" }
      })
    }
  })
})

describe("a body of a stream that is refused after the response started", () => {
  it("is incomplete, because the server has processed the request", () => {
    for (const text of [
      "stream error received: refused stream before processing any application logic",
      "connection error received: not a result of an error",
      "Stream closed with error code NGHTTP2_REFUSED_STREAM"
    ]) {
      expect(bodyFailure(new Error(text))).toMatchObject({
        _tag: "ClerkTransportError",
        fields: { sent: "maybe" }
      })
    }
  })
})

describe("a failure", () => {
  it("is classified by the first known code in the chain of causes", () => {
    const inner = called("connect", "ECONNREFUSED")
    expect(verdict(failure({ code: "EWHATEVER", cause: inner }))).toBe("refused, sent: no")
    expect(verdict(failure({ code: "EPIPE", cause: inner }))).toBe("reset, sent: maybe")
  })

  it("in the middle of a body is an incomplete response", () => {
    expect(verdict(new TypeError("terminated"))).toBe("incomplete-body, sent: maybe")
    expect(verdict(new TypeError("terminated", { cause: failure({ code: "UND_ERR_SOCKET" }) }))).toBe(
      "closed, sent: maybe"
    )
  })

  it("is not searched endlessly", () => {
    const circle = new Error("circle")
    circle.cause = circle
    expect(verdict(circle)).toBe("unknown, sent: maybe")
    expect(verdict(wrapped(failure({ code: "EPIPE" }), 9))).toBe("reset, sent: maybe")
    expect(verdict(wrapped(failure({ code: "EPIPE" }), 10))).toBe("unknown, sent: maybe")
  })

  it("whose properties throw is still a failure", () => {
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
    const refused = called("connect", "ECONNREFUSED")
    expect(verdict(new AggregateError([refused, hostile]))).toBe("refused, sent: maybe")
    for (const property of ["syscall", "message", "errors", "name"]) {
      const unreadable = Object.defineProperty(failure({ code: "ECONNREFUSED", cause: refused }), property, {
        get: () => {
          throw new Error("no")
        }
      })
      expect(verdict(unreadable), property).toBe("refused, sent: no")
    }
  })

  plainProp("of any kind gets a result", [FastCheck.anything()], ([value]) => {
    const found = classifyFault(value)
    expect(Object.keys(found).sort()).toEqual(["reason", "sent"])
  })
})
