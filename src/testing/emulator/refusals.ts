import * as Data from "effect/Data"
import type { EmulatorResponse } from "./model.js"

/** Why a request is not done, in the words of Clerk's error envelope. */
export class Refusal extends Data.TaggedError("Refusal")<{
  readonly status: number
  readonly code: string
  readonly message: string
  readonly longMessage: string
  readonly meta?: Readonly<Record<string, unknown>>
}> {}

const refusal = (status: number, code: string, message: string, longMessage = message) =>
  new Refusal({ status, code, message, longMessage })

/** Clerk's error envelope. */
export const toResponse = (
  { code, longMessage, message, meta, status }: Refusal,
  traceId?: string
): EmulatorResponse => ({
  status,
  headers: {
    "content-type": "application/json",
    ...(traceId === undefined ? {} : { "clerk-trace-id": traceId })
  },
  body: JSON.stringify({
    errors: [{ message, long_message: longMessage, code, meta: meta ?? {} }],
    ...(traceId === undefined ? {} : { clerk_trace_id: traceId })
  })
})

// Ids and names are named back as Clerk does, but a token or a key sent in the place of one must not be.
const shown = (value: string) => (/^(?!sk_|eyJ)[\w-]{1,64}$/.test(value) ? value : "***")

export const authorizationFormat = refusal(
  401,
  "authorization_header_format_invalid",
  "Invalid Authorization header format",
  "Invalid Authorization header format. Must be 'Bearer <YOUR_API_KEY>'"
)
export const secretKey = refusal(
  401,
  "clerk_key_invalid",
  "The provided Clerk Secret Key is invalid. Make sure that your Clerk Secret Key is correct."
)
export const apiVersion = refusal(
  400,
  "api_version_invalid",
  "invalid API version",
  "Invalid Clerk API version: the version is not one of the known ones"
)
export const noRoute = refusal(404, "resource_not_found", "not found", "Resource not found")
// Clerk's catalogue has no code for this status; the name is ours.
export const method = refusal(
  405,
  "method_not_allowed",
  "Method not allowed",
  "The path does not answer this method"
)
export const bodyTooLarge = (limit: number) =>
  refusal(
    413,
    "request_body_too_large",
    "Request body too large",
    `The request body exceeds the maximum allowed size of ${limit} bytes.`
  )
export const contentType = refusal(
  415,
  "unsupported_content_type",
  "Content-Type is unsupported",
  "Content-Type is unsupported. You should use application/json instead."
)
export const bodyText = (rule: string) =>
  refusal(400, "request_body_invalid", "Request body invalid", `The request body ${rule}.`)
export const malformed = refusal(
  400,
  "malformed_request_parameters",
  "Malformed request parameters",
  "The request parameters are malformed and could not be parsed"
)
export const environment = refusal(
  400,
  "request_invalid_for_environment",
  "Invalid request for environment",
  "Request only valid for development instances."
)
// Clerk's catalogue has no code for this; the name is ours.
export const quota = (sentence: string) =>
  refusal(403, "emulator_quota_exceeded", "Too many sessions", sentence)
/** The program's own: it does not serve this host. */
export const access = (sentence: string) => refusal(403, "emulator_access_denied", "Access denied", sentence)
export const deprecated = refusal(410, "operation_deprecated", "endpoint is deprecated and pending removal")
export const sessionToken = refusal(
  400,
  "invalid_session_token",
  "Invalid session token",
  "The token provided could not be successfully verified"
)

export const session = (id: string) =>
  refusal(404, "resource_not_found", "Session not found", `No session was found with id ${shown(id)}`)
export const user = (id: string) =>
  refusal(404, "resource_not_found", "not found", `No user was found with id ${shown(id)}`)
export const organization = refusal(404, "resource_not_found", "not found", "Given organization not found.")
export const template = (name: string) =>
  refusal(
    404,
    "resource_not_found",
    "JWT template not found",
    `No JWT template exists with name: ${shown(name)}`
  )

const parameter = (code: string, param: string, message: string, longMessage: string) =>
  new Refusal({ status: 422, code, message, longMessage, meta: { param_name: shown(param) } })

export const missing = (param: string) =>
  parameter("form_param_missing", param, "is missing", `${param} must be included.`)
export const missingOneOf = (params: ReadonlyArray<string>) =>
  new Refusal({
    status: 422,
    code: "form_param_missing",
    message: "at least one parameter must be provided",
    longMessage: `at least one of \`${params.join("`, `")}\` must be provided`,
    meta: { param_names: params }
  })
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

/** What a refresh refuses, all with 401, which tells Clerk's SDKs to fall back to the handshake. */
export const refresh = {
  tokenInvalid: refusal(
    401,
    "expired_session_token_invalid",
    "Invalid expired_token param",
    "The session token provided could not be successfully verified"
  ),
  ineligible: refusal(
    401,
    "session_refresh_session_token_ineligible",
    "expired session token ineligible",
    "The provided expired session token is not eligible for refresh"
  ),
  missingSid: refusal(
    401,
    "expired_session_token_missing_sid",
    "missing 'sid' claim",
    "No 'sid' claim present in the provided expired session token"
  ),
  missingAzp: refusal(
    401,
    "expired_session_token_missing_azp",
    "missing 'azp' claim",
    "No 'azp' claim present in the provided expired session token"
  ),
  missingIat: refusal(
    401,
    "session_refresh_expired_session_token_missing_iat",
    "missing 'iat' claim",
    "No 'iat' claim present in the provided expired session token"
  ),
  sidMismatch: refusal(
    401,
    "refresh_sid_mismatch",
    "Session ID does not match the 'sid' claim",
    "The 'sid' claim of the provided expired session token is not the session ID of the request path"
  ),
  originInvalid: refusal(
    401,
    "refresh_request_origin_invalid",
    "Request origin is invalid",
    "The request_origin parameter could not be parsed"
  ),
  originMismatch: refusal(
    401,
    "refresh_request_origin_azp_mismatch",
    "Request origin does not match azp claim",
    "The request_origin parameter does not match the 'azp' claim of expired_token"
  ),
  session: (id: string) =>
    refusal(
      401,
      "session_refresh_session_not_found",
      "Session not found",
      `No session was found with id ${shown(id)}`
    ),
  inactive: refusal(
    401,
    "session_refresh_inactive_session",
    "session inactive",
    "The provided session is not active"
  ),
  consumed: refusal(
    401,
    "session_refresh_expired_session_token_consumed",
    "expired session token consumed",
    "The provided expired session token was already consumed in a previous refresh request"
  ),
  tooOld: refusal(
    401,
    "session_refresh_expired_session_token_too_old",
    "session token too old",
    "The provided expired session token is too old"
  ),
  refreshToken: refusal(
    401,
    "refresh_token_not_found",
    "Refresh token not found",
    "The provided refresh token was not found"
  )
}
