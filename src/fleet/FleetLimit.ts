/**
 * Keeps all processes that share a secret key below Clerk's rate limit, and serves calls of users before jobs.
 *
 * Clerk allows 1,000 requests in 10 seconds for each secret key, and 100 for a key of a development instance. `FleetLimit`
 * delays the requests of a client, so that all processes together stay below the limit. They share a token bucket in the
 * `RateLimiterStore` of Effect that you provide: in memory for one process, in Redis for a fleet.
 *
 * Calls under `RequestPolicy.priority("bulk")` take only the tokens that are left over. After a 429, which another program
 * with the same key can cause, all processes wait.
 *
 * @since 4.0.0
 */

import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { clockOf, nanosOf, timeoutFail, withFiber } from "#major/fiber.js"
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
import { ClerkTimeout, ClerkTransportError } from "../errors/CallErrors.js"
import type { ClerkConfigError } from "../errors/ClerkConfigError.js"
import { withSecretKey } from "../runtime/client.js"
import { configError } from "../runtime/errors.js"
import { makePermits } from "../runtime/permits.js"
import { toMillis } from "../runtime/policy.js"
import { countCooldown, countStoreFailure, countWait } from "../runtime/telemetry.js"
import { type Admission, ClerkHttp, type ClerkHttpService } from "../services/ClerkHttp.js"

/**
 * Configures a limit. All options have defaults.
 *
 * @since 4.0.0
 * @category models
 */
