import * as Effect from "effect/Effect"
import type { WireFailure } from "../core/model.js"
import type { WireResponse } from "../core/wire/body.js"
import type { WireRequest } from "../core/wire/request.js"
import type { TimedOut } from "./time.js"

/**
 * Sends one request: follows no redirect, decodes the content encoding, and reads at most `maxBytes` of the body as UTF-8.
 * Releases the connection when it fails, is interrupted, or has taken `millis` (which may be `Infinity`).
 */
export type Send = (
  request: WireRequest,
  maxBytes: number,
  millis: number
) => Effect.Effect<WireResponse, WireFailure | TimedOut>

/** Succeeds with a response, or fails with the failure. */
export const fromOutcome = (outcome: WireResponse | WireFailure): Effect.Effect<WireResponse, WireFailure> =>
  "_tag" in outcome ? Effect.fail(outcome) : Effect.succeed(outcome)
