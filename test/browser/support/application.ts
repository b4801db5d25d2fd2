import { createServer } from "node:http"
import { Effect, Layer, ManagedRuntime } from "effect"
import type { ClerkEmulator } from "effect-clerk/testing"
import { ClerkInMemory, DevicesServer } from "#test/examples.js"
import { HttpServer } from "#test/httpServer.js"
import { noLogger } from "#test/logger.js"
import { NodeHttpServer } from "#test/node.js"

export interface Application {
  readonly origin: string
  /** Changes at Clerk that the application does not make itself. */
  readonly atClerk: <A>(effect: Effect.Effect<A, never, ClerkEmulator>) => Promise<A>
  readonly close: () => Promise<void>
}

/** The example, composed as in its `main.ts`, on a free port and with a Clerk of its own. */
export const startApplication = async (): Promise<Application> => {
  const server = createServer()
  const runtime = ManagedRuntime.make(
    DevicesServer.pipe(
      Layer.provideMerge(ClerkInMemory),
      Layer.provideMerge(NodeHttpServer.layer(() => server, { host: "127.0.0.1", port: 0 })),
      Layer.provide(noLogger)
    )
  )
  return {
    origin: await runtime.runPromise(HttpServer.addressFormattedWith(Effect.succeed)),
    atClerk: (effect) => runtime.runPromise(effect),
    close: () => {
      server.closeAllConnections()
      return runtime.dispose()
    }
  }
}
