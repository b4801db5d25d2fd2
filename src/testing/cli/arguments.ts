import { parseArgs } from "node:util"
import * as Redacted from "effect/Redacted"
import { isWebhookSecret } from "../../core/emulator/webhooks.js"
import { nearest } from "../../core/input.js"
import { visibleText } from "../../core/redaction/redact.js"
import {
  DEFAULT_SECRET_KEY,
  DEFAULT_WEBHOOK_SECRET,
  isRateLimit,
  type RateLimitOptions
} from "../emulator/options.js"

export const commandName = "effect-clerk-emulator"

// prose-ignore sentence: a table of options is not a sentence
export const help = `Runs a Clerk in memory, for development and tests. It needs no account and no network.

Usage:
  npx ${commandName} [options]

Example:
  npx ${commandName} --port 4999 --seed users.json

Options:
  --port <number>          Port to listen on. 0 takes any free port. Default: 4999
  --host <address>         Address to listen on. Default: 127.0.0.1, which only this machine reaches
  --seed <file>            JSON file with the initial users, organizations, templates and sessions
  --secret-key <key>       Secret key that clients must send. Default: ${Redacted.value(DEFAULT_SECRET_KEY)}
  --token-lifetime <time>  Lifetime of session tokens, from 1s to 24h, such as 5s or 10m. Default: 60s
  --rate-limit <n>/<time>  Requests that each time window allows, such as 1000/10s. Default: no limit
  --webhook-url <url>      URL that receives a webhook when a session is created or ends. Default: none
  --webhook-secret <s>     Secret that signs the webhooks. Default: ${Redacted.value(DEFAULT_WEBHOOK_SECRET)}
  --allow-host <name>      Another host name that requests may use, such as host.docker.internal
  --allow-origin <origin>  Another web origin that may use the control API and the sign-in page,
                           such as http://app.test:3000
  --help                   Print this help
  --version                Print the version

You can give --allow-host and --allow-origin several times.

While it runs:
  The program prints the environment variables for your application when it starts.
  GET /__emulator lists the commands of the control API, for example to sign a user in.
  Ctrl+C stops the program. All data is lost then.

Exit codes: 0 after Ctrl+C or SIGTERM, 1 if it cannot listen, 2 for an invalid option or seed.
`

export interface ServeOptions {
  readonly port: number
  readonly host: string
  readonly seedFile: string | undefined
  readonly secretKey: Redacted.Redacted<string>
  /** Milliseconds. */
  readonly tokenLifetime: number
  readonly rateLimit: RateLimitOptions | undefined
  /** Where to send webhooks. `undefined` for no webhooks. */
  readonly webhookUrl: string | undefined
  readonly webhookSecret: Redacted.Redacted<string>
  /** Host names besides those of this machine. */
  readonly allowedHosts: ReadonlyArray<string>
  /** Web origins besides those of this machine that may use the control API. */
  readonly allowedOrigins: ReadonlyArray<string>
}

export type Command =
  | { readonly _tag: "help" }
  | { readonly _tag: "version" }
  | { readonly _tag: "invalid"; readonly sentence: string }
  | ({ readonly _tag: "serve" } & ServeOptions)

const options = {
  port: { type: "string" },
  host: { type: "string" },
  seed: { type: "string" },
  "secret-key": { type: "string" },
  "token-lifetime": { type: "string" },
  "rate-limit": { type: "string" },
  "webhook-url": { type: "string" },
  "webhook-secret": { type: "string" },
  "allow-host": { type: "string", multiple: true },
  "allow-origin": { type: "string", multiple: true },
  help: { type: "boolean" },
  version: { type: "boolean" }
} as const

const hostUrl = (text: string): URL | undefined =>
  /^[\w.[\]:-]{1,255}$/.test(text) && URL.canParse(`http://${text}`) ? new URL(`http://${text}`) : undefined

const millisPer: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** Reads a duration such as `10s`, in milliseconds. */
const readMillis = (text: string): number | undefined => {
  const [, count, unit = ""] = /^(\d{1,7})(ms|s|m|h)$/.exec(text) ?? []
  return count === undefined ? undefined : Number(count) * (millisPer[unit] ?? 0)
}

const readRateLimit = (text: string): RateLimitOptions | undefined => {
  const [, limit, window = ""] = /^(\d{1,7})\/(\w+)$/.exec(text) ?? []
  const given = { limit: Number(limit), window: readMillis(window) }
  return isRateLimit(given) ? given : undefined
}

const defaultTokenLifetime = 60_000

/** Tokens state their times in whole seconds. */
const readTokenLifetime = (text: string): number | undefined => {
  const millis = text.endsWith("ms") ? undefined : readMillis(text)
  return millis !== undefined && millis >= 1_000 && millis <= 24 * 3_600_000 ? millis : undefined
}

type OptionName = keyof typeof options

