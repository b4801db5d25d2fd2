import type { ConfigProvider } from "effect/ConfigProvider"
import * as Effect from "effect/Effect"

export { boolean as booleanConfig, redacted as redactedConfig } from "effect/Config"
export type { ConfigError } from "effect/ConfigError"

/** The provider of the fiber. */
export const configProvider: Effect.Effect<ConfigProvider> = Effect.configProviderWith(Effect.succeed)
