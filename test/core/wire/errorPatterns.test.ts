import { describe, expect, it } from "#test/vitest.js"
import { classifyFault } from "../../../src/core/wire/faults.js"

const failure = (message: string, fields: object): Error => Object.assign(new Error(message), fields)

/** As `fetch` reports a failure of its dispatcher. */
const asFetch = (cause: unknown) =>
  new TypeError("fetch failed", {
    cause: Object.assign(new Error("Request was cancelled."), { code: 0, cause })
  })

const tunneling = (status: number) =>
  failure(`Proxy response (${status}) !== 200 when HTTP Tunneling`, {
    name: "AbortError",
    code: "UND_ERR_ABORTED"
  })
const ofNode = (status: number) =>
  failure(`Failed to establish tunnel to api.clerk.com:443 via http://u:p@proxy: HTTP/1.1 ${status} X`, {
    code: "ERR_PROXY_TUNNEL",
    statusCode: status
  })
const ofBun = (status: number) =>
  // prose-ignore refused: the text of Bun
  failure(`Proxy refused to open a tunnel: ${status} X`, { code: "ERR_PROXY_TUNNEL" })

const transient = [500, 502, 503, 504, 520, 521, 522, 523, 524]
const final = [204, 302, 400, 401, 403, 404, 405, 407, 408, 429, 451, 501, 505, 511]

describe.each([
  ["undici", tunneling],
  ["node:http", ofNode],
  ["Bun", ofBun]
])("a CONNECT that %s reports as rejected", (_, error) => {
  it("has the reason proxy after a transient status", () => {
    for (const proxyStatus of transient) {
      const expected = { reason: "proxy", sent: "no", proxyStatus }
      expect(classifyFault(error(proxyStatus))).toEqual(expected)
      expect(classifyFault(asFetch(error(proxyStatus)))).toEqual(expected)
    }
  })

  it("has the reason proxy-rejected after any other status", () => {
    for (const proxyStatus of final) {
      const expected = { reason: "proxy-rejected", sent: "no", proxyStatus }
      expect(classifyFault(error(proxyStatus))).toEqual(expected)
      expect(classifyFault(asFetch(error(proxyStatus)))).toEqual(expected)
    }
  })
})

describe("a failure at a proxy without a status", () => {
  it.each([
    ["undici 8 when the proxy closes the connection", "Proxy Connection failed", "UND_ERR_PRX_CONN", "proxy"],
    [
      "undici for a certificate of another host",
      "Secure Proxy Connection failed",
      "UND_ERR_PRX_TLS",
      "proxy-rejected"
    ],
    [
      "Node when the proxy closes the connection",
      "Connection to establish proxy tunnel ended unexpectedly",
      "ERR_PROXY_TUNNEL",
      "proxy"
    ],
    [
      "undici for a SOCKS5 proxy without a route",
      "SOCKS5 connection failed: Host unreachable",
      "UND_ERR_SOCKS5_REPLY_4",
      "proxy"
    ],
    [
      "undici for a SOCKS5 proxy that forbids the host",
      "SOCKS5 connection failed: Connection not allowed by ruleset",
      "UND_ERR_SOCKS5_REPLY_2",
      "proxy-rejected"
    ],
    [
      "undici for a SOCKS5 proxy that wants other credentials",
      "Authentication failed",
      "UND_ERR_SOCKS5_AUTH_FAILED",
      "proxy-rejected"
    ]
  ])("is recognised as reported by %s", (_, message, code, reason) => {
    const cause = failure("certificate", { code: "ERR_TLS_CERT_ALTNAME_INVALID" })
    expect(classifyFault(failure(message, { code, cause }))).toEqual({ reason, sent: "no" })
    expect(classifyFault(asFetch(failure(message, { code, cause })))).toEqual({ reason, sent: "no" })
  })

  it("is recognised in the texts of Deno", () => {
    const ofDeno = (detail: string) =>
      new TypeError("fetch failed", {
        cause: new Error(
          `error sending request for url (https://a.example/x): client error (Connect): ${detail}`
        )
      })
    expect(classifyFault(ofDeno("proxy authentication required"))).toEqual({
      reason: "proxy-rejected",
      sent: "no",
      proxyStatus: 407
    })
    for (const detail of ["unsuccessful tunnel", "unexpected eof while tunneling"])
      expect(classifyFault(ofDeno(detail))).toEqual({ reason: "proxy", sent: "no" })
  })
})

describe("a failure that only resembles one of a proxy", () => {
  it("of an aborted request may have been sent", () => {
    for (const message of [
      "Request aborted",
      "This operation was aborted",
      "Proxy response (abc) !== 200 when HTTP Tunneling",
      "x Proxy response (407) !== 200 when HTTP Tunneling",
      ""
    ])
      expect(classifyFault(failure(message, { name: "AbortError", code: "UND_ERR_ABORTED" }))).toEqual({
        reason: "unknown",
        sent: "maybe"
      })
  })

  it("of an invalid option stays an invalid request", () => {
    const code = "UND_ERR_INVALID_ARG"
    expect(
      classifyFault(failure("Proxy-Authorization should be sent in ProxyAgent constructor", { code }))
    ).toEqual({
      reason: "invalid-request",
      sent: "no"
    })
    expect(classifyFault(failure("Proxy Authentication Required (407)", { code }))).toEqual({
      reason: "proxy-rejected",
      sent: "no",
      proxyStatus: 407
    })
  })

  it("by its text alone is unknown", () => {
    expect(classifyFault(new Error("Proxy response (407) !== 200 when HTTP Tunneling"))).toEqual({
      reason: "unknown",
      sent: "maybe"
    })
  })
})
