/** A server with Express 5: a public page, a page for signed-in users, an API route, and the sign-out. */
import { RequestAuth } from "effect-clerk/http-api"
import express, { type ErrorRequestHandler, type Response } from "express"
import { authenticate, close, countDevices, failure, origin, port, signInUrl, signOut } from "./clerk.js"

interface Locals {
  outcome: RequestAuth.Outcome
}
type Reply = Response<unknown, Locals>

const app = express()

app.use(async ({ headers, method, originalUrl }, response: Reply, next) => {
  // `originalUrl`, because `url` lacks the path of a router that is mounted below another one.
  const outcome = await authenticate({ method, headers, url: originalUrl })
  for (const [name, value] of RequestAuth.headers(outcome)) response.append(name, value)
  if (response.hasHeader("location")) {
    response.status(307).end()
    return
  }
  response.locals.outcome = outcome
  next()
})

app.get("/", (_, response: Reply) => {
  const { outcome } = response.locals
  response.send(
    outcome._tag === "SignedIn"
      ? `<p>Hello ${outcome.session.userId}. <a href="/account">Your account</a></p>`
      : `<p>Hello stranger. <a href="${signInUrl("/account")}">Sign in</a></p>`
  )
})

app.get("/account", async (_, response: Reply) => {
  const { outcome } = response.locals
  if (outcome._tag !== "SignedIn") {
    response.redirect(303, signInUrl("/account"))
    return
  }
  const devices = await countDevices(outcome.session)
  response.send(
    `<p>You are ${outcome.session.userId}. Signed-in devices: ${devices}</p>
    <form method="post" action="/sign-out"><button>Sign out</button></form>`
  )
})

app.get("/api/me", (_, response: Reply) => {
  const { outcome } = response.locals
  if (outcome._tag !== "SignedIn") {
    response.status(401).json({ error: outcome.reason })
    return
  }
  const { sessionId, userId } = outcome.session
  response.json({ userId, sessionId })
})

// A page load refreshes an expired session, so this page can offer the sign-out again.
app.get("/sign-out", (_, response: Reply) => {
  if (response.locals.outcome._tag === "SignedIn") {
    response.send(`<form method="post" action="/sign-out"><button>Sign out</button></form>`)
  } else {
    response.redirect(303, "/")
  }
})

// A POST, so that no link of another site can sign users out.
app.post("/sign-out", async (_, response: Reply) => {
  const { outcome } = response.locals
  // A POST never refreshes. More than a minute after the page, its token has expired.
  if (outcome._tag !== "SignedIn") {
    response.redirect(303, "/sign-out")
    return
  }
  for (const cookie of await signOut(outcome.session)) response.append("set-cookie", cookie)
  response.redirect(303, "/")
})

const onError: ErrorRequestHandler = (error, request, response, next) => {
  if (response.headersSent) return next(error)
  const { headers, message, status } = failure(error)
  response.status(status).set(headers)
  if (request.path.startsWith("/api/")) response.json({ error: message })
  else response.type("text").send(message)
}
app.use(onError)

// Express passes an error, such as that of a port in use, to the function.
const server = app.listen(port, (error) => {
  if (error) throw error
  console.log(`Listening on ${origin}`)
})

// Finishes the open requests, then ends.
const stop = () => void server.close(close)
process.once("SIGINT", stop)
process.once("SIGTERM", stop)
