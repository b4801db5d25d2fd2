import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { ClerkKeysUnavailable } from "../../errors/TokenErrors.js"
import { unavailable } from "../../runtime/fetchKeys.js"
import type { VerificationKey } from "../../services/SigningKeys.js"
import { isKeyId, type KeySet } from "./keySet.js"

const nanos = (duration: Duration.DurationInput): bigint => Duration.unsafeToNanos(duration)

/** How long a key set is used without a fetch. It counts from the fetch: if use extended it, no key could be withdrawn. */
const freshFor = nanos("10 minutes")
/** How long a key set is used while Clerk is unavailable. */
const staleFor = nanos("1 hour")
/** The pause between two fetches while keys are held, whatever the first one gave. Forged key ids cannot shorten it. */
const pause = nanos("30 seconds")
/** The pause after the first failure while no key is held. It doubles with each failure in a row, up to `pause`. */
const firstBackoff = nanos("1 second")
/** How long a caller with a stale key waits for a fresh one, from the start of the fetch. */
export const staleWait = nanos("1 second")

export interface HeldKeys {
  readonly keys: ReadonlyMap<string, VerificationKey>
  readonly freshUntil: bigint
  readonly staleUntil: bigint
}

export interface FetchInProgress {
  readonly startedAt: bigint
  /** When the fetch counts as failed although it has not ended: the runtime may have cancelled it without running anything more in it. */
  readonly expiresAt?: bigint
}

/** What a key cache knows. All times are nanoseconds of the monotonic clock. */
export interface KeyState<Fetch extends FetchInProgress> {
  readonly held: HeldKeys | undefined
  readonly fetch: Fetch | undefined
  /** When the last fetch ended. */
  readonly endedAt: bigint | undefined
  /** Why the last fetch failed, or `undefined` when it succeeded. */
  readonly failure: ClerkKeysUnavailable | undefined
  /** How many fetches have failed in a row. */
  readonly failures: number
  /** How many fetches in a row ended with the request that made them. */
  readonly lost: number
}

/** No key, and no fetch so far. */
export const noKeys = {
  held: undefined,
  fetch: undefined,
  endedAt: undefined,
  failure: undefined,
  failures: 0,
  lost: 0
}

export type Decision<Fetch> =
  /** The key, or `undefined`: the instance has no such key. */
  | { readonly _tag: "Answer"; readonly key: VerificationKey | undefined }
  | { readonly _tag: "Unavailable"; readonly error: ClerkKeysUnavailable }
  | { readonly _tag: "Wait"; readonly fetch: Fetch }
  | { readonly _tag: "Fetch" }

const noKey = { _tag: "Answer", key: undefined } as const

const backoff = (failures: number): bigint => {
  if (failures === 0) return 0n
  const wait = firstBackoff << BigInt(Math.min(failures, 8) - 1)
  return wait < pause ? wait : pause
}

const pausedUntil = <F extends FetchInProgress>({ endedAt, failures, held }: KeyState<F>): bigint =>
  endedAt === undefined ? 0n : endedAt + (held === undefined ? backoff(failures) : pause)

const unavailableAt = <F extends FetchInProgress>(
  state: KeyState<F>,
  failure: ClerkKeysUnavailable,
  now: bigint
): Decision<F> => {
  const left = pausedUntil(state) - now
  // Rounded up to whole milliseconds, so that a caller who waits this long is not too early.
  const retryAfter = left > 0n ? { retryAfter: Duration.millis(Math.ceil(Number(left) / 1_000_000)) } : {}
  return { _tag: "Unavailable", error: new ClerkKeysUnavailable({ ...failure, ...retryAfter }, true) }
}

/** Applies the time that has passed. */
export const at = <F extends FetchInProgress>(state: KeyState<F>, now: bigint): KeyState<F> => {
  const { fetch, held } = state
  if (held !== undefined && now >= held.staleUntil) return at({ ...state, held: undefined }, now)
  return fetch?.expiresAt !== undefined && now >= fetch.expiresAt
    ? failed(state, fetch, unavailable("unreachable", "ClerkTimeout"), fetch.startedAt)
    : state
}

