import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { ClerkKeysUnavailable } from "../errors/TokenErrors.js"
import type { ClerkHttpService } from "../services/ClerkHttp.js"
import type { SigningKeysService, VerificationKey } from "../services/SigningKeys.js"
import { fetchKeySet } from "./jwksOperation.js"
import type { KeySet } from "./keySet.js"

const nanos = (duration: Duration.DurationInput): bigint => Duration.unsafeToNanos(duration)

/** For so long a set is taken as it is. A fixed time from the fetch: were it prolonged by use, no key could be withdrawn. */
const freshFor = nanos("10 minutes")
/** For so long it is used when Clerk cannot be reached. */
const staleFor = nanos("1 hour")
/** From the end of one request, whatever came of it, to the next. */
const cooldown = nanos("30 seconds")
/** A key id that was looked for in vain leads to no request for so long. */
const unknownFor = nanos("5 minutes")
const maxUnknown = 128
/** Who could go on with a stale key does not wait longer for a fresh one. */
const patience: Duration.DurationInput = "1 second"

interface Held {
  readonly keys: KeySet
  readonly freshUntil: bigint
  readonly staleUntil: bigint
}

/** A request under way: one for all who wait. */
interface Refresh {
  readonly done: Deferred.Deferred<void, ClerkKeysUnavailable>
  fiber: Fiber.RuntimeFiber<void> | undefined
  waiting: number
  /** It has tried the patience of somebody with a stale key; nobody else with one waits for it. */
  slow: boolean
}

const caches = new WeakMap<ClerkHttpService, SigningKeysService>()

/**
 * The keys of the instance a client belongs to. They are kept per client, not per key id or URL, so that the keys of
 * one instance can never verify a token for another.
 */
export const keysOfClient = (http: ClerkHttpService): SigningKeysService => {
  let cache = caches.get(http)
  if (cache === undefined) {
    cache = makeCache(fetchKeySet(http))
    caches.set(http, cache)
  }
  return cache
}

const makeCache = (fetch: Effect.Effect<KeySet, ClerkKeysUnavailable>): SigningKeysService => {
  let held: Held | undefined
  let refresh: Refresh | undefined
  let coolUntil: bigint | undefined
  let lastFailure: ClerkKeysUnavailable | undefined
  const unknown = new Map<string, bigint>()

  const isCooling = (now: bigint) => coolUntil !== undefined && now < coolUntil

  const outage = (failure: ClerkKeysUnavailable, now: bigint) => {
    const left = coolUntil === undefined || coolUntil <= now ? undefined : Duration.nanos(coolUntil - now)
    return Effect.fail(
      new ClerkKeysUnavailable({ ...failure, ...(left === undefined ? {} : { retryAfter: left }) }, true)
    )
  }

  const remember = (kid: string, now: bigint) => {
    unknown.delete(kid)
    const oldest = unknown.keys().next()
    if (unknown.size >= maxUnknown && oldest.done !== true) unknown.delete(oldest.value)
    unknown.set(kid, now + unknownFor)
  }

  const install = (keys: KeySet, now: bigint) => {
    held = { keys, freshUntil: now + freshFor, staleUntil: now + staleFor }
    lastFailure = undefined
  }

  const settle = (current: Refresh, exit: Exit.Exit<KeySet, ClerkKeysUnavailable>): Effect.Effect<void> =>
    Effect.flatMap(Clock.currentTimeNanos, (now) => {
      if (refresh !== current) return Effect.void
      refresh = undefined
      if (Exit.isSuccess(exit)) {
        coolUntil = now + cooldown
        install(exit.value, now)
        return Effect.void
      }
      // An interrupted request says nothing about Clerk, and a defect is told to everybody until it is mended.
      if (exit.cause._tag !== "Fail") return Effect.void
      coolUntil = now + cooldown
      lastFailure = exit.cause.error
      // The set that came is the truth, be it empty: what it no longer has was withdrawn.
      if (lastFailure.reason === "empty") held = undefined
      return held === undefined || now >= held.staleUntil
        ? Effect.void
        : Effect.logWarning(`${lastFailure.message}; the keys fetched before stay in use`)
    })

  const start = (current: Refresh): Effect.Effect<Fiber.RuntimeFiber<void>> => {
    refresh = current
    return Effect.interruptible(fetch).pipe(
      Effect.exit,
      Effect.flatMap((exit) =>
        Effect.zipRight(settle(current, exit), Deferred.done(current.done, Exit.asVoid(exit)))
      ),
      Effect.asVoid,
      Effect.forkDaemon
    )
  }

  /** A request nobody waits for any more is given up, unless somebody left it to run on. */
  const leave = (current: Refresh): Effect.Effect<void> =>
    Effect.suspend(() => {
      current.waiting--
      if (refresh !== current || current.waiting > 0 || current.slow || current.fiber === undefined) {
        return Effect.void
      }
      refresh = undefined
      return Fiber.interruptFork(current.fiber)
    })

  /** Waits for the request under way, starting it if there is none. */
  const join = (hasStaleKey: boolean): Effect.Effect<void, ClerkKeysUnavailable> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const done = yield* Deferred.make<void, ClerkKeysUnavailable>()
        const current: Refresh = refresh ?? { done, fiber: undefined, waiting: 0, slow: false }
        current.waiting++
        if (current !== refresh) current.fiber = yield* start(current)
        const settled = Deferred.await(current.done)
        const bounded = Effect.timeoutTo(settled, {
          duration: patience,
          onSuccess: () => {},
          onTimeout: () => {
            current.slow = true
          }
        })
        yield* Effect.ensuring(restore(hasStaleKey ? bounded : settled), leave(current))
      })
    )

  const ofSet = ({ keys, freshUntil }: Held, kid: string): VerificationKey | undefined => {
    const key = keys.get(kid)
    return key === undefined ? undefined : { key, freshUntilNanos: freshUntil }
  }

  /** After a request: what is there now is the answer. */
  const settled = (kid: string) =>
    Effect.map(Clock.currentTimeNanos, (now) => {
      const found = held === undefined ? undefined : ofSet(held, kid)
      if (found === undefined) remember(kid, now)
      return found
    })

  return {
    find: (kid) =>
      kid === undefined
        ? Effect.succeed(undefined)
        : Clock.clockWith((clock): Effect.Effect<VerificationKey | undefined, ClerkKeysUnavailable> => {
            const now = clock.unsafeCurrentTimeNanos()
            if (held !== undefined && now >= held.staleUntil) held = undefined
            const found = held === undefined ? undefined : ofSet(held, kid)
            if (held !== undefined && found !== undefined) {
              const stale = Effect.succeed(found)
              if (now < held.freshUntil || isCooling(now) || refresh?.slow === true) return stale
              return Effect.matchEffect(join(true), { onFailure: () => stale, onSuccess: () => settled(kid) })
            }
            if (refresh === undefined) {
              if (isCooling(now)) {
                return lastFailure === undefined ? Effect.succeed(undefined) : outage(lastFailure, now)
              }
              const until = unknown.get(kid)
              if (held !== undefined && until !== undefined && now < until) return Effect.succeed(undefined)
            }
            return Effect.matchEffect(join(false), {
              onFailure: (failure) => Effect.flatMap(Clock.currentTimeNanos, (now) => outage(failure, now)),
              onSuccess: () => settled(kid)
            })
          })
  }
}
