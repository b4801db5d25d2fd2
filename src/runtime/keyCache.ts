import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { failureOf, isInterrupted, withoutFailures } from "#major/cause.js"
import { forkDetach, makeDeferred, nanosOf, type RunningFiber, timeoutFail } from "#major/fiber.js"
import * as State from "../core/keys/cache.js"
import type { KeySet } from "../core/keys/keySet.js"
import type { KeysFailure, VerificationKey } from "../core/model.js"
import type { ClerkKeysUnavailable } from "../errors/TokenErrors.js"
import { keysUnavailable } from "./errors.js"
import { type Beats, isolatesRequests, maxLooks, pollMillis, waitMillis, withHeartbeat } from "./isolation.js"

/**
 * The service behind `SigningKeys`, which finds the key that verifies a token.
 *
 * @since 4.0.0
 * @category models
 */
export interface SigningKeysService {
  /**
   * Returns the key with this id (`kid` in the header of a token), or `undefined` if the instance has no such key.
   * Fails with `ClerkKeysUnavailable` if the keys cannot be fetched.
   */
  readonly find: (kid: string | undefined) => Effect.Effect<VerificationKey | undefined, ClerkKeysUnavailable>
}

type Found = ReturnType<SigningKeysService["find"]>

type FetchKeys = Effect.Effect<KeySet, KeysFailure>

type FetchExit = Exit.Exit<KeySet, KeysFailure>

/** How long a fetch of the keys may take with all its attempts. */
export const fetchDeadline = "8 seconds"

/** The keys of one instance, and their fetches. */
export interface KeyCache {
  readonly service: SigningKeysService
  readonly hold: Effect.Effect<void>
  readonly release: Effect.Effect<void>
}

/** Makes a cache of the keys that `fetch` returns. */
export const makeKeyCache = (fetch: FetchKeys, isIsolated = isolatesRequests()): KeyCache =>
  isIsolated ? isolatedCache(fetch) : sharedCache(fetch)

/** Uses a cache as long as the scope is open. A fetch that no caller waits for ends with the last scope. */
export const keysIn = ({
  hold,
  release,
  service
}: KeyCache): Effect.Effect<SigningKeysService, never, Scope.Scope> =>
  Effect.as(
    Effect.acquireRelease(hold, () => release),
    service
  )

const none: Found = Effect.succeed(undefined)

