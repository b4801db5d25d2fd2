import { visibleText } from "../redaction/redact.js"
import type { EmulatorResponse } from "./model.js"

/** An error in the form of Clerk's error responses. */
export class ErrorResponse {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly longMessage: string
  readonly meta: Readonly<Record<string, unknown>>
  readonly headers: EmulatorResponse["headers"]

  constructor(
    status: number,
    code: string,
    message: string,
    longMessage: string = message,
    meta: Readonly<Record<string, unknown>> = {},
    headers: EmulatorResponse["headers"] = {}
  ) {
    this.status = status
    this.code = code
    this.message = message
    this.longMessage = longMessage
    this.meta = meta
    this.headers = headers
  }
}

/** Clerk's error envelope. */
export const toResponse = (
  { code, headers, longMessage, message, meta, status }: ErrorResponse,
  traceId?: string
): EmulatorResponse => ({
  status,
  headers: {
    "content-type": "application/json",
    ...headers,
    ...(traceId === undefined ? {} : { "clerk-trace-id": traceId })
  },
  body: JSON.stringify({
    errors: [{ message, long_message: longMessage, code, meta }],
    ...(traceId === undefined ? {} : { clerk_trace_id: traceId })
  })
})

/** Clerk's messages contain ids and names. A token or a key in the place of one is masked. */
const shown = (value: string) => (/^(?!sk_|eyJ)[\w-]{1,64}$/.test(value) ? value : "***")

export const authorizationFormat = new ErrorResponse(
  401,
  "authorization_header_format_invalid",
  "Invalid Authorization header format",
  "Invalid Authorization header format. Must be 'Bearer <YOUR_API_KEY>'"
)
export const secretKey = new ErrorResponse(
  401,
  "clerk_key_invalid",
  "The provided Clerk Secret Key is invalid. Make sure that your Clerk Secret Key is correct."
)
export const apiVersion = new ErrorResponse(
  400,
  "api_version_invalid",
  "invalid API version",
  "Invalid Clerk API version: the version is not one of the known ones"
)
const notFound = (message: string, longMessage: string) =>
  new ErrorResponse(404, "resource_not_found", message, longMessage)

export const noRoute = notFound("not found", "Resource not found")
export const session = (id: string) =>
  notFound("Session not found", `No session was found with id ${shown(id)}`)
export const user = (id: string) => notFound("not found", `No user was found with id ${shown(id)}`)
export const organization = notFound("not found", "Given organization not found.")
export const template = (name: string) =>
  notFound("JWT template not found", `No JWT template exists with name: ${shown(name)}`)

// Clerk's catalogue has no code for this status. The emulator defines this one.
export const method = new ErrorResponse(
  405,
  "method_not_allowed",
  "Method not allowed",
  "The path does not support this method"
)
// Clerk serves the endpoint, so a 404 would state that its resource does not exist. The emulator defines this code.
export const notServedCode = "emulator_endpoint_not_served"
export const notServed = (method: string, path: string) =>
  new ErrorResponse(
    501,
    notServedCode,
    "The emulator does not serve this endpoint",
    `The emulator does not serve ${visibleText(`${method} ${path}`)}. GET / lists the endpoints that it serves.`
  )
export const bodyTooLarge = (limit: number) =>
  new ErrorResponse(
    413,
    "request_body_too_large",
    "Request body too large",
    `The request body exceeds the maximum allowed size of ${limit} bytes.`
  )
export const contentType = new ErrorResponse(
  415,
  "unsupported_content_type",
  "Content-Type is unsupported",
  "Content-Type is unsupported. You should use application/json instead."
)
export const bodyText = (rule: string) =>
  new ErrorResponse(400, "request_body_invalid", "Request body invalid", `The request body ${rule}.`)
export const malformed = new ErrorResponse(
  400,
  "malformed_request_parameters",
  "Malformed request parameters",
  "The request parameters are malformed and could not be parsed"
)
// Clerk's catalogue has no code for this error. The emulator defines this one.
export const redirectUrl = new ErrorResponse(
  400,
  "redirect_url_invalid",
  "Invalid redirect URL",
  "redirect_url must be an absolute http or https URL, such as http://localhost:3000/. Its host must be a loopback address, or its origin must be in the option origins of the emulator (--allow-origin of the program)."
)
export const nonce = notFound("not found", "No handshake payload was found with this nonce")
export const environment = new ErrorResponse(
  400,
  "request_invalid_for_environment",
  "Invalid request for environment",
  "Request only valid for development instances."
)
// Clerk's catalogue has no code for this error. The emulator defines this one.
export const quota = (sentence: string) =>
  new ErrorResponse(403, "emulator_quota_exceeded", "Too many sessions", sentence)
