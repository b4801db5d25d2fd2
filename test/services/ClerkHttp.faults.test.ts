import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, Sessions } from "effect-clerk"
import { FetchHttpClient } from "#test/http.js"
import { scoped } from "#test/layers.js"
import { Dispatcher, layerUndiciWithoutDispatcher, Undici } from "#test/node.js"
import { describe, expect, it } from "#test/vitest.js"
import { json, loopback } from "../support/loopback.js"
import * as wire from "../support/wire.js"

/** The errors of `Sessions.get` and `Sessions.create` for this failure of fetch. */
const whenFetchFails = (failure: unknown) => {
  const fetch: typeof globalThis.fetch = () => Promise.reject(failure)
  const client = ClerkHttp.layerFetch({
    secretKey: Redacted.make("sk_test_faults"),
    policy: { maxAttempts: 1 }
  })
  const failed = <A, E>(self: Effect.Effect<A, E, ClerkHttp>) =>
    self.pipe(Effect.flip, Effect.provide(client), Effect.provideService(FetchHttpClient.Fetch, fetch))
  return Effect.all({
    get: failed(Sessions.get("sess_1")),
    create: failed(Sessions.create({ userId: "user_1" }))
  })
}

const coded = (code: string, more: object = {}) =>
  Object.assign(new Error("secret details"), { code, ...more })

const asFetchSaysIt = (cause: unknown) => new TypeError("fetch failed", { cause })

/** The code, its reason, and whether a read and a create may be retried. */
const codes: ReadonlyArray<readonly [string, string, "no" | "maybe", boolean, boolean]> = [
  ["ENOTFOUND", "dns", "no", true, true],
  ["EAI_AGAIN", "dns", "no", true, true],
  ["ECONNREFUSED", "refused", "maybe", true, false],
  ["EHOSTUNREACH", "unreachable", "maybe", true, false],
  ["ENETUNREACH", "unreachable", "maybe", true, false],
  ["EADDRNOTAVAIL", "unreachable", "maybe", true, false],
  ["UND_ERR_CONNECT_TIMEOUT", "connect-timeout", "no", true, true],
  ["ECONNRESET", "reset", "maybe", true, false],
  ["EPIPE", "reset", "maybe", true, false],
  ["ECONNABORTED", "reset", "maybe", true, false],
  ["ETIMEDOUT", "response-timeout", "maybe", true, false],
  ["UND_ERR_SOCKET", "closed", "maybe", true, false],
  ["UND_ERR_HEADERS_TIMEOUT", "response-timeout", "maybe", true, false],
  ["UND_ERR_BODY_TIMEOUT", "response-timeout", "maybe", true, false],
  ["UND_ERR_HEADERS_OVERFLOW", "protocol", "maybe", false, false],
  ["HPE_INVALID_CONSTANT", "protocol", "maybe", false, false],
  ["EPROTO", "tls", "maybe", false, false],
  ["CERT_HAS_EXPIRED", "tls", "no", false, false],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "tls", "no", false, false],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "tls", "no", false, false],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "tls", "no", false, false],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "tls", "maybe", false, false],
  ["UND_ERR_INVALID_ARG", "invalid-request", "no", false, false],
  ["ERR_INVALID_CHAR", "invalid-request", "no", false, false],
  ["ERR_OUT_OF_CHEESE", "unknown", "maybe", false, false]
]

describe("a failure of fetch", () => {
  it.effect.each(codes)(
    "with the code %s has the reason %s",
    ([code, reason, sent, readAgain, createAgain]) =>
      Effect.gen(function* () {
        const { get, create } = yield* whenFetchFails(asFetchSaysIt(coded(code)))
        expect(get).toMatchObject({ _tag: "ClerkTransportError", reason, sent, retryable: readAgain })
        expect(create).toMatchObject({ _tag: "ClerkTransportError", reason, sent, retryable: createAgain })
        expect(JSON.stringify([get, create])).not.toContain("secret details")
      })
  )

  it.effect.each(["ECONNRESET", "ETIMEDOUT"])("with %s while connecting was never sent", (code) =>
    Effect.gen(function* () {
      const { create } = yield* whenFetchFails(asFetchSaysIt(coded(code, { syscall: "connect" })))
      expect(create).toMatchObject({ sent: "no", retryable: true })
    })
  )

  it.effect("on every address of a host has the reason of the first", () =>
    Effect.gen(function* () {
      const each = ["ECONNREFUSED", "ENETUNREACH"].map((code) => coded(code, { syscall: "connect" }))
      const { create } = yield* whenFetchFails(asFetchSaysIt(new AggregateError(each)))
      expect(create).toMatchObject({ reason: "refused", sent: "no", retryable: true })
    })
  )

  const unknowable: ReadonlyArray<readonly [string, unknown]> = [
    ["no cause", new TypeError("fetch failed")],
    ["a text", "ECONNREFUSED"],
    ["undefined", undefined],
    ["a code that is not text", asFetchSaysIt({ code: 7 })],
    [
      "a cause that throws",
      asFetchSaysIt({
        get code() {
          throw new Error("no")
        }
      })
    ],
    [
      "a cause that is itself",
      (() => {
        const circle: { cause?: unknown } = {}
        circle.cause = circle
        return circle
      })()
    ]
  ]

  it.effect.each(unknowable)("with %s is unknown, and is not retried", ([, failure]) =>
    Effect.gen(function* () {
      expect((yield* whenFetchFails(failure)).get).toMatchObject({
        _tag: "ClerkTransportError",
        reason: "unknown",
        sent: "maybe",
        retryable: false
      })
    })
  )

  it.effect("that is thrown at once is a failure like the others", () =>
    Effect.gen(function* () {
      const fetch: typeof globalThis.fetch = () => {
        throw coded("ECONNREFUSED")
      }
      const error = yield* Sessions.get("sess_1").pipe(
        Effect.flip,
        Effect.provide(ClerkHttp.layerFetch({ secretKey: Redacted.make("sk_test_faults"), policy: {} })),
        Effect.provideService(FetchHttpClient.Fetch, fetch)
      )
      expect(error).toMatchObject({ _tag: "ClerkTransportError", reason: "refused" })
    })
  )
})

describe("the limits of a dispatcher", () => {
  it.live("a response that exceeds the limits of an undici dispatcher is a protocol error", () =>
    Effect.gen(function* () {
      const server = yield* loopback(json(wire.session))
      const dispatcher = scoped(
        Dispatcher,
        Effect.acquireRelease(
          Effect.sync(() => new Undici.Agent({ maxResponseSize: 10 })),
          (agent) => Effect.promise(() => agent.destroy())
        )
      )
      const error = yield* Sessions.get("sess_1").pipe(
        Effect.flip,
        Effect.provide(
          ClerkHttp.layer({
            secretKey: Redacted.make("sk_test_faults"),
            apiUrl: server.url,
            policy: {}
          }).pipe(Layer.provide(layerUndiciWithoutDispatcher), Layer.provide(dispatcher))
        )
      )
      expect(error).toMatchObject({ _tag: "ClerkTransportError", reason: "protocol", retryable: false })
    })
  )
})