/** Decides what a caller who needs the key `kid` does now. */
export const decide = <F extends FetchInProgress>(
  state: KeyState<F>,
  kid: string,
  now: bigint
): Decision<F> => {
  const { failure, fetch, held } = state
  const key = held?.keys.get(kid)
  if (held !== undefined && key !== undefined) {
    if (now < held.freshUntil) return { _tag: "Answer", key }
    if (fetch !== undefined) {
      return now >= fetch.startedAt + staleWait ? { _tag: "Answer", key } : { _tag: "Wait", fetch }
    }
    return now < pausedUntil(state) ? { _tag: "Answer", key } : { _tag: "Fetch" }
  }
  if (!isKeyId(kid)) return noKey
  if (fetch !== undefined) return { _tag: "Wait", fetch }
  if (now >= pausedUntil(state)) return { _tag: "Fetch" }
  return failure === undefined ? noKey : unavailableAt(state, failure, now)
}

/** Decides what a caller does whose fetch has just ended: such a caller never starts another one. */
export const decideAfter = <F extends FetchInProgress>(
  state: KeyState<F>,
  kid: string,
  failure: ClerkKeysUnavailable | undefined,
  now: bigint
): Decision<F> => {
  const key = state.held?.keys.get(kid)
  if (key !== undefined) return { _tag: "Answer", key }
  return failure === undefined ? noKey : unavailableAt(state, failure, now)
}

export const begin = <F extends FetchInProgress>(state: KeyState<F>, fetch: F): KeyState<F> => ({
  ...state,
  fetch
})

/** A fetch that nobody waits for any more, or that died: it says nothing about Clerk. */
export const abandoned = <F extends FetchInProgress>(state: KeyState<F>, fetch: F): KeyState<F> =>
  state.fetch === fetch ? { ...state, fetch: undefined } : state

export const failed = <F extends FetchInProgress>(
  state: KeyState<F>,
  fetch: F,
  failure: ClerkKeysUnavailable,
  endedAt: bigint
): KeyState<F> =>
  state.fetch === fetch
    ? {
        // When Clerk's set has no usable key, the keys fetched before it were withdrawn.
        held: failure.reason === "empty" ? undefined : state.held,
        fetch: undefined,
        endedAt,
        failure,
        failures: state.failures + 1,
        lost: 0
      }
    : state

const received = <F extends FetchInProgress>(
  state: KeyState<F>,
  fetch: F,
  set: KeySet,
  now: bigint
): KeyState<F> => {
  // The result of a fetch that was replaced or given up is used only while no keys are held.
  if (state.fetch !== fetch && state.held !== undefined) return state
  const freshUntilNanos = now + freshFor
  const keys = new Map(Array.from(set, ([kid, key]) => [kid, { key, freshUntilNanos }] as const))
  return {
    held: { keys, freshUntil: freshUntilNanos, staleUntil: now + staleFor },
    fetch: state.fetch === fetch ? undefined : state.fetch,
    endedAt: now,
    failure: undefined,
    failures: 0,
    lost: 0
  }
}

/** Why a fetch failed; `undefined` when it succeeded, was interrupted or died. */
export const failureOf = (exit: Exit.Exit<KeySet, ClerkKeysUnavailable>): ClerkKeysUnavailable | undefined =>
  Exit.isFailure(exit) ? Option.getOrUndefined(Cause.failureOption(exit.cause)) : undefined

export const ended = <F extends FetchInProgress>(
  state: KeyState<F>,
  fetch: F,
  exit: Exit.Exit<KeySet, ClerkKeysUnavailable>,
  now: bigint
): KeyState<F> => {
  if (Exit.isSuccess(exit)) return received(state, fetch, exit.value, now)
  const failure = failureOf(exit)
  return failure === undefined ? abandoned(state, fetch) : failed(state, fetch, failure, now)
}

/**
 * A fetch that ended with the request that made it. Another one may replace it at once, but while keys are held only
 * one: else clients that hang up could cause a fetch with each forged key id.
 */
export const lost = <F extends FetchInProgress>(state: KeyState<F>, fetch: F): KeyState<F> => {
  if (state.fetch !== fetch) return state
  return state.held !== undefined && state.lost > 0
    ? failed(state, fetch, unavailable("unreachable"), fetch.startedAt)
    : { ...state, fetch: undefined, lost: state.lost + 1 }
}
