/** The same pages with Effect's router. Effect 3 has its own file in `examples/effect3/pages`. */
import { Effect, Layer, Option } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { ClerkRouter, OptionalSession, type RequestAuth } from "effect-clerk/http-api"

const Home = HttpRouter.add(
  "GET",
  "/",
  Effect.map(OptionalSession, (session) =>
    HttpServerResponse.text(`Hello ${Option.isSome(session) ? session.value.userId : "stranger"}`)
  )
)

const Me = HttpRouter.add(
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
