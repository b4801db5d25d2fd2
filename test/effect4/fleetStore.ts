import * as NodeRedis from "@effect/platform-node/NodeRedis"
import * as Layer from "effect/Layer"
import { layerStoreRedis, type RateLimiterStore } from "effect/persistence/RateLimiter"

/** The store of a rate limiter in the Redis on a port of this machine. */
export const layerRedisStore = (port: number): Layer.Layer<RateLimiterStore> =>
  layerStoreRedis().pipe(Layer.provide(Layer.orDie(NodeRedis.layer({ url: `redis://127.0.0.1:${port}` }))))
