import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, ClerkTransportError, RequestPolicy, Sessions } from "effect-clerk"
import { ClerkTest, type TestResponse } from "effect-clerk/testing"
import * as Undici from "effect-clerk/Undici"
import { Dispatcher } from "undici"
import { FetchHttpClient, HttpClient, transportError } from "#test/http.js"
import { withRandom } from "#test/random.js"
import { describe, expect, it } from "#test/vitest.js"

interface Transport {
  /** Fails every request with `failure`, and calls `count` for each. */
  readonly failing: (failure: unknown, count: () => void) => Layer.Layer<HttpClient.HttpClient>
}

const overFetch = (failure: unknown, count: () => void) =>
  Layer.succeed(FetchHttpClient.Fetch, () => {
    count()
    return Promise.reject(new TypeError("fetch failed", { cause: failure }))
  })

const dispatcherThatFails = (failure: unknown, count: () => void): Dispatcher => {
  class Failing extends Dispatcher {
    override dispatch(_: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) {
      count()
      // A dispatcher fails with errors. This one throws any value that a test needs.
      const controller = { aborted: false, paused: false, reason: null, abort() {}, pause() {}, resume() {} }
      handler.onResponseError?.(
        Object.assign(controller, { rawHeaders: [], rawTrailers: [] }),
        failure as Error
      )
      return true
    }
  }
  return new Failing()
}

const clientOf = (make: Transport["failing"]) => (failure: unknown, count: () => void) =>
  Layer.provide(
    ClerkHttp.layer({ secretKey: Redacted.make("sk_test_sent"), policy: RequestPolicy.standard }),
    make(failure, count)
  )

/** The transports, each with a fault injected where the platform would report it. */
const transports = {
  fetch: (failure: unknown, count: () => void) =>
    Layer.provide(
      ClerkHttp.layerFetch({ secretKey: Redacted.make("sk_test_sent"), policy: RequestPolicy.standard }),
      overFetch(failure, count)
    ),
  "effect-clerk/Undici": clientOf((failure, count) =>
    Layer.sync(HttpClient.HttpClient, () => Undici.make(dispatcherThatFails(failure, count)))
  ),
  "a changed client of effect-clerk/Undici": clientOf((failure, count) =>
    Layer.sync(HttpClient.HttpClient, () =>
      HttpClient.mapRequest(Undici.make(dispatcherThatFails(failure, count)), (request) => request)
    )
  ),
  "the platform's FetchHttpClient": clientOf((failure, count) =>
    Layer.provide(FetchHttpClient.layer, overFetch(failure, count))
  ),
  "any HttpClient": clientOf((failure, count) =>
    Layer.succeed(
      HttpClient.HttpClient,
      HttpClient.make((request) => {
        count()
        return Effect.fail(transportError(request, failure))
      })
    )
  )
}

const called = (syscall: string, code: string) =>
  Object.assign(new Error(`${syscall} ${code}`), { code, syscall })

const coded = (code: string) => Object.assign(new Error("failed"), { code })

