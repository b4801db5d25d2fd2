import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

export interface MovableClock {
  readonly clock: Clock.Clock
  readonly advance: (duration: Duration.DurationInput) => Effect.Effect<void>
}

/** The clock of the machine, and as far ahead of it as it has been moved. What sleeps is not woken. */
export const make = (): MovableClock => {
  const live = Clock.make()
  let ahead = 0
  const nanos = () => BigInt(Math.round(ahead * 1e6))
  return {
    clock: {
      [Clock.ClockTypeId]: Clock.ClockTypeId,
      unsafeCurrentTimeMillis: () => live.unsafeCurrentTimeMillis() + ahead,
      unsafeCurrentTimeNanos: () => live.unsafeCurrentTimeNanos() + nanos(),
      currentTimeMillis: Effect.map(live.currentTimeMillis, (millis) => millis + ahead),
      currentTimeNanos: Effect.map(live.currentTimeNanos, (value) => value + nanos()),
      sleep: live.sleep
    },
    advance: (duration) =>
      Effect.sync(() => {
        ahead += Duration.toMillis(duration)
      })
  }
}
