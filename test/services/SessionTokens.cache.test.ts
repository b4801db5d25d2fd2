import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Hash from "effect/Hash"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { type SessionClaims, SessionTokens, SigningKeys } from "effect-clerk"
import { utc } from "#test/dateTime.js"
import { filtered, transform } from "#test/schema.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { untyped } from "../support/requests.js"
import { app, kid, now, ourKey, ourKeys, sessionToken, theirKey, theirPrivateKey } from "../support/tokens.js"

/** Keys that count how often they are requested, which is once for each token that is not cached. */
const counted = (key = ourKey, freshUntilNanos?: bigint) => {
  const asked = { times: 0 }
  const layer = Layer.succeed(SigningKeys, {
    find: (id) =>
      Effect.sync(() => {
        asked.times++
        return id === kid ? { key, freshUntilNanos } : undefined
      })
  })
  return { asked, layer }
}

const cache = { capacity: 10 }

type Verify = SessionTokens.Verifier<SessionClaims<unknown>>

/** A verifier with a cache, over counting keys, at a time when the fixture tokens are valid. */
const remembering = (options: object = {}, keys = counted()) =>
  TestClock.setTime(now * 1000).pipe(
    Effect.andThen(SessionTokens.verifier(untyped<object>({ cache, ...options }))),
    Effect.provide(keys.layer),
    Effect.map((verify) => ({ verify: untyped<Verify>(verify), asked: keys.asked }))
  )

const reason = (self: ReturnType<Verify>) =>
  Effect.map(Effect.flip(self), (error) => ("reason" in error ? error.reason : error))

const token = sessionToken()

