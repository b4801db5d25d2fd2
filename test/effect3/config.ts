import * as Cause from "effect/Cause"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"

/** Provides these variables. `onRead` is called with the name of each one that is read. */
export const variables = (
  values: { readonly [name: string]: string },
  onRead: (name: string) => void = () => {}
): ConfigProvider.ConfigProvider => {
  const { flattened } = ConfigProvider.fromMap(new Map(Object.entries(values)))
  return ConfigProvider.fromFlat({
    ...flattened,
    load: (path, config, split) => {
      onRead(path.join("."))
      return flattened.load(path, config, split)
    }
  })
}

/** A source of variables that is unavailable, for this reason. */
export const unavailable = (reason: string, cause: unknown): ConfigProvider.ConfigProvider => {
  const error = Effect.fail(ConfigError.SourceUnavailable([], reason, Cause.fail(cause)))
  return ConfigProvider.fromFlat({ ...ConfigProvider.fromMap(new Map()).flattened, load: () => error })
}

/** Reads the settings from this provider in place of the environment. */
export const withConfigProvider =
  (provider: ConfigProvider.ConfigProvider) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.withConfigProvider(self, provider)

/** The same as a layer. */
export const layerConfigProvider: (provider: ConfigProvider.ConfigProvider) => Layer.Layer<never> =
  Layer.setConfigProvider

/** The settings of custom sources. */
export const stringConfig: (name: string) => Config.Config<string> = Config.string
export const booleanConfig: (name: string) => Config.Config<boolean> = Config.boolean
export const redactedConfig: (name: string) => Config.Config<Redacted.Redacted> = Config.redacted

/** Whether a custom source failed because it has no variable of this name. */
export const isMissing = (error: unknown, name: string): boolean =>
  ConfigError.isConfigError(error) && error._op === "MissingData" && error.path.join() === name
