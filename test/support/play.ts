import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as TestClock from "effect/TestClock"
import {
  ClerkDecodeError,
  type ClerkHttp,
  type ClerkResponse,
  ClerkTransportError,
  type RequestPolicy
} from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"

/** One exchange: an answer, a failure of the transport, or something that takes its time. */
export type Turn =
  | ClerkResponse
  | ClerkTransportError
  | ClerkDecodeError
  | Effect.Effect<ClerkResponse, ClerkTransportError | ClerkDecodeError>

export interface Play {
  readonly turns: readonly [Turn, ...ReadonlyArray<Turn>]
  readonly policy?: RequestPolicy.Settings
  /** The random numbers, over and over. Default: a seeded generator. */
  readonly chance?: number
  readonly seed?: string
}

const turnOf = (turn: Turn): Effect.Effect<ClerkResponse, ClerkTransportError | ClerkDecodeError> => {
  if (turn instanceof ClerkTransportError || turn instanceof ClerkDecodeError) return Effect.fail(turn)
  return Effect.isEffect(turn) ? turn : Effect.succeed(turn)
}

/** A Clerk that plays the turns one after the other, the last one for ever, and notes when it was asked. */
export const stage = ({ turns, policy }: Pick<Play, "turns" | "policy">) => {
  const times: Array<number> = []
  const layer = ClerkTest.layer(
    () =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        times.push(now)
        return turnOf(turns[Math.min(times.length, turns.length) - 1] ?? turns[0])
      }),
    { policy }
  )
  return { times, layer }
}

/** Without what adding up fractions leaves behind. */
const inMicros = (millis: number) => Math.round(millis * 1_000) / 1_000

/** Runs a call to its end under the clock of the test, an hour at most. */
export const play = <A, E>(self: Effect.Effect<A, E, ClerkHttp>, script: Play) =>
  Effect.gen(function* () {
    const { times, layer } = stage(script)
    const started = yield* Clock.currentTimeMillis
    const fiber = yield* self.pipe(
      Effect.exit,
      Effect.zip(Clock.currentTimeMillis),
      Effect.withRandom(
        script.chance === undefined
          ? Random.make(script.seed ?? "effect-clerk")
          : Random.fixed([script.chance])
      ),
      Effect.provide(layer),
      Effect.fork
    )
    yield* TestClock.adjust("1 hour")
    const [exit, ended] = yield* Fiber.join(fiber)
    return {
      exit,
      /** When each request was made. */
      times: times.map((time) => inMicros(time - started)),
      /** How long was waited before each request but the first. */
      waits: times.slice(1).map((time, index) => inMicros(time - (times[index] ?? 0))),
      /** When the call was over. */
      ended: inMicros(ended - started)
    }
  })

/** The same for a call that is to fail. */
export const playToFailure = <A, E>(self: Effect.Effect<A, E, ClerkHttp>, script: Play) =>
  Effect.gen(function* () {
    const { exit, ...rest } = yield* play(Effect.flip(self), script)
    if (Exit.isFailure(exit)) return yield* Effect.dieMessage("the call did not fail")
    return { error: exit.value, ...rest }
  })