/** An error of the emulator's program, which does not serve this host. */
export const access = (sentence: string) =>
  new ErrorResponse(403, "emulator_access_denied", "Access denied", sentence)
export const tooManyRequests = (retryAfterSeconds: number) =>
  new ErrorResponse(
    429,
    "too_many_requests",
    "Too many requests",
    "Too many requests. Please try again in a bit.",
    {},
    { "retry-after": String(retryAfterSeconds) }
  )
export const deprecated = new ErrorResponse(
  410,
  "operation_deprecated",
  "endpoint is deprecated and pending removal"
)
export const sessionToken = new ErrorResponse(
  400,
  "invalid_session_token",
  "Invalid session token",
  "The token provided could not be successfully verified"
)

const parameter = (code: string, param: string, message: string, longMessage: string) =>
  new ErrorResponse(422, code, message, longMessage, { param_name: shown(param) })

export const missing = (param: string) =>
  parameter("form_param_missing", param, "is missing", `${param} must be included.`)
export const missingOneOf = (params: ReadonlyArray<string>) =>
  new ErrorResponse(
    422,
    "form_param_missing",
    "at least one parameter must be provided",
    `at least one of \`${params.join("`, `")}\` must be provided`,
    { param_names: params }
  )
export const unknown = (param: string) =>
  parameter(
    "form_param_unknown",
    param,
    "is unknown",
    `${shown(param)} is not a valid parameter for this request.`
  )
export const type = (param: string, expected: string) =>
  parameter("form_param_type_invalid", param, "is invalid", `\`${param}\` must be a \`${expected}\`.`)
export const value = (param: string, allowed: string) =>
  parameter(
    "form_param_value_invalid",
    param,
    "is invalid",
    `The value does not match the allowed values for parameter ${param}. Allowed values: ${allowed}`
  )
export const tooLarge = (param: string, maximum: number) =>
  parameter(
    "form_param_value_too_large",
    param,
    "Value too large",
    `The value of ${param} can't be greater than ${maximum}`
  )

const unauthorized = (code: string, message: string, longMessage: string) =>
  new ErrorResponse(401, code, message, longMessage)

const missingClaim = (code: string, claim: string) =>
  unauthorized(
    code,
    `missing '${claim}' claim`,
    `No '${claim}' claim present in the provided expired session token`
  )

/** The errors of a refresh, all with 401, which tells Clerk's SDKs to fall back to the handshake. */
export const refresh = {
  tokenInvalid: unauthorized(
    "expired_session_token_invalid",
    "Invalid expired_token param",
    "The session token provided could not be successfully verified"
  ),
  ineligible: unauthorized(
    "session_refresh_session_token_ineligible",
    "expired session token ineligible",
    "The provided expired session token is not eligible for refresh"
  ),
  missingSid: missingClaim("expired_session_token_missing_sid", "sid"),
  missingAzp: missingClaim("expired_session_token_missing_azp", "azp"),
  missingIat: missingClaim("session_refresh_expired_session_token_missing_iat", "iat"),
  sidMismatch: unauthorized(
    "refresh_sid_mismatch",
    "Session ID does not match the 'sid' claim",
    "The 'sid' claim of the provided expired session token is not the session ID of the request path"
  ),
  originInvalid: unauthorized(
    "refresh_request_origin_invalid",
    "Request origin is invalid",
    "The request_origin parameter could not be parsed"
  ),
  originMismatch: unauthorized(
    "refresh_request_origin_azp_mismatch",
    "Request origin does not match azp claim",
    "The request_origin parameter does not match the 'azp' claim of expired_token"
  ),
  session: (id: string) =>
    unauthorized(
      "session_refresh_session_not_found",
      "Session not found",
      `No session was found with id ${shown(id)}`
    ),
  inactive: unauthorized(
    "session_refresh_inactive_session",
    "session inactive",
    "The provided session is not active"
  ),
  consumed: unauthorized(
    "session_refresh_expired_session_token_consumed",
    "expired session token consumed",
    "The provided expired session token was already consumed in a previous refresh request"
  ),
  tooOld: unauthorized(
    "session_refresh_expired_session_token_too_old",
    "session token too old",
    "The provided expired session token is too old"
  ),
  refreshToken: unauthorized(
    "refresh_token_not_found",
    "Refresh token not found",
    "The provided refresh token was not found"
  )
}
