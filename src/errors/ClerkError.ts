/**
 * Everything that can go wrong, as one type, and the questions one asks of it.
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
 * Questions to ask of a failure:
 * - `is(u)`: is it an error of this library?
 * - `isRetryable(u)`: may the same call safely be made again, and could it then succeed?
 * - `hasCode(u, code)`: did Clerk give this code (known codes complete in an editor)?
 *
 * @since 0.1.0
 * @category errors
 */
export const ClerkError: {
  readonly is: (u: unknown) => u is ClerkError
  readonly isRetryable: (u: unknown) => boolean
  readonly hasCode: (u: unknown, code: ClerkErrorCode) => boolean
} = { is, isRetryable, hasCode }
