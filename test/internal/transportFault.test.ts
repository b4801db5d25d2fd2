import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { classifyFault } from "../../src/internal/transportFault.js"

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
    [["UND_ERR_INVALID_ARG", "ERR_INVALID_CHAR", "ERR_INVALID_URL"], "invalid-request, sent: no"],
    [
      [
        "CERT_HAS_EXPIRED",
        "DEPTH_ZERO_SELF_SIGNED_CERT",
        "ERR_TLS_CERT_ALTNAME_INVALID",
        "ERR_SSL_WRONG_VERSION",
        "EPROTO"
      ],
      "tls, sent: no"
    ]
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
