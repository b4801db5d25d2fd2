import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as FastCheck from "fast-check"
import type { Codec } from "./schema.js"

/** The values of the schema, which Effect makes from a seed. */
export const arbitraryOf = <A, I>(schema: Codec<A, I>): FastCheck.Arbitrary<A> => {
  const values = Arbitrary.schema(schema)
  return FastCheck.tuple(FastCheck.integer(), FastCheck.nat(20)).map(([seed, size]) => {
    const [value] = Effect.runSync(Arbitrary.sampleEffect(values, { seed, size, count: 1 }))
    if (value === undefined) throw new Error("no value was made")
    return value
  })
}

/** What the values of the schema look like in JSON. */
export const encodedArbitraryOf = <A, I>(schema: Codec<A, I>): FastCheck.Arbitrary<I> =>
  arbitraryOf(Schema.toEncoded(schema))
