import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { liveClock } from "./fiber.js"

/** Makes a clock that is ahead of the machine's by a number of milliseconds. */
export const clockAhead = (
  aheadMillis: () => number,
  sleep: (duration: Duration.Duration) => Effect.Effect<void>
): Clock.Clock => {
  const millis = () => liveClock.unsafeCurrentTimeMillis() + aheadMillis()
  const nanos = () => liveClock.unsafeCurrentTimeNanos() + BigInt(Math.round(aheadMillis() * 1e6))
  return {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: millis,
    unsafeCurrentTimeNanos: nanos,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanos: Effect.sync(nanos),
    sleep
  }
}

/** Runs an effect with a clock. */
export const withClock: <A, E, R>(
  self: Effect.Effect<A, E, R>,
  clock: Clock.Clock
) => Effect.Effect<A, E, R> = Effect.withClock
