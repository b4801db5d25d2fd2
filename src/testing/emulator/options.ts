import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { DurationInput } from "#major/time.js"
import type { Settings } from "../../core/emulator/instance.js"
import { isOrigin } from "../../core/token/settings.js"
import { AnyDuration } from "../input.js"
import { DEFAULT_ORIGIN, seconds } from "./methods.js"
import type { EmulatorSeed } from "./seed.js"

/**
 * The default secret key of an emulator: `sk_test_emulator`.
 *
 * @since 0.1.0
 * @category constants
 */
export const DEFAULT_SECRET_KEY: Redacted.Redacted<string> = Redacted.make("sk_test_emulator")
/**
 * The default issuer of an emulator's tokens.
 *
 * @since 0.1.0
 * @category constants
 */
export const DEFAULT_ISSUER: string = "https://clerk.emulator.test"

/**
 * The options of an emulator.
 *
 * @since 0.1.0
 * @category inputs
 */
export interface ClerkEmulatorOptions {
  /** The secret key that requests must carry. Default `DEFAULT_SECRET_KEY`. */
  readonly secretKey?: Redacted.Redacted<string> | undefined
  /** The URL of the Frontend API, `iss` of every token. Default `DEFAULT_ISSUER`. */
  readonly issuer?: string | undefined
  /** The lifetime of session tokens. Default 60 seconds. */
  readonly tokenLifetime?: DurationInput | undefined
  /** The time until a session expires. Default 7 days. A session is abandoned 30 days after that. */
  readonly sessionLifetime?: DurationInput | undefined
  /** How long after its `iat` a token can be refreshed. Default 1 day; Clerk does not publish its own. */
  readonly refreshWindow?: DurationInput | undefined
  /** Whether `Sessions.verify` responds with 410 `operation_deprecated`. Default false. */
  readonly verifyGone?: boolean | undefined
  /** Whether `Sessions.create` responds with 400 `request_invalid_for_environment`. Default false. */
  readonly production?: boolean | undefined
  /**
   * The origins of the applications that a handshake and the sign-in page may return to, besides loopback addresses.
   * Default `DEFAULT_ORIGIN`.
   */
  readonly origins?: ReadonlyArray<string> | undefined
  /** What the emulator holds at the start and after `reset`. An invalid seed is a defect. Default: nothing. */
  readonly seed?: EmulatorSeed | undefined
}

const optional = Schema.optional

const isSecretKey = (value: unknown): value is Redacted.Redacted<string> => {
  if (!Redacted.isRedacted(value)) return false
  const key: unknown = Redacted.value(value)
  return typeof key === "string" && /^[\x21-\x7e]{1,512}$/.test(key)
}

const isIssuer = (value: unknown): value is string => {
  if (typeof value !== "string" || !/^https?:\/\/[\x21-\x7e]+$/.test(value) || !URL.canParse(value))
    return false
  const { hash, password, search, username } = new URL(value)
  return `${hash}${password}${search}${username}` === ""
}

const isAppOrigin = (value: unknown): value is string => isOrigin(value) && /^https?:/.test(value)

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
  origins: options.origins ?? [DEFAULT_ORIGIN]
})
