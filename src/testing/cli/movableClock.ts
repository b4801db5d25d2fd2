import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { clockAhead } from "#major/clock.js"
import { callback, millisOf } from "#major/fiber.js"
import type { DurationInput } from "#major/time.js"

export interface MovableClock {
  readonly clock: Clock.Clock
  readonly advance: (duration: DurationInput) => Effect.Effect<void>
  /** Returns to the time of the machine. */
  readonly reset: Effect.Effect<void>
}

/** A longer delay does not fit into a timer. It ends only when the clock moves. */
const maxTimerMillis = 2 ** 31 - 1

/** Makes a clock that `advance` moves ahead of the machine's clock, and that wakes the sleepers of the skipped time. */
export const make = (): MovableClock => {
  let ahead = 0
  const sleepers = new Set<() => void>()

  const sleep = (duration: Duration.Duration) =>
    callback<void>((resume) => {
      const until = millisOf(clock) + Duration.toMillis(duration)
      let timer: ReturnType<typeof setTimeout> | undefined
      const stop = () => {
        clearTimeout(timer)
        sleepers.delete(wait)
      }
      const wait = () => {
        clearTimeout(timer)
        const left = Math.max(0, until - millisOf(clock))
        if (left > maxTimerMillis) return
        timer = setTimeout(() => {
          stop()
          resume(Effect.void)
        }, left)
      }
      sleepers.add(wait)
      wait()
      return Effect.sync(stop)
    })

  const clock = clockAhead(() => ahead, sleep)

  const setAhead = (millis: number) => {
    ahead = millis
    for (const wait of sleepers) wait()
  }

  return {
    clock,
    advance: (duration) => Effect.sync(() => setAhead(ahead + Duration.toMillis(duration))),
    reset: Effect.sync(() => setAhead(0))
  }
}
