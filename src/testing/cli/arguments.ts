import { parseArgs } from "node:util"
import * as Redacted from "effect/Redacted"
import { isWebhookSecret } from "../../core/emulator/webhooks.js"
import { visibleText } from "../../core/redaction/redact.js"
import {
  DEFAULT_SECRET_KEY,
  DEFAULT_WEBHOOK_SECRET,
  isRateLimit,
  type RateLimitOptions
} from "../emulator/options.js"

export const commandName = "effect-clerk-emulator"

// prose-ignore sentence: a table of options is not a sentence
export const help = `An in-memory Clerk for development and tests: sessions, their tokens, and the key set.

  npx ${commandName} --port 4999 --seed users.json

  --port <number>       the port; 0 takes any free port (default 4999)
  --host <address>      the address to listen on (default 127.0.0.1, this machine only)
  --seed <file>         a JSON file with the initial users, organizations, templates and sessions
  --secret-key <key>    the secret key that clients must use (default ${Redacted.value(DEFAULT_SECRET_KEY)})
  --rate-limit <limit>  the requests that a window allows, such as 1000/10s (default no limit)
  --webhook-url <url>   where to send the webhooks of sessions (default none)
  --webhook-secret <s>  the secret that signs them, whsec_ and base64 (default ${Redacted.value(DEFAULT_WEBHOOK_SECRET)})
  --allow-host <name>   another host name that requests may use, such as host.docker.internal
  --allow-origin <url>  a web origin that may use the control API and the sign-in, such as http://app.test:3000
  --help                print this text
  --version             print the version

You can use --allow-host and --allow-origin several times.
POST /__emulator/sign-in {"userId":"user_…"} signs a user in. GET /__emulator lists all commands.
`

export interface ServeOptions {
  readonly port: number
  readonly host: string
  readonly seedFile: string | undefined
  readonly secretKey: Redacted.Redacted<string>
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

const readRateLimit = (text: string): RateLimitOptions | undefined => {
  const [, limit, count, unit = ""] = /^(\d{1,7})\/(\d{1,7})(ms|s|m|h)$/.exec(text) ?? []
  const given = { limit: Number(limit), window: Number(count) * (millisPer[unit] ?? 0) }
  return isRateLimit(given) ? given : undefined
}

const rules: ReadonlyArray<readonly [keyof typeof options, (text: string) => boolean, string]> = [
  ["port", (text) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535, "a number from 0 to 65535"],
  ["host", (text) => /^[\w.:-]{1,255}$/.test(text), "an address such as 127.0.0.1, ::1 or localhost"],
  [
    "secret-key",
    (text) => /^sk_test_[\x21-\x7e]{1,500}$/.test(text),
    "a key made up for tests, which starts with sk_test_"
  ],
  [
    "rate-limit",
    (text) => readRateLimit(text) !== undefined,
    "a number of requests and a window of at most 1 hour, such as 1000/10s, 100/500ms or 600/1m"
  ],
  [
    "webhook-url",
    (text) => /^https?:\/\//.test(text) && URL.canParse(text),
    "an http or https URL, such as http://localhost:3000/webhooks"
  ],
  ["webhook-secret", isWebhookSecret, "whsec_ and base64"],
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

/**
 * Returns the first sentence of "Unknown option '--prot'. To specify a positional argument …". It is masked, because a key
 * can be in the place of an option.
 */
const parseError = (error: unknown): string => {
  const [first = ""] = String(error instanceof Error ? error.message : error).split(/\.(?:\s|$)/)
  const sentence = visibleText(first)
  if (!sentence.startsWith("Unknown option")) return `${sentence}.`
  const names = Object.keys(options).map((name) => `--${name}`)
  return `${sentence}: the options are ${names.join(", ")}.`
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
  const textsOf = (name: keyof typeof options): ReadonlyArray<string> =>
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
    rateLimit: readRateLimit(textsOf("rate-limit")[0] ?? ""),
    webhookUrl: textsOf("webhook-url")[0],
    webhookSecret: webhookSecret === undefined ? DEFAULT_WEBHOOK_SECRET : Redacted.make(webhookSecret),
    allowedHosts: textsOf("allow-host").map((text) => hostUrl(text)?.hostname ?? text),
    allowedOrigins: textsOf("allow-origin")
  }
}
