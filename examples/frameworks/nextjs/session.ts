/** Clerk for Next.js: what `proxy.ts`, the pages and the route handlers share. */
import { Option } from "effect"
import type { SessionClaims } from "effect-clerk"
import { RequestAuth } from "effect-clerk/http-api"
import { authenticate, failure } from "../clerk.js"

/** Replaces cookies of a request by those that the response sets, so that the page sees a refreshed session. */
const withCookies = (given: Headers, outcome: RequestAuth.Outcome): Headers => {
  const cookies = new Map<string, string>()
  const add = (pair: string) => {
    const name = pair.split("=", 1)[0]?.trim()
    if (name) cookies.set(name, pair.trim())
  }
  given.get("cookie")?.split(";").forEach(add)
  for (const [name, value] of RequestAuth.headers(outcome)) {
    if (name === "set-cookie") add(value.split(";", 1)[0] ?? "")
  }
  const headers = new Headers(given)
  if (cookies.size > 0) headers.set("cookie", [...cookies.values()].join("; "))
  return headers
}

/** The response to an error: JSON in the API, else text. */
export const failed = (request: Request, thrown: unknown): Response => {
  const { headers, message, status } = failure(thrown)
  return new URL(request.url).pathname.startsWith("/api/")
    ? Response.json({ error: message }, { status, headers })
    : new Response(message, { status, headers })
}

/**
 * Makes the proxy, which redirects and sets cookies, because a server component can do neither. `next` is
 * `NextResponse.next`. It takes the headers that the page sees.
 */
export const makeProxy =
  (next: (init: { request: { headers: Headers } }) => Response) =>
  async (request: Request): Promise<Response> => {
    try {
      const outcome = await authenticate(request)
      const redirect = RequestAuth.toResponse(outcome)
      if (Option.isSome(redirect)) return redirect.value
      const headers = withCookies(request.headers, outcome)
      return RequestAuth.addHeaders(next({ request: { headers } }), outcome)
    } catch (thrown) {
      return failed(request, thrown)
    }
  }

/** Returns the session behind the proxy, for a page or a route handler. */
export const currentSession = async (headers: Headers): Promise<SessionClaims | undefined> => {
  // Without a method, nothing is refreshed or redirected. The proxy has done both.
  const outcome = await authenticate({ headers })
  return outcome._tag === "SignedIn" ? outcome.session : undefined
}
