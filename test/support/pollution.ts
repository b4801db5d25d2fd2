import * as Effect from "effect/Effect"

/** Runs an effect while every object inherits `entries`, as after a prototype pollution elsewhere in a program. */
export const withPollutedPrototype =
  (entries: { readonly [key: string]: unknown }) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        for (const [key, value] of Object.entries(entries)) {
          Object.defineProperty(Object.prototype, key, {
            value,
            configurable: true,
            enumerable: true,
            writable: true
          })
        }
      }),
      () => self,
      () =>
        Effect.sync(() => {
          for (const key of Object.keys(entries)) Reflect.deleteProperty(Object.prototype, key)
        })
    )
