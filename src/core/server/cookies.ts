import { own } from "../input.js"
import { readCompact, readPart } from "../token/compact.js"

/*
 * The cookies of Clerk's browser client, and the session token among them.
 */

/** The cookies of a request: all values of a name, in the order of the header. */
export type Cookies = ReadonlyMap<string, ReadonlyArray<string>>

const decoded = (value: string): string => {
  if (!value.includes("%")) return value
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

/**
 * Reads a `Cookie` header. Keeps every value of a name, because a browser sends two cookies of one name where their
 * domains or paths differ.
 */
export const readCookies = (header: string | undefined): Cookies => {
  const cookies = new Map<string, Array<string>>()
  for (const pair of header?.split(";") ?? []) {
    const at = pair.indexOf("=")
    const name = pair.slice(0, Math.max(at, 0)).trim()
    if (name === "") continue
    const value = decoded(
      pair
        .slice(at + 1)
        .trim()
        .replace(/^"(.*)"$/, "$1")
    )
    const values = cookies.get(name)
    if (values === undefined) cookies.set(name, [value])
    else values.push(value)
  }
  return cookies
}

/** The first value of a cookie that is not empty. */
export const cookieValue = (cookies: Cookies, name: string | undefined): string | undefined =>
  name === undefined ? undefined : cookies.get(name)?.find((value) => value !== "")

/** The instance whose cookies a server reads. */
export interface CookieOwner {
  /** The suffix of the instance's own cookies. `undefined` without a publishable key. */
  readonly suffix: string | undefined
  /** The issuer of the instance's tokens. `undefined` accepts any issuer. */
  readonly issuer: string | undefined
  readonly isDevelopment: boolean
  /** Whether a session counts only beside the cookie that states when the browser's client changed. */
  readonly requireClientUat: boolean
}

/** A session token in a cookie. Nothing in it is verified. */
export interface SessionCookie {
  readonly token: string
  /** The issue time that the token states, in epoch seconds. `undefined` if the token cannot be read. */
  readonly issuedAt: number | undefined
}

/** What the cookies of a request say about its session. */
export interface SessionCookies {
  /** Whether the cookies with the suffix of the instance count, and not those without a suffix. */
  readonly usesSuffix: boolean
  /** The session tokens to verify in turn, the newest first. Empty if the request has none of this instance. */
  readonly tokens: ReadonlyArray<SessionCookie>
  /** When the browser's client changed last, in epoch seconds. 0 means signed out or unknown. */
  readonly clientUat: number
}

interface Candidate extends SessionCookie {
  readonly expiresAt: number | undefined
  readonly isReadable: boolean
}

/** The values of one name that are read. Others can set cookies of the name for the domain. */
const maxValues = 16

/** The tokens that are returned, because each may cost the verification of a signature. */
const maxTokens = 4

const secondsOf = (claim: unknown): number | undefined =>
  typeof claim === "number" && Number.isFinite(claim) ? claim : undefined

/** Reads the claims by which a token is chosen. Returns `undefined` for a token of another instance. */
const readCandidate = (token: string, issuer: string | undefined): Candidate | undefined => {
  const compact = readCompact(token, "session")
  const payload = typeof compact === "string" ? undefined : readPart(compact.payload)
  const iss = own(payload, "iss")
  if (payload === undefined || typeof iss !== "string") {
    return { token, issuedAt: undefined, expiresAt: undefined, isReadable: false }
  }
  if (issuer !== undefined && iss !== issuer) return undefined
  const issuedAt = secondsOf(own(payload, "iat"))
  return { token, issuedAt, expiresAt: secondsOf(own(payload, "exp")), isReadable: true }
}

const newestFirst = (candidates: ReadonlyArray<Candidate>): ReadonlyArray<Candidate> =>
  [...candidates].sort(
    (a, b) => Number(b.isReadable) - Number(a.isReadable) || (b.issuedAt ?? 0) - (a.issuedAt ?? 0)
  )

/** Reads the tokens of one name. */
const readCandidates = (cookies: Cookies, name: string | undefined, issuer: string | undefined) => {
  const given = name === undefined ? undefined : cookies.get(name)
  const values = (given ?? []).filter((value) => value !== "").slice(0, maxValues)
  const found = values.map((token) => readCandidate(token, issuer))
  const all = newestFirst(found.filter((each) => each !== undefined))
  return { all, newest: all[0], hasForeign: all.length < found.length }
}

type Candidates = ReturnType<typeof readCandidates>

interface Uats {
  readonly plain: string | undefined
  readonly suffixed: string | undefined
}

/**
 * Decides whether the cookies with the suffix count, by the rules of Clerk's own SDKs. An older or newer browser client
 * may have written only one kind. A token that cannot be read, or is of another instance, does not count here.
 */
const suffixCounts = (
  plain: Candidates,
  suffixed: Candidates,
  uat: Uats,
  isDevelopment: boolean,
  nowSeconds: number
): boolean => {
  const newest = suffixed.newest
  if (plain.newest?.isReadable === false && newest?.isReadable !== true) return false
  if (plain.newest?.isReadable !== true && plain.hasForeign) return true
  if (uat.suffixed === undefined && newest === undefined) return false
  const isSignedOut = (each: string | undefined) => each === "0"
  if (!isSignedOut(uat.suffixed) && !isSignedOut(uat.plain)) {
    if ((plain.newest?.issuedAt ?? 0) > (newest?.issuedAt ?? 0)) return false
  }
  if (isSignedOut(uat.suffixed) && !isSignedOut(uat.plain)) return false
  // In development the browser client writes the cookie itself, and an older one leaves the suffixed one as it was.
  const isExpired = newest?.expiresAt !== undefined && newest.expiresAt <= nowSeconds
  if (isDevelopment && !isSignedOut(uat.suffixed) && isSignedOut(uat.plain) && isExpired) return false
  return uat.suffixed !== undefined || newest === undefined
}

/** Chooses the session cookies of a request. */
export const readSessionCookies = (
  cookies: Cookies,
  { isDevelopment, issuer, requireClientUat, suffix }: CookieOwner,
  nowSeconds: number
): SessionCookies => {
  const withSuffix = (name: string) => (suffix === undefined ? undefined : `${name}_${suffix}`)
  const plain = readCandidates(cookies, "__session", issuer)
  const suffixed = readCandidates(cookies, withSuffix("__session"), issuer)
  const uat: Uats = {
    plain: cookieValue(cookies, "__client_uat"),
    suffixed: cookieValue(cookies, withSuffix("__client_uat"))
  }
  const usesSuffix = suffix !== undefined && suffixCounts(plain, suffixed, uat, isDevelopment, nowSeconds)
  const tokens = requireClientUat
    ? (usesSuffix ? suffixed : plain).all
    : newestFirst([...suffixed.all, ...plain.all])
  return {
    usesSuffix,
    tokens: tokens.slice(0, maxTokens),
    clientUat: Number.parseInt((usesSuffix ? uat.suffixed : uat.plain) ?? "", 10) || 0
  }
}

/** The domains above a host, but no top-level domain. */
const domainsAbove = (host: string): ReadonlyArray<string> => {
  const [, ...labels] = host.split(".")
  const domain = labels.join(".")
  return labels.length < 2 || /^[\d.]+$/.test(host) ? [] : [domain, ...domainsAbove(domain)]
}

/**
 * Returns the `Set-Cookie` values that remove the session of an instance from a browser. The Frontend API of production
 * sets `__client_uat` for the domain that it shares with the application, which its own host name ends with. A browser
 * ignores a value for a domain that the application is not in.
 */
export const sessionRemovals = ({
  cookieSuffix,
  isDevelopment,
  issuer
}: {
  readonly cookieSuffix: string
  readonly isDevelopment: boolean
  readonly issuer: string
}): ReadonlyArray<string> => {
  const withoutSuffix = ["__session", "__client_uat"]
  const names = [...withoutSuffix, "__refresh"].map((name) => `${name}_${cookieSuffix}`)
  const domains = isDevelopment ? [] : domainsAbove(new URL(issuer).hostname)
  // Without `Secure`, because a browser ignores a secure cookie over http. It removes one over https all the same.
  const remove = (name: string, domain = "") => `${name}=; Path=/;${domain} Max-Age=0; SameSite=Lax`
  const all = [...withoutSuffix, ...names]
  return [
    ...all.map((name) => remove(name)),
    ...all
      .filter((name) => name.startsWith("__client_uat"))
      .flatMap((name) => domains.map((domain) => remove(name, ` Domain=${domain};`)))
  ]
}
