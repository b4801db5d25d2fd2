import { createServer, type Server, type Socket } from "node:net"
import * as tls from "node:tls"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { listen } from "../../support/listen.js"
import { onRequests } from "./http1.js"

/** A request as it was received. */
export interface Seen {
  /** From 1, in the order of arrival. */
  readonly number: number
  readonly method: string
  readonly path: string
}

/** Handles the socket of a complete request, with any bytes or none. */
export type Act = (socket: Socket, request: Seen) => void

export interface Scripted {
  /** `http://127.0.0.1:<port>`, or `https:` */
  readonly url: string
  readonly port: number
  readonly seen: ReadonlyArray<Seen>
  readonly connections: () => number
  /** How many connections are open now. */
  readonly open: () => number
  /** Waits, a second at most, until the connection of request `number` is closed. Returns whether it is closed. */
  readonly closed: (number: number) => Effect.Effect<boolean>
}

export interface Script {
  readonly act: Act
  /** Called with a connection before anything is read from it. Returns `true` to stop there. */
  readonly accept?: (socket: Socket, number: number) => boolean
  readonly tls?: { readonly key: string; readonly cert: string } | undefined
  readonly port?: number
}

/** Waits for a condition to become true, a second by default. */
export const eventually = (holds: () => boolean, millis = 1_000): Effect.Effect<boolean> =>
  Effect.suspend(() => {
    const until = performance.now() + millis
    const look: Effect.Effect<boolean> = Effect.suspend(() => {
      if (holds()) return Effect.succeed(true)
      return performance.now() > until
        ? Effect.succeed(false)
        : Effect.andThen(Effect.sleep("5 millis"), look)
    })
    return look
  })

/** A server that reads only enough HTTP to separate requests. */
export const scripted = (script: Script): Effect.Effect<Scripted, never, Scope.Scope> =>
  Effect.gen(function* () {
    const seen: Array<Seen> = []
    const sockets = new Set<Socket>()
    const carriers = new Map<number, Socket>()
    let connections = 0

    const onConnection = (socket: Socket) => {
      connections++
      sockets.add(socket)
      socket.on("close", () => sockets.delete(socket))
      socket.on("error", () => {}) // the tests break connections
      if (script.accept?.(socket, connections) === true) return
      onRequests(socket, (method, path) => {
        const request = { number: seen.length + 1, method, path }
        seen.push(request)
        carriers.set(request.number, socket)
        script.act(socket, request)
      })
    }
    const server: Server =
      script.tls === undefined
        ? createServer({ noDelay: true }, onConnection)
        : tls.createServer(script.tls, onConnection)
    server.on("tlsClientError", () => {}) // a client that rejects the certificate
    const port = yield* listen(server, sockets, script.port)
    return {
      url: `${script.tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
      port,
      seen,
      connections: () => connections,
      open: () => sockets.size,
      closed: (number) =>
        eventually(() => {
          const carrier = carriers.get(number)
          return carrier === undefined || !sockets.has(carrier)
        })
    }
  })

/** Counts what the process would report as an unhandled rejection or an uncaught exception while `self` runs. */
export const strays = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<ReadonlyArray<unknown>, E, R> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const caught: Array<unknown> = []
      const note = (failure: unknown) => void caught.push(failure)
      process.on("unhandledRejection", note)
      process.on("uncaughtException", note)
      return { caught, note }
    }),
    ({ caught }) => self.pipe(Effect.andThen(Effect.sleep("20 millis")), Effect.as(caught)),
    ({ note }) =>
      Effect.sync(() => {
        process.off("unhandledRejection", note)
        process.off("uncaughtException", note)
      })
  )
