import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, Sessions } from "effect-clerk"
import { defectsOf, errorsOf } from "#test/cause.js"
import { fork } from "#test/fiber.js"
import { HttpClient } from "#test/http.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import {
  calls,
  canaries,
  cookieHeader,
  failureOf,
  overFetch,
  refresh,
  secretKey,
  tagOf,
  tokenAnswer
} from "../support/canaries.js"
import { channelsOf, formsOf, leaks } from "../support/channels.js"
import { type FetchCall, jsonResponse } from "../support/recordingFetch.js"
import { untyped } from "../support/requests.js"

describe("the search for canaries", () => {
  class Talkative extends Error {
    readonly text = this.message
    toJSON() {
      return { message: this.message }
    }
  }

  it.effect("finds a canary in each of its forms and in every channel", () =>
    Effect.gen(function* () {
      for (const form of formsOf(canaries.refreshToken)) {
        const error = new Talkative(`before ${form} after`)
        const { channels } = yield* channelsOf(Effect.andThen(Effect.logTrace(error), Effect.fail(error)))
        const found = leaks(channels, canaries).map((leak) => leak.replace("refreshToken in ", ""))
        const quiet = channels.map(([channel]) => channel).filter((channel) => !found.includes(channel))
        // Only the library's own errors are schemas too.
        expect(quiet).toEqual(["encoded"])
      }
    })
  )

  it.effect("finds a canary that is only in a span, a property or a chain of causes", () =>
    Effect.gen(function* () {
      const cause = new Error("the request", { cause: { headers: { authorization: canaries.secretKey } } })
      for (const self of [
        Effect.fail(new Error("failed", { cause })),
        Effect.fail(Object.assign(new Error("failed"), { request: { body: [canaries.secretKey] } })),
        Effect.fail(new Error("failed")).pipe(
          Effect.withSpan("call", { attributes: { k: canaries.secretKey } })
        )
      ]) {
        expect(leaks((yield* channelsOf(self)).channels, canaries)).not.toEqual([])
      }
    })
  )
})

describe("a request without a response shows no secret", () => {
  const everythingIn = (call: FetchCall): string =>
    `${call.url} ${JSON.stringify(call)} ${call.headers["authorization"]} ${cookieHeader}`
  const withRequest = <E extends Error>(error: E, call: FetchCall): E =>
    Object.assign(error, { request: call, config: { headers: call.headers }, [everythingIn(call)]: call })
  const failures: ReadonlyArray<readonly [name: string, failure: (call: FetchCall) => unknown]> = [
    ["an error that quotes the request", (call) => withRequest(new Error(everythingIn(call)), call)],
    [
      "an error whose causes quote the request",
      (call) =>
        new TypeError("fetch failed", {
          cause: withRequest(
            Object.assign(new Error(everythingIn(call)), { code: "ECONNRESET", socket: call }),
            call
          )
        })
    ],
    [
      "an error whose code is a secret",
      (call) => Object.assign(new Error("x"), { code: call.headers["authorization"] })
    ],
    [
      "an error whose name is a secret",
      (call) => Object.assign(new Error("x"), { name: everythingIn(call) })
    ],
    [
      "several errors at once",
      (call) => new AggregateError([new Error(everythingIn(call))], everythingIn(call))
    ],
    ["a text", everythingIn],
    [
      "an object",
      (call) => ({ ...call, toJSON: () => everythingIn(call), toString: () => everythingIn(call) })
    ]
  ]
  for (const [name, failure] of failures) {
    it.effect(name, () =>
      Effect.gen(function* () {
        for (const call of calls) {
          const error = yield* failureOf(call.pipe(overFetch((sent) => Promise.reject(failure(sent)))))
          expect(tagOf(error)).toBe("ClerkTransportError")
        }
      })
    )
  }

  it.effect("a body that ends early", () =>
    Effect.gen(function* () {
      const broken = (call: FetchCall) =>
        new Response(
          new ReadableStream({
            pull: (controller) => controller.error(withRequest(new Error(everythingIn(call)), call))
          })
        )
      expect(tagOf(yield* failureOf(refresh.pipe(overFetch(broken))))).toBe("ClerkTransportError")
    })
  )

  it.effect("a response that never comes", () =>
    Effect.gen(function* () {
      const policy = { maxAttempts: 1, timeout: "1 second" } as const
      const silent = refresh.pipe(overFetch(() => new Promise(() => {}), { policy }))
      const fiber = yield* fork(failureOf(silent))
      yield* TestClock.adjust("1 second")
      expect(tagOf(yield* Fiber.join(fiber))).toBe("ClerkTimeout")
    })
  )
})

