import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ClerkHttp, ClerkKeysUnavailable, Sessions, SessionTokens } from "effect-clerk"
import { Revocations, type RevocationsService } from "effect-clerk/revocations"
import { ClerkTest } from "effect-clerk/testing"
import { utc } from "#test/dateTime.js"
import { replaceLogger, simpleLogger } from "#test/logger.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { untyped } from "../support/requests.js"
import { claims, now, ourKeys, sessionToken } from "../support/tokens.js"
import * as wire from "../support/wire.js"

const { sid: sessionId, sub: userId } = claims()

const memory = Layer.merge(Revocations.layerMemory(), ourKeys)

const atNow = TestClock.setTime(now * 1000)

const cache = { capacity: 10 }

/** What a verification ends with. */
const outcome = <A, E extends { readonly _tag: string; readonly reason?: string }, R>(
  self: Effect.Effect<A, E, R>
) =>
  Effect.match(self, {
    onFailure: ({ _tag, reason }) => `${_tag} ${reason}`,
    onSuccess: () => "ok"
  })

const revoked = "ClerkTokenError revoked"

/** A service whose results a test sets. */
const fake = (isRevoked: boolean, isUnavailable: boolean, failure?: RevocationsService["revoke"]) =>
  Layer.succeed(Revocations, {
    isRevoked: () => isRevoked,
    isUnavailable: () => isUnavailable,
    revoke: failure ?? (() => Effect.void),
    holdUsers: () => Effect.void,
    release: () => Effect.void,
    lag: Effect.succeed(Duration.zero)
  })

