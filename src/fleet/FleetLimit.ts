/**
 * One rate limit for all processes that share a secret key.
 *
 * Clerk allows 1,000 requests in 10 seconds for each secret key, and 100 for a key of a development instance. `FleetLimit`
 * delays the requests of a client, so that all processes together stay below. They share a token bucket in the
 * `RateLimiterStore` of Effect that you provide: in memory for one process, in Redis for a fleet.
 *
 * Calls that somebody waits for come first. Calls under `RequestPolicy.priority("bulk")` take what is left. After a 429,
 * which a process of somebody else can cause, all processes wait.
 *
 * @since 0.1.0
 */

import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { clockOf, makeMutex, nanosOf, timeoutFail, withFiber } from "#major/fiber.js"
import * as RateLimiter from "#major/rateLimiter.js"
import { construct } from "#major/schemas.js"
import type { DurationInput } from "#major/time.js"
import {
  type Bucket,
  bucketOf,
  cooldownMillis,
  type FleetSettings,
  isUnlimited,
  leaseOf,
  limitOfKey,
  readFleetOptions,
  tokensIn
} from "../core/fleet/limit.js"
import { RuleBreak } from "../core/input.js"
import type { Priority } from "../core/model.js"
import { ClerkTransportError } from "../errors/CallErrors.js"
import type { ClerkConfigError } from "../errors/ClerkConfigError.js"
import { withSecretKey } from "../runtime/client.js"
import { configError } from "../runtime/errors.js"
import { toMillis } from "../runtime/policy.js"
import { countCooldown, countStoreFailure, countWait } from "../runtime/telemetry.js"
import { type Admission, ClerkHttp, type ClerkHttpService } from "../services/ClerkHttp.js"

/**
 * The options of a limit. All are optional.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * The requests that all processes together may send in 10 seconds, 2 to 1,000,000. Default: 100 for a secret key of a
   * development instance (`sk_test_…`), 1,000 otherwise.
   */
  readonly limit?: number | undefined
  /** The part of the limit that stays unused, 0 to 0.9. It covers delays on the network. Default 0.035. */
  readonly headroom?: number | undefined
  /** How long one request to the store may take. Default 100 milliseconds. */
  readonly storeTimeout?: DurationInput | undefined
  /**
   * What to do while the store is unavailable. `"local"`: each process keeps to `localShare` of the limit by itself.
   * `"fail"`: calls fail with `ClerkTransportError` of the reason `admission`, before they are sent. Default `"local"`.
   */
  readonly whenStoreDown?: "local" | "fail" | undefined
  /** The part of the limit that one process may use while the store is unavailable, 0.01 to 1. Default 0.1. */
  readonly localShare?: number | undefined
  /**
   * The name of the bucket in the store. Processes with the same name share it. Set it for a `ClerkHttp` of your own, and
   * for a client whose secret key changes. Default: a hash of the secret key.
   */
  readonly bucket?: string | undefined
}

/** How long a process leaves a store alone that has failed. */
const storePauseMillis = 1_000

/** The tokens of a lease that are left after this time are dropped, so that no process saves them up. */
const leaseMillis = 100

const hex = (bytes: ArrayBuffer): string =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("")

/** Names the bucket of a secret key without the key. */
const hashOf = async (secretKey: string): Promise<string> => {
  const text = new TextEncoder().encode(`effect-clerk rate limit of ${secretKey}`)
  return hex(await crypto.subtle.digest("SHA-256", text)).slice(0, 32)
}

const bucketName = (http: ClerkHttpService): Effect.Effect<string> => {
  const hash = withSecretKey(http, hashOf)
  return hash === undefined ? Effect.succeed("custom") : Effect.promise(() => hash)
}

/** What a bucket gives: tokens, which count after a delay, or the time until they are there. */
type Taken =
  | { readonly _tag: "Taken"; readonly tokens: number; readonly delay: Duration.Duration }
  | { readonly _tag: "Exceeded"; readonly retryAfter: Duration.Duration }
  | { readonly _tag: "StoreDown" }

const storeDown: Taken = { _tag: "StoreDown" }