const neverSent: ReadonlyArray<readonly [string, string, unknown]> = [
  ...(
    [
      ["connect", "refused", ["ECONNREFUSED"]],
      ["connect", "connect-timeout", ["ETIMEDOUT"]],
      ["connect", "reset", ["ECONNRESET"]],
      ["connect", "unreachable", ["EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN", "ENETDOWN", "EADDRNOTAVAIL"]],
      ["connect", "unreachable", ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EPERM", "EACCES", "EINVAL"]],
      ["getaddrinfo", "dns", ["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "EAI_NODATA", "EBUSY", "EMFILE"]],
      ["queryA", "dns", ["ESERVFAIL", "EREFUSED", "ETIMEOUT", "ECONNREFUSED"]]
    ] as const
  ).flatMap(([call, reason, codes]) =>
    codes.map((code) => [`${call} ${code}`, reason, called(call, code)] as const)
  ),
  [
    "two addresses",
    "unreachable",
    new AggregateError([called("connect", "ENETUNREACH"), called("connect", "ECONNREFUSED")])
  ]
]

const perhapsSent: ReadonlyArray<readonly [string, string, unknown]> = [
  ...(
    [
      ["unreachable", ["EHOSTUNREACH", "ENETUNREACH", "EADDRNOTAVAIL", "EACCES", "EINVAL"]],
      ["refused", ["ECONNREFUSED"]],
      ["reset", ["ECONNRESET", "EPIPE"]],
      ["response-timeout", ["ETIMEDOUT"]]
    ] as const
  ).flatMap(([reason, codes]) =>
    codes.flatMap((code) =>
      ["read", "write"].map((call) => [`${call} ${code}`, reason, called(call, code)] as const)
    )
  ),
  ["EHOSTUNREACH without a system call", "unreachable", coded("EHOSTUNREACH")],
  ["ECONNREFUSED without a system call", "refused", coded("ECONNREFUSED")],
  [
    "one of two addresses, and a read",
    "unreachable",
    new AggregateError([called("connect", "ECONNREFUSED"), called("read", "EHOSTUNREACH")])
  ]
]

const reads = Sessions.get("sess_1")

const changes = {
  create: Sessions.create({ userId: "user_1" }),
  refresh: Sessions.refresh("sess_1", {
    expiredToken: Redacted.make("a.b.c"),
    refreshToken: Redacted.make("refresh"),
    requestOrigin: "https://app.example.com"
  })
}

describe.each(Object.entries(transports))("over %s", (_, client) => {
  const outcome = (call: Effect.Effect<unknown, unknown, ClerkHttp>, failure: unknown) =>
    Effect.gen(function* () {
      let requests = 0
      const error = yield* Effect.flip(call).pipe(
        // Without waits between attempts.
        withRandom(0),
        Effect.provide(client(failure, () => requests++))
      )
      return { error, requests }
    })

  it.effect.each(neverSent)(
    "retries every kind of call after %s, which happens before the request is sent",
    (fault) =>
      Effect.gen(function* () {
        const [, reason, failure] = fault
        for (const call of [reads, ...Object.values(changes)]) {
          const { error, requests } = yield* outcome(call, failure)
          expect(error).toMatchObject({ _tag: "ClerkTransportError", reason, sent: "no", retryable: true })
          expect(requests).toBe(3)
        }
      })
  )

  it.effect.each(perhapsSent)("retries a read after %s, and never a create or a refresh", (fault) =>
    Effect.gen(function* () {
      const [, reason, failure] = fault
      const read = yield* outcome(reads, failure)
      expect(read.error).toMatchObject({ reason, sent: "maybe", retryable: true, attempts: 3 })
      expect(read.requests).toBe(3)
      for (const [name, call] of Object.entries(changes)) {
        const { error, requests } = yield* outcome(call, failure)
        expect(error, name).toMatchObject({ reason, sent: "maybe", retryable: false, attempts: 1 })
        expect(requests, name).toBe(1)
      }
    })
  )
})

describe("an error after several attempts", () => {
  const refused = new ClerkTransportError({ reason: "refused", sent: "no" })
  const lost = new ClerkTransportError({ reason: "reset", sent: "maybe" })

  const failing = (
    failures: ReadonlyArray<TestResponse>,
    call: Effect.Effect<unknown, unknown, ClerkHttp>
  ) => {
    let attempts = 0
    const answer = () => failures[attempts++] ?? refused
    return Effect.flip(call).pipe(
      withRandom(0),
      Effect.provide(ClerkTest.layer(answer, { policy: RequestPolicy.standard }))
    )
  }

  it.effect("states that Clerk may have received the request if it may have received one attempt", () =>
    Effect.gen(function* () {
      for (const call of [
        Sessions.get("sess_1"),
        Sessions.revoke("sess_1"),
        Sessions.createToken("sess_1")
      ]) {
        for (const failures of [
          [lost, refused, refused],
          [refused, lost, refused],
          [ClerkTest.json(503, {}), refused, refused]
        ]) {
          const error = yield* failing(failures, call)
          expect(error).toMatchObject({ reason: "refused", sent: "maybe", attempts: 3, retryable: true })
        }
      }
    })
  )

  it.effect(
    "states that the request was not sent if no attempt was sent or Clerk rejected the others unread",
    () =>
      Effect.gen(function* () {
        for (const call of [Sessions.get("sess_1"), Sessions.create({ userId: "user_1" })]) {
          for (const failures of [
            [refused, refused, refused],
            [ClerkTest.json(429, {}), refused, refused]
          ]) {
            const error = yield* failing(failures, call)
            expect(error).toMatchObject({ reason: "refused", sent: "no", attempts: 3, retryable: true })
          }
        }
      })
  )
})
