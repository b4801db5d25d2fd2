import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { SigningKeys } from "effect-clerk"
import { fork } from "#test/fiber.js"
import { addLogger, logfmtLogger } from "#test/logger.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { canaries, failureOf, overFetch, quoting } from "../support/canaries.js"
import { formsOf } from "../support/channels.js"
import { find, jwk, keySet, keysNamed, keysOver, look, outage, pause } from "../support/keySets.js"
import { type FetchCall, jsonResponse } from "../support/recordingFetch.js"
import { stage } from "../support/scriptedCalls.js"

const findOne = Effect.provide(find("ins_1"), SigningKeys.layerJwks)

const quote = (call: FetchCall) => JSON.stringify(call)

const answers: ReadonlyArray<readonly [string, (call: FetchCall) => Response, object]> = [
  ...[302, 400, 401, 403, 404, 501].map(
    (status) => [`an error response that quotes the request: ${status}`, quoting(status), {}] as const
  ),
  [
    "a failure that quotes the request",
    (call) => {
      throw Object.assign(new TypeError(quote(call), { cause: new Error(quote(call)) }), { call })
    },
    { reason: "unreachable", failure: "ClerkTransportError" }
  ],
  ["text that quotes the request", (call) => new Response(quote(call)), { reason: "invalid" }],
  ["a set that is the request", (call) => jsonResponse({ keys: call }), { reason: "invalid" }],
  [
    "two keys whose id is the secret key",
    () => jsonResponse({ keys: [jwk(canaries.secretKey), jwk(canaries.secretKey)] }),
    { reason: "invalid" }
  ],
  [
    "a key made of the secret key",
    () => jsonResponse({ keys: [jwk("ins_1", { n: canaries.secretKey, d: canaries.secretKey })] }),
    { reason: "empty" }
  ]
]

describe("no secret is shown when the keys are not available because of", () => {
  it.live.each(answers)("%s", ([, answer, expected]) =>
    Effect.gen(function* () {
      const error = yield* failureOf(overFetch(answer, {})(findOne))
      expect(error).toMatchObject({ _tag: "ClerkKeysUnavailable", ...expected })
    })
  )

  it.live("an error response, also for later callers", () =>
    Effect.gen(function* () {
      const twice = Effect.andThen(Effect.flip(find("ins_1")), find("ins_2"))
      const error = yield* failureOf(
        overFetch(quoting(401), {})(Effect.provide(twice, SigningKeys.layerJwks))
      )
      expect(error).toMatchObject({ _tag: "ClerkKeysUnavailable", reason: "rejected", retryable: false })
    })
  )
})

describe("the log", () => {
  const logging = () => {
    const lines: Array<string> = []
    const logger = logfmtLogger((line) => {
      lines.push(line.replace(/^timestamp=\S+ /, "").replace(/ fiber=\S+/, ""))
    })
    return { lines, layer: addLogger(logger) }
  }

  const line = (why: string, consequence = "the keys fetched before stay in use") =>
    `level=WARN message="Signing keys unavailable ${why}; ${consequence}"`

  const unreachable = "(unreachable): no response from Clerk (ClerkTransportError)"
  const noToken = "no token can be verified"

  it.effect("has one warning for each request that failed while old keys stay in use", () => {
    const { layer, times } = stage({ turns: [keysNamed("ins_1"), outage] })
    const { lines, layer: logger } = logging()
    return Effect.gen(function* () {
      yield* look("ins_1")
      expect(lines).toEqual([])
      yield* TestClock.adjust("10 minutes")
      yield* Effect.replicateEffect(look("ins_1"), 100, { concurrency: "unbounded" })
      yield* Effect.replicateEffect(look("ins_1"), 10)
      yield* pause
      const first = line(unreachable)
      expect(lines).toEqual([first])
      yield* TestClock.adjust("30 seconds")
      yield* Effect.replicateEffect(look("ins_1"), 10)
      yield* pause
      expect(lines).toEqual([first, first])
      expect(times).toHaveLength(3)
    }).pipe(Effect.provide([keysOver(layer), logger]))
  })

  it.effect("has one warning for each request that failed without old keys", () => {
    const { layer, times } = stage({ turns: [outage, keysNamed("ins_1"), keySet(), outage] })
    const { lines, layer: logger } = logging()
    return Effect.gen(function* () {
      const outcomes: Array<string> = []
      for (let request = 0; request < 4; request++) {
        outcomes.push(yield* look("ins_1"))
        yield* TestClock.adjust("10 minutes")
      }
      expect(outcomes).toEqual(["unreachable", "found", "empty", "unreachable"])
      yield* Effect.replicateEffect(look("ins_1"), 100, { concurrency: "unbounded" })
      yield* pause
      expect(lines).toEqual([
        line(unreachable, noToken),
        line("(empty): the key set has no usable RS256 key", noToken),
        line(unreachable, noToken),
        line(unreachable, noToken)
      ])
      expect(times).toHaveLength(5)
    }).pipe(Effect.provide([keysOver(layer), logger]))
  })

  it.effect("has a warning that no token can be verified when the old keys expired during the fetch", () => {
    const { layer } = stage({ turns: [keysNamed("ins_1"), Effect.delay(Effect.fail(outage), "2 seconds")] })
    const { lines, layer: logger } = logging()
    return Effect.gen(function* () {
      yield* look("ins_1")
      yield* TestClock.adjust("3599 seconds")
      const fiber = yield* fork(look("ins_2"))
      yield* TestClock.adjust("2 seconds")
      expect(yield* Fiber.join(fiber)).toBe("unreachable")
      yield* pause
      expect(lines).toEqual([line(unreachable, noToken)])
    }).pipe(Effect.provide([keysOver(layer), logger]))
  })

  it.effect("holds no secret", () => {
    const { lines, layer: logger } = logging()
    const replies = [() => jsonResponse({ keys: [jwk("ins_1")] }), quoting(401)]
    const program = Effect.gen(function* () {
      expect(yield* look("ins_1")).toBe("found")
      yield* TestClock.adjust("10 minutes")
      expect(yield* look("ins_1")).toBe("found")
      yield* pause
      expect(lines).toEqual([
        line("(rejected): Clerk rejected the request; check the secret key (ClerkUnauthorized)")
      ])
      for (const form of formsOf(canaries.secretKey)) expect(lines.join("\n")).not.toContain(form)
    })
    return program.pipe(
      Effect.provide([SigningKeys.layerJwks, logger]),
      overFetch((call) => (replies.shift() ?? quoting(401))(call), {})
    )
  })
})
