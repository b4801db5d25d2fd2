import { Effect, Layer } from "effect"
import { HttpServer, HttpServerRequest, HttpServerResponse } from "effect/http"
import { makeApp } from "./app.js"
import { clerkInMemory } from "./demo.js"

/** The application, served at the address of the server. */
export const DevicesServer = HttpServer.addressFormattedWith((origin) =>
  Effect.map(makeApp(origin), (app) =>
    HttpServer.serve(
      Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
        Effect.flatMap(HttpServerRequest.toWeb(request), (web) =>
          Effect.map(app(web), HttpServerResponse.fromWeb)
        )
      )
    )
  )
).pipe(Layer.unwrap)

/** Clerk in memory, for the application at the address of the server. */
export const ClerkInMemory = HttpServer.addressFormattedWith((origin) =>
  Effect.succeed(clerkInMemory(origin))
).pipe(Layer.unwrap)
