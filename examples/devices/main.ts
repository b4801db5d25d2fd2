/**
 * A web page where users see on which devices they are signed in, and sign them out. Clerk is in memory.
 *
 *     npm run example:devices                     at http://127.0.0.1:3000; PORT=… for another port, 0 for any
 *
 * Effect 3 has its own server and main program, which are in `examples/effect3/devices`.
 */
import { createServer } from "node:http"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Config, Console, Effect, Layer } from "effect"
import { HttpServer } from "effect/http"
import { ClerkInMemory, DevicesServer } from "./server.js"

const server = createServer()

const HttpServerLive = NodeHttpServer.layerConfig(() => server, {
  host: Config.succeed("127.0.0.1"),
  port: Config.Int("PORT").pipe(Config.withDefault(3000))
})

// Browsers hold spare connections open, and a server waits for them before it ends.
const hangUp = Effect.addFinalizer(() => Effect.sync(() => server.closeAllConnections()))

const Announced = Layer.effectDiscard(
  Effect.andThen(
    hangUp,
    HttpServer.addressFormattedWith((origin) =>
      Console.log(`Open ${origin} to see your devices. Press Ctrl+C to stop.`)
    )
  )
)

Announced.pipe(
  Layer.provide(DevicesServer),
  Layer.provide(ClerkInMemory),
  Layer.provide(HttpServerLive),
  Layer.launch,
  NodeRuntime.runMain
)
