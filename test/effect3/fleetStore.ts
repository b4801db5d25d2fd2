import type { RateLimiterStore } from "@effect/experimental/RateLimiter"
import { layerStore } from "@effect/experimental/RateLimiter/Redis"
import type * as Layer from "effect/Layer"

/** The store of a rate limiter in the Redis on a port of this machine. */
export const layerRedisStore = (port: number): Layer.Layer<RateLimiterStore> =>
  layerStore({ host: "127.0.0.1", port })