describe("a verifier with a cache", () => {
  it.effect("checks the signature of a token once", () =>
    Effect.gen(function* () {
      const { asked, verify } = yield* remembering()
      const first = yield* verify(token)
      expect(yield* verify(token)).toBe(first)
      expect(asked.times).toBe(1)
    })
  )

  it.effect("checks the signature every time if it has no cache", () =>
    Effect.gen(function* () {
      const { asked, verify } = yield* remembering({ cache: undefined })
      yield* verify(token)
      yield* verify(token)
      expect(asked.times).toBe(2)
    })
  )

  it.effect("identifies a token by its whole text", () =>
    Effect.gen(function* () {
      const { asked, verify } = yield* remembering()
      yield* verify(token)
      const forged = sessionToken({}, {}, theirPrivateKey)
      // Only the signature differs.
      expect(forged.slice(0, forged.lastIndexOf("."))).toBe(token.slice(0, token.lastIndexOf(".")))
      expect(yield* reason(verify(forged))).toBe("signature")
      expect(yield* reason(verify(`${token} `))).toBe("format")
      expect(yield* reason(verify(token.slice(0, -2)))).toBe("signature")
      expect(asked.times).toBeGreaterThan(1)
    })
  )

  it.effect("caches no rejection, so a rejected token is verified again", () =>
    Effect.gen(function* () {
      const { asked, verify } = yield* remembering()
      const early = sessionToken({ nbf: now + 30 })
      expect(yield* reason(verify(early))).toBe("nbf")
      yield* TestClock.adjust("30 seconds")
      expect((yield* verify(early)).sessionId).toBeDefined()
      expect(asked.times).toBe(2)
    })
  )

  it.effect("compares the times with the clock every time", () =>
    Effect.gen(function* () {
      const { asked, verify } = yield* remembering({ clockSkew: 0 })
      yield* verify(token)
      yield* TestClock.adjust("59999 millis")
      yield* verify(token)
      yield* TestClock.adjust("1 millis")
      const error = yield* Effect.flip(verify(token))
      expect(error).toMatchObject({ reason: "exp", isExpired: true, clockSkew: Duration.zero })
      // A clock that was set back does not make it valid without a check of its signature.
      expect(asked.times).toBe(1)
      yield* TestClock.setTime(now * 1000)
      yield* verify(token)
      expect(asked.times).toBe(2)
      yield* TestClock.setTime((now - 11) * 1000)
      expect(yield* reason(verify(token))).toBe("nbf")
    })
  )

  it.effect("uses the skew of its own options only", () =>
    Effect.gen(function* () {
      const { verify } = yield* remembering({ clockSkew: "1 minute" })
      yield* verify(token)
      yield* TestClock.adjust("119 seconds")
      yield* verify(token)
      yield* TestClock.adjust("1 second")
      expect(yield* reason(verify(token))).toBe("exp")
    })
  )

  it.effect("requests the key again when it is stale", () =>
    Effect.gen(function* () {
      const freshUntil = BigInt(now + 30) * 1_000_000_000n
      const { asked, verify } = yield* remembering({}, counted(ourKey, freshUntil))
      yield* verify(token)
      yield* TestClock.adjust("29 seconds")
      yield* verify(token)
      expect(asked.times).toBe(1)
      yield* TestClock.adjust("1 second")
      yield* verify(token)
      expect(asked.times).toBe(2)
      // A token that was verified with a stale key is not cached.
      yield* verify(token)
      expect(asked.times).toBe(3)
    })
  )

  it.effect("rejects a token whose key was removed when the key is stale", () =>
    Effect.gen(function* () {
      const keys: { current: CryptoKey | undefined } = { current: ourKey }
      const freshUntilNanos = BigInt(now + 30) * 1_000_000_000n
      const layer = Layer.succeed(SigningKeys, {
        find: () =>
          Effect.sync(() => (keys.current === undefined ? undefined : { key: keys.current, freshUntilNanos }))
      })
      const { verify } = yield* remembering({}, { asked: { times: 0 }, layer })
      yield* verify(token)
      keys.current = undefined
      yield* TestClock.adjust("30 seconds")
      expect(yield* reason(verify(token))).toBe("unknown-key")
      keys.current = theirKey
      expect(yield* reason(verify(token))).toBe("signature")
    })
  )

  it.effect("shares nothing with a verifier of other options", () =>
    Effect.gen(function* () {
      const { verify } = yield* remembering()
      yield* verify(token)
      const others: ReadonlyArray<readonly [options: object, reason: string]> = [
        [{ authorizedParties: ["https://other.example.com"] }, "azp"],
        [{ audience: "api" }, "aud"],
        [{ issuer: "https://other.example.com" }, "iss"],
        [{ category: "template" }, "category"],
        [{ claims: Schema.Struct({ tenant: Schema.String }) }, "claims"]
      ]
      for (const [options, expected] of others) {
        const other = yield* remembering(options)
        expect(yield* reason(other.verify(token))).toBe(expected)
      }
      const pending = sessionToken({ sts: "pending" })
      yield* (yield* remembering({ allowPending: true })).verify(pending)
      expect(yield* reason(verify(pending))).toBe("session-pending")
    })
  )

  it.effect("shares nothing with a verifier over the keys of another instance", () =>
    Effect.gen(function* () {
      const ours = yield* remembering()
      const theirs = yield* remembering({}, counted(theirKey))
      yield* ours.verify(token)
      expect(yield* reason(theirs.verify(token))).toBe("signature")
      const foreign = sessionToken({}, {}, theirPrivateKey)
      yield* theirs.verify(foreign)
      expect(yield* reason(ours.verify(foreign))).toBe("signature")
    })
  )

  it.effect("drops the oldest token when it is full, and verifies no other token again", () =>
    Effect.gen(function* () {
      const { asked, verify } = yield* remembering({ cache: { capacity: 3 } })
      const tokens = [1, 2, 3, 4].map((number) => sessionToken({ jti: `token ${number}` }))
      const [first = "", , , last = ""] = tokens
      for (const each of tokens) yield* verify(each)
      expect(asked.times).toBe(4)
      for (const each of tokens.slice(1)) yield* verify(each)
      expect(asked.times).toBe(4)
      yield* verify(first)
      expect(asked.times).toBe(5)
      yield* verify(last)
      expect(asked.times).toBe(5)
    })
  )

  it.effect("drops nothing for a token that many callers send concurrently", () =>
    Effect.gen(function* () {
      const { asked, verify } = yield* remembering({ cache: { capacity: 2 } })
      const other = sessionToken({ jti: "other" })
      yield* verify(other)
      yield* Effect.all(
        Array.from({ length: 8 }, () => verify(token)),
        { concurrency: "unbounded" }
      )
      const before = asked.times
      yield* verify(other)
      yield* verify(token)
      expect(asked.times).toBe(before)
    })
  )
})

