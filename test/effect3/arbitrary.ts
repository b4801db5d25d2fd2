import * as Arbitrary from "effect/Arbitrary"
import * as EffectFastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import * as FastCheck from "fast-check"
import type { Codec } from "./schema.js"

/** The values of the schema, which Effect makes from a seed. */
export const arbitraryOf = <A, I>(schema: Codec<A, I>): FastCheck.Arbitrary<A> => {
  // Effect has its own copy of fast-check.
  const values = Arbitrary.make(schema)
  return FastCheck.integer().map((seed) => {
    const [value] = EffectFastCheck.sample(values, { seed, numRuns: 1 })
    if (value === undefined) throw new Error("no value was made")
    return value
  })
}

/** What the values of the schema look like in JSON. */
export const encodedArbitraryOf = <A, I>(schema: Codec<A, I>): FastCheck.Arbitrary<I> =>
  arbitraryOf(Schema.encodedBoundSchema(schema))
