/**
 * The errors that Clerk responds with, one class per status.
 *
 * None of them sets an HTTP status for `HttpApi`, so map them before they leave your API. A 401 from Clerk means that
 * your server's key is invalid, not that the user is signed out.
 *
 * @since 4.0.0
 */
import type * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { ClerkErrorItem } from "./ClerkErrorItem.js"
import { callFields, retryAfterText, withJson } from "./errorClass.js"

const statusFields = {
  ...callFields,
  /** The HTTP status of the response. */
  status: Schema.Number,
  /** The errors in the response (`errors`). Empty if the body is not an error response of Clerk. */
  errors: Schema.Array(ClerkErrorItem),
  /** Clerk's id of the request (`clerk_trace_id`), to quote to Clerk's support. Absent if the response has none. */
  traceId: Schema.optional(Schema.String)
}

const throttleFields = {
  ...statusFields,
  /**
   * How long Clerk wants you to wait (`Retry-After`). Milliseconds in the encoded form. Absent if Clerk does not say.
   */
  retryAfter: Schema.optional(Schema.DurationFromMillis)
}

interface StatusFailure {
  readonly operation: string
  readonly status: number
  readonly errors: ReadonlyArray<ClerkErrorItem>
  readonly traceId?: string | undefined
  readonly retryAfter?: Duration.Duration | undefined
}

/** For a response without one of Clerk's errors. */
const hintOf = ({ status }: StatusFailure): string | undefined => {
  if (status >= 300 && status < 400) {
    return "a redirect, which the client does not follow; check that apiUrl is https://api.clerk.com"
  }
  return status < 300 ? "a success that the operation does not document" : undefined
}

const statusMessage = (self: StatusFailure): string => {
  const first = self.errors[0]
  const code = first?.code === undefined ? "" : ` ${first.code}`
  const said = first?.message ?? first?.longMessage ?? hintOf(self)
  const more = self.errors.length > 1 ? ` (and ${self.errors.length - 1} more)` : ""
  const trace = self.traceId === undefined ? "" : ` (trace ${self.traceId})`
  const facts = `${self.status}${code}${said === undefined ? "" : `: ${said}`}${more}`
  return `${self.operation}: ${facts}${retryAfterText(self.retryAfter)}${trace}`
}

/**
 * 400: the request is malformed, the API version is unknown, or this kind of instance does not allow the operation.
 *
 * @since 4.0.0
 * @category errors
 */
export class ClerkBadRequest extends withJson(
  Schema.TaggedError<ClerkBadRequest>()("ClerkBadRequest", statusFields),
  statusMessage
) {}

/**
 * 401: the secret key is invalid.
 *
 * On `Sessions.refresh` it can also mean that Clerk rejected the browser's tokens: then send the browser through the
 * handshake. The error codes tell the two apart.
 *
 * @since 4.0.0
 * @category errors
 */
export class ClerkUnauthorized extends withJson(
  Schema.TaggedError<ClerkUnauthorized>()("ClerkUnauthorized", statusFields),
  statusMessage
) {}

/**
 * 403: the secret key is valid, but does not allow the operation.
 *
 * @since 4.0.0
 * @category errors
 */
export class ClerkForbidden extends withJson(
  Schema.TaggedError<ClerkForbidden>()("ClerkForbidden", statusFields),
  statusMessage
) {}

/**
 * 404: the session, user, organization or template does not exist.
 *
 * @since 4.0.0
 * @category errors
 */
export class ClerkNotFound extends withJson(
  Schema.TaggedError<ClerkNotFound>()("ClerkNotFound", statusFields),
  statusMessage
) {}

/**
 * 409: the state of the resource forbids the operation, or another request is changing the resource.
 *
 * @since 4.0.0
 * @category errors
 */
export class ClerkConflict extends withJson(
  Schema.TaggedError<ClerkConflict>()("ClerkConflict", statusFields),
  statusMessage
) {}

/**
 * 410: Clerk has removed the operation.
 *
 * @since 4.0.0
 * @category errors
 */
export class ClerkGone extends withJson(
  Schema.TaggedError<ClerkGone>()("ClerkGone", statusFields),
  statusMessage
) {}

/**
 * 422: Clerk rejected a parameter, which `errors[n].meta.param_name` usually names.
 *
 * @since 4.0.0
 * @category errors
 */
export class ClerkUnprocessableEntity extends withJson(
  Schema.TaggedError<ClerkUnprocessableEntity>()("ClerkUnprocessableEntity", statusFields),
  statusMessage
) {}

/**
 * 429: the instance sent more requests than Clerk allows. `retryAfter` says how long Clerk wants you to wait.
 *
 * @see https://clerk.com/docs/guides/how-clerk-works/system-limits
 * @since 4.0.0
 * @category errors
 */
export class ClerkRateLimited extends withJson(
  Schema.TaggedError<ClerkRateLimited>()("ClerkRateLimited", throttleFields),
  statusMessage
) {}

/**
 * 500 to 599: Clerk, or the network in front of it, failed.
 *
 * @since 4.0.0
 * @category errors
 */
export class ClerkServerError extends withJson(
  Schema.TaggedError<ClerkServerError>()("ClerkServerError", throttleFields),
  statusMessage
) {}

/**
 * Any other status: a redirect, a success without the expected body, or an error that the operation does not declare.
 * The client never follows a redirect.
 *
 * @since 4.0.0
 * @category errors
 */
export class ClerkUnexpectedStatus extends withJson(
  Schema.TaggedError<ClerkUnexpectedStatus>()("ClerkUnexpectedStatus", statusFields),
  statusMessage
) {}
