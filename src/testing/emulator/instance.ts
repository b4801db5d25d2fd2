import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Redacted from "effect/Redacted"
import * as Ids from "./ids.js"
import type { ClerkEmulatorOptions } from "./inputs.js"
import * as Keys from "./keys.js"
import * as State from "./state.js"
import * as Tokens from "./tokens.js"

export const DEFAULT_SECRET_KEY = Redacted.make("sk_test_emulator")
export const DEFAULT_ISSUER = "https://clerk.emulator.test"

/** One emulated Clerk: how it is set up, its key, and what it remembers. */
export interface Instance {
  readonly id: string
  readonly issuer: string
  readonly secretKey: Redacted.Redacted<string>
  readonly publishableKey: string
  readonly cookieSuffix: string
  readonly tokenLifetimeSeconds: number
  readonly sessionLifetime: number
  readonly refreshWindow: number
  readonly verifyGone: boolean
  readonly production: boolean
  readonly keys: Keys.KeyRing
  readonly state: State.State
}

export const seconds = (duration: Duration.DurationInput): number => Math.floor(Duration.toSeconds(duration))

export const make = (options: Omit<ClerkEmulatorOptions, "seed">): Effect.Effect<Instance> =>
  Effect.gen(function* () {
    const issuer = options.issuer ?? DEFAULT_ISSUER
    const production = options.production ?? false
    const host = issuer.replace(/^[a-z]+:\/\//, "").replace(/\/.*$/, "")
    const publishableKey = `pk_${production ? "live" : "test"}_${Encoding.encodeBase64(`${host}$`)}`
    const id = yield* Ids.make("ins")
    return {
      id,
      issuer,
      secretKey: options.secretKey ?? DEFAULT_SECRET_KEY,
      publishableKey,
      cookieSuffix: yield* Tokens.cookieSuffix(publishableKey),
      tokenLifetimeSeconds: seconds(options.tokenLifetime ?? "60 seconds"),
      sessionLifetime: Duration.toMillis(options.sessionLifetime ?? "7 days"),
      refreshWindow: Duration.toMillis(options.refreshWindow ?? "1 day"),
      verifyGone: options.verifyGone ?? false,
      production,
      keys: yield* Keys.makeRing(id),
      state: State.make()
    }
  })

export const abandonAfterExpiry = Duration.toMillis("30 days")

/** A new session, not yet in the state. */
export const newSession = (
  instance: Instance,
  details: Pick<State.SessionRecord, "userId" | "lastActiveOrganizationId"> & Partial<State.SessionRecord>
): Effect.Effect<State.SessionRecord> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const expireAt = now + instance.sessionLifetime
    return {
      id: yield* Ids.make("sess"),
      clientId: details.clientId ?? (yield* Ids.make("client")),
      status: "active",
      actor: null,
      lastActiveAt: now,
      latestActivity: null,
      tasks: null,
      expireAt,
      abandonAt: expireAt + abandonAfterExpiry,
      createdAt: now,
      updatedAt: now,
      refreshToken: null,
      verifiedAt: null,
      ...details
    }
  })
