import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import { construct } from "#major/schemas.js"
import type { CallFailure, StatusTag } from "../core/call/failure.js"
import type { RuleBreak } from "../core/input.js"
import type { KeysFailure, TokenFailure, WireFailure } from "../core/model.js"
import { ClerkDecodeError, ClerkTimeout, ClerkTransportError } from "../errors/CallErrors.js"
import { ClerkConfigError } from "../errors/ClerkConfigError.js"
import {
  ClerkBadRequest,
  ClerkConflict,
  ClerkForbidden,
  ClerkGone,
  ClerkNotFound,
  ClerkRateLimited,
  ClerkServerError,
  ClerkUnauthorized,
  ClerkUnexpectedStatus,
  ClerkUnprocessableEntity
} from "../errors/StatusErrors.js"
import { ClerkKeysUnavailable, ClerkTokenError } from "../errors/TokenErrors.js"
import type { CallError } from "./declaration.js"

/*
 * Makes the error classes of failures that `core` returns as data. Constructors run without validation, because a failed
 * validation prints the value.
 */

/** The error of an option, or of the environment variable that holds it. */
export const configError = ({ field, rule }: RuleBreak, variable?: string): ClerkConfigError =>
  construct(
    ClerkConfigError,
    variable === undefined ? { setting: field, rule } : { setting: field, variable, rule }
  )

/** The error of a transport. */
export const wireError = (failure: WireFailure): ClerkTransportError | ClerkDecodeError =>
  failure._tag === "ClerkTransportError"
    ? construct(ClerkTransportError, failure.fields)
    : construct(ClerkDecodeError, failure.fields)

/** The failure in an error of a transport, or `undefined` for any other value. */
export const wireFailure = (error: unknown): WireFailure | undefined => {
  if (error instanceof ClerkTransportError) {
    const { detail, proxyStatus, reason, sent } = error
    return {
      _tag: error._tag,
      fields: {
        reason,
        sent,
        ...(proxyStatus === undefined ? undefined : { proxyStatus }),
        ...(detail === undefined ? undefined : { detail })
      }
    }
  }
  if (!(error instanceof ClerkDecodeError)) return undefined
  const { contentType, expectedId, issues, maxResponseBytes, reason, receivedId, status, traceId } = error
  return {
    _tag: error._tag,
    fields: {
      reason,
      issues,
      contentType,
      expectedId,
      receivedId,
      traceId,
      ...(status === undefined ? undefined : { status }),
      ...(maxResponseBytes === undefined ? undefined : { maxResponseBytes })
    }
  }
}

const statusClasses = {
  ClerkBadRequest,
  ClerkUnauthorized,
  ClerkForbidden,
  ClerkNotFound,
  ClerkConflict,
  ClerkGone,
  ClerkUnprocessableEntity,
  ClerkUnexpectedStatus
} satisfies Record<Exclude<StatusTag, "ClerkRateLimited" | "ClerkServerError">, unknown>

/** The error of a call. */
export const callError = (failure: CallFailure): CallError => {
  switch (failure._tag) {
    case "ClerkTransportError":
    case "ClerkDecodeError":
      return wireError(failure)
    case "ClerkTimeout": {
      const { limitMillis, ...fields } = failure.fields
      const limit = limitMillis === undefined ? undefined : Duration.millis(limitMillis)
      return construct(ClerkTimeout, { ...fields, limit })
    }
    case "ClerkRateLimited":
    case "ClerkServerError": {
      const { retryAfterMillis, ...fields } = failure.fields
      const hint =
        retryAfterMillis === undefined ? undefined : { retryAfter: Duration.millis(retryAfterMillis) }
      return failure._tag === "ClerkRateLimited"
        ? construct(ClerkRateLimited, { ...fields, ...hint })
        : construct(ClerkServerError, { ...fields, ...hint })
    }
    default:
      return construct<typeof failure.fields, CallError>(statusClasses[failure._tag], failure.fields)
  }
}

/** The error of a token. */
export const tokenError = ({ fields }: TokenFailure<DateTime.Utc, Duration.Duration>): ClerkTokenError =>
  construct(ClerkTokenError, fields)

/** The error of keys that are unavailable. */
export const keysUnavailable = ({ fields }: KeysFailure): ClerkKeysUnavailable => {
  const { retryAfterMillis, ...rest } = fields
  const retryAfter = retryAfterMillis === undefined ? {} : { retryAfter: Duration.millis(retryAfterMillis) }
  return construct(ClerkKeysUnavailable, { ...rest, ...retryAfter })
}