const asTaken = (error: RateLimiter.RateLimiterError): Taken => {
  const retryAfter = RateLimiter.retryAfterOf(error)
  // Rounding can make it zero just before the token is there.
  return retryAfter === undefined
    ? storeDown
    : { _tag: "Exceeded", retryAfter: Duration.max(retryAfter, Duration.millis(1)) }
}

/** Takes tokens from a bucket. `delay` takes them from the future, `fail` only if they are there. */
const take = (
  limiter: RateLimiter.RateLimiter,
  key: string,
  { capacity, refillMillis }: Bucket,
  tokens: number,
  onExceeded: "delay" | "fail"
): Effect.Effect<Taken> =>
  Effect.match(
    limiter.consume({
      algorithm: "token-bucket",
      onExceeded,
      window: Duration.millis(capacity * refillMillis),
      limit: capacity,
      key,
      tokens
    }),
    { onFailure: asTaken, onSuccess: ({ delay }): Taken => ({ _tag: "Taken", tokens, delay }) }
  )

/** Timers count whole milliseconds, and a token is there only at the end of one. */
const pause = (duration: Duration.Duration): Effect.Effect<void> => {
  const millis = Math.ceil(Duration.toMillis(duration))
  return millis > 0 ? Effect.sleep(Duration.millis(millis)) : Effect.void
}

const unavailable = Effect.suspend(() =>
  Effect.fail(construct(ClerkTransportError, { reason: "admission", sent: "no" }))
)

