import { Effect, Option } from "effect"
import { SessionId } from "effect-clerk"
import { CurrentSession, RequestAuth } from "effect-clerk/http-api"
import { ClerkEmulator } from "effect-clerk/testing"
import { isBrowser } from "./demo.js"
import { devices, isDone } from "./devices.js"
import { unavailable, unknownPage } from "./errors.js"
import { securityHeaders, seeOther } from "./layout.js"
import { otherOrigin } from "./notices.js"
import { problemPage } from "./page.js"
import { enter, signInPage } from "./signIn.js"

/** Passes a request to Clerk's Frontend API, where a browser goes whose state the application does not know. */
const frontend = (request: Request) =>
  Effect.gen(function* () {
    const clerk = yield* ClerkEmulator
    const { body, cookies, headers, status } = yield* clerk.handle({
      method: request.method,
      url: request.url,
      headers: Object.fromEntries(request.headers),
      body: ""
    })
    const response = new Response(body, { status, headers })
    for (const cookie of cookies ?? []) response.headers.append("set-cookie", cookie)
    return response
  })

const form = (request: Request) => Effect.promise(async () => new URLSearchParams(await request.text()))

/** The pages of a user. */
const ofUser = (method: string, path: string, query: URLSearchParams) => {
  const done = query.get("done") ?? undefined
  if (method === "GET" && path === "/") return isDone(done) ? devices.show(done) : unknownPage
  if (method === "POST" && path === "/devices/revoke-others") return devices.signOutOthers
  const [, id] = /^\/devices\/([\w-]{1,128})\/revoke$/.exec(path) ?? []
  return method === "POST" && id !== undefined ? devices.signOut(SessionId.make(id)) : unknownPage
}

/** The application at an origin, such as `http://127.0.0.1:3000`, as a function from `Request` to `Response`. */
export const makeApp = (origin: string) =>
  Effect.gen(function* () {
    const { publishableKey } = yield* ClerkEmulator
    const authenticate = yield* RequestAuth.make({ publishableKey, authorizedParties: [origin], origin })

    const page = (request: Request) =>
      Effect.gen(function* () {
        const { pathname: path, searchParams: query } = new URL(request.url)
        const method = request.method === "HEAD" ? "GET" : request.method
        if (path === "/v1/client/handshake") return yield* frontend(request)
        if (path === "/sign-in" && method === "GET") return signInPage(query.get("done") === "here")
        if (path === "/sign-in" && method === "POST") {
          const browser = (yield* form(request)).get("browser")
          return isBrowser(browser) ? yield* enter(browser, origin) : yield* unknownPage
        }
        const outcome = yield* authenticate(request)
        const redirect = RequestAuth.toResponse(outcome)
        if (Option.isSome(redirect)) return redirect.value
        if (outcome._tag !== "SignedIn") {
          return method === "POST" && outcome.reason === RequestAuth.reasons["cross-origin"]
            ? problemPage(otherOrigin)
            : RequestAuth.addHeaders(seeOther("/sign-in"), outcome)
        }
        const response = yield* Effect.provideService(
          ofUser(method, path, query),
          CurrentSession,
          outcome.session
        )
        return RequestAuth.addHeaders(response, outcome)
      })

    return (request: Request) =>
      page(request).pipe(
        Effect.catchTag("ClerkKeysUnavailable", unavailable),
        Effect.map((response) => {
          for (const [name, value] of Object.entries(securityHeaders)) response.headers.set(name, value)
          return request.method === "HEAD" ? new Response(null, response) : response
        })
      )
  })
