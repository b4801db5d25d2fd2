import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

/** Random numbers that follow from the seed. */
export const withSeed =
  (seed: string | number) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.withRandom(self, Random.make(seed))

/** Always the same number from 0 to 1. `Random.fixed` is younger than the oldest supported Effect. */
export const withRandom =
  (number: number) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.withRandom(self, {
      [Random.RandomTypeId]: Random.RandomTypeId,
      next: Effect.succeed(number),
      nextBoolean: Effect.succeed(number >= 0.5),
      nextInt: Effect.succeed(Math.floor(number * Number.MAX_SAFE_INTEGER)),
      nextRange: (min, max) => Effect.succeed(min + number * (max - min)),
      nextIntBetween: (min, max) => Effect.succeed(min + Math.floor(number * (max - min))),
      shuffle: (elements) => Effect.succeed(Chunk.fromIterable(elements))
    })

/** A random number between the two. */
export const nextBetween: (min: number, max: number) => Effect.Effect<number> = Random.nextRange
