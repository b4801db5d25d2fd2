import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"

export type AnyLogger = Logger.Logger<unknown, unknown>

/** Effect's loggers by format. Each passes what it prints to a function. */
export const formats: ReadonlyArray<
  readonly [format: string, logger: (write: (line: unknown) => void) => AnyLogger]
> = [
  ["json", (write) => Logger.map(Logger.jsonLogger, write)],
  ["logfmt", (write) => Logger.map(Logger.logfmtLogger, write)],
  ["string", (write) => Logger.map(Logger.stringLogger, write)],
  ["structured", (write) => Logger.map(Logger.structuredLogger, write)]
]

/** Logs in Effect's own format for a terminal to this console. */
export const prettyTo =
  (console: Console) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provide(self, Logger.add(Logger.prettyLogger({ colors: false, mode: "tty" }))).pipe((logging) =>
      Effect.consoleWith((current) => Effect.withConsole(logging, { ...current, unsafe: console }))
    )

/** Adds a logger. */
export const addLogger: (logger: AnyLogger) => Layer.Layer<never> = Logger.add

/** Puts a logger in place of Effect's own. */
export const replaceLogger = (logger: AnyLogger): Layer.Layer<never> =>
  Logger.replace(Logger.defaultLogger, logger)

/** Logs every level. */
export const withAllLevels: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> =
  Logger.withMinimumLogLevel(LogLevel.All)

/** Logs nothing. */
export const noLogger: Layer.Layer<never> = Logger.remove(Logger.defaultLogger)

/** Passes each entry on as a line of plain text. */
export const simpleLogger = (write: (line: string) => void): AnyLogger =>
  Logger.map(Logger.stringLogger, write)

/** Passes each entry on as a line of `key=value` pairs. */
export const logfmtLogger = (write: (line: string) => void): AnyLogger =>
  Logger.map(Logger.logfmtLogger, write)
