/** The same pages with Hono. */
import { Option } from "effect"
import { ClerkError } from "effect-clerk"
import { RequestAuth } from "effect-clerk/http-api"
import { Hono } from "hono"
import type { Authenticate } from "./auth.js"

interface Variables {
  readonly outcome: RequestAuth.Outcome
}

export const makeHono = (authenticate: Authenticate) => {
  const app = new Hono<{ Variables: Variables }>()

  app.use(async (c, next) => {
    const outcome = await authenticate(c.req.raw)
    const redirect = RequestAuth.toResponse(outcome)
    if (Option.isSome(redirect)) return redirect.value
    c.set("outcome", outcome)
    await next()
    c.res = RequestAuth.addHeaders(c.res, outcome)
    return undefined
  })

  app.onError((error, c) => {
    if (ClerkError.from(error)?._tag !== "ClerkKeysUnavailable") throw error
    return c.text("Please try again in a minute", 503)
  })

  app.get("/", (c) => {
    const outcome = c.get("outcome")
    return c.text(`Hello ${outcome._tag === "SignedIn" ? outcome.session.userId : "stranger"}`)
  })

  app.get("/api/me", (c) => {
    const outcome = c.get("outcome")
    return outcome._tag === "SignedIn"
      ? c.json({ userId: outcome.session.userId })
      : c.json({ error: "sign in first" }, 401)
  })

  return app
}
