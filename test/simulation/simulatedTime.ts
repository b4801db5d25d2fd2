import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { makeClock, withClock } from "#test/clock.js"
import { callback } from "#test/fiber.js"
import { exitOf, runFork } from "#test/scheduler.js"

interface Sleep {
  readonly until: number
  readonly order: number
  readonly wake: () => void
}

const isBefore = (self: Sleep, that: Sleep) =>
  self.until === that.until ? self.order < that.order : self.until < that.until

/**
 * Runs an effect to its end in simulated time, without real waits and in a deterministic order.
 * `TestClock` yields to the platform's timers for each sleep, which is too slow for many thousands.
 */
export const runSimulated = <A>(self: Effect.Effect<A>, horizonMillis = 3_600_000): A => {
  let now = 0
  let order = 0
  const sleeps = new Set<Sleep>()
  const tasks: Array<() => void> = []

  const clock = makeClock({
    millis: () => now,
    nanos: () => BigInt(Math.round(now * 1_000_000)),
    sleep: (duration) =>
      callback<void>((resume) => {
        const sleep = {
          until: now + Duration.toMillis(duration),
          order: order++,
          wake: () => resume(Effect.void)
        }
        sleeps.add(sleep)
        return Effect.sync(() => void sleeps.delete(sleep))
      })
  })

  const fiber = runFork(withClock(clock)(self), {
    schedule: (task) => void tasks.push(task),
    shouldYield: (steps) => steps > 2_048
  })
  for (;;) {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task()
    const exit = exitOf(fiber)
    if (exit?._tag === "Success") return exit.value
    if (exit?._tag === "Failure") throw new Error(`the simulation died: ${exit.cause}`)
    let next: Sleep | undefined
    for (const sleep of sleeps) if (next === undefined || isBefore(sleep, next)) next = sleep
    if (next === undefined || next.until > horizonMillis) throw new Error("the simulation hangs")
    sleeps.delete(next)
    now = Math.max(now, next.until)
    next.wake()
  }
}
