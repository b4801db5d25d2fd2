import { inspect } from "node:util"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import {
  ClerkHttp,
  type ClerkHttpOptions,
  RequestPolicy,
  SecretKey,
  Sessions,
  SessionTokens,
  SigningKeys
} from "effect-clerk"
import { ClerkEmulator, DEFAULT_SECRET_KEY } from "effect-clerk/testing"
import { fork } from "#test/fiber.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { channelsOf, leaks } from "../support/channels.js"
import { told } from "../support/clientLayers.js"
import { errorOf, interrupted } from "../support/exits.js"
import { json, loopback } from "../support/loopback.js"
import { type FetchCall, jsonResponse, recordingFetch } from "../support/recordingFetch.js"
import { untyped } from "../support/requests.js"
import { transports } from "../support/transports.js"
import { sessionWith } from "../support/wire.js"

const first = "sk_test_FirstCanaryKey7Qm2xVb9"
const second = "sk_test_SecondCanaryKey5Hn3kPc6"
const third = "sk_test_ThirdCanaryKey8Jt4mWs2"

type Key = Effect.Effect<Redacted.Redacted<string>, unknown>

/** A secret key that a test replaces, and the number of times that it was read. */
const changingKey = (start: string) => {
  const state = { key: Effect.succeed(Redacted.make(start)) as Key, reads: 0 }
  const read = Effect.suspend(() => {
    state.reads++
    return state.key
  })
  const change = (key: string) =>
    Effect.sync(() => {
      state.key = Effect.succeed(Redacted.make(key))
    })
  return { state, read, secretKey: SecretKey.fromEffect(read), change }
}

const keyOf = ({ headers }: FetchCall): string => String(headers["authorization"]).replace("Bearer ", "")

const overFetch = (
  options: ClerkHttpOptions,
  answer: (call: FetchCall) => Response = () => jsonResponse(sessionWith({ id: "sess_1" }))
) => {
  const { calls, layer } = recordingFetch(answer)
  return { calls, layer: Layer.merge(ClerkHttp.layerFetch(options), layer) }
}

const get = Sessions.get("sess_1")

