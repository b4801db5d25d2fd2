#!/usr/bin/env node
/**
 * The in-memory Clerk as a program, for those who do not use Effect: `npx effect-clerk-emulator --help`.
 *
 * @since 0.1.0
 */
import { readFile } from "node:fs/promises"
import process from "node:process"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { readJson, textOf } from "../../core/emulator/limits.js"
import { RuleBreak } from "../../core/input.js"
import { scrubText } from "../../core/redaction/redact.js"
import { version } from "../../core/version.js"
import { ClerkEmulator } from "../ClerkEmulator.js"
import type { EmulatorSeed } from "../emulator/seed.js"
import { commandName, help, readArguments, type ServeOptions } from "./arguments.js"
import { banner } from "./banner.js"
import { dispatch } from "./dispatch.js"
import * as MovableClock from "./movableClock.js"
import { type Log, serve } from "./server.js"

/** Why the program ends: 2 for what it was told, 1 for what it met. */
class Quit extends Data.TaggedError("Quit")<{ readonly code: 1 | 2; readonly sentence: string }> {}

const print = (text: string) => Effect.sync(() => void process.stdout.write(text))

/** One line: what clients send is cleaned and shortened, and the secrets in it are masked. */
const logHiding =
  (secrets: ReadonlyArray<string>): Log =>
  (line) =>
    void process.stderr.write(`${scrubText(line, secrets)}\n`)

const readSeedFile = (path: string): Effect.Effect<unknown, Quit> => {
  const wrong = (what: string) => new Quit({ code: 2, sentence: `--seed ${path}: ${what}.` })
  return Effect.tryPromise({
    try: () => readFile(path),
    catch: () => wrong("there is no file that can be read")
  }).pipe(
    Effect.flatMap((bytes) => {
      const text = textOf(bytes)
      if (text === undefined) return wrong("the file is not valid UTF-8")
      const json = readJson(text)
      return json instanceof RuleBreak ? wrong(`the file ${json.rule}`) : Effect.succeed(json)
    })
  )
}

const listenRefusal = ({ host, port }: ServeOptions, code: string): Quit => {
  const sentences: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${port} of ${host} is in use: choose another by --port, or --port 0 for any that is free.`,
    EACCES: `Port ${port} of ${host} is not for everybody: choose one above 1023 by --port.`,
    EADDRNOTAVAIL: `${host} is no address of this machine: choose another by --host.`,
    ENOTFOUND: `${host} is no address of this machine: choose another by --host.`
  }
  return new Quit({
    code: 1,
    sentence: sentences[code] ?? `Cannot listen on ${host}, port ${port} (${code}).`
  })
}

const signalled = Effect.async<void>((resume) => {
  const stop = () => resume(Effect.void)
  process.once("SIGINT", stop)
  process.once("SIGTERM", stop)
})

const run = (options: ServeOptions): Effect.Effect<void, Quit> => {
  const clock = MovableClock.make()
  return Effect.gen(function* () {
    const { secretKey, seedFile } = options
    const log = logHiding([Redacted.value(secretKey)])
    const data = seedFile === undefined ? undefined : yield* readSeedFile(seedFile)
    // Checked before it is made an option, so that what is wrong is told in a sentence.
    const trial = yield* ClerkEmulator.make()
    yield* Effect.mapError(
      trial.seed(data ?? {}),
      (error) => new Quit({ code: 2, sentence: `--seed ${seedFile}: ${error.message}.` })
    )
    // It has just been found to be one.
    const clerk = yield* ClerkEmulator.make({ secretKey, seed: data as EmulatorSeed | undefined })
    const address = yield* Effect.mapError(
      serve(options, dispatch({ clerk, clock, log, ...options }), log),
      (code) => listenRefusal(options, code)
    )
    yield* print(banner(address, clerk, options))
    yield* signalled
  }).pipe(Effect.scoped, Effect.withClock(clock.clock))
}

const main: Effect.Effect<void, Quit> = Either.match(readArguments(process.argv.slice(2)), {
  onLeft: (sentence) =>
    Effect.fail(new Quit({ code: 2, sentence: `${sentence} See ${commandName} --help.` })),
  onRight: (command) => {
    switch (command._tag) {
      case "help":
        return print(help)
      case "version":
        return print(`${version}\n`)
      case "serve":
        return run(command)
    }
  }
})

Effect.runFork(
  Effect.catchTag(main, "Quit", ({ code, sentence }) =>
    Effect.sync(() => {
      process.stderr.write(`${sentence}\n`)
      process.exitCode = code
    })
  )
).addObserver((exit) => {
  if (exit._tag === "Success") return
  const defect = Cause.squash(exit.cause)
  logHiding([])(`${commandName} failed: ${defect instanceof Error ? defect.message : String(defect)}`)
  process.exitCode = 1
})
