/**
 * All errors of this library as one type, and functions that inspect an error.
 *
 * @since 0.1.0
 */
import { ClerkDecodeError, ClerkInvalidRequest, ClerkTimeout, ClerkTransportError } from "./CallErrors.js"
import { ClerkAccessDenied } from "./ClerkAccessDenied.js"
import { ClerkConfigError } from "./ClerkConfigError.js"
import type { ClerkErrorCode } from "./ClerkErrorItem.js"
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
} from "./StatusErrors.js"
import { ClerkKeysUnavailable, ClerkTokenError } from "./TokenErrors.js"

const classes = [
  ClerkBadRequest,
  ClerkUnauthorized,
  ClerkForbidden,
  ClerkNotFound,
  ClerkConflict,
  ClerkGone,
  ClerkUnprocessableEntity,
  ClerkRateLimited,
  ClerkServerError,
  ClerkUnexpectedStatus,
  ClerkInvalidRequest,
  ClerkTransportError,
  ClerkTimeout,
  ClerkDecodeError,
  ClerkConfigError,
  ClerkTokenError,
  ClerkKeysUnavailable,
  ClerkAccessDenied
] as const

/**
 * Any error of this library.
 *
 * @since 0.1.0
 * @category errors
 */
export type ClerkError = InstanceType<(typeof classes)[number]>

const is = (u: unknown): u is ClerkError => classes.some((Class) => u instanceof Class)

const isRetryable = (u: unknown): boolean => is(u) && "retryable" in u && u.retryable

const hasCode = (u: unknown, code: ClerkErrorCode): boolean =>
  is(u) && "errors" in u && u.errors.some((item) => item.code === code)

/**
 * Functions that inspect an error. Each takes a value of any type.
 *
 * @since 0.1.0
 * @category errors
 */
export const ClerkError: {
  /** Returns whether the value is an error of this library. */
  readonly is: (u: unknown) => u is ClerkError
  /** Returns whether you can safely make the same call again, and it could succeed then. */
  readonly isRetryable: (u: unknown) => boolean
  /** Returns whether Clerk responded with this error code. An editor completes the known codes. */
  readonly hasCode: (u: unknown, code: ClerkErrorCode) => boolean
} = { is, isRetryable, hasCode }
