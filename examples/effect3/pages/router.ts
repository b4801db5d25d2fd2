/** The same pages with the router of Effect 3. */

import { HttpLayerRouter, HttpServerResponse } from "@effect/platform"
import { Effect, Layer, Option } from "effect"
import { ClerkRouter, OptionalSession, type RequestAuth } from "effect-clerk/http-api"

const Home = HttpLayerRouter.add(
  "GET",
  "/",
  Effect.map(OptionalSession, (session) =>
    HttpServerResponse.text(`Hello ${Option.isSome(session) ? session.value.userId : "stranger"}`)
  )
)

const Me = HttpLayerRouter.add(
  "GET",
  "/api/me",
  Effect.flatMap(OptionalSession, (session) =>
    Option.isSome(session)
      ? HttpServerResponse.json({ userId: session.value.userId })
      : HttpServerResponse.json({ error: "sign in first" }, { status: 401 })
  )
)

export const pagesRoutes = (options: RequestAuth.Options) =>
  Layer.mergeAll(Home, Me).pipe(Layer.provide(ClerkRouter.pages(options).layer))
