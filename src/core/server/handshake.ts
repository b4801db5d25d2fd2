import { own } from "../input.js"
import type { Payload } from "../token/claims.js"

/*
 * The handshake: the redirect to the Frontend API, and the cookies that the browser brings back.
 */

/** The cookie that counts the redirects of a handshake, and for how many seconds it does. */
export const counterCookieName = "__clerk_redirect_count"
const counterSeconds = 30
export const maxRedirects = 3

/** What a browser brings back from the Frontend API, in cookies or, in development, in the query. */
export const handshakeName = "__clerk_handshake"
export const nonceName = "__clerk_handshake_nonce"
export const devBrowserName = "__clerk_db_jwt"

/** Parameters that Clerk adds to the address of a page in development. */
const developmentParameters = [
  handshakeName,
  nonceName,
  devBrowserName,
  "__clerk_help",
  "__clerk_hs_reason",
  "__dev_session"
]

/** Returns the address without the parameters of Clerk's development instances. */
export const withoutDevelopmentParameters = (url: URL): URL => {
  const clean = new URL(url)
  for (const name of developmentParameters) clean.searchParams.delete(name)
  return clean
}

/** Returns whether a request loads a document, which a redirect can send elsewhere and back. */
export const isDocument = (
  method: string,
  headers: { readonly [name: string]: string | undefined }
): boolean => {
  if (method !== "GET") return false
  const destination = own(headers, "sec-fetch-dest")
  return destination === undefined || destination === ""
    ? own(headers, "accept")?.startsWith("text/html") === true
    : destination === "document" || destination === "iframe"
}

/** What the address of a handshake states. */
export interface HandshakeParameters {
  /** The base URL of the Frontend API. */
  readonly frontendApi: string
  readonly apiVersion: string
  /** The address to return to. */
  readonly url: URL
  readonly reason: string
  readonly usesSuffix: boolean
  readonly sessionToken: string | undefined
  readonly devBrowser: string | undefined
}

/** Returns the address of a handshake. */
export const handshakeLocation = (parameters: HandshakeParameters): string => {
  const { apiVersion, devBrowser, frontendApi, reason, sessionToken, url, usesSuffix } = parameters
  const location = new URL(`${frontendApi}/v1/client/handshake`)
  const query = location.searchParams
  query.append("redirect_url", withoutDevelopmentParameters(url).href)
  query.append("__clerk_api_version", apiVersion)
  query.append("suffixed_cookies", String(usesSuffix))
  query.append("__clerk_hs_reason", reason)
  query.append("format", "nonce")
  if (sessionToken !== undefined) query.append("__session", sessionToken)
  if (devBrowser !== undefined) query.append(devBrowserName, devBrowser)
  return location.href
}

/** Reads the number of redirects in a row. A value that is no such number counts as many, because it ends a loop. */
export const readCounter = (value: string | undefined): number =>
  value === undefined ? 0 : /^[0-9]$/.test(value) ? Number(value) : maxRedirects

/** Returns the `Set-Cookie` value that counts one more redirect, or ends the count. */
export const counterCookie = (count: number, origin: string): string =>
  [
    `${counterCookieName}=${count === 0 ? "" : count}`,
    "Path=/",
    `Max-Age=${count === 0 ? 0 : counterSeconds}`,
    "HttpOnly",
    "SameSite=Lax",
    ...(origin.startsWith("https:") ? ["Secure"] : [])
  ].join("; ")

/** A `Set-Cookie` value that a server may send on. */
export interface Directive {
  readonly name: string
  readonly value: string
  readonly text: string
}

/** Printable ASCII, which has no line break. Browsers keep at most 4,096 characters. */
const directiveForm =
  /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,128})=([\x20-\x3a\x3c-\x7e]{0,4096})(;[\x20-\x7e]{0,1024})?$/

/** Returns whether a cookie with this domain reaches the host, and not all hosts of a top-level domain. */
const covers = (domain: string, host: string): boolean =>
  domain === host || (domain.includes(".") && host.endsWith(`.${domain}`))

/** The names of the cookies that Clerk sets for an instance. */
const directiveNames = (suffix: string, isDevelopment: boolean): ReadonlySet<string> =>
  new Set([
    "__session",
    `__session_${suffix}`,
    `__refresh_${suffix}`,
    "__client_uat",
    `__client_uat_${suffix}`,
    handshakeName,
    nonceName,
    ...(isDevelopment ? [devBrowserName, `${devBrowserName}_${suffix}`] : [])
  ])

/**
 * Keeps the `Set-Cookie` values that Clerk may set for this instance on this origin. A signed payload can hold any text,
 * because an instance signs more than handshakes.
 */
export const readDirectives = (
  given: ReadonlyArray<unknown>,
  {
    isDevelopment,
    origin,
    suffix
  }: { readonly isDevelopment: boolean; readonly origin: string; readonly suffix: string }
): ReadonlyArray<Directive> => {
  const names = directiveNames(suffix, isDevelopment)
  const host = new URL(origin).hostname
  return given.slice(0, 32).flatMap((text) => {
    const [, name = "", value = "", attributes = ""] =
      (typeof text === "string" ? directiveForm.exec(text) : undefined) ?? []
    const domains = attributes.split(";").flatMap((attribute) => {
      const [, domain] = /^\s*domain\s*=\s*\.?(.*?)\s*$/i.exec(attribute) ?? []
      return domain === undefined || domain === "" ? [] : [domain.toLowerCase()]
    })
    return names.has(name) && domains.every((domain) => covers(domain, host))
      ? [{ name, value: value.trim(), text: String(text) }]
      : []
  })
}

/** Returns the session token that directives set, or `undefined` if they set none. */
export const sessionTokenOf = (directives: ReadonlyArray<Directive>, suffix: string): string | undefined =>
  directives
    .filter(({ name, value }) => value !== "" && (name === "__session" || name === `__session_${suffix}`))
    .at(-1)?.value

const isSeconds = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value)

/**
 * Reads the `Set-Cookie` values of a payload whose signature is valid. Returns `undefined` if the payload is no handshake,
 * or its time has passed. A payload that states no expiry counts only right after a redirect, so that nobody can use it
 * again later.
 */
export const readHandshakePayload = (
  payload: Payload,
  {
    clockSkew,
    issuer,
    nowMillis,
    wasRedirected
  }: {
    readonly clockSkew: number
    readonly issuer: string
    readonly nowMillis: number
    readonly wasRedirected: boolean
  }
): ReadonlyArray<unknown> | undefined => {
  const [exp, iat, iss, nbf] = ["exp", "iat", "iss", "nbf"].map((name) => own(payload, name))
  const handshake = own(payload, "handshake")
  if (!Array.isArray(handshake)) return undefined
  if (iss !== undefined && iss !== issuer) return undefined
  if (exp === undefined ? !wasRedirected : !isSeconds(exp) || exp * 1000 <= nowMillis - clockSkew)
    return undefined
  const isEarly = (time: unknown) =>
    time !== undefined && (!isSeconds(time) || time * 1000 > nowMillis + clockSkew)
  return isEarly(iat) || isEarly(nbf) ? undefined : handshake
}
