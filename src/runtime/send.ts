import * as Effect from "effect/Effect"
import type { ClerkResponse, WireFailure } from "../core/model.js"
import type { HeadersRead } from "../core/wire/headers.js"
import type { WireRequest } from "../core/wire/request.js"
import type { TimedOut } from "./time.js"

/**
 * Sends one request: follows no redirect, decodes the content encoding, and reads at most `maxBytes` of the body as UTF-8.
 * Releases the connection when it fails, is interrupted, or has taken `millis` (which may be `Infinity`).
 */
export type Send = (
  request: WireRequest,
  maxBytes: number,
  millis: number,
  reads: HeadersRead
) => Effect.Effect<ClerkResponse, WireFailure | TimedOut>

/** Succeeds with a response, or fails with the failure. */
export const fromOutcome = (
  outcome: ClerkResponse | WireFailure
): Effect.Effect<ClerkResponse, WireFailure> =>
  "_tag" in outcome ? Effect.fail(outcome) : Effect.succeed(outcome)
