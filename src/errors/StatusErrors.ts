/**
 * Clerk answered, and the answer was a refusal: one class per status.
 *
 * None of these carries an HTTP status of its own for `HttpApi`: a 401 from Clerk means that the server's key
 * is wrong, not that the caller of the server is signed out. Map them before they leave your API.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { withJson } from "../internal/errorClass.js"
import { callFields } from "./CallErrors.js"
import { ClerkErrorItem } from "./ClerkErrorItem.js"

const statusFields = {
  ...callFields,
  /** The HTTP status Clerk answered with. */
  status: Schema.Number,
  /** What Clerk said; empty when the body was not one of Clerk's error lists. */
  errors: Schema.Array(ClerkErrorItem),
  /** Clerk's id of the request, to quote to its support. */
  traceId: Schema.optional(Schema.String)
}

const throttleFields = {
  ...statusFields,
  /** How long Clerk asks to wait; milliseconds in the encoded form. */
  retryAfter: Schema.optional(Schema.DurationFromMillis)
}

interface StatusFailure {
  readonly operation: string
  readonly status: number
  readonly errors: ReadonlyArray<ClerkErrorItem>
  readonly traceId?: string | undefined
}

const statusMessage = (self: StatusFailure): string => {
  const first = self.errors[0]
  const code = first?.code === undefined ? "" : ` ${first.code}`
  const said = first?.message ?? first?.longMessage
  const more = self.errors.length > 1 ? ` (and ${self.errors.length - 1} more)` : ""
  const trace = self.traceId === undefined ? "" : ` (trace ${self.traceId})`
  return `${self.operation}: ${self.status}${code}${said === undefined ? "" : `: ${said}`}${more}${trace}`
}

/**
 * 400: the request was malformed, the API version is unknown, or the operation is not for this kind of instance.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkBadRequest extends withJson(
  Schema.TaggedError<ClerkBadRequest>()("ClerkBadRequest", statusFields)
) {
  override get message(): string {
    return statusMessage(this)
  }
}

/**
 * 401: the secret key is missing or wrong. On `Sessions.refresh` it means that the tokens were refused and the
 * browser has to go through the handshake; the codes tell the two apart.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkUnauthorized extends withJson(
  Schema.TaggedError<ClerkUnauthorized>()("ClerkUnauthorized", statusFields)
) {
  override get message(): string {
    return statusMessage(this)
  }
}

/**
 * 403: the key is valid but may not do this.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkForbidden extends withJson(
  Schema.TaggedError<ClerkForbidden>()("ClerkForbidden", statusFields)
) {
  override get message(): string {
    return statusMessage(this)
  }
}

/**
 * 404: no such session, user, organization or template.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkNotFound extends withJson(
  Schema.TaggedError<ClerkNotFound>()("ClerkNotFound", statusFields)
) {
  override get message(): string {
    return statusMessage(this)
  }
}

/**
 * 409: the resource is in a state, or being changed by another request, that forbids this.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkConflict extends withJson(
  Schema.TaggedError<ClerkConflict>()("ClerkConflict", statusFields)
) {
  override get message(): string {
    return statusMessage(this)
  }
}

/**
 * 410: the operation has been withdrawn.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkGone extends withJson(Schema.TaggedError<ClerkGone>()("ClerkGone", statusFields)) {
  override get message(): string {
    return statusMessage(this)
  }
}

/**
 * 422: Clerk refused a parameter; `errors[n].meta.param_name` usually names it.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkUnprocessableEntity extends withJson(
  Schema.TaggedError<ClerkUnprocessableEntity>()("ClerkUnprocessableEntity", statusFields)
) {
  override get message(): string {
    return statusMessage(this)
  }
}

/**
 * 429: too many requests for this key. `retryAfter` is how long Clerk asks to wait.
 *
 * @see https://clerk.com/docs/guides/how-clerk-works/system-limits
 * @since 0.1.0
 * @category errors
 */
export class ClerkRateLimited extends withJson(
  Schema.TaggedError<ClerkRateLimited>()("ClerkRateLimited", throttleFields)
) {
  override get message(): string {
    return statusMessage(this)
  }
}

/**
 * 500 to 599: Clerk, or the network in front of it, failed.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkServerError extends withJson(
  Schema.TaggedError<ClerkServerError>()("ClerkServerError", throttleFields)
) {
  override get message(): string {
    return statusMessage(this)
  }
}

/**
 * A status the operation does not document: a redirect (never followed), a success without the body that is
 * due, or a refusal of a kind this operation should not meet.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkUnexpectedStatus extends withJson(
  Schema.TaggedError<ClerkUnexpectedStatus>()("ClerkUnexpectedStatus", statusFields)
) {
  override get message(): string {
    return statusMessage(this)
  }
}
