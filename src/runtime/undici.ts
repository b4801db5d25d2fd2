import { type Dispatcher, Pool } from "undici"
import { classifyFault } from "../core/wire/faults.js"
import { sendWithUndici } from "../core/wire/undici.js"
import { type Send, sendWithin } from "./send.js"

/** Sends with a dispatcher of undici. See `sendWithUndici` for `tellsStart`. */
export const undiciSend =
  (dispatcher: Dispatcher, tellsStart: boolean): Send =>
  (request, maxBytes, millis) =>
    sendWithin(millis, (done) => sendWithUndici(dispatcher, tellsStart, request, maxBytes, done))

/**
 * Gives a failed CONNECT another code, which ends the request. With the original code, undici 7 would reconnect without
 * end, thousands of times a second. It does so for a server that closed an idle connection, and cannot tell a proxy that
 * closes the connection during CONNECT from it.
 */
const asTunnelFault = (cause: unknown): unknown => {
  const { reason, sent } = classifyFault(cause)
  // The other failures come before CONNECT, and their codes are right.
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
    // A `ProxyAgent` calls it without a callback.
    if (callback !== undefined) {
      super.connect(options, callback)
      return undefined
    }
    return super.connect(options).catch((cause: unknown) => {
      throw asTunnelFault(cause)
    })
  }
}

/** Makes the connections of a `ProxyAgent` to its proxy: its `clientFactory`. */
export const proxyConnections = (origin: URL, options: object): Dispatcher => new ProxyPool(origin, options)
