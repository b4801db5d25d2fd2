import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { Key } from "./context.js"

/** The layer that the effect returns. */
export const unwrap: <A, E1, R1, E, R>(
  self: Effect.Effect<Layer.Layer<A, E1, R1>, E, R>
) => Layer.Layer<A, E | E1, R | R1> = Layer.unwrapEffect

/** The service that the effect returns, which is closed with the layer. */
export const scoped = <I, S, E, R>(
  tag: Key<I, S>,
  effect: Effect.Effect<S, E, R>
): Layer.Layer<I, E, Exclude<R, Scope.Scope>> => Layer.scoped(tag, effect)

/** Runs the effect when the layer is built. */
export const scopedDiscard: <A, E, R>(
  effect: Effect.Effect<A, E, R>
) => Layer.Layer<never, E, Exclude<R, Scope.Scope>> = Layer.scopedDiscard