describe("a secret key that is an effect", () => {
  it.effect("is read when the layer is built, and before each request", () =>
    Effect.gen(function* () {
      const { change, secretKey, state } = changingKey(first)
      const { calls, layer } = overFetch({ secretKey })
      yield* Effect.gen(function* () {
        expect(state.reads).toBe(1)
        yield* get
        yield* get
        yield* change(second)
        yield* get
        expect(state.reads).toBe(4)
      }).pipe(Effect.provide(layer))
      expect(calls.map(keyOf)).toEqual([first, first, second])
    })
  )

  it.live("that changes applies to the next attempt of a call", () =>
    Effect.gen(function* () {
      const { change, secretKey } = changingKey(first)
      const { calls, layer } = overFetch({ secretKey, policy: { maxAttempts: 3 } }, (call) =>
        keyOf(call) === first
          ? jsonResponse({ errors: [] }, 503)
          : jsonResponse(sessionWith({ id: "sess_1" }))
      )
      const { id } = yield* get.pipe(
        RequestPolicy.retry({ onRetry: () => change(second) }),
        Effect.provide(layer)
      )
      expect(id).toBe("sess_1")
      expect(calls.map(keyOf)).toEqual([first, second])
    })
  )

  it.effect("is cached by Effect.cachedWithTTL for as long as the caller wants", () =>
    Effect.gen(function* () {
      const { change, read, state } = changingKey(first)
      const cached = yield* Effect.cachedWithTTL(read, "1 minute")
      const { calls, layer } = overFetch({ secretKey: SecretKey.fromEffect(cached) })
      yield* Effect.gen(function* () {
        yield* get
        yield* change(second)
        yield* get
        yield* TestClock.adjust("1 minute")
        yield* get
      }).pipe(Effect.provide(layer))
      expect(calls.map(keyOf)).toEqual([first, first, second])
      expect(state.reads).toBe(2)
    })
  )

  it.effect("is read again at once after a failure that empties the cache", () =>
    Effect.gen(function* () {
      const state = { isDown: false, reads: 0 }
      const read = Effect.suspend(() => {
        state.reads++
        return state.isDown ? Effect.fail("down") : Effect.succeed(Redacted.make(first))
      })
      const [cached, forget] = yield* Effect.cachedInvalidateWithTTL(read, "1 minute")
      const { calls, layer } = overFetch({
        secretKey: SecretKey.fromEffect(Effect.onError(cached, () => forget)),
        policy: { maxAttempts: 1 }
      })
      yield* Effect.gen(function* () {
        yield* get
        yield* TestClock.adjust("1 minute")
        state.isDown = true
        expect(yield* Effect.flip(get)).toMatchObject({ reason: "secret-key" })
        state.isDown = false
        yield* get
        yield* get
      }).pipe(Effect.provide(layer))
      expect(calls.map(keyOf)).toEqual([first, first, first])
      expect(state.reads).toBe(3)
    })
  )

  it.effect("is checked when the layer is built, as a plain one is", () =>
    Effect.gen(function* () {
      const layer = (key: Key, more: object = {}) =>
        ClerkHttp.layerFetch({ secretKey: SecretKey.fromEffect(key), ...more })
      const of = (key: string) => Effect.succeed(Redacted.make(key))
      expect(yield* told(layer(Effect.fail(`no ${first}`)), first)).toBe(
        "secretKey cannot be read: the effect failed"
      )
      const denied = Object.assign(new Error(`no ${first}`), {
        name: "AccessDeniedException",
        $metadata: { httpStatusCode: 400 }
      })
      expect(yield* told(layer(Effect.fail(denied)), first)).toBe(
        "secretKey cannot be read: the effect failed with AccessDeniedException 400"
      )
      expect(yield* told(layer(of("")))).toMatch(/^secretKey is missing or empty/)
      expect(yield* told(layer(of(`${first} `)), first)).toBe("secretKey must not contain white space")
      expect(yield* told(layer(untyped(Effect.succeed(first))), first)).toBe(
        "secretKey must be a Redacted string (wrap it with Redacted.make), or SecretKey.fromEffect of an effect"
      )
      expect(yield* told(layer(untyped(first)), first)).toBe(
        "secretKey must be read by an effect: pass one to fromEffect"
      )
      const http = { apiUrl: "http://clerk:4999", allowInsecureHttp: true }
      expect(yield* told(layer(of("sk_live_CanaryKey"), http))).toMatch(/^allowInsecureHttp needs a test key/)
      expect(yield* told(layer(of(first), { maxResponseByte: 1 }))).toMatch(
        /^maxResponseByte is not an option/
      )
      expect(
        yield* told(ClerkHttp.layerFetch(Object.create({ secretKey: SecretKey.fromEffect(of(first)) })))
      ).toMatch(/^secretKey/)
    })
  )

  const keyError = { _tag: "ClerkTransportError", sent: "no" }

  const store = (fields: object): Key =>
    Effect.fail(Object.assign(new Error(`the store with ${second} failed`), fields))

  const transient: ReadonlyArray<readonly [name: string, key: Key, detail: string | undefined]> = [
    ["cannot be read", store({}), undefined],
    ["cannot be read from a store that is down", store({ code: "ECONNREFUSED" }), "ECONNREFUSED"],
    ["cannot be read because of a 503", store({ _tag: "StoreError", status: 503 }), "StoreError 503"],
    ["cannot be read because of a 429", store({ response: { status: 429 } }), "429"],
    [
      "cannot be read because AWS throttles",
      store({ name: "ThrottlingException", $metadata: { httpStatusCode: 400 } }),
      "ThrottlingException 400"
    ]
  ]
  const permanent: ReadonlyArray<readonly [name: string, key: Key, detail: string]> = [
    ["is forbidden", store({ _tag: "ResponseError", response: { status: 403 } }), "ResponseError 403"],
    [
      "is denied by AWS",
      store({ name: "AccessDeniedException", $metadata: { httpStatusCode: 400 } }),
      "AccessDeniedException 400"
    ],
    [
      "is empty",
      Effect.succeed(Redacted.make("")),
      "secretKey is missing or empty: copy the secret key (sk_test_… or sk_live_…) from Clerk's dashboard"
    ],
    [
      "is of another form",
      Effect.succeed(Redacted.make("CanaryOtherForm1a2b3c4d")),
      "secretKey is not a secret key of Clerk: copy the secret key (sk_test_… or sk_live_…) from Clerk's dashboard. For a gateway that has keys of its own, set allowAnySecretKey: true"
    ],
    [
      "is a publishable key",
      Effect.succeed(Redacted.make("pk_test_CanaryPublic5e6f")),
      "secretKey is a publishable key (pk_); the secret key starts with sk_"
    ],
    [
      "is not redacted",
      untyped(Effect.succeed(second)),
      "secretKey must be a Redacted string (wrap it with Redacted.make), or SecretKey.fromEffect of an effect"
    ],
    [
      "is nothing",
      untyped(Effect.void),
      "secretKey is missing or empty: copy the secret key (sk_test_… or sk_live_…) from Clerk's dashboard"
    ]
  ]
  const unusable = [
    ...transient.map((each) => [...each, "secret-key", 2] as const),
    ...permanent.map((each) => [...each, "secret-key-rejected", 1] as const)
  ]
  for (const [name, key, detail, reason, attempts] of unusable) {
    it.live(
      `that later ${name} fails the call with ${reason} before anything is sent, and shows nothing`,
      () =>
        Effect.gen(function* () {
          const { secretKey, state } = changingKey(first)
          const { calls, layer } = overFetch({ secretKey, policy: { maxAttempts: 2 } })
          const { channels, exit } = yield* Effect.gen(function* () {
            state.key = key
            return yield* channelsOf(get)
          }).pipe(Effect.provide(layer))
          const retryable = reason === "secret-key"
          expect(errorOf(exit)).toMatchObject({ ...keyError, reason, attempts, retryable })
          expect(Object(errorOf(exit)).detail).toBe(detail)
          if (detail !== undefined)
            expect(Object(errorOf(exit)).message).toContain(`(${detail}). The request was not sent.`)
          expect(calls).toEqual([])
          const secrets = { first, second, other: "CanaryOtherForm1a2b3c4d", public: "CanaryPublic5e6f" }
          expect(leaks(channels, secrets)).toEqual([])
        })
    )
  }

  it.live("that cannot be read for a moment is read again, even by a call that must not be sent twice", () =>
    Effect.gen(function* () {
      const { change, secretKey, state } = changingKey(first)
      const { calls, layer } = overFetch({ secretKey, policy: { maxAttempts: 3 } })
      yield* Effect.gen(function* () {
        state.key = Effect.fail("down")
        yield* Sessions.create({ userId: "user_1" }).pipe(
          RequestPolicy.retry({ onRetry: () => change(second) })
        )
      }).pipe(Effect.provide(layer))
      expect(calls.map(keyOf)).toEqual([second])
    })
  )

  it.live("that does not come counts towards the time limit of the attempt, and nothing is sent", () =>
    Effect.gen(function* () {
      const { secretKey, state } = changingKey(first)
      const { calls, layer } = overFetch({ secretKey, policy: { timeout: "50 millis" } })
      const stopped = yield* Deferred.make<void>()
      const error = yield* Effect.gen(function* () {
        state.key = Effect.onInterrupt(Effect.never, () => Deferred.succeed(stopped, undefined))
        return yield* Effect.flip(Sessions.create({ userId: "user_1" }))
      }).pipe(Effect.provide(layer))
      expect(error).toMatchObject({ _tag: "ClerkTimeout", phase: "attempt", sent: "no", retryable: true })
      expect(calls).toEqual([])
      yield* Deferred.await(stopped)
    })
  )

  it.effect("is no longer read when its call is interrupted", () =>
    Effect.gen(function* () {
      const { secretKey, state } = changingKey(first)
      const { calls, layer } = overFetch({ secretKey })
      const reading = yield* Deferred.make<void>()
      const stopped = yield* Deferred.make<void>()
      yield* Effect.gen(function* () {
        state.key = Effect.andThen(
          Deferred.succeed(reading, undefined),
          Effect.onInterrupt(Effect.never, () => Deferred.succeed(stopped, undefined))
        )
        const fiber = yield* fork(get)
        yield* Deferred.await(reading)
        yield* interrupted(fiber)
      }).pipe(Effect.provide(layer))
      yield* Deferred.await(stopped)
      expect(calls).toEqual([])
    })
  )
})

