import type { Moment } from "./ids.js"
import { makeId, randomHex } from "./ids.js"
import type { Instance } from "./instance.js"
import { isLive, listSessions, newSignIn, type SignInFields, save } from "./sessions.js"
import type { ClientRecord, SessionRecord } from "./state.js"
import { issueSessionToken, type TokenOptions } from "./tokens.js"

/** The oldest browsers and results of handshakes are forgotten above this number. */
const maxEntries = 10_000

const add = <A>(map: Map<string, A>, key: string, value: A): void => {
  map.delete(key)
  map.set(key, value)
  for (const oldest of map.keys()) {
    if (map.size <= maxEntries) break
    map.delete(oldest)
  }
}

export const saveClient = ({ state }: Instance, client: ClientRecord): ClientRecord => {
  add(state.clients, client.token, client)
  return client
}

export const newClient = (moment: Moment): ClientRecord => ({
  id: makeId("client", moment),
  token: `dvb_${randomHex(6, moment.random)}`,
  changedAt: moment.now
})

/** The sessions of a browser that are signed in, the newest first. */
export const liveSessions = ({ state }: Instance, { id }: ClientRecord, now: number) =>
  listSessions(state, now, id).filter((session) => session.clientId === id && isLive(session))

/** Signs a user in on a browser. Returns a sentence if the emulator is full. */
export const signInOn = (
  instance: Instance,
  moment: Moment,
  client: ClientRecord,
  fields: SignInFields
): SessionRecord | string => {
  const record = newSignIn(instance, moment, { ...fields, clientId: client.id })
  const full = save(instance, moment, record)
  if (full !== undefined) return full
  saveClient(instance, { ...client, changedAt: moment.now })
  return record
}

/** Signs all users of a browser out. */
export const signOutOn = (instance: Instance, moment: Moment, client: ClientRecord): void => {
  const { now } = moment
  for (const session of liveSessions(instance, client, now)) {
    save(instance, moment, { ...session, status: "removed", updatedAt: now })
  }
  saveClient(instance, { ...client, changedAt: now })
}

/** A cookie that the Frontend API sets on the browser of an application. An empty value removes the cookie. */
export interface AppCookie {
  readonly name: string
  readonly value: string
  readonly httpOnly?: boolean
  /** Absent for a cookie that ends with the browser. */
  readonly maxAgeSeconds?: number
}

/** A year, in seconds: the life of the cookies that recognize a browser after it was closed. */
export const longLife = 31_536_000

/** Returns the `Set-Cookie` value that sets a cookie on the browser of an application. */
export const directiveOf = (
  { httpOnly = false, maxAgeSeconds, name, value }: AppCookie,
  origin: string,
  domain?: string
): string => {
  const maxAge = value === "" ? 0 : maxAgeSeconds
  return [
    `${name}=${value}`,
    "Path=/",
    ...(domain === undefined ? [] : [`Domain=${domain}`]),
    // Not every browser accepts the attribute over http, not even from this machine.
    ...(origin.startsWith("https:") ? ["Secure"] : []),
    ...(httpOnly ? ["HttpOnly"] : []),
    "SameSite=Lax",
    ...(maxAge === undefined ? [] : [`Max-Age=${maxAge}`])
  ].join("; ")
}

/** States when the browser changed last, in epoch seconds. 0 if nobody is signed in. */
const uatCookie = (client: ClientRecord, session: SessionRecord | undefined): AppCookie => ({
  name: "__client_uat",
  value: session === undefined ? "0" : String(Math.floor(client.changedAt / 1000)),
  maxAgeSeconds: longLife
})

const suffixed = ({ cookieSuffix }: Instance, cookie: AppCookie): AppCookie => ({
  ...cookie,
  name: `${cookie.name}_${cookieSuffix}`
})

/** The cookies that state when the browser changed last. */
export const uatCookies = (
  instance: Instance,
  client: ClientRecord,
  now: number
): ReadonlyArray<AppCookie> => {
  const uat = uatCookie(client, liveSessions(instance, client, now)[0])
  return [uat, suffixed(instance, uat)]
}

/** The cookies that the browser of an application has, signed in with a session or signed out. */
export const appCookies = async (
  instance: Instance,
  moment: Moment,
  client: ClientRecord,
  session: SessionRecord | undefined,
  { withSuffix, ...options }: TokenOptions & { readonly withSuffix: boolean }
): Promise<ReadonlyArray<AppCookie>> => {
  const both = (cookie: AppCookie) => (withSuffix ? [cookie, suffixed(instance, cookie)] : [cookie])
  const token = session && (await issueSessionToken(instance, moment, session, options))
  const refreshToken = session === undefined ? "" : session.refreshToken
  return [
    ...both({ name: "__session", value: token ?? "" }),
    ...both(uatCookie(client, session)),
    // Clerk's SDKs look for this cookie only by its suffixed name.
    ...(refreshToken === null
      ? []
      : [suffixed(instance, { name: "__refresh", value: refreshToken, httpOnly: true })]),
    ...(instance.production
      ? []
      : both({ name: "__clerk_db_jwt", value: client.token, maxAgeSeconds: longLife }))
  ]
}

const nonceLifetime = 60_000

/** Keeps the result of a handshake, and returns its nonce. */
export const keepResult = (
  { state }: Instance,
  moment: Moment,
  directives: ReadonlyArray<string>
): string => {
  const nonce = randomHex(8, moment.random)
  add(state.handshakes, nonce, { directives, expiresAt: moment.now + nonceLifetime })
  return nonce
}

/** Returns the result of a handshake once. */
export const takeResult = (
  { state }: Instance,
  nonce: string,
  now: number
): ReadonlyArray<string> | undefined => {
  const result = state.handshakes.get(nonce)
  state.handshakes.delete(nonce)
  return result !== undefined && now < result.expiresAt ? result.directives : undefined
}
