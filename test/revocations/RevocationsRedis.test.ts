import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { Revocations, RevocationsRedis } from "effect-clerk/revocations"
import { utc } from "#test/dateTime.js"
import { fork } from "#test/fiber.js"
import { noLogger, replaceLogger, simpleLogger } from "#test/logger.js"
import { snapshot } from "#test/metrics.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { untyped } from "../support/requests.js"
import { FakeRedis } from "./support/fakeRedis.js"

const claims = (sessionId: string) => ({ sessionId, userId: "user_1", issuedAt: utc(0) })

const build = (redis: FakeRedis, options: Partial<RevocationsRedis.Options> = {}) =>
  Effect.map(Layer.build(RevocationsRedis.layer({ redis, ...options })), (context) =>
    Context.get(context, Revocations)
  )

/** Lets promises and fibers run until it holds. */
const eventually = (holds: () => boolean): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (let turn = 0; turn < 1000 && !holds(); turn++) {
      yield* Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
    }
    expect(holds()).toBe(true)
  })

/** Moves the clock in small steps, between which promises and fibers run. */
const pass = (millis: number): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (let passed = 0; passed < millis; passed += 100) {
      yield* TestClock.adjust("100 millis")
      yield* Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
    }
  })

describe("RevocationsRedis.layer", () => {
  it.effect("brings a change to another process, and takes it from the stream at its start", () =>
    Effect.gen(function* () {
      const redis = new FakeRedis()
      const one = yield* build(redis)
      const two = yield* build(redis)
      yield* one.revoke(["sess_1", "sess_2"])
      yield* eventually(() => two.isRevoked(claims("sess_2")))
      const three = yield* build(redis)
      expect(three.isRevoked(claims("sess_1"))).toBe(true)
      yield* three.holdUsers(["user_1"], yield* DateTime.now)
      yield* eventually(() => one.isRevoked(claims("sess_9")))
      yield* one.release(["user_1"])
      yield* eventually(() => !three.isRevoked({ ...claims("sess_9"), issuedAt: utc(1) }))
      expect(Duration.toMillis(yield* three.lag)).toBe(0)
    })
  )

  it.effect("writes the time of Redis only, and no id of a caller that is no id", () =>
    Effect.gen(function* () {
      const redis = new FakeRedis()
      redis.now = 1_700_000_000_000
      const one = yield* build(redis, { stream: "mine", holdLimit: "20 minutes" })
      yield* one.revoke("sess_1")
      yield* one.holdUsers(["user_1"], utc(5))
      expect(redis.commands.filter(([name]) => name === "XADD")).toEqual([
        "XADD mine MINID ~ 1699998800000 * type revoke ids sess_1 ttl 0".split(" "),
        "XADD mine MINID ~ 1699998800000 * type hold ids user_1 ttl 1200000 cutoff 5".split(" ")
      ])
      expect(redis.commands.find(([name]) => name === "XREAD")).toEqual(
        "XREAD COUNT 200 STREAMS mine 1699998800000-0".split(" ")
      )
      yield* Effect.flip(one.revoke("sess_1 type ban"))
      expect(redis.commands.filter(([name]) => name === "XADD")).toHaveLength(2)
    })
  )

  it.effect("opens another connection when Redis does not respond, and knows how old its copy is", () =>
    Effect.gen(function* () {
      const redis = new FakeRedis()
      const one = yield* build(redis, { whenStale: "refuse", staleAfter: "5 seconds" })
      yield* pass(900)
      redis.idle()
      redis.hangs = true
      yield* pass(5000)
      expect(one.isUnavailable()).toBe(false)
      yield* pass(200)
      expect(one.isUnavailable()).toBe(true)
      expect(Duration.toMillis(yield* one.lag)).toBeGreaterThan(5000)
      // Each connection whose command does not return is closed.
      expect(redis.opened - redis.closed).toBeLessThanOrEqual(1)
      expect(redis.opened).toBeGreaterThan(2)
      redis.hangs = false
      yield* pass(3000)
      expect(one.isUnavailable()).toBe(false)
    }).pipe(Effect.provide(noLogger))
  )

  it.effect("accepts tokens with an old copy by default", () =>
    Effect.gen(function* () {
      const redis = new FakeRedis()
      redis.hangs = true
      const building = yield* fork(build(redis))
      yield* pass(2100)
      const one = yield* Fiber.join(building)
      expect(one.isUnavailable()).toBe(false)
      expect(yield* one.lag).toEqual(Duration.infinity)
    }).pipe(Effect.provide(noLogger))
  )

  it.effect("tells the caller that a change is not stored, and stores it later", () =>
    Effect.gen(function* () {
      const redis = new FakeRedis()
      const lines: Array<string> = []
      yield* Effect.gen(function* () {
        const one = yield* build(redis)
        const two = yield* build(redis)
        redis.failing.add("XADD")
        expect(yield* Effect.flip(one.revoke("sess_1"))).toMatchObject({
          _tag: "ClerkKeysUnavailable",
          reason: "revocations",
          retryable: true
        })
        expect([one, two].map(({ isRevoked }) => isRevoked(claims("sess_1")))).toEqual([true, false])
        // At once, while the first one waits for its next attempt.
        yield* Effect.flip(one.revoke("sess_2"))
        redis.failing.clear()
        yield* pass(300)
        yield* eventually(() => two.isRevoked(claims("sess_1")) && two.isRevoked(claims("sess_2")))
        yield* one.revoke("sess_3")
      }).pipe(Effect.provide(replaceLogger(simpleLogger((line) => lines.push(line)))))
      expect(lines.filter((line) => line.includes("did not store a change (OOM no memory)"))).toHaveLength(1)
    })
  )

  it.effect("sends the change of a caller that is interrupted", () =>
    Effect.gen(function* () {
      const redis = new FakeRedis()
      const one = yield* build(redis)
      redis.hangs = true
      const caller = yield* fork(one.revoke("sess_1"))
      yield* eventually(() => one.isRevoked(claims("sess_1")))
      yield* Fiber.interrupt(caller)
      redis.hangs = false
      yield* pass(3000)
      expect(redis.entries).toHaveLength(1)
    }).pipe(Effect.provide(noLogger))
  )

  it.effect("does not send a change that is too old", () =>
    Effect.gen(function* () {
      const redis = new FakeRedis()
      const one = yield* build(redis, { holdLimit: "1 second" })
      redis.failing.add("XADD")
      yield* Effect.flip(one.revoke("sess_1"))
      yield* TestClock.adjust("400 seconds")
      redis.failing.clear()
      yield* one.revoke("sess_2").pipe(Effect.ignore)
      yield* pass(3000)
      expect(redis.entries.map(({ fields }) => fields.join(" "))).toEqual(["type revoke ids sess_2 ttl 0"])
    }).pipe(Effect.provide(noLogger))
  )

  it.effect("sends what is left and closes its connections when the layer ends", () =>
    Effect.gen(function* () {
      const redis = new FakeRedis()
      const scope = yield* Scope.make()
      const one = yield* Effect.provideService(build(redis), Scope.Scope, scope)
      redis.failing.add("XADD")
      yield* Effect.flip(one.revoke("sess_1"))
      redis.failing.clear()
      yield* Scope.close(scope, Exit.void)
      expect(redis.entries).toHaveLength(1)
      expect(redis.opened).toBe(redis.closed)
    }).pipe(Effect.provide(noLogger))
  )

  for (const command of ["TIME", "XREAD", "XRANGE"]) {
    it.effect(`survives an invalid reply to ${command}`, () =>
      Effect.gen(function* () {
        const redis = new FakeRedis()
        const one = yield* build(redis)
        yield* one.revoke("sess_1")
        redis.invalid.add(command)
        yield* pass(1000)
        redis.idle()
        yield* pass(1000)
        redis.close()
        yield* pass(1000)
        redis.invalid.clear()
        yield* pass(3000)
        yield* one.revoke("sess_2")
        const two = yield* build(redis)
        expect(two.isRevoked(claims("sess_2"))).toBe(true)
        yield* two.revoke("sess_3")
        yield* pass(3000)
        expect(one.isRevoked(claims("sess_3"))).toBe(true)
      }).pipe(Effect.provide(noLogger))
    )
  }

  it.effect("adds what it knows to a stream that lost its last entries", () =>
    Effect.gen(function* () {
      const redis = new FakeRedis()
      const one = yield* build(redis)
      yield* one.revoke("sess_1")
      const kept = [...redis.entries]
      yield* one.revoke("sess_2")
      yield* one.holdUsers(["user_2"], utc(0))
      yield* eventually(() => redis.isIdle)
      redis.entries = kept
      redis.close()
      yield* pass(1000)
      const two = yield* build(redis)
      expect(two.isRevoked(claims("sess_1")) && two.isRevoked(claims("sess_2"))).toBe(true)
      expect(two.isRevoked({ ...claims("sess_9"), userId: "user_2" })).toBe(true)
      // What the stream still has is not added.
      expect(redis.entries.filter(({ fields }) => fields.includes("sess_1"))).toHaveLength(1)
    }).pipe(Effect.provide(noLogger))
  )

  it.effect("counts entries and errors", () =>
    Effect.gen(function* () {
      const redis = new FakeRedis()
      const one = yield* build(redis)
      yield* one.revoke(["sess_1", "sess_2"])
      redis.add(["hello", "world"])
      yield* one.release(["user_1"])
      yield* eventually(() => redis.isIdle)
      const metrics = yield* snapshot
      const found = (name: string, tag?: string) =>
        metrics.find((metric) => metric.name === name && (tag === undefined || metric.tags.includes(tag)))
      expect(found("clerk_revocation_entries", "type=revoke")?.count).toBeGreaterThanOrEqual(2)
      expect(found("clerk_revocation_entries", "type=release")?.count).toBeGreaterThanOrEqual(1)
      expect(found("clerk_revocation_errors", "operation=entry")?.count).toBeGreaterThanOrEqual(1)
      expect(found("clerk_revocation_lag_seconds")?.count).toBeGreaterThanOrEqual(1)
    })
  )

  it.effect("rejects an option that is invalid or unknown", () =>
    Effect.gen(function* () {
      const flaw = (options: object) =>
        Effect.map(
          Effect.flip(
            Effect.asVoid(
              Layer.build(
                RevocationsRedis.layer(
                  untyped<RevocationsRedis.Options>({ redis: new FakeRedis(), ...options })
                )
              )
            )
          ),
          ({ rule, setting }) => `${setting} ${rule}`
        )
      const client = "redis must be a client, made with fromIoRedis or fromNodeRedis"
      for (const redis of [undefined, null, "redis://", {}, () => {}]) {
        expect(yield* flaw({ redis })).toBe(client)
      }
      expect(yield* flaw({ whenStale: "ignore" })).toBe('whenStale must be "accept" or "refuse"')
      expect(yield* flaw({ staleAfter: "2 seconds" })).toBe(
        "staleAfter must be a duration from 3 seconds to 1 hour"
      )
      for (const stream of ["", 5, "x".repeat(513)]) {
        expect(yield* flaw({ stream })).toBe(
          "stream must be the key of a stream, a text of 1 to 512 characters"
        )
      }
      expect(yield* flaw({ whenstale: "refuse" })).toBe(
        "whenstale is not an option of revocations; did you mean whenStale?"
      )
    })
  )
})

describe("the clients of Redis", () => {
  it("are duplicates, with a listener for errors", async () => {
    const calls: Array<unknown> = []
    const record =
      (name: string) =>
      (...args: ReadonlyArray<unknown>) => {
        calls.push([name, ...args.filter((arg) => typeof arg !== "function")])
        return Promise.resolve("ok")
      }
    const io: RevocationsRedis.IoRedis = {
      call: record("call"),
      duplicate: () => io,
      disconnect: () => void record("disconnect")(),
      on: record("on")
    }
    const node: RevocationsRedis.NodeRedis = {
      sendCommand: record("sendCommand"),
      duplicate: () => node,
      connect: record("connect"),
      destroy: () => void record("destroy")(),
      on: record("on")
    }
    for (const client of [RevocationsRedis.fromIoRedis(io), RevocationsRedis.fromNodeRedis(node)]) {
      const connection = client.connect()
      expect(await connection.send(["XLEN", "key"])).toBe("ok")
      connection.close()
    }
    expect(calls).toEqual([
      ["on", "error"],
      ["call", "XLEN", "key"],
      ["disconnect"],
      ["on", "error"],
      ["connect"],
      ["sendCommand", ["XLEN", "key"]],
      ["destroy"]
    ])
  })
})
