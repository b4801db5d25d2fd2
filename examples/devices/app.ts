import { Effect, Layer } from "effect"
import { HttpRouter, HttpServer, type HttpServerError, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { ClerkAuth } from "effect-clerk/http-api"
import { DevicesApi, ErrorPages } from "./api.js"
import { issuer } from "./demo.js"
import { devices } from "./devices.js"
import { errorPage } from "./errors.js"
import { securityHeaders } from "./layout.js"
import { enter, signInPage } from "./signIn.js"

const respond = Effect.map(HttpServerResponse.fromWeb)

const DevicesLive = HttpApiBuilder.group(DevicesApi, "devices", (handlers) =>
  handlers
    .handle("show", ({ query }) => respond(devices.show(query.done)))
    .handle("revoke", ({ params }) => respond(devices.signOut(params.id)))
    .handle("revokeOthers", () => respond(devices.signOutOthers))
)

const signInLive = (origin: string) =>
  HttpApiBuilder.group(DevicesApi, "signIn", (handlers) =>
    handlers
      .handle("choose", ({ query }) => respond(Effect.succeed(signInPage(query.done))))
      .handle("enter", ({ payload }) => respond(enter(payload.browser, origin)))
  )

const ErrorPagesLive = Layer.succeed(ErrorPages, (response) =>
  Effect.catch(response, (error) => respond(errorPage(error)))
)

/** For every response, also to a request without a route. */
const Pages = HttpRouter.middleware<{ handles: HttpServerError.HttpServerError }>()(
  (response) =>
    response.pipe(
      Effect.catchTag("HttpServerError", (error) => respond(errorPage(error))),
      Effect.map(HttpServerResponse.setHeaders(securityHeaders))
    ),
  { global: true }
)

/** The application at an origin, such as `http://127.0.0.1:3000`. */
export const devicesApp = (origin: string) =>
  Layer.merge(HttpApiBuilder.layer(DevicesApi), Pages).pipe(
    Layer.provide([DevicesLive, signInLive(origin)]),
    Layer.provide([ErrorPagesLive, ClerkAuth.layer({ authorizedParties: [origin], issuer })])
  )

/** The application, served at the address of the server. */
export const DevicesServer = HttpServer.addressFormattedWith((origin) =>
  Effect.succeed(HttpRouter.serve(devicesApp(origin), { disableLogger: true, disableListenLog: true }))
).pipe(Layer.unwrap)
