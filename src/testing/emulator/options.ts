import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { wholeNumber } from "#major/schemas.js"
import { type DurationInput, readDuration } from "#major/time.js"
import type { Settings } from "../../core/emulator/instance.js"
import { isWebhookSecret } from "../../core/emulator/webhooks.js"
import { isOrigin } from "../../core/token/settings.js"
import { AnyDuration } from "../input.js"
import { DEFAULT_ORIGIN, seconds } from "./methods.js"
import type { EmulatorSeed } from "./seed.js"

/**
 * The default secret key of an emulator: `sk_test_emulator`.
 *
 * @since 4.0.0
 * @category constants
 */
export const DEFAULT_SECRET_KEY: Redacted.Redacted<string> = Redacted.make("sk_test_emulator")
/**
 * The default issuer of an emulator's tokens: `https://clerk.emulator.test`.
 *
 * @since 4.0.0
 * @category constants
 */
export const DEFAULT_ISSUER: string = "https://clerk.emulator.test"

/**
 * A webhook secret for tests (`whsec_…`). Pass it as the option `webhookSecret`.
 *
 * @since 4.0.0
 * @category constants
 */
export const DEFAULT_WEBHOOK_SECRET: Redacted.Redacted<string> = Redacted.make(
  `whsec_${btoa("effect-clerk-emulator-webhook")}`
)

/**
 * A rate limit of an emulator.
 *
 * @since 4.0.0
 * @category inputs
 */
export interface RateLimitOptions {
  /** The number of requests that one window allows, 1 to 1,000,000. */
  readonly limit: number
  /** The length of the sliding window, 1 millisecond to 1 hour. A number counts milliseconds. */
  readonly window: DurationInput
}

/**
 * The options of an emulator. All are optional.
 *
 * @since 4.0.0
 * @category inputs
 */
export interface ClerkEmulatorOptions {
  /** The secret key that requests must have. Default `DEFAULT_SECRET_KEY`. */
  readonly secretKey?: Redacted.Redacted<string> | undefined
  /** The URL of the Frontend API, which is the `iss` of every token. Default `DEFAULT_ISSUER`. */
  readonly issuer?: string | undefined
  /** The lifetime of session tokens. Default 60 seconds. */
  readonly tokenLifetime?: DurationInput | undefined
  /** The lifetime of sessions. A session is abandoned 30 days after it expires. Default 7 days. */
  readonly sessionLifetime?: DurationInput | undefined
  /** How long after its `iat` a token can be refreshed. Clerk does not publish its own value. Default 1 day. */
  readonly refreshWindow?: DurationInput | undefined
  /** Lets `Sessions.verify` respond with 410 `operation_deprecated`. Default `false`. */
  readonly verifyGone?: boolean | undefined
  /**
   * Lets `Sessions.create` respond with 400 `request_invalid_for_environment`, as production instances do. Default
   * `false`.
   */
  readonly production?: boolean | undefined
  /**
   * The origins, besides loopback addresses, that a handshake and the sign-in page may redirect to. Default
   * `DEFAULT_ORIGIN`.
   */
  readonly origins?: ReadonlyArray<string> | undefined
  /**
   * The limit of requests with the secret key. Requests for keys and to the Frontend API do not count. A request above
   * the limit gets a 429 with `Retry-After`. Clerk allows 1,000 requests in 10 seconds, or 100 for development
   * instances. Default: no limit.
   */
  readonly rateLimit?: RateLimitOptions | undefined
  /**
   * The secret that signs webhooks: `whsec_` and base64, such as `DEFAULT_WEBHOOK_SECRET`. With it, the emulator makes
   * a webhook for each session that is created, ended, removed or revoked, except those of a seed. Default: no
   * webhooks.
   */
  readonly webhookSecret?: Redacted.Redacted<string> | undefined
  /** The data at the start and after `reset`. An invalid seed is a defect. Default: none. */
  readonly seed?: EmulatorSeed | undefined
}

const optional = Schema.optional

const isSecret =
  (isValid: (secret: string) => boolean) =>
  (value: unknown): value is Redacted.Redacted<string> => {
    if (!Redacted.isRedacted(value)) return false
    const secret: unknown = Redacted.value(value)
    return typeof secret === "string" && isValid(secret)
  }

const isSecretKey = isSecret((key) => /^[\x21-\x7e]{1,512}$/.test(key))

const isIssuer = (value: unknown): value is string => {
  if (typeof value !== "string" || !/^https?:\/\/[\x21-\x7e]+$/.test(value) || !URL.canParse(value))
    return false
  const { hash, password, search, username } = new URL(value)
  return `${hash}${password}${search}${username}` === ""
}

const isAppOrigin = (value: unknown): value is string => isOrigin(value) && /^https?:/.test(value)

const isWindow = (value: unknown): value is DurationInput =>
  Option.exists(readDuration(value), (duration) => {
    const millis = Duration.toMillis(duration)
    return millis >= 1 && millis <= 3_600_000
  })

const RateLimit = Schema.Struct({
  limit: wholeNumber(1, 1_000_000, "a whole number from 1 to 1,000,000"),
  window: Schema.declare(isWindow, { description: "a duration from 1 millisecond to 1 hour" })
})

export const isRateLimit: (value: unknown) => value is RateLimitOptions = Schema.is(RateLimit)

export const Options = Schema.Struct({
  secretKey: optional(
    Schema.declare(isSecretKey, { description: "a Redacted text of printable ASCII without spaces" })
  ),
  issuer: optional(
    Schema.declare(isIssuer, { description: "an http or https URL such as https://clerk.example.com" })
  ),
  tokenLifetime: optional(AnyDuration),
  sessionLifetime: optional(AnyDuration),
  refreshWindow: optional(AnyDuration),
  verifyGone: optional(Schema.Boolean),
  production: optional(Schema.Boolean),
  origins: optional(
    Schema.Array(Schema.declare(isAppOrigin, { description: "an origin such as https://app.example.com" }))
  ),
  rateLimit: optional(RateLimit),
  webhookSecret: optional(
    Schema.declare(isSecret(isWebhookSecret), { description: "a Redacted text of whsec_ and base64" })
  ),
  // Checked when the seed is stored.
  seed: optional(Schema.Unknown)
})

export const settingsOf = (options: Omit<ClerkEmulatorOptions, "seed">): Settings => ({
  issuer: options.issuer ?? DEFAULT_ISSUER,
  secretKey: Redacted.value(options.secretKey ?? DEFAULT_SECRET_KEY),
  tokenLifetimeSeconds: seconds(options.tokenLifetime ?? "60 seconds"),
  sessionLifetime: Duration.toMillis(options.sessionLifetime ?? "7 days"),
  refreshWindow: Duration.toMillis(options.refreshWindow ?? "1 day"),
  verifyGone: options.verifyGone ?? false,
  production: options.production ?? false,
  origins: options.origins ?? [DEFAULT_ORIGIN],
  rateLimit: options.rateLimit && {
    limit: options.rateLimit.limit,
    window: Duration.toMillis(options.rateLimit.window)
  },
  webhookSecret: options.webhookSecret && Redacted.value(options.webhookSecret)
})
