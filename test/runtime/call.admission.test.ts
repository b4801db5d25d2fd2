import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import {
  type Admission,
  ClerkHttp,
  type ClerkHttpService,
  type ClerkResponse,
  ClerkTimeout,
  ClerkTransportError,
  RequestPolicy,
  Sessions
} from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { fork } from "#test/fiber.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import * as wire from "../support/wire.js"

const session = ClerkTest.json(200, wire.session)
const get = Sessions.get("sess_1")

/** A service whose admission is recorded. */
const recorded = (
  admission: Partial<Admission>,
  execute: Effect.Effect<ClerkResponse, ClerkTransportError> = Effect.succeed(session)
) => {
  const events: Array<string> = []
  const log = (text: string) => Effect.sync(() => void events.push(text))
  const service: ClerkHttpService = {
    execute: () => Effect.andThen(log("send"), execute),
    policy: { maxAttempts: 2, timeout: "1 second", deadline: "10 seconds" },
    admission: {
      acquire: (request, priority, millis) =>
        Effect.andThen(
          log(`acquire ${request.operation} ${priority}`),
          admission.acquire?.(request, priority, millis) ?? Effect.void
        ),
      observe: (status, retryAfterMillis) =>
        Effect.andThen(
          log(`observe ${status} ${retryAfterMillis}`),
          admission.observe?.(status, retryAfterMillis) ?? Effect.void
        )
    }
  }
  return { events, layer: Layer.succeed(ClerkHttp, service) }
}

