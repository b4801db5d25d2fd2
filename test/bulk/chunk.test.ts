import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import {
  ClerkHttp,
  ClerkInvalidRequest,
  type ClerkRequest,
  ClerkUnauthorized,
  type RequestPolicy,
  Sessions
} from "effect-clerk"
import { SignOutEverywhere } from "effect-clerk/bulk"
import { Revocations } from "effect-clerk/revocations"
import { ClerkEmulator } from "effect-clerk/testing"
import { dateTimeFromMillis } from "#major/time.js"
import { assert, describe, it } from "#test/vitest.js"
import {
  atNoon,
  clerkWith,
  inTime,
  noon,
  openSessions,
  requested,
  respondNext,
  seedOf,
  userIds
} from "./support.js"

const cutoff = new Date(noon)

describe("a chunk alone", () => {
  it.effect("ends the sessions of its users, and lists those who failed", () =>
    Effect.gen(function* () {
      yield* respondNext("Sessions.list", 422)
      const result = yield* SignOutEverywhere.chunk(userIds(4), { cutoff, concurrency: 1 })
      assert.deepStrictEqual(result, { users: 4, failed: [{ userId: "user_0", reason: "rejected" }] })
      assert.deepStrictEqual(yield* openSessions, ["sess_0_0", "sess_0_1", "sess_4_0", "sess_4_1"])
    }).pipe(atNoon(clerkWith(seedOf(userIds(5), 2))))
  )

  it.effect("finds nothing left to revoke when it runs again", () =>
    Effect.gen(function* () {
      yield* SignOutEverywhere.chunk(["user_0"], { cutoff })
      const again = yield* SignOutEverywhere.chunk(["user_0"], { cutoff })
      assert.deepStrictEqual(again, { users: 1, failed: [] })
      assert.deepStrictEqual(yield* requested, [
        "Sessions.list user_0",
        "Sessions.revoke sess_0_0",
        "Sessions.list user_0"
      ])
    }).pipe(atNoon(clerkWith(seedOf(userIds(1), 1))))
  )

  it.effect("fails with Clerk's own error when Clerk rejects the key", () =>
    Effect.gen(function* () {
      yield* respondNext("Sessions.list", 401)
      const error = yield* Effect.flip(SignOutEverywhere.chunk(userIds(1), { cutoff }))
      assert.instanceOf(error, ClerkUnauthorized)
    }).pipe(atNoon(clerkWith(seedOf(userIds(1), 1))))
  )

  it.effect("rejects a cutoff in the future, more users than a chunk can have, and an unknown option", () =>
    Effect.gen(function* () {
      const rejected = (users: ReadonlyArray<string>, options: unknown) =>
        // What a program without types passes.
        Effect.map(
          Effect.flip(SignOutEverywhere.chunk(users, options as SignOutEverywhere.ChunkOptions)),
          (error) => (error instanceof ClerkInvalidRequest ? `${error.field} ${error.rule}` : error._tag)
        )
      assert.include(yield* rejected([], { cutoff: new Date(noon + 1) }), "cutoff must not be in the future")
      assert.include(yield* rejected([], {}), "cutoff must be a DateTime or a valid Date")
      assert.include(
        yield* rejected(userIds(1_001), { cutoff }),
        "users must be an array of at most 1000 ids"
      )
      assert.include(yield* rejected([], { cutoff, job: "a" }), "job is not an option")
    }).pipe(atNoon(clerkWith(seedOf([], 0))))
  )
})

describe("the calls of a chunk", () => {
  it.effect("have the priority bulk, so that a rate limiter serves the calls of users first", () => {
    const priorities: Array<string> = []
    const limited = Layer.effect(
      ClerkHttp,
      Effect.map(ClerkHttp, (http) => ({
        ...http,
        admission: {
          acquire: (request: ClerkRequest, priority: RequestPolicy.Priority) =>
            Effect.sync(() => void priorities.push(`${request.operation} ${priority}`)),
          observe: () => Effect.void
        }
      }))
    )
    return Effect.gen(function* () {
      yield* SignOutEverywhere.chunk(["user_0"], { cutoff })
      yield* Effect.exit(Sessions.get("sess_0_0"))
      assert.deepStrictEqual(priorities, [
        "Sessions.list bulk",
        "Sessions.revoke bulk",
        "Sessions.get interactive"
      ])
    }).pipe(atNoon(Layer.provideMerge(limited, clerkWith(seedOf(userIds(1), 1)))))
  })
})

