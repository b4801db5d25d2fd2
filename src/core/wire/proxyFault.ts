import type { TransportFault } from "./faults.js"

/** The proxy, or the network behind it, is unavailable for now. A later attempt may pass. */
const transientStatuses: ReadonlySet<number> = new Set([500, 502, 503, 504, 520, 521, 522, 523, 524])

const unavailable: TransportFault = { reason: "proxy", sent: "no" }
const rejected: TransportFault = { reason: "proxy-rejected", sent: "no" }

const ofStatus = (proxyStatus: number): TransportFault => ({
  ...(transientStatuses.has(proxyStatus) ? unavailable : rejected),
  proxyStatus
})

const statusIn = (pattern: RegExp, message: unknown): number | undefined => {
  const status = typeof message === "string" ? pattern.exec(message)?.[1] : undefined
  return status === undefined ? undefined : Number(status)
}

/** RFC 1928, 6: a general failure, an unreachable network or host, a refused connection, an expired TTL. */
const transientSocksReply = /^UND_ERR_SOCKS5_REPLY_[13456]$/

/**
 * Recognises a failure to get through a proxy, by its code and, where the code alone means something else, its text.
 * These failures come before the request leaves for Clerk, or say that the proxy did not pass it on.
 */
export const proxyFault = (
  code: unknown,
  message: unknown,
  statusCode: unknown
): TransportFault | undefined => {
  switch (code) {
    // undici, of a CONNECT. Its other aborts have the same code.
    case "UND_ERR_ABORTED": {
      const status = statusIn(/^Proxy response \((\d{3})\) !== 200 when HTTP Tunneling$/, message)
      return status === undefined ? undefined : ofStatus(status)
    }
    // undici, of a request it forwards instead of tunneling it.
    case "UND_ERR_INVALID_ARG":
      return message === "Proxy Authentication Required (407)" ? ofStatus(407) : undefined
    // undici 8, and the dispatcher of `Undici.proxyAgent`.
    case "UND_ERR_PRX_CONN":
      return unavailable
    // The certificate of the proxy is for another host.
    case "UND_ERR_PRX_TLS":
      return rejected
    // Node, which says nothing of the status when the proxy closed the connection, and Bun.
    case "ERR_PROXY_TUNNEL": {
      const status =
        typeof statusCode === "number"
          ? statusCode
          : statusIn(/^Proxy refused to open a tunnel: (\d{3})\b/, message)
      return status === undefined ? unavailable : ofStatus(status)
    }
    default:
      if (typeof code !== "string" || !code.startsWith("UND_ERR_SOCKS5")) return undefined
      return transientSocksReply.test(code) ? unavailable : rejected
  }
}