describe("a request that is rejected before it is sent shows no secret", () => {
  const requests: ReadonlyArray<
    readonly [name: string, call: Effect.Effect<unknown, { _tag: string }, ClerkHttp>]
  > = [
    ["a token for an id", Sessions.get(canaries.verifyToken)],
    ["a header for a token", Sessions.verify("sess_1", { token: `Bearer ${canaries.verifyToken}` })],
    [
      "a parameter that is a key",
      Sessions.list(untyped({ userId: "user_1", [canaries.secretKey]: canaries.secretKey }))
    ],
    ...(
      [
        ["a list for an expired token", { expiredToken: [canaries.expiredToken] }],
        ["an expired token with a space", { expiredToken: Redacted.make(`${canaries.expiredToken} `) }],
        ["a refresh token with a line end", { refreshToken: `${canaries.refreshToken}\n` }],
        ["an origin that is a URL", { requestOrigin: `https://${canaries.refreshToken}/${canaries.cookie}` }],
        ["a header with a line end", { requestHeaders: { cookie: `${cookieHeader}\r\n` } }],
        [
          "a header with a space in its name",
          { requestHeaders: { [`${canaries.cookie} `]: canaries.cookie } }
        ],
        ["an invalid address", { requestOriginatingIp: canaries.cookie }],
        ["an unknown format", { format: canaries.cookie }]
      ] as const
    ).map(([name, params]) => {
      const call = Sessions.refresh(
        "sess_1",
        untyped({
          expiredToken: canaries.expiredToken,
          refreshToken: canaries.refreshToken,
          requestOrigin: "https://app.example.com",
          ...params
        })
      )
      return [name, call] as const
    })
  ]
  for (const [name, call] of requests) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const error = yield* failureOf(call.pipe(overFetch(() => jsonResponse(tokenAnswer))))
        expect(tagOf(error)).toBe("ClerkInvalidRequest")
      })
    )
  }

  it.effect("a client that cannot be built", () =>
    Effect.gen(function* () {
      const key = canaries.secretKey
      for (const options of [
        { secretKey: key },
        ...[`${key}\n`, `Bearer ${key}`, `${key}ü`, key.repeat(20), `pk_${key}`].map((bad) => ({
          secretKey: Redacted.make(bad)
        })),
        ...[`https://${key}@api.clerk.com`, `https://api.clerk.com/?key=${key}`, key].map((apiUrl) => ({
          secretKey,
          apiUrl
        })),
        { secretKey, apiVersion: key },
        { secretKey, policy: { timeout: key } },
        { secretKey, policy: key },
        key
      ]) {
        const layer = ClerkHttp.layerFetch(untyped(options))
        expect(tagOf(yield* failureOf(Effect.scoped(Layer.build(layer))))).toBe("ClerkConfigError")
      }
    })
  )
})

describe("a custom client that dies", () => {
  it.effect("dies with its own defect, to which no secret is added", () =>
    Effect.gen(function* () {
      const defect = new Error("the client is broken")
      const layer = ClerkHttp.layer({ secretKey }).pipe(
        Layer.provide(
          Layer.succeed(
            HttpClient.HttpClient,
            HttpClient.make(() => Effect.die(defect))
          )
        )
      )
      const { channels, exit } = yield* channelsOf(Effect.provide(refresh, layer))
      if (Exit.isSuccess(exit)) return yield* Effect.die(exit)
      expect(errorsOf(exit.cause)).toEqual([])
      expect(defectsOf(exit.cause).map(String)).toEqual([String(defect)])
      expect(leaks(channels, canaries)).toEqual([])
    })
  )
})