describe("the admission of a client", () => {
  it.effect("runs before each request, and hears of each response", () => {
    const responses = [ClerkTest.json(429, {}, { "retry-after": "0" }), session]
    const { events, layer } = recorded(
      {},
      Effect.suspend(() => Effect.succeed(responses.shift() ?? session))
    )
    return Effect.gen(function* () {
      const fiber = yield* fork(Effect.provide(get, layer))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(fiber)
      expect(events).toEqual([
        "acquire Sessions.get interactive",
        "send",
        "observe 429 0",
        "acquire Sessions.get interactive",
        "send",
        "observe 200 undefined"
      ])
    })
  })

  it.effect("may take longer than the timeout of an attempt", () => {
    const { layer } = recorded({ acquire: () => Effect.sleep("9 seconds") })
    return Effect.gen(function* () {
      const fiber = yield* fork(Effect.provide(get, layer))
      yield* TestClock.adjust("9 seconds")
      expect((yield* Fiber.join(fiber)).id).toBe("sess_1")
    })
  })

  it.effect("knows the time that the call has left, and can end it at once", () => {
    const given: Array<number> = []
    const { events, layer } = recorded({
      acquire: (_request, _priority, millis) => {
        given.push(millis)
        return Effect.fail(new ClerkTimeout({ phase: "admission", sent: "no" }))
      }
    })
    return Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.provide(get, layer))
      expect(error).toMatchObject({ _tag: "ClerkTimeout", phase: "admission", sent: "no", attempts: 0 })
      expect(error).toMatchObject({ operation: "Sessions.get", retryable: true })
      expect(given).toEqual([10_000])
      expect(events).not.toContain("send")
      yield* Effect.flip(Effect.provide(RequestPolicy.none(get), layer))
      expect(given).toEqual([10_000, Number.POSITIVE_INFINITY])
    })
  })

  it.effect("leaves the attempt the time that is left, whose end is the deadline of the call", () => {
    const { layer } = recorded({ acquire: () => Effect.sleep("9500 millis") }, Effect.never)
    return Effect.gen(function* () {
      const fiber = yield* fork(Effect.flip(Effect.provide(get, layer)))
      yield* TestClock.adjust("10 seconds")
      expect(yield* Fiber.join(fiber)).toMatchObject({
        _tag: "ClerkTimeout",
        phase: "deadline",
        sent: "maybe",
        attempts: 1
      })
    })
  })

  it.effect("runs before a confirmation, too", () => {
    const responses = [
      undefined,
      ClerkTest.json(404, {}),
      ClerkTest.json(200, { ...wire.session, status: "revoked" })
    ]
    const lost = new ClerkTransportError({ reason: "reset", sent: "maybe" })
    const { events, layer } = recorded(
      {},
      Effect.suspend(() => {
        const response = responses.shift()
        return response === undefined ? Effect.fail(lost) : Effect.succeed(response)
      })
    )
    return Effect.gen(function* () {
      const fiber = yield* fork(Effect.provide(Sessions.revoke("sess_1"), layer))
      yield* TestClock.adjust("1 second")
      expect((yield* Fiber.join(fiber)).status).toBe("revoked")
      expect(events.filter((each) => each.startsWith("acquire"))).toHaveLength(3)
    })
  })

  it.effect("is interrupted at the deadline, and the call fails with the phase admission", () => {
    let interrupted = 0
    const { events, layer } = recorded({
      acquire: () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => void interrupted++))
    })
    return Effect.gen(function* () {
      const fiber = yield* fork(Effect.flip(Effect.provide(get, layer)))
      yield* TestClock.adjust("10 seconds")
      const error = yield* Fiber.join(fiber)
      expect(error).toMatchObject({ _tag: "ClerkTimeout", phase: "admission", sent: "no", attempts: 0 })
      expect(error.message).toBe(
        "Sessions.get: not admitted by the rate limiter within 10s (admission), 0 attempts made"
      )
      expect(interrupted).toBe(1)
      expect(events).not.toContain("send")
    })
  })

  it.effect("hears the priority of the nearest combinator, which no other combinator changes", () => {
    const { events, layer } = recorded({})
    return Effect.gen(function* () {
      const bulk = RequestPolicy.priority("bulk")
      yield* bulk(get)
      yield* bulk(RequestPolicy.priority("interactive")(get))
      yield* bulk(RequestPolicy.none(get))
      yield* RequestPolicy.none(bulk(get))
      yield* bulk(RequestPolicy.retry({ maxAttempts: 3 })(get))
      expect(events.filter((each) => each.startsWith("acquire")).map((each) => each.split(" ")[2])).toEqual([
        "bulk",
        "interactive",
        "bulk",
        "bulk",
        "bulk"
      ])
    }).pipe(Effect.provide(layer))
  })

  it.effect("can be bulk for all calls of a client", () => {
    const { events, layer } = recorded({})
    return Effect.gen(function* () {
      const http = yield* ClerkHttp
      const bulk = { ...http, policy: RequestPolicy.standard, admission: http.admission }
      yield* Effect.provideService(get, ClerkHttp, { ...bulk, policy: { priority: "bulk" as const } })
      expect(events[0]).toBe("acquire Sessions.get bulk")
    }).pipe(Effect.provide(layer))
  })

  it.effect("rejects another priority before any request", () => {
    const { events, layer } = recorded({})
    return Effect.gen(function* () {
      // @ts-expect-error: not a priority
      const error = yield* Effect.flip(RequestPolicy.priority("urgent")(get))
      expect(error).toMatchObject({
        _tag: "ClerkInvalidRequest",
        field: "policy.priority",
        rule: 'must be "interactive" or "bulk"'
      })
      expect(events).toEqual([])
    }).pipe(Effect.provide(layer))
  })

  it.effect("fails the call with its own error, after as many attempts as the policy allows", () => {
    const { events, layer } = recorded({
      acquire: () => Effect.fail(new ClerkTransportError({ reason: "admission", sent: "no" }))
    })
    return Effect.gen(function* () {
      const fiber = yield* fork(Effect.flip(Effect.provide(Sessions.create({ userId: "user_1" }), layer)))
      yield* TestClock.adjust("5 seconds")
      expect(yield* Fiber.join(fiber)).toMatchObject({
        _tag: "ClerkTransportError",
        reason: "admission",
        sent: "no",
        attempts: 2,
        retryable: true
      })
      expect(events).toHaveLength(2)
    })
  })

  it.effect("does not keep a call beyond its deadline when it does not return from a response", () => {
    const { layer } = recorded({ observe: () => Effect.never })
    return Effect.gen(function* () {
      const fiber = yield* fork(Effect.provide(get, layer))
      yield* TestClock.adjust("10 seconds")
      expect((yield* Fiber.join(fiber)).id).toBe("sess_1")
    })
  })

  it.effect("is read as an own member only, so that a mock has none", () =>
    Effect.gen(function* () {
      const layer = Layer.mock(ClerkHttp, { execute: () => Effect.succeed(session) })
      expect((yield* Effect.provide(get, layer)).id).toBe("sess_1")
    })
  )
})
