import { broken, flag, inField, isBlank, optionsFlaw, RuleBreak, readOptions } from "../input.js"
import { readBaseUrl } from "../wire/baseUrl.js"

/** The options of a client after all checks, with their defaults. */
export interface ClientSettings<Policy> {
  readonly secretKey: string
  /** Origin and path prefix, without a slash at the end. */
  readonly apiUrl: string
  readonly origin: string
  /** The host alone, for traces. */
  readonly address: string
  readonly apiVersion: string
  readonly policy: Policy
  readonly maxResponseBytes: number
}

export const optionNames = [
  "secretKey",
  "apiUrl",
  "allowInsecureHttp",
  "allowAnySecretKey",
  "apiVersion",
  "policy",
  "maxResponseBytes"
] as const

const kind = { unknown: "is not an option of a client" }

/** Finds what is wrong with the names of a client's options. */
export const clientOptionsFlaw = (options: unknown): RuleBreak | undefined =>
  optionsFlaw(options, kind, optionNames)

const fromDashboard = "copy the secret key (sk_test_… or sk_live_…) from Clerk's dashboard"
const missing = broken(`is missing or empty: ${fromDashboard}`)

const checkSecretKey = (key: unknown, allowAny: boolean): string | RuleBreak => {
  if (key === undefined) return missing
  if (typeof key !== "string") return broken("must be a Redacted string")
  if (isBlank(key)) return missing
  // Before the rule about white space, which the value of a header breaks too.
  if (/^\s*bearer/i.test(key)) return broken("must be the key alone, without Bearer")
  if (/\s/.test(key)) return broken("must not contain white space")
  if (!/^[\x21-\x7e]+$/.test(key))
    return broken("must be printable ASCII: it has a character that no key has, as a placeholder does")
  if (key.length > 512) return broken("is too long for a secret key")
  if (/["'`]/.test(key)) return broken("must be the key alone, without quotes")
  if (key.startsWith("pk_")) return broken("is a publishable key (pk_); the secret key starts with sk_")
  if (!allowAny && !/^sk_(?:test|live)_./.test(key)) {
    return broken(
      `is not a secret key of Clerk: ${fromDashboard}. For a gateway that has keys of its own, set allowAnySecretKey: true`
    )
  }
  return key
}

const insecure =
  "must be https, except on a loopback address. To reach an emulator on another host over http, set allowInsecureHttp: true, or CLERK_ALLOW_INSECURE_HTTP=true for a client from the environment. It needs a test key (sk_test_…)"

const checkApiUrl = (apiUrl: unknown, allowInsecureHttp: boolean) => {
  const read = readBaseUrl(apiUrl, allowInsecureHttp ? undefined : insecure)
  if (read instanceof RuleBreak) return read
  return read.url.endsWith("/v1") ? broken("must not end in /v1, which the client adds") : read
}

const apiVersion = (version: unknown = "2026-05-12"): string | RuleBreak =>
  typeof version === "string" && /^\d{4}-\d{2}-\d{2}$/.test(version)
    ? version
    : broken("must be a date such as 2026-05-12")

export const defaultMaxResponseBytes = 8 * 1024 * 1024

export const maxResponseBytes = (bytes: unknown = defaultMaxResponseBytes): number | RuleBreak =>
  typeof bytes === "number" && Number.isSafeInteger(bytes) && bytes >= 1
    ? bytes
    : broken("must be a whole number of bytes, at least 1")

const asItIs = (value: unknown) => value

/** Reads the options that are not plain values. Each returns a RuleBreak for an invalid value. */
export interface ClientReaders<Policy> {
  /** Unwraps the secret. */
  readonly secretKey: (value: unknown) => unknown
  readonly policy: (value: unknown) => Policy | RuleBreak
}

/** Checks the options of a client. */
export const readClientOptions = <Policy>(
  options: unknown,
  readers: ClientReaders<Policy>
): ClientSettings<Policy> | RuleBreak => {
  const read = readOptions(options, kind, {
    allowAnySecretKey: flag,
    secretKey: readers.secretKey,
    allowInsecureHttp: flag,
    apiUrl: asItIs,
    apiVersion,
    maxResponseBytes,
    policy: readers.policy
  } satisfies Record<(typeof optionNames)[number], unknown>)
  if (read instanceof RuleBreak) return read
  const { allowAnySecretKey, allowInsecureHttp } = read
  const secretKey = checkSecretKey(read.secretKey, allowAnySecretKey)
  if (secretKey instanceof RuleBreak) return inField("secretKey", secretKey)
  if (allowInsecureHttp && !secretKey.startsWith("sk_test_")) {
    return new RuleBreak(
      "allowInsecureHttp",
      "needs a test key (sk_test_…), because http sends the key unencrypted: remove it, or use a test key"
    )
  }
  const url = checkApiUrl(read.apiUrl ?? "https://api.clerk.com", allowInsecureHttp)
  if (url instanceof RuleBreak) return inField("apiUrl", url)
  return {
    secretKey,
    apiUrl: url.url,
    origin: url.origin,
    address: url.address,
    apiVersion: read.apiVersion,
    policy: read.policy,
    maxResponseBytes: read.maxResponseBytes
  }
}
