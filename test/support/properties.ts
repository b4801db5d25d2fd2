import * as Effect from "effect/Effect"
import * as FastCheck from "fast-check"
import { runner } from "#test/fiber.js"
import { it } from "#test/vitest.js"

type Arbitraries<A> = { readonly [K in keyof A]: FastCheck.Arbitrary<A[K]> }

/** The values of all arbitraries, in their order. */
const tuple = <A extends ReadonlyArray<unknown>>(arbitraries: Arbitraries<A>): FastCheck.Arbitrary<A> => {
  const list: ReadonlyArray<FastCheck.Arbitrary<unknown>> = arbitraries
  // Each value is from the arbitrary at its place.
  return FastCheck.tuple(...list).map((values) => values as ReadonlyArray<unknown> as A)
}

/**
 * Checks a property with all runs on one test clock, which has to be set only once. A failure prints the seed and the
 * smallest counterexample.
 */
export const checked = <A extends ReadonlyArray<unknown>>(
  arbitraries: Arbitraries<A>,
  holds: (values: A) => Effect.Effect<void, unknown>,
  numRuns = 100
): Effect.Effect<void> =>
  Effect.flatMap(runner(), ({ runPromise }) =>
    Effect.promise(() =>
      FastCheck.assert(
        FastCheck.asyncProperty(tuple(arbitraries), (values) => runPromise(holds(values))),
        { numRuns }
      )
    )
  )

/** A test of a property that is an effect. */
export const prop = <A extends ReadonlyArray<unknown>>(
  title: string,
  arbitraries: Arbitraries<A>,
  holds: (values: A) => Effect.Effect<void, unknown>,
  numRuns?: number
) => it.effect(title, () => checked(arbitraries, holds, numRuns), 30_000)

/** A test of a property without effects. */
export const plainProp = <A extends ReadonlyArray<unknown>>(
  title: string,
  arbitraries: Arbitraries<A>,
  holds: (values: A) => void,
  numRuns = 100
) => it(title, () => FastCheck.assert(FastCheck.property(tuple(arbitraries), holds), { numRuns }))
