import { Console as NodeConsole } from "node:console"
import { Writable } from "node:stream"
import { inspect } from "node:util"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { prettyWithCauses, rejectionOf } from "#test/cause.js"
import { addLogger, formats, prettyTo, replaceLogger, simpleLogger, withAllLevels } from "#test/logger.js"
import type { Codec } from "#test/schema.js"
import { recordingTracer } from "./spans.js"

/** The ways to print a value, each with the printed text. */
export type Channels = ReadonlyArray<readonly [channel: string, text: string]>

const everything = { depth: 20, showHidden: true, maxStringLength: null, maxArrayLength: null } as const

/** JSON as a logger would write it, with the times of spans. A value without JSON prints as its own text. */
const json = (value: unknown): string => {
  try {
    return (
      JSON.stringify(value, (_, each) => (typeof each === "bigint" ? String(each) : each)) ?? String(value)
    )
  } catch {
    return "not JSON"
  }
}

/** Every string in a value's own properties, including symbols and non-enumerable ones, and in its causes. */
const wordsIn = (value: unknown, seen = new Set<object>()): ReadonlyArray<string> => {
  if (typeof value === "string") return [value]
  if (typeof value !== "object" || value === null || seen.has(value)) return []
  seen.add(value)
  return Reflect.ownKeys(value).flatMap((key) => [String(key), ...wordsIn(Reflect.get(value, key), seen)])
}

const cloned = (value: object): string => {
  for (const source of [value, { ...value }]) {
    try {
      return inspect(structuredClone(source), everything)
    } catch {
      // An error that has failed within a span is a proxy, which cannot be cloned, so its properties are cloned.
    }
  }
  return "cannot be cloned"
}

/** The ways to print an error. */
export const errorChannels = (error: Error): Channels => [
  ["String", String(error)],
  ["template", `${error}`],
  ["message", error.message],
  ["stack", String(error.stack)],
  ["toString", error.toString()],
  ["JSON", json(error)],
  [
    "toJSON",
    json(Reflect.has(error, "toJSON") ? Reflect.apply(Reflect.get(error, "toJSON"), error, []) : "")
  ],
  ["inspect", inspect(error, everything)],
  ["own properties", wordsIn(error).join("\n")],
  ["clone", cloned(error)],
  ["encoded", encoded(error)]
]

const encoded = (error: Error): string =>
  Schema.isSchema(error.constructor)
    ? // Sound for this library's errors: their schemas need no services.
      json(Schema.encodeUnknownSync(error.constructor as unknown as Codec<unknown>)(error))
    : "has no schema"

/** The ways to print any value. */
export const valueChannels = (name: string, value: unknown): Channels => [
  [`String of the ${name}`, String(value)],
  [`JSON of the ${name}`, json(value)],
  [`inspect of the ${name}`, inspect(value, everything)]
]

const causeChannels = (cause: Cause.Cause<unknown>): Channels => [
  ...valueChannels("cause", cause),
  ["pretty", Cause.pretty(cause)],
  ["pretty with causes", prettyWithCauses(cause)],
  // The reason of a rejected promise, which an uncaught failure prints.
  ...valueChannels("rejection", rejectionOf(cause))
]

/** Logs `values` with each of Effect's loggers and returns the written lines. */
const logged = (...values: ReadonlyArray<unknown>): Effect.Effect<Channels> =>
  Effect.gen(function* () {
    const written: Array<readonly [string, string]> = []
    const keep = (name: string) => (line: unknown) =>
      void written.push([
        name,
        typeof line === "string" ? line : `${json(line)} ${inspect(line, everything)}`
      ])
    const sink = new Writable({
      write: (chunk, _encoding, done) => {
        keep("pretty logger")(String(chunk))
        done()
      }
    })
    yield* formats
      .map(([format, logger]) => addLogger(logger(keep(`${format} logger`))))
      .reduce<Effect.Effect<void>>(
        (self, logger) => Effect.provide(self, logger),
        Effect.logFatal("it failed", ...values).pipe(Effect.annotateLogs("failure", values[0]))
      )
      .pipe(prettyTo(new NodeConsole(sink)))
    return written
  })

/** Runs an effect under a tracer that keeps all spans. */
export const traced = <A, E, R>(
  self: Effect.Effect<A, E, R>
): Effect.Effect<readonly [Exit.Exit<A, E>, Channels], never, R> =>
  Effect.suspend(() => {
    const { spans, tracer } = recordingTracer()
    return self.pipe(
      Effect.withSpan("the caller's"),
      Effect.withTracer(tracer),
      Effect.exit,
      Effect.map((exit): readonly [Exit.Exit<A, E>, Channels] => {
        const shown = spans.map(({ attributes, ended, events, kind, name }) => ({
          name,
          kind,
          attributes,
          events,
          exits: ended.map((end) => end.exit)
        }))
        return [
          exit,
          [
            ["spans", inspect(shown, everything)],
            ["JSON of the spans", json(shown)],
            ["JSON of the spans' exits", json(shown.map(({ exits }) => exits))]
          ]
        ]
      })
    )
  })

/** All channels that can show the outcome of an effect. */
export const channelsOf = <A, E, R>(
  self: Effect.Effect<A, E, R>
): Effect.Effect<{ readonly exit: Exit.Exit<A, E>; readonly channels: Channels }, never, R> =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const [exit, spans] = yield* traced(self).pipe(
      withAllLevels,
      Effect.provide(replaceLogger(simpleLogger((line) => lines.push(line))))
    )
    const cause = Exit.isFailure(exit) ? exit.cause : Cause.empty
    const value = Exit.isSuccess(exit) ? exit.value : Cause.squash(cause)
    const channels = [
      ...valueChannels("exit", exit),
      ...valueChannels("value", value),
      ["words of the value", wordsIn(value).join("\n")],
      ...(value instanceof Error ? errorChannels(value) : []),
      ...causeChannels(cause),
      ["log of the effect", lines.join("\n")],
      ...(yield* logged(value, cause, exit)),
      ...spans
    ] as const
    return { exit, channels }
  })

const base64Parts = (secret: string): ReadonlyArray<string> =>
  // Base64 of a longer text has the secret at one of three alignments; the ends depend on the neighbours.
  [0, 1, 2].map((shift) => {
    const text = Buffer.from("x".repeat(shift) + secret).toString("base64")
    return text.slice(shift === 0 ? 0 : 4, -4)
  })

/** A secret as plain text and in the encodings of credentials. */
export const formsOf = (secret: string): ReadonlyArray<string> => [
  secret,
  encodeURIComponent(secret),
  ...base64Parts(secret),
  ...base64Parts(secret).map((part) => part.replaceAll("+", "-").replaceAll("/", "_"))
]

/** The channels that show one of `secrets`, for a test to find empty. */
export const leaks = (
  channels: Channels,
  secrets: { readonly [name: string]: string }
): ReadonlyArray<string> =>
  Object.entries(secrets).flatMap(([name, secret]) => {
    const forms = formsOf(secret)
    return channels
      .filter(([, text]) => forms.some((form) => text.includes(form)))
      .map(([channel]) => `${name} in ${channel}`)
  })
