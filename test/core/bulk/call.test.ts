import { assert, describe, it } from "#test/vitest.js"
import { maxAttempts, verdictOn, waitMillis } from "../../../src/core/bulk/call.js"

describe("the verdict on a failed call", () => {
  const cases: ReadonlyArray<
    readonly [tag: string, status: number | undefined, attempt: number, verdict: string]
  > = [
    ["ClerkUnauthorized", 401, 1, "Stop"],
    ["ClerkForbidden", 403, 1, "Stop"],
    ["ClerkNotFound", 404, 1, "Gone"],
    ["ClerkUnexpectedStatus", 404, 1, "Gone"],
    ["ClerkDecodeError", 404, 1, "Retry"],
    ["ClerkDecodeError", 200, maxAttempts, "unreadable"],
    ["ClerkBadRequest", 400, 1, "rejected"],
    ["ClerkUnprocessableEntity", 422, 1, "rejected"],
    ["ClerkUnexpectedStatus", 418, 1, "rejected"],
    ["ClerkUnexpectedStatus", 408, 1, "Retry"],
    ["ClerkConflict", 409, 1, "Retry"],
    ["ClerkConflict", 409, maxAttempts, "rejected"],
    ["ClerkRateLimited", 429, maxAttempts - 1, "Retry"],
    ["ClerkRateLimited", 429, maxAttempts, "rate-limited"],
    ["ClerkServerError", 503, 1, "Retry"],
    ["ClerkServerError", 500, maxAttempts, "server-error"],
    ["ClerkTimeout", undefined, 1, "Retry"],
    ["ClerkTimeout", undefined, maxAttempts, "timeout"],
    ["ClerkTransportError", undefined, 1, "Retry"],
    ["ClerkTransportError", undefined, maxAttempts, "transport"],
    ["ClerkInvalidRequest", undefined, 1, "invalid-request"]
  ]
  for (const [tag, status, attempt, expected] of cases) {
    it(`is ${expected} for ${tag} ${status ?? ""} at attempt ${attempt}`, () => {
      const verdict = verdictOn({ _tag: tag, status }, attempt, 0.5)
      assert.strictEqual(verdict._tag === "GiveUp" ? verdict.reason : verdict._tag, expected)
    })
  }
})

it("stops a job without a secret key, and retries after another failure of its store", () => {
  const verdict = (reason: string) => verdictOn({ _tag: "ClerkTransportError", reason }, 1, 0.5)._tag
  assert.strictEqual(verdict("secret-key-rejected"), "Stop")
  assert.strictEqual(verdict("secret-key"), "Retry")
})

describe("the wait before the next attempt", () => {
  const failed = { _tag: "ClerkServerError", status: 500 }

  it("doubles up to 30 seconds, and is at least half of that", () => {
    const bounds = Array.from({ length: 9 }, (_, at) => [
      waitMillis(failed, at + 1, 0),
      waitMillis(failed, at + 1, 1)
    ])
    assert.deepStrictEqual(bounds, [
      [250, 500],
      [500, 1_000],
      [1_000, 2_000],
      [2_000, 4_000],
      [4_000, 8_000],
      [8_000, 16_000],
      [15_000, 30_000],
      [15_000, 30_000],
      [15_000, 30_000]
    ])
  })

  it("is not shorter than what the server requires, up to 5 minutes", () => {
    assert.strictEqual(waitMillis({ ...failed, retryAfterMillis: 10_000 }, 1, 0), 10_000)
    assert.strictEqual(waitMillis({ ...failed, retryAfterMillis: 10_000 }, 1, 1), 10_250)
    assert.strictEqual(waitMillis({ ...failed, retryAfterMillis: 86_400_000 }, 1, 0), 300_000)
  })
})
