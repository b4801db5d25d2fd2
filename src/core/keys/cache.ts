import type { KeysFailure, KeysUnavailableReason, VerificationKey } from "../model.js"
import { isKeyId } from "../token/compact.js"
import type { KeySet } from "./keySet.js"

/*
 * The decisions of a key cache. All times are nanoseconds of the monotonic clock. The drivers in `runtime` run the
 * fetches and report their results here.
 */

const second = 1_000_000_000n

/** How long a key set is used without a fetch. It counts from the fetch: if use extended it, no key could be revoked. */
const freshFor = 600n * second
/** How long a key set is used while Clerk is unavailable. */
const staleFor = 3600n * second
/** The pause between two fetches while keys are held, even after a failure. Forged key ids cannot shorten it. */
const pause = 30n * second
/** The pause after the first failure while no key is held. It doubles with each failure in a row, up to `pause`. */
const firstBackoff = second
/** How long a caller with a stale key waits for a fresh one, from the start of the fetch. */
export const staleWait = second

interface HeldKeys {
  readonly keys: ReadonlyMap<string, VerificationKey>
  readonly freshUntil: bigint
  readonly staleUntil: bigint
}

export interface FetchInProgress {
  readonly startedAt: bigint
  /** When the fetch counts as failed although it has not ended: the runtime may have cancelled it and run nothing more in it. */
  readonly expiresAt?: bigint
}

