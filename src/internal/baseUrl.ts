import * as Either from "effect/Either"
import { isLoopback } from "./loopback.js"
import type { RuleBreak } from "./ruleBreak.js"

/** An address to which the paths of requests are added. */
export interface BaseUrl {
  /** Origin and path prefix, without a slash at the end. */
  readonly url: string
  readonly origin: string
  /** The host alone, for traces. */
  readonly address: string
}

/** The ports fetch refuses to connect to. See https://fetch.spec.whatwg.org/#port-blocking */
const blockedPorts = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
  109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515,
  526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049,
  3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080
])

/** Checks a URL option. `insecure` is what to say of http on other than loopback addresses, unless it is allowed. */
export const readBaseUrl = (
  field: string,
  given: unknown,
  insecure: string | undefined
): Either.Either<BaseUrl, RuleBreak> => {
  const broken = (rule: string) => Either.left<RuleBreak>({ field, rule })
  // The text is checked before it is parsed, because the URL parser repairs much of what should be rejected.
  if (typeof given !== "string" || !/^https?:\/\/[^/]/i.test(given)) {
    return broken("must be an absolute https URL")
  }
  if (!/^[\x21-\x7e]{1,2048}$/.test(given) || /[\\%]/.test(given)) {
    return broken("must be printable ASCII without spaces, backslashes or escapes")
  }
  if (given.includes("@")) return broken("must not carry credentials")
  if (/[?#]/.test(given)) return broken("must not carry a query or a fragment")
  if (!URL.canParse(given)) return broken("must be a valid URL")
  const url = new URL(given)
  if (url.hostname.endsWith(".")) return broken("must not have a host that ends in a dot")
  if (/(^|\.)xn--/.test(url.hostname)) return broken("must not have an internationalised host name")
  if (url.port !== "" && blockedPorts.has(Number(url.port)))
    return broken("must not use a port that fetch refuses")
  if (url.protocol !== "https:" && !isLoopback(url.hostname) && insecure !== undefined)
    return broken(insecure)
  const written = given.replace(/^https?:\/\/[^/]+/i, "").replace(/\/+$/, "")
  const prefix = url.pathname.replace(/\/+$/, "")
  if (prefix !== written || !/^(\/[\w.~-]+)*$/.test(prefix)) {
    return broken("must have a plain path, without dot segments")
  }
  return Either.right({ url: url.origin + prefix, origin: url.origin, address: url.hostname })
}
