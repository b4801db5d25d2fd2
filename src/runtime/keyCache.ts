import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import type * as Scope from "effect/Scope"
import * as State from "../core/keys/cache.js"
import type { KeySet } from "../core/keys/keySet.js"
import type { ClerkKeysUnavailable } from "../errors/TokenErrors.js"
import type { ClerkHttpService } from "../services/ClerkHttp.js"
import type { SigningKeysService, VerificationKey } from "../services/SigningKeys.js"
import { deadline, fetchKeySet, unavailable } from "./fetchKeys.js"
import { isolatesRequests, waitMillis, withHeartbeat } from "./requestIsolation.js"

type FetchKeys = Effect.Effect<KeySet, ClerkKeysUnavailable>

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
 * one instance can never verify a token for another. A fetch nobody waits for ends with the last scope.
 */
export const keysOfClient = (
  http: ClerkHttpService,
  isIsolated = isolatesRequests()
): Effect.Effect<SigningKeysService, never, Scope.Scope> =>
  Effect.suspend(() => {
    let cache = caches.get(http)
    if (cache === undefined) {
      cache = makeCache(fetchKeySet(http), isIsolated)
      caches.set(http, cache)
    }
    return serviceOf(cache)
  })

/** The keys that `fetch` gives, in a cache of their own. */
export const keysFrom = (
  fetch: FetchKeys,
  isIsolated = isolatesRequests()
): Effect.Effect<SigningKeysService, never, Scope.Scope> =>
  Effect.suspend(() => serviceOf(makeCache(fetch, isIsolated)))

const serviceOf = ({ hold, release, service }: Cache) =>
  Effect.as(
    Effect.acquireRelease(hold, () => release),
    service
  )

const makeCache = (fetch: FetchKeys, isIsolated: boolean): Cache =>
  isIsolated ? isolatedCache(fetch) : sharedCache(fetch)

/** The effect of a decision that needs no fetch. */
const answer = (decision: State.Decision<unknown>): Answer | undefined => {
  switch (decision._tag) {
    case "Answer":
      return decision.key === undefined ? none : Effect.succeed(decision.key)
    case "Unavailable":
      return Effect.fail(decision.error)
    default:
      return undefined
  }
}

const warn = (failure: ClerkKeysUnavailable) =>
  Effect.logWarning(`${failure.message}; the keys fetched before stay in use`)

/** A fetch that all callers wait for. */
interface SharedFetch extends State.FetchInProgress {
  readonly done: Deferred.Deferred<void, ClerkKeysUnavailable>
  fiber: Fiber.RuntimeFiber<void> | undefined
  waiting: number
}

