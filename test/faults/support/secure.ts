import { createServer as createHttp2Server } from "node:http2"
import { createServer, type Socket } from "node:net"
import { Duplex } from "node:stream"
import { createSecureContext, TLSSocket } from "node:tls"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { listen } from "../../support/listen.js"
import * as frames from "./frames.js"
import { onRequests } from "./http1.js"
import { bodyFor, whole } from "./responses.js"

export type Protocol = "http/1.1" | "h2"

/** A request over TLS, and the ways to break its response. */
export interface Exchange {
  readonly protocol: Protocol
  readonly method: string
  readonly path: string
  /** Its stream, if it came over HTTP/2. */
  readonly stream: number
  /** The connection beneath TLS, which ends or resets without a close_notify. */
  readonly raw: Socket
  /** Writes bytes of the protocol, which the caller knows. */
  readonly tls: TLSSocket
}

export interface SecureScript {
  readonly act: (exchange: Exchange) => void
  readonly certificate: { readonly key: string; readonly cert: string }
  /** The protocols that the server offers. Default: both. */
  readonly protocols?: ReadonlyArray<Protocol>
}

export interface Secure {
  /** `https://127.0.0.1:<port>` */
  readonly url: string
  readonly connections: () => number
}

const http1 = (raw: Socket, tls: TLSSocket, act: SecureScript["act"]): void =>
  onRequests(tls, (method, path) => act({ protocol: "http/1.1", method, path, stream: 0, raw, tls }))

/** Node reads the requests from a pipe. The responses are written directly. */
const http2 = (raw: Socket, tls: TLSSocket, act: SecureScript["act"]): void => {
  const server = createHttp2Server()
  const pipe = new Duplex({
    read: () => {},
    write: (chunk, _, done) => {
      if (tls.writable) tls.write(chunk)
      done()
    }
  })
  tls.on("data", (chunk: Buffer) => pipe.push(chunk))
  tls.on("close", () => pipe.destroy())
  pipe.on("error", () => {})
  server.on("session", (session) => session.on("error", () => {}))
  server.on("stream", (stream, { ":method": method = "", ":path": path = "" }) => {
    stream.on("error", () => {}) // the tests break connections
    stream.resume()
    stream.on("end", () => act({ protocol: "h2", method, path, stream: stream.id ?? 0, raw, tls }))
  })
  server.emit("connection", pipe)
}

/** A server with TLS that reads HTTP/1.1 or HTTP/2, as the client chooses, and responds with any bytes. */
export const secure = ({
  act,
  certificate,
  protocols = ["h2", "http/1.1"]
}: SecureScript): Effect.Effect<Secure, never, Scope.Scope> =>
  Effect.gen(function* () {
    const sockets = new Set<Socket>()
    const secureContext = createSecureContext(certificate)
    let connections = 0
    const server = createServer({ noDelay: true }, (raw) => {
      connections++
      sockets.add(raw)
      raw.on("close", () => sockets.delete(raw))
      raw.on("error", () => {})
      const tls = new TLSSocket(raw, { isServer: true, secureContext, ALPNProtocols: [...protocols] })
      tls.on("error", () => {})
      tls.on("secure", () => (tls.alpnProtocol === "h2" ? http2 : http1)(raw, tls, act))
    })
    const port = yield* listen(server, sockets)
    return { url: `https://127.0.0.1:${port}`, connections: () => connections }
  })

/** The response of a healthy Clerk. */
export const goodOver = ({ path, protocol, stream, tls }: Exchange): void => {
  const body = bodyFor(path)
  if (protocol === "http/1.1") return void tls.write(whole(200, body))
  tls.write(Buffer.concat([frames.headers(stream, Buffer.byteLength(body)), frames.lastData(stream, body)]))
}
