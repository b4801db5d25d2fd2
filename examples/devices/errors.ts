import { Effect } from "effect"
import type { ClerkError } from "effect-clerk"
import { noSuchPage, noticeOf } from "./notices.js"
import { problemPage } from "./page.js"

/** The page for an error that leaves no other page. */
export const unavailable = (error: ClerkError): Effect.Effect<Response> =>
  Effect.map(noticeOf(error), problemPage)

export const unknownPage: Effect.Effect<Response> = Effect.sync(() => problemPage(noSuchPage))
