import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import { Tag } from "#test/context.js"
import { fork } from "#test/fiber.js"
import {
  decodingText,
  nonEmptyExpectation,
  type Rejection,
  record,
  rejection,
  structWithKeys,
  transform,
  withDefault
} from "#test/schema.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { withPollutedPrototype } from "../support/pollution.js"
import { untyped } from "../support/requests.js"
import { claims, now, sessionToken, templateToken, theirPrivateKey } from "../support/tokens.js"
import { claimsOf, reasonOf, refusalOf } from "../support/verification.js"

const Custom = structWithKeys(
  {
    tenant: Schema.NonEmptyString,
    since: Schema.DateFromString,
    level: withDefault(Schema.NumberFromString, 1)
  },
  { tenant: "tenant_id" }
)

const own = { tenant_id: "acme", since: "2026-01-01T00:00:00.000Z" }

/** A schema that decodes the claim `tenant_id` with `decode`. */
const decodingBy = (decode: (text: string) => Effect.Effect<string, Rejection>) =>
  Schema.Struct({ tenant_id: decodingText(decode) })

describe("custom claims", () => {
  it.effect("are decoded, with the transformations of their schema", () =>
    Effect.gen(function* () {
      const expected = { tenant: "acme", since: new Date(own.since), level: 1 }
      const read = yield* claimsOf(sessionToken(own), { claims: Custom })
      expect(read.custom).toStrictEqual(expected)
      expect(read.sessionId).toBe(claims().sid)
      const second = yield* claimsOf(sessionToken({ ...own, level: "7" }), { claims: Custom })
      expect(second.custom).toStrictEqual({ ...expected, level: 7 })
    })
  )

  it.effect("are decoded of a template's token too", () =>
    Effect.gen(function* () {
      const read = yield* claimsOf(templateToken(own), { category: "template", claims: Custom })
      expect(read.custom).toMatchObject({ tenant: "acme" })
      const refused = yield* reasonOf(templateToken(), { category: "template", claims: Custom })
      expect(refused).toBe("claims")
    })
  )

  it.effect("are decoded from all claims, Clerk's own among them", () =>
    Effect.gen(function* () {
      const All = record(Schema.Unknown)
      expect((yield* claimsOf(sessionToken(own), { claims: All })).custom).toStrictEqual({
        ...claims(),
        ...own
      })
      const Sid = Schema.Struct({ sid: Schema.String })
      expect((yield* claimsOf(sessionToken(own), { claims: Sid })).custom).toStrictEqual({
        sid: claims().sid
      })
    })
  )

  it.effect("are not read from inherited properties", () =>
    Effect.gen(function* () {
      const refused = reasonOf(sessionToken(), { claims: Schema.Struct({ tenant_id: Schema.String }) })
      expect(yield* refused.pipe(withPollutedPrototype(own))).toBe("claims")
    })
  )

  it.effect("are decoded only when the rest is valid", () =>
    Effect.gen(function* () {
      let decoded = 0
      const counting = decodingBy((text) => Effect.sync(() => `${++decoded}${text}`))
      for (const token of [
        sessionToken(own, {}, theirPrivateKey),
        sessionToken({ ...own, exp: now - 60, iat: now - 120 }),
        sessionToken({ ...own, sid: undefined }),
        sessionToken({ ...own, sts: "pending" })
      ]) {
        yield* refusalOf(token, { claims: counting })
      }
      expect(decoded).toBe(0)
      yield* claimsOf(sessionToken(own), { claims: counting })
      expect(decoded).toBe(1)
    })
  )
})

