#!/usr/bin/env node
/**
 * The in-memory Clerk as a program, for projects without Effect: `npx effect-clerk-emulator --help`.
 *
 * @since 0.1.0
 */
import { readFile } from "node:fs/promises"
import process from "node:process"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { withClock } from "#major/clock.js"
import * as FetchHttpClient from "#major/fetchHttpClient.js"
import { callback } from "#major/fiber.js"
import { readJson, textOf } from "../../core/emulator/limits.js"
import { RuleBreak } from "../../core/input.js"
import { makeRedactor } from "../../core/redaction/redact.js"
import { version } from "../../core/version.js"
import { isLoopback } from "../../core/wire/baseUrl.js"
import { ClerkEmulator } from "../ClerkEmulator.js"
import { DEFAULT_ORIGIN } from "../emulator/methods.js"
import { DEFAULT_SECRET_KEY, DEFAULT_WEBHOOK_SECRET } from "../emulator/options.js"
import type { EmulatorSeed } from "../emulator/seed.js"
import { sendWebhooks } from "../emulator/sendWebhooks.js"
import type { ClerkEmulatorService } from "../emulator/service.js"
import { commandName, help, readArguments, type ServeOptions } from "./arguments.js"
import { controlPath } from "./control.js"
import { dispatch } from "./dispatch.js"
import * as MovableClock from "./movableClock.js"
import { type Log, type Respond, serve } from "./server.js"

/** The program ends: with code 2 for an invalid argument or seed, with 1 for an error of the system. */
class Quit extends Data.TaggedError("Quit")<{ readonly code: 1 | 2; readonly sentence: string }> {}

const print = (text: string) => Effect.sync(() => void process.stdout.write(text))

/** Writes one short line, in which the secrets are masked. */
const logHiding = (secrets: ReadonlyArray<string>): Log => {
  const redactor = makeRedactor(secrets)
  return (line) => void process.stderr.write(`${redactor.text(line)}\n`)
}

const readSeedFile = (path: string): Effect.Effect<unknown, Quit> => {
  const invalid = (what: string) => new Quit({ code: 2, sentence: `--seed ${path}: ${what}.` })
  return Effect.tryPromise({
    try: () => readFile(path),
    catch: () => invalid("the file does not exist, or it is not readable")
  }).pipe(
    Effect.flatMap((bytes) => {
      const text = textOf(bytes)
      if (text === undefined) return invalid("the file is not valid UTF-8")
      const json = readJson(text)
      return json instanceof RuleBreak ? invalid(`the file ${json.rule}`) : Effect.succeed(json)
    })
  )
}

