import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as TestClock from "effect/TestClock"
import { type ClerkHttp, type ClerkRequest, ClerkTransportError, type RequestPolicy } from "effect-clerk"
import { type Answer, ClerkTest } from "effect-clerk/testing"

/** The connection broke after the request had left. */
export const lost = Effect.fail(new ClerkTransportError({ reason: "reset", sent: "maybe" }))

/** No connection was made. */
export const refused = Effect.fail(new ClerkTransportError({ reason: "refused", sent: "no" }))

export const unavailable = ClerkTest.json(503, {})

export const throttled = ClerkTest.json(429, {})

export interface SeenRequest {
  readonly at: number
  readonly method: ClerkRequest["method"]
  readonly operation: string
  readonly path: string
}

export interface Scene {
  /** What Clerk answers to the nth request, from 0. */
  readonly answer: (index: number, request: ClerkRequest) => Answer
  readonly policy?: RequestPolicy.Settings | undefined
  /** The random number of every wait. Default: 0, so that waits without a hint take no time. */
  readonly chance?: number
}

/** Answers one after the other, the last one for ever. */
export const inTurn =
  (first: Answer, ...others: ReadonlyArray<Answer>) =>
  (index: number): Answer =>
    [first, ...others][Math.min(index, others.length)] ?? first

const inMicros = (millis: number) => Math.round(millis * 1_000) / 1_000

/** Runs a program to its end under the clock of the test, an hour at most, and tells what was sent when. */
export const enact = <A, E>(self: Effect.Effect<A, E, ClerkHttp>, { answer, policy, chance = 0 }: Scene) =>
  Effect.gen(function* () {
    const requests: Array<SeenRequest> = []
    const started = yield* Clock.currentTimeMillis
    const layer = ClerkTest.layer(
      (request) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const { method, operation } = request
          requests.push({ at: inMicros(now - started), method, operation, path: request.path.join("/") })
          const turn = answer(requests.length - 1, request)
          return Effect.isEffect(turn) ? turn : Effect.succeed(turn)
        }),
      { policy }
    )
    const fiber = yield* self.pipe(
      Effect.exit,
      Effect.zip(Clock.currentTimeMillis),
      Effect.withRandom(Random.fixed([chance])),
      Effect.provide(layer),
      Effect.fork
    )
    yield* TestClock.adjust("1 hour")
    const [exit, ended] = yield* Fiber.join(fiber)
    return { exit, requests, times: requests.map(({ at }) => at), ended: inMicros(ended - started) }
  })

/** The same for a program that is to fail. */
export const enactToFailure = <A, E>(self: Effect.Effect<A, E, ClerkHttp>, scene: Scene) =>
  Effect.gen(function* () {
    const { exit, ...rest } = yield* enact(Effect.flip(self), scene)
    if (Exit.isFailure(exit)) return yield* Effect.dieMessage("the program did not fail")
    return { error: exit.value, ...rest }
  })
