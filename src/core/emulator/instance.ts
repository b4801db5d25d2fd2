import * as base64url from "jose/base64url"
import { type Moment, makeId } from "./ids.js"
import { type KeyRing, makeKeyRing } from "./keys.js"
import { makeRateLimiter, type RateLimiter } from "./rateLimit.js"
import { makeRequestLog, type RequestLog } from "./requestLog.js"
import { makeState, type State } from "./state.js"
import { makeOutbox, type Outbox } from "./webhooks.js"

/** The settings of an emulator. Times are in milliseconds, if their names do not say otherwise. */
export interface Settings {
  readonly issuer: string
  readonly secretKey: string
  readonly tokenLifetimeSeconds: number
  readonly sessionLifetime: number
  readonly refreshWindow: number
  readonly verifyGone: boolean
  readonly production: boolean
  /** The origins that a handshake and a sign-in may return to, besides loopback addresses. */
  readonly origins: ReadonlyArray<string>
  /** The requests that a window allows. `undefined` for no limit. */
  readonly rateLimit: { readonly limit: number; readonly window: number } | undefined
  /** The secret that signs webhooks: `whsec_…`. `undefined` for no webhooks. */
  readonly webhookSecret: string | undefined
}

/** One emulated Clerk: its settings, its keys and its data. */
export interface Instance extends Omit<Settings, "rateLimit" | "webhookSecret"> {
  readonly id: string
  readonly publishableKey: string
  readonly cookieSuffix: string
  readonly keys: KeyRing
  readonly state: State
  readonly log: RequestLog
  readonly limiter: RateLimiter | undefined
  readonly outbox: Outbox | undefined
}

export const makeInstance = async (
  { rateLimit, webhookSecret, ...settings }: Settings,
  moment: Moment
): Promise<Instance> => {
  const host = settings.issuer.replace(/^[a-z]+:\/\//, "").replace(/\/.*$/, "")
  const publishableKey = `pk_${settings.production ? "live" : "test"}_${btoa(`${host}$`)}`
  const id = makeId("ins", moment)
  return {
    ...settings,
    id,
    publishableKey,
    cookieSuffix: await cookieSuffix(publishableKey),
    keys: await makeKeyRing(id),
    state: makeState(),
    log: makeRequestLog(),
    limiter: rateLimit && makeRateLimiter(rateLimit.limit, rateLimit.window),
    outbox: webhookSecret === undefined ? undefined : makeOutbox(webhookSecret)
  }
}

/** The suffix of Clerk's cookie names, which separates two instances on one host. */
const cookieSuffix = async (publishableKey: string): Promise<string> => {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(publishableKey))
  return base64url.encode(new Uint8Array(digest)).slice(0, 8)
}
