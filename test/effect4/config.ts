import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"

/** Provides these variables. `onRead` is called with the name of each one that is read. */
export const variables = (
  values: { readonly [name: string]: string },
  onRead: (name: string) => void = () => {}
): ConfigProvider.ConfigProvider => {
  const inner = ConfigProvider.fromEnvRecord(values, { preserveEmptyStrings: true })
  return ConfigProvider.make((path) => {
    onRead(path.join("."))
    return inner.load(path)
  })
}

/** A source of variables that is unavailable, for this reason. */
export const unavailable = (reason: string, cause: unknown): ConfigProvider.ConfigProvider =>
  ConfigProvider.make(() => Effect.fail(new ConfigProvider.SourceError({ message: reason, cause })))

/** Reads the settings from this provider in place of the environment. */
export const withConfigProvider =
  (provider: ConfigProvider.ConfigProvider) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideService(self, ConfigProvider.ConfigProvider, provider)

/** The same as a layer. */
export const layerConfigProvider: (provider: ConfigProvider.ConfigProvider) => Layer.Layer<never> =
  ConfigProvider.layer

/** The settings of custom sources. */
export const stringConfig: (name: string) => Config.Config<string> = Config.String
export const booleanConfig: (name: string) => Config.Config<boolean> = Config.Boolean
export const redactedConfig: (name: string) => Config.Config<Redacted.Redacted> = Config.Redacted

/** Whether a custom source failed because it has no variable of this name. */
export const isMissing = (error: unknown, name: string): boolean =>
  error instanceof Config.ConfigError && error.message.includes(`at ["${name}"]`)
