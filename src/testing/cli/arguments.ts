import { parseArgs } from "node:util"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { DEFAULT_SECRET_KEY } from "../emulator/instance.js"

export const commandName = "effect-clerk-emulator"

export const help = `An in-memory Clerk to develop and test against: sessions, their tokens, and the key set.

  npx ${commandName} --port 4999 --seed users.json

  --port <number>       where to listen; 0 takes any free port (default 4999)
  --host <address>      on which address (default 127.0.0.1, this machine only)
  --seed <file>         JSON with users, organizations, templates and sessions to begin with
  --secret-key <key>    the key that clients have to use (default ${Redacted.value(DEFAULT_SECRET_KEY)})
  --help                this text
  --version             the version

POST /__emulator/sign-in {"userId":"user_…"} signs a user in; the other commands are listed at GET /__emulator.
`

export interface ServeOptions {
  readonly port: number
  readonly host: string
  readonly seedFile: string | undefined
  readonly secretKey: Redacted.Redacted<string>
}

export type Command =
  | { readonly _tag: "help" }
  | { readonly _tag: "version" }
  | ({ readonly _tag: "serve" } & ServeOptions)

const parse = (args: ReadonlyArray<string>) =>
  parseArgs({
    args: [...args],
    options: {
      port: { type: "string" },
      host: { type: "string" },
      seed: { type: "string" },
      "secret-key": { type: "string" },
      help: { type: "boolean" },
      version: { type: "boolean" }
    }
  }).values

const readPort = (text: string): Either.Either<number, string> =>
  /^\d{1,5}$/.test(text) && Number(text) <= 65_535
    ? Either.right(Number(text))
    : Either.left("--port must be a number from 0 to 65535.")

const readHost = (text: string): Either.Either<string, string> =>
  /^[\w.:-]{1,255}$/.test(text)
    ? Either.right(text)
    : Either.left("--host must be an address such as 127.0.0.1, ::1 or localhost.")

const readSecretKey = (text: string | undefined): Either.Either<Redacted.Redacted<string>, string> => {
  if (text === undefined) return Either.right(DEFAULT_SECRET_KEY)
  return /^sk_test_[\x21-\x7e]{1,500}$/.test(text)
    ? Either.right(Redacted.make(text))
    : Either.left("--secret-key must be a key made up for tests, which starts with sk_test_.")
}

/** Reads the command line; what is wrong with it is told in a sentence. */
export const readArguments = (args: ReadonlyArray<string>): Either.Either<Command, string> =>
  Either.gen(function* () {
    const values = yield* Either.try({
      try: () => parse(args),
      // "Unknown option '--prot'. To specify a positional argument …": the first sentence will do.
      catch: (error) => `${String(error instanceof Error ? error.message : error).split(/\.(?:\s|$)/)[0]}.`
    })
    if (values.help === true) return { _tag: "help" }
    if (values.version === true) return { _tag: "version" }
    return {
      _tag: "serve",
      port: yield* readPort(values.port ?? "4999"),
      host: yield* readHost(values.host ?? "127.0.0.1"),
      seedFile: values.seed,
      secretKey: yield* readSecretKey(values["secret-key"])
    }
  })
