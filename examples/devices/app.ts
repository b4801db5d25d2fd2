import { HttpApiBuilder, HttpServerResponse } from "@effect/platform"
import { Effect, Layer } from "effect"
import { ClerkError, ClerkTokenError } from "effect-clerk"
import { ClerkAuth } from "effect-clerk/http-api"
import { DevicesApi } from "./api.js"
import { issuer } from "./demo.js"
import { DevicesLive } from "./devices.js"
import { respond, securityHeaders, seeOther } from "./layout.js"
import { noticePage } from "./page.js"
import { noSuchPage, otherOrigin, refusalOf } from "./refusals.js"
import { signInLive } from "./signIn.js"

const turnedAway = (error: unknown) => {
  if (error instanceof ClerkTokenError) {
    return error.reason === "origin"
      ? respond(noticePage(otherOrigin, "/", "Show your devices"))
      : seeOther("/sign-in")
  }
  return respond(noticePage(ClerkError.is(error) ? refusalOf(error) : noSuchPage, "/", "Show your devices"))
}

/** What `ClerkAuth` or the router refuses comes by here before it would become JSON, which is nothing to read. */
const Pages = HttpApiBuilder.middleware((app) =>
  app.pipe(
    Effect.catchAll((error: unknown) => Effect.succeed(turnedAway(error))),
    Effect.map(HttpServerResponse.setHeaders(securityHeaders))
  )
)

/** The application as it is served at an origin, such as `http://127.0.0.1:3000`. */
export const devicesApp = (origin: string) =>
  HttpApiBuilder.api(DevicesApi).pipe(
    Layer.provide([DevicesLive, signInLive(origin), Pages]),
    Layer.provide(ClerkAuth.layer({ authorizedParties: [origin], issuer }))
  )
