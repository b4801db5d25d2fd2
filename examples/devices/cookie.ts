import { Effect } from "effect"
import { ClerkEmulator } from "effect-clerk/testing"

// With Clerk, its Frontend API and its browser client set these cookies. This demo has neither on its pages.

const attributes = "Path=/; HttpOnly; SameSite=Lax"

const withCookies = (response: Response, cookies: ReadonlyArray<string>): Response => {
  for (const cookie of cookies) response.headers.append("set-cookie", `${cookie}; ${attributes}`)
  return response
}

/** Gives a browser the cookies of a user who is signed in. */
export const setCookies = (response: Response, cookies: Readonly<Record<string, string>>): Response =>
  withCookies(
    response,
    Object.entries(cookies).map(([name, value]) => `${name}=${value}`)
  )

/** Removes the session, and says that nobody is signed in. */
export const endSession = (response: Response): Effect.Effect<Response, never, ClerkEmulator> =>
  Effect.map(ClerkEmulator, ({ cookieSuffix }) =>
    withCookies(response, [
      ...["__session", `__session_${cookieSuffix}`, `__refresh_${cookieSuffix}`].map(
        (name) => `${name}=; Max-Age=0`
      ),
      "__client_uat=0",
      `__client_uat_${cookieSuffix}=0`
    ])
  )