describe("a verifier with revocations", () => {
  for (const options of [{}, { cache }]) {
    it.effect(`rejects the token of a revoked session, with ${JSON.stringify(options)}`, () =>
      Effect.gen(function* () {
        yield* atNow
        const verify = yield* SessionTokens.verifier({ ...options, revocations: true })
        const { revoke } = yield* Revocations
        const token = sessionToken()
        const other = sessionToken({ sid: "sess_other" })
        expect(yield* outcome(verify(token))).toBe("ok")
        yield* revoke(sessionId)
        expect(yield* outcome(verify(token))).toBe(revoked)
        expect(yield* outcome(verify(token))).toBe(revoked)
        expect(yield* outcome(verify(other))).toBe("ok")
        // A verifier without the option does not look.
        const careless = yield* SessionTokens.verifier(options)
        expect(yield* outcome(careless(token))).toBe("ok")
      }).pipe(Effect.provide(memory))
    )
  }

  it.effect("rejects the token in `verify` as well", () =>
    Effect.gen(function* () {
      yield* atNow
      const { revoke } = yield* Revocations
      yield* revoke([sessionId, "sess_other"])
      expect(yield* outcome(SessionTokens.verify(sessionToken(), { revocations: true }))).toBe(revoked)
      expect(yield* outcome(SessionTokens.verify(sessionToken(), { revocations: false }))).toBe("ok")
    }).pipe(Effect.provide(memory))
  )

  it.effect("checks the revocation last", () =>
    Effect.gen(function* () {
      yield* atNow
      const { revoke } = yield* Revocations
      yield* revoke(sessionId)
      const verify = yield* SessionTokens.verifier({ revocations: true, issuer: "https://other.example.com" })
      expect(yield* outcome(verify(sessionToken()))).toBe("ClerkTokenError iss")
      expect(yield* outcome(verify(sessionToken({ exp: now - 60, iat: now - 120 })))).toBe(
        "ClerkTokenError exp"
      )
    }).pipe(Effect.provide(memory))
  )

  it.effect("rejects the tokens of a held user until the release", () =>
    Effect.gen(function* () {
      yield* atNow
      const verify = yield* SessionTokens.verifier({ revocations: true, cache })
      const { holdUsers, release } = yield* Revocations
      const cutoff = utc((now - 30) * 1000)
      yield* holdUsers([userId, "user_other"], cutoff)
      const newer = sessionToken({ iat: now, sid: "sess_new" })
      const older = sessionToken({ iat: now - 31 })
      expect(yield* outcome(verify(newer))).toBe(revoked)
      yield* release([userId])
      expect(yield* outcome(verify(newer))).toBe("ok")
      expect(yield* outcome(verify(older))).toBe(revoked)
    }).pipe(Effect.provide(memory))
  )

  it.effect("ends a hold that nobody releases after the limit", () =>
    Effect.gen(function* () {
      yield* atNow
      const { holdUsers, isRevoked } = yield* Revocations
      yield* holdUsers(["user_1"], utc(0))
      const token = { sessionId: "sess_1", userId: "user_1", issuedAt: utc(now * 1000) }
      yield* TestClock.adjust("29999 millis")
      expect(isRevoked(token)).toBe(true)
      yield* TestClock.adjust("1 millis")
      expect(isRevoked(token)).toBe(false)
    }).pipe(Effect.provide(Revocations.layerMemory({ holdLimit: "30 seconds" })))
  )

  it.effect("denies a session for the lifetime of a token and five minutes more", () =>
    Effect.gen(function* () {
      yield* atNow
      const { isRevoked, revoke } = yield* Revocations
      const token = (sessionId: string) => ({ sessionId, userId: "user_1", issuedAt: utc(now * 1000) })
      yield* revoke("sess_1")
      yield* revoke("sess_2", utc(now * 1000 + 500_000))
      // An earlier time does not make the entry shorter, and the hold limit bounds it.
      yield* revoke("sess_3", utc(now * 1000 + 1))
      yield* revoke("sess_4", utc(8_000_000_000_000_000))
      const denied = () => ["sess_1", "sess_2", "sess_3", "sess_4"].map((id) => isRevoked(token(id)))
      yield* TestClock.adjust("419999 millis")
      expect(denied()).toEqual([true, true, true, true])
      yield* TestClock.adjust("1 millis")
      expect(denied()).toEqual([false, true, false, true])
      yield* TestClock.adjust("80 seconds")
      expect(denied()).toEqual([false, false, false, true])
      yield* TestClock.adjust("100 seconds")
      expect(denied()).toEqual([false, false, false, false])
    }).pipe(Effect.provide(Revocations.layerMemory({ tokenLifetime: "2 minutes" })))
  )

  it.effect("fails with 503 and not with 401 when the copy is too old", () =>
    Effect.gen(function* () {
      yield* atNow
      const error = yield* Effect.flip(SessionTokens.verify(sessionToken(), { revocations: true }))
      expect(error).toMatchObject({ _tag: "ClerkKeysUnavailable", reason: "revocations", retryable: true })
      expect(error.message).toBe(
        "Revocations unavailable (revocations): the store of revoked sessions did not respond in time; check the connection to Redis"
      )
      // What is known to be revoked is revoked.
      const known = SessionTokens.verify(sessionToken(), { revocations: true })
      expect(yield* outcome(Effect.provide(known, fake(true, true)))).toBe(revoked)
    }).pipe(Effect.provide(Layer.merge(fake(false, true), ourKeys)))
  )

  it.effect("needs session tokens, and an option that is true or false", () =>
    Effect.gen(function* () {
      const flaw = (options: object) =>
        Effect.map(
          Effect.flip(SessionTokens.verifier(untyped<SessionTokens.VerifierOptions>(options))),
          ({ rule, setting }) => `${setting} ${rule}`
        )
      expect(yield* flaw({ revocations: true, category: "template" })).toBe(
        "revocations needs session tokens: a token of a template names no session"
      )
      expect(yield* flaw({ revocations: "yes" })).toBe("revocations must be true or false")
    }).pipe(Effect.provide(memory))
  )
})

