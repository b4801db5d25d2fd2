import { Duration, Effect } from "effect"
import type { ClerkError } from "effect-clerk"
import type { Notice } from "./layout.js"

export const noSuchDevice: Notice = { status: 404, sentence: "That device is not signed in any more." }

export const noSuchPage: Notice = { status: 404, sentence: "There is no such page." }

export const otherOrigin: Notice = {
  status: 403,
  sentence: "That came from another site, so nothing was changed."
}

export const signedOutMeanwhile: Notice = {
  status: 401,
  sentence: "You are not signed in on this device any more."
}

const when = (wait: Duration.Duration | undefined) => {
  const seconds = wait === undefined ? 0 : Math.ceil(Duration.toSeconds(wait))
  return seconds <= 1 ? "in a moment" : `in ${seconds} seconds`
}

/**
 * Clerk's status is for this server, not for the user: its 401 is about the server's key, its 429 about the requests of
 * all users. So most statuses are not sent on unchanged.
 */
const refusalOf = (error: ClerkError): Notice => {
  switch (error._tag) {
    case "ClerkNotFound":
      return noSuchDevice
    case "ClerkConflict":
      return { status: 409, sentence: "That device cannot be signed out as things are now." }
    case "ClerkRateLimited":
      return {
        status: 503,
        sentence: `Too many people are here at once. Please try again ${when(error.retryAfter)}.`,
        retryAfter: error.retryAfter
      }
    case "ClerkKeysUnavailable":
    case "ClerkServerError":
    case "ClerkTransportError":
      return {
        status: 503,
        sentence: "The sign-in service is out of order. Please try again in a moment."
      }
    case "ClerkTimeout":
      return {
        status: 504,
        sentence: "The sign-in service took too long. Please see what is signed in before you try again."
      }
    default:
      return { status: 500, sentence: "Something is wrong on our side. Please tell us if it stays so." }
  }
}

/** The notice for the user. The log gets the cause. */
export const noticeOf = (error: ClerkError): Effect.Effect<Notice> =>
  Effect.as(Effect.logWarning(error.message), refusalOf(error))
