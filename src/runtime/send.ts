import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Effect from "effect/Effect"
import type { ClerkResponse } from "../core/model.js"
import type { ClerkDecodeError, ClerkTransportError } from "../errors/CallErrors.js"
import type { TimedOut } from "./time.js"

/** A request as it goes out: nothing is left to add to it. */
export interface WireRequest {
  readonly method: string
  readonly url: string
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string }
  readonly body: string | undefined
}

/**
 * Makes one exchange: follows no redirect, undoes the content encoding, reads at most `maxBytes` of the body as
 * UTF-8, and lets go of the answer when it fails, is interrupted, or has taken `millis` (which may be `Infinity`).
 */
export type Send = (
  request: WireRequest,
  maxBytes: number,
  millis: number
) => Effect.Effect<ClerkResponse, ClerkTransportError | ClerkDecodeError | TimedOut>

const sends = new WeakMap<HttpClient.HttpClient, Send>()

/**
 * Makes known that a client of ours can be reached without the ceremony of `HttpClient`, which costs more than
 * all the rest of a call. A client that somebody has wrapped is another object, and so goes the usual way.
 */
export const withDirectSend = (client: HttpClient.HttpClient, send: Send): HttpClient.HttpClient => {
  sends.set(client, send)
  return client
}

export const directSend = (client: HttpClient.HttpClient): Send | undefined => sends.get(client)
