/**
 * A web page where users see on which devices they are signed in, and sign them out. Clerk is in memory.
 *
 *     npm run example:devices                     at http://127.0.0.1:3000; PORT=… for another port, 0 for any
 */
import { createServer } from "node:http"
import { HttpApiBuilder, HttpServer } from "@effect/platform"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Config, Console, Effect, Layer } from "effect"
import { devicesApp } from "./app.js"
import { ClerkInMemory } from "./demo.js"

const AppLive = Layer.unwrapEffect(
  HttpServer.addressFormattedWith((origin) => Effect.succeed(devicesApp(origin)))
)

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
  Effect.zipRight(
    hangUp,
    HttpServer.addressFormattedWith((origin) => Console.log(`Your devices: ${origin} (Ctrl-C to end)`))
  )
)

Announced.pipe(
  Layer.provide(HttpApiBuilder.serve()),
  Layer.provide(AppLive),
  Layer.provide(ClerkInMemory),
  Layer.provide(HttpServerLive),
  Layer.launch,
  NodeRuntime.runMain
)