describe("custom claims that do not match their schema", () => {
  it.effect("are rejected with all paths and expectations, and without the received values", () =>
    Effect.gen(function* () {
      const canary = "canary7Qm2xVb9"
      const error = yield* refusalOf(sessionToken({ tenant_id: "", since: [canary], level: [canary] }), {
        claims: Custom
      })
      expect(error.reason).toBe("claims")
      expect(error.issues).toEqual([
        { path: "tenant_id", expected: nonEmptyExpectation },
        { path: "since", expected: expect.any(String) },
        { path: "level", expected: expect.any(String) }
      ])
      expect(error.message).toMatch(
        new RegExp(
          `^Token rejected \\(claims\\): .* \\(tenant_id: expected ${nonEmptyExpectation}; since: expected `
        )
      )
      expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain(canary)
    })
  )

  it.effect("are rejected with a path from which dangerous characters are removed", () =>
    Effect.gen(function* () {
      const Settings = Schema.Struct({
        settings: record(Schema.Number)
      })
      const settings = {
        "a\r\nforged log line": "x",
        [`eyJ${"a".repeat(99)}`]: "x",
        ["b".repeat(5_000)]: "x"
      }
      const error = yield* refusalOf(sessionToken({ settings }), { claims: Settings })
      expect(error.issues?.map(({ path }) => path)).toEqual([
        "settings.a forged log line",
        "settings.***",
        `settings.${"b".repeat(291)}…`
      ])
      expect(error.message).not.toMatch(/[\r\n]/)
    })
  )

  it.effect("are rejected with 16 paths at most", () =>
    Effect.gen(function* () {
      const Numbers = Schema.Struct({ list: Schema.Array(Schema.Number) })
      const error = yield* refusalOf(sessionToken({ list: Array(2_000).fill("x") }), { claims: Numbers })
      expect(error.issues).toHaveLength(16)
    })
  )
})

describe("a custom schema", () => {
  it.effect("may be asynchronous", () =>
    Effect.gen(function* () {
      const slow = decodingBy((text) => Effect.promise(async () => text.toUpperCase()))
      expect((yield* claimsOf(sessionToken(own), { claims: slow })).custom).toStrictEqual({
        tenant_id: "ACME"
      })
    })
  )

  it.effect("may reject asynchronously", () =>
    Effect.gen(function* () {
      const refusing = decodingBy((text) =>
        Effect.flatMap(
          Effect.promise(async () => rejection(text, `no tenant ${text}`)),
          Effect.fail
        )
      )
      const error = yield* refusalOf(sessionToken(own), { claims: refusing })
      expect(error).toMatchObject({ reason: "claims", issues: [{ path: "tenant_id" }] })
      expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain("acme")
    })
  )

  it.effect("that never ends can be interrupted", () =>
    Effect.gen(function* () {
      const reached = yield* Deferred.make<void>()
      let interrupted = false
      const never = decodingBy(() =>
        Deferred.succeed(reached, undefined).pipe(
          Effect.andThen(Effect.never),
          Effect.onInterrupt(() =>
            Effect.sync(() => {
              interrupted = true
            })
          )
        )
      )
      yield* TestClock.setTime(now * 1000)
      const verified = claimsOf(sessionToken(own), { claims: never })
      const fiber = yield* fork(Effect.timeoutOption(verified, "1 second"))
      yield* Deferred.await(reached)
      expect(interrupted).toBe(false)
      yield* TestClock.adjust("1 second")
      expect((yield* Fiber.join(fiber))._tag).toBe("None")
      expect(interrupted).toBe(true)
    })
  )

  it.effect("that throws is a defect with the thrown value", () =>
    Effect.gen(function* () {
      const thrown = new Error("a slip in the schema")
      const throwing = Schema.Struct({
        tenant_id: transform(Schema.String, Schema.String, {
          decode: () => {
            throw thrown
          },
          encode: (text) => text
        })
      })
      const exit = yield* Effect.exit(claimsOf(sessionToken(own), { claims: throwing }))
      expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toBe(thrown)
      // A token without the claim is still rejected.
      expect(yield* reasonOf(sessionToken(), { claims: throwing })).toBe("claims")
    })
  )

  it.effect("that requires a service, against the types, is a defect that names the service", () =>
    Effect.gen(function* () {
      class Tenants extends Tag("Tenants")<Tenants, { readonly find: (id: string) => string }>() {}
      const needy = decodingBy((id) => untyped(Effect.map(Tenants, ({ find }) => find(id))))
      const exit = yield* Effect.exit(claimsOf(sessionToken(own), { claims: needy }))
      expect(Exit.isFailure(exit) && String(Cause.squash(exit.cause))).toMatch(/Service not found: Tenants/)
    })
  )
})