const makeAdmission = (
  settings: FleetSettings,
  limit: number,
  key: string
): Effect.Effect<Admission, never, RateLimiter.RateLimiterStore> =>
  Effect.gen(function* () {
    const { headroom, localShare, storeTimeoutMillis, whenStoreDown } = settings
    const bucket = bucketOf(limit, headroom)
    const localBucket = bucketOf(Math.max(2, limit * localShare), headroom)
    const store = yield* RateLimiter.RateLimiterStore
    const limiter = yield* RateLimiter.make
    const local = yield* Effect.provide(RateLimiter.make, RateLimiter.layerStoreMemory)
    const oneAfterTheOther = yield* makeMutex

    let storeDownUntil = 0
    let coolUntil = 0
    let lease = { tokens: 0, until: 0 }

    const afterFailure: Effect.Effect<Taken> = withFiber((fiber) => {
      countStoreFailure(fiber)
      return Effect.map(Clock.currentTimeMillis, (now) => {
        storeDownUntil = now + storePauseMillis
        return storeDown
      })
    })

    /** Limits the time of a request to the store. Leaves a store alone that has just failed. */
    const fromStore = (request: Effect.Effect<Taken>): Effect.Effect<Taken> =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        if (now < storeDownUntil) return Effect.succeed(storeDown)
        return Effect.matchEffect(
          timeoutFail(request, storeTimeoutMillis, () => storeDown),
          {
            onFailure: () => afterFailure,
            onSuccess: (taken) => (taken._tag === "StoreDown" ? afterFailure : Effect.succeed(taken))
          }
        )
      })

    const takeOrFall = (
      tokens: number,
      onExceeded: "delay" | "fail"
    ): Effect.Effect<Taken, ClerkTransportError> =>
      Effect.flatMap(
        fromStore(take(limiter, key, bucket, tokens, onExceeded)),
        (taken): Effect.Effect<Taken, ClerkTransportError> => {
          if (taken._tag !== "StoreDown") return Effect.succeed(taken)
          return whenStoreDown === "fail" ? unavailable : take(local, key, localBucket, 1, onExceeded)
        }
      )

    /** Waits until the pause after a 429 is over, which may begin while a call waits for its turn. */
    const cool: Effect.Effect<void> = Effect.flatMap(Clock.currentTimeMillis, (now) =>
      now < coolUntil
        ? Effect.flatMap(Effect.sleep(Duration.millis(coolUntil - now)), () => cool)
        : Effect.void
    )

    const interactive = Effect.flatMap(takeOrFall(1, "delay"), (taken) =>
      Effect.andThen(taken._tag === "Taken" ? pause(taken.delay) : Effect.void, cool)
    )

    /** Takes what is left, some tokens at once. Calls that wait for it take no token from the future. */
    const leftover: Effect.Effect<void, ClerkTransportError> = Effect.flatMap(
      Clock.currentTimeMillis,
      (now) => {
        if (now < coolUntil) return Effect.flatMap(cool, () => leftover)
        if (lease.tokens > 0 && now < lease.until) {
          lease = { ...lease, tokens: lease.tokens - 1 }
          return Effect.void
        }
        return Effect.flatMap(takeOrFall(leaseOf(bucket), "fail"), (taken) => {
          if (taken._tag === "Exceeded") return Effect.flatMap(pause(taken.retryAfter), () => leftover)
          lease = { tokens: taken._tag === "Taken" ? taken.tokens - 1 : 0, until: now + leaseMillis }
          return Effect.void
        })
      }
    )

    const permits: { readonly [Name in Priority]: Effect.Effect<void, ClerkTransportError> } = {
      interactive,
      bulk: oneAfterTheOther(leftover)
    }

    const timed = (priority: Priority): Effect.Effect<void, ClerkTransportError> =>
      withFiber((fiber) => {
        const clock = clockOf(fiber)
        const started = nanosOf(clock)
        return Effect.tap(permits[priority], () =>
          Effect.sync(() => countWait(priority, Number(nanosOf(clock) - started) / 1_000_000_000, fiber))
        )
      })

    /**
     * Makes all processes wait: takes the tokens of the pause from the bucket. Several processes see a 429 at the same
     * time, so the first one takes them, and a window of one token keeps out the others.
     */
    const coolDown = (millis: number): Effect.Effect<Taken> => {
      const taken: Taken = { _tag: "Taken", tokens: 0, delay: Duration.zero }
      const guard = { key: `${key}:cooldown`, tokens: 1, refillRate: Duration.millis(millis), limit: 1 }
      const pause = {
        key,
        tokens: tokensIn(millis, bucket),
        limit: bucket.capacity,
        refillRate: Duration.millis(bucket.refillMillis),
        allowOverflow: true
      }
      const counted = withFiber((fiber) => Effect.sync(() => countCooldown(fiber)))
      const first = Effect.andThen(store.tokenBucket(pause), counted)
      return Effect.match(
        Effect.flatMap(store.fixedWindow(guard), ([count]) => (count > 1 ? Effect.void : first)),
        { onFailure: asTaken, onSuccess: () => taken }
      )
    }

    return {
      acquire: ({ path }, priority) => (isUnlimited(path) ? Effect.void : timed(priority)),
      observe: (status, retryAfterMillis) => {
        if (status !== 429) return Effect.void
        const millis = cooldownMillis(retryAfterMillis)
        return Effect.flatMap(Clock.currentTimeMillis, (now) => {
          coolUntil = Math.max(coolUntil, now + millis)
          lease = { tokens: 0, until: 0 }
          return Effect.asVoid(fromStore(coolDown(millis)))
        })
      }
    }
  })

/**
 * Limits the requests of the `ClerkHttp` provided, together with all processes that share its secret key and the
 * `RateLimiterStore` provided. Fails with `ClerkConfigError` if an option is invalid.
 *
 * Requests for public keys (JWKS) are not limited, as at Clerk. The wait for a permit counts towards the `deadline` of a
 * call, not towards the `timeout` of an attempt. If the deadline runs out first, the call fails with `ClerkTimeout` of the
 * phase `admission`, and was not sent.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options = {}
): Layer.Layer<ClerkHttp, ClerkConfigError, ClerkHttp | RateLimiter.RateLimiterStore> =>
  Layer.effect(
    ClerkHttp,
    Effect.gen(function* () {
      const settings = readFleetOptions(options, toMillis)
      if (settings instanceof RuleBreak) return yield* Effect.fail(configError(settings))
      const http = yield* ClerkHttp
      const { execute } = http
      const limit = settings.limit ?? withSecretKey(http, limitOfKey) ?? limitOfKey(undefined)
      const admission = yield* makeAdmission(settings, limit, settings.bucket ?? (yield* bucketName(http)))
      // Own members only: a mock has a value for every other name.
      return { ...http, execute, admission }
    })
  )
