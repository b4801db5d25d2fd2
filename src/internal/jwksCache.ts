import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { ClerkKeysUnavailable } from "../errors/TokenErrors.js"
import type { ClerkHttpService } from "../services/ClerkHttp.js"
import type { SigningKeysService, VerificationKey } from "../services/SigningKeys.js"
import { fetchKeySet, unavailable } from "./jwksOperation.js"
import { isKeyId, type KeySet } from "./keySet.js"

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
/** Who could go on with a stale key does not wait longer for a fresh one, from the start of the request. */
const patience = nanos("1 second")

interface Held {
  readonly keys: ReadonlyMap<string, VerificationKey>
  readonly freshUntil: bigint
  readonly staleUntil: bigint
}

/** A request under way: one for all who wait. */
interface Refresh {
  readonly done: Deferred.Deferred<void, ClerkKeysUnavailable>
  readonly patientUntil: bigint
  fiber: Fiber.RuntimeFiber<void> | undefined
  waiting: number
}

type Answer = Effect.Effect<VerificationKey | undefined, ClerkKeysUnavailable>

const none: Answer = Effect.succeed(undefined)

/** Not `Clock.currentTimeNanos`, which under TestClock dies of times between two milliseconds. */
const withNow = <A, E>(use: (now: bigint) => Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Clock.clockWith((clock) => use(clock.unsafeCurrentTimeNanos()))

interface Cache {
  readonly service: SigningKeysService
  readonly hold: Effect.Effect<void>
  readonly release: Effect.Effect<void>
}

const caches = new WeakMap<ClerkHttpService, Cache>()

/**
 * The keys of the instance a client belongs to. They are kept per client, not per key id or URL, so that the keys of
 * one instance can never verify a token for another. A request nobody waits for ends with the last scope.
 */
export const keysOfClient = (http: ClerkHttpService): Effect.Effect<SigningKeysService, never, Scope.Scope> =>
  Effect.suspend(() => {
    let cache = caches.get(http)
    if (cache === undefined) {
      cache = makeCache(fetchKeySet(http))
      caches.set(http, cache)
    }
    const { hold, release, service } = cache
    return Effect.as(
      Effect.acquireRelease(hold, () => release),
      service
    )
  })

const makeCache = (fetch: Effect.Effect<KeySet, ClerkKeysUnavailable>): Cache => {
  let held: Held | undefined
  let refresh: Refresh | undefined
  let coolUntil: bigint | undefined
  let lastFailure: ClerkKeysUnavailable | undefined
  let holders = 0
  const unknown = new Map<string, bigint>()

  const keyOf = (kid: string, now: bigint): VerificationKey | undefined => {
    if (held !== undefined && now >= held.staleUntil) held = undefined
    return held?.keys.get(kid)
  }

  const isCooling = (now: bigint) => coolUntil !== undefined && now < coolUntil

  const outage = (failure: ClerkKeysUnavailable, now: bigint): Answer => {
    const left = coolUntil === undefined || coolUntil <= now ? undefined : coolUntil - now
    // Whole milliseconds, up: who comes back then is not too early.
    const retryAfter = left === undefined ? undefined : Duration.millis(Math.ceil(Number(left) / 1_000_000))
    return Effect.fail(
      new ClerkKeysUnavailable({ ...failure, ...(retryAfter === undefined ? {} : { retryAfter }) }, true)
    )
  }

  const remember = (kid: string, now: bigint) => {
    unknown.delete(kid)
    const oldest = unknown.keys().next()
    if (unknown.size >= maxUnknown && oldest.done !== true) unknown.delete(oldest.value)
    unknown.set(kid, now + unknownFor)
  }

  /** What can be said without a request, if anything. */
  const known = (kid: string, now: bigint): Answer | undefined => {
    const found = keyOf(kid, now)
    if (held !== undefined && found !== undefined) {
      const isEnough =
        now < held.freshUntil || isCooling(now) || (refresh !== undefined && now >= refresh.patientUntil)
      return isEnough ? Effect.succeed(found) : undefined
    }
    if (!isKeyId(kid)) return none
    if (refresh !== undefined) return undefined
    if (isCooling(now)) return lastFailure === undefined ? none : outage(lastFailure, now)
    const until = unknown.get(kid)
    return held !== undefined && until !== undefined && now < until ? none : undefined
  }

  /** What can be said after a request. */
  const after = (kid: string, failure?: ClerkKeysUnavailable): Answer =>
    withNow((now) => {
      const found = keyOf(kid, now)
      if (found !== undefined) return Effect.succeed(found)
      if (failure !== undefined) return outage(failure, now)
      remember(kid, now)
      return none
    })

  const cool = (failure: ClerkKeysUnavailable | undefined, now: bigint) => {
    coolUntil = now + cooldown
    lastFailure = failure
  }

  const settle = (
    current: Refresh,
    exit: Exit.Exit<KeySet, ClerkKeysUnavailable>,
    now: bigint
  ): Effect.Effect<unknown> => {
    if (refresh !== current) return Effect.void // it was given up
    refresh = undefined
    if (Exit.isSuccess(exit)) {
      cool(undefined, now)
      const freshUntil = now + freshFor
      const keys = Array.from(
        exit.value,
        ([kid, key]) => [kid, { key, freshUntilNanos: freshUntil }] as const
      )
      held = { keys: new Map(keys), freshUntil, staleUntil: now + staleFor }
      return Deferred.succeed(current.done, undefined)
    }
    const failure = Option.getOrUndefined(Cause.failureOption(exit.cause))
    // An interrupted request says nothing about Clerk, and a defect is told to everybody until it is mended.
    if (failure === undefined) return Deferred.failCause(current.done, exit.cause)
    cool(failure, now)
    // The set that came is the truth, be it empty: what it no longer has was withdrawn.
    if (failure.reason === "empty") held = undefined
    const told = Deferred.fail(current.done, failure)
    return held === undefined || now >= held.staleUntil
      ? told
      : // A logger is somebody else's code, so those who wait come first.
        Effect.zipRight(told, Effect.logWarning(`${failure.message}; the keys fetched before stay in use`))
  }

  const start = (current: Refresh): Effect.Effect<void> =>
    Effect.interruptible(fetch).pipe(
      Effect.exit,
      Effect.flatMap((exit) => withNow((now) => settle(current, exit, now))),
      Effect.asVoid,
      Effect.forkDaemon,
      Effect.andThen((fiber) => {
        current.fiber = fiber
      })
    )

  const giveUp = ({ fiber }: Refresh): Effect.Effect<unknown> => {
    refresh = undefined
    return fiber === undefined ? Effect.void : Fiber.interrupt(fiber)
  }

  /**
   * Without keys, a request nobody waits for any more is given up. With keys it goes on: else who hangs up early could
   * have one made with every forged key id, and keep a withdrawn key alive.
   */
  const leave = (current: Refresh): Effect.Effect<unknown> =>
    Effect.suspend(() => {
      current.waiting--
      return refresh === current && current.waiting === 0 && held === undefined
        ? Effect.forkDaemon(giveUp(current))
        : Effect.void
    })

  /** Waits for the request under way, starting it if there is none. */
  const ask = (kid: string): Answer =>
    Effect.uninterruptibleMask((restore) =>
      withNow((now) => {
        // Others may have asked since this was last looked at. From here to the request nothing comes between.
        const answer = known(kid, now)
        if (answer !== undefined) return answer
        const isFirst = refresh === undefined
        refresh ??= {
          done: Deferred.unsafeMake(FiberId.none),
          patientUntil: now + patience,
          fiber: undefined,
          waiting: 0
        }
        const current = refresh
        current.waiting++
        const done = Effect.as(Deferred.await(current.done), true)
        const isDone =
          keyOf(kid, now) === undefined
            ? done
            : Effect.timeoutTo(done, {
                duration: Duration.nanos(current.patientUntil - now),
                onSuccess: (isDone) => isDone,
                onTimeout: () => false
              })
        return Effect.zipRight(
          isFirst ? start(current) : Effect.void,
          Effect.ensuring(restore(isDone), leave(current))
        ).pipe(
          Effect.matchEffect({
            onFailure: (failure) => after(kid, failure),
            onSuccess: (isDone) => (isDone ? after(kid) : restore(find(kid)))
          })
        )
      })
    )

  const find = (kid: string | undefined): Answer =>
    kid === undefined ? none : withNow((now) => known(kid, now) ?? ask(kid))

  return {
    service: { find },
    hold: Effect.sync(() => {
      holders++
    }),
    release: withNow((now) => {
      holders--
      if (holders > 0 || refresh === undefined || refresh.waiting > 0) return Effect.void
      // It was left to run on because there are keys. A client that is held for one token at a time must not have a
      // request made with each of them, so this counts as no answer.
      cool(unavailable("unreachable"), now)
      return giveUp(refresh)
    })
  }
}
