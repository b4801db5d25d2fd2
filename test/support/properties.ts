import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Runtime from "effect/Runtime"

type Arbitraries<A> = { readonly [K in keyof A]: FastCheck.Arbitrary<A[K]> }

/**
 * Checks a property with all runs on one test clock, which has to be set only once. A failure prints the seed and the
 * smallest counterexample.
 */
export const checked = <A extends ReadonlyArray<unknown>>(
  arbitraries: Arbitraries<A>,
  holds: (values: A) => Effect.Effect<void, unknown>,
  numRuns = 100
): Effect.Effect<void> => {
  const list: ReadonlyArray<FastCheck.Arbitrary<unknown>> = arbitraries
  return Effect.flatMap(Effect.runtime(), (runtime) =>
    Effect.promise(() =>
      FastCheck.assert(
        FastCheck.asyncProperty(
          FastCheck.tuple(...list),
          // Each value is from the arbitrary at its place.
          (values) => Runtime.runPromise(runtime)(holds(values as ReadonlyArray<unknown> as A))
        ),
        { numRuns }
      )
    )
  )
}

/** A test of a property, as `it.effect.prop`. */
export const prop = <A extends ReadonlyArray<unknown>>(
  title: string,
  arbitraries: Arbitraries<A>,
  holds: (values: A) => Effect.Effect<void, unknown>,
  numRuns?: number
) => it.effect(title, () => checked(arbitraries, holds, numRuns), 30_000)
