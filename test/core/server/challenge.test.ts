import { describe, expect, it } from "#test/vitest.js"
import { tokenReasons } from "../../../src/core/model.js"
import { type Rejection, rejectionHead } from "../../../src/core/server/challenge.js"

const head = (rejection: Rejection<number>) => rejectionHead(rejection, (millis) => millis / 1000)

const rejected = (reason: (typeof tokenReasons)[number], isExpired = false) =>
  head({ _tag: "ClerkTokenError", reason, isExpired })

describe("the response to a rejected request", () => {
  it("names no error in the challenge if the request has no token that counts", () => {
    for (const reason of ["missing", "cross-origin"] as const) {
      expect(rejected(reason)).toEqual({
        status: 401,
        headers: { "cache-control": "no-store", "www-authenticate": 'Bearer realm="clerk"' }
      })
    }
  })

  it("names the reason of any other rejected token in the challenge", () => {
    for (const reason of tokenReasons.filter((each) => each !== "missing" && each !== "cross-origin")) {
      const { headers, status } = rejected(reason)
      expect(status).toBe(401)
      expect(headers["www-authenticate"]).toBe(
        `Bearer realm="clerk", error="invalid_token", error_description="the token was rejected (${reason})"`
      )
    }
  })

  it("says that a token expired only if its expiry is known", () => {
    expect(rejected("exp", true).headers["www-authenticate"]).toContain('"the token expired"')
    expect(rejected("exp").headers["www-authenticate"]).toContain('"the token was rejected (exp)"')
  })

  it("has no challenge for a session that does not meet the requirements", () => {
    expect(head({ _tag: "ClerkAccessDenied" })).toEqual({
      status: 403,
      headers: { "cache-control": "no-store" }
    })
  })

  it("rounds Retry-After up to whole seconds, and has none if the wait is unknown", () => {
    const waits = [0, 1, 999, 1000, 2400].map(
      (retryAfter) => head({ _tag: "ClerkKeysUnavailable", retryAfter }).headers["retry-after"]
    )
    expect(waits).toEqual(["0", "1", "1", "1", "3"])
    expect(head({ _tag: "ClerkKeysUnavailable" })).toEqual({
      status: 503,
      headers: { "cache-control": "no-store" }
    })
  })
})
