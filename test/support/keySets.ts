import { createHash } from "node:crypto"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { ClerkHttp, type ClerkResponse, ClerkTransportError, SigningKeys } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { fork } from "#test/fiber.js"
import { scoped } from "#test/layers.js"
import { keysOfClient } from "../../src/runtime/fetchKeys.js"

/** An odd number of exactly this many bits, deterministic for a seed. Its factors are not needed to verify. */
export const modulus = (seed: string, bits = 2048): bigint => {
  const digest = createHash("shake256", { outputLength: Math.ceil(bits / 8) }).update(seed)
  return BigInt.asUintN(bits, BigInt(`0x${digest.digest("hex")}`)) | (1n << BigInt(bits - 1)) | 1n
}

/** A number in the form of key sets. */
export const base64urlOf = (number: bigint): string => {
  const hex = number.toString(16)
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex").toString("base64url")
}

/** A key as Clerk publishes it, with some members replaced or added; `undefined` leaves one out. */
export const jwk = (kid: string, changes: Readonly<Record<string, unknown>> = {}) => ({
  use: "sig",
  kty: "RSA",
  kid,
  alg: "RS256",
  n: base64urlOf(modulus(kid)),
  e: "AQAB",
  ...changes
})

/** The response with these keys. */
export const keySet = (...keys: ReadonlyArray<unknown>): ClerkResponse => ClerkTest.json(200, { keys })

/** The response with valid keys of these ids. */
export const keysNamed = (...kids: ReadonlyArray<string>): ClerkResponse =>
  keySet(...kids.map((kid) => jwk(kid)))

/** Clerk cannot be reached, and an immediate retry is not useful. */
export const outage = new ClerkTransportError({ reason: "tls", sent: "no" })

/** The keys of a client. */
export const keysOver = <E>(client: Layer.Layer<ClerkHttp, E>): Layer.Layer<SigningKeys, E> =>
  Layer.provide(SigningKeys.layerJwks, client)

/** The keys of a client on a runtime where a request must not wait for work of another request. */
export const isolatedKeysOver = <E>(client: Layer.Layer<ClerkHttp, E>): Layer.Layer<SigningKeys, E> =>
  Layer.provide(
    scoped(
      SigningKeys,
      Effect.flatMap(ClerkHttp, (http) => keysOfClient(http, true))
    ),
    client
  )

export const find = (kid: string | undefined) => Effect.flatMap(SigningKeys, (keys) => keys.find(kid))

/** The outcome for a key id: found, unknown, or the reason why the keys are unavailable. */
export const look = (kid: string) =>
  find(kid).pipe(
    Effect.match({
      onSuccess: (key) => (key === undefined ? "unknown" : "found"),
      onFailure: ({ reason }) => reason
    })
  )

/** Looks for all of them concurrently. */
export const lookForAll = (kids: Iterable<string>) => Effect.forEach(kids, look, { concurrency: "unbounded" })

/** Runs all ready fibers without advancing the time. */
export const pause = Effect.promise(async () => {
  await new Promise((resolve) => setTimeout(resolve, 0))
  // Effect 4 starts each fiber in a turn of its own.
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
})

/** A Clerk that responds on command, and counts its requests and those that were given up. */
export const heldBack = Effect.map(Deferred.make<ClerkResponse, ClerkTransportError>(), (answer) => {
  const requests = { made: 0, givenUp: 0 }
  const execute = () =>
    Effect.suspend(() => {
      requests.made++
      return Deferred.await(answer)
    }).pipe(
      Effect.onInterrupt(() =>
        Effect.sync(() => {
          requests.givenUp++
        })
      )
    )
  return { requests, answer, client: Layer.succeed(ClerkHttp, { execute }) }
})

/** Concurrent callers look for one key, and the one fetch that they wait for ends after a delay. */
export const lookTogether = (options: {
  readonly over: typeof keysOver
  readonly callers: number
  readonly wait: Effect.Effect<unknown>
  readonly end: Effect.Effect<ClerkResponse, ClerkTransportError>
}) =>
  Effect.gen(function* () {
    const { answer, client, requests } = yield* heldBack
    const outcomes = yield* Effect.gen(function* () {
      const fibers = yield* Effect.replicateEffect(fork(look("ins_1")), options.callers)
      yield* options.wait
      yield* Deferred.complete(answer, options.end)
      return yield* Fiber.joinAll(fibers)
    }).pipe(Effect.provide(options.over(client)))
    return { outcomes: [...new Set(outcomes)], requests }
  })
