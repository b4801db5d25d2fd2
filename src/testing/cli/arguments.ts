import { parseArgs } from "node:util"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { visibleText } from "../../core/redaction/redact.js"
import { DEFAULT_SECRET_KEY } from "../emulator/options.js"

export const commandName = "effect-clerk-emulator"

export const help = `An in-memory Clerk to develop and test against: sessions, their tokens, and the key set.

  npx ${commandName} --port 4999 --seed users.json

  --port <number>       where to listen; 0 takes any free port (default 4999)
  --host <address>      on which address (default 127.0.0.1, this machine only)
  --seed <file>         JSON with users, organizations, templates and sessions to begin with
  --secret-key <key>    the key that clients have to use (default ${Redacted.value(DEFAULT_SECRET_KEY)})
  --allow-host <name>   another host name that requests may use, such as host.docker.internal; may be repeated
  --allow-origin <url>  a web origin that may use the control API, such as http://app.test:3000; may be repeated
  --help                this text
  --version             the version

POST /__emulator/sign-in {"userId":"user_…"} signs a user in; the other commands are listed at GET /__emulator.
`

export interface ServeOptions {
  readonly port: number
  readonly host: string
  readonly seedFile: string | undefined
  readonly secretKey: Redacted.Redacted<string>
  /** Host names besides those of this machine. */
  readonly allowedHosts: ReadonlyArray<string>
  /** Web origins besides those of this machine that may use the control API. */
  readonly allowedOrigins: ReadonlyArray<string>
}

export type Command =
  | { readonly _tag: "help" }
  | { readonly _tag: "version" }
  | ({ readonly _tag: "serve" } & ServeOptions)

const flags = {
  port: { type: "string" },
  host: { type: "string" },
  seed: { type: "string" },
  "secret-key": { type: "string" },
  "allow-host": { type: "string", multiple: true },
  "allow-origin": { type: "string", multiple: true },
  help: { type: "boolean" },
  version: { type: "boolean" }
} as const

const flagNames = Object.keys(flags).map((name) => `--${name}`)

const parse = (args: ReadonlyArray<string>) => parseArgs({ args: [...args], options: flags }).values

/**
 * Gives the first sentence of "Unknown option '--prot'. To specify a positional argument …". A key can stand in the place
 * of an option, so it is masked.
 */
const parseError = (error: unknown): string => {
  const [first = ""] = String(error instanceof Error ? error.message : error).split(/\.(?:\s|$)/)
  const sentence = visibleText(first)
  return sentence.startsWith("Unknown option")
    ? `${sentence}: the options are ${flagNames.join(", ")}.`
    : `${sentence}.`
}

/** An empty value is a missing one, as `--port "$PORT"` leaves it. */
const given = (text: string | undefined): string | undefined => (text?.trim() === "" ? undefined : text)

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

const readAllowedHost = (text: string): Either.Either<string, string> =>
  /^[\w.[\]:-]{1,255}$/.test(text) && URL.canParse(`http://${text}`) && new URL(`http://${text}`).port === ""
    ? Either.right(new URL(`http://${text}`).hostname)
    : Either.left("--allow-host must be a host name without a port, such as host.docker.internal.")

const readAllowedOrigin = (text: string): Either.Either<string, string> =>
  /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text
    ? Either.right(text)
    : Either.left("--allow-origin must be a web origin, such as http://app.test:3000.")

const readAll = (
  texts: ReadonlyArray<string> | undefined,
  read: (text: string) => Either.Either<string, string>
): Either.Either<ReadonlyArray<string>, string> =>
  Either.all((texts ?? []).flatMap((text) => given(text) ?? []).map(read))

/** Reads the command line; what is wrong with it is told in a sentence. */
export const readArguments = (args: ReadonlyArray<string>): Either.Either<Command, string> =>
  Either.gen(function* () {
    const values = yield* Either.try({
      try: () => parse(args),
      catch: parseError
    })
    if (values.help === true) return { _tag: "help" }
    if (values.version === true) return { _tag: "version" }
    return {
      _tag: "serve",
      port: yield* readPort(given(values.port) ?? "4999"),
      host: yield* readHost(given(values.host) ?? "127.0.0.1"),
      seedFile: given(values.seed),
      secretKey: yield* readSecretKey(given(values["secret-key"])),
      allowedHosts: yield* readAll(values["allow-host"], readAllowedHost),
      allowedOrigins: yield* readAll(values["allow-origin"], readAllowedOrigin)
    }
  })