describe("Revocations.layerMemory", () => {
  it.effect("rejects an option that is invalid or unknown", () =>
    Effect.gen(function* () {
      const flaw = (options: object) =>
        Effect.map(
          Effect.flip(Effect.asVoid(Layer.build(Revocations.layerMemory(options)))),
          ({ rule, setting }) => `${setting} ${rule}`
        )
      const rule = "must be a duration from 1 second to 1 day"
      for (const duration of [0, -1, "2 days", "soon", Number.NaN, null]) {
        expect(yield* flaw({ tokenLifetime: duration })).toBe(`tokenLifetime ${rule}`)
        expect(yield* flaw({ holdLimit: duration })).toBe(`holdLimit ${rule}`)
      }
      expect(yield* flaw({ tokenLifeTime: "1 minute" })).toBe(
        "tokenLifeTime is not an option of revocations; did you mean tokenLifetime?"
      )
    })
  )

  it.effect("rejects ids that no token can have, and changes nothing", () =>
    Effect.gen(function* () {
      const { holdUsers, release, revoke } = yield* Revocations
      for (const id of ["", "sess 1", "sess_1\n", "x".repeat(129)]) {
        expect(yield* Effect.flip(revoke(id))).toMatchObject({
          _tag: "ClerkInvalidRequest",
          operation: "Revocations.revoke",
          field: "sessionIds"
        })
        expect(yield* Effect.flip(revoke(["sess_1", id]))).toMatchObject({ field: "sessionIds" })
        expect(yield* Effect.flip(holdUsers([id], utc(0)))).toMatchObject({ field: "userIds" })
        expect(yield* Effect.flip(release([id]))).toMatchObject({ field: "userIds" })
      }
      yield* revoke([])
    }).pipe(Effect.provide(Revocations.layerMemory()))
  )

  it.effect("has no lag, and entries of its own in each build", () =>
    Effect.gen(function* () {
      const { lag, revoke } = yield* Revocations
      yield* revoke("sess_1")
      expect(yield* lag).toEqual(Duration.zero)
      const other = yield* Effect.provide(
        Effect.map(Revocations, (service) => service),
        Layer.fresh(Revocations.layerMemory())
      )
      expect(other.isRevoked({ sessionId: "sess_1", userId: "user_1", issuedAt: utc(0) })).toBe(false)
    }).pipe(Effect.provide(Revocations.layerMemory()))
  )
})

describe("Sessions.revoke", () => {
  const responding = (status: number, body: unknown) =>
    Layer.succeed(ClerkHttp, { execute: () => Effect.succeed(ClerkTest.json(status, body)) })
  const revokedSession = { ...wire.session, status: "revoked" }
  const http = responding(200, revokedSession)
  const token = { sessionId: wire.session.id, userId: "user_1", issuedAt: utc(0) }

  it.effect("records the session where the service is present", () =>
    Effect.gen(function* () {
      const { isRevoked } = yield* Revocations
      expect(isRevoked(token)).toBe(false)
      yield* Sessions.revoke(wire.session.id)
      expect(isRevoked(token)).toBe(true)
    }).pipe(Effect.provide(Layer.merge(Revocations.layerMemory(), http)))
  )

  it.effect("works without the service", () =>
    Effect.gen(function* () {
      expect((yield* Sessions.revoke(wire.session.id)).id).toBe(wire.session.id)
    }).pipe(Effect.provide(http))
  )

  it.effect("records in the service that was present when the client was made", () =>
    Effect.gen(function* () {
      const service = yield* Revocations
      const client = yield* Sessions.client
      yield* Effect.provide(client.revoke(wire.session.id), fake(false, false))
      expect(service.isRevoked(token)).toBe(true)
    }).pipe(Effect.provide(Layer.merge(Revocations.layerMemory(), http)))
  )

  it.effect("records in the service of the call if the client was made without one", () =>
    Effect.gen(function* () {
      const client = yield* Sessions.client
      const isRevoked = yield* Effect.provide(
        Effect.andThen(
          client.revoke(wire.session.id),
          Effect.map(Revocations, (service) => service.isRevoked(token))
        ),
        Revocations.layerMemory()
      )
      expect(isRevoked).toBe(true)
    }).pipe(Effect.provide(http))
  )

  it.effect("records nothing if Clerk did not revoke the session", () =>
    Effect.gen(function* () {
      const { isRevoked } = yield* Revocations
      yield* Effect.flip(Sessions.revoke(wire.session.id))
      expect(isRevoked(token)).toBe(false)
    }).pipe(
      Effect.provide(
        Layer.merge(
          Revocations.layerMemory(),
          responding(404, { errors: [{ code: "resource_not_found", message: "no" }] })
        )
      )
    )
  )

  it.effect("succeeds with a warning if the store is down, because Clerk has revoked the session", () => {
    const lines: Array<string> = []
    const down = new ClerkKeysUnavailable({ reason: "revocations", retryable: true })
    return Effect.gen(function* () {
      expect((yield* Sessions.revoke(wire.session.id)).status).toBe("revoked")
      expect(lines.join()).toContain("Sessions.revoke: the session is revoked, but not all processes know")
    }).pipe(
      Effect.provide(
        Layer.mergeAll(
          fake(false, false, () => Effect.fail(down)),
          http,
          replaceLogger(simpleLogger((line) => lines.push(line)))
        )
      )
    )
  })
})