const rules: ReadonlyArray<readonly [OptionName, (text: string) => boolean, string]> = [
  ["port", (text) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535, "a number from 0 to 65535"],
  ["host", (text) => /^[\w.:-]{1,255}$/.test(text), "an address such as 127.0.0.1, ::1 or localhost"],
  ["seed", () => true, "the path of a JSON file"],
  [
    "secret-key",
    (text) => /^sk_test_[\x21-\x7e]{1,500}$/.test(text),
    "a key made up for tests, which starts with sk_test_. Do not use a key of Clerk's dashboard here"
  ],
  [
    "token-lifetime",
    (text) => readTokenLifetime(text) !== undefined,
    "a duration from 1 second to 24 hours, such as 5s, 10m or 1h"
  ],
  [
    "rate-limit",
    (text) => readRateLimit(text) !== undefined,
    "a number of requests from 1 to 1,000,000 and a window from 1ms to 1h, such as 1000/10s, 100/500ms or 600/1m"
  ],
  [
    "webhook-url",
    (text) => /^https?:\/\//.test(text) && URL.canParse(text),
    "an http or https URL, such as http://localhost:3000/webhooks"
  ],
  ["webhook-secret", isWebhookSecret, "whsec_ followed by base64, such as whsec_c2VjcmV0"],
  [
    "allow-host",
    (text) => hostUrl(text)?.port === "",
    "a host name without a port, such as host.docker.internal"
  ],
  [
    "allow-origin",
    (text) => /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text,
    "a web origin, such as http://app.test:3000"
  ]
]

const optionNames = Object.keys(options).map((name) => `--${name}`)

const unknownOption = (given: string): string => {
  const meant = nearest(given, optionNames)
  const advice = meant === undefined ? `The options are ${optionNames.join(", ")}.` : `Did you mean ${meant}?`
  return `Unknown option ${visibleText(given)}. ${advice}`
}

const unexpectedArgument = (given: string): string => {
  const shown = visibleText(given)
  const example = /^[\w./-]+\.json$/.test(shown) ? `, such as --seed ${shown}` : ""
  return `Unexpected argument ${shown}. Put the name of an option before it${example}.`
}

/** Returns what is wrong with the command line, from Node's error. Masks the given texts, because one can be a key. */
const parseError = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error)
  // Node writes `'-p, --port <value>'` and `'--port <value>'` in these messages.
  const [, given = ""] = /'([^']*)'/s.exec(message) ?? []
  if (message.startsWith("Unknown option")) return unknownOption(given)
  if (message.startsWith("Unexpected argument")) return unexpectedArgument(given)
  const option = given.replace(/ .*/s, "")
  const [, , rule] = rules.find(([name]) => option === `--${name}`) ?? []
  return rule === undefined ? `${option} takes no value.` : `${option} needs a value, which must be ${rule}.`
}

const parse = (args: ReadonlyArray<string>) => parseArgs({ args: [...args], options }).values

/** Reads the command line. */
export const readArguments = (args: ReadonlyArray<string>): Command => {
  let values: ReturnType<typeof parse>
  try {
    values = parse(args)
  } catch (error) {
    return { _tag: "invalid", sentence: parseError(error) }
  }
  if (values.help === true) return { _tag: "help" }
  if (values.version === true) return { _tag: "version" }
  /** An empty text counts as absent: `--port "$PORT"` leaves it where the variable is unset. */
  const textsOf = (name: OptionName): ReadonlyArray<string> =>
    [values[name] ?? []]
      .flat()
      .flatMap((text) => (typeof text === "string" && text.trim() !== "" ? [text] : []))
  const broken = rules.find(([name, isValid]) => !textsOf(name).every(isValid))
  if (broken !== undefined) return { _tag: "invalid", sentence: `--${broken[0]} must be ${broken[2]}.` }
  const [secretKey] = textsOf("secret-key")
  const [webhookSecret] = textsOf("webhook-secret")
  return {
    _tag: "serve",
    port: Number(textsOf("port")[0] ?? 4999),
    host: textsOf("host")[0] ?? "127.0.0.1",
    seedFile: textsOf("seed")[0],
    secretKey: secretKey === undefined ? DEFAULT_SECRET_KEY : Redacted.make(secretKey),
    tokenLifetime: readTokenLifetime(textsOf("token-lifetime")[0] ?? "") ?? defaultTokenLifetime,
    rateLimit: readRateLimit(textsOf("rate-limit")[0] ?? ""),
    webhookUrl: textsOf("webhook-url")[0],
    webhookSecret: webhookSecret === undefined ? DEFAULT_WEBHOOK_SECRET : Redacted.make(webhookSecret),
    allowedHosts: textsOf("allow-host").map((text) => hostUrl(text)?.hostname ?? text),
    allowedOrigins: textsOf("allow-origin")
  }
}
