#!/usr/bin/env node
/**
 * The in-memory Clerk as a program, for projects without Effect: `npx effect-clerk-emulator --help`.
 *
 * @since 4.0.0
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
  const invalid = (what: string) => new Quit({ code: 2, sentence: `Cannot load --seed ${path}. ${what}.` })
  return Effect.tryPromise({
    try: () => readFile(path),
    catch: () => invalid("The file does not exist, or this user may not read it")
  }).pipe(
    Effect.flatMap((bytes) => {
      const text = textOf(bytes)
      if (text === undefined) return invalid("The file must be UTF-8 text")
      const json = readJson(text)
      return json instanceof RuleBreak ? invalid(`The file ${json.rule}`) : Effect.succeed(json)
    })
  )
}

const listenError = ({ host, port }: ServeOptions, code: string): Quit => {
  const noAddress = `Cannot listen on ${host}, because it is not an address of this machine. Use another address with --host, or omit --host for 127.0.0.1.`
  const sentences: Readonly<Record<string, string>> = {
    EADDRINUSE: `Cannot listen on port ${port} of ${host}, because another program uses it. Stop that program, or use another port with --port. --port 0 takes any free port.`,
    EACCES: `Cannot listen on port ${port} of ${host}, because this user may not use it. Use a port above 1023 with --port.`,
    EADDRNOTAVAIL: noAddress,
    ENOTFOUND: noAddress
  }
  const sentence =
    sentences[code] ??
    `Cannot listen on port ${port} of ${host} (${code}). Use another port with --port, or another address with --host.`
  return new Quit({ code: 1, sentence })
}

/** Returns the address at which programs of this machine reach a server that listens on `address`. */
const localAddress = (address: string): string => {
  const url = new URL(address)
  if (url.hostname === "0.0.0.0") url.hostname = "127.0.0.1"
  if (url.hostname === "[::]") url.hostname = "[::1]"
  return url.origin
}

/** The environment variables of an application. Does not contain a secret that the user gave. */
const variables = (
  local: string,
  { publishableKey }: ClerkEmulatorService,
  { secretKey, webhookSecret, webhookUrl }: ServeOptions
): ReadonlyArray<string> => [
  `CLERK_API_URL=${local}`,
  ...(isLoopback(new URL(local).hostname) ? [] : ["CLERK_ALLOW_INSECURE_HTTP=true"]),
  `CLERK_SECRET_KEY=${secretKey === DEFAULT_SECRET_KEY ? Redacted.value(secretKey) : "<the key of --secret-key>"}`,
  `CLERK_PUBLISHABLE_KEY=${publishableKey}`,
  ...(webhookUrl === undefined
    ? []
    : [
        `CLERK_WEBHOOK_SIGNING_SECRET=${webhookSecret === DEFAULT_WEBHOOK_SECRET ? Redacted.value(webhookSecret) : "<the secret of --webhook-secret>"}`
      ])
]

/** The text at the start. */
const banner = (address: string, clerk: ClerkEmulatorService, options: ServeOptions) => {
  const { webhookUrl } = options
  const local = localAddress(address)
  const isShared = !isLoopback(new URL(address).hostname)
  // prose-ignore sentence: a list of addresses and commands is not a sentence
  return `${commandName} listens on ${address}

Set these environment variables for your application:

${variables(local, clerk, options)
  .map((line) => `  ${line}\n`)
  .join("")}
Sign in on this page, which returns to your application:

  ${local}/sign-in?redirect_url=http://localhost:3000/

Or sign in from a terminal. The control API is at ${local}${controlPath} and lists its commands there:

  curl ${local}${controlPath}/sign-in -d '{"userId":"user_1","origin":"http://localhost:3000"}'
  curl ${local}${controlPath}/state

${webhookUrl === undefined ? "" : `Webhooks go to ${webhookUrl}\n`}${
  isShared
    ? `Other machines on your network can reach this address and use ${controlPath}.
In another container, set CLERK_API_URL to the name of this host, and CLERK_ALLOW_INSECURE_HTTP=true.
`
    : ""
}Press Ctrl+C to stop. All data is lost then.
`
}

/**
 * The issuer of an emulator that listens on an address. Its publishable key leads to the emulator, so it is a name of this
 * machine that the key can contain. The key of another address leads to https, which the emulator does not serve.
 */
const issuerAt = (address: string): { readonly issuer?: string } => {
  const url = new URL(localAddress(address))
  if (url.hostname === "[::1]") url.hostname = "localhost"
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
      ({ message }) => new Quit({ code: 2, sentence: `Cannot load --seed ${seedFile}. In it, ${message}.` })
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
      tokenLifetime: options.tokenLifetime,
      rateLimit: options.rateLimit,
      webhookSecret: webhookUrl === undefined ? undefined : webhookSecret,
      origins: [DEFAULT_ORIGIN, ...options.allowedOrigins],
      seed: data as EmulatorSeed // sound because the trial accepted it
    })
    if (webhookUrl !== undefined) {
      yield* Effect.provide(
        sendWebhooks(clerk, { url: webhookUrl }, (line) => Effect.sync(() => log(line))),
        FetchHttpClient.layer
      )
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
      return new Quit({ code: 2, sentence: `${command.sentence} Run ${commandName} --help for all options.` })
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