describe.each(transports)("over $transport, a request", ({ layer }) => {
  it.live("keeps the secret key that it was sent with", () =>
    Effect.gen(function* () {
      const { change, secretKey } = changingKey(first)
      const release = yield* Deferred.make<void>()
      const server = yield* loopback((response, request) => {
        const respond = () => json(sessionWith({ id: request.url.split("/").at(-1) }))(response, request)
        if (request.url.endsWith("sess_1"))
          Effect.runFork(Effect.andThen(Deferred.await(release), Effect.sync(respond)))
        else respond()
      })
      yield* Effect.gen(function* () {
        const slow = yield* fork(get)
        yield* server.asked
        yield* change(second)
        yield* Sessions.get("sess_2")
        yield* Deferred.succeed(release, undefined)
        expect((yield* Fiber.join(slow)).id).toBe("sess_1")
      }).pipe(Effect.provide(layer({ apiUrl: server.url, secretKey })))
      expect(server.received.map(({ headers }) => headers["authorization"])).toEqual([
        `Bearer ${first}`,
        `Bearer ${second}`
      ])
    })
  )
})

describe("the secret keys of a client", () => {
  const quotes = `${first} and ${second} in "${Buffer.from(`user:${first}`).toString("base64")}"`

  const quoting = () =>
    jsonResponse({ errors: [{ code: "x", message: quotes, meta: { [first]: second } }] }, 422, {
      "x-quoted": quotes
    })

  it.effect("are all masked in errors and responses, the current and the previous ones", () =>
    Effect.gen(function* () {
      const { change, secretKey } = changingKey(first)
      const { layer } = overFetch({ secretKey, policy: { maxAttempts: 1 } }, quoting)
      yield* Effect.gen(function* () {
        yield* Effect.ignore(get)
        yield* change(second)
        yield* Effect.ignore(get)
        yield* change(third)
        for (const call of [get, Sessions.verify("sess_1", { token: "eyJ.CanaryToken12345.sig" })]) {
          const { channels } = yield* channelsOf(call)
          expect(leaks(channels, { first, second, third })).toEqual([])
        }
        const http = yield* ClerkHttp
        const { channels, exit } = yield* channelsOf(
          http.execute({ operation: "x", method: "GET", path: ["sessions"] })
        )
        expect(exit._tag).toBe("Success")
        expect(leaks(channels, { first, second, third })).toEqual([])
        expect(
          leaks([["service", inspect(http, { depth: 20, showHidden: true })]], { first, second, third })
        ).toEqual([])
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("are masked in the error of a call that began before the key changed", () =>
    Effect.gen(function* () {
      const { secretKey, state } = changingKey(third)
      const { calls, layer } = overFetch({ secretKey, policy: { maxAttempts: 1 } }, quoting)
      yield* Effect.gen(function* () {
        state.key = Effect.succeed(Redacted.make(first))
        yield* Effect.ignore(get)
        // The call has secrets of its own, and this key is new when it reads it.
        state.key = Effect.succeed(Redacted.make(second))
        const { channels } = yield* channelsOf(
          Sessions.verify("sess_1", { token: "eyJ.CanaryToken12345.sig" })
        )
        expect(leaks(channels, { first, second })).toEqual([])
      }).pipe(Effect.provide(layer))
      expect(calls.map(keyOf)).toEqual([first, second])
    })
  )
})

describe("a client whose secret key changes", () => {
  it.effect("keeps the public keys of its instance", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make({ secretKey: DEFAULT_SECRET_KEY })
      const user = yield* clerk.createUser()
      const { sessionToken } = yield* clerk.signIn(user.id)
      let reads = 0
      const secretKey = Effect.sync(() => {
        reads++
        return DEFAULT_SECRET_KEY
      })
      yield* Effect.gen(function* () {
        for (let at = 0; at < 3; at++) yield* SessionTokens.verify(sessionToken)
      }).pipe(
        Effect.provide(SigningKeys.layerJwks),
        Effect.provide(ClerkHttp.layer({ secretKey: SecretKey.fromEffect(secretKey) })),
        Effect.provide(ClerkEmulator.layerHttpClient),
        Effect.provideService(ClerkEmulator, clerk)
      )
      expect(reads).toBe(2) // when the layer is built, and for the one fetch
    })
  )
})
