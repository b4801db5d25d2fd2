import type { AddressInfo, Server, Socket } from "node:net"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { callback } from "#test/fiber.js"

/** Listens on loopback until the scope ends, and returns the port. The end breaks the connections in `sockets`. */
export const listen = (
  server: Server,
  sockets: ReadonlySet<Socket>,
  port = 0
): Effect.Effect<number, never, Scope.Scope> =>
  Effect.acquireRelease(
    callback<void>((resume) => {
      server.listen(port, "127.0.0.1", () => resume(Effect.void))
    }),
    () =>
      callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        for (const socket of sockets) socket.destroy()
      })
  ).pipe(
    // A server that listens on TCP has no other kind of address.
    Effect.map(() => (server.address() as AddressInfo).port)
  )