describe("the mode compromised", () => {
  it.effect("ends all sessions of a user in one request", () =>
    Effect.gen(function* () {
      const result = yield* SignOutEverywhere.chunk(userIds(2), { cutoff, mode: "compromised" })
      assert.deepStrictEqual(result, { users: 2, failed: [] })
      assert.deepStrictEqual(yield* openSessions, [])
      assert.sameMembers(
        [...(yield* requested)],
        ["Users.setPasswordCompromised user_0", "Users.setPasswordCompromised user_1"]
      )
    }).pipe(atNoon(clerkWith(seedOf(userIds(2), 4))))
  )

  it.effect("revokes the sessions of a user whose password Clerk does not set, and lists the user", () =>
    Effect.gen(function* () {
      yield* respondNext("Users.setPasswordCompromised", 422)
      const result = yield* SignOutEverywhere.chunk(["user_0"], { cutoff, mode: "compromised" })
      assert.deepStrictEqual(result, { users: 1, failed: [{ userId: "user_0", reason: "rejected" }] })
      assert.deepStrictEqual(yield* openSessions, [])
    }).pipe(atNoon(clerkWith(seedOf(userIds(1), 2))))
  )
})

describe("a chunk where the program has Revocations", () => {
  const layer = Layer.fresh(Layer.merge(clerkWith(seedOf(userIds(2), 1)), Revocations.layerMemory()))
  const claims = (user: number, sessionId = `sess_${user}_0`) => ({
    sessionId,
    userId: `user_${user}`,
    issuedAt: dateTimeFromMillis(noon + 1)
  })

  it.effect("denies all tokens of its users until it is done, and those of ended sessions afterwards", () =>
    Effect.gen(function* () {
      const { isRevoked } = yield* Revocations
      const clerk = yield* ClerkEmulator
      yield* respondNext("Sessions.revoke", 503)
      const seen: Array<boolean> = []
      yield* inTime(
        Effect.gen(function* () {
          const chunk = SignOutEverywhere.chunk(["user_0"], { cutoff })
          // While the chunk waits for its second attempt, a token of another session of the user is denied too.
          const look = Effect.gen(function* () {
            while ((yield* clerk.requests).length < 2) yield* Effect.sleep(10)
            seen.push(isRevoked(claims(0, "sess_other")), isRevoked(claims(1)))
          })
          yield* Effect.all([chunk, look], { concurrency: 2 })
        })
      )
      assert.deepStrictEqual(seen, [true, false])
      assert.deepStrictEqual(
        [isRevoked(claims(0)), isRevoked(claims(0, "sess_other")), isRevoked(claims(1))],
        [true, false, false]
      )
    }).pipe(atNoon(layer))
  )

  it.effect("releases its users when Clerk rejects the key", () =>
    Effect.gen(function* () {
      const { isRevoked } = yield* Revocations
      yield* respondNext("Sessions.list", 401)
      const exit = yield* Effect.exit(SignOutEverywhere.chunk(["user_0"], { cutoff }))
      assert.isTrue(Exit.isFailure(exit))
      assert.isFalse(isRevoked(claims(0)))
    }).pipe(atNoon(layer))
  )

  it.effect("denies the sessions that the mode compromised ends", () =>
    Effect.gen(function* () {
      const { isRevoked } = yield* Revocations
      yield* SignOutEverywhere.chunk(["user_0"], { cutoff, mode: "compromised" })
      assert.deepStrictEqual([isRevoked(claims(0)), isRevoked(claims(0, "sess_other"))], [true, false])
    }).pipe(atNoon(layer))
  )
})
