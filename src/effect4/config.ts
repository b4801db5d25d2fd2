import { ConfigProvider } from "effect/ConfigProvider"
import * as Effect from "effect/Effect"

export { Boolean as booleanConfig, type ConfigError, Redacted as redactedConfig } from "effect/Config"

/** The provider of the fiber. */
export const configProvider: Effect.Effect<ConfigProvider> = Effect.suspend(() => ConfigProvider)