/** One fetch, in a fiber of its own, for all callers that wait for it. */
const sharedCache = (fetch: FetchKeys): Cache => {
  let state: State.KeyState<SharedFetch> = State.noKeys
  let holders = 0

  const look = (kid: string, now: bigint) => {
    state = State.at(state, now)
    return State.decide(state, kid, now)
  }

  const after = (kid: string, failure?: ClerkKeysUnavailable): Answer =>
    withNow((now) => {
      state = State.at(state, now)
      return answer(State.decideAfter(state, kid, failure, now)) ?? none
    })

  const settle = (
    current: SharedFetch,
    exit: Exit.Exit<KeySet, ClerkKeysUnavailable>,
    now: bigint
  ): Effect.Effect<unknown> => {
    state = State.at(State.ended(state, current, exit, now), now)
    const told = Deferred.done(current.done, Exit.asVoid(exit))
    const failure = State.failureOf(exit)
    return failure === undefined || state.held === undefined
      ? told
      : // A logger is the user's code, so the callers that wait come first.
        Effect.zipRight(told, warn(failure))
  }

  const start = (current: SharedFetch): Effect.Effect<void> =>
    Effect.interruptible(fetch).pipe(
      Effect.exit,
      Effect.flatMap((exit) => withNow((now) => settle(current, exit, now))),
      Effect.asVoid,
      Effect.forkDaemon,
      Effect.andThen((fiber) => {
        current.fiber = fiber
      })
    )

  const giveUp = ({ fiber }: SharedFetch): Effect.Effect<unknown> =>
    fiber === undefined ? Effect.void : Fiber.interrupt(fiber)

  /**
   * Without keys, a fetch nobody waits for any more is given up. With keys it goes on: else a client that hangs up early
   * could cause one with each forged key id, and keep a withdrawn key alive.
   */
  const leave = (current: SharedFetch): Effect.Effect<unknown> =>
    Effect.suspend(() => {
      current.waiting--
      if (state.fetch !== current || current.waiting > 0 || state.held !== undefined) return Effect.void
      state = State.abandoned(state, current)
      return Effect.forkDaemon(giveUp(current))
    })

  /** Waits for the fetch in progress, and starts it if there is none. */
  const ask = (kid: string): Answer =>
    Effect.uninterruptibleMask((restore) =>
      withNow((now) => {
        // Others may have come since this was last looked at. From here to the fetch nothing comes between.
        const decision = look(kid, now)
        const answered = answer(decision)
        if (answered !== undefined) return answered
        const current: SharedFetch =
          decision._tag === "Wait"
            ? decision.fetch
            : { startedAt: now, done: Deferred.unsafeMake(FiberId.none), fiber: undefined, waiting: 0 }
        const isFirst = state.fetch !== current
        if (isFirst) state = State.begin(state, current)
        current.waiting++
        const done = Effect.as(Deferred.await(current.done), true)
        const isDone =
          state.held?.keys.get(kid) === undefined
            ? done
            : Effect.timeoutTo(done, {
                duration: Duration.nanos(current.startedAt + State.staleWait - now),
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
    kid === undefined ? none : withNow((now) => answer(look(kid, now)) ?? ask(kid))

  return {
    service: { find },
    hold: Effect.sync(() => {
      holders++
    }),
    release: withNow((now) => {
      holders--
      const { fetch } = state
      if (holders > 0 || fetch === undefined || fetch.waiting > 0) return Effect.void
      // It was left to run on because there are keys. A client that is held for one token at a time must not cause a
      // fetch with each of them, so this counts as a failure.
      state = State.failed(state, fetch, unavailable("unreachable"), now)
      return giveUp(fetch)
    })
  }
}

/** A fetch that one request makes in its own fiber, while the others look from time to time whether it has ended. */
interface IsolatedFetch extends State.FetchInProgress {
  readonly expiresAt: bigint
  beats: number
}

/** What a caller that waits has seen of a fetch. */
interface Watch {
  readonly fetch: IsolatedFetch
  readonly beats: number
  /** How often it has looked since the last beat. */
  readonly looks: number
}

/** Longer than any fetch takes that can still end. */
const expiry = Duration.unsafeToNanos(deadline) + 1_000_000_000n
const pollMillis = 10
const beatMillis = 20
/** Both timers run on one thread, so this many looks without a beat mean that the other timer is gone. */
const maxLooks = 20

/**
 * For runtimes where a request must not wait for another one. All that requests share is data: the state of the cache.
 */
const isolatedCache = (fetch: FetchKeys): Cache => {
  let state: State.KeyState<IsolatedFetch> = State.noKeys

  const look = (kid: string, now: bigint) => {
    state = State.at(state, now)
    return State.decide(state, kid, now)
  }

  /** The fetch is interrupted with the caller: when the response is sent, the runtime ends everything in the request. */
  const end = (
    kid: string,
    current: IsolatedFetch,
    exit: Exit.Exit<KeySet, ClerkKeysUnavailable>,
    now: bigint
  ): Answer => {
    const next = Exit.isInterrupted(exit)
      ? State.lost(state, current)
      : State.ended(state, current, exit, now)
    state = State.at(next, now)
    const failure = State.failureOf(exit)
    // An interruption or a defect is the caller's own.
    if (failure === undefined && Exit.isFailure(exit)) return Effect.failCause(exit.cause)
    const told = answer(State.decideAfter(state, kid, failure, now)) ?? none
    return failure === undefined || state.held === undefined
      ? told
      : // What a logger throws must not become the caller's.
        Effect.zipRight(Effect.exit(warn(failure)), told)
  }

  const lead = (kid: string): Answer =>
    Effect.uninterruptibleMask((restore) =>
      withNow((now) => {
        // As above: nothing comes between this look and the start.
        if (look(kid, now)._tag !== "Fetch") return restore(find(kid))
        const current: IsolatedFetch = { startedAt: now, expiresAt: now + expiry, beats: 0 }
        const hasStaleKey = state.held?.keys.get(kid) !== undefined
        state = State.begin(state, current)
        const limited = hasStaleKey
          ? Effect.timeoutFail(fetch, {
              duration: Duration.nanos(State.staleWait),
              onTimeout: () => unavailable("unreachable", "ClerkTimeout")
            })
          : fetch
        return restore(
          withHeartbeat(limited, beatMillis, () => {
            current.beats++
          })
        ).pipe(
          Effect.exit,
          Effect.flatMap((exit) => withNow((now) => end(kid, current, exit, now)))
        )
      })
    )

  const attempt = (kid: string, seen: Watch | undefined): Answer =>
    withNow((now) => {
      const decision = look(kid, now)
      if (decision._tag === "Wait") {
        const { fetch } = decision
        const looks = seen?.fetch === fetch && seen.beats === fetch.beats ? seen.looks + 1 : 0
        if (looks < maxLooks) {
          return Effect.zipRight(waitMillis(pollMillis), attempt(kid, { fetch, beats: fetch.beats, looks }))
        }
        state = State.lost(state, fetch)
        return attempt(kid, undefined)
      }
      return answer(decision) ?? lead(kid)
    })

  const find = (kid: string | undefined): Answer => (kid === undefined ? none : attempt(kid, undefined))

  // There is no fetch that no caller makes itself, so no scope has one to end.
  return { service: { find }, hold: Effect.void, release: Effect.void }
}
