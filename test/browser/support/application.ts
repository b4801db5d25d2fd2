import { createServer } from "node:http"
import { HttpApiBuilder, HttpServer } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { Effect, Layer, Logger, ManagedRuntime } from "effect"
import type { ClerkEmulator } from "effect-clerk/testing"
import { devicesApp } from "../../../examples/devices/app.js"
import { ClerkInMemory, type Demo } from "../../../examples/devices/demo.js"

export interface Application {
  readonly origin: string
  /** Changes at Clerk that the application does not make itself. */
  readonly atClerk: <A>(effect: Effect.Effect<A, never, ClerkEmulator | Demo>) => Promise<A>
  readonly close: () => Promise<void>
}

/** The example, composed as in its `main.ts`, on a free port and with a Clerk of its own. */
export const startApplication = async (): Promise<Application> => {
  const server = createServer()
  const App = Layer.unwrapEffect(
    HttpServer.addressFormattedWith((origin) => Effect.succeed(devicesApp(origin)))
  )
  const runtime = ManagedRuntime.make(
    HttpApiBuilder.serve().pipe(
      Layer.provide(App),
      Layer.provideMerge(ClerkInMemory),
      Layer.provideMerge(NodeHttpServer.layer(() => server, { host: "127.0.0.1", port: 0 })),
      Layer.provide(Logger.remove(Logger.defaultLogger))
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
