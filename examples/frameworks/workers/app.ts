/** The application of a Worker: a public page, a page for signed-in users, an API route, and the sign-out. */
import { Duration, Effect, Layer, ManagedRuntime, Option, Redacted } from "effect"
import { ClerkError, ClerkHttp, Sessions, SigningKeys } from "effect-clerk"
import { RequestAuth } from "effect-clerk/http-api"

export interface Settings {
  /** The address of this Worker in a browser. Redirects return to it. */
  readonly APP_ORIGIN: string
  readonly CLERK_PUBLISHABLE_KEY: string
  readonly CLERK_SECRET_KEY: string
  readonly CLERK_SIGN_IN_URL: string
  /** The address of an in-memory Clerk. Leave it out for Clerk itself. */
  readonly CLERK_API_URL?: string | undefined
}

const required = ["APP_ORIGIN", "CLERK_PUBLISHABLE_KEY", "CLERK_SECRET_KEY", "CLERK_SIGN_IN_URL"] as const

const html = (body: string) => new Response(body, { headers: { "content-type": "text/html; charset=utf-8" } })

const seeOther = (location: string) => new Response(null, { status: 303, headers: { location } })

export const makeApp = async (settings: Settings): Promise<(request: Request) => Promise<Response>> => {
  const missing = required.find((name) => !settings[name]?.trim())
  if (missing !== undefined)
    throw new Error(`${missing} is missing. Set it in the configuration of Wrangler, or as a secret`)
  const origin = settings.APP_ORIGIN
  if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
    throw new Error(
      "APP_ORIGIN must be an origin such as https://app.example.com, without a path or a slash at the end"
    )
  }
  const publishableKey = settings.CLERK_PUBLISHABLE_KEY
  if (/^sk_test_.* pk_live_|^sk_live_.* pk_test_/.test(`${settings.CLERK_SECRET_KEY} ${publishableKey}`)) {
    throw new Error(
      "CLERK_SECRET_KEY and CLERK_PUBLISHABLE_KEY must be of one instance, both test or both live"
    )
  }
  // A URL, or a path of this Worker.
  const signInUrl = new URL(settings.CLERK_SIGN_IN_URL, origin)
  signInUrl.searchParams.set("redirect_url", `${origin}/account`)

  const client = ClerkHttp.layerFetch({
    secretKey: Redacted.make(settings.CLERK_SECRET_KEY),
    apiUrl: settings.CLERK_API_URL || undefined
  })
  const runtime = ManagedRuntime.make(Layer.provideMerge(SigningKeys.layerJwks, client))
  const [authenticate, signOutCookies] = await runtime.runPromise(
    Effect.all([
      RequestAuth.make({ publishableKey, authorizedParties: [origin], origin }),
      RequestAuth.signOutCookies(publishableKey)
    ])
  )

  const respond = async (request: Request, outcome: RequestAuth.Outcome): Promise<Response> => {
    const session = outcome._tag === "SignedIn" ? outcome.session : undefined
    switch (`${request.method} ${new URL(request.url).pathname}`) {
      case "GET /":
        return html(
          session === undefined
            ? `<p>Hello stranger. <a href="${signInUrl.href}">Sign in</a></p>`
            : `<p>Hello ${session.userId}. <a href="/account">Your account</a></p>`
        )
      case "GET /account": {
        if (session === undefined) return seeOther(signInUrl.href)
        const { data, totalCount } = await runtime.runPromise(
          Sessions.list({ userId: session.userId, status: "active", limit: 100 })
        )
        return html(
          `<p>You are ${session.userId}. Signed-in devices: ${totalCount ?? data.length}</p>
          <form method="post" action="/sign-out"><button>Sign out</button></form>`
        )
      }
      case "GET /api/me":
        return outcome._tag === "SignedIn"
          ? Response.json({ userId: outcome.session.userId, sessionId: outcome.session.sessionId })
          : Response.json({ error: outcome.reason }, { status: 401 })
      // A page load refreshes an expired session, so this page can offer the sign-out again.
      case "GET /sign-out":
        return session === undefined
          ? seeOther("/")
          : html(`<form method="post" action="/sign-out"><button>Sign out</button></form>`)
      // A POST, so that no link of another site can sign users out.
      case "POST /sign-out": {
        // A POST never refreshes. More than a minute after the page, its token has expired.
        if (session === undefined) return seeOther("/sign-out")
        const response = seeOther("/")
        // A session that Clerk no longer has is signed out too.
        const revoke = Effect.catchTag(Sessions.revoke(session.sessionId), "ClerkNotFound", () => Effect.void)
        await runtime.runPromise(revoke)
        for (const cookie of signOutCookies) response.headers.append("set-cookie", cookie)
        return response
      }
      default:
        return new Response("Not found", { status: 404 })
    }
  }

  /** The response to an error: 503 without Clerk, 500 for any other one. JSON in the API, else text. */
  const failed = (request: Request, thrown: unknown): Response => {
    const error = ClerkError.from(thrown)
    console.error(error?.message ?? thrown)
    const status = error === undefined ? 500 : 503
    const message = error === undefined ? "Something went wrong" : "Please try again in a minute"
    const headers: Record<string, string> = {}
    if (error !== undefined && "retryAfter" in error && error.retryAfter !== undefined) {
      headers["retry-after"] = String(Math.ceil(Duration.toSeconds(error.retryAfter)))
    }
    return new URL(request.url).pathname.startsWith("/api/")
      ? Response.json({ error: message }, { status, headers })
      : new Response(message, { status, headers })
  }

  return async (request) => {
    try {
      const outcome = await runtime.runPromise(authenticate(request))
      const redirect = RequestAuth.toResponse(outcome)
      if (Option.isSome(redirect)) return redirect.value
      // The response to an error has the cookies of the outcome too.
      const response = await respond(request, outcome).catch((thrown) => failed(request, thrown))
      return RequestAuth.addHeaders(response, outcome)
    } catch (thrown) {
      return failed(request, thrown)
    }
  }
}
