import * as Effect from "effect/Effect"
import { callback } from "#major/fiber.js"

/*
 * Work that several requests wait for, where no request may wait for another one.
 */

/**
 * Returns whether a request must not wait for work that another request has started. On Cloudflare Workers a fiber that
 * waits for the promise, Deferred or fiber of another request is never resumed, and the runtime responds with 500. When
 * a client hangs up, the runtime drops the timers and connections of its request, and nothing in it runs again, not even
 * finalizers.
 */
export const isolatesRequests = (): boolean => {
  try {
    return globalThis.navigator?.userAgent === "Cloudflare-Workers"
  } catch {
    return false
  }
}

/** Work that one request does in its own fiber, while the others look from time to time whether it has ended. */
export interface Beats {
  beats: number
}

export const pollMillis = 10
const beatMillis = 20
/** Both timers run on one thread, so this many looks without a beat mean that the other timer is gone. */
export const maxLooks = 20

/**
 * Waits on a timer of the platform, which belongs to the request whose fiber runs this. A timer of Effect's `Clock`
 * would never fire under `TestClock`, while the request that makes the fetch uses real time.
 */
export const waitMillis = (millis: number): Effect.Effect<void> =>
  callback((resume) => {
    const timer = setTimeout(() => resume(Effect.void), millis)
    return Effect.sync(() => clearTimeout(timer))
  })

/** Counts beats on a timer of this request while `self` runs, so that other requests can tell that it still runs. */
export const withHeartbeat = <A, E, R>(self: Effect.Effect<A, E, R>, work: Beats): Effect.Effect<A, E, R> =>
  Effect.acquireUseRelease(
    Effect.sync(() => setInterval(() => work.beats++, beatMillis)),
    () => self,
    (timer) => Effect.sync(() => clearInterval(timer))
  )
