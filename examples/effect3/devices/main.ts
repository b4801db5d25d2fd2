/** `examples/devices` for Effect 3. The pages and the responses are the same, and are in that folder. */
import { createServer } from "node:http"
import { HttpServer } from "@effect/platform"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Config, Console, Effect, Layer } from "effect"
import { ClerkInMemory, DevicesServer } from "./server.js"

const server = createServer()

const HttpServerLive = NodeHttpServer.layerConfig(() => server, {
  host: Config.succeed("127.0.0.1"),
  // An empty PORT is read as a missing one.
  port: Config.nonEmptyString("PORT").pipe(
    Config.map(Number),
    Config.validate({
      message: "Expected a whole number",
      validation: (port: number) => Number.isInteger(port)
    }),
    Config.withDefault(3000)
  )
})

// Browsers hold spare connections open, and a server waits for them before it ends.
const hangUp = Effect.addFinalizer(() => Effect.sync(() => server.closeAllConnections()))

const Announced = Layer.scopedDiscard(
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
