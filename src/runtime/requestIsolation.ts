import * as Effect from "effect/Effect"

/**
 * Whether a request must not wait for what another request has started. On Cloudflare Workers a fiber that waits for
 * the promise, Deferred or fiber of another request is never resumed, and the runtime responds with 500. When a client
 * hangs up, the runtime drops the timers and connections of its request, and nothing in it runs again, not even
 * finalizers.
 */
export const isolatesRequests = (): boolean => {
  try {
    return globalThis.navigator?.userAgent === "Cloudflare-Workers"
  } catch {
    return false
  }
}

/**
 * Waits on a timer of the platform, which belongs to the request whose fiber runs this. A timer of Effect's `Clock`
 * would never fire under `TestClock`, while the request that is waited for uses real time.
 */
export const waitMillis = (millis: number): Effect.Effect<void> =>
  Effect.async((resume) => {
    const timer = setTimeout(() => resume(Effect.void), millis)
    return Effect.sync(() => clearTimeout(timer))
  })

/** Runs `beat` on a timer of this request as long as `self` runs, so that other requests can tell that it is alive. */
export const withHeartbeat = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  millis: number,
  beat: () => void
): Effect.Effect<A, E, R> =>
  Effect.acquireUseRelease(
    Effect.sync(() => setInterval(beat, millis)),
    () => self,
    (timer) => Effect.sync(() => clearInterval(timer))
  )
