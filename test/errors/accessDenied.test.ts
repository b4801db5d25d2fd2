import { inspect } from "node:util"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Authorization, ClerkAccessDenied } from "effect-clerk"
import { assert, describe, it } from "#test/vitest.js"
import { bareClaims } from "../support/sessionClaims.js"

const denial = (requirements: Authorization.Requirements, claims = bareClaims) =>
  Effect.flip(Authorization.protect(claims, requirements))

describe("the message of a denial", () => {
  it.effect.each<readonly [requirements: Authorization.Requirements, lacks: string]>([
    [{ role: "org:admin" }, "role org:admin"],
    [{ permission: "org:teams:delete" }, "permission org:teams:delete"],
    [{ feature: "u:reports" }, "feature u:reports"],
    [{ plan: "pro" }, "plan pro"],
    [{ reverification: "strict" }, "reverification strict"],
    [
      { reverification: { level: "second_factor", within: "10 minutes" } },
      "reverification second_factor within 10m"
    ],
    [{ role: "org:admin", permission: "org:teams:delete" }, "role org:admin, permission org:teams:delete"]
  ])("names the requirement that is not met: %j", ([requirements, lacks]) =>
    Effect.gen(function* () {
      const error = yield* denial(requirements)
      assert.strictEqual(error.message, `Access denied: the session lacks ${lacks}`)
    })
  )

  it.effect("says of a pending session why it is denied", () =>
    Effect.gen(function* () {
      const error = yield* denial({ plan: "pro" }, { ...bareClaims, status: "pending" })
      assert.strictEqual(
        error.message,
        "Access denied: the session lacks an active session (it is pending: the user has tasks to complete), plan pro"
      )
    })
  )

  it.effect("shows no secret and no long text of a requirement", () =>
    Effect.gen(function* () {
      const error = yield* denial({ role: "sk_live_abcdefghijklmnop", plan: "p".repeat(10_000) })
      assert.notInclude(error.message, "sk_live_abc")
      assert.isBelow(error.message.length, 400)
    })
  )
})

describe("the requirement behind a denial", () => {
  it.effect("stays on the server: the encoded form holds the kinds only", () =>
    Effect.gen(function* () {
      const error = yield* denial({ permission: "org:teams:delete" })
      const encoded = Schema.encodeSync(ClerkAccessDenied)(error)
      assert.deepStrictEqual(encoded, { _tag: "ClerkAccessDenied", missing: ["permission"] })
      const decoded = Schema.decodeSync(ClerkAccessDenied)(encoded)
      assert.strictEqual(decoded.message, "Access denied: the session lacks the required permission")
    })
  )

  it.effect("is in the message, which is no enumerable field of the error", () =>
    Effect.gen(function* () {
      const error = yield* denial({ permission: "org:teams:delete" })
      const message = "Access denied: the session lacks permission org:teams:delete"
      assert.deepStrictEqual(Object.keys(error).sort(), ["_tag", "missing"])
      assert.deepStrictEqual({ ...error }, { _tag: "ClerkAccessDenied", missing: ["permission"] })
      assert.deepStrictEqual(JSON.parse(JSON.stringify(error)), {
        _tag: "ClerkAccessDenied",
        missing: ["permission"],
        message
      })
      const printed = inspect(error)
      assert.strictEqual(printed.split(message).length, 2)
      assert.notInclude(printed, "message:")
    })
  )
})
