import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import {
  ClerkHttp,
  type ClerkHttpService,
  type ClerkRequest,
  type ClerkResponse,
  RequestPolicy,
  Sessions,
  SessionTokens,
  SigningKeys
} from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { recordingTracer } from "../support/spans.js"
import { now, ourKey, sessionToken } from "../support/tokens.js"
import * as wire from "../support/wire.js"

/** An `execute` that returns these responses, and the requests that it received. */
const answering = (...responses: ReadonlyArray<ClerkResponse>) => {
  const requests: Array<ClerkRequest> = []
  const execute: ClerkHttpService["execute"] = (request) =>
    Effect.suspend(() => {
      requests.push(request)
      const response = responses[Math.min(requests.length, responses.length) - 1]
      return response === undefined ? Effect.die("no response") : Effect.succeed(response)
    })
  return { execute, requests }
}

const session = ClerkTest.json(200, wire.session)
const down = ClerkTest.json(503, {})

describe("a mock of ClerkHttp", () => {
  it.effect("with execute alone works for every kind of operation", () =>
    Effect.gen(function* () {
      const { execute, requests } = answering(session)
      const layer = Layer.mock(ClerkHttp, { execute })
      for (const call of [
        Sessions.get("sess_1"),
        Sessions.revoke("sess_1"),
        Sessions.create({ userId: "user_1" })
      ]) {
        expect((yield* Effect.provide(call, layer)).id).toBe("sess_1")
      }
      expect(requests.map(({ operation }) => operation)).toEqual([
        "Sessions.get",
        "Sessions.revoke",
        "Sessions.create"
      ])
    })
  )

  it.live("makes one attempt, or as many as a policy around the call allows", () =>
    Effect.gen(function* () {
      const once = answering(down)
      const error = yield* Effect.flip(
        Effect.provide(Sessions.get("sess_1"), Layer.mock(ClerkHttp, { execute: once.execute }))
      )
      expect([error._tag, once.requests.length]).toEqual(["ClerkServerError", 1])
      const twice = answering(ClerkTest.json(429, {}, { "retry-after": "0" }), session)
      const { id } = yield* Sessions.get("sess_1").pipe(
        RequestPolicy.retry({ maxAttempts: 2 }),
        RequestPolicy.timeout("5 seconds"),
        Effect.provide(Layer.mock(ClerkHttp, { execute: twice.execute }))
      )
      expect([id, twice.requests.length]).toEqual(["sess_1", 2])
    })
  )

  it.live("keeps a given policy and address", () =>
    Effect.gen(function* () {
      const { execute, requests } = answering(down, session)
      const { spans, tracer } = recordingTracer()
      yield* Sessions.get("sess_1").pipe(
        Effect.provide(
          Layer.mock(ClerkHttp, { execute, address: "clerk.example", policy: { maxAttempts: 2 } })
        ),
        Effect.withTracer(tracer)
      )
      expect(requests).toHaveLength(2)
      expect(spans.find(({ name }) => name === "Sessions.get")?.attributes.get("server.address")).toBe(
        "clerk.example"
      )
    })
  )

  it.effect("without an address names no server in its span", () =>
    Effect.gen(function* () {
      const { spans, tracer } = recordingTracer()
      yield* Sessions.get("sess_1").pipe(
        Effect.provide(Layer.mock(ClerkHttp, { execute: answering(session).execute })),
        Effect.withTracer(tracer)
      )
      const span = spans.find(({ name }) => name === "Sessions.get")
      expect(span?.attributes.get("http.response.status_code")).toBe(200)
      expect(span?.attributes.has("server.address")).toBe(false)
    })
  )

  it.effect("without execute names the missing member", () =>
    Effect.gen(function* () {
      // The types require `execute`, but a caller without types can omit it.
      const empty: Layer.Layer<ClerkHttp> = Reflect.apply(Layer.mock, undefined, [ClerkHttp, {}])
      const exit = yield* Effect.exit(Effect.provide(Sessions.get("sess_1"), empty))
      expect(Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "").toContain("execute")
    })
  )

  it.effect("serves the keys of SigningKeys.layerJwks", () =>
    Effect.gen(function* () {
      const { execute, requests } = answering(ClerkTest.json(200, { keys: [] }))
      const error = yield* SessionTokens.verify(sessionToken()).pipe(
        Effect.provide(Layer.provide(SigningKeys.layerJwks, Layer.mock(ClerkHttp, { execute }))),
        Effect.flip
      )
      expect(error).toMatchObject({ _tag: "ClerkKeysUnavailable", reason: "empty" })
      expect(requests.map(({ operation }) => operation)).toEqual(["SigningKeys.jwks"])
    })
  )
})

describe("a ClerkHttp that is an instance of a class", () => {
  class Recorder implements ClerkHttpService {
    readonly requests: Array<ClerkRequest> = []
    get policy(): RequestPolicy.Settings {
      throw new Error("a getter of a class is not read")
    }
    get address(): string {
      throw new Error("a getter of a class is not read")
    }
    execute(request: ClerkRequest) {
      this.requests.push(request)
      return Effect.succeed(session)
    }
  }

  it.effect("is called as a method of the instance, and only its own members are read", () =>
    Effect.gen(function* () {
      const recorder = new Recorder()
      for (const policy of [RequestPolicy.noRetry, RequestPolicy.timeout("5 seconds")]) {
        const call = Sessions.get("sess_1").pipe(policy, Effect.provideService(ClerkHttp, recorder))
        yield* Effect.withSpan(call, "outer")
        yield* TestClock.withLive(call)
      }
      expect(recorder.requests).toHaveLength(4)
    })
  )
})

describe("a mock of another service", () => {
  it.effect("works as SigningKeys with find alone", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now * 1_000)
      const asked: Array<string | undefined> = []
      const keys = Layer.mock(SigningKeys, {
        find: (kid) => {
          asked.push(kid)
          return Effect.succeed({ key: ourKey })
        }
      })
      const { userId } = yield* Effect.provide(SessionTokens.verify(sessionToken()), keys)
      expect([userId, asked]).toEqual(["user_2g7np7Hrk0SN6kj5EDMLDaKNL0S", ["ins_ours"]])
    })
  )

  it.effect("works as ClerkTest with the requests alone", () =>
    Effect.gen(function* () {
      const test = Layer.mock(ClerkTest, { requests: Effect.succeed([]) })
      yield* Effect.provide(ClerkTest.expectRequests([]), test)
      expect(yield* Effect.provide(ClerkTest.requests, test)).toEqual([])
    })
  )
})
