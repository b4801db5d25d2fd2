import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { ClerkHttp, ClerkRequest, RequestPolicy } from "effect-clerk"
import { ClerkTest, type TestResponse } from "effect-clerk/testing"
import { fork } from "#test/fiber.js"
import { withRandom, withSeed } from "#test/random.js"
import * as TestClock from "#test/TestClock.js"

/** The outcome of a request: a response, a failure (an error is one too), or an effect that takes time. */
export type Turn = TestResponse

/** The connection broke after the request was sent. */
export const lost = ClerkTest.fault("reset")

/** No connection was made. */
export const refused = ClerkTest.fault("refused")

export const unavailable = ClerkTest.json(503, {})

export const throttled = ClerkTest.json(429, {})

export type Turns = readonly [Turn, ...ReadonlyArray<Turn>]

export interface ScriptedCall {
  /** The outcomes of the requests: a list whose last entry repeats, or a function of the index, from 0. */
  readonly turns: Turns | ((index: number) => Turn)
  readonly policy?: RequestPolicy.Settings | undefined
  /** The random number of every wait. Default: 0, so that waits without a hint take no time. */
  readonly chance?: number
  /** Random numbers that follow from a seed, in place of one. */
  readonly seed?: string
}

export interface SeenRequest {
  readonly method: ClerkRequest["method"]
  readonly operation: string
  readonly path: string
}

export const inTurn =
  (turns: Turns) =>
  (index: number): Turn =>
    turns[Math.min(index, turns.length - 1)] ?? turns[0]

/** A Clerk that plays the turns, and records each request and its time. */
export const stage = ({ turns, policy }: Pick<ScriptedCall, "turns" | "policy">) => {
  const requests: Array<SeenRequest> = []
  const times: Array<number> = []
  const turnAt = typeof turns === "function" ? turns : inTurn(turns)
  const layer = ClerkTest.layer(
    ({ method, operation, path }) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        times.push(now)
        const turn = turnAt(requests.push({ method, operation, path: path.join("/") }) - 1)
        return Effect.isEffect(turn) ? turn : Effect.succeed(turn)
      }),
    { policy }
  )
  return { requests, times, layer }
}

/** Rounded, because sums of fractions are inexact. */
const inMicros = (millis: number) => Math.round(millis * 1_000) / 1_000

/** Runs a program to its end under the clock of the test, an hour at most. */
export const runScripted = <A, E>(self: Effect.Effect<A, E, ClerkHttp>, script: ScriptedCall) =>
  Effect.gen(function* () {
    const { requests, times, layer } = stage(script)
    const { chance = 0, seed } = script
    const started = yield* Clock.currentTimeMillis
    const fiber = yield* self.pipe(
      Effect.exit,
      Effect.zip(Clock.currentTimeMillis),
      seed === undefined ? withRandom(chance) : withSeed(seed),
      Effect.provide(layer),
      fork
    )
    yield* TestClock.adjust("1 hour")
    const [exit, ended] = yield* Fiber.join(fiber)
    return {
      exit,
      requests,
      /** When each request was made. */
      times: times.map((time) => inMicros(time - started)),
      /** The wait before each request except the first. */
      waits: times.slice(1).map((time, index) => inMicros(time - (times[index] ?? 0))),
      /** When the program ended. */
      ended: inMicros(ended - started)
    }
  })

/** The same for a program that must fail. */
export const runToFailure = <A, E>(self: Effect.Effect<A, E, ClerkHttp>, script: ScriptedCall) =>
  Effect.gen(function* () {
    const { exit, ...rest } = yield* runScripted(Effect.flip(self), script)
    if (Exit.isFailure(exit)) return yield* Effect.die(new Error("the program did not fail"))
    return { error: exit.value, ...rest }
  })
