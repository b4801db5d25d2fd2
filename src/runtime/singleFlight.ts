import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { clockOf, forkDetach, makeDeferred, nanosOf, type RunningFiber, withFiber } from "#major/fiber.js"
import { type Beats, isolatesRequests, maxLooks, pollMillis, waitMillis, withHeartbeat } from "./isolation.js"

/** Runs the work of a key once for all concurrent callers, and for those that come shortly after it. */
export type SingleFlight<A> = <R>(key: string, work: Effect.Effect<A, never, R>) => Effect.Effect<A, never, R>

export interface SingleFlightOptions<A> {
  /** How long a result also serves later callers, in nanoseconds. */
  readonly keepNanos: bigint
  /** The number of results to keep. */
  readonly capacity: number
  /** The result for a caller that waits for work which another request has left behind. */
  readonly lost: A
}

/** A result, and how long it serves callers. */
interface Result<A> {
  readonly value: A
  readonly endsAt: bigint
}

interface Flight<A> {
  result: Result<A> | undefined
}

/** Removes the results that have ended, and the oldest ones above the capacity. */
const prune = <A, F extends Flight<A>>(flights: Map<string, F>, capacity: number, now: bigint): void => {
  let surplus = flights.size - capacity
  for (const [key, { result }] of flights) {
    if (result === undefined) continue
    if (result.endsAt > now && surplus <= 0) continue
    flights.delete(key)
    surplus--
  }
}

const nowOf = (fiber: RunningFiber): bigint => nanosOf(clockOf(fiber))

export const makeSingleFlight = <A>(
  options: SingleFlightOptions<A>,
  isIsolated = isolatesRequests()
): SingleFlight<A> => (isIsolated ? isolated(options) : shared(options))

/** Runs the work in its own fiber, so that an interrupted caller does not end it for the others. */
const shared = <A>({ capacity, keepNanos }: SingleFlightOptions<A>): SingleFlight<A> => {
  const flights = new Map<string, Flight<A> & { readonly done: Deferred.Deferred<A> }>()
  return (key, work) =>
    // A caller that is interrupted between the entry and the start of the work would leave the others waiting.
    Effect.uninterruptibleMask((restore) =>
      withFiber((fiber) => {
        prune(flights, capacity, nowOf(fiber))
        const found = flights.get(key)
        if (found !== undefined) return restore(Deferred.await(found.done))
        const flight = { done: makeDeferred<A, never>(), result: undefined as Result<A> | undefined }
        flights.set(key, flight)
        const settle = (exit: Exit.Exit<A>) =>
          withFiber((worker) => {
            if (Exit.isSuccess(exit)) flight.result = { value: exit.value, endsAt: nowOf(worker) + keepNanos }
            else flights.delete(key)
            return Deferred.done(flight.done, exit)
          })
        return Effect.andThen(
          forkDetach(Effect.flatMap(Effect.exit(Effect.interruptible(work)), settle)),
          restore(Deferred.await(flight.done))
        )
      })
    )
}

/** For runtimes where a request must not wait for another one: callers look from time to time for the result. */
const isolated = <A>({ capacity, keepNanos, lost }: SingleFlightOptions<A>): SingleFlight<A> => {
  const flights = new Map<string, Flight<A> & Beats>()
  const await_ = (key: string, flight: Flight<A> & Beats, beats: number, looks: number): Effect.Effect<A> =>
    Effect.suspend(() => {
      if (flight.result !== undefined) return Effect.succeed(flight.result.value)
      const count = flight.beats === beats ? looks + 1 : 0
      if (count >= maxLooks || flights.get(key) !== flight) {
        if (flights.get(key) === flight) flights.delete(key)
        return Effect.succeed(lost)
      }
      return Effect.andThen(waitMillis(pollMillis), await_(key, flight, flight.beats, count))
    })
  return (key, work) =>
    Effect.uninterruptibleMask((restore) =>
      withFiber((fiber) => {
        prune(flights, capacity, nowOf(fiber))
        const found = flights.get(key)
        if (found !== undefined) return restore(await_(key, found, found.beats, 0))
        const flight: Flight<A> & Beats = { beats: 0, result: undefined }
        flights.set(key, flight)
        return restore(withHeartbeat(work, flight)).pipe(
          Effect.onExit((exit) =>
            withFiber((worker) => {
              if (Exit.isSuccess(exit)) {
                flight.result = { value: exit.value, endsAt: nowOf(worker) + keepNanos }
              } else flights.delete(key)
              return Effect.void
            })
          )
        )
      })
    )
}