/** Does not use `Clock.currentTimeNanos`, which dies under TestClock at a time between two milliseconds. */
const withNow = <A, E>(use: (now: bigint) => Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Clock.clockWith((clock) => use(nanosOf(clock)))

/** The effect of a step that needs no fetch. */
const withoutFetch = (step: State.Step<unknown>): Found | undefined => {
  switch (step._tag) {
    case "Found":
      return step.key === undefined ? none : Effect.succeed(step.key)
    case "Unavailable":
      return Effect.fail(keysUnavailable(step.failure))
    default:
      return undefined
  }
}

const endOf = <F>(fetch: F, exit: FetchExit): State.KeyEvent<F> => {
  const result = Exit.isSuccess(exit) ? exit.value : failureOf(exit)
  return result === undefined ? { _tag: "Abandoned", fetch } : { _tag: "Ended", fetch, result }
}

/** One fetch serves all callers, and what a caller gets tells a client nothing about the cause. So the fetch is logged. */
const warn = (failure: KeysFailure, hasKeys: boolean) =>
  Effect.logWarning(
    `${keysUnavailable(failure).message}; ${hasKeys ? "the keys fetched before stay in use" : "no token can be verified"}`
  )

/** A fetch that all callers wait for. */
interface SharedFetch extends State.FetchInProgress {
  readonly done: Deferred.Deferred<void, KeysFailure>
  fiber: RunningFiber<void, never> | undefined
  waiting: number
}

/** One fetch, in a fiber of its own, for all callers that wait for it. */
const sharedCache = (fetch: FetchKeys): KeyCache => {
  let state: State.KeyState<SharedFetch> = State.noKeys
  let holders = 0

  const stepFor = (kid: string, now: bigint) => {
    state = State.at(state, now)
    return State.decide(state, kid, now)
  }

  const afterFetch = (kid: string, failure?: KeysFailure): Found =>
    withNow((now) => {
      state = State.at(state, now)
      return withoutFetch(State.decideAfter(state, kid, failure, now)) ?? none
    })

  const settle = (current: SharedFetch, exit: FetchExit, now: bigint): Effect.Effect<unknown> => {
    state = State.next(state, endOf(current, exit), now)
    const done = Deferred.done(current.done, Exit.asVoid(exit))
    const failure = failureOf(exit)
    return failure === undefined
      ? done
      : // A logger is the user's code, so the callers that wait come first.
        Effect.andThen(done, warn(failure, state.held !== undefined))
  }

  const start = (current: SharedFetch): Effect.Effect<void> =>
    Effect.map(
      forkDetach(
        Effect.flatMap(Effect.exit(Effect.interruptible(fetch)), (exit) =>
          withNow((now) => Effect.asVoid(settle(current, exit, now)))
        )
      ),
      (fiber) => {
        current.fiber = fiber
      }
    )

  const interrupt = ({ fiber }: SharedFetch): Effect.Effect<unknown> =>
    fiber === undefined ? Effect.void : Fiber.interrupt(fiber)

  /**
   * Without keys, a fetch that no caller waits for any more is interrupted. With keys it goes on. Otherwise a client that
   * hangs up early could cause a fetch with each forged key id, and keep a revoked key in use.
   */
  const leave = (current: SharedFetch): Effect.Effect<unknown> =>
    withNow((now) => {
      current.waiting--
      if (state.fetch !== current || current.waiting > 0 || state.held !== undefined) return Effect.void
      state = State.next(state, { _tag: "Abandoned", fetch: current }, now)
      return forkDetach(interrupt(current))
    })

  /** Waits for the fetch in progress, or starts one. */
  const waitForFetch = (kid: string): Found =>
    Effect.uninterruptibleMask((restore) =>
      withNow((now) => {
        // The state may have changed since the last step. From here to the start of the fetch no other fiber runs.
        const step = stepFor(kid, now)
        const found = withoutFetch(step)
        if (found !== undefined) return found
        const current: SharedFetch =
          step._tag === "Wait"
            ? step.fetch
            : { startedAt: now, done: makeDeferred(), fiber: undefined, waiting: 0 }
        const isFirst = state.fetch !== current
        if (isFirst) state = State.next(state, { _tag: "Started", fetch: current }, now)
        current.waiting++
        const done = Deferred.await(current.done)
        const isDone =
          state.held?.keys.get(kid) === undefined
            ? Effect.as(done, true)
            : Effect.map(
                Effect.timeoutOption(done, Duration.nanos(current.startedAt + State.staleWait - now)),
                Option.isSome
              )
        return Effect.andThen(
          isFirst ? start(current) : Effect.void,
          Effect.ensuring(restore(isDone), leave(current))
        ).pipe(
          Effect.matchEffect({
            onFailure: (failure) => afterFetch(kid, failure),
            onSuccess: (isDone) => (isDone ? afterFetch(kid) : restore(find(kid)))
          })
        )
      })
    )

  const find = (kid: string | undefined): Found =>
    kid === undefined ? none : withNow((now) => withoutFetch(stepFor(kid, now)) ?? waitForFetch(kid))

  return {
    service: { find },
    hold: Effect.sync(() => {
      holders++
    }),
    release: withNow((now) => {
      holders--
      const { fetch } = state
      if (holders > 0 || fetch === undefined || fetch.waiting > 0) return Effect.void
      // The fetch was left to run because keys are held. A client that is held for one token at a time must not cause a
      // fetch with each token, so this counts as a failure.
      state = State.next(state, { _tag: "Ended", fetch, result: State.unavailable("unreachable") }, now)
      return interrupt(fetch)
    })
  }
}

/** A fetch that one request makes in its own fiber, while the others look from time to time whether it has ended. */
interface IsolatedFetch extends State.FetchInProgress, Beats {
  readonly expiresAt: bigint
}

/** What a waiting caller has observed of a fetch. */
interface Watch {
  readonly fetch: IsolatedFetch
  readonly beats: number
  /** How often it has looked since the last beat. */
  readonly looks: number
}

/** Longer than any fetch that can still end. */
const expiry = BigInt(Duration.toMillis(fetchDeadline) + 1_000) * 1_000_000n
/**
 * For runtimes where a request must not wait for another one. Requests share only data: the state of the cache.
 */
const isolatedCache = (fetch: FetchKeys): KeyCache => {
  let state: State.KeyState<IsolatedFetch> = State.noKeys

  const stepFor = (kid: string, now: bigint) => {
    state = State.at(state, now)
    return State.decide(state, kid, now)
  }

  /** The fetch is interrupted with the caller: when the response is sent, the runtime ends everything in the request. */
  const settle = (kid: string, current: IsolatedFetch, exit: FetchExit, now: bigint): Found => {
    state = State.next(
      state,
      isInterrupted(exit) ? { _tag: "Lost", fetch: current } : endOf(current, exit),
      now
    )
    const failure = failureOf(exit)
    // An interruption or a defect is the caller's own, and holds no failure.
    if (failure === undefined && Exit.isFailure(exit)) return Effect.failCause(withoutFailures(exit.cause))
    const found = withoutFetch(State.decideAfter(state, kid, failure, now)) ?? none
    return failure === undefined
      ? found
      : // A defect of a logger must not become the caller's.
        Effect.andThen(Effect.exit(warn(failure, state.held !== undefined)), found)
  }

  const fetchFor = (kid: string): Found =>
    Effect.uninterruptibleMask((restore) =>
      withNow((now) => {
        // As above: from here to the start of the fetch no other fiber runs.
        if (stepFor(kid, now)._tag !== "Fetch") return restore(find(kid))
        const current: IsolatedFetch = { startedAt: now, expiresAt: now + expiry, beats: 0 }
        const hasStaleKey = state.held?.keys.get(kid) !== undefined
        state = State.next(state, { _tag: "Started", fetch: current }, now)
        const limited = hasStaleKey
          ? timeoutFail(fetch, Duration.nanos(State.staleWait), () =>
              State.unavailable("unreachable", "ClerkTimeout")
            )
          : fetch
        return restore(withHeartbeat(limited, current)).pipe(
          Effect.exit,
          Effect.flatMap((exit) => withNow((now) => settle(kid, current, exit, now)))
        )
      })
    )

  const attempt = (kid: string, seen: Watch | undefined): Found =>
    withNow((now) => {
      const step = stepFor(kid, now)
      if (step._tag === "Wait") {
        const { fetch } = step
        const looks = seen?.fetch === fetch && seen.beats === fetch.beats ? seen.looks + 1 : 0
        if (looks < maxLooks) {
          return Effect.andThen(waitMillis(pollMillis), attempt(kid, { fetch, beats: fetch.beats, looks }))
        }
        state = State.next(state, { _tag: "Lost", fetch }, now)
        return attempt(kid, undefined)
      }
      return withoutFetch(step) ?? fetchFor(kid)
    })

  const find = (kid: string | undefined): Found => (kid === undefined ? none : attempt(kid, undefined))

  // Each fetch is made by a caller itself, so no scope has one to end.
  return { service: { find }, hold: Effect.void, release: Effect.void }
}