export interface Options {
  /**
   * The requests that all processes together may send in 10 seconds, a whole number from 2 to 1,000,000. Default: 100 for
   * a secret key of a development instance (`sk_test_…`), 1,000 otherwise.
   */
  readonly limit?: number | undefined
  /** The part of the limit that stays unused, 0 to 0.9. It covers delays on the network. Default 0.035. */
  readonly headroom?: number | undefined
  /** The time limit of one request to the store. A bare number counts milliseconds. Default 100 milliseconds. */
  readonly storeTimeout?: DurationInput | undefined
  /**
   * What to do while the store is unavailable. Default `"local"`:
   * - `"local"`: each process keeps to `localShare` of the limit by itself;
   * - `"fail"`: calls fail with `ClerkTransportError` of the reason `admission`, before they are sent.
   */
  readonly whenStoreDown?: "local" | "fail" | undefined
  /** The part of the limit that one process may use while the store is unavailable, 0.01 to 1. Default 0.1. */
  readonly localShare?: number | undefined
  /**
   * The name of the bucket in the store, 1 to 100 letters, digits or characters of `_.:-`. Processes with the same name
   * share it. Set it for a `ClerkHttp` of your own, whose default is `custom`, and for a client whose secret key changes.
   * Default: a hash of the secret key.
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

/** A bucket in a store. */
interface Source {
  /** Takes tokens. `delay` takes them from the future, `fail` only if they are there. */
  readonly take: (tokens: number, onExceeded: "delay" | "fail") => Effect.Effect<Taken>
  /** Takes tokens from the future without a wait. A negative number returns tokens. */
  readonly spend: (tokens: number) => Effect.Effect<Taken>
}

const nothing: Taken = { _tag: "Taken", tokens: 0, delay: Duration.zero }

const makeSource = (
  key: string,
  { capacity, refillMillis }: Bucket
): Effect.Effect<Source, never, RateLimiter.RateLimiterStore> =>
  Effect.map(Effect.all([RateLimiter.RateLimiterStore, RateLimiter.make]), ([store, { consume }]) => ({
    take: (tokens, onExceeded) =>
      Effect.match(
        consume({
          algorithm: "token-bucket",
          onExceeded,
          window: Duration.millis(capacity * refillMillis),
          limit: capacity,
          key,
          tokens
        }),
        { onFailure: asTaken, onSuccess: ({ delay }) => ({ _tag: "Taken", tokens, delay }) as const }
      ),
    spend: (tokens) =>
      Effect.match(
        store.tokenBucket({
          key,
          tokens,
          limit: capacity,
          refillRate: Duration.millis(refillMillis),
          allowOverflow: true
        }),
        { onFailure: asTaken, onSuccess: () => nothing }
      )
  }))

/** Timers count whole milliseconds, and a token is there only at the end of one. */
const pause = (duration: Duration.Duration): Effect.Effect<void> => {
  const millis = Math.ceil(Duration.toMillis(duration))
  return millis > 0 ? Effect.sleep(Duration.millis(millis)) : Effect.void
}

const unavailable = Effect.suspend(() =>
  Effect.fail(construct(ClerkTransportError, { reason: "admission", sent: "no" }))
)

const tooLate = Effect.suspend(() => Effect.fail(construct(ClerkTimeout, { phase: "admission", sent: "no" })))

const makeAdmission = (
  settings: FleetSettings,
  limit: number,
  key: string
): Effect.Effect<Admission, never, RateLimiter.RateLimiterStore> =>
  Effect.gen(function* () {
    const { headroom, localShare, storeTimeoutMillis, whenStoreDown } = settings
    const bucket = bucketOf(limit, headroom)
    const store = yield* RateLimiter.RateLimiterStore
    const inStore = yield* makeSource(key, bucket)
    const local = yield* Effect.provide(
      makeSource(key, bucketOf(Math.max(2, limit * localShare), headroom)),
      RateLimiter.layerStoreMemory
    )
    const turns = makePermits(bucket.capacity)
    const oneAfterTheOther = makePermits(1)

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
    const guarded = (request: Effect.Effect<Taken>): Effect.Effect<Taken> =>
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

    const shared: Source = {
      take: (tokens, onExceeded) => guarded(inStore.take(tokens, onExceeded)),
      spend: (tokens) => guarded(inStore.spend(tokens))
    }

    /** Takes tokens from the store, or one from the share of this process. Passes on where they are from. */
    const take = <E>(
      tokens: number,
      onExceeded: "delay" | "fail",
      use: (taken: Taken, source: Source) => Effect.Effect<void, E>
    ): Effect.Effect<void, E | ClerkTransportError> =>
      Effect.flatMap(
        shared.take(tokens, onExceeded),
        (taken): Effect.Effect<void, E | ClerkTransportError> => {
          if (taken._tag !== "StoreDown") return use(taken, shared)
          return whenStoreDown === "fail"
            ? unavailable
            : Effect.flatMap(local.take(1, onExceeded), (taken) => use(taken, local))
        }
      )

    /** Waits until the pause after a 429 is over, which may begin while a call waits for its turn. */
    const cool: Effect.Effect<void> = Effect.flatMap(Clock.currentTimeMillis, (now) =>
      now < coolUntil
        ? Effect.flatMap(Effect.sleep(Duration.millis(coolUntil - now)), () => cool)
        : Effect.void
    )

    /**
     * Takes one token, and waits until it is there. A call that gives up returns its token: at once, if its turn would come
     * after its end. Otherwise the turns of calls that nobody waits for would hold up the whole fleet after an overload.
     */
    const turn = (until: number): Effect.Effect<void, ClerkTransportError | ClerkTimeout> =>
      take(1, "delay", (taken, source): Effect.Effect<void, ClerkTimeout> => {
        if (taken._tag !== "Taken") return cool
        const giveBack = Effect.asVoid(source.spend(-1))
        return Effect.flatMap(Clock.currentTimeMillis, (now) =>
          now + Duration.toMillis(taken.delay) < until
            ? Effect.andThen(
                Effect.onInterrupt(pause(taken.delay), () => giveBack),
                cool
              )
            : Effect.andThen(giveBack, tooLate)
        )
      })

    /**
     * Few calls of a process take a token from the future at a time, and the others wait in the process. So a burst of one
     * process does not hold up another, and few tokens come back.
     */
    const interactive = (millis: number): Effect.Effect<void, ClerkTransportError | ClerkTimeout> =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => turns(turn(now + millis)))

    const hasLease = (now: number): boolean => lease.tokens > 0 && now < lease.until

    /** Takes what is left, some tokens at once. Calls that wait for it take no token from the future. */
    const leftover: Effect.Effect<void, ClerkTransportError> = Effect.flatMap(
      Clock.currentTimeMillis,
      (now) => {
        if (now < coolUntil) return Effect.flatMap(cool, () => leftover)
        if (hasLease(now)) {
          lease = { ...lease, tokens: lease.tokens - 1 }
          return Effect.void
        }
        return take(leaseOf(bucket), "fail", (taken) => {
          if (taken._tag === "Exceeded") return Effect.flatMap(pause(taken.retryAfter), () => leftover)
          return Effect.map(Clock.currentTimeMillis, (now) => {
            lease = { tokens: taken._tag === "Taken" ? taken.tokens - 1 : 0, until: now + leaseMillis }
          })
        })
      }
    )

    const queued = oneAfterTheOther(leftover)

    /**
     * Makes all processes wait: takes the tokens of the pause from the bucket. Several processes see a 429 at the same
     * time, so the first one takes them, and a window of one token keeps out the others.
     */
    const coolDown = (millis: number): Effect.Effect<void> => {
      const window = { key: `${key}:cooldown`, tokens: 1, refillRate: Duration.millis(millis), limit: 1 }
      const isFirst = Effect.match(store.fixedWindow(window), {
        onFailure: asTaken,
        onSuccess: ([count]) => (count > 1 ? nothing : { ...nothing, tokens: 1 })
      })
      return Effect.flatMap(guarded(isFirst), (taken) =>
        taken._tag === "Taken" && taken.tokens > 0
          ? withFiber((fiber) => {
              countCooldown(fiber)
              return Effect.asVoid(shared.spend(tokensIn(millis, bucket)))
            })
          : Effect.void
      )
    }

    return {
      acquire: ({ path }, priority, millis) =>
        isUnlimited(path)
          ? Effect.void
          : withFiber((fiber) => {
              const clock = clockOf(fiber)
              const started = nanosOf(clock)
              const permit = priority === "bulk" ? queued : interactive(millis)
              return Effect.map(permit, () =>
                countWait(priority, Number(nanosOf(clock) - started) / 1_000_000_000, fiber)
              )
            }),
      observe: (status, retryAfterMillis) => {
        if (status !== 429) return Effect.void
        const millis = cooldownMillis(retryAfterMillis)
        return Effect.flatMap(Clock.currentTimeMillis, (now) => {
          coolUntil = Math.max(coolUntil, now + millis)
          lease = { tokens: 0, until: 0 }
          return coolDown(millis)
        })
      }
    }
  })

/**
 * Limits the requests of the `ClerkHttp` provided, together with those of all processes that share its secret key and the
 * `RateLimiterStore` provided. Fails with `ClerkConfigError` if an option is invalid.
 *
 * The wait for a permit counts towards the `deadline` of a call, not towards the `timeout` of an attempt. If no permit
 * comes in time, the call fails with `ClerkTimeout` of the phase `admission`, and is not sent. A call that gives up or is
 * interrupted returns its permit. Requests for public keys (JWKS) are not delayed, because Clerk does not limit them.
 *
 * @since 4.0.0
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