/** What a key cache knows. */
export interface KeyState<Fetch extends FetchInProgress> {
  readonly held: HeldKeys | undefined
  readonly fetch: Fetch | undefined
  /** When the last fetch ended. */
  readonly endedAt: bigint | undefined
  /** Why the last fetch failed, or `undefined` when it succeeded. */
  readonly failure: KeysFailure | undefined
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

/** What happens to a fetch. */
export type KeyEvent<Fetch> =
  | { readonly _tag: "Started"; readonly fetch: Fetch }
  | { readonly _tag: "Ended"; readonly fetch: Fetch; readonly result: KeySet | KeysFailure }
  /** No caller waits for the fetch any more, or it died of a defect: it says nothing about Clerk. */
  | { readonly _tag: "Abandoned"; readonly fetch: Fetch }
  /** The fetch ended with the request that made it. */
  | { readonly _tag: "Lost"; readonly fetch: Fetch }

/** What a caller who needs a key does. */
export type Step<Fetch> =
  /** Use the key, or `undefined`: the instance has no such key. */
  | { readonly _tag: "Found"; readonly key: VerificationKey | undefined }
  | { readonly _tag: "Unavailable"; readonly failure: KeysFailure }
  | { readonly _tag: "Wait"; readonly fetch: Fetch }
  | { readonly _tag: "Fetch" }

export const unavailable = (reason: KeysUnavailableReason, failure?: string): KeysFailure => ({
  _tag: "ClerkKeysUnavailable",
  fields: { reason, ...(failure === undefined ? {} : { failure }), retryable: reason !== "rejected" }
})

const noKey = { _tag: "Found", key: undefined } as const

const backoff = (failures: number): bigint => {
  if (failures === 0) return 0n
  const wait = firstBackoff << BigInt(Math.min(failures, 8) - 1)
  return wait < pause ? wait : pause
}

const pausedUntil = <F extends FetchInProgress>({ endedAt, failures, held }: KeyState<F>): bigint =>
  endedAt === undefined ? 0n : endedAt + (held === undefined ? backoff(failures) : pause)

const unavailableAt = <F extends FetchInProgress>(
  state: KeyState<F>,
  { _tag, fields }: KeysFailure,
  now: bigint
): Step<F> => {
  const left = pausedUntil(state) - now
  // Rounded up to whole milliseconds, so that a caller who waits this long is not too early.
  const retryAfter = left > 0n ? { retryAfterMillis: Math.ceil(Number(left) / 1_000_000) } : {}
  return { _tag: "Unavailable", failure: { _tag, fields: { ...fields, ...retryAfter } } }
}

/** Decides what a caller who needs the key `kid` does now. */
export const decide = <F extends FetchInProgress>(state: KeyState<F>, kid: string, now: bigint): Step<F> => {
  const { failure, fetch, held } = state
  const key = held?.keys.get(kid)
  if (held !== undefined && key !== undefined) {
    if (now < held.freshUntil) return { _tag: "Found", key }
    if (fetch !== undefined) {
      return now >= fetch.startedAt + staleWait ? { _tag: "Found", key } : { _tag: "Wait", fetch }
    }
    return now < pausedUntil(state) ? { _tag: "Found", key } : { _tag: "Fetch" }
  }
  if (!isKeyId(kid)) return noKey
  if (fetch !== undefined) return { _tag: "Wait", fetch }
  if (now >= pausedUntil(state)) return { _tag: "Fetch" }
  return failure === undefined ? noKey : unavailableAt(state, failure, now)
}

/** Decides what a caller does after its fetch has ended. It never starts another one. */
export const decideAfter = <F extends FetchInProgress>(
  state: KeyState<F>,
  kid: string,
  failure: KeysFailure | undefined,
  now: bigint
): Step<F> => {
  const key = state.held?.keys.get(kid)
  if (key !== undefined) return { _tag: "Found", key }
  return failure === undefined ? noKey : unavailableAt(state, failure, now)
}

const failed = <F extends FetchInProgress>(
  state: KeyState<F>,
  failure: KeysFailure,
  endedAt: bigint
): KeyState<F> => ({
  // When Clerk's set has no usable key, the keys fetched before it were revoked.
  held: failure.fields.reason === "empty" ? undefined : state.held,
  fetch: undefined,
  endedAt,
  failure,
  failures: state.failures + 1,
  lost: 0
})

const received = <F extends FetchInProgress>(set: KeySet, fetch: F | undefined, now: bigint): KeyState<F> => {
  const freshUntil = now + freshFor
  const keys = new Map(Array.from(set, ([kid, key]) => [kid, { key, freshUntilNanos: freshUntil }] as const))
  return {
    held: { keys, freshUntil, staleUntil: now + staleFor },
    fetch,
    endedAt: now,
    failure: undefined,
    failures: 0,
    lost: 0
  }
}

const applied = <F extends FetchInProgress>(
  state: KeyState<F>,
  event: KeyEvent<F>,
  now: bigint
): KeyState<F> => {
  const { fetch } = event
  if (event._tag === "Started") return { ...state, fetch }
  if (state.fetch !== fetch) {
    // The result of a fetch that was replaced or given up is used only while no keys are held.
    return event._tag === "Ended" && !("_tag" in event.result) && state.held === undefined
      ? received(event.result, state.fetch, now)
      : state
  }
  switch (event._tag) {
    case "Ended":
      return "_tag" in event.result
        ? failed(state, event.result, now)
        : received<F>(event.result, undefined, now)
    case "Abandoned":
      return { ...state, fetch: undefined }
    case "Lost":
      // Another fetch may replace it at once. While keys are held only one may: otherwise clients that hang up could
      // cause a fetch with each forged key id.
      return state.held !== undefined && state.lost > 0
        ? failed(state, unavailable("unreachable"), fetch.startedAt)
        : { ...state, fetch: undefined, lost: state.lost + 1 }
  }
}

/** Returns the state after the time that has passed: keys become too old, and a fetch expires. */
export const at = <F extends FetchInProgress>(state: KeyState<F>, now: bigint): KeyState<F> => {
  const { fetch, held } = state
  if (held !== undefined && now >= held.staleUntil) return at({ ...state, held: undefined }, now)
  return fetch?.expiresAt !== undefined && now >= fetch.expiresAt
    ? failed(state, unavailable("unreachable", "ClerkTimeout"), fetch.startedAt)
    : state
}

/** Returns the state after an event, and after the time that has passed. */
export const next = <F extends FetchInProgress>(
  state: KeyState<F>,
  event: KeyEvent<F>,
  now: bigint
): KeyState<F> => at(applied(state, event, now), now)
