/**
 * The type of all errors of this library, and functions that inspect an error.
 *
 * @since 4.0.0
 */
import { causeIn, errorsIn } from "#major/cause.js"
import { ClerkDecodeError, ClerkInvalidRequest, ClerkTimeout, ClerkTransportError } from "./CallErrors.js"
import { ClerkAccessDenied } from "./ClerkAccessDenied.js"
import { ClerkConfigError } from "./ClerkConfigError.js"
import type { ClerkErrorCode } from "./ClerkErrorItem.js"
import { ClerkWebhookError } from "./ClerkWebhookError.js"
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
  ClerkAccessDenied,
  ClerkWebhookError
] as const

/**
 * Any error of this library.
 *
 * @since 4.0.0
 * @category errors
 */
export type ClerkError = InstanceType<(typeof classes)[number]>

const isInstance = (u: unknown): u is ClerkError => classes.some((Class) => u instanceof Class)

const from = (u: unknown): ClerkError | undefined => {
  if (isInstance(u)) return u
  const cause = typeof u === "object" && u !== null ? causeIn(u) : undefined
  if (cause === undefined) return undefined
  for (const each of errorsIn(cause)) {
    const found = from(each)
    if (found !== undefined) return found
  }
  return undefined
}

const is = (u: unknown): boolean => from(u) !== undefined

const isRetryable = (u: unknown): boolean => {
  const error = from(u)
  return error !== undefined && "retryable" in error && error.retryable
}

const hasCode = (u: unknown, code: ClerkErrorCode): boolean => {
  const error = from(u)
  return error !== undefined && "errors" in error && error.errors.some((item) => item.code === code)
}

/**
 * Inspects a value of any type, such as the `error` of `catch (error)`, for an error of this library.
 *
 * Each function also looks into a `Cause`, a failed `Exit`, and the `FiberFailure` with which `Effect.runPromise`
 * rejects on Effect 3. Of several failures the first one of this library counts, and failures count before defects.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { ClerkError, Sessions } from "effect-clerk"
 *
 * export const signOut = async (sessionId: string) => {
 *   try {
 *     await Effect.runPromise(Sessions.revoke(sessionId))
 *   } catch (error) {
 *     // The session is gone already.
 *     if (ClerkError.hasCode(error, "resource_not_found")) return
 *     throw error
 *   }
 * }
 * ```
 *
 * @since 4.0.0
 * @category errors
 */
export const ClerkError: {
  /**
   * Returns the error of this library in `u`, or `undefined`. It finds defects too, such as the `ClerkConfigError` of a
   * call that you run without a layer and without a valid `CLERK_SECRET_KEY`.
   */
  readonly from: (u: unknown) => ClerkError | undefined
  /**
   * Returns whether `u` is or contains an error of this library. It narrows tagged errors, as in the error channel of
   * an effect. It does not narrow `unknown`, which can be a `Cause` without the fields of the error: use `from`.
   */
  readonly is: {
    /** Returns whether `error` is an error of this library, and narrows it. */
    <E extends { readonly _tag: string; readonly message: string }>(error: E): error is E & ClerkError
    /** Returns whether `u` is or contains an error of this library. Does not narrow it: use `from`. */
    (u: unknown): boolean
  }
  /** Returns whether the failed call can be retried: a retry is safe, and it can succeed. */
  readonly isRetryable: (u: unknown) => boolean
  /**
   * Returns whether Clerk responded with this error code. Editors complete the known codes, and any other string is
   * accepted.
   */
  readonly hasCode: (u: unknown, code: ClerkErrorCode) => boolean
} = {
  from,
  // An error with a tag and a message is neither a FiberFailure nor a Cause nor an Exit, so what is found is itself.
  is: is as typeof ClerkError.is,
  isRetryable,
  hasCode
}
