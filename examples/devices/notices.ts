import { Duration, Effect } from "effect"
import type { ClerkError } from "effect-clerk"
import type { Notice } from "./layout.js"

export const noSuchDevice: Notice = { status: 404, sentence: "That device is no longer signed in." }

export const noSuchPage: Notice = { status: 404, sentence: "This page does not exist." }

export const otherOrigin: Notice = {
  status: 403,
  sentence: "This request came from another website, so nothing was changed."
}

export const signedOutMeanwhile: Notice = {
  status: 401,
  sentence: "You are no longer signed in on this device."
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
      return { status: 409, sentence: "That device cannot be signed out at the moment." }
    case "ClerkRateLimited":
      return {
        status: 503,
        sentence: `The sign-in service receives too many requests. Retry ${when(error.retryAfter)}.`,
        retryAfter: error.retryAfter
      }
    case "ClerkKeysUnavailable":
    case "ClerkServerError":
    case "ClerkTransportError":
      return {
        status: 503,
        sentence: "The sign-in service is unavailable. Retry in a moment."
      }
    case "ClerkTimeout":
      return {
        status: 504,
        sentence:
          "The sign-in service did not respond in time. Check which devices are signed in before you retry."
      }
    default:
      return { status: 500, sentence: "Something went wrong on our side. Contact us if it happens again." }
  }
}

/** The notice for the user. The log gets the cause. */
export const noticeOf = (error: ClerkError): Effect.Effect<Notice> =>
  Effect.as(Effect.logWarning(error.message), refusalOf(error))
