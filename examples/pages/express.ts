/** The same pages with Express. */
import { ClerkError } from "effect-clerk"
import { RequestAuth } from "effect-clerk/http-api"
import express, { type ErrorRequestHandler, type Response } from "express"
import type { Authenticate } from "./auth.js"

interface Locals {
  outcome: RequestAuth.Outcome
}

export const makeExpress = (authenticate: Authenticate) => {
  const app = express()

  app.use(async ({ headers, method, originalUrl }, response: Response<unknown, Locals>, next) => {
    const outcome = await authenticate({ method, headers, url: originalUrl })
    for (const [name, value] of RequestAuth.headers(outcome)) response.append(name, value)
    if (response.hasHeader("location")) {
      response.status(307).end()
      return
    }
    response.locals.outcome = outcome
    next()
  })

  app.get("/", (_, response: Response<unknown, Locals>) => {
    const { outcome } = response.locals
    response.send(`Hello ${outcome._tag === "SignedIn" ? outcome.session.userId : "stranger"}`)
  })

  app.get("/api/me", (_, response: Response<unknown, Locals>) => {
    const { outcome } = response.locals
    if (outcome._tag === "SignedIn") response.json({ userId: outcome.session.userId })
    else response.status(401).json({ error: "sign in first" })
  })

  const unavailable: ErrorRequestHandler = (error, _, response, next) => {
    if (ClerkError.from(error)?._tag !== "ClerkKeysUnavailable") return next(error)
    response.status(503).send("Please try again in a minute")
  }
  app.use(unavailable)

  return app
}
