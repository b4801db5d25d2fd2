import { HttpApiBuilder, HttpServerResponse } from "@effect/platform"
import { Effect, Layer } from "effect"
import { ClerkError, ClerkTokenError } from "effect-clerk"
import { ClerkAuth } from "effect-clerk/http-api"
import { DevicesApi } from "./api.js"
import { issuer } from "./demo.js"
import { DevicesLive } from "./devices.js"
import { securityHeaders, seeOther } from "./layout.js"
import { noSuchPage, noticeOf, otherOrigin } from "./notices.js"
import { problemPage } from "./page.js"
import { signInLive } from "./signIn.js"

const turnedAway = (error: unknown) => {
  if (error instanceof ClerkTokenError) {
    return Effect.succeed(error.reason === "cross-origin" ? problemPage(otherOrigin) : seeOther("/sign-in"))
  }
  const clerkError = ClerkError.from(error)
  return clerkError === undefined
    ? Effect.succeed(problemPage(noSuchPage))
    : Effect.map(noticeOf(clerkError), problemPage)
}

/** Turns the errors of `ClerkAuth` and of the router into pages, which would otherwise be JSON. */
const Pages = HttpApiBuilder.middleware((app) =>
  app.pipe(Effect.catchAll(turnedAway), Effect.map(HttpServerResponse.setHeaders(securityHeaders)))
)

/** The application at an origin, such as `http://127.0.0.1:3000`. */
export const devicesApp = (origin: string) =>
  HttpApiBuilder.api(DevicesApi).pipe(
    Layer.provide([DevicesLive, signInLive(origin), Pages]),
    Layer.provide(ClerkAuth.layer({ authorizedParties: [origin], issuer }))
  )
