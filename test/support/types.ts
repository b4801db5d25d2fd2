import type * as Effect from "effect/Effect"

/** The value of an effect. */
export type Success<Self> = Self extends Effect.Effect<infer A, unknown, unknown> ? A : never
