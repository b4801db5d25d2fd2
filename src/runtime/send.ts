import * as Effect from "effect/Effect"
import { callback } from "#major/fiber.js"
import type { Sent, WireFailure } from "../core/model.js"
import type { WireResponse } from "../core/wire/body.js"
import type { RequestInProgress, WireRequest } from "../core/wire/request.js"

/** A request took longer than it may. The call loop decides what that means for the call. */
export interface TimedOut {
  readonly _tag: "TimedOut"
  readonly sent: Sent
}

export const timedOut = (sent: Sent): TimedOut => ({ _tag: "TimedOut", sent })

type Outcome = Effect.Effect<WireResponse, WireFailure | TimedOut>

/**
 * Sends one request: follows no redirect, decodes the content encoding, and reads at most `maxBytes` of the body as UTF-8.
 * Releases the connection when it fails, is interrupted, or has taken `millis` (which may be `Infinity`).
 */
export type Send = (request: WireRequest, maxBytes: number, millis: number) => Outcome

/** Succeeds with a response, or fails with the failure. */
export const fromOutcome = (outcome: WireResponse | WireFailure): Effect.Effect<WireResponse, WireFailure> =>
  "_tag" in outcome ? Effect.fail(outcome) : Effect.succeed(outcome)

/** Starts a request that is made with callbacks. Calls `done` once, or `die` for a defect. */
type Begin = (
  done: (outcome: WireResponse | WireFailure) => void,
  die: (defect: unknown) => void
) => RequestInProgress

/**
 * A request that is made with callbacks, within a time limit.
 *
 * V8 keeps the closures of an asynchronous effect until its next full collection, with all that they refer to. They refer
 * to this object, which drops the rest when the request is over. Otherwise a call over undici takes a tenth longer.
 */
class TimedRequest {
  #begin: Begin | undefined
  #resume: ((outcome: Outcome) => void) | undefined
  #request: RequestInProgress | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(begin: Begin) {
    this.#begin = begin
  }

  start(millis: number, resume: (outcome: Outcome) => void): void {
    const begin = this.#begin
    this.#resume = resume
    if (millis !== Number.POSITIVE_INFINITY) {
      this.#timer = setTimeout(
        () => this.#settle(Effect.fail(timedOut(this.#request?.stop() ?? "no"))),
        millis
      )
    }
    const request = begin?.(
      (outcome) => this.#settle(fromOutcome(outcome)),
      (defect) => this.#settle(Effect.die(defect))
    )
    // It may be over already.
    if (this.#resume !== undefined) this.#request = request
  }

  stop(): void {
    this.#request?.stop()
    this.#end()
  }

  #settle(outcome: Outcome): void {
    const resume = this.#resume
    this.#end()
    resume?.(outcome)
  }

  #end(): void {
    clearTimeout(this.#timer)
    this.#begin = undefined
    this.#resume = undefined
    this.#request = undefined
    this.#timer = undefined
  }
}

/** Runs a request that is made with callbacks, within a time limit. */
export const sendWithin = (millis: number, begin: Begin): Outcome =>
  Effect.suspend(() => {
    const request = new TimedRequest(begin)
    return callback((resume) => {
      request.start(millis, resume)
      return Effect.sync(() => request.stop())
    })
  })
