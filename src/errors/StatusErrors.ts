/**
 * Clerk responded with an error: one class per status.
 *
 * None of these classes sets an HTTP status for `HttpApi`. A 401 from Clerk means that the server's key is invalid, not
 * that the user is signed out. Map these errors before they leave your API.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { ClerkErrorItem } from "./ClerkErrorItem.js"
import { callFields, withJson } from "./errorClass.js"

const statusFields = {
  ...callFields,
  /** The HTTP status of the response. */
  status: Schema.Number,
  /** Clerk's errors. Empty if the body is not a list of Clerk's errors. */
  errors: Schema.Array(ClerkErrorItem),
  /** Clerk's id of the request, for Clerk's support. Absent if the response has none. */
  traceId: Schema.optional(Schema.String)
}

const throttleFields = {
  ...statusFields,
  /** How long Clerk asks you to wait; milliseconds in the encoded form. Absent if Clerk does not say. */
  retryAfter: Schema.optional(Schema.DurationFromMillis)
}

interface StatusFailure {
  readonly operation: string
  readonly status: number
  readonly errors: ReadonlyArray<ClerkErrorItem>
  readonly traceId?: string | undefined
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
  return `${self.operation}: ${self.status}${code}${said === undefined ? "" : `: ${said}`}${more}${trace}`
}

/**
 * 400: the request was malformed, the API version is unknown, or the operation is not for this kind of instance.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkBadRequest extends withJson(
  Schema.TaggedError<ClerkBadRequest>()("ClerkBadRequest", statusFields),
  statusMessage
) {}

/**
 * 401: the secret key is missing or invalid. On `Sessions.refresh` it can also mean that Clerk rejected the tokens:
 * send the browser through the handshake. The error codes tell the two apart.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkUnauthorized extends withJson(
  Schema.TaggedError<ClerkUnauthorized>()("ClerkUnauthorized", statusFields),
  statusMessage
) {}

/**
 * 403: the secret key is valid, but does not allow this.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkForbidden extends withJson(
  Schema.TaggedError<ClerkForbidden>()("ClerkForbidden", statusFields),
  statusMessage
) {}

/**
 * 404: no such session, user, organization or template.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkNotFound extends withJson(
  Schema.TaggedError<ClerkNotFound>()("ClerkNotFound", statusFields),
  statusMessage
) {}

/**
 * 409: the state of the resource forbids this, or another request is changing the resource.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkConflict extends withJson(
  Schema.TaggedError<ClerkConflict>()("ClerkConflict", statusFields),
  statusMessage
) {}

/**
 * 410: Clerk has withdrawn the operation.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkGone extends withJson(
  Schema.TaggedError<ClerkGone>()("ClerkGone", statusFields),
  statusMessage
) {}

/**
 * 422: Clerk rejected a parameter. `errors[n].meta.param_name` usually names it.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkUnprocessableEntity extends withJson(
  Schema.TaggedError<ClerkUnprocessableEntity>()("ClerkUnprocessableEntity", statusFields),
  statusMessage
) {}

/**
 * 429: too many requests with this secret key. `retryAfter` says how long Clerk asks you to wait.
 *
 * @see https://clerk.com/docs/guides/how-clerk-works/system-limits
 * @since 0.1.0
 * @category errors
 */
export class ClerkRateLimited extends withJson(
  Schema.TaggedError<ClerkRateLimited>()("ClerkRateLimited", throttleFields),
  statusMessage
) {}

/**
 * 500 to 599: Clerk, or the network in front of it, failed.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkServerError extends withJson(
  Schema.TaggedError<ClerkServerError>()("ClerkServerError", throttleFields),
  statusMessage
) {}

/**
 * A status that the operation does not document: a redirect, a success without the expected body, or an error that the
 * operation does not declare. The client never follows a redirect.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClerkUnexpectedStatus extends withJson(
  Schema.TaggedError<ClerkUnexpectedStatus>()("ClerkUnexpectedStatus", statusFields),
  statusMessage
) {}
