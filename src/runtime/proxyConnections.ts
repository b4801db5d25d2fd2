import { type Dispatcher, Pool } from "undici"
import { classifyFault } from "../core/wire/faults.js"

/**
 * undici 7 takes a proxy that closes the connection during CONNECT for a server that closed an idle connection. It
 * connects again, at once and for ever, thousands of times a second. A failure with another code ends the request.
 */
const asTunnelFault = (cause: unknown): unknown => {
  const { reason, sent } = classifyFault(cause)
  // The others come before CONNECT and say what they are.
  if (sent === "no" || reason === "tls") return cause
  return Object.assign(new Error("the connection to the proxy failed", { cause }), {
    code: "UND_ERR_PRX_CONN"
  })
}

type Connect = (error: Error | null, data: Dispatcher.ConnectData) => void

class ProxyPool extends Pool {
  override connect(options: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData>
  override connect(options: Dispatcher.ConnectOptions, callback: Connect): void
  override connect(
    options: Dispatcher.ConnectOptions,
    callback?: Connect
  ): Promise<Dispatcher.ConnectData> | undefined {
    // A `ProxyAgent` calls it without.
    if (callback !== undefined) {
      super.connect(options, callback)
      return undefined
    }
    return super.connect(options).catch((cause: unknown) => {
      throw asTunnelFault(cause)
    })
  }
}

/** The connections of a `ProxyAgent` to its proxy: its `clientFactory`. */
export const proxyConnections = (origin: URL, options: object): Dispatcher => new ProxyPool(origin, options)
