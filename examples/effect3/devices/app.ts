import { HttpApiBuilder, HttpServer, HttpServerResponse } from "@effect/platform"
import { Effect, Layer } from "effect"
import { ClerkAuth } from "effect-clerk/http-api"
import { issuer } from "../../devices/demo.js"
import { devices } from "../../devices/devices.js"
import { errorPage } from "../../devices/errors.js"
import { securityHeaders } from "../../devices/layout.js"
import { enter, signInPage } from "../../devices/signIn.js"
import { DevicesApi } from "./api.js"

const respond = Effect.map(HttpServerResponse.fromWeb)

const DevicesLive = HttpApiBuilder.group(DevicesApi, "devices", (handlers) =>
  handlers
    .handle("show", ({ urlParams }) => respond(devices.show(urlParams.done)))
    .handle("revoke", ({ path }) => respond(devices.signOut(path.id)))
    .handle("revokeOthers", () => respond(devices.signOutOthers))
)

const signInLive = (origin: string) =>
  HttpApiBuilder.group(DevicesApi, "signIn", (handlers) =>
    handlers
      .handle("choose", ({ urlParams }) => respond(Effect.succeed(signInPage(urlParams.done))))
      .handle("enter", ({ payload }) => respond(enter(payload.browser, origin)))
  )

const Pages = HttpApiBuilder.middleware((app) =>
  app.pipe(
    Effect.catchAll((error) => respond(errorPage(error))),
    Effect.map(HttpServerResponse.setHeaders(securityHeaders))
  )
)

/** The application at an origin, such as `http://127.0.0.1:3000`. */
export const devicesApp = (origin: string) =>
  HttpApiBuilder.api(DevicesApi).pipe(
    Layer.provide([DevicesLive, signInLive(origin), Pages]),
    Layer.provide(ClerkAuth.layer({ authorizedParties: [origin], issuer }))
  )

/** The application, served at the address of the server. */
export const DevicesServer = HttpApiBuilder.serve().pipe(
  Layer.provide(
    Layer.unwrapEffect(HttpServer.addressFormattedWith((origin) => Effect.succeed(devicesApp(origin))))
  )
)