const listenError = ({ host, port }: ServeOptions, code: string): Quit => {
  const noAddress = `${host} is not an address of this machine: choose another address with --host.`
  const sentences: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${port} of ${host} is in use: choose another port with --port, or any free port with --port 0.`,
    EACCES: `Port ${port} of ${host} needs more privileges: choose a port above 1023 with --port.`,
    EADDRNOTAVAIL: noAddress,
    ENOTFOUND: noAddress
  }
  const sentence = sentences[code] ?? `Cannot listen on ${host}, port ${port} (${code}).`
  return new Quit({ code: 1, sentence })
}

/** The text at the start. It does not contain a key that the user gave. */
const banner = (
  address: string,
  { publishableKey }: ClerkEmulatorService,
  { secretKey, webhookSecret, webhookUrl }: ServeOptions
) => {
  const isDefault = secretKey === DEFAULT_SECRET_KEY
  const key = isDefault ? Redacted.value(secretKey) : "(the one you gave)"
  const webhookKey =
    webhookSecret === DEFAULT_WEBHOOK_SECRET ? Redacted.value(webhookSecret) : "the secret that you gave"
  // prose-ignore sentence: a list of addresses and commands is not a sentence
  return `An in-memory Clerk listens on ${address}

  secret key       ${key}
  publishable key  ${publishableKey}
  key set          ${address}/v1/jwks (with the secret key), ${address}/.well-known/jwks.json (without)
  sign-in page     ${address}/sign-in?redirect_url=http://localhost:3000/
${webhookUrl === undefined ? "" : `  webhooks         to ${webhookUrl}, signed with ${webhookKey}\n`}
Use it:

  CLERK_API_URL=${address}${isDefault ? ` CLERK_SECRET_KEY=${key}` : ""} node your-program.js

  With @clerk/backend: createClerkClient({ secretKey, apiUrl: "${address}" })

Sign a user in, and list all data:

  curl ${address}${controlPath}/sign-in -d '{"userId":"user_1"}'
  curl ${address}${controlPath}/state

GET ${address}${controlPath} lists all commands. Ctrl+C stops the emulator.
${isLoopback(new URL(address).hostname) ? "" : `\nOther machines on your network can reach the emulator, and their programs can use ${controlPath}.\n`}`
}

/**
 * The issuer of an emulator that listens on an address. Its publishable key leads to the emulator, so it is a name of this
 * machine that the key can contain. The key of another address leads to https, which the emulator does not serve.
 */
const issuerAt = (address: string): { readonly issuer?: string } => {
  const url = new URL(address)
  url.hostname =
    { "0.0.0.0": "127.0.0.1", "[::]": "127.0.0.1", "[::1]": "localhost" }[url.hostname] ?? url.hostname
  return isLoopback(url.hostname) ? { issuer: url.origin } : {}
}

const signalled = callback<void>((resume) => {
  const stop = () => resume(Effect.void)
  process.once("SIGINT", stop)
  process.once("SIGTERM", stop)
})

const run = (options: ServeOptions): Effect.Effect<void, Quit> => {
  const clock = MovableClock.make()
  const serving = Effect.gen(function* () {
    const { secretKey, seedFile, webhookSecret, webhookUrl } = options
    const log = logHiding([Redacted.value(secretKey), Redacted.value(webhookSecret)])
    const data = seedFile === undefined ? {} : yield* readSeedFile(seedFile)
    // An invalid seed of the options is a defect, so another emulator checks it first.
    const trial = yield* ClerkEmulator.make()
    yield* Effect.mapError(
      trial.seed(data),
      ({ message }) => new Quit({ code: 2, sentence: `--seed ${seedFile}: ${message}.` })
    )
    // The issuer is the address, which is known once the server listens. Requests wait until then.
    const responding = yield* Deferred.make<Respond>()
    const address = yield* Effect.mapError(
      serve(
        options,
        (...request) => Effect.flatMap(Deferred.await(responding), (respond) => respond(...request)),
        log
      ),
      (code) => listenError(options, code)
    )
    const clerk = yield* ClerkEmulator.make({
      secretKey,
      ...issuerAt(address),
      rateLimit: options.rateLimit,
      webhookSecret: webhookUrl === undefined ? undefined : webhookSecret,
      origins: [DEFAULT_ORIGIN, ...options.allowedOrigins],
      seed: data as EmulatorSeed // sound because the trial accepted it
    })
    if (webhookUrl !== undefined) {
      yield* Effect.provide(sendWebhooks(clerk, { url: webhookUrl }), FetchHttpClient.layer)
    }
    yield* Deferred.succeed(responding, dispatch({ clerk, clock, log, ...options }))
    yield* print(banner(address, clerk, options))
    yield* signalled
  })
  return withClock(Effect.scoped(serving), clock.clock)
}

const main = Effect.suspend(() => {
  const command = readArguments(process.argv.slice(2))
  switch (command._tag) {
    case "help":
      return print(help)
    case "version":
      return print(`${version}\n`)
    case "invalid":
      return new Quit({ code: 2, sentence: `${command.sentence} See ${commandName} --help.` })
    case "serve":
      return run(command)
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
