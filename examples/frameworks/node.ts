/** A server with `node:http` alone: a public page, a page for signed-in users, an API route, and the sign-out. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { RequestAuth } from "effect-clerk/http-api"
import { authenticate, close, countDevices, failure, origin, port, signInUrl, signOut } from "./clerk.js"

const page = (response: ServerResponse, body: string) =>
  response.setHeader("content-type", "text/html; charset=utf-8").end(body)

const json = (response: ServerResponse, status: number, body: unknown, headers = {}) =>
  response.writeHead(status, { ...headers, "content-type": "application/json" }).end(JSON.stringify(body))

const redirect = (response: ServerResponse, location: string) => response.writeHead(303, { location }).end()

const respond = async (request: IncomingMessage, response: ServerResponse): Promise<unknown> => {
  const outcome = await authenticate(request)
  for (const [name, value] of RequestAuth.headers(outcome)) response.appendHeader(name, value)
  if (response.hasHeader("location")) return response.writeHead(307).end()

  const session = outcome._tag === "SignedIn" ? outcome.session : undefined
  switch (`${request.method} ${request.url?.replace(/\?.*/, "")}`) {
    case "GET /":
      return page(
        response,
        session === undefined
          ? `<p>Hello stranger. <a href="${signInUrl("/account")}">Sign in</a></p>`
          : `<p>Hello ${session.userId}. <a href="/account">Your account</a></p>`
      )
    case "GET /account":
      if (session === undefined) return redirect(response, signInUrl("/account"))
      return page(
        response,
        `<p>You are ${session.userId}. Signed-in devices: ${await countDevices(session)}</p>
        <form method="post" action="/sign-out"><button>Sign out</button></form>`
      )
    case "GET /api/me":
      if (outcome._tag !== "SignedIn") return json(response, 401, { error: outcome.reason })
      return json(response, 200, { userId: outcome.session.userId, sessionId: outcome.session.sessionId })
    // A page load refreshes an expired session, so this page can offer the sign-out again.
    case "GET /sign-out":
      return session === undefined
        ? redirect(response, "/")
        : page(response, `<form method="post" action="/sign-out"><button>Sign out</button></form>`)
    // A POST, so that no link of another site can sign users out.
    case "POST /sign-out":
      // A POST never refreshes. More than a minute after the page, its token has expired.
      if (session === undefined) return redirect(response, "/sign-out")
      for (const cookie of await signOut(session)) response.appendHeader("set-cookie", cookie)
      return redirect(response, "/")
    default:
      return response.writeHead(404).end("Not found")
  }
}

const server = createServer((request, response) => {
  respond(request, response).catch((thrown: unknown) => {
    const { headers, message, status } = failure(thrown)
    if (response.headersSent) response.destroy()
    else if (request.url?.startsWith("/api/")) json(response, status, { error: message }, headers)
    else response.writeHead(status, { ...headers, "content-type": "text/plain" }).end(message)
  })
})
server.listen(port, () => console.log(`Listening on ${origin}`))

// Finishes the open requests, then ends.
const stop = () => void server.close(close)
process.once("SIGINT", stop)
process.once("SIGTERM", stop)
