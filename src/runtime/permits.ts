import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { makeDeferred } from "#major/fiber.js"

/** Runs a limited number of effects at a time. The others wait, in the order of their calls. */
export type Permits = <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

interface Waiter {
  readonly turn: Deferred.Deferred<void>
  hasPermit: boolean
}

/**
 * Makes permits. A permit that becomes free goes to the first waiter. The semaphore of Effect 3 resumes all waiters for
 * each permit, so it needs the whole CPU while hundreds of calls wait.
 */
export const makePermits = (count: number): Permits => {
  let free = count
  const waiters = new Set<Waiter>()
  const release = Effect.suspend((): Effect.Effect<unknown> => {
    const [first] = waiters
    if (first === undefined) return Effect.sync(() => (free += 1))
    waiters.delete(first)
    first.hasPermit = true
    return Deferred.succeed(first.turn, undefined)
  })
  return (self) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        if (free > 0) {
          free -= 1
          return Effect.ensuring(restore(self), release)
        }
        const waiter: Waiter = { turn: makeDeferred(), hasPermit: false }
        waiters.add(waiter)
        return Effect.ensuring(
          Effect.andThen(restore(Deferred.await(waiter.turn)), restore(self)),
          // An interruption can come after the waiter got its permit, and before it runs.
          Effect.suspend(() => (waiter.hasPermit ? release : Effect.sync(() => waiters.delete(waiter))))
        )
      })
    )
}
