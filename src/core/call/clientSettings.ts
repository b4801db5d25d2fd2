import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import type { ClerkHttpOptions } from "../../services/ClerkHttp.js"
import * as RequestPolicy from "../../services/RequestPolicy.js"
import { inField, isBlank, optionsFlaw, ownProperties, RuleBreak } from "../input.js"
import { readBaseUrl } from "../wire/baseUrl.js"
import { checkMaxResponseBytes, defaultMaxResponseBytes } from "./maxResponseBytes.js"
import { clientLimits } from "./policy.js"

/** A client's options after every check, with the defaults in place. */
export interface ClientSettings {
  readonly secretKey: Redacted.Redacted<string>
  /** Origin and path prefix, without a slash at the end. */
  readonly apiUrl: string
  readonly origin: string
  /** The host alone, for traces. */
  readonly address: string
  readonly apiVersion: string
  readonly policy: RequestPolicy.Settings
  readonly maxResponseBytes: number
}

const optionNames = Object.keys({
  secretKey: true,
  apiUrl: true,
  allowInsecureHttp: true,
  allowAnySecretKey: true,
  apiVersion: true,
  policy: true,
  maxResponseBytes: true
} satisfies Record<keyof ClerkHttpOptions, true>)

const broken = (field: keyof ClerkHttpOptions, rule: string) => Either.left(new RuleBreak(field, rule))

const checkFlag = (field: keyof ClerkHttpOptions, flag: unknown): Either.Either<boolean, RuleBreak> =>
  flag === undefined || typeof flag === "boolean"
    ? Either.right(flag === true)
    : broken(field, "must be true or false")

const fromDashboard = "copy the secret key (sk_test_… or sk_live_…) from Clerk's dashboard"
const missing = `is missing or empty: ${fromDashboard}`

const checkSecretKey = (
  secretKey: unknown,
  allowAny: boolean
): Either.Either<Redacted.Redacted<string>, RuleBreak> => {
  const field = "secretKey"
  if (secretKey === undefined) return broken(field, missing)
  if (!Redacted.isRedacted(secretKey))
    return broken(field, "must be a Redacted string: wrap it with Redacted.make")
  const key: unknown = Redacted.value(secretKey)
  if (typeof key !== "string") return broken(field, "must be a Redacted string")
  if (isBlank(key)) return broken(field, missing)
  if (/\s/.test(key)) return broken(field, "must not contain white space")
  if (!/^[\x21-\x7e]+$/.test(key))
    return broken(field, "must be printable ASCII: it has a character that no key has, as a placeholder does")
  if (key.length > 512) return broken(field, "is too long for a secret key")
  if (/["'`]/.test(key)) return broken(field, "must be the key alone, without quotes")
  if (key.startsWith("pk_"))
    return broken(field, "is a publishable key (pk_); the secret key starts with sk_")
  if (/^bearer/i.test(key)) return broken(field, "must be the key alone, without Bearer")
  if (!allowAny && !/^sk_(?:test|live)_./.test(key)) {
    return broken(
      field,
      `is not a secret key of Clerk: ${fromDashboard}. For a gateway that has keys of its own, set allowAnySecretKey: true`
    )
  }
  return Either.right(Redacted.make(key))
}

const isTestKey = (secretKey: Redacted.Redacted<string>): boolean =>
  Redacted.value(secretKey).startsWith("sk_test_")

const insecure =
  "must be https, except on a loopback address. To reach an emulator on another host over http, set allowInsecureHttp: true, or CLERK_ALLOW_INSECURE_HTTP=true for a client from the environment; it needs a test key (sk_test_…)"

const checkApiUrl = (
  apiUrl: unknown,
  allowInsecureHttp: boolean
): Either.Either<Pick<ClientSettings, "apiUrl" | "origin" | "address">, RuleBreak> => {
  const read = readBaseUrl(apiUrl, allowInsecureHttp ? undefined : insecure)
  if (read instanceof RuleBreak) return Either.left(inField("apiUrl", read))
  const { address, origin, url } = read
  return url.endsWith("/v1")
    ? broken("apiUrl", "must not end in /v1, which is added to it")
    : Either.right({ apiUrl: url, origin, address })
}

const checkApiVersion = (apiVersion: unknown): Either.Either<string, RuleBreak> =>
  typeof apiVersion === "string" && /^\d{4}-\d{2}-\d{2}$/.test(apiVersion)
    ? Either.right(apiVersion)
    : broken("apiVersion", "must be a date such as 2026-05-12")

/** Checks that options are an object with nothing but options of a client. */
export const clientOptionsFlaw = (options: unknown): RuleBreak | undefined =>
  optionsFlaw(options, { unknown: "is not an option of a client" }, optionNames)

/** Checks the options of a client. Only own properties count, so that a polluted prototype configures nothing. */
export const checkClientOptions = (options: object): Either.Either<ClientSettings, RuleBreak> =>
  Either.gen(function* () {
    const flaw = clientOptionsFlaw(options)
    if (flaw !== undefined) return yield* Either.left(flaw)
    const own: { readonly [K in keyof ClerkHttpOptions]?: unknown } = ownProperties(options)
    const allowAnySecretKey = yield* checkFlag("allowAnySecretKey", own.allowAnySecretKey)
    const secretKey = yield* checkSecretKey(own.secretKey, allowAnySecretKey)
    const allowInsecureHttp = yield* checkFlag("allowInsecureHttp", own.allowInsecureHttp)
    if (allowInsecureHttp && !isTestKey(secretKey)) {
      return yield* broken(
        "allowInsecureHttp",
        "needs a test key (sk_test_…), because http sends the key unencrypted: remove it, or use a test key"
      )
    }
    const urls = yield* checkApiUrl(own.apiUrl ?? "https://api.clerk.com", allowInsecureHttp)
    const apiVersion = yield* checkApiVersion(own.apiVersion ?? "2026-05-12")
    const maxResponseBytes = yield* checkMaxResponseBytes(own.maxResponseBytes ?? defaultMaxResponseBytes)
    // `clientLimits` checks what it is given, so whatever stands here may go to it.
    const policy = (own.policy ?? RequestPolicy.standard) as RequestPolicy.Settings
    yield* clientLimits(policy)
    return { secretKey, ...urls, apiVersion, policy, maxResponseBytes }
  })
