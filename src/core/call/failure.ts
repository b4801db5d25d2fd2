import type { BodyFault, CallFacts, Failure, Sent, TransportFault } from "../model.js"

/** One error of an error response. Clerk sometimes omits each field. */
export interface ErrorItem {
  readonly code?: string
  readonly message?: string
  readonly longMessage?: string
  readonly meta?: { readonly [key: string]: unknown }
}

interface Retryable {
  /** Whether the same call can safely be made again, and could succeed then. */
  readonly retryable: boolean
  readonly retryBudgetExhausted?: true
}

export interface StatusFields extends CallFacts, Retryable {
  readonly status: number
  readonly errors: ReadonlyArray<ErrorItem>
  readonly traceId?: string
  readonly retryAfterMillis?: number
}

/** The error of each status. Any other status is `ClerkUnexpectedStatus`. */
export type StatusTag =
  | "ClerkBadRequest"
  | "ClerkUnauthorized"
  | "ClerkForbidden"
  | "ClerkNotFound"
  | "ClerkConflict"
  | "ClerkGone"
  | "ClerkUnprocessableEntity"
  | "ClerkRateLimited"
  | "ClerkServerError"
  | "ClerkUnexpectedStatus"

export interface DecodeFields extends CallFacts, Retryable, BodyFault {}

export interface TimeoutFields extends CallFacts, Retryable {
  readonly phase: "attempt" | "deadline" | "admission"
  readonly sent: Sent
  readonly limitMillis?: number
  readonly lastFailure?: string
}

export type StatusFailure = Failure<StatusTag, StatusFields>
export type DecodeFailure = Failure<"ClerkDecodeError", DecodeFields>

/** Everything that a call can fail with once it has started. */
export type CallFailure =
  | StatusFailure
  | DecodeFailure
  | Failure<"ClerkTransportError", CallFacts & Retryable & TransportFault>
  | Failure<"ClerkTimeout", TimeoutFields>
