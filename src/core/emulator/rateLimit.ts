import type { EmulatorRateLimit } from "./model.js"

/** The times of requests within the last window, in order. Those of one millisecond share an entry. */
interface Window {
  readonly entries: Array<{ readonly at: number; count: number }>
  total: number
}

/** The requests of the one secret key. Each request counts in `all`, and counts in `accepted` unless it got a 429. */
export interface RateLimiter {
  readonly limit: number
  readonly window: number
  readonly all: Window
  readonly accepted: Window
  requests: number
  rejected: number
  mostInWindow: number
}

const makeWindow = (): Window => ({ entries: [], total: 0 })

export const makeRateLimiter = (limit: number, window: number): RateLimiter => ({
  limit,
  window,
  all: makeWindow(),
  accepted: makeWindow(),
  requests: 0,
  rejected: 0,
  mostInWindow: 0
})

export const clearRateLimiter = (limiter: RateLimiter): void => {
  for (const window of [limiter.all, limiter.accepted]) {
    window.entries.length = 0
    window.total = 0
  }
  limiter.requests = 0
  limiter.rejected = 0
  limiter.mostInWindow = 0
}

/** Forgets the requests that a window before this moment began with. */
const dropBefore = (window: Window, start: number): void => {
  let dropped = 0
  for (const { at, count } of window.entries) {
    if (at > start) break
    window.total -= count
    dropped++
  }
  if (dropped > 0) window.entries.splice(0, dropped)
}

const addTo = (window: Window, now: number): void => {
  const last = window.entries.at(-1)
  if (last?.at === now) last.count++
  else window.entries.push({ at: now, count: 1 })
  window.total++
}

/**
 * Counts a request. Returns the whole seconds to wait, if the limit rejects it, and `undefined` otherwise. The window
 * slides, so that a limit holds in each window. A rejected request takes nothing of the limit.
 */
export const countRequest = (limiter: RateLimiter, now: number): number | undefined => {
  const { accepted, all, limit, window } = limiter
  dropBefore(all, now - window)
  dropBefore(accepted, now - window)
  addTo(all, now)
  limiter.requests++
  limiter.mostInWindow = Math.max(limiter.mostInWindow, all.total)
  if (accepted.total < limit) {
    addTo(accepted, now)
    return undefined
  }
  limiter.rejected++
  const oldest = accepted.entries[0]?.at ?? now
  return Math.max(1, Math.ceil((oldest + window - now) / 1000))
}

export const rateLimitOf = ({
  limit,
  mostInWindow,
  rejected,
  requests,
  window
}: RateLimiter): EmulatorRateLimit => ({
  limit,
  window,
  requests,
  rejected,
  mostInWindow
})