describe("a change of the claims of a cached token", () => {
  const rich = sessionToken({
    act: { sub: "user_2", more: { list: [1] } },
    aud: ["api"],
    fea: "o:teams,u:drafts",
    o: { id: "org_1", rol: "member", per: "read", fpm: "1,0" },
    roles: ["member"],
    nested: { deep: [{ roles: ["member"] }] }
  })

  it.effect("throws at once, at every depth, also the first time", () =>
    Effect.gen(function* () {
      const { verify } = yield* remembering()
      for (const claims of [yield* verify(rich), yield* verify(rich)]) {
        const { actor, audience, features, organization, factorAges } = claims
        for (const part of [claims, actor, actor?.["more"], audience, features, organization, factorAges]) {
          expect(Object.isFrozen(part)).toBe(true)
        }
        expect(() => untyped<Array<string>>(organization?.permissions).push("org:teams:delete")).toThrow(
          TypeError
        )
        expect(() => Object.assign(Object(organization), { role: "org:admin" })).toThrow(TypeError)
        expect(() => Object.assign(claims, { userId: "user_evil" })).toThrow(TypeError)
        expect(() => Object.assign(Object(actor?.["more"]), { list: [] })).toThrow(TypeError)
      }
      expect((yield* verify(rich)).organization).toMatchObject({
        role: "org:member",
        permissions: ["org:teams:read"]
      })
    })
  )

  it.effect("does not affect others through custom claims, for any schema", () =>
    Effect.gen(function* () {
      class Roles {
        readonly list: Array<string>
        constructor(list: Array<string>) {
          this.list = list
        }
      }
      const Custom = Schema.Struct({
        roles: transform(Schema.Array(Schema.String), Schema.instanceOf(Roles), {
          decode: (list) => new Roles([...list]),
          encode: ({ list }) => list
        }),
        nested: Schema.Struct({ deep: Schema.Unknown })
      })
      const { asked, verify } = yield* remembering({ claims: Custom })
      type Read = { readonly custom: { readonly roles: Roles; readonly nested: { deep: unknown } } }
      const read = Effect.map(verify(rich), untyped<Read>)
      const { custom } = yield* read
      custom.roles.list.push("admin")
      custom.nested.deep = "changed"
      const again = (yield* read).custom
      expect(again).toEqual({ roles: new Roles(["member"]), nested: { deep: [{ roles: ["member"] }] } })
      expect(() => untyped<Array<unknown>>(again.nested.deep).push(1)).toThrow(TypeError)
      expect((yield* read).custom).toEqual(again)
      expect(asked.times).toBe(1)
    })
  )

  it.effect("does not break the times, which cache computed values in themselves", () =>
    Effect.gen(function* () {
      const { verify } = yield* remembering()
      const claims = yield* verify(rich)
      expect(DateTime.toPartsUtc(claims.expiresAt).year).toBe(2026)
      expect(Hash.hash(claims.expiresAt)).toBe(Hash.hash(utc((now + 60) * 1000)))
      expect(Equal.equals(claims.factorAges?.first, Duration.minutes(3))).toBe(true)
      expect(Hash.hash(claims.factorAges?.first)).toBe(Hash.hash(Duration.minutes(3)))
    })
  )

  it.effect("is allowed without a cache", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now * 1000)
      const verify = yield* SessionTokens.verifier({ authorizedParties: [app] })
      const claims = yield* verify(token)
      Object.assign(claims, { userId: "user_changed" })
      expect((yield* verify(token)).userId).not.toBe("user_changed")
    }).pipe(Effect.provide(ourKeys))
  )
})

describe("custom claims of a cached token", () => {
  it.effect("are decoded each time, so that a schema with a changed result is applied", () =>
    Effect.gen(function* () {
      let isOpen = true
      const Open = Schema.Struct({ sid: filtered(Schema.String, () => isOpen) })
      const { asked, verify } = yield* remembering({ claims: Open })
      expect((yield* verify(token)).custom).toEqual({ sid: (yield* verify(token)).sessionId })
      isOpen = false
      expect(yield* reason(verify(token))).toBe("claims")
      expect(asked.times).toBe(1)
    })
  )
})

describe("a predicate for the authorized parties of a verifier with a cache", () => {
  it.effect("is called each time, so that a deployment can be removed", () =>
    Effect.gen(function* () {
      const deployed = new Set([app])
      const { asked, verify } = yield* remembering({ authorizedParties: (azp: string) => deployed.has(azp) })
      const first = yield* verify(token)
      expect(yield* verify(token)).toBe(first)
      expect(asked.times).toBe(1)
      deployed.delete(app)
      expect(yield* reason(verify(token))).toBe("azp")
      expect(yield* reason(verify(token))).toBe("azp")
      deployed.add(app)
      expect((yield* verify(token)).userId).toBe(first.userId)
    })
  )

  it.effect("does not reject a token without a party from the cache where that is allowed", () =>
    Effect.gen(function* () {
      const { asked, verify } = yield* remembering({ authorizedParties: () => false, missingAzp: "allow" })
      const nobodys = sessionToken({ azp: undefined })
      const first = yield* verify(nobodys)
      expect(yield* verify(nobodys)).toBe(first)
      expect(asked.times).toBe(1)
    })
  )
})

it.effect("a verifier with a cache stores a valid token with unusual claims", () =>
  Effect.gen(function* () {
    const { asked, verify } = yield* remembering()
    const odd = sessionToken({ azp: null, aud: null, v: 3, fva: null })
    expect(yield* verify(odd)).toBe(yield* verify(odd))
    expect(asked.times).toBe(1)
  })
)
