import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

/** Random numbers that follow from the seed. */
export const withSeed: (
  seed: string | number
) => <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = Random.withSeed

/** Always the same number from 0 to 1. */
export const withRandom =
  (number: number) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideService(self, Random.Random, {
      nextDoubleUnsafe: () => number,
      nextIntUnsafe: () => Math.floor(number * Number.MAX_SAFE_INTEGER)
    })

/** A random number between the two. */
export const nextBetween: (min: number, max: number) => Effect.Effect<number> = Random.nextBetween
