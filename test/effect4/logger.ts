import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"

export type AnyLogger = Logger.Logger<unknown, unknown>

/** Effect's loggers by format. Each passes what it prints to a function. */
export const formats: ReadonlyArray<
  readonly [format: string, logger: (write: (line: unknown) => void) => AnyLogger]
> = [
  ["json", (write) => Logger.map(Logger.formatJson, write)],
  ["logfmt", (write) => Logger.map(Logger.formatLogFmt, write)],
  ["string", (write) => Logger.map(Logger.formatSimple, write)],
  ["structured", (write) => Logger.map(Logger.formatStructured, write)]
]

/** Logs in Effect's own format for a terminal to this console. */
export const prettyTo =
  (console: globalThis.Console) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provide(self, addLogger(Logger.consolePrettyTty({ colors: false }))).pipe(
      Effect.provideService(Console.Console, console)
    )

/** Adds a logger. */
export const addLogger = (logger: AnyLogger): Layer.Layer<never> =>
  Logger.layer([logger], { mergeWithExisting: true })

/** Puts a logger in place of Effect's own. */
export const replaceLogger = (logger: AnyLogger): Layer.Layer<never> => Logger.layer([logger])

/** Logs every level. */
export const withAllLevels: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> =
  Effect.provideService(References.MinimumLogLevel, "All")

/** Logs nothing. */
export const noLogger: Layer.Layer<never> = Logger.layer([])

/** Passes each entry on as a line of plain text. */
export const simpleLogger = (write: (line: string) => void): AnyLogger =>
  Logger.map(Logger.formatSimple, write)

/** Passes each entry on as a line of `key=value` pairs. */
export const logfmtLogger = (write: (line: string) => void): AnyLogger =>
  Logger.map(Logger.formatLogFmt, write)
