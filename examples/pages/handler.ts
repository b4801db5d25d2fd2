/** A plain handler, `Request` to `Response`: the form of Workers, Bun, Deno, and of route handlers. */
import { Option } from "effect"
import { ClerkError } from "effect-clerk"
import { RequestAuth } from "effect-clerk/http-api"
import type { Authenticate } from "./auth.js"

const unavailable = () => new Response("Please try again in a minute", { status: 503 })

/** Runs a handler with the outcome of its request. Redirects, sets cookies, and responds with 503 without keys. */
export const withAuth =
  (
    authenticate: Authenticate,
    handle: (request: Request, outcome: RequestAuth.Outcome) => Response | Promise<Response>
  ) =>
  async (request: Request): Promise<Response> => {
    try {
      const outcome = await authenticate(request)
      const redirect = RequestAuth.toResponse(outcome)
      if (Option.isSome(redirect)) return redirect.value
      return RequestAuth.addHeaders(await handle(request, outcome), outcome)
    } catch (error) {
      if (ClerkError.from(error)?._tag === "ClerkKeysUnavailable") return unavailable()
      throw error
    }
  }

/** A page for everybody, and an API for users. */
export const makeHandler = (authenticate: Authenticate) =>
  withAuth(authenticate, (request, outcome) => {
    const userId = outcome._tag === "SignedIn" ? outcome.session.userId : undefined
    if (new URL(request.url).pathname !== "/api/me") return new Response(`Hello ${userId ?? "stranger"}`)
    return userId === undefined
      ? Response.json({ error: "sign in first" }, { status: 401 })
      : Response.json({ userId })
  })
