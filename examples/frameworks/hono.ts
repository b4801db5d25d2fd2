/** A server with Hono: a public page, a page for signed-in users, an API route, and the sign-out. */
import { serve } from "@hono/node-server"
import { Option } from "effect"
import { RequestAuth } from "effect-clerk/http-api"
import { Hono } from "hono"
import { html } from "hono/html"
import { HTTPException } from "hono/http-exception"
import { authenticate, close, countDevices, failure, origin, port, signInUrl, signOut } from "./clerk.js"

const app = new Hono<{ Variables: { outcome: RequestAuth.Outcome } }>()

app.use(async (c, next) => {
  const outcome = await authenticate(c.req.raw)
  const redirect = RequestAuth.toResponse(outcome)
  if (Option.isSome(redirect)) return redirect.value
  c.set("outcome", outcome)
  await next()
  // Added to the response that exists now, which can be that of an error. `c.res = …` would drop cookies.
  for (const [name, value] of RequestAuth.headers(outcome)) {
    c.header(name, value, { append: name === "set-cookie" })
  }
  return undefined
})

app.get("/", (c) => {
  const outcome = c.get("outcome")
  return outcome._tag === "SignedIn"
    ? c.html(html`<p>Hello ${outcome.session.userId}. <a href="/account">Your account</a></p>`)
    : c.html(html`<p>Hello stranger. <a href="${signInUrl("/account")}">Sign in</a></p>`)
})

app.get("/account", async (c) => {
  const outcome = c.get("outcome")
  if (outcome._tag !== "SignedIn") return c.redirect(signInUrl("/account"), 303)
  const devices = await countDevices(outcome.session)
  return c.html(
    html`<p>You are ${outcome.session.userId}. Signed-in devices: ${devices}</p>
      <form method="post" action="/sign-out"><button>Sign out</button></form>`
  )
})

app.get("/api/me", (c) => {
  const outcome = c.get("outcome")
  if (outcome._tag !== "SignedIn") return c.json({ error: outcome.reason }, 401)
  const { sessionId, userId } = outcome.session
  return c.json({ userId, sessionId })
})

// A page load refreshes an expired session, so this page can offer the sign-out again.
app.get("/sign-out", (c) =>
  c.get("outcome")._tag === "SignedIn"
    ? c.html(html`<form method="post" action="/sign-out"><button>Sign out</button></form>`)
    : c.redirect("/", 303)
)

// A POST, so that no link of another site can sign users out.
app.post("/sign-out", async (c) => {
  const outcome = c.get("outcome")
  // A POST never refreshes. More than a minute after the page, its token has expired.
  if (outcome._tag !== "SignedIn") return c.redirect("/sign-out", 303)
  for (const cookie of await signOut(outcome.session)) c.header("set-cookie", cookie, { append: true })
  return c.redirect("/", 303)
})

app.onError((error, c) => {
  if (error instanceof HTTPException) return error.getResponse()
  // An error that is thrown here would become an empty response without cookies.
  const { headers, message, status } = failure(error)
  return c.req.path.startsWith("/api/")
    ? c.json({ error: message }, status, headers)
    : c.text(message, status, headers)
})

const server = serve({ fetch: app.fetch, port }, () => console.log(`Listening on ${origin}`))

// Finishes the open requests, then ends.
const stop = () => void server.close(close)
process.once("SIGINT", stop)
process.once("SIGTERM", stop)
