import { Effect } from "effect"
import { ClerkError, ClerkTokenError } from "effect-clerk"
import { seeOther } from "./layout.js"
import { noSuchPage, noticeOf, otherOrigin } from "./notices.js"
import { problemPage } from "./page.js"

/** The page for an error of `ClerkAuth` or of the router, for which a server of Effect would respond with JSON. */
export const errorPage = (error: unknown): Effect.Effect<Response> => {
  if (error instanceof ClerkTokenError) {
    return Effect.succeed(error.reason === "cross-origin" ? problemPage(otherOrigin) : seeOther("/sign-in"))
  }
  const clerkError = ClerkError.from(error)
  return clerkError === undefined
    ? Effect.succeed(problemPage(noSuchPage))
    : Effect.map(noticeOf(clerkError), problemPage)
}
