/**
 * The same pages in the form of Next.js: a middleware (`proxy.ts`), which redirects, and a route handler
 * (`app/api/me/route.ts`). Both are functions from a `Request`.
 */
import { RequestAuth } from "effect-clerk/http-api"
import type { Authenticate } from "./auth.js"
import { withAuth } from "./handler.js"

/**
 * Redirects or sets cookies before the page renders. `next` is `NextResponse.next`: it takes the headers of the request
 * that the page sees, so that the page finds a refreshed session in its cookies.
 */
export const makeMiddleware = (
  authenticate: Authenticate,
  next: (init: { request: { headers: Headers } }) => Response
) =>
  withAuth(authenticate, (request, outcome) =>
    next({ request: { headers: withCookies(request.headers, outcome) } })
  )

/** Replaces the cookies of the request by those that the outcome sets. */
const withCookies = (given: Headers, outcome: RequestAuth.Outcome): Headers => {
  const headers = new Headers(given)
  const set = RequestAuth.headers(outcome).flatMap(([name, value]) =>
    name === "set-cookie" ? [value.split(";")[0] ?? ""] : []
  )
  const names = set.map((pair) => pair.slice(0, pair.indexOf("=") + 1))
  const kept = (given.get("cookie") ?? "")
    .split(/;\s*/)
    .filter((pair) => pair !== "" && !names.some((name) => pair.startsWith(name)))
  const cookie = [...kept, ...set].join("; ")
  if (cookie !== "") headers.set("cookie", cookie)
  return headers
}

/** `export const GET = makeGet(authenticate)` in a route handler. */
export const makeGet = (authenticate: Authenticate) =>
  withAuth(authenticate, (_, outcome) =>
    outcome._tag === "SignedIn"
      ? Response.json({ userId: outcome.session.userId })
      : Response.json({ error: "sign in first" }, { status: 401 })
  )
