import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** A wall clock in milliseconds, a monotonic clock in nanoseconds, and how to wait. */
export interface ClockParts {
  readonly millis: () => number
  readonly nanos: () => bigint
  readonly sleep: (duration: Duration.Duration) => Effect.Effect<void>
}

export const makeClock = ({ millis, nanos, sleep }: ClockParts): Clock.Clock => {
  const wallNanos = () => BigInt(Math.round(millis() * 1_000_000))
  return {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: wallNanos,
    currentTimeNanos: Effect.sync(wallNanos),
    monotonicTimeNanosUnsafe: nanos,
    monotonicTimeNanos: Effect.sync(nanos),
    sleep
  }
}

export const partsOf = (clock: Clock.Clock): ClockParts => ({
  millis: () => clock.currentTimeMillisUnsafe(),
  nanos: () => clock.monotonicTimeNanosUnsafe(),
  sleep: (duration) => clock.sleep(duration)
})

/** The clock of the machine. */
export const liveClock: Clock.Clock = Clock.Clock.defaultValue()

export const withClock =
  (clock: Clock.Clock) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideService(self, Clock.Clock, clock)

export const layerClock = (clock: Clock.Clock): Layer.Layer<never> => Layer.succeed(Clock.Clock, clock)
