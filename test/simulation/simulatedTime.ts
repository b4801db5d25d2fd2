import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Scheduler from "effect/Scheduler"

/** A small generator of random numbers from 0 to 1 that is deterministic for a seed (mulberry32). */
export const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

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

  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => now,
    unsafeCurrentTimeNanos: () => BigInt(Math.round(now * 1_000_000)),
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanos: Effect.sync(() => BigInt(Math.round(now * 1_000_000))),
    sleep: (duration) =>
      Effect.async<void>((resume) => {
        const sleep = {
          until: now + Duration.toMillis(duration),
          order: order++,
          wake: () => resume(Effect.void)
        }
        sleeps.add(sleep)
        return Effect.sync(() => void sleeps.delete(sleep))
      })
  }

  const fiber = Effect.runFork(Effect.withClock(self, clock), {
    scheduler: Scheduler.make((task) => void tasks.push(task))
  })
  for (;;) {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task()
    const exit = fiber.unsafePoll()
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
