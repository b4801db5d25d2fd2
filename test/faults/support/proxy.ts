import { connect, createServer, type Socket } from "node:net"
import * as tls from "node:tls"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { listen } from "../../support/listen.js"

/** A request to the proxy, and what the proxy does with it. */
export interface Passage {
  /** From 1, in the order of arrival. */
  readonly number: number
  readonly socket: Socket
  /** Accepts CONNECT, and passes bytes in both directions. */
  readonly open: () => void
}

export type Pass = (passage: Passage) => void

export interface ProxyScript {
  /** What the proxy does with a request. Default: it opens the tunnel. */
  readonly pass?: Pass
  readonly tls?: { readonly key: string; readonly cert: string } | undefined
}

export interface LoopbackProxy {
  /** `http://127.0.0.1:<port>`, or `https:` */
  readonly url: string
  /** The request lines, such as `CONNECT 127.0.0.1:443 HTTP/1.1`. */
  readonly seen: ReadonlyArray<string>
  readonly connections: () => number
  /** Closes every connection to a client. */
  readonly close: () => void
  /** Resets every connection to a client. */
  readonly reset: () => void
}

export const open: Pass = (passage) => passage.open()

/** Responds to the request with a status, and closes. */
export const respond =
  (status: number, headers = "content-length: 0\r\n"): Pass =>
  ({ socket }) =>
    void socket.end(`HTTP/1.1 ${status} X\r\n${headers}\r\n`)

/** Does the first with the first request, and the second with all others. */
export const once =
  (first: Pass, others: Pass = open): Pass =>
  (passage) =>
    (passage.number === 1 ? first : others)(passage)

/** A proxy on loopback that connects to loopback for any host. */
export const proxy = ({
  pass = open,
  tls: certificate
}: ProxyScript): Effect.Effect<LoopbackProxy, never, Scope.Scope> =>
  Effect.gen(function* () {
    const seen: Array<string> = []
    const clients = new Set<Socket>()
    const sockets = new Set<Socket>()
    let connections = 0
    const keep = (socket: Socket) => {
      sockets.add(socket)
      socket.on("close", () => sockets.delete(socket))
      socket.on("error", () => {}) // the tests break connections
    }
    const onConnection = (socket: Socket) => {
      connections++
      keep(socket)
      clients.add(socket)
      socket.on("close", () => clients.delete(socket))
      socket.once("data", (bytes: Buffer) => {
        const [line = ""] = bytes.toString("latin1").split("\r\n", 1)
        const [, port] = /^CONNECT \S+:(\d+) /.exec(line) ?? []
        const openTunnel = () => {
          const origin = connect(Number(port), "127.0.0.1", () => {
            socket.write("HTTP/1.1 200 Connection established\r\n\r\n")
            socket.pipe(origin).pipe(socket)
          })
          keep(origin)
          socket.on("close", () => origin.destroy())
        }
        pass({ number: seen.push(line), socket, open: openTunnel })
      })
    }
    const server =
      certificate === undefined
        ? createServer({ noDelay: true }, onConnection)
        : tls.createServer(certificate, onConnection)
    server.on("tlsClientError", () => {}) // a client that rejects the certificate
    const port = yield* listen(server, sockets)
    return {
      url: `${certificate === undefined ? "http" : "https"}://127.0.0.1:${port}`,
      seen,
      connections: () => connections,
      close: () => {
        for (const socket of clients) socket.end()
      },
      reset: () => {
        for (const socket of clients) socket.resetAndDestroy()
      }
    }
  })
