import { createServer, type ServerResponse } from "node:http"
import { connect, createServer as createTcpServer, type Socket } from "node:net"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { callback } from "#test/fiber.js"
import { listen } from "./listen.js"

/** A request as it was received. */
export interface Received {
  readonly method: string
  /** Path and query. */
  readonly url: string
  /** In lower case, as Node gives them. */
  readonly headers: Readonly<Record<string, string>>
  /** Names and values alternately, as sent. */
  readonly rawHeaders: ReadonlyArray<string>
  readonly body: string
}

export interface Loopback {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  readonly received: ReadonlyArray<Received>
  /** How many connections were made in total. */
  readonly connections: () => number
  /** How many connections are open now. */
  readonly open: () => number
  /** Waits for the first complete request. */
  readonly asked: Effect.Effect<void>
  /** Waits for the first response whose connection closes before its end. */
  readonly cutOff: Effect.Effect<void>
}

export type Answer = (response: ServerResponse, request: Received) => void

/** An HTTP server on a free port of the loopback address, which handles every request with `answer`. */
export const loopback = (answer: Answer): Effect.Effect<Loopback, never, Scope.Scope> =>
  Effect.gen(function* () {
    const asked = yield* Deferred.make<void>()
    const cutOff = yield* Deferred.make<void>()
    const received: Array<Received> = []
    const sockets = new Set<Socket>()
    let connections = 0
    const server = createServer((request, response) => {
      const chunks: Array<Buffer> = []
      request.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("close", () => {
        if (!response.writableFinished) Effect.runSync(Deferred.succeed(cutOff, undefined))
      })
      request.on("end", () => {
        const { method = "", url = "", headers, rawHeaders } = request
        const seen: Received = {
          method,
          url,
          headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
          rawHeaders,
          body: Buffer.concat(chunks).toString("utf8")
        }
        received.push(seen)
        Effect.runSync(Deferred.succeed(asked, undefined))
        answer(response, seen)
      })
    })
    server.on("connection", (socket) => {
      connections++
      sockets.add(socket)
      socket.on("close", () => sockets.delete(socket))
      socket.on("error", () => {}) // some tests reset connections
    })
    const port = yield* listen(server, sockets)
    return {
      url: `http://127.0.0.1:${port}`,
      received,
      connections: () => connections,
      open: () => sockets.size,
      asked: Deferred.await(asked),
      cutOff: Deferred.await(cutOff)
    }
  })

/** Responds to every request with the same JSON. */
export const json =
  (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers })
    response.end(JSON.stringify(body))
  }

/** Responds with exactly these bytes, valid HTTP or not, and closes. */
export const raw =
  (...bytes: ReadonlyArray<string | Buffer>): Answer =>
  ({ socket }) => {
    for (const part of bytes) socket?.write(part)
    socket?.end()
  }

/** A port that is free now. */
export const freePort: Effect.Effect<string> = Effect.scoped(
  Effect.map(
    loopback(() => {}),
    ({ url }) => url
  )
)

/**
 * A port without a listener, at one or more loopback addresses. A connection from each address is bound to it until the
 * scope ends, so no server gets it. Without an explicit port, a connection would share its port with a client, which can
 * then connect to itself.
 */
export const closedPortAt = (
  ...addresses: ReadonlyArray<string>
): Effect.Effect<number, never, Scope.Scope> =>
  Effect.gen(function* () {
    const sockets = new Set<Socket>()
    const port = yield* listen(
      createTcpServer((socket) => sockets.add(socket)),
      sockets
    )
    const localPort = Number(new URL(yield* freePort).port)
    for (const localAddress of addresses) {
      yield* Effect.acquireRelease(
        callback<Socket>((resume) => {
          const from = { localAddress, localPort }
          const socket = connect({ port, host: "127.0.0.1", ...from }, () => resume(Effect.succeed(socket)))
        }),
        (socket) => Effect.sync(() => socket.destroy())
      )
    }
    return localPort
  })

/** The address of a port without a listener. */
export const closedPort: Effect.Effect<string, never, Scope.Scope> = Effect.map(
  closedPortAt("127.0.0.1"),
  (port) => `http://127.0.0.1:${port}`
)
