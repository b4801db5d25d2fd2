/**
 * Shares the revocations of several processes through a stream of Redis, so that each rejects the tokens of a revoked
 * session within milliseconds.
 *
 * Each process holds a copy of the stream, so a verification sends no request. A process that starts, or was disconnected,
 * reads what it missed. If Redis loses its data, the processes add the lost entries.
 *
 * @example
 * ```ts
 * import { Layer } from "effect"
 * import { SigningKeys } from "effect-clerk"
 * import { RevocationsRedis } from "effect-clerk/revocations"
 *
 * // A client of ioredis is `new Redis("redis://localhost:6379")`.
 * export const layerOf = (client: RevocationsRedis.IoRedis) =>
 *   Layer.merge(
 *     RevocationsRedis.layer({ redis: RevocationsRedis.fromIoRedis(client), whenStale: "refuse" }),
 *     SigningKeys.layerConfig
 *   )
 * ```
 *
 * @since 4.0.0
 */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { scoped } from "#major/layer.js"
import type { DurationInput } from "#major/time.js"
import { broken, isRecord, RuleBreak } from "../core/input.js"
import type { RedisClient } from "../core/revocations/redis.js"
import { readSharedOptions } from "../core/revocations/settings.js"
import type { ClerkConfigError } from "../errors/ClerkConfigError.js"
import { configError } from "../runtime/errors.js"
import { toMillis } from "../runtime/policy.js"
import { type LifetimeOptions, Revocations } from "../services/Revocations.js"
import { makeShared } from "./sharedCopy.js"

export {
  fromIoRedis,
  fromNodeRedis,
  type IoRedis,
  type NodeRedis,
  type RedisClient,
  type RedisConnection
} from "../core/revocations/redis.js"

/**
 * Configures `RevocationsRedis.layer`. All processes need the same `stream`, `tokenLifetime` and `holdLimit`.
 *
 * @since 4.0.0
 * @category models
 */
export interface Options extends LifetimeOptions {
  /** The client of Redis: `fromIoRedis(…)` or `fromNodeRedis(…)`. The layer does not close it. */
  readonly redis: RedisClient
  /**
   * What a verifier does with a token while the copy of this process is older than `staleAfter`, because Redis is
   * unavailable. Default `"accept"`:
   * - `"accept"` accepts it, unless this process knows that its session was revoked;
   * - `"refuse"` fails with `ClerkKeysUnavailable`, a 503, so an outage of Redis is an outage of your server.
   */
  readonly whenStale?: "accept" | "refuse" | undefined
  /** The age of the copy from which it is too old, 3 seconds to 1 hour. Default 10 seconds. */
  readonly staleAfter?: DurationInput | undefined
  /** The key of the stream in Redis, 1 to 512 characters. Default `effect-clerk:revocations`. */
  readonly stream?: string | undefined
}

const readRedis = (redis: unknown): RedisClient | RuleBreak =>
  isRecord(redis) && typeof redis["connect"] === "function"
    ? // An object with the function, whose type the compiler checks.
      (redis as unknown as RedisClient)
    : broken("must be a client, made with fromIoRedis or fromNodeRedis")

/**
 * Shares the revocations of all processes through a stream of Redis 5 or newer. The layer waits until the copy of this
 * process is complete, for 2 seconds at most. Without Redis it starts with an empty copy and a warning. Fails with
 * `ClerkConfigError` if an option is invalid.
 *
 * One fiber reads the stream and one writes it, each over a connection of its own. The layer is for servers that live
 * long, such as those of Node.js, Bun and Deno, and not for Cloudflare Workers.
 *
 * @since 4.0.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<Revocations, ClerkConfigError> =>
  scoped(
    Revocations,
    Effect.suspend(() => {
      const settings = readSharedOptions(options, toMillis, readRedis)
      return settings instanceof RuleBreak ? Effect.fail(configError(settings)) : makeShared(settings)
    })
  )
