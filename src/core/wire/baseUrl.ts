import { broken, type RuleBreak } from "../input.js"

/** The address of an API. A request adds its path to it. */
export interface BaseUrl {
  /** Origin and path prefix, without a slash at the end. */
  readonly url: string
  readonly origin: string
  /** The host alone, for traces. */
  readonly address: string
}

/**
 * Returns whether a host name, in the form of `URL.hostname`, always means this machine: `localhost` and the names below it
 * (RFC 6761), 127.0.0.0/8, and `[::1]`.
 */
export const isLoopback = (hostname: string): boolean =>
  /^(?:(?:[a-z0-9_-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname)

/** Reads a URL option. `insecure` is the rule that http on a public address breaks. Without it http is allowed. */
export const readBaseUrl = (given: unknown, insecure: string | undefined): BaseUrl | RuleBreak => {
  // The checks read the text itself, because the URL parser repairs many invalid URLs.
  if (typeof given !== "string" || !/^https?:\/\/[^/]/i.test(given)) {
    return broken("must be an absolute https URL")
  }
  if (given.includes("@")) return broken("must not carry credentials")
  if (/[?#]/.test(given)) return broken("must not carry a query or a fragment")
  if (!URL.canParse(given)) return broken("must be a valid URL")
  const { hostname, origin, pathname, protocol } = new URL(given)
  if (protocol !== "https:" && !isLoopback(hostname) && insecure !== undefined) return broken(insecure)
  const written = given.replace(/^https?:\/\/[^/]+/i, "").replace(/\/+$/, "")
  const prefix = pathname.replace(/\/+$/, "")
  if (prefix !== written || !/^(\/[\w.~-]+)*$/.test(prefix)) {
    return broken("must have a plain path, without dot segments")
  }
  return { url: origin + prefix, origin, address: hostname }
}
